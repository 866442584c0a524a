"""The section of a report that says how the fields are likely to go on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from fieldhouse.insight.forecasts import Tried, forecasts_of, tried
from fieldhouse.report.figure import Figure
from fieldhouse.report.foreseen import fan
from fieldhouse.report.gathering import Wanted
from fieldhouse.report.legend import beside
from fieldhouse.report.markup import Markup, joined, tag
from fieldhouse.report.page import chart
from fieldhouse.report.ticks import number_text
from fieldhouse.report.words import clean, unit_of

if TYPE_CHECKING:
    from fieldhouse.warehouse import Warehouse

__all__ = ["Going", "going_of", "going_on"]

_AHEAD = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Going:
    """A field's last days and its forecast, and how that was made."""

    wanted: Wanted
    figure: Figure
    tried: Sequence[Tried]


def going_of(
    house: "Warehouse", fields: Sequence[Wanted], as_of: datetime, zone: tzinfo
) -> list[Going]:
    """How a channel's fields go on for three days from ``as_of``, naive UTC; those that do."""
    if not fields:
        return []
    channel_id, numbers = fields[0].channel_id, [field.number for field in fields]
    found = forecasts_of(house, channel_id, numbers, length=_AHEAD, as_of=as_of, zone=zone)

    def going(field: Wanted) -> Going:
        ahead, shown = found[field.number], (field.number, *unit_of(field.label))
        figure = fan(house, channel_id, shown, forecast=ahead, as_of=as_of, zone=zone)
        return Going(field, figure, tried(ahead))

    return [going(field) for field in fields if found[field.number].num_rows]


def going_on(
    fields: Sequence[Going], id_: str, figures: dict[str, Figure], groups: dict[str, str]
) -> Markup:
    """The fields' last days and the next three; nothing where nothing says how they go on."""
    parts: list[str] = []
    for field in fields:
        name = f"{id_}-ahead{field.wanted.number}"
        figures[name], groups[name] = field.figure, f"{id_}-ahead"
        heading = tag("h3", tag("bdi", clean(field.wanted.label)))
        parts += [heading, chart(name, field.figure, _said(field))]
    if not parts:
        return Markup()
    return joined([tag("h2", "The next three days"), beside(fields[0].figure), *parts])


def _said(field: Going) -> str:
    """How the first day is foreseen, and how far such forecasts were off."""
    first = field.tried[0]
    method = f"{first.method[:1].upper()}{first.method[1:]}"
    unit = unit_of(field.wanted.label)[1]
    of = f" {clean(unit)}" if unit else ""
    if first.mae is None:
        return f"{method}; too young to be tried"
    off, naive = (
        "" if value is None else f"{_short(value)}{of}" for value in (first.mae, first.naive)
    )
    beside_naive = f", the value of a day before by {naive}" if naive else ""
    return f"{method}: off by {off} on average{beside_naive}"


def _short(value: float) -> str:
    """A number that is no more than a measure of others: in three digits."""
    return number_text(value, max(0, 2 - math.floor(math.log10(value))) if value else 0)
