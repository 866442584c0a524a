"""Contract of every engine: the aggregates, against arithmetic done outside the warehouse."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from warehouse_kit import (
    DAY,
    FAR,
    HOUR,
    MINUTE,
    T0,
    aggregates,
    batch,
    marks,
    refresh,
    row,
    rows_of,
)

from fieldhouse.errors import ConfigurationError
from fieldhouse.warehouse import Warehouse

KINDS = {"HOURLY": HOUR, "DAILY": DAY, "WEEKLY": 7 * DAY}


def start_of(kind: str, at: datetime) -> datetime:
    """The start of the period that an instant falls in."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    if kind == "HOURLY":
        return at.replace(minute=0, second=0, microsecond=0)
    return midnight if kind == "DAILY" else midnight - midnight.weekday() * DAY


def check(warehouse: Warehouse, kind: str, rows: Sequence[Any]) -> None:
    """The stored periods are those of ``rows``, every number of them as computed here."""
    stored = aggregates(warehouse, kind)
    periods: dict[datetime, list[Any]] = {}
    for reading in rows:
        periods.setdefault(start_of(kind, reading["CreatedAt"]), []).append(reading)
    assert stored.keys() == periods.keys()
    for start, readings in periods.items():
        assert stored[start]["PeriodEnd"] == start + KINDS[kind]
        assert stored[start]["ReadingCount"] == len(readings)
        for n in range(1, 9):
            known = [r[f"Field{n}"] for r in readings if r.get(f"Field{n}") is not None]
            check_field(known, {k: stored[start][f"Field{n}{k}"] for k in MEASURES})


MEASURES = ("Avg", "Min", "Max", "StdDev", "Count")


def check_field(known: list[Decimal], stored: dict[str, Any]) -> None:
    assert stored["Count"] == len(known)
    assert (stored["Min"], stored["Max"]) == (min(known, default=None), max(known, default=None))
    if known:
        assert stored["Avg"] == pytest.approx(float(sum(known) / len(known)), rel=1e-9, abs=1e-15)
    else:
        assert stored["Avg"] is None
    if len(known) > 1:
        centre = sum(known, Decimal()) / len(known)
        around = np.array([float(value - centre) for value in known])
        assert stored["StdDev"] == pytest.approx(around.std(ddof=1), rel=1e-9, abs=1e-15)
    else:
        assert stored["StdDev"] is None


def noise(count: int, step: timedelta, *, level: float = 0.0, seed: int = 1) -> list[Any]:
    """Readings with holes in three fields, every other field NULL."""
    source = random.Random(seed)
    return [
        row(
            n,
            T0 + n * step,
            Field1=round(level + source.gauss(0, 1), 6),
            Field2=None if source.random() < 0.5 else round(source.uniform(-50, 50), 2),
            Field8=7,
        )
        for n in range(1, count + 1)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_every_measure_of_every_period(warehouse: Warehouse, kind: str) -> None:
    """Average, extremes, deviation and counts of eight fields agree to 1e-9, counts exactly."""
    rows = noise(2000, 11 * MINUTE)
    warehouse.load([batch(rows)])
    refresh(warehouse)
    check(warehouse, kind, rows)


def test_by_and_by_or_at_once_is_the_same(warehouse: Warehouse) -> None:
    """Many hours in one refresh and few in each of several: every figure, to its last digit."""
    rows = noise(2400, HOUR, level=1e6)
    warehouse.load([batch(rows)])
    warehouse.call("refresh_aggregates")
    for part in (rows[1::2], rows[::4], rows[2::4]):
        for few in range(0, len(part), 400):
            warehouse.load([batch(part[few : few + 400], channel_id=10)])
            warehouse.call("refresh_aggregates")
    for kind in KINDS:
        assert aggregates(warehouse, kind, 10) == {
            start: period | {"ChannelID": 10}
            for start, period in aggregates(warehouse, kind).items()
        }


@pytest.mark.parametrize("level", [1e6, 1e9, 9e11, -9e11])
def test_deviations_far_from_zero(warehouse: Warehouse, level: float) -> None:
    """Values that vary little around a large level lose no digits of their deviation."""
    rows = [
        row(
            n,
            T0 + n * 7 * MINUTE,
            Field1=Decimal(round(level)) + Decimal(n % 7) / 1000000 * (1 + n % 3),
            Field2=Decimal(round(level)) + Decimal(n // 400) / 1000000,  # hours without any spread
        )
        for n in range(1, 2000)
    ]
    warehouse.load([batch(rows)])
    refresh(warehouse)
    for kind in KINDS:
        check(warehouse, kind, rows)


def test_days_and_weeks_of_hours_that_have_little_in_common(warehouse: Warehouse) -> None:
    """Hours at very different levels, single values and equal ones: merged as if never parted."""
    levels = ("0", "-999999999999.999999", "999999999999.999999", "0.000001", "1234567.5")
    rows = [
        row(
            n,
            T0 + (n // 3) * HOUR + n * timedelta(seconds=1),
            Field1=round(Decimal(levels[n // 3 % 5]) / (1 + n % 3), 6),
            Field2=None if n % 7 else n,
            Field3="42.5",
            Field4=Decimal(n % 2) / 1000000 if n < 900 else None,
        )
        for n in range(1, 1200)
    ]
    warehouse.load([batch(rows)])
    refresh(warehouse)
    for kind in KINDS:
        check(warehouse, kind, rows)


def test_values_at_the_limits_of_the_type(warehouse: Warehouse) -> None:
    """The largest numbers of both signs are averaged without overflow."""
    edge = Decimal("999999999999.999999")
    rows = [row(n, Field1=edge if n % 2 else -edge, Field2=edge) for n in range(1, 500)]
    warehouse.load([batch(rows)])
    refresh(warehouse)
    check(warehouse, "DAILY", rows)


def test_a_refresh_takes_the_marks_and_no_more(warehouse: Warehouse) -> None:
    """Late data recomputes exactly the periods it falls in; the others' rows are not touched."""
    rows = noise(500, 30 * MINUTE)
    warehouse.load([batch(rows)])
    refresh(warehouse)
    made = "SELECT AggregationType, PeriodStart, CreatedAt FROM iot.AggregatedData"
    before = {tuple(r.values())[:2]: r["CreatedAt"] for r in rows_of(warehouse, made)}
    late = row(900, T0 + 2 * DAY + 90 * MINUTE + timedelta(seconds=5), Field1=1000)
    warehouse.load([batch([late])])
    assert refresh(warehouse) == 3
    after = {tuple(r.values())[:2]: r["CreatedAt"] for r in rows_of(warehouse, made)}
    assert {key for key in after if after[key] != before.get(key)} == {
        ("HOURLY", T0 + 2 * DAY + HOUR),
        ("DAILY", T0 + 2 * DAY),
        ("WEEKLY", T0),
    }
    for kind in KINDS:
        check(warehouse, kind, [*rows, late])


def test_a_refresh_again_does_nothing(warehouse: Warehouse) -> None:
    """Without new marks nothing is recomputed; duplicates make no marks."""
    rows = noise(100, 30 * MINUTE)
    warehouse.load([batch(rows)])
    assert refresh(warehouse) == 51 + 3 + 1
    assert refresh(warehouse) == 0
    warehouse.load([batch(rows[:50])])
    assert refresh(warehouse) == 0
    assert [mark for mark in marks(warehouse) if mark[1] != "QUALITY"] == []


def test_updates_and_corrections_reach_the_aggregates(warehouse: Warehouse) -> None:
    """A value that is filled or replaced recomputes its periods."""
    warehouse.load([batch([row(1, Field1=1), row(2), row(90, Field1=5)])])
    refresh(warehouse)
    warehouse.load([batch([row(1, Field1=3), row(2, Field1=4)])])
    assert refresh(warehouse) == 3
    check(warehouse, "HOURLY", [row(1, Field1=3), row(2, Field1=4), row(90, Field1=5)])


def test_what_is_superseded_does_not_count(warehouse: Warehouse) -> None:
    """A newer epoch's reading takes the place of the older one at its instant."""
    warehouse.load([batch([row(n, Field1=n) for n in range(1, 100)])])
    refresh(warehouse)
    warehouse.call("open_epoch", channel_id=9, number=2, started_at=T0)
    corrected = [row(n, T0 + (n + 10) * MINUTE, Field1=-n) for n in range(1, 20)]
    warehouse.load([batch(corrected, epoch=2)])
    refresh(warehouse)
    kept = [row(n, Field1=n) for n in range(1, 100) if not 11 <= n < 30]
    for kind in KINDS:
        check(warehouse, kind, [*kept, *corrected])


def test_one_call_refreshes_all_types(warehouse: Warehouse) -> None:
    """Without a type hours, days and weeks are brought up to date by one call."""
    rows = noise(500, 30 * MINUTE)
    warehouse.load([batch(rows), batch(rows, channel_id=7)])
    wanted = sum(len({start_of(kind, r["CreatedAt"]) for r in rows}) for kind in KINDS)
    done = warehouse.call("refresh_aggregates", channel_ids=[9])
    assert done.to_pylist() == [{"Periods": wanted}]
    for kind in KINDS:
        check(warehouse, kind, rows)
        assert aggregates(warehouse, kind, 7) == {}
    assert warehouse.call("refresh_aggregates").to_pylist() == [{"Periods": wanted}]
    assert [mark for mark in marks(warehouse) if mark[1] != "QUALITY"] == []


@pytest.mark.parametrize("kind", ["DAILY", "WEEKLY"])
def test_a_type_comes_with_the_hours_that_it_is_made_of(warehouse: Warehouse, kind: str) -> None:
    """Days or weeks asked for alone are right, whatever was refreshed before; others wait."""
    rows = noise(500, 30 * MINUTE)
    warehouse.load([batch(rows)])
    warehouse.call("refresh_aggregates", aggregation_type=kind)
    corrected = {**rows[0], "Field1": Decimal(-7)}
    late = row(900, T0 + 2 * DAY, Field1=1000)
    warehouse.load([batch([corrected, late])])
    warehouse.call("refresh_aggregates", aggregation_type=kind)
    for made in ("HOURLY", kind):
        check(warehouse, made, [corrected, *rows[1:], late])
    other = "WEEKLY" if kind == "DAILY" else "DAILY"
    assert marks(warehouse, other) and aggregates(warehouse, other) == {}
    assert marks(warehouse, kind) == marks(warehouse, "HOURLY") == []


def test_more_than_one_turn_takes(warehouse: Warehouse, engine: str) -> None:
    """Periods beyond the ten thousands of a transaction are recomputed by one call, each once."""
    rows_in_all = 52_500 if engine == "duckdb" else 20_500
    rows = [row(n, T0 + n * HOUR, Field1=n % 100, Field2=1) for n in range(rows_in_all)]
    warehouse.load([batch(rows[:15_000]), batch(rows[15_000:], channel_id=7)])
    done = warehouse.call("refresh_aggregates")
    held = "SELECT AggregationType, count(*) AS n, sum(ReadingCount) AS r FROM iot.AggregatedData"
    found = rows_of(warehouse, f"{held} GROUP BY AggregationType")
    periods = {r["AggregationType"]: (r["n"], r["r"]) for r in found}
    assert periods["HOURLY"] == (rows_in_all, rows_in_all)
    assert periods["DAILY"][1] == periods["WEEKLY"][1] == rows_in_all
    assert periods["DAILY"][0] == 625 + (rows_in_all - 15_000 + 23) // 24
    assert done["Periods"].to_pylist() == [sum(count for count, _ in periods.values())]
    assert [mark for mark in marks(warehouse) if mark[1] != "QUALITY"] == []


def test_one_channels_refresh_leaves_the_others_marks(warehouse: Warehouse) -> None:
    """A refresh of some channels takes their marks; the rest's stay for theirs."""
    warehouse.load([batch([row(1)], channel_id=c) for c in (7, 8, 9)])
    assert refresh(warehouse, [7, 9]) == 6
    assert {mark[0] for mark in marks(warehouse, "HOURLY")} == {8}
    assert refresh(warehouse) == 3


def test_nothing_before_the_archive_is_recomputed(warehouse: Warehouse, url: str) -> None:
    """Periods that begin before a channel's ArchivedBefore keep the rows they have."""
    warehouse.load([batch([row(1, Field1=1), row(2, T0 + DAY, Field1=2)])])
    refresh(warehouse)
    _archive(warehouse, T0 + DAY)
    warehouse.load([batch([row(3, Field1=9), row(4, T0 + DAY, Field1=4)])])
    refresh(warehouse)
    daily = aggregates(warehouse, "DAILY")
    assert [daily[T0]["ReadingCount"], daily[T0 + DAY]["ReadingCount"]] == [1, 2]
    warehouse.call(
        "usp_ProcessSensorReadings", channel_id=9, aggregation_type="DAILY", start_date=T0
    )
    assert aggregates(warehouse, "DAILY") == daily
    assert marks(warehouse, "DAILY") == []


def _archive(warehouse: Warehouse, before: datetime) -> None:
    warehouse.call("archive_before", channel_id=9, archived_before=before)


def test_by_hand_for_a_span(warehouse: Warehouse) -> None:
    """The procedure recomputes the periods that touch its span, and they alone."""
    rows = noise(400, 30 * MINUTE)
    warehouse.load([batch(rows)])
    done = warehouse.call(
        "usp_ProcessSensorReadings",
        channel_id=9,
        aggregation_type="daily",
        start_date=T0 + DAY + HOUR,
        end_date=T0 + 3 * DAY,
    )
    assert done["Periods"].to_pylist() == [2]
    assert sorted(aggregates(warehouse, "DAILY")) == [T0 + DAY, T0 + 2 * DAY]


def test_by_hand_without_dates(warehouse: Warehouse) -> None:
    """NULL dates are the seven days before as-of."""
    rows = noise(40, 6 * HOUR)
    warehouse.load([batch(rows)])
    warehouse.call(
        "usp_ProcessSensorReadings",
        channel_id=9,
        aggregation_type="DAILY",
        as_of=T0 + 9 * DAY,
    )
    assert sorted(aggregates(warehouse, "DAILY")) == [T0 + n * DAY for n in range(2, 9)]


def test_the_future_is_aggregated(warehouse: Warehouse) -> None:
    """Readings dated in the far future have their periods like any other."""
    rows = [row(1, Field1=1), row(2, datetime(2041, 5, 5, 5, 5), Field1=2)]
    warehouse.load([batch(rows, horizon=FAR)])
    refresh(warehouse)
    for kind in KINDS:
        check(warehouse, kind, rows)


def test_an_unknown_aggregation_is_named(warehouse: Warehouse) -> None:
    """A type that does not exist is refused with those that do."""
    with pytest.raises(ConfigurationError, match="HOURLY, DAILY and WEEKLY"):
        warehouse.call("refresh_aggregates", aggregation_type="MONTHLY")
