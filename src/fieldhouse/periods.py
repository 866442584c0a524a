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

__all__ = ["STATISTICS", "bounds_of", "hours_of_week", "periods_of"]

STATISTICS = {"mean": "Avg", "min": "Min", "max": "Max", "sum": "Sum", "count": "Count"}
"""What is computed of a field, and the end of its column's name: ``Field1Avg``."""

_MIDNIGHT, _MONDAY = datetime(1970, 1, 1), datetime(1970, 1, 5)
_FIRST, _LAST = datetime(1900, 1, 1), datetime(2100, 1, 1)
"""Clocks are looked at between these; before and after they stay as they are there."""
_END = datetime(9999, 12, 31)
"""The last day that there is is UTC's everywhere, since the next one has no name."""
_HOUR = 3600
_LONGEST = 100
_INSTANT = pa.timestamp("us")

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
    walls = found["WallStart"].cast(pa.int64()).to_numpy()
    own = found["OffsetSeconds"].cast(pa.int64()).to_numpy() * 1_000_000 if by_offset else None
    begins = _begins(walls, own, offsets)
    periods = found.drop_columns(["WallStart", "OffsetSeconds"])
    periods = periods.add_column(0, "PeriodStart", pa.array(begins, _INSTANT))
    if has_ends:
        ends = _ends(walls, own, begins, length, offsets)
        periods = periods.append_column("PeriodEnd", pa.array(ends, _INSTANT))
    return periods.sort_by("PeriodStart")


def bounds_of(instants: Instants, length: Length, zone: tzinfo) -> tuple[Instants, Instants]:
    """When the period of each instant begins and ends, as `periods_of` counts them.

    Instants ascend; all are microseconds since 1970, UTC. An evening that comes again after
    midnight has begun is of the day before, so that begins need not ascend.
    """
    first, last = (_MIDNIGHT + timedelta(microseconds=int(instants[at])) for at in (0, -1))
    step = _step(length)
    offsets = _offsets(zone, _begun_by(first, length), last)
    starts, ahead = _edges(offsets)
    own = ahead[np.searchsorted(starts, instants, side="right") - 1]
    walls = _floors(instants + own, step)
    told = own if length.seconds and _come_twice(step, offsets) else None
    begins = _begins(walls, told, offsets)
    return begins, _ends(walls, told, begins, length, offsets)


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


def _floors(walls: Instants, step: dict[str, Any]) -> Instants:
    """When the periods begin, on the wall clock, in which it shows these times."""
    origin = np.datetime64(step["origin"], "us")
    if months := step.get("step_months"):
        first = origin.astype("datetime64[M]")
        away = walls.astype("datetime64[us]").astype("datetime64[M]") - first
        begins = (first + away // months * months).astype("datetime64[us]").astype(np.int64)
    else:
        stride = step["step_seconds"] * 1_000_000
        away = walls - origin.astype(np.int64)
        begins = walls - away % stride
    result: Instants = begins
    return result


def _edges(offsets: list[Offset]) -> tuple[Instants, Instants]:
    """When clocks are changed, and how far ahead of UTC they are from then on."""
    starts = np.array([_micros(offset.start) for offset in offsets])
    return starts, np.array([offset.seconds * 1_000_000 for offset in offsets])


def _begins(walls: Instants, own: Instants | None, offsets: list[Offset]) -> Instants:
    """When periods begin that do so at these times on the wall clock.

    ``own`` are their offsets, where times that come twice are periods of their own.
    """
    if own is None:
        return _earliest(walls, *_edges(offsets))
    return _of_one_offset(walls, own, *_edges(offsets))


def _ends(
    walls: Instants, own: Instants | None, begins: Instants, length: Length, offsets: list[Offset]
) -> Instants:
    """When periods end: with the next one, or with the change of the clocks that cuts them."""
    if length.months:
        months = walls.astype("datetime64[us]").astype("datetime64[M]") + length.months
        after = months.astype("datetime64[us]").astype(np.int64)
    else:
        after = walls + (length.days * 86_400 + length.seconds) * 1_000_000
    starts, ahead = _edges(offsets)
    if own is None:
        return _earliest(after, starts, ahead)
    at = np.searchsorted(starts, begins, side="right")
    change = np.append(starts, np.iinfo(np.int64).max)[at]
    ends: Instants = np.minimum(after - own, change)
    return ends


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
