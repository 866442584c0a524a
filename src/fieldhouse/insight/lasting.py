"""For how long a field is in a state: hours a day, a week or a month, by the sun if asked.

A value holds until the next one, at most a few of the channel's usual distances; what lies beyond
is not known. So means and hours do not depend on how often a channel sends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

from fieldhouse import times
from fieldhouse.conditions import EVERY, Condition, condition_of
from fieldhouse.errors import ConfigurationError
from fieldhouse.holding import CADENCES, MOST_PARTS, held_for
from fieldhouse.insight.sunlight import daylight, is_light, is_place
from fieldhouse.warehouse import Warehouse

__all__ = ["PERIODS", "Lasting", "Period", "between", "hours", "since"]

Period = Literal["day", "week", "month"]
PERIODS: tuple[Period, ...] = ("day", "week", "month")


@dataclass(frozen=True, slots=True)
class Lasting:
    """A period, or its light or dark part: ``inside`` of the ``known`` hours the condition is met.

    ``hours``: how long it is itself, as far as it has passed. ``mean``: of the values by time; None
    where none is known.
    """

    begins: date
    light: bool | None
    hours: float
    known: float
    inside: float
    mean: float | None


def between(above: str | None, below: str | None) -> Condition:
    """The values above one number and below another, or on one side; without any all.

    Raises ConfigurationError for what is no number, and where no value can be.
    """
    parts = [f"{sign} {text}" for sign, text in ((">", above), ("<", below)) if text is not None]
    return condition_of(" and ".join(parts)) if parts else EVERY


def since(days: int, end: datetime, zone: tzinfo) -> datetime:
    """The midnight, in a zone, of so many days before; all naive UTC."""
    today = times.amid(end).replace(tzinfo=UTC).astimezone(zone).date().toordinal()
    return times.instant_of(date.fromordinal(max(today - days, 2)).isoformat(), zone)


def hours(
    house: Warehouse,
    channel_id: int,
    field: int,
    condition: Condition = EVERY,
    *,
    start: datetime,
    end: datetime,
    zone: tzinfo,
    by: Period = "day",
    by_daylight: bool = False,
    cadences: int = CADENCES,
) -> list[Lasting]:
    """How long a field's values meet a condition in each period of ``[start, end)``, naive UTC.

    Periods begin at midnight in ``zone``, weeks on Mondays. Raises ConfigurationError, in one line,
    where a channel has too few readings to know how long a value holds, or no position for the sun.
    """
    start, end = times.amid(start), times.amid(end)
    if start >= end:
        return []
    hold = held_for(house, channel_id, end, cadences)
    begins = list(_periods(start, end, zone, by))
    place = _place(house, channel_id) if by_daylight else None
    starts = sorted({start, *(at for at, _ in begins if start < at < end)})
    if place:
        starts = sorted({*starts, *_turns(start, end, *place)})
    starts.append(end)
    if len(starts) > MOST_PARTS:
        raise ConfigurationError(f"that are more than {MOST_PARTS:,} parts: ask for a shorter time")
    bounds = {"low_value": condition.low, "high_value": condition.high}
    found = house.query(
        "held_times",
        channel_id=channel_id,
        field_number=field,
        starts=starts,
        hold_seconds=hold // timedelta(seconds=1),
        is_outside=condition.is_outside,
        **bounds,
    ).to_pylist()
    sums: dict[tuple[date, bool | None], list[float]] = {}
    for row in found:
        at, after = starts[row["Bucket"]], starts[row["Bucket"] + 1]
        begin = max((each for each in begins if each[0] <= at), default=begins[0])[1]
        light = is_light(at + (after - at) / 2, *place) if place else None
        total = sums.setdefault((begin, light), [0.0] * 4)
        known = row["Seconds"] / 3600
        parts = ((after - at) / timedelta(hours=1), known, row["SecondsInside"] / 3600)
        for number, part in enumerate((*parts, (row["Mean"] or 0.0) * known)):
            total[number] += part
    return [
        Lasting(begin, light, length, known, inside, weighed / known if known else None)
        for (begin, light), (length, known, inside, weighed) in sums.items()
    ]


def _place(house: Warehouse, channel_id: int) -> tuple[float, float]:
    rows = house.query("channels").to_pylist()
    row = next(row for row in rows if row["ChannelID"] == channel_id)
    latitude, longitude = (float(row[name] or 0) for name in ("Latitude", "Longitude"))
    if not latitude and not longitude:  # as the source writes it
        raise ConfigurationError(f"channel {channel_id} has no position, by which the sun is up")
    if not is_place(latitude, longitude):
        raise ConfigurationError(f"channel {channel_id} has a position that is on no map")
    return latitude, longitude


def _periods(
    start: datetime, end: datetime, zone: tzinfo, by: Period
) -> Iterator[tuple[datetime, date]]:
    """When each period begins, naive UTC, and on which local day; the first by ``start``."""
    day = _begin(start.replace(tzinfo=UTC).astimezone(zone).date(), by)
    while (at := _midnight(day, zone)) < end:
        yield at, day
        day = _begin(day + timedelta(days={"day": 1, "week": 7, "month": 31}[by]), by)


def _begin(day: date, by: Period) -> date:
    if by == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if by == "month" else day


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC).replace(tzinfo=None)


def _turns(start: datetime, end: datetime, latitude: float, longitude: float) -> Sequence[datetime]:
    """Each rise and each set of the sun within a span."""
    days = ((end - start).days + 4) if end > start else 0
    first = start.date() - timedelta(days=2)
    found = (daylight(first + timedelta(days=n), latitude, longitude) for n in range(days + 1))
    return [at for sun in found for at in sun if at is not None and start < at < end]
