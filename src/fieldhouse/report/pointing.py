"""What a picture points at: anomalies, readings set aside, lives, spans without readings."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from fieldhouse.report.figure import Boundary, Line, Mark, MarkKind, Shade, ShadeKind, instant_of
from fieldhouse.report.thinning import gaps
from fieldhouse.report.ticks import time_text
from fieldhouse.warehouse.limits import Limits

if TYPE_CHECKING:
    from fieldhouse.warehouse import Warehouse

__all__ = ["MOST_ASIDE", "anomalies", "asides", "boundaries", "set_aside", "shades"]

Row = Mapping[str, Any]

MOST_ASIDE = 1000
"""Readings set aside of one channel that a picture points at: the first of its span."""
_FEW = 30
"""Days that anomalies are told over, unless a shorter span is shown: as `anomalies` does."""


def anomalies(
    house: "Warehouse", channel_id: int, start: datetime, end: datetime
) -> dict[int, tuple[Mark, ...]]:
    """The anomalies of a span by field, as they are told over its last 30 days."""
    days = max(1, min(_FEW, -(-(end - start) // timedelta(days=1))))
    found = house.query("anomalies", channel_id=channel_id, lookback_days=days, as_of=end)
    marks: dict[int, list[Mark]] = {}
    for row in found.to_pylist():
        if row["CreatedAt"] >= start:
            marks.setdefault(row["FieldNumber"], []).append(_anomaly(row, days))
    return {number: tuple(ones) for number, ones in marks.items()}


def _anomaly(row: Row, days: int) -> Mark:
    side = "above" if row["Score"] > 0 else "below"
    return Mark(
        instant_of(row["CreatedAt"]),
        float(row["Value"]),
        f"lies {abs(row['Score']):.1f} standard deviations {side} the mean of {days} days",
        abs(row["Score"]),
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
