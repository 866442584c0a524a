"""Every channel, with what is newest of it: searched, sorted, a page at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from fieldhouse.derived.keeping import derived_channels
from fieldhouse.report.markup import Markup
from fieldhouse.report.words import unit_of
from fieldhouse.web.ages import exact_text
from fieldhouse.web.meant import tags_of
from fieldhouse.web.pages.sparks import spark
from fieldhouse.web.pages.told import open_on
from fieldhouse.web.pages.view import labels_in
from fieldhouse.web.rendering import rendered
from fieldhouse.web.served import House, Served

__all__ = ["router"]

router = APIRouter()
Row = Mapping[str, Any]

_PAGE = 50
_DAYS = 7
_BUCKET = 4 * 3600
"""Seconds of a sparkline's points, 42 in a week."""
_LONG_AGO = timedelta(days=1)
"""A channel that was not read for so long is not fresh, whatever it sent before."""
_ORDERS = ("channel", "name", "newest", "score", "state", "run")


@dataclass(frozen=True, slots=True)
class _Listing:
    """What is listed: an address's parameters."""

    q: str
    tag: str
    sort: str
    down: bool
    page: int

    def address(self, **changed: Any) -> str:
        given = {"q": self.q, "tag": self.tag, "sort": self.sort, "down": self.down,
                 "page": self.page} | changed  # fmt: skip
        usual = {"q": "", "tag": "", "sort": "channel", "down": False, "page": 1}
        kept = {name: text for name, text in given.items() if text != usual[name]}
        if "down" in kept:
            kept["down"] = 1
        return f"/?{urlencode(kept)}" if kept else "/"


@dataclass(frozen=True, slots=True)
class _Value:
    label: str
    unit: str
    value: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _State:
    """How a channel is: a word for the style, and words for people."""

    kind: Literal["good", "bad", "aside"]
    text: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Listed:
    """A channel of the list."""

    row: Row
    name: str
    tags: Sequence[str]
    state: _State
    values: Sequence[_Value]
    spark: Markup


@router.get("/")
def overview(
    request: Request,
    served: House,
    q: Annotated[str, Query(max_length=200)] = "",
    tag: Annotated[str, Query(max_length=200)] = "",
    sort: Annotated[str, Query(max_length=20)] = "channel",
    down: bool = False,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> Response:
    """Channels: those that are searched for, in the order that is asked for."""
    now = served.as_of
    asked = _Listing(q.strip(), tag, sort if sort in _ORDERS else "channel", down, page)
    derived = derived_channels(served.warehouse)
    rows = [
        row | {"DerivedFrom": derived.get(row["ChannelID"])}
        for row in served.warehouse.query("overview", as_of=now).to_pylist()
    ]
    tags = tags_of(served.warehouse)
    found = [row for row in rows if _is_found(row, tags.get(row["ChannelID"], ()), asked)]
    states = {row["ChannelID"]: _state(row, now) for row in found}
    ordered = _ordered(found, states, asked)
    pages = max(1, -(-len(ordered) // _PAGE))
    here = min(asked.page, pages)
    shown = ordered[(here - 1) * _PAGE : here * _PAGE]
    return rendered(
        request,
        "overview.html",
        alerts=open_on(served),
        listed=_listed(served, shown, tags, states, now),
        asked=asked,
        total=len(rows),
        found=len(found),
        here=here,
        pages=pages,
        counts=_counts(states),
        tags=(known := sorted({one for own in tags.values() for one in own}, key=str.casefold)),
        choices=[(one, one) for one in known],
    )


def _is_found(row: Row, tags: Sequence[str], asked: _Listing) -> bool:
    """Whether a channel has the tag, and every word in its number, name, labels or tags."""
    if asked.tag and asked.tag.casefold() not in (tag.casefold() for tag in tags):
        return False
    if not asked.q:
        return True
    labels = (row[f"Field{n}Name"] for n in range(1, 9))
    said = [str(row["ChannelID"]), row["ChannelName"], row["Description"], *labels, *tags]
    text = "\n".join(filter(None, said)).casefold()
    return all(word in text for word in asked.q.casefold().split())


def _state(row: Row, now: datetime) -> _State:
    """How a channel is, by its own cadence: as `fieldhouse status` tells it."""
    if aside := _aside(row):
        return aside
    if row["LastSuccessAt"] is None:
        return _State("bad", "never read")
    if now - row["LastSuccessAt"] > _LONG_AGO:
        return _State("bad", "not read since", row["LastSuccessAt"])
    if row["SilentSince"]:
        return _State("bad", "silent since", row["SilentSince"])
    return _State("good", "fresh" if row["NewestReading"] else "empty")


def _aside(row: Row) -> _State | None:
    """Why a channel is not polled, if it is not."""
    if row["ChannelID"] < 0:
        return _State("aside", "derived" if row["DerivedFrom"] else "of files")
    if not row["IsActive"]:
        return _State("aside", "removed")
    return _State("aside", "paused", row["PausedAt"]) if row["PausedAt"] else None


def _counts(states: Mapping[int, _State]) -> dict[str, int]:
    kinds = [state.kind for state in states.values()]
    return {kind: kinds.count(kind) for kind in ("good", "bad", "aside")}


_RANK = {"bad": 0, "good": 1, "aside": 2}


def _ordered(rows: Sequence[Row], states: Mapping[int, _State], asked: _Listing) -> Sequence[Row]:
    """What has nothing to be ordered by comes last, either way."""
    keys: dict[str, Callable[[Row], Any]] = {
        "channel": lambda row: row["ChannelID"],
        "name": lambda row: (row["ChannelName"] or "").casefold() or None,
        "newest": lambda row: row["NewestReading"],
        "score": lambda row: row["QualityScore"],
        "state": lambda row: _RANK[states[row["ChannelID"]].kind],
        "run": lambda row: row["LastRunAt"],
    }
    key = keys[asked.sort]
    known = [row for row in rows if key(row) is not None]
    return [
        *sorted(known, key=key, reverse=asked.down),
        *(row for row in rows if key(row) is None),
    ]


def _listed(
    served: Served,
    rows: Sequence[Row],
    tags: Mapping[int, Sequence[str]],
    states: Mapping[int, _State],
    now: datetime,
) -> list[_Listed]:
    """Channels with their newest values and sparklines: two questions, however many they are."""
    ids = [row["ChannelID"] for row in rows]
    values = _by_channel(served, "newest_values", ids, as_of=now)
    since = now - timedelta(days=_DAYS)
    span = {"start_at": since, "end_at": now, "seconds": _BUCKET}
    sparks = _by_channel(served, "sparklines", ids, **span)
    return [
        _Listed(
            row,
            (row["ChannelName"] or "").strip() or f"Channel {row['ChannelID']}",
            tags.get(row["ChannelID"], ()),
            states[row["ChannelID"]],
            _values(row, values.get(row["ChannelID"], [])),
            spark(sparks.get(row["ChannelID"], []), labels_in(row), since, now, _BUCKET),
        )
        for row in rows
    ]


def _by_channel(
    served: Served, question: str, ids: Sequence[int], **given: Any
) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    if ids:
        table = served.warehouse.query(question, channel_ids=ids, **given)
        for row in table.to_pylist():
            found.setdefault(row["ChannelID"], []).append(row)
    return found


def _values(row: Row, found: Sequence[Row]) -> list[_Value]:
    return [
        _Value(title, unit, exact_text(value), one[f"Field{n}At"])
        for one in found
        for n, label in labels_in(row).items()
        for title, unit in [unit_of(label)]
        if (value := one[f"Field{n}"]) is not None
    ]
