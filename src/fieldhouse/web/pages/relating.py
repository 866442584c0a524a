"""How a field goes together with the others of its channel, and with its neighbours'."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from fieldhouse.insight import relating
from fieldhouse.insight.relating import Beside, Together
from fieldhouse.names import field_named
from fieldhouse.report.correlogram import correlogram
from fieldhouse.report.words import clean
from fieldhouse.web.pages.shared import (
    Channel,
    Field,
    Given,
    channel_of,
    chosen_field,
    count_in,
    given_in,
    looked_back_from,
    show,
)
from fieldhouse.web.served import House, Served

__all__ = ["router"]

router = APIRouter()
_DAYS, _MOST_DAYS = 90, 3660
_LAGS = 24


@dataclass(frozen=True, slots=True)
class _Related:
    """Another field of the channel, at the same hour; None: no hour has both."""

    field: Field
    same: Together | None

    @property
    def strength(self) -> float:
        """How much they have to do with each other, either way."""
        return abs(self.same.pearson_rest or 0) if self.same else -1.0


@router.get("/channel/{channel_id}/relations")
def relations_page(request: Request, served: House, channel_id: int) -> Response:
    """The page of one field; of a channel that is silent as of its newest reading."""
    channel = channel_of(served, channel_id)
    given = given_in(request)
    field, fields = chosen_field(served, channel, given)
    days = given.read("days", lambda text: count_in(text, "days", _MOST_DAYS)) or _DAYS
    lags = given.read("lags", lambda text: count_in(text, "lags", relating.MOST_HOURS)) or _LAGS
    end = looked_back_from(served, channel, timedelta(days=days))
    pairs = _Pairs(served, channel, field, (end - timedelta(days=days), end))
    found = pairs.related(fields)
    shown = _shown(channel, given, field, found)
    lagged = pairs.together(shown, lags) if shown else []
    return show(
        request,
        "relations.html",
        given=given,
        channel=channel,
        field=field,
        fields=fields,
        days=days,
        lags=lags,
        end=end,
        found=found,
        shown=shown,
        fitting=relating.fitting(relating.most_together(lagged)),
        drawn=_drawn(field, shown, lagged) if shown and lagged else None,
        neighbours=given.read("near", pairs.beside),
    )


@dataclass(frozen=True, slots=True)
class _Pairs:
    """A field, and what is asked of it and others."""

    served: Served
    channel: Channel
    field: Field
    span: tuple[datetime, datetime]

    def together(self, other: Field, most_hours: int) -> list[Together]:
        """How it goes together with another of the channel, at each lag."""
        number, (start, end) = self.channel.number, self.span
        one, two = ((number, field.number) for field in (self.field, other))
        return relating.together(
            self.served.warehouse, one, two, start=start, end=end, most_hours=most_hours
        )

    def related(self, fields: list[Field]) -> list[_Related]:
        """The others, the one that has most to do with it at the same hour first.

        All lags of all of them would take seconds.
        """
        others = (other for other in fields if other.number != self.field.number)
        found = [_Related(other, next(iter(self.together(other, 0)), None)) for other in others]
        return sorted(found, key=lambda each: -each.strength)

    def beside(self, distance: str) -> list[Beside]:
        """Other channels' fields within a distance. Raises ConfigurationError, in one line."""
        one, (start, end) = (self.channel.number, self.field.number), self.span
        far = relating.kilometres(distance)
        return relating.beside(self.served.warehouse, *one, kilometres=far, start=start, end=end)


def _shown(channel: Channel, given: Given, field: Field, found: list[_Related]) -> Field | None:
    """The other field that is asked for, or else the first."""
    labels = channel.labels
    wanted = given.read("other", lambda word: field_named(labels, word, channel.title))
    if wanted == field.number:
        given.refuse("other", f"{field.label} is the field itself: name another")
        wanted = None
    return channel.field(wanted) if wanted else next((each.field for each in found), None)


def _drawn(field: Field, shown: Field, lagged: list[Together]) -> str:
    titles = clean(field.title), clean(shown.title)
    return correlogram(lagged, f"Correlation of {titles[0]} with {titles[1]} at each lag")
