"""Axes: round numbers that embrace the values, round times of the zone's wall clock."""

import math
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from figures_kit import DAY, HOUR, MINUTE, T0
from hypothesis import given
from hypothesis import strategies as some

from fieldhouse.report.figure import datetime_of, instant_of
from fieldhouse.report.ticks import number_text, number_ticks, time_ticks

ZONES = [UTC, *map(ZoneInfo, ("Europe/Zurich", "Asia/Kathmandu", "America/St_Johns"))]
NUMBERS = some.one_of(
    some.floats(-1e12, 1e12, allow_nan=False),
    some.decimals(-100, 100, places=6).map(float),
    some.integers(-5, 5).map(float),
)


def read(label: str) -> float:
    """The number that a label says."""
    return float(label.replace("\N{NO-BREAK SPACE}", "").replace("\N{MINUS SIGN}", "-"))


@given(NUMBERS, NUMBERS, some.integers(0, 12))
def test_number_ticks_embrace_the_values(one: float, other: float, most: int) -> None:
    """Two values lie between the first and the last tick, which are few and say what they are."""
    low, high = sorted((one, other))
    ticks = number_ticks(low, high, most)
    slack = max(abs(low), abs(high)) * 1e-12
    assert 2 <= len(ticks) <= max(3, most)
    assert ticks[0].at <= low + slack and ticks[-1].at >= high - slack
    assert len({tick.label for tick in ticks}) == len(ticks)
    step = ticks[1].at - ticks[0].at
    assert all(abs(read(tick.label) - tick.at) <= step * 1e-3 + slack for tick in ticks)


def test_numbers_have_the_digits_that_matter() -> None:
    """No trailing digits that say nothing, none missing that tell two ticks apart."""
    assert [t.label for t in number_ticks(20.1, 21.4, 6)] == ["20.0", "20.5", "21.0", "21.5"]
    thousands = [t.label.replace("\N{NO-BREAK SPACE}", " ") for t in number_ticks(0, 9e5, 4)]
    assert thousands == ["0", "500 000", "1 000 000"]
    assert [t.label for t in number_ticks(5, 5, 5)] == ["4.5", "5.0", "5.5"]
    assert number_text(-0.0001, 2) == "0.00" and number_text(-3.0, 1) == "\N{MINUS SIGN}3.0"


@pytest.mark.parametrize("zone", ZONES, ids=str)
@given(
    some.datetimes(datetime(1950, 1, 1), datetime(2090, 1, 1)),
    some.integers(1, 40 * 365 * 86_400),
    some.integers(2, 14),
)
def test_time_ticks_are_round_on_the_wall_clock(
    zone: ZoneInfo, start: datetime, seconds: int, most: int
) -> None:
    """Within the span, ascending, not many more than asked for, each what its label says."""
    begin = instant_of(start)
    end = begin + seconds * 1_000_000
    ticks = time_ticks(begin, end, zone, most)
    places = [int(tick.at) for tick in ticks]
    assert places == sorted(set(places)) and all(begin <= at <= end for at in places)
    assert len(ticks) <= most * 2 + 2
    for tick in ticks:
        local = datetime_of(int(tick.at), zone)
        if re.fullmatch(r"\d\d:\d\d(:\d\d)?", tick.label):
            assert f"{local:%H:%M:%S}".startswith(tick.label)
        elif re.fullmatch(r"\d+", tick.label):
            assert tick.label == str(local.year) and (local.month, local.day) == (1, 1)
        else:
            day, _, month = tick.label.rpartition(" ")
            assert local.strftime("%b") == month and str(local.day) == (day or "1")


def test_an_hour_that_comes_twice_has_two_ticks() -> None:
    """At the end of summer time 02:00 is there twice, at its beginning not at all."""
    zone = ZoneInfo("Europe/Zurich")
    autumn = instant_of(datetime(2026, 10, 25, tzinfo=zone))
    labels = [tick.label for tick in time_ticks(autumn, autumn + 5 * HOUR, zone, 8)]
    assert labels == ["00:00", "01:00", "02:00", "02:00", "03:00", "04:00"]
    spring = instant_of(datetime(2026, 3, 29, tzinfo=zone))
    labels = [tick.label for tick in time_ticks(spring, spring + 4 * HOUR, zone, 5)]
    assert labels == ["00:00", "01:00", "03:00", "04:00", "05:00"]


def test_days_begin_at_the_zones_midnight() -> None:
    """Over a change of the clocks every tick of a day is midnight, 25 hours apart once."""
    zone = ZoneInfo("Europe/Zurich")
    start = instant_of(datetime(2026, 10, 22, tzinfo=zone))
    ticks = time_ticks(start, start + 6 * DAY + HOUR, zone, 7)
    assert [t.label for t in ticks] == [f"{d} Oct" for d in range(22, 29)]
    assert {(b.at - a.at) / HOUR for a, b in pairwise(ticks)} == {24, 25}


def test_long_axes_have_dates_and_short_ones_say_their_day() -> None:
    """The day or the year stands at the first tick, and where it changes."""
    told = [(t.label, t.context) for t in time_ticks(T0 - 2 * HOUR, T0 + 2 * HOUR, UTC, 4)]
    assert told[0] == ("22:00", "31 Dec 2023") and ("00:00", "1 Jan 2024") in told
    assert sum(bool(context) for _, context in told) == 2
    years = time_ticks(T0, T0 + 3650 * DAY, UTC, 10)
    assert [t.label for t in years] == [str(y) for y in range(2024, 2034)]
    assert not any(t.context for t in years)
    months = time_ticks(T0 - 90 * DAY, T0 + 90 * DAY, UTC, 8)
    assert [t.context for t in months if t.context] == ["2023", "2024"]


def test_the_first_and_the_last_year_have_axes() -> None:
    """Nothing breaks at the ends of the calendar."""
    for start, end in (
        (datetime.min, datetime.min + timedelta(days=30)),
        (datetime(9990, 1, 1), datetime.max),
        (datetime.min, datetime.max),
    ):
        for zone in ZONES:
            ticks = time_ticks(instant_of(start), instant_of(end), zone, 8)
            assert all(math.isfinite(tick.at) for tick in ticks)
    assert time_ticks(T0, T0 + 3 * MINUTE, UTC, 8)
