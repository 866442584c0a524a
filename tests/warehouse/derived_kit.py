"""Derived values, computed apart: plainly, reading by reading, from the formulas' sources."""

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

WITHIN = timedelta(hours=2)
Value = float | None


class Reading(NamedTuple):
    """A reading that counts: its place, and its values by field."""

    at: datetime
    epoch: int
    entry_id: int
    values: dict[int, float]


def dew_point(t: Value, h: Value) -> Value:
    """By the vapour pressure itself, and its inverse: Alduchov and Eskridge (1996)."""
    if t is None or h is None or h <= 0:
        return None
    pressure = 6.1094 * math.exp(17.625 * t / (243.04 + t)) * h / 100
    gamma = math.log(pressure / 6.1094)
    return 243.04 * gamma / (17.625 - gamma)


def heat_index(t: Value, h: Value) -> Value:
    """As the NWS says it (wpc.ncep.noaa.gov/html/heatindex_equation.shtml), in °C."""
    if t is None or h is None:
        return None
    f = t * 1.8 + 32
    index = 0.5 * (f + 61 + (f - 68) * 1.2 + h * 0.094)
    if (index + f) / 2 >= 80:
        terms = (-42.379, 2.04901523 * f, 10.14333127 * h, -0.22475541 * f * h)
        terms += (-0.00683783 * f * f, -0.05481717 * h * h, 0.00122874 * f * f * h)
        index = math.fsum((*terms, 0.00085282 * f * h * h, -0.00000199 * f * f * h * h))
        if h < 13 and 80 <= f <= 112:
            index -= (13 - h) / 4 * math.sqrt((17 - abs(f - 95)) / 17)
        if h > 85 and 80 <= f <= 87:
            index += (h - 85) / 10 * (87 - f) / 5
    return (index - 32) / 1.8


def rates(readings: Sequence[Reading], field: int) -> list[Value]:
    """Of a counter, per hour."""
    found: list[Value] = []
    before: tuple[datetime, float] | None = None
    for reading in readings:
        value = reading.values.get(field)
        rate = None
        if value is not None:
            if before and timedelta(0) < reading.at - before[0] <= WITHIN:
                rise = value - before[1] if value >= before[1] else value
                rate = rise / ((reading.at - before[0]) / timedelta(hours=1)) if rise >= 0 else None
            before = reading.at, value
        found.append(rate)
    return found


def last_known(readings: Sequence[Reading], others: Sequence[Reading], field: int) -> list[Value]:
    """Another channel's value, as it was last known at each reading."""
    known = [(o.at, o.values[field]) for o in others if field in o.values]
    found: list[Value] = []
    for reading in readings:
        before = [value for at, value in known if reading.at - WITHIN <= at <= reading.at]
        found.append(before[-1] if before else None)
    return found


def each(readings: Sequence[Reading], made: Callable[..., Value], *fields: int) -> list[Value]:
    """What is made of some fields of each reading."""
    return [made(*(r.values.get(field) for field in fields)) for r in readings]
