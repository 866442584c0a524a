"""Figures out of a warehouse: its own SQL thins the readings to the points that are asked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

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
    ShadeKind,
    instant_of,
)
from fieldhouse.report.thinning import gaps, in_lengths, part_of, step_for
from fieldhouse.report.ticks import time_text, zone_text
from fieldhouse.report.words import unit_of
from fieldhouse.times import Length

if TYPE_CHECKING:
    from fieldhouse.warehouse import Warehouse

__all__ = [
    "Wanted",
    "anomalies",
    "boundaries",
    "buckets",
    "figure_of",
    "length_text",
    "lines_in",
    "newest_span",
    "presence",
    "shades",
]

_HOUR = 3600
_FEW = 30
"""Days that anomalies are told over, unless a shorter span is shown: as `anomalies` does."""


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
        house.query("field_spans", channel_id=number, end_at=now).to_pylist()[0]
        for number in channel_ids
    ]
    firsts = [row["FirstAt"] for row in rows if row["Readings"]]
    newest = [row["LastAt"] for row in rows if row["Readings"]]
    return (min(firsts), max(newest)) if firsts else (None, None)


def buckets(
    house: "Warehouse", channel_id: int, start: datetime, end: datetime, seconds: int
) -> pa.Table:
    """A channel over ``[start, end)`` in buckets of so many seconds.

    Buckets of whole hours come from the hourly aggregates, shorter ones from the readings.
    """
    hours = seconds % _HOUR == 0
    return house.query(
        "buckets_of_hours" if hours else "buckets_of_readings",
        channel_id=channel_id,
        start_at=start.replace(minute=0, second=0, microsecond=0) if hours else start,
        end_at=end,
        seconds=seconds,
    )


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


def anomalies(
    house: "Warehouse", wanted: Wanted, start: datetime, end: datetime
) -> tuple[Mark, ...]:
    """The anomalies of a span, told as `usp_DetectAnomalies` tells them over its last 30 days."""
    days = max(1, min(_FEW, -(-(end - start) // timedelta(days=1))))
    found = house.query(
        "usp_DetectAnomalies",
        channel_id=wanted.channel_id,
        field_number=wanted.number,
        lookback_days=days,
        as_of=end,
    )
    return tuple(
        Mark(
            instant_of(row["CreatedAt"]),
            float(row["Value"]),
            f"lies {abs(row['Score']):.1f} standard deviations"
            f" {'above' if row['Score'] > 0 else 'below'} the mean of {days} days",
            abs(row["Score"]),
        )
        for row in found.to_pylist()
        if row["CreatedAt"] >= start
    )


def boundaries(lives: Sequence[Mapping[str, Any]]) -> tuple[Boundary, ...]:
    """Where a channel's lives begin, but for the first; ``lives`` are what that question says."""
    return tuple(
        Boundary(instant_of(life["FirstCreatedAt"]), f"life {life['Epoch']}")
        for life in lives[1:]
        if life["FirstCreatedAt"]
    )


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
) -> Figure:
    """Fields as a figure over ``[start, end)``, naive UTC; equal labels share a panel.

    ``points`` is about how many a line has, ``every`` how long they are instead; ``bounds`` is what
    the axes reach over. Fields without a reading are left out, unless ``keep_empty``.
    """
    lines = _all_lines(house, wanted, start, end, zone, points, every)
    if not keep_empty and any(len(line) for line in lines.values()):
        wanted = [field for field in wanted if len(lines[field])]
    panels: dict[str, list[Wanted]] = {}
    for field in wanted:
        panels.setdefault(field.label.strip().casefold(), []).append(field)
    begin, until = instant_of(start), instant_of(end)
    return Figure(
        title,
        begin,
        until,
        zone,
        tuple(
            replace(_panel(house, fields, lines, start, end), bounds=bounds)
            for fields in panels.values()
        ),
        note_of(lines.values(), begin, until, zone),
    )


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


def _all_lines(
    house: "Warehouse",
    wanted: Sequence[Wanted],
    start: datetime,
    end: datetime,
    zone: tzinfo,
    points: int,
    every: Length | None,
) -> dict[Wanted, Line]:
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


def _panel(
    house: "Warehouse",
    fields: Sequence[Wanted],
    lines: Mapping[Wanted, Line],
    start: datetime,
    end: datetime,
) -> Panel:
    title, unit = unit_of(fields[0].label)
    shown = tuple(lines[field] for field in fields)
    alone = fields[0] if len(fields) == 1 else None
    bounds: tuple[Boundary, ...] = ()
    shaded: tuple[Shade, ...] = ()
    if alone:
        bounds = boundaries(house.query("lives", channel_id=alone.channel_id).to_pylist())
        rules = house.query("corrections", channel_id=alone.channel_id).to_pylist()
        shaded = shades(shown[0], start, end, rules, alone.number)
    return Panel(
        title,
        shown,
        unit,
        marks=tuple(m for field in fields for m in anomalies(house, field, start, end)),
        shades=shaded,
        boundaries=bounds,
    )


def shades(
    line: Line,
    start: datetime,
    end: datetime,
    rules: Sequence[Mapping[str, Any]] = (),
    field: int | None = None,
) -> tuple[Shade, ...]:
    """What is shaded of a line's span: no readings, and what ``rules`` exclude of its field.

    ``rules`` are what the question ``corrections`` says; one with a condition takes some values out
    of its span, not the span.
    """
    begin, until = instant_of(start), instant_of(end)
    excluded = (
        Shade(
            ShadeKind.EXCLUDED,
            max(begin, instant_of(rule["SpanStart"])),
            min(until, instant_of(rule["SpanEnd"])),
            f"excluded: {rule['Reason']}",
        )
        for rule in rules
        if rule["Kind"] == "EXCLUDE"
        and rule["Condition"] is None
        and rule["FieldNumber"] in (None, field)
    )
    silent = (Shade(ShadeKind.GAP, *gap) for gap in gaps(line, begin, until))
    return (*silent, *(shade for shade in excluded if shade.start < shade.end))
