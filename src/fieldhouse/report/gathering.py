"""Figures out of a warehouse: its own SQL thins the readings to the points that are asked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from fieldhouse.report import pointing
from fieldhouse.report.figure import (
    SECOND,
    Boundary,
    Figure,
    Floats,
    Instants,
    Line,
    Mark,
    Panel,
    Shade,
    instant_of,
)
from fieldhouse.report.thinning import in_lengths, part_of, step_for
from fieldhouse.report.ticks import time_text, zone_text
from fieldhouse.report.together import together
from fieldhouse.report.words import unit_of
from fieldhouse.times import Length
from fieldhouse.warehouse import Limits

if TYPE_CHECKING:
    from fieldhouse.warehouse import Warehouse

__all__ = [
    "Wanted",
    "buckets",
    "figure_of",
    "length_text",
    "lines_in",
    "lines_of",
    "newest_span",
    "presence",
]

_HOUR, _DAY = 3600, 86_400
_ENDS = Limits(columns=("Readings", "FirstAt", "LastAt"))
_NOTHING: Mapping["Wanted", Line] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A field that is to be drawn: of which channel, under which names."""

    channel_id: int
    number: int
    label: str
    channel: str


def newest_span(house: "Warehouse", channel_ids: Iterable[int], now: datetime) -> tuple[
    datetime | None, datetime | None
]:  # fmt: skip
    """The first and the newest reading of some channels, of those before ``now``; None: none."""
    rows = [
        house.query("field_spans", _ENDS, channel_id=number, end_at=now).to_pylist()[0]
        for number in channel_ids
    ]
    firsts = [row["FirstAt"] for row in rows if row["Readings"]]
    newest = [row["LastAt"] for row in rows if row["Readings"]]
    return (min(firsts), max(newest)) if firsts else (None, None)


def buckets(
    house: "Warehouse", channel_id: int, start: datetime, end: datetime, seconds: int
) -> pa.Table:
    """A channel over ``[start, end)`` in buckets of so many seconds.

    Buckets of whole days or hours come from those aggregates, shorter ones from the readings.
    """
    question = "buckets_of_readings"
    if seconds % _DAY == 0:
        question, start = "buckets_of_days", start.replace(hour=0)
    elif seconds % _HOUR == 0:
        question = "buckets_of_hours"
    if seconds % _HOUR == 0:
        start = start.replace(minute=0, second=0, microsecond=0)
    return house.query(question, channel_id=channel_id, start_at=start, end_at=end, seconds=seconds)


def lines_in(table: pa.Table, fields: Mapping[int, str], seconds: int) -> dict[int, Line]:
    """The lines of some fields, named as given, out of `buckets`."""
    starts = table["BucketStart"].cast(pa.int64()).to_numpy()
    return {n: _line(table, n, name, starts, seconds) for n, name in fields.items()}


def presence(table: pa.Table, seconds: int) -> Line:
    """How many readings each bucket has, whatever their fields hold."""
    starts = table["BucketStart"].cast(pa.int64()).to_numpy()
    count = table["ReadingCount"].to_numpy()
    many = count.astype(np.float64)
    return Line("readings", starts, starts + seconds * SECOND, many, many, many, count)


def _line(table: pa.Table, number: int, name: str, starts: Instants, seconds: int) -> Line:
    count = table[f"Field{number}Count"].to_numpy()
    there = count > 0
    mean, least, greatest = (
        _floats(table[f"Field{number}{part}"])[there] for part in ("Avg", "Min", "Max")
    )
    start = starts[there]
    # a float's last digit may lie beyond the exact bounds
    mean = np.clip(mean, least, greatest)
    return Line(name, start, start + seconds * SECOND, mean, least, greatest, count[there])


def _floats(column: Any) -> Floats:
    values: Floats = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return values


def figure_of(
    house: "Warehouse",
    wanted: Sequence[Wanted],
    start: datetime,
    end: datetime,
    zone: tzinfo,
    *,
    points: int,
    every: Length | None = None,
    title: str = "",
    bounds: tuple[float, float] | None = None,
    keep_empty: bool = True,
    ahead: Mapping[Wanted, Line] = _NOTHING,
) -> Figure:
    """Fields as a figure over ``[start, end)``, naive UTC; equal labels share a panel.

    ``ahead`` are forecasts from ``end`` on, which the figure is as much longer for.
    ``points`` is about how many a line has, ``every`` how long they are instead; ``bounds`` is what
    the axes reach over. Fields without a reading are left out, unless ``keep_empty``.
    """
    channels = dict.fromkeys(field.channel_id for field in wanted)
    lines, told = together(
        lambda: lines_of(house, wanted, start, end, zone, points, every),
        lambda: {n: _told(house, n, start, end, zone) for n in channels},
    )
    if not keep_empty and any(len(line) for line in lines.values()):
        wanted = [field for field in wanted if len(lines[field])]
    panels: dict[str, list[Wanted]] = {}
    for field in wanted:
        panels.setdefault(field.label.strip().casefold(), []).append(field)
    begin, until = instant_of(start), instant_of(end)
    drawn = (_panel(fields, lines, told) for fields in panels.values())
    return Figure(
        title,
        begin,
        max([until, *(int(line.end[-1]) for line in ahead.values())]),
        zone,
        tuple(
            replace(panel, bounds=bounds, lines=(*panel.lines, *_ahead(fields, ahead)))
            for panel, fields in zip(drawn, panels.values(), strict=True)
        ),
        note_of(lines.values(), begin, until, zone) + (" · then the forecast" if ahead else ""),
    )


def _ahead(fields: Sequence[Wanted], ahead: Mapping[Wanted, Line]) -> Iterable[Line]:
    """The forecasts of a panel's fields; of several each says of which it is."""
    for field in fields:
        if field in ahead:
            name = f"{_name(field, fields)}, forecast" if len(fields) > 1 else "forecast"
            yield replace(ahead[field], name=name)


def note_of(lines: Iterable[Line], start: int, end: int, zone: tzinfo) -> str:
    """What a figure's reader has to know: its span, its zone, how long its points are."""
    known = [line for line in lines if len(line)]
    each = ""
    if known and all(int(line.count.max()) == 1 for line in known):
        each = " · a point for every reading"
    elif known:
        width = max(int(np.median(line.end - line.start)) // SECOND for line in known)
        each = f" · a point every {length_text(width).removeprefix('1 ')}"
    return f"{time_text(start, zone)} to {time_text(end, zone)}, {zone_text(zone)}{each}"


def length_text(seconds: int) -> str:
    """A length of time in its largest whole unit."""
    for unit, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= unit and seconds % unit == 0:
            count = seconds // unit
            return f"1 {name}" if count == 1 else f"{count} {name}s"
    return "1 second" if seconds == 1 else f"{seconds} seconds"


def lines_of(
    house: "Warehouse",
    wanted: Sequence[Wanted],
    start: datetime,
    end: datetime,
    zone: tzinfo,
    points: int,
    every: Length | None,
) -> dict[Wanted, Line]:
    """The lines of fields over ``[start, end)``, as `figure_of` draws them."""
    found: dict[Wanted, Line] = {}
    for channel_id in dict.fromkeys(field.channel_id for field in wanted):
        here = {field.number: field for field in wanted if field.channel_id == channel_id}
        names = {n: _name(field, wanted) for n, field in here.items()}
        if every:
            seconds = part_of(every, zone, start, end)
        else:
            seconds = step_for((end - start) // timedelta(microseconds=1), points)
        table = buckets(house, channel_id, start, end, seconds)
        lines = lines_in(table, names, seconds)
        if every:
            lines = {n: in_lengths(line, every, zone) for n, line in lines.items()}
        found |= {here[n]: line for n, line in lines.items()}
    return found


def _name(field: Wanted, wanted: Sequence[Wanted]) -> str:
    """What tells a line from the others of its label: the channel, its number, the field's."""
    like = [w for w in wanted if w.label.strip().casefold() == field.label.strip().casefold()]
    name = field.channel
    if len({w.channel_id for w in like if w.channel == field.channel}) > 1:
        name = f"{name} ({field.channel_id})"
    own = sum(w.channel_id == field.channel_id for w in like)
    return f"{name}, field {field.number}" if own > 1 else name


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """What is pointed at in a channel's fields over a span, asked once for all of them."""

    start: datetime
    end: datetime
    zone: tzinfo
    incidents: Sequence[Mapping[str, Any]]
    rules: Sequence[Mapping[str, Any]]
    lives: tuple[Boundary, ...]
    aside: Sequence[Mapping[str, Any]]

    def marks(self, line: Line, number: int) -> tuple[Mark, ...]:
        """Those of a field's line."""
        unusual = pointing.of_field(self.incidents, number)
        aside = pointing.asides(self.aside, number, self.rules, self.zone)
        return (*pointing.peaks(unusual, line, self.zone), *aside)

    def shades(self, line: Line, number: int) -> tuple[Shade, ...]:
        """Those of a field's line."""
        unusual = pointing.of_field(self.incidents, number)
        return (
            *pointing.shades(line, self.start, self.end, self.rules, number),
            *pointing.spans(unusual, self.start, self.end, self.zone),
        )


def _told(
    house: "Warehouse", channel_id: int, start: datetime, end: datetime, zone: tzinfo
) -> _Told:
    def others() -> tuple[Sequence[Mapping[str, Any]], ...]:
        return (
            house.query("lives_begun", channel_id=channel_id).to_pylist(),
            house.query("corrections", channel_id=channel_id).to_pylist(),
            pointing.set_aside(house, channel_id, start, end),
        )

    unusual, (lives, rules, aside) = together(
        lambda: pointing.incidents(house, channel_id, start, end), others
    )
    return _Told(start, end, zone, unusual, rules, pointing.boundaries(lives), aside)


def _panel(
    fields: Sequence[Wanted], lines: Mapping[Wanted, Line], told: Mapping[int, _Told]
) -> Panel:
    title, unit = unit_of(fields[0].label)
    first, own = fields[0], told[fields[0].channel_id]
    shown = tuple(lines[field] for field in fields)
    return Panel(
        title,
        shown,
        unit,
        marks=tuple(m for f in fields for m in told[f.channel_id].marks(lines[f], f.number)),
        shades=own.shades(shown[0], first.number) if len(fields) == 1 else (),
        boundaries=own.lives if len(fields) == 1 else (),
    )
