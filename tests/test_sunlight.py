"""When the sun rises and sets: as almanacs print it, and as the sky has it."""

from datetime import date, datetime, timedelta

import pytest

from fieldhouse.insight.sunlight import daylight, is_light

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("day", "place", "rise", "sets"),
    [
        # timeanddate.com and the NOAA's calculator, to the minute, UTC
        (date(2024, 6, 20), (51.5074, -0.1278), "2024-06-20 03:43", "2024-06-20 20:21"),
        (date(2024, 12, 21), (51.5074, -0.1278), "2024-12-21 08:04", "2024-12-21 15:53"),
        (date(2024, 3, 20), (0.0, 0.0), "2024-03-20 06:04", "2024-03-20 18:10"),
        (date(2024, 1, 1), (-33.8688, 151.2093), "2023-12-31 18:48", "2024-01-01 09:09"),
    ],
)
def test_rise_and_set_are_the_almanacs(
    day: date, place: tuple[float, float], rise: str, sets: str
) -> None:
    """Within two minutes of what is printed, wherever the day begins."""
    found = daylight(day, *place)
    for at, wanted in ((found.rise, rise), (found.set, sets)):
        assert at and abs(at - datetime.fromisoformat(wanted)) <= 2 * MINUTE


def test_it_is_light_between_rise_and_set() -> None:
    """Just after the rise and just before the set it is light, on the other side of them dark."""
    for latitude in (-60, -20, 0, 35, 65):
        for n in range(0, 366, 30):
            found = daylight(date(2024, 1, 1) + timedelta(days=n), latitude, 25.5 - latitude)
            assert found.rise and found.set and found.rise < found.set
            for at, before in ((found.rise, False), (found.set, True)):
                place = latitude, 25.5 - latitude
                assert is_light(at - MINUTE, *place) is before
                assert is_light(at + MINUTE, *place) is not before


def test_there_are_days_without() -> None:
    """Near a pole the sun stays up in summer and down in winter."""
    for day, light in ((date(2024, 6, 20), True), (date(2024, 12, 21), False)):
        assert daylight(day, 75.0, 20.0) == (None, None)
        noon, midnight = (datetime(day.year, day.month, day.day, hour, 40) for hour in (10, 22))
        assert [is_light(at, 75.0, 20.0) for at in (noon, midnight)] == [light, light]
