"""What a picture points at: what is unusual, readings set aside, lives, spans without readings."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

import numpy as np

from fieldhouse.insight.unusual import said
from fieldhouse.report.figure import Boundary, Line, Mark, MarkKind, Shade, ShadeKind, instant_of
from fieldhouse.report.thinning import gaps
from fieldhouse.report.ticks import time_text
from fieldhouse.warehouse.limits import Limits

if TYPE_CHECKING:
    from fieldhouse.warehouse import Warehouse

__all__ = [
    "MOST_ASIDE",
    "asides",
    "boundaries",
    "incidents",
    "of_field",
    "peaks",
    "set_aside",
    "shades",
    "spans",
]

Row = Mapping[str, Any]

MOST_ASIDE = 1000
"""Readings set aside of one channel that a picture points at: the first of its span."""


def incidents(house: "Warehouse", channel_id: int, start: datetime, end: datetime) -> Sequence[Row]:
    """What is unusual in ``[start, end)``, an incident a row, but for what a person called ok."""
    rows = house.query(
        "anomalies_kept", channel_ids=[channel_id], start_at=start, end_at=end
    ).to_pylist()
    return [row for row in rows if row["IsReal"] is not False]


def of_field(rows: Sequence[Row], number: int) -> Sequence[Row]:
    """The incidents of a field, and of the whole channel."""
    return [row for row in rows if row["FieldNumber"] in (0, number)]


def peaks(rows: Sequence[Row], line: Line, zone: tzinfo) -> tuple[Mark, ...]:
    """The reading of each of a field's incidents that is the most unusual; a silence has none."""
    found = ((row, _within(line, row)) for row in rows if row["Value"] is not None)
    return tuple(
        Mark(instant_of(row["PeakAt"]), value, said(row, zone), row["Score"])
        for row, value in found
        if value is not None
    )


def _within(line: Line, row: Row) -> float | None:
    """Where the line has an incident's peak; None: nowhere.

    What is judged of a counter is its rise: the reading itself is known by the bucket it is in.
    """
    at = instant_of(row["PeakAt"])
    place = int(np.searchsorted(line.start, at, side="right")) - 1
    if place < 0 or at >= line.end[place]:
        return None
    return float(np.clip(float(row["Value"]), line.least[place], line.greatest[place]))


def spans(rows: Sequence[Row], start: datetime, end: datetime, zone: tzinfo) -> tuple[Shade, ...]:
    """How long each of a field's incidents lasts, of those that last, within ``[start, end)``."""
    return tuple(
        Shade(
            ShadeKind.UNUSUAL,
            instant_of(max(row["StartedAt"], start)),
            instant_of(min(row["EndedAt"], end)),
            said(row, zone),
        )
        for row in rows
        if max(row["StartedAt"], start) < min(row["EndedAt"], end)
    )


def set_aside(house: "Warehouse", channel_id: int, start: datetime, end: datetime) -> Sequence[Row]:
    """The readings of ``[start, end)`` that do not count as sent: `MOST_ASIDE` of them."""
    span = {"start_at": start, "end_at": end}
    rows: Sequence[Row] = house.query(
        "set_aside", Limits(rows=MOST_ASIDE), channel_id=channel_id, **span
    ).to_pylist()
    return rows


def asides(
    rows: Sequence[Row], number: int, rules: Sequence[Row], zone: tzinfo
) -> tuple[Mark, ...]:
    """What was set aside of a field, where its source had it; ``rows`` are those of `set_aside`."""
    found = ((row, fate_of(row, number, rules, zone)) for row in rows)
    return tuple(
        Mark(instant_of(row["CreatedAt"]), float(row[f"Field{number}"]), fate, kind=MarkKind.ASIDE)
        for row, fate in found
        if fate and row[f"Field{number}"] is not None
    )


def fate_of(row: Row, number: int, rules: Sequence[Row], zone: tzinfo) -> str | None:
    """What became of a field of a reading that was set aside; None: nothing."""
    name = f"Field{number}"
    if row["WithdrawnAt"]:
        seen = time_text(instant_of(row["WithdrawnAt"]), zone)
        return f"withdrawn: its source no longer had it on {seen}"
    why = "; ".join(_reasons(row, number, rules))
    if row["CorrectedTo"] is None or (_changed(row, name) and row[f"{name}Now"] is None):
        return f"excluded: {why}"
    if _changed(row, name):
        return f"counts as {row[f'{name}Now'].normalize():f}: {why}"
    if row["CorrectedTo"] != row["CreatedAt"]:
        moved = time_text(instant_of(row["CorrectedTo"]), zone, seconds=True)
        return f"counts at {moved}: {why}"
    return None


def _changed(row: Row, name: str) -> bool:
    return name in (row["ChangedFields"] or "").split(", ")


def _reasons(row: Row, number: int, rules: Sequence[Row]) -> Iterator[str]:
    """Of the rules that cover a reading's time and field."""
    for rule in rules:
        is_there = rule["SpanStart"] <= row["CreatedAt"] < rule["SpanEnd"]
        if is_there and rule["FieldNumber"] in (None, number):
            yield rule["Reason"]


def boundaries(lives: Sequence[Row]) -> tuple[Boundary, ...]:
    """Where lives begin, but for the first; ``lives`` are what `lives_begun` says, or `lives`."""
    return tuple(
        Boundary(instant_of(life["FirstCreatedAt"]), f"life {life['Epoch']}")
        for life in lives[1:]
        if life["FirstCreatedAt"]
    )


def shades(
    line: Line,
    start: datetime,
    end: datetime,
    rules: Sequence[Row] = (),
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
