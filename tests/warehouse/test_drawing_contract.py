"""What pictures are drawn from: buckets of readings and of hours, judged days."""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from warehouse_kit import DAY, HOUR, MINUTE, T0, Row, batch, refresh, row

from fieldhouse.warehouse import Warehouse

EPOCH = datetime(1970, 1, 1)
Buckets = dict[datetime, dict[str, Any]]


def some_rows(start: datetime, count: int, seed: int) -> list[Row]:
    """Readings some seconds or hours apart, values of many sizes, some of them missing."""
    chance, at, rows = random.Random(seed), start, []
    for n in range(1, count + 1):
        at += timedelta(seconds=chance.choice((1, 7, 60, 3600, 40_000)))
        values = {
            "Field1": chance.choice((None, f"{chance.uniform(-50, 50):.6f}")),
            "Field2": chance.choice(("999999999999.999999", "-999999999999.999999", "0.000001")),
            "Field8": None if n < count // 2 else n,
        }
        rows.append(row(n, at, **values))
    return rows


def bucketed(rows: Iterable[Row], seconds: int) -> Buckets:
    """The same buckets, computed one reading after the other in exact fractions."""
    held: dict[datetime, list[Row]] = {}
    for reading in rows:
        past = (reading["CreatedAt"] - EPOCH) // timedelta(seconds=seconds)
        held.setdefault(EPOCH + past * timedelta(seconds=seconds), []).append(reading)
    return {at: bucket(readings) for at, readings in sorted(held.items())}


def bucket(readings: list[Row]) -> dict[str, Any]:
    """One bucket's row."""
    found: dict[str, Any] = {"ReadingCount": len(readings)}
    for n in range(1, 9):
        held = [r[f"Field{n}"] for r in readings if r.get(f"Field{n}") is not None]
        mean = float(sum(map(Fraction, held), Fraction()) / len(held)) if held else None
        found |= {
            f"Field{n}Avg": mean,
            f"Field{n}Min": min(held, default=None),
            f"Field{n}Max": max(held, default=None),
            f"Field{n}Count": len(held),
        }
    return found


def asked(warehouse: Warehouse, question: str, seconds: int, **span: Any) -> Buckets:
    """What the warehouse answers, by the buckets' begins, in order."""
    rows = warehouse.query(question, channel_id=9, seconds=seconds, **span).to_pylist()
    assert [r["BucketStart"] for r in rows] == sorted({r["BucketStart"] for r in rows})
    return {r.pop("BucketStart"): r for r in rows}


def same(found: Buckets, wanted: Buckets) -> None:
    """Counts, least and greatest exactly, means to 1e-9."""
    assert list(found) == list(wanted)
    for at, expected in wanted.items():
        for name, value in expected.items():
            if name.endswith("Avg") and value is not None:
                assert found[at][name] == pytest.approx(value, rel=1e-9, abs=1e-6), (at, name)
            else:
                assert found[at][name] == value, (at, name)


@pytest.mark.parametrize("seconds", [1, 7, 60, 3600, 86_400, 7 * 86_400])
def test_buckets_of_readings_are_what_their_readings_are(
    warehouse: Warehouse, seconds: int
) -> None:
    """Each bucket has the mean, least, greatest and count of its readings, whatever its length.

    Buckets are counted from 1970, also before it, and beyond where seconds of 32 bits end.
    """
    starts = (datetime(1969, 12, 30, 23, 59, 58), T0, datetime(2041, 5, 6, 7, 8, 9))
    rows: list[Row] = []
    for start in starts:
        rows += some_rows(start, 60, seconds)
    rows = [{**r, "EntryID": n} for n, r in enumerate(rows, 1)]
    warehouse.load([batch(rows)])
    same(asked(warehouse, "buckets_of_readings", seconds), bucketed(rows, seconds))
    begin, end = T0 + HOUR, T0 + 2 * DAY
    inside = [r for r in rows if begin <= r["CreatedAt"] < end]
    found = asked(warehouse, "buckets_of_readings", seconds, start_at=begin, end_at=end)
    same(found, bucketed(inside, seconds))


@pytest.mark.parametrize("hours", [1, 3, 24, 48])
def test_buckets_of_hours_are_those_of_readings(warehouse: Warehouse, hours: int) -> None:
    """Out of the aggregates come the same figures as out of the readings."""
    rows = some_rows(T0, 250, hours)
    warehouse.load([batch(rows)])
    refresh(warehouse)
    found = asked(warehouse, "buckets_of_hours", hours * 3600)
    same(found, bucketed(rows, hours * 3600))


def test_what_is_not_aggregated_yet_is_in_its_bucket(warehouse: Warehouse) -> None:
    """Between a load and its refresh the hours that it touched are those of their readings."""
    rows = some_rows(T0, 250, 5)
    assert asked(warehouse, "buckets_of_hours", 3600) == {}
    warehouse.load([batch(rows[:200])])
    same(asked(warehouse, "buckets_of_hours", 86_400), bucketed(rows[:200], 86_400))
    refresh(warehouse)
    late = row(300, rows[10]["CreatedAt"] + timedelta(seconds=1), Field1="77.5")
    changed = {**rows[0], "Field1": Decimal("-3.25")}
    warehouse.load([batch([changed, *rows[200:], late])])
    now = [changed, *rows[1:], late]
    same(asked(warehouse, "buckets_of_hours", 3600), bucketed(now, 3600))
    begin, end = T0 + DAY, T0 + 30 * DAY
    inside = [r for r in now if begin <= r["CreatedAt"] < end]
    found = asked(warehouse, "buckets_of_hours", 3600, start_at=begin, end_at=end)
    same(found, bucketed(inside, 3600))


def test_what_does_not_count_is_in_no_bucket(warehouse: Warehouse) -> None:
    """Withdrawn readings are left out, archived ones stay."""
    rows = [row(n, datetime(2020, 1, 1) + n * MINUTE, Field1=n) for n in range(1, 10)]
    warehouse.load([batch(rows)])
    warehouse.call("archive_readings", before=datetime(2020, 2, 1))
    assert asked(warehouse, "buckets_of_readings", 3600) == bucketed_as_declared(rows)
    warehouse.load([batch([row(20, T0, Field1=1), row(21, T0 + MINUTE, Field1=2)])])
    warehouse.call(
        "settle_entries",
        channel_id=9,
        epoch=1,
        at=T0 + DAY,
        horizon=T0 + DAY,
        entry_ids=[20],
        created_ats=[T0],
        findings=["withdrawn"],
    )
    newest = asked(warehouse, "buckets_of_readings", 3600, start_at=T0)
    assert newest[T0]["ReadingCount"] == 1 and newest[T0]["Field1Max"] == Decimal(2)


def bucketed_as_declared(rows: list[Row]) -> Buckets:
    """Of whole numbers: means are exact."""
    return bucketed(rows, 3600)


def test_judged_days_are_those_of_the_span(warehouse: Warehouse) -> None:
    """Of the days that were judged those from the first on, without the last, in their order."""
    rows = [row(n, T0 + n * HOUR, Field1=n) for n in range(1, 100)]
    warehouse.load([batch(rows)])
    warehouse.call("refresh_quality", as_of=T0 + 5 * DAY)
    every = warehouse.query("quality_days", channel_id=9).to_pylist()
    assert [day["TotalReadings"] for day in every[:5]] == [23, 24, 24, 24, 4]
    some = warehouse.query(
        "quality_days", channel_id=9, start_at=(T0 + DAY).date(), end_at=(T0 + 3 * DAY).date()
    ).to_pylist()
    assert some == every[1:3]
