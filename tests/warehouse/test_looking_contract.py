"""What pages ask: the same as the questions that ask one thing at a time, or one field."""

import random
from decimal import Decimal

import pytest
from warehouse_kit import DAY, HOUR, MINUTE, T0, batch, refresh, row

from fieldhouse import corrections
from fieldhouse.corrections import Rule
from fieldhouse.warehouse import Warehouse

FIELDS = range(1, 9)
AS_OF = T0 + 10 * DAY


def filled(warehouse: Warehouse, channel_id: int, *, seed: int, count: int = 400) -> None:
    """Ten minutes' cadence, some values missing, spikes, one field constant, one far off."""
    chance, rows = random.Random(seed), []
    for n in range(count):
        values = {
            "Field1": chance.choice((None, f"{chance.gauss(20, 1):.3f}")),
            "Field2": "999999999999.999999" if n == 77 else f"-{chance.random():.6f}",
            "Field3": "5",
            "Field8": f"{500 if n in (100, 250) else chance.gauss(0, 2):.2f}",
        }
        rows.append(row(n + 1, T0 + n * 10 * MINUTE, **values))
    warehouse.load([batch(rows, channel_id=channel_id)])


def test_newest_values_are_each_fields_own(warehouse: Warehouse) -> None:
    """The last value of each field within a day, with its own time; what is later is no news."""
    late = T0 + 5 * DAY
    rows = [
        row(1, late - 2 * DAY, Field4="4"),
        row(2, late - 3 * HOUR, Field1="1.5", Field2="2"),
        row(3, late, Field1=None, Field2="3"),
        row(4, AS_OF + DAY, Field1="99"),
    ]
    warehouse.load([batch(rows[:3], channel_id=9), batch([row(1, T0, Field1="7")], channel_id=12)])
    warehouse.load([batch(rows[3:], channel_id=9)])
    nine, twelve = warehouse.query(
        "newest_values", channel_ids=[12, 9, 404], as_of=late + HOUR
    ).to_pylist()
    assert (nine["ChannelID"], nine["NewestAt"]) == (9, late)
    assert (nine["Field1"], nine["Field1At"]) == (Decimal("1.5"), late - 3 * HOUR)
    assert (nine["Field2"], nine["Field2At"]) == (Decimal(3), late)
    assert nine["Field4"] is None and nine["Field4At"] is None  # two days before
    assert (twelve["Field1"], twelve["NewestAt"]) == (Decimal(7), T0)


def test_the_overview_says_what_the_status_says(warehouse: Warehouse) -> None:
    """The two agree on every channel, readings dated into the future and judged days included."""
    filled(warehouse, 9, seed=2)
    warehouse.load([batch([row(1, T0, Field1="1"), row(2, AS_OF + DAY)], channel_id=12)])
    warehouse.call("upsert_channel", channel_id=13, name="empty", field3="Level (m)")
    refresh(warehouse)
    warehouse.call("refresh_quality", as_of=T0 + 3 * DAY)
    for as_of in (T0 + 2 * DAY, AS_OF):
        told = warehouse.query("overview", as_of=as_of).to_pylist()
        status = {r["ChannelID"]: r for r in warehouse.query("status", as_of=as_of).to_pylist()}
        assert [r["ChannelID"] for r in told] == [9, 12, 13]
        for found in told:
            known = status[found["ChannelID"]]
            same = {name for name in found if name in known} - {"NewestReading"}
            assert {n: found[n] for n in same} == {n: known[n] for n in same}
    newest = {r["ChannelID"]: r["NewestReading"] for r in told}
    assert newest[12] == T0 and newest[13] is None
    (one,) = warehouse.query("overview", channel_ids=[13]).to_pylist()
    assert one["Field3Name"] == "Level (m)" and one["Epochs"] == 0


def test_sparklines_are_the_means_of_each_channels_buckets(warehouse: Warehouse) -> None:
    """Several channels at once: for each what its own buckets of hours say."""
    for channel_id in (9, 12):
        filled(warehouse, channel_id, seed=channel_id)
    refresh(warehouse)
    span = {"start_at": T0 + 5 * HOUR, "end_at": T0 + 2 * DAY, "seconds": 4 * 3600}
    told = warehouse.query("sparklines", channel_ids=[9, 12, 13], **span).to_pylist()
    wanted = [
        (channel_id, bucket)
        for channel_id in (9, 12)
        for bucket in warehouse.query("buckets_of_hours", channel_id=channel_id, **span).to_pylist()
    ]
    assert [r["ChannelID"] for r in told] == [channel_id for channel_id, _ in wanted]
    for mine, (_, bucket) in zip(told, wanted, strict=True):
        assert mine["BucketStart"] == bucket["BucketStart"]
        assert mine["ReadingCount"] == bucket["ReadingCount"]
        for n in FIELDS:
            expected = bucket[f"Field{n}Avg"]
            assert mine[f"Field{n}Avg"] == (
                None if expected is None else pytest.approx(expected, rel=1e-9)
            )


@pytest.mark.parametrize("days", [1, 2, 7])
def test_buckets_of_days_are_those_of_their_hours(warehouse: Warehouse, days: int) -> None:
    """From a day's aggregates the same comes as from its hours: counts and bounds exactly."""
    filled(warehouse, 9, seed=3, count=1500)
    refresh(warehouse)
    span = {"channel_id": 9, "seconds": days * 86_400, "end_at": AS_OF + 20 * DAY}
    told = warehouse.query("buckets_of_days", **span).to_pylist()
    wanted = warehouse.query("buckets_of_hours", **span).to_pylist()
    assert len(told) == len(wanted) > 1
    for mine, theirs in zip(told, wanted, strict=True):
        for name, value in theirs.items():
            is_mean = name.endswith("Avg") and value is not None
            assert mine[name] == (pytest.approx(value, rel=1e-9) if is_mean else value), name


def test_what_was_set_aside_stands_beside_what_counts(warehouse: Warehouse) -> None:
    """Withdrawn, excluded, corrected and moved readings, with their own values; no others."""
    filled(warehouse, 9, seed=4, count=50)
    rules = [
        Rule(9, "exclude", 8, start=T0, end=T0 + HOUR),
        Rule(9, "exclude", None, start=T0 + HOUR, end=T0 + 2 * HOUR),
        Rule(9, "scale", 3, start=T0 + 2 * HOUR, end=T0 + 3 * HOUR, scale=Decimal(2)),
    ]
    for rule in rules:
        corrections.make(warehouse, rule, reason="why", by="a test", now=AS_OF)
    span = {"channel_id": 9, "start_at": T0, "end_at": T0 + 4 * HOUR}
    told = warehouse.query("set_aside", **span).to_pylist()
    assert [r["EntryID"] for r in told] == list(range(1, 19))
    for found in told[:6]:
        assert found["ChangedFields"] == "Field8"
        assert found["Field8"] is not None and found["Field8Now"] is None
        assert found["Field2Now"] == found["Field2"]
    assert all(r["CorrectedTo"] is None and r["CorrectedAt"] for r in told[6:12])
    assert all((r["Field3"], r["Field3Now"]) == (Decimal(5), Decimal(10)) for r in told[12:])


def test_lives_begun_are_the_lives(warehouse: Warehouse) -> None:
    """Epochs and their begins are those that the question lives tells with its counts."""
    filled(warehouse, 9, seed=5, count=20)
    told = warehouse.query("lives_begun", channel_id=9).to_pylist()
    lives = warehouse.query("lives", channel_id=9).to_pylist()
    assert told == [{name: life[name] for name in told[0]} for life in lives]
    assert warehouse.query("lives_begun", channel_id=404).num_rows == 0
