"""When the sun rises and sets at a place, by the NOAA's equations (pure).

Those of its solar calculator, after Meeus: right to a minute between 72° north and south, if the
horizon is flat. The sun is up when its upper edge is, through the air: 0.833° below the horizon.
"""

from datetime import date, datetime, time, timedelta
from math import acos, asin, cos, degrees, radians, sin, tan
from typing import NamedTuple

__all__ = ["Daylight", "daylight", "is_light", "is_place"]

_RISEN = -0.833
_J2000 = datetime(2000, 1, 1, 12)


def is_place(latitude: float, longitude: float) -> bool:
    """Whether there is such a place, and one was given: 0, 0 is what the source writes for none."""
    is_there = -90 <= latitude <= 90 and -180 <= longitude <= 180
    return is_there and bool(latitude or longitude)


class Daylight(NamedTuple):
    """The sun's rise and set of a day, naive UTC; None both where it does neither."""

    rise: datetime | None
    set: datetime | None


def daylight(day: date, latitude: float, longitude: float) -> Daylight:
    """The sun of a day: that around its noon at this place, whose rise may be the UTC day before.

    Latitude and longitude in degrees, north and east.
    """
    noon = datetime.combine(day, time(12)) - timedelta(minutes=4 * longitude)
    noon -= timedelta(minutes=_sun(noon)[1])
    events = [_crossing(noon, sign, latitude) for sign in (-1, 1)]
    return Daylight(*events) if None not in events else Daylight(None, None)


def is_light(at: datetime, latitude: float, longitude: float) -> bool:
    """Whether the sun is up, at an instant in naive UTC."""
    declination, equation = _sun(at)
    midnight = datetime.combine(at.date(), time())
    minutes = (at - midnight) / timedelta(minutes=1) + equation + 4 * longitude
    turned = radians(minutes / 4 - 180)
    lat = radians(latitude)
    height = asin(sin(lat) * sin(declination) + cos(lat) * cos(declination) * cos(turned))
    return degrees(height) > _RISEN


def _crossing(noon: datetime, sign: int, latitude: float) -> datetime | None:
    """When the sun is as high as it rises or sets, before or after a noon; found in three steps."""
    lat, at = radians(latitude), noon
    for _ in range(3):
        declination, equation = _sun(at)
        turned = sin(radians(_RISEN)) / (cos(lat) * cos(declination)) - tan(lat) * tan(declination)
        if not -1 <= turned <= 1:
            return None
        shift = timedelta(minutes=_sun(noon)[1] - equation)
        at = noon + shift + timedelta(minutes=sign * 4 * degrees(acos(turned)))
    return at


def _sun(at: datetime) -> tuple[float, float]:
    """The sun's declination in radians, and the equation of time in minutes."""
    century = (at - _J2000) / timedelta(days=36525)
    longitude = radians((280.46646 + century * (36000.76983 + century * 0.0003032)) % 360)
    anomaly = radians(357.52911 + century * (35999.05029 - 0.0001537 * century))
    orbit = 0.016708634 - century * (0.000042037 + 0.0000001267 * century)
    centre = (
        sin(anomaly) * (1.914602 - century * (0.004817 + 0.000014 * century))
        + sin(2 * anomaly) * (0.019993 - 0.000101 * century)
        + sin(3 * anomaly) * 0.000289
    )
    node = radians(125.04 - 1934.136 * century)
    apparent = longitude + radians(centre - 0.00569 - 0.00478 * sin(node))
    tilt = radians(23.4392911 - 0.0130042 * century + 0.00256 * cos(node))
    declination = asin(sin(tilt) * sin(apparent))
    y = tan(tilt / 2) ** 2
    equation = (
        y * sin(2 * longitude)
        - 2 * orbit * sin(anomaly)
        + 4 * orbit * y * sin(anomaly) * cos(2 * longitude)
        - y * y / 2 * sin(4 * longitude)
        - 1.25 * orbit * orbit * sin(2 * anomaly)
    )
    return declination, 4 * degrees(equation)
