"""A channel's fields over periods of any length, on the wall clock of a time zone.

Periods are counted from 1970-01-01 00:00 on that clock, those of whole weeks from a Monday. A day
has 23 or 25 hours where clocks are changed. Where the time that comes twice is part of one period,
that one is longer: an hour has an hour and a half where clocks are set back by half an hour. Else
its periods come twice. Days, weeks and months are the calendar's.
The warehouse does the sums; what it needs of the zone are the instants at which its clocks are
changed, so that every engine answers the same.
"""

from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from fieldhouse.errors import ConfigurationError
from fieldhouse.times import Length, Offset, offsets_of
from fieldhouse.warehouse import NO_LIMITS, Limits, Warehouse

__all__ = ["STATISTICS", "hours_of_week", "periods_of"]

STATISTICS = {"mean": "Avg", "min": "Min", "max": "Max", "sum": "Sum", "count": "Count"}
"""What is computed of a field, and the end of its column's name: ``Field1Avg``."""

_MIDNIGHT, _MONDAY = datetime(1970, 1, 1), datetime(1970, 1, 5)
_FIRST, _LAST = datetime(1900, 1, 1), datetime(2100, 1, 1)
"""Clocks are looked at between these; before and after they stay as they are there."""
_END = datetime(9999, 12, 31)
"""The last day that there is is UTC's everywhere, since the next one has no name."""
_HOUR = 3600
_LONGEST = 100

Instants = np.ndarray[Any, np.dtype[np.int64]]


def periods_of(
    warehouse: Warehouse,
    channel_id: int,
    length: Length,
    zone: tzinfo,
    *,
    start: datetime | None,
    end: datetime | None,
    columns: tuple[str, ...],
    limits: Limits = NO_LIMITS,
    has_ends: bool = False,
) -> pa.Table:
    """The periods with readings of ``[start, end)``, naive UTC, by when they begin.

    ``PeriodStart`` is naive UTC, as is ``PeriodEnd``, the last column, if ``has_ends``;
    ``columns`` are those of the question ``field_statistics``. Hours that are aggregated already
    are not read again where they fit. ``limits`` gives a deadline.
    Raises ConfigurationError for a length above a century.
    """
    step = _step(length)
    span = {"channel_id": channel_id, "start_at": start, "end_at": end}
    first, last = _held(warehouse, span)
    offsets = _offsets(zone, _begun_by(first, length), last)
    by_offset = bool(length.seconds) and _come_twice(step, offsets)
    found = warehouse.query(
        "field_statistics",
        replace(limits, columns=("WallStart", "OffsetSeconds", *columns)),
        **span,
        **step,
        **_clock(offsets),
        by_offset=by_offset,
        from_hours=_fit_hours(length, offsets),
    )
    begins = _begins(found, offsets, by_offset=by_offset)
    periods = found.drop_columns(["WallStart", "OffsetSeconds"])
    periods = periods.add_column(0, "PeriodStart", begins)
    if has_ends:
        ends = _ends(found, begins, length, offsets, by_offset=by_offset)
        periods = periods.append_column("PeriodEnd", ends)
    return periods.sort_by("PeriodStart")


def hours_of_week(
    warehouse: Warehouse,
    channel_id: int,
    zone: tzinfo,
    *,
    start: datetime | None,
    end: datetime | None,
    columns: tuple[str, ...],
    limits: Limits = NO_LIMITS,
) -> pa.Table:
    """What the readings of ``[start, end)``, naive UTC, come to at each hour of a zone's week.

    A row for each ``Weekday`` (1 is Monday) and ``Hour`` with readings, in their order; ``columns``
    are those of the question ``hours_of_week``. An hour that comes twice is one.
    """
    span = {"channel_id": channel_id, "start_at": start, "end_at": end}
    offsets = _offsets(zone, *_held(warehouse, span))
    return warehouse.query(
        "hours_of_week",
        replace(limits, columns=("Weekday", "Hour", *columns)),
        **span,
        **_clock(offsets),
        from_hours=_fit_hours(Length(seconds=_HOUR), offsets),
    )


def _held(warehouse: Warehouse, span: dict[str, Any]) -> tuple[datetime, datetime]:
    """When the first and the last reading of a span were made, if there are any."""
    (held,) = warehouse.query(
        "field_spans", Limits(columns=("FirstAt", "LastAt")), **span
    ).to_pylist()
    return held["FirstAt"] or _FIRST, held["LastAt"] or _FIRST


def _clock(offsets: list[Offset]) -> dict[str, Any]:
    """A wall clock, as questions take it."""
    return {
        "offset_starts": [offset.start for offset in offsets],
        "offset_seconds": [offset.seconds for offset in offsets],
    }


def _step(length: Length) -> dict[str, Any]:
    """The length as the question takes it, and the first period's begin on the wall clock."""
    days = length.days + length.seconds / 86_400
    if days > _LONGEST * 365.25 or length.months > _LONGEST * 12:
        raise ConfigurationError(f"a period has at most {_LONGEST} years")
    if length.months:
        months = _MIDNIGHT.year * 12
        year, month = divmod(months - (months - 12) // length.months * length.months, 12)
        return {"step_months": length.months, "origin": datetime(year, month + 1, 1)}
    step = timedelta(days=length.days, seconds=length.seconds)
    anchor = _MONDAY if length.days and not length.days % 7 else _MIDNIGHT
    origin = anchor - (anchor - datetime.min) // step * step
    return {"step_seconds": step // timedelta(seconds=1), "origin": origin}


def _begun_by(first: datetime, length: Length) -> datetime:
    """Not after the begin of the period that holds a reading: clocks may have changed since."""
    try:
        return length.before(first) - timedelta(days=2)
    except (OverflowError, ValueError):
        return datetime.min


def _offsets(zone: tzinfo, first: datetime, last: datetime) -> list[Offset]:
    """The zone's clock over all time, right wherever there are readings."""
    first, last = (min(max(at, _FIRST), _LAST) for at in (first, last))
    seen = offsets_of(zone, first, last + timedelta(days=1))
    return [Offset(datetime.min, seen[0].seconds), *seen[1:], Offset(_END, 0)]


def _fit_hours(length: Length, offsets: list[Offset]) -> bool:
    """Whether an hour of UTC lies whole in one period, wherever it lies."""
    marks = [length.seconds, *(offset.seconds for offset in offsets)]
    starts = [offset.start for offset in offsets]
    return not any(mark % _HOUR for mark in marks) and not any(
        (start - datetime.min) % timedelta(hours=1) for start in starts
    )


def _come_twice(step: dict[str, Any], offsets: list[Offset]) -> bool:
    """Whether a time that comes twice, as clocks are set back, is more than part of one period."""
    length = timedelta(seconds=step["step_seconds"])
    for before, after in pairwise(offsets[:-1]):
        shift = timedelta(seconds=before.seconds - after.seconds)
        into = (after.start + timedelta(seconds=after.seconds) - step["origin"]) % length
        if shift > timedelta(0) and (into + shift > length or shift == length):
            return True
    return False


def _begins(found: pa.Table, offsets: list[Offset], *, by_offset: bool) -> pa.Array:
    """When periods begin, of which the wall clock's time is known."""
    walls = found["WallStart"].cast(pa.int64()).to_numpy()
    starts = np.array([_micros(offset.start) for offset in offsets])
    ahead = np.array([offset.seconds * 1_000_000 for offset in offsets])
    if by_offset:
        own = found["OffsetSeconds"].cast(pa.int64()).to_numpy() * 1_000_000
        begins = _of_one_offset(walls, own, starts, ahead)
    else:
        begins = _earliest(walls, starts, ahead)
    return pa.array(begins, pa.timestamp("us"))


def _ends(
    found: pa.Table, begins: pa.Array, length: Length, offsets: list[Offset], *, by_offset: bool
) -> pa.Array:
    """When periods end: with the next one, or with the change of the clocks that cuts them."""
    walls = found["WallStart"].cast(pa.int64()).to_numpy()
    if length.months:
        months = walls.astype("datetime64[us]").astype("datetime64[M]") + length.months
        after = months.astype("datetime64[us]").astype(np.int64)
    else:
        after = walls + (length.days * 86_400 + length.seconds) * 1_000_000
    starts = np.array([_micros(offset.start) for offset in offsets])
    ahead = np.array([offset.seconds * 1_000_000 for offset in offsets])
    if not by_offset:
        return pa.array(_earliest(after, starts, ahead), pa.timestamp("us"))
    own = found["OffsetSeconds"].cast(pa.int64()).to_numpy() * 1_000_000
    at = np.searchsorted(starts, begins.cast(pa.int64()).to_numpy(), side="right")
    change = np.append(starts, np.iinfo(np.int64).max)[at]
    return pa.array(np.minimum(after - own, change), pa.timestamp("us"))


def _of_one_offset(walls: Instants, own: Instants, starts: Instants, ahead: Instants) -> Instants:
    """A period that the change of the clocks cuts begins, in its second part, with the change."""
    begins = walls - own
    at = np.searchsorted(starts, begins, side="right") - 1
    following = starts[np.minimum(at + 1, len(starts) - 1)]
    result: Instants = np.where(ahead[at] == own, begins, following)
    return result


def _earliest(walls: Instants, starts: Instants, ahead: Instants) -> Instants:
    """The first instants at which the wall clock shows these times, or later ones."""
    result: Instants = walls - ahead[-1]
    ends = np.append(starts[1:], np.iinfo(np.int64).max)
    for start, end, seconds in reversed(list(zip(starts, ends, ahead, strict=True))):
        begins = np.maximum(walls - seconds, start)
        result = np.where(begins < end, begins, result)
    return result


def _micros(instant: datetime) -> int:
    return (instant - _MIDNIGHT) // timedelta(microseconds=1)
