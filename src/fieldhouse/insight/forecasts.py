"""How a field goes on: a baseline, with intervals that its own past has tried."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

import pyarrow as pa

from fieldhouse import times
from fieldhouse.errors import ConfigurationError
from fieldhouse.insight.trends import trend_of
from fieldhouse.periods import periods_of
from fieldhouse.times import Length
from fieldhouse.warehouse import Warehouse

__all__ = [
    "FORECAST",
    "LONGEST",
    "Crossing",
    "Tried",
    "crossing_of",
    "forecast_of",
    "forecasts_of",
    "is_hourly",
    "told",
    "tried",
]

FORECAST = pa.schema(
    [
        ("At", pa.timestamp("us")),
        ("Forecast", pa.float64()),
        ("Low", pa.float64()),
        ("High", pa.float64()),
        ("Method", pa.string()),
        ("Errors", pa.int64()),
        ("Mae", pa.float64()),
        ("NaiveMae", pa.float64()),
    ]
)
"""A row for each hour or day, by its begin, naive UTC; Low and High hold 95 %, or are NULL."""

LONGEST = timedelta(days=366)
_HOURLY = timedelta(days=14)
"""Up to here the means of hours are forecast, beyond those of days."""
_HOUR = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1)
_Held = list[tuple[int, float]]
"""The means of a field by their places, in order."""
_MOMENTARY = frozenset({"SPIKE", "IMPOSSIBLE RATE", "OUT OF RANGE"})
"""Kinds of incidents that, ended within a day, say nothing of how a field goes on."""


class _Step(NamedTuple):
    """What is forecast: so many ``period`` to a season, ``stride`` from one trial to the next."""

    length: timedelta
    period: int
    stride: int
    origins: int
    history: timedelta


_HOURS = _Step(_HOUR, 24, 24, 42, timedelta(days=84))
_DAYS = _Step(timedelta(days=1), 7, 1, 60, timedelta(days=400))


def forecast_of(
    warehouse: Warehouse,
    channel_id: int,
    field_number: int,
    *,
    length: timedelta,
    as_of: datetime,
    zone: tzinfo,
) -> pa.Table:
    """How one field goes on; see ``forecasts_of``."""
    found = forecasts_of(
        warehouse, channel_id, [field_number], length=length, as_of=as_of, zone=zone
    )
    return found[field_number]


def forecasts_of(
    warehouse: Warehouse,
    channel_id: int,
    fields: Sequence[int],
    *,
    length: timedelta,
    as_of: datetime,
    zone: tzinfo,
) -> dict[int, pa.Table]:
    """The hours' means from ``as_of`` on, or, for more than 14 days, those of a zone's days.

    By the fields' numbers. ``as_of`` is naive UTC; what is later takes no part. An answer is empty
    where there is no value in the last 14 days. Columns as ``FORECAST``. Raises ConfigurationError
    for a length below an hour or above ``LONGEST``, and what the warehouse does.
    """
    if not _HOUR <= length <= LONGEST:
        raise ConfigurationError(f"a forecast is for 1h to {LONGEST.days}d")
    as_of = times.amid(as_of)
    if length <= _HOURLY:
        step, now = _HOURS, _place(as_of)
        held = _hours(warehouse, channel_id, fields, as_of)
    else:
        step, now = _DAYS, as_of.replace(tzinfo=UTC).astimezone(zone).date().toordinal()
        held = {n: _days(warehouse, channel_id, n, as_of, zone) for n in fields}
    begins = _instant if step is _HOURS else lambda place: _midnight(place, zone)
    going = {
        number: series
        for number, series in held.items()
        if series and (now - series[-1][0]) * step.length <= _HOURLY
    }
    shown: dict[int, list[dict[str, Any]]] = {number: [] for number in fields}
    for row in _asked(warehouse, going, step, now, -(-length // step.length)):
        shown[row["Series"]].append({**row, "At": begins(row["Place"])})
    return {number: pa.Table.from_pylist(rows, FORECAST) for number, rows in shown.items()}


def _hours(
    warehouse: Warehouse, channel_id: int, fields: Sequence[int], as_of: datetime
) -> dict[int, _Held]:
    """The whole hours with a value before an instant, without those that a fault spoils."""
    names = tuple(f"Field{number}{part}" for number in fields for part in ("Avg", "Count"))
    end = _instant(_place(as_of))
    found = periods_of(
        warehouse,
        channel_id,
        Length(seconds=3600),
        UTC,
        start=end - _HOURS.history,
        end=end,
        columns=names,
    )
    faulty = _faulty(warehouse, channel_id, end)
    places = [_place(begin) for begin in found["PeriodStart"].to_pylist()]

    def held(number: int) -> _Held:
        columns = (found[f"Field{number}{part}"].to_pylist() for part in ("Avg", "Count"))
        rows = zip(places, *columns, strict=True)
        return [(at, mean) for at, mean, count in rows if count and (number, at) not in faulty]

    return {number: held(number) for number in fields}


def _faulty(warehouse: Warehouse, channel_id: int, end: datetime) -> set[tuple[int, int]]:
    """Fields and hours whose mean a spike spoils: a season would show it again for 14 days."""
    incidents = warehouse.query(
        "anomalies_kept", channel_ids=[channel_id], start_at=end - _HOURS.history, end_at=end
    ).to_pylist()
    return {
        (incident["FieldNumber"], place)
        for incident in incidents
        if incident["Kind"] in _MOMENTARY
        and incident["EndedAt"] - incident["StartedAt"] < timedelta(days=1)
        and incident["IsReal"] is not False
        for place in range(_place(incident["StartedAt"]), _place(incident["EndedAt"]) + 1)
    }


def _days(
    warehouse: Warehouse, channel_id: int, number: int, as_of: datetime, zone: tzinfo
) -> _Held:
    days = trend_of(warehouse, channel_id, number, days=_DAYS.history.days, as_of=as_of, zone=zone)
    return [(row["ReadingDate"].toordinal(), row["AvgValue"]) for row in days.to_pylist()]


def _asked(
    warehouse: Warehouse, going: Mapping[int, _Held], step: _Step, now: int, periods: int
) -> list[dict[str, Any]]:
    """The question's rows from ``now`` on; means count at six decimals, like the readings."""
    if not going:
        return []
    held = [(number, *pair) for number, series in going.items() for pair in series]
    oldest = min(series[-1][0] for series in going.values())
    found: list[dict[str, Any]] = warehouse.query(
        "forecasts",
        series=[number for number, _, _ in held],
        places=[place for _, place, _ in held],
        amounts=[round(mean, 6) for _, _, mean in held],
        period=step.period,
        stride=step.stride,
        origins=step.origins,
        horizon=now - oldest - 1 + periods,
    ).to_pylist()
    return [row for row in found if now <= row["Place"] < now + periods]


def _place(at: datetime) -> int:
    return (at - _EPOCH) // _HOUR


def _instant(place: int) -> datetime:
    return _EPOCH + place * _HOUR


def _midnight(place: int, zone: tzinfo) -> datetime:
    return times.instant_of(date.fromordinal(place).isoformat(), zone)


_METHODS = {
    "NAIVE": "the newest value",
    "LEVEL": "the mean of the newest values, weighed the more the newer they are",
    "SEASONAL_NAIVE": "the value of this {hour} of the {day} before",
    "SEASONAL": "the mean of this {hour} of the 14 {day}s before",
    "SEASONAL_LEVEL": "the mean of this {hour} of the 14 {day}s before, and what the last {day}"
    " deviates from it",
    "SEASONAL_DRIFT": "the mean of this {hour} of the 14 {day}s before, and the slope of these",
}


class Tried(NamedTuple):
    """How the rows of a forecast from ``at`` on were made, and how far that was off before.

    ``errors`` make the interval; ``mae`` is the mean error of the method at such a lead, and
    ``naive`` that of the last value of the same season. None where nothing could be tried.
    """

    at: datetime
    method: str
    errors: int
    mae: float | None
    naive: float | None


def is_hourly(forecast: pa.Table) -> bool:
    """Whether a forecast is of hours; else it is of a zone's days."""
    at = forecast["At"].slice(0, 2).to_pylist()
    return not at or at[-1] - at[0] <= _HOUR


def tried(forecast: pa.Table) -> list[Tried]:
    """How each stretch of a forecast was made, in words; one ends where the method changes.

    >>> row = {"Method": "NAIVE", "Errors": 42, "Mae": 0.5, "NaiveMae": 0.75}
    >>> days = [{"At": datetime(2026, 12, day), **row} for day in (1, 2)]
    >>> [made.method for made in tried(pa.Table.from_pylist(days, FORECAST))]
    ['the newest value']
    """
    hour, day = ("hour", "day") if is_hourly(forecast) else ("weekday", "week")
    found: list[Tried] = []
    for row in forecast.to_pylist():
        said = _METHODS[row["Method"]].format(hour=hour, day=day)
        if not found or (said, row["Mae"]) != (found[-1].method, found[-1].mae):
            found.append(Tried(row["At"], said, row["Errors"], row["Mae"], row["NaiveMae"]))
    return found


class Crossing(NamedTuple):
    """When a forecast is first beyond a limit, and when, at 95 %, at the earliest and latest.

    None is not within the forecast; ``is_tried``: whether it has intervals.
    """

    at: datetime | None
    earliest: datetime | None
    latest: datetime | None
    is_tried: bool


def crossing_of(forecast: pa.Table, limit: float, *, below: bool) -> Crossing:
    """When a forecast first goes below a limit, or above it."""
    near, far = ("Low", "High") if below else ("High", "Low")
    rows = forecast.to_pylist()

    def first(name: str) -> datetime | None:
        known = ((row["At"], row[name]) for row in rows if row[name] is not None)
        return next((at for at, v in known if (v < limit if below else v > limit)), None)

    return Crossing(
        first("Forecast"), first(near), first(far), any(row["Low"] is not None for row in rows)
    )


def told(crossing: Crossing, limit: float, zone: tzinfo, *, below: bool, days: int) -> str:
    """A crossing in a line.

    >>> from datetime import UTC
    >>> first, early, late = (datetime(2026, 12, day) for day in (24, 20, 30))
    >>> told(Crossing(first, early, late, True), 3.3, UTC, below=True, days=366)
    'below 3.3 on 2026-12-24 (95 %: 2026-12-20 … 2026-12-30)'
    >>> told(Crossing(None, None, None, True), 3.3, UTC, below=True, days=366)
    'not below 3.3 within 366 days (95 %)'
    """

    def on(at: datetime | None) -> str:
        return f"{at.replace(tzinfo=UTC).astimezone(zone):%Y-%m-%d}" if at else f"after {days} days"

    where = f"{'below' if below else 'above'} {limit:g}"
    if not crossing.is_tried:
        said = f"{where} on {on(crossing.at)}" if crossing.at else f"not {where} within {days} days"
        return f"{said} (too young to say how surely)"
    if crossing.earliest is None:
        return f"not {where} within {days} days (95 %)"
    if crossing.at is None:
        return (
            f"not {where} within {days} days, but it may be from {on(crossing.earliest)} on (95 %)"
        )
    return f"{where} on {on(crossing.at)} (95 %: {on(crossing.earliest)} … {on(crossing.latest)})"
