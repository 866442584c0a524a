"""Contract of every engine: periods on clocks that are set by half an hour, a day, or at midnight.

The other computation walks along time in half minutes and looks at the wall clock, by the standard
library.
"""

import math
import random
from bisect import bisect
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

import pytest
from warehouse_kit import Row, batch, row

from fieldhouse.frames import read
from fieldhouse.report.figure import datetime_of
from fieldhouse.report.gathering import Wanted, lines_of
from fieldhouse.times import length_of
from fieldhouse.warehouse import Warehouse

CHANGES = [
    ("Australia/Lord_Howe", "2026-04-04T15:00:00"),  # back by half an hour
    ("Australia/Lord_Howe", "2026-10-03T15:30:00"),
    ("Asia/Kathmandu", "1985-12-31T18:30:00"),  # +05:30 to +05:45
    ("America/St_Johns", "2010-11-07T02:31:00"),  # a minute past midnight, back over it
    ("Africa/Monrovia", "1972-01-07T00:44:30"),  # -00:44:30 to UTC
    ("Pacific/Apia", "2011-12-30T10:00:00"),  # a day left out
    ("America/Sao_Paulo", "2018-11-04T03:00:00"),  # no midnight
    ("America/Sao_Paulo", "2018-02-18T02:00:00"),  # back at midnight
    ("Asia/Beirut", "2024-10-26T21:00:00"),
    ("Asia/Pyongyang", "2015-08-14T15:00:00"),  # back by half an hour at midnight
    ("Antarctica/Troll", "2026-10-25T01:00:00"),  # back by two hours
]
"""Zones, and when (UTC) their clocks are set."""
LENGTHS = {"7min": 7, "30min": 30, "1h": 60, "2h": 120}
CALENDAR = {
    "1d": lambda day: day,
    "1w": lambda day: day - timedelta(days=day.weekday()),
    "1mo": lambda day: day.replace(day=1),
}
AROUND = timedelta(hours=30)
STEP = timedelta(seconds=30)


@pytest.fixture
def filled(filled_once: Callable[[Callable[[Warehouse], object]], Warehouse]) -> Warehouse:
    """A channel a change, 1 and on, with readings around it."""
    return filled_once(fill)


def fill(warehouse: Warehouse) -> None:
    """Aggregated, so that hours serve where they can."""
    numbers = range(1, len(CHANGES) + 1)
    warehouse.load([batch(made(number), channel_id=number) for number in numbers])
    for number in numbers:
        warehouse.call("upsert_channel", channel_id=number, name="c", field1="Level")
    warehouse.call("refresh_aggregates")


@cache
def made(number: int) -> list[Row]:
    chance = random.Random(number)
    change = datetime.fromisoformat(CHANGES[number - 1][1])
    at, rows = change - AROUND, []
    while at < change + AROUND:
        rows.append(row(len(rows) + 1, at, Field1=Decimal(chance.randrange(10**6)).scaleb(-2)))
        at += timedelta(seconds=chance.randrange(120, 900))
    return rows


@cache
def walls(number: int) -> list[tuple[datetime, datetime]]:
    """Each half minute around a change, naive UTC, and what the wall clock shows."""
    zone, change = ZoneInfo(CHANGES[number - 1][0]), datetime.fromisoformat(CHANGES[number - 1][1])
    steps = range(-(AROUND + timedelta(hours=5)) // STEP, AROUND // STEP)
    return [(at := change + n * STEP, on_wall(at, zone)) for n in steps]


def on_wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)


def begins(number: int, minutes: int) -> Iterator[datetime]:
    """When the periods of so many minutes begin: where another one is on the wall.

    And where the clock is set back by as much, or more: else what is on the wall goes on.
    """
    length = timedelta(minutes=minutes)
    shown = [(at, wall, (wall - datetime(1970, 1, 1)) // length) for at, wall in walls(number)]
    for (_, before, held), (at, wall, period) in pairwise(shown):
        if period != held or before - wall + STEP >= length:
            yield at


def expected(number: int, every: str) -> dict[datetime, tuple[float, int]]:
    """Mean and count of each period, by when it begins."""
    zone, rows = ZoneInfo(CHANGES[number - 1][0]), made(number)
    if every in CALENDAR:
        days = [CALENDAR[every](on_wall(each["CreatedAt"], zone).date()) for each in rows]
        starts = [
            datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC) for day in days
        ]
    else:
        edges = list(begins(number, LENGTHS[every]))
        places = (bisect(edges, each["CreatedAt"]) - 1 for each in rows)
        starts = [edges[place].replace(tzinfo=UTC) for place in places]
    found = {}
    pairs = sorted(zip(starts, range(len(rows)), strict=True))
    for begin, group in groupby(pairs, key=lambda pair: pair[0]):
        values = [rows[place]["Field1"] for _, place in group]
        found[begin] = float(sum(values) / len(values)), len(values)
    return found


def test_periods_are_those_of_the_clock_on_the_wall(filled: Warehouse) -> None:
    """Whatever a clock does, a reading is in the period that it shows, and days sum to the whole.

    An hour in which clocks are set back by half an hour goes on for an hour and a half.
    """
    for number, (name, _) in enumerate(CHANGES, 1):
        others = ("7min", "2h", "1w", "1mo")
        for every in ("30min", "1h", "1d", others[number % 4]):
            table = read(
                number, 1, every=every, tz=name, statistics=("mean", "count"), warehouse=filled
            ).table
            answer = {
                one["time"].astimezone(UTC): (one["Level mean"], one["Level count"])
                for one in table.to_pylist()
            }
            wanted = expected(number, every)
            assert list(answer) == sorted(wanted), (name, every)
            for begin, (mean, count) in wanted.items():
                assert answer[begin][1] == count
                assert math.isclose(answer[begin][0], mean, rel_tol=1e-9)
            assert sum(count for _, count in answer.values()) == len(made(number))


def test_plots_have_the_same_periods(filled: Warehouse) -> None:
    """Means and counts of what ``plot --every`` draws are those of the zone's own clock.

    An evening that comes again after midnight has begun is the day's before, as in tables.
    """
    for number, (name, at) in enumerate(CHANGES, 1):
        change, zone = datetime.fromisoformat(at), ZoneInfo(name)
        field = Wanted(number, 1, "Level", "c")
        for every in ("1h", "1d"):
            lines = lines_of(
                filled, [field], change - AROUND, change + AROUND, zone, 100, length_of(every)
            )
            line = lines[field]
            begun = [datetime_of(start) for start in line.start]
            found = dict(zip(begun, zip(line.mean, line.count, strict=True), strict=True))
            wanted = expected(number, every)
            assert list(found) == sorted(wanted), (name, every)
            assert sum(line.count) == len(made(number))
            for begin, (mean, count) in wanted.items():
                assert found[begin][1] == count, (name, every, begin)
                assert math.isclose(found[begin][0], mean, rel_tol=1e-9)


def test_hours_on_lord_howe_are_twentyfour_a_day(filled: Warehouse) -> None:
    """On the day of 24.5 hours no half hour stands by itself; half hours are 49."""
    for every, count in {"1h": 24, "30min": 49, "1d": 1}.items():
        found = read(
            1, 1, every=every, tz="Australia/Lord_Howe", start="2026-04-05", end="2026-04-05",
            warehouse=filled,
        )  # fmt: skip
        shown = [at.strftime("%H:%M") for at in found.table["time"].to_pylist()]
        assert len(shown) == count and len(set(shown)) == min(count, 48)
