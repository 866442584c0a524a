"""Contract of every engine: anomalies, quality and trend, against arithmetic done here."""

import math
import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np
import pytest
from warehouse_kit import DAY, HOUR, MINUTE, T0, batch, marks, row, rows_of

from fieldhouse.errors import ConfigurationError
from fieldhouse.warehouse import Warehouse

SECOND = timedelta(seconds=1)


def series(count: int = 4000, *, seed: int = 3, level: float = 20.0) -> list[Any]:
    """A reading about every 17 minutes, with spikes, holes, negatives and doubled seconds."""
    source = random.Random(seed)
    at, rows = T0, []
    for n in range(1, count + 1):
        at += source.choice((0, 17, 17, 17, 17, 34, 300)) * MINUTE + source.choice((0, 3)) * SECOND
        spike = source.choice((-90, 90)) if source.random() < 0.01 else 0
        rows.append(
            row(
                n,
                at,
                Field1=None if source.random() < 0.1 else round(source.gauss(level, 3) + spike, 3),
                Field2=None if source.random() < 0.5 else round(source.uniform(-1, 9), 6),
            )
        )
        if source.random() < 0.02:
            rows[-1] = row(n, at)
    return rows


def within(rows: list[Any], start: datetime, end: datetime) -> list[Any]:
    return [reading for reading in rows if start <= reading["CreatedAt"] < end]


def far_off(
    rows: list[Any], name: str, a: datetime, days: int = 30, limit: float = 3.0
) -> set[int]:
    """Entries whose value lies more than ``limit`` deviations from the mean before ``a``."""
    near = [r for r in within(rows, a - days * DAY, a) if r.get(name) is not None]
    values = np.array([float(r[name]) for r in near])
    if len(values) < 2:
        return set()
    distance = np.abs(values - values.mean())
    return {
        r["EntryID"] for r, d in zip(near, distance, strict=True) if d > limit * values.std(ddof=1)
    }


AS_OF = T0 + 40 * DAY + 13 * HOUR + 7 * MINUTE


def test_anomalies_by_deviation(warehouse: Warehouse) -> None:
    """ZSCORE finds exactly the readings beyond the threshold, each with its score."""
    rows = series()
    warehouse.load([batch(rows)])
    for days, limit in ((30, 3.0), (7, 2.0)):
        found = warehouse.query(
            "usp_DetectAnomalies",
            channel_id=9,
            field_number=1,
            threshold_stddev=limit,
            lookback_days=days,
            as_of=AS_OF,
        ).to_pylist()
        assert {r["EntryID"] for r in found} == far_off(rows, "Field1", AS_OF, days, limit)
        near = within(rows, AS_OF - days * DAY, AS_OF)
        values = np.array([float(r["Field1"]) for r in near if r.get("Field1") is not None])
        for r in found:
            score = (float(r["Value"]) - values.mean()) / values.std(ddof=1)
            assert r["Score"] == pytest.approx(score, rel=1e-9)
            assert r["Centre"] == pytest.approx(values.mean(), rel=1e-9)
            assert r["Spread"] == pytest.approx(values.std(ddof=1), rel=1e-9)


@pytest.mark.parametrize("count", [400, 401])
def test_anomalies_by_median(warehouse: Warehouse, count: int) -> None:
    """MAD takes the midpoint of an even count for both medians."""
    rows = series(count)
    warehouse.load([batch(rows)])
    a = rows[-1]["CreatedAt"] + SECOND
    found = warehouse.query(
        "usp_DetectAnomalies",
        channel_id=9,
        field_number=2,
        threshold_stddev=1.1,
        method="mad",
        as_of=a,
    ).to_pylist()
    near = [r for r in within(rows, a - 30 * DAY, a) if r.get("Field2") is not None]
    values = np.array([float(r["Field2"]) for r in near])
    scores = 0.6745 * (values - np.median(values))
    scores /= np.median(np.abs(values - np.median(values)))
    wanted = {r["EntryID"]: s for r, s in zip(near, scores, strict=True) if abs(s) > 1.1}
    assert found and {r["EntryID"] for r in found} == wanted.keys()
    for r in found:
        assert r["Score"] == pytest.approx(wanted[r["EntryID"]], rel=1e-9)


@pytest.mark.parametrize("method", ["ZSCORE", "MAD"])
def test_no_spread_no_anomalies(warehouse: Warehouse, method: str) -> None:
    """Values that are all equal, one value, or none, have no anomalies."""
    question = {"channel_id": 9, "field_number": 1, "threshold_stddev": 0.0, "method": method}
    assert warehouse.query("usp_DetectAnomalies", **question, as_of=T0 + DAY).num_rows == 0
    warehouse.load([batch([row(1, Field1="0.1")])])
    assert warehouse.query("usp_DetectAnomalies", **question, as_of=T0 + DAY).num_rows == 0
    warehouse.load([batch([row(n, Field1="0.1") for n in range(2, 300)])])
    assert warehouse.query("usp_DetectAnomalies", **question, as_of=T0 + DAY).num_rows == 0


def test_a_question_that_makes_no_sense_is_refused(warehouse: Warehouse) -> None:
    """A field beyond eight and an unknown method are named."""
    warehouse.load([batch([row(1, Field1=1)])])
    with pytest.raises(ConfigurationError, match="1 to 8"):
        warehouse.query("usp_DetectAnomalies", channel_id=9, field_number=9, as_of=T0 + DAY)
    with pytest.raises(ConfigurationError, match="ZSCORE and MAD"):
        warehouse.query(
            "usp_DetectAnomalies", channel_id=9, field_number=1, method="IQR", as_of=T0 + DAY
        )


def expected_quality(
    rows: list[Any], day: date, as_of: datetime, ranges: dict[int, Any] | None = None
) -> dict[str, Any]:
    """One day's quality, by the words of the rule."""
    start = datetime(day.year, day.month, day.day)
    a = min(as_of, start + DAY)
    today = within(rows, start, a)
    total = len(today)
    missing = sum(all(r.get(f"Field{n}") is None for n in range(1, 9)) for r in today)
    outside = sum(any(_outside(r.get(f"Field{n}"), n, ranges or {}) for n in (1, 2)) for r in today)
    flagged = far_off(rows, "Field1", a) | far_off(rows, "Field2", a)
    anomalies = sum(r["EntryID"] in flagged for r in today)
    seconds = sorted({r["CreatedAt"] for r in within(rows, a - 30 * DAY, a)})
    gaps = [(later - one).total_seconds() for one, later in pairwise(seconds)]
    cadence = median(gaps) if len(gaps) >= 10 else None
    expected = cadence and math.floor(max(0.0, (a - start).total_seconds()) / cadence)
    distinct = len({r["CreatedAt"] for r in today})
    worst = 30 * missing + 40 * outside + 30 * anomalies
    return {
        "TotalReadings": total,
        "MissingReadings": missing,
        "OutOfRangeReadings": outside,
        "AnomaliesDetected": anomalies,
        "QualityScore": pytest.approx(max(0, 100 - worst / total) if total else 0, rel=1e-9),
        "CadenceSeconds": cadence,
        "ExpectedReadings": expected,
        "AbsentReadings": None if expected is None else max(0, expected - distinct),
    }


def _outside(value: Decimal | None, field: int, ranges: dict[int, Any]) -> bool:
    if value is None:
        return False
    low, high = ranges.get(field, (Decimal(0), None))
    return (low is not None and value < low) or (high is not None and value > high)


def judged(found: list[dict[str, Any]], day: date) -> dict[str, Any]:
    (one,) = (r for r in found if r["CheckDate"] == day)
    return {name: one[name] for name in expected_quality([], day, T0)}


def test_quality_of_every_day(warehouse: Warehouse) -> None:
    """Many days judged at once, today among them, are each judged as the rule says."""
    rows = series()
    warehouse.load([batch(rows)])
    found = warehouse.call("refresh_quality", channel_ids=[9], as_of=AS_OF).to_pylist()
    days = {r["CreatedAt"].date() for r in rows if r["CreatedAt"] < AS_OF}
    assert {r["CheckDate"] for r in found} == days | {AS_OF.date()}
    assert any(r["AnomaliesDetected"] for r in found) and any(r["AbsentReadings"] for r in found)
    for day in days:
        assert judged(found, day) == expected_quality(rows, day, AS_OF), day


def test_quality_of_days_without_any_value(warehouse: Warehouse) -> None:
    """Readings without a value are readings, all missing, though a whole window has no value."""
    rows = [row(n, T0 + n * HOUR) for n in range(1, 24 * 40)]
    rows += [row(9000, T0 + 50 * DAY, Field1=-1), row(9001, T0 + 50 * DAY + HOUR)]
    warehouse.load([batch(rows)])
    as_of = T0 + 52 * DAY
    found = warehouse.call("refresh_quality", as_of=as_of).to_pylist()
    assert len(found) == 40 + 2
    for one in found:
        day = one["CheckDate"]
        assert judged(found, day) == expected_quality(rows, day, as_of), day
        by_hand = warehouse.call(
            "usp_CalculateDataQuality", channel_id=9, check_date=day, as_of=as_of
        ).to_pylist()
        assert judged(by_hand, day) == judged(found, day)
    full = next(one for one in found if one["CheckDate"] == T0.date() + DAY)
    assert (full["TotalReadings"], full["MissingReadings"], full["QualityScore"]) == (24, 24, 70)


@pytest.mark.parametrize("as_of", [AS_OF, T0 + 20 * DAY, T0 + 20 * DAY + SECOND, T0 - DAY])
def test_quality_of_one_day_is_that_of_many(warehouse: Warehouse, as_of: datetime) -> None:
    """By hand, at midnight, just after it, or before any data: the same rule."""
    rows = series(1500)
    warehouse.load([batch(rows)])
    for offset in (0, 1, 29, 31, 45):
        day = as_of.date() - offset * DAY
        found = warehouse.call(
            "usp_CalculateDataQuality", channel_id=9, check_date=day, as_of=as_of
        ).to_pylist()
        assert judged(found, day) == expected_quality(rows, day, as_of)
    assert rows_of(warehouse, "SELECT count(*) AS n FROM iot.DataQuality") == [{"n": 5}]


def test_quality_replaces_its_row(warehouse: Warehouse) -> None:
    """A day has one row, of its last judgement; NULL is the day of as-of."""
    warehouse.load([batch(series(200))])
    for as_of in (T0 + 5 * HOUR, T0 + 9 * HOUR):
        done = warehouse.call("usp_CalculateDataQuality", channel_id=9, as_of=as_of).to_pylist()
        assert [(r["CheckDate"], r["AsOfTime"]) for r in done] == [(T0.date(), as_of)]
    assert rows_of(warehouse, "SELECT count(*) AS n FROM iot.DataQuality") == [{"n": 1}]


def test_quality_with_ranges(warehouse: Warehouse) -> None:
    """Bounds are inclusive, NULL is open; a field without one has zero below, and it is said."""
    ranges = {1: (Decimal(15), Decimal(25)), 2: (None, Decimal("4.5"))}
    rows = [*series(300), row(999, T0 + HOUR, Field1=25, Field2=-1), row(998, T0 + HOUR, Field1=15)]
    warehouse.load([batch(rows)])
    fields = {"channel_ids": [9], "field_numbers": [1], "minima": [15.0], "maxima": [25.0]}
    warehouse.call("sync_field_ranges", **fields)
    done = warehouse.call("usp_CalculateDataQuality", channel_id=9, as_of=T0 + DAY - SECOND)
    one = done.to_pylist()[0]
    assert not one["RangesConfigured"] and "field 2:" in one["Notes"]
    assert judged([one], T0.date()) == expected_quality(
        rows, T0.date(), T0 + DAY - SECOND, {1: ranges[1]}
    )
    warehouse.call(
        "sync_field_ranges",
        channel_ids=[9, 9],
        field_numbers=[1, 2],
        minima=[15, None],
        maxima=[25, Decimal("4.5")],
    )
    done = warehouse.call("usp_CalculateDataQuality", channel_id=9, as_of=T0 + DAY - SECOND)
    one = done.to_pylist()[0]
    assert one["RangesConfigured"] and one["Notes"] is None
    assert judged([one], T0.date()) == expected_quality(rows, T0.date(), T0 + DAY - SECOND, ranges)


def test_touched_days_and_unfinished_ones_are_judged_again(warehouse: Warehouse) -> None:
    """A refresh judges touched days, today, and a day last judged before its end; once."""
    rows = series(300)
    early, late = rows[:250], rows[250:]
    warehouse.load([batch(early)])
    first = early[-1]["CreatedAt"]
    warehouse.call("refresh_quality", as_of=first)
    assert marks(warehouse, "QUALITY") == []
    warehouse.load([batch([row(999, T0 + HOUR, Field1=5)])])
    then = first + 3 * DAY
    found = warehouse.call("refresh_quality", as_of=then).to_pylist()
    assert {r["CheckDate"] for r in found} == {T0.date(), first.date(), then.date()}
    found = warehouse.call("refresh_quality", as_of=then).to_pylist()
    assert {r["CheckDate"] for r in found} == {then.date()}
    assert late


def test_days_to_come_keep_their_marks(warehouse: Warehouse) -> None:
    """A reading dated in the future is judged when its day has come, not before."""
    warehouse.load([batch([row(1), row(2, datetime(2041, 1, 1, 5))])])
    found = warehouse.call("refresh_quality", as_of=T0 + HOUR).to_pylist()
    assert [r["CheckDate"] for r in found] == [T0.date()]
    assert marks(warehouse, "QUALITY") == [(9, "QUALITY", datetime(2041, 1, 1))]


def test_channels_are_judged_apart(warehouse: Warehouse) -> None:
    """Many channels at once are each judged by their own readings; one without any scores zero."""
    data = {c: series(400, seed=c, level=10.0 * c) for c in (1, 2, 3)}
    warehouse.load([batch(rows, channel_id=c) for c, rows in data.items()])
    warehouse.call("upsert_channel", channel_id=4, name="empty")
    as_of = T0 + 9 * DAY + 5 * HOUR
    found = warehouse.call("refresh_quality", as_of=as_of).to_pylist()
    for c, rows in {**data, 4: []}.items():
        own = [r for r in found if r["ChannelID"] == c]
        for one in own:
            day = one["CheckDate"]
            assert judged(own, day) == expected_quality(rows, day, as_of)


def test_trend(warehouse: Warehouse) -> None:
    """Each day with data: its measures, the change since the day before, seven days' mean."""
    rows = [r for r in series() if r["CreatedAt"].day % 5]  # days without data in between
    rows += [row(9000 + n, T0 + n * DAY, Field3="1.5") for n in range(3)]
    warehouse.load([batch(rows)])
    for n, days in ((1, 30), (2, 12), (3, 60)):
        found = warehouse.query(
            "usp_GetTrendAnalysis", channel_id=9, field_number=n, days=days, as_of=AS_OF
        ).to_pylist()
        near = within(rows, AS_OF - days * DAY, AS_OF)
        by_day: dict[date, list[Decimal]] = {}
        for r in near:
            if r.get(f"Field{n}") is not None:
                by_day.setdefault(r["CreatedAt"].date(), []).append(r[f"Field{n}"])
        assert [r["ReadingDate"] for r in found] == sorted(by_day)
        means = {d: float(sum(v) / len(v)) for d, v in by_day.items()}
        for r in found:
            check_trend(r, by_day, means)


def check_trend(
    r: dict[str, Any], by_day: dict[date, list[Decimal]], means: dict[date, float]
) -> None:
    day = r["ReadingDate"]
    known = by_day[day]
    assert (r["MinValue"], r["MaxValue"]) == (min(known), max(known))
    assert r["ReadingCount"] == len(known)
    assert r["AvgValue"] == pytest.approx(means[day], rel=1e-9)
    week = [means[day - k * DAY] for k in range(7) if day - k * DAY in means]
    assert r["MovingAvg7Day"] == pytest.approx(np.mean(week), rel=1e-9)
    if day - DAY not in means:
        assert (r["ChangeFromPrevious"], r["Trend"]) == (None, None)
        return
    change = means[day] - means[day - DAY]
    assert r["ChangeFromPrevious"] == pytest.approx(change, rel=1e-9, abs=1e-12)
    same = round(means[day], 6) == round(means[day - DAY], 6)
    wanted = "Stable" if same else "Increasing" if change > 0 else "Decreasing"
    assert r["Trend"] == wanted


def test_the_future_is_not_looked_at(warehouse: Warehouse) -> None:
    """Readings at or after as-of take no part in anomalies, trend and quality."""
    rows = series(500)
    warehouse.load([batch(rows)])
    a = rows[300]["CreatedAt"]
    seen = [
        warehouse.query("usp_GetTrendAnalysis", channel_id=9, field_number=1, as_of=a),
        warehouse.query("usp_DetectAnomalies", channel_id=9, field_number=1, as_of=a),
    ]
    warehouse.load([batch([row(9001, a, Field1=10**6), row(9002, a + DAY, Field1=-(10**6))])])
    again = [
        warehouse.query("usp_GetTrendAnalysis", channel_id=9, field_number=1, as_of=a),
        warehouse.query("usp_DetectAnomalies", channel_id=9, field_number=1, as_of=a),
    ]
    assert again == seen
