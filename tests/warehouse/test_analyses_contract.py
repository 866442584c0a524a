"""Contract of every engine: anomalies, quality and trend, against arithmetic done here."""

import math
import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np
import pytest
from warehouse_kit import DAY, HOUR, MINUTE, T0, batch, marks, refresh, row, rows_of

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
    rows: list[Any],
    day: date,
    as_of: datetime,
    ranges: dict[int, Any] | None = None,
    incidents: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """One day's quality, by the words of the rule."""
    start = datetime(day.year, day.month, day.day)
    a = min(as_of, start + DAY)
    today = within(rows, start, a)
    total = len(today)
    missing = sum(all(r.get(f"Field{n}") is None for n in range(1, 9)) for r in today)
    outside = sum(any(_outside(r.get(f"Field{n}"), n, ranges or {}) for n in (1, 2)) for r in today)
    anomalies = sum(any(_is_within(r, one) for one in incidents) for r in today)
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


def _is_within(reading: Any, incident: dict[str, Any]) -> bool:
    """Whether a reading has a value in a field while something is unusual there."""
    if incident["Kind"] in ("SILENCE", "DRIFT") or incident["IsReal"] is False:
        return False
    value = reading.get(f"Field{incident['FieldNumber']}")
    first, last = incident["StartedAt"], incident["EndedAt"]
    return value is not None and first <= reading["CreatedAt"] <= last


def _outside(value: Decimal | None, field: int, ranges: dict[int, Any]) -> bool:
    if value is None:
        return False
    low, high = ranges.get(field, (None, None))
    return (low is not None and value < low) or (high is not None and value > high)


def judged(found: list[dict[str, Any]], day: date) -> dict[str, Any]:
    (one,) = (r for r in found if r["CheckDate"] == day)
    return {name: one[name] for name in expected_quality([], day, T0)}


def test_quality_of_every_day(warehouse: Warehouse) -> None:
    """Many days judged at once, today among them, are each judged as the rule says."""
    rows = series()
    warehouse.load([batch(rows)])
    refresh(warehouse)
    warehouse.call("refresh_anomalies", as_of=AS_OF)
    found = warehouse.call("refresh_quality", channel_ids=[9], as_of=AS_OF).to_pylist()
    incidents = warehouse.query("anomalies_kept").to_pylist()
    days = {r["CreatedAt"].date() for r in rows if r["CreatedAt"] < AS_OF}
    assert {r["CheckDate"] for r in found} == days | {AS_OF.date()}
    assert any(r["AnomaliesDetected"] for r in found) and any(r["AbsentReadings"] for r in found)
    for day in days:
        expected = expected_quality(rows, day, AS_OF, incidents=incidents)
        assert judged(found, day) == expected, day


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
    for one in (*found[::9], *found[-3:]):
        day = one["CheckDate"]
        by_hand = warehouse.call(
            "usp_CalculateDataQuality", channel_id=9, check_date=day, as_of=as_of
        ).to_pylist()
        assert judged(by_hand, day) == judged(found, day)
    full = next(one for one in found if one["CheckDate"] == T0.date() + DAY)
    assert (full["TotalReadings"], full["MissingReadings"], full["QualityScore"]) == (24, 24, 70)


@pytest.mark.parametrize("as_of", [AS_OF, T0 + 20 * DAY, T0 + 20 * DAY + SECOND, T0 + 46 * DAY])
@pytest.mark.parametrize("aggregated", [False, True])
def test_quality_of_one_day_is_that_of_many(
    warehouse: Warehouse, as_of: datetime, aggregated: bool
) -> None:
    """By hand, at midnight or just after it, the aggregates up to date or not: the same rule."""
    rows = series(1500)
    warehouse.load([batch(rows)])
    if aggregated:
        refresh(warehouse)
    for offset in (0, 1, 16, 20 if as_of < AS_OF else 31, 18):
        day = as_of.date() - offset * DAY
        found = warehouse.call(
            "usp_CalculateDataQuality", channel_id=9, check_date=day, as_of=as_of
        ).to_pylist()
        assert judged(found, day) == expected_quality(rows, day, as_of)
    assert rows_of(warehouse, "SELECT count(*) AS n FROM iot.DataQuality") == [{"n": 5}]


def test_quality_follows_what_is_unusual(warehouse: Warehouse) -> None:
    """A label, and what late readings make of a day, mark the days of an incident, and no others;
    judged again, they count what is unusual now. A silence counts nothing."""
    step, values = HOUR / 2, [20 + 5 * math.sin(math.pi * n / 24) + n % 5 / 9 for n in range(1440)]
    values[1200], values[1292:1340] = 90, [20] * 48  # stuck from one day to the next
    rows = [row(n, T0 + n * step, Field1=round(v, 3), Field2=n % 3) for n, v in enumerate(values)]
    rows = [r for n, r in enumerate(rows) if not 900 <= n < 990]
    as_of = T0 + 30 * DAY
    warehouse.load([batch(rows)])

    def analysed() -> tuple[list[Any], list[Any]]:
        refresh(warehouse)
        warehouse.call("refresh_anomalies", as_of=as_of)
        marked = [start.date() for _, _, start in marks(warehouse, "QUALITY")]
        warehouse.call("refresh_quality", as_of=as_of)
        return marked, warehouse.query("anomalies_kept").to_pylist()

    def check(incidents: list[Any]) -> None:
        found = rows_of(warehouse, "SELECT * FROM iot.DataQuality ORDER BY CheckDate")
        assert len(found) == 30
        for one in found[:-1]:
            day = one["CheckDate"]
            wanted = expected_quality(rows, day, as_of, incidents=incidents)
            assert judged(found, day) == wanted, day

    _, incidents = analysed()
    check(incidents)
    assert {"SILENCE", "OUT OF RANGE"} <= {one["Kind"] for one in incidents}
    (stuck,) = (one for one in incidents if one["Kind"] == "STUCK")
    days = [stuck["StartedAt"].date(), stuck["EndedAt"].date()]
    assert days[1] == days[0] + DAY
    for is_real in (False, None):
        said = {"anomaly_id": stuck["AnomalyID"], "is_real": is_real, "labelled_by": "ann"}
        warehouse.call("label_anomaly", **said)
        marked, incidents = analysed()
        assert marked == days
        check(incidents)
    (at,) = (place for place, r in enumerate(rows) if r["EntryID"] == 1298)
    rows[at] = {**rows[at], "Field1": Decimal(21)}  # it was stuck for one of the days alone
    warehouse.load([batch([rows[at]])])
    marked, again = analysed()
    assert again != incidents and set(days) <= set(marked)
    check(again)
    assert analysed()[0] == []


def test_quality_replaces_its_row(warehouse: Warehouse) -> None:
    """A day has one row, of its last judgement; NULL is the day of as-of."""
    warehouse.load([batch(series(200))])
    for as_of in (T0 + 5 * HOUR, T0 + 9 * HOUR):
        done = warehouse.call("usp_CalculateDataQuality", channel_id=9, as_of=as_of).to_pylist()
        assert [(r["CheckDate"], r["AsOfTime"]) for r in done] == [(T0.date(), as_of)]
    assert rows_of(warehouse, "SELECT count(*) AS n FROM iot.DataQuality") == [{"n": 1}]


def test_quality_with_ranges(warehouse: Warehouse) -> None:
    """Bounds are inclusive, NULL is open; a field without any is out of nothing, and named."""
    ranges = {1: (Decimal(15), Decimal(25)), 2: (None, Decimal("4.5"))}
    rows = [*series(300), row(999, T0 + HOUR, Field1=25, Field2=-1), row(998, T0 + HOUR, Field1=15)]
    warehouse.load([batch(rows)])
    fields = {"channel_ids": [9], "field_numbers": [1], "minima": [15.0], "maxima": [25.0]}
    warehouse.call("sync_field_ranges", **fields)
    done = warehouse.call("usp_CalculateDataQuality", channel_id=9, as_of=T0 + DAY - SECOND)
    one = done.to_pylist()[0]
    assert not one["RangesConfigured"]
    assert one["Notes"] == "no range configured for field 2: nothing there counts as out of range"
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


def by_day(rows: list[Any], name: str) -> dict[date, list[Decimal]]:
    """The known values of each day with any."""
    days: dict[date, list[Decimal]] = {}
    for r in rows:
        if r.get(name) is not None:
            days.setdefault(r["CreatedAt"].date(), []).append(r[name])
    return days


def test_trend(warehouse: Warehouse) -> None:
    """Each whole day with data: its measures, the change since the day before, seven days' mean."""
    rows = [r for r in series() if r["CreatedAt"].day % 5]  # days without data in between
    rows += [row(9000 + n, T0 + n * DAY, Field3="1.5") for n in range(3)]
    warehouse.load([batch(rows)])
    today = AS_OF.date()
    for n, days in ((1, 30), (2, 12), (3, 60), (1, 1), (1, 0)):
        found = warehouse.query(
            "usp_GetTrendAnalysis", channel_id=9, field_number=n, days=days, as_of=AS_OF
        ).to_pylist()
        known = by_day(rows, f"Field{n}")
        shown = [day for day in sorted(known) if today - days * DAY <= day < today]
        assert [r["ReadingDate"] for r in found] == shown
        means = {d: float(sum(v) / len(v)) for d, v in known.items()}
        for r in found:
            check_trend(r, known, means)


def test_a_trend_is_the_same_whatever_is_shown_of_it(warehouse: Warehouse) -> None:
    """However many days are asked for, and whenever in the day, each day has the same figures."""
    warehouse.load([batch([row(n, T0 + n * HOUR, Field1=n % 24) for n in range(24 * 40)])])
    question = {"channel_id": 9, "field_number": 1}
    whole = warehouse.query("usp_GetTrendAnalysis", **question, days=99, as_of=AS_OF).to_pylist()
    assert len(whole) == 40 and {r["AvgValue"] for r in whole} == {11.5}
    assert {r["Trend"] for r in whole[1:]} == {"Stable"}
    assert {r["MovingAvg7Day"] for r in whole} == {11.5}
    for days in (1, 2, 7, 30):
        for as_of in (AS_OF, AS_OF.replace(hour=0, minute=0), AS_OF.replace(hour=23)):
            found = warehouse.query("usp_GetTrendAnalysis", **question, days=days, as_of=as_of)
            assert found.to_pylist() == whole[40 - days :]


def check_trend(
    r: dict[str, Any], known: dict[date, list[Decimal]], means: dict[date, float]
) -> None:
    day = r["ReadingDate"]
    values = known[day]
    assert (r["MinValue"], r["MaxValue"]) == (min(values), max(values))
    assert r["ReadingCount"] == len(values)
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


def test_a_day_before_the_first_reading_is_not_judged(warehouse: Warehouse) -> None:
    """What was not there has no quality: it is refused in one line, and leaves no row."""
    warehouse.load([batch([row(1, T0 + 5 * HOUR, Field1=1)])])
    warehouse.call("upsert_channel", channel_id=4, name="empty")
    for channel_id, day, line in (
        (9, date(2020, 1, 1), "nothing to judge on 2020-01-01: its first reading is of 2024-01-01"),
        (9, T0.date() - DAY, "nothing to judge on 2023-12-31: its first reading is of 2024-01-01"),
        (4, T0.date(), "channel 4 has no reading yet"),
    ):
        with pytest.raises(ConfigurationError, match=line):
            warehouse.call(
                "usp_CalculateDataQuality", channel_id=channel_id, check_date=day, as_of=T0 + DAY
            )
    with pytest.raises(ConfigurationError, match="nothing to judge on 2023-12-30"):
        warehouse.call("usp_CalculateDataQuality", channel_id=9, as_of=T0 - 2 * DAY)
    assert rows_of(warehouse, "SELECT count(*) AS n FROM iot.DataQuality") == [{"n": 0}]
    done = warehouse.call("usp_CalculateDataQuality", channel_id=9, as_of=T0 + DAY)
    assert done["CheckDate"].to_pylist() == [T0.date() + DAY]


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
