"""One field day by day, where days are those of a time zone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

import pyarrow as pa

from fieldhouse import times
from fieldhouse.periods import periods_of
from fieldhouse.times import Length
from fieldhouse.warehouse import Warehouse
from fieldhouse.warehouse.questions import QUERIES

__all__ = ["trend_of"]

_QUESTION = "usp_GetTrendAnalysis"
_DAY = timedelta(days=1)
_WEEK = 7
"""Days that the moving mean spans, and that are read before the first one shown."""
_EARLIEST = date(2, 1, 9)
"""A year and a week of the calendar lie before every day that is shown."""


class _Day(NamedTuple):
    day: date
    mean: float
    low: Any
    high: Any
    values: int
    micros: int
    """The mean at six decimals, half away from zero: a float's last digit tells nothing."""


def trend_of(
    warehouse: Warehouse,
    channel_id: int,
    field_number: int,
    *,
    days: int,
    as_of: datetime,
    zone: tzinfo,
) -> pa.Table:
    """The columns of ``usp_GetTrendAnalysis``, by the whole days of a zone as of an instant.

    ``as_of`` is naive UTC. A day has 23 or 25 hours where the zone's clocks are changed; those of
    UTC are the procedure's own. Raises what the warehouse does.
    """
    if str(zone) == "UTC":
        asked = {"channel_id": channel_id, "field_number": field_number, "days": days}
        return warehouse.query(_QUESTION, **asked, as_of=as_of)
    today = times.amid(as_of).replace(tzinfo=UTC).astimezone(zone).date()
    first = date.fromordinal(max(today.toordinal() - days, _EARLIEST.toordinal()))
    start = first - _WEEK * _DAY
    spans = ((_year_before(first), min(_year_before(today - _DAY) + _DAY, start)), (start, today))
    found = [
        day for span in spans for day in _days(warehouse, channel_id, field_number, zone, *span)
    ]
    rows = [row for row in _compared(found) if row["ReadingDate"] >= first]
    return pa.Table.from_pylist(rows, QUERIES[_QUESTION].columns)


def _days(
    warehouse: Warehouse, channel_id: int, number: int, zone: tzinfo, first: date, end: date
) -> Iterator[_Day]:
    """The days with a value of ``[first, end)``, ascending."""
    if first >= end:
        return
    start_at, end_at = (times.instant_of(day.isoformat(), zone) for day in (first, end))
    names = [f"Field{number}{what}" for what in ("Avg", "Min", "Max", "Count", "Sum")]
    found = periods_of(
        warehouse,
        channel_id,
        Length(days=1),
        zone,
        start=start_at,
        end=end_at,
        columns=tuple(names),
    )
    for begin, mean, low, high, count, total in zip(
        *(found[name].to_pylist() for name in ("PeriodStart", *names)), strict=True
    ):
        if count:
            day = begin.replace(tzinfo=UTC).astimezone(zone).date()
            sign, micros = (-1 if total < 0 else 1), round(abs(total) * 1_000_000)
            rounded = sign * ((2 * micros + count) // (2 * count))
            yield _Day(day, mean, low, high, count, rounded)


def _compared(days: list[_Day]) -> Iterator[dict[str, Any]]:
    """Each day beside the one before it, the week that ends with it, and the year before."""
    by_date = {each.day: each for each in days}
    for each in days:
        before = by_date.get(each.day - _DAY)
        week = [by_date.get(each.day - n * _DAY) for n in range(_WEEK)]
        means = [one.mean for one in week if one]
        year_ago = by_date.get(_year_before(each.day))
        yield {
            "ReadingDate": each.day,
            "AvgValue": each.mean,
            "MinValue": each.low,
            "MaxValue": each.high,
            "ReadingCount": each.values,
            "ChangeFromPrevious": before and each.mean - before.mean,
            "MovingAvg7Day": sum(means) / len(means),
            "Trend": before and _direction(before, each),
            "YearAgoAvg": year_ago and year_ago.mean,
            "ChangeFromYearAgo": year_ago and each.mean - year_ago.mean,
        }


def _year_before(day: date) -> date:
    """The same day a year before; of 29 February the 28th."""
    is_leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap else day.day)


def _direction(before: _Day, day: _Day) -> str:
    if day.micros == before.micros:
        return "Stable"
    return "Increasing" if day.micros > before.micros else "Decreasing"
