"""Contract of every engine: a field day by day, in the days of a time zone."""

import math
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from warehouse_kit import DAY, HOUR, MINUTE, batch, refresh, row

from fieldhouse.insight.trends import trend_of
from fieldhouse.warehouse import Warehouse
from fieldhouse.warehouse.questions import QUERIES

START, AS_OF = datetime(2026, 3, 10, 0, 7), datetime(2026, 4, 9, 3, 30)
"""A month in which the clocks of Zurich go forward and those of Lord Howe go back."""
YEAR_AGO = datetime(2025, 3, 20, 0, 7)
SILENT = (date(2026, 3, 24), date(2026, 4, 2), date(2026, 4, 3))
Held = dict[datetime, Decimal]


@pytest.fixture
def held(warehouse: Warehouse) -> Held:
    """Channel 9 with a value every 37 minutes, but on some days; some of it not aggregated yet.

    A year before, there is one every five hours for half a month.
    """
    values = {
        at: Decimal(number * 7919 % 400 - 150) / 8
        for number in range(1200)
        if (at := START + number * 37 * MINUTE).date() not in SILENT
    }
    values |= {YEAR_AGO + n * 5 * HOUR: Decimal(n * n % 71) / 4 for n in range(80)}
    rows = [row(n, at, Field1=value) for n, (at, value) in enumerate(values.items(), start=1)]
    warehouse.load([batch(rows[:-200])])
    refresh(warehouse)
    warehouse.load([batch(rows[-200:])])
    return values


def expected(held: Held, zone: ZoneInfo, days: int) -> list[dict[str, Any]]:
    """The same by arithmetic of the test's own."""
    today = AS_OF.replace(tzinfo=UTC).astimezone(zone).date()
    by_day = defaultdict(list)
    for at, value in held.items():
        by_day[at.replace(tzinfo=UTC).astimezone(zone).date()].append(Fraction(value))
    means = {day: sum(values) / len(values) for day, values in by_day.items() if day < today}
    rows = []
    for day in sorted(means):
        if day < today - timedelta(days=days):
            continue
        before, week = means.get(day - DAY), [means.get(day - n * DAY) for n in range(7)]
        known = [one for one in week if one is not None]
        change = None if before is None else means[day] - before
        year_ago = means.get(day.replace(year=day.year - 1))
        rows.append(
            {
                "ReadingDate": day,
                "AvgValue": float(means[day]),
                "MinValue": min(by_day[day]),
                "MaxValue": max(by_day[day]),
                "ReadingCount": len(by_day[day]),
                "ChangeFromPrevious": None if change is None else float(change),
                "MovingAvg7Day": float(sum(known) / len(known)),
                "Trend": change and ("Increasing" if change > 0 else "Decreasing"),
                "YearAgoAvg": None if year_ago is None else float(year_ago),
                "ChangeFromYearAgo": None if year_ago is None else float(means[day] - year_ago),
            }
        )
    return rows


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Zurich", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Kiritimati"]
)
@pytest.mark.parametrize("days", [4, 30])
def test_days_are_those_of_the_zone(warehouse: Warehouse, held: Held, zone: str, days: int) -> None:
    """Of 23, 23.5, 24 and 25 hours; whole ones only; a day is compared with the one before it."""
    found = trend_of(warehouse, 9, 1, days=days, as_of=AS_OF, zone=ZoneInfo(zone)).to_pylist()
    wanted = expected(held, ZoneInfo(zone), days)
    for name in wanted[0]:
        ours, theirs = ([one[name] for one in rows] for rows in (found, wanted))
        if QUERIES["usp_GetTrendAnalysis"].columns.field(name).type == pa.float64():
            ours, theirs = (
                [math.nan if one is None else one for one in of] for of in (ours, theirs)
            )
            assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-9, nan_ok=True), name
        else:
            assert ours == theirs, name


@pytest.mark.parametrize("zone", ["UTC", "Europe/Zurich"])
def test_leap_days_have_a_year_ago(warehouse: Warehouse, zone: str) -> None:
    """29 February is held against the 28th, also where it is today and the 28th the last day."""
    noons = [(date(y, 2, 27) + n * DAY, y * 10 + n) for y in (2023, 2024, 2025) for n in range(4)]
    rows = [
        row(n, datetime(day.year, day.month, day.day, 12), Field1=value)
        for n, (day, value) in enumerate(noons, start=1)
    ]
    warehouse.load([batch(rows)])
    refresh(warehouse)
    for as_of, wanted in {
        datetime(2024, 3, 2): {27: 20230, 28: 20231, 29: 20231, 1: 20232},
        datetime(2024, 2, 29, 3): {27: 20230, 28: 20231},
        datetime(2025, 3, 2): {27: 20240, 28: 20241, 1: 20243},
    }.items():
        found = trend_of(warehouse, 9, 1, days=9, as_of=as_of, zone=ZoneInfo(zone)).to_pylist()
        assert {one["ReadingDate"].day: one["YearAgoAvg"] for one in found} == wanted
        assert all(one["AvgValue"] - one["YearAgoAvg"] == one["ChangeFromYearAgo"] for one in found)
