"""What ThingSpeak's endpoints ask: the newest of a window, one entry, statuses, buckets."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

import pytest
from warehouse_kit import DAY, FAR, HOUR, MINUTE, T0, batch, row

from fieldhouse.warehouse import Warehouse

SECOND = timedelta(seconds=1)


def raw(entry_id: int, column: str, text: str) -> Mapping[str, Any]:
    """A text beside a reading."""
    return {"EntryID": entry_id, "ColumnName": column, "RawValue": text, "Reason": "unparseable"}


def where(warehouse: Warehouse, **wanted: Any) -> tuple[int, int] | None:
    """Epoch and id of the entry that is found."""
    rows = warehouse.query("counted_entry", channel_id=9, **wanted).to_pylist()
    assert len(rows) < 2
    return (rows[0]["Epoch"], rows[0]["EntryID"]) if rows else None


def test_the_highest_id_of_the_newest_life_is_the_last(warehouse: Warehouse) -> None:
    """Not the newest time; a text counts as a value; a newer life goes before higher ids."""
    rows = [
        row(5, T0, Field1=1, Field2=2, Status="x"),
        row(6, T0 - DAY, Field1=3),
        row(7, T0 - 2 * DAY),
        row(8, T0 - 3 * DAY, Field3=1),
    ]
    texts = [raw(7, "Field1", "nan"), {**raw(8, "Field1", "9"), "Reason": "replaced"}]
    warehouse.load([batch(rows, raw=texts), batch([row(99)], channel_id=8)])
    assert where(warehouse) == (1, 8)
    assert where(warehouse, field_number=1) == (1, 7)
    assert where(warehouse, field_number=2) == (1, 5)
    assert where(warehouse, field_number=4) is None
    assert where(warehouse, has_status=True) == (1, 5)
    assert where(warehouse, entry_id=6) == (1, 6)
    assert where(warehouse, entry_id=99) is None
    warehouse.call("open_epoch", channel_id=9, number=2, started_at=T0, evidence="x")
    warehouse.load([batch([row(1, T0 + DAY, Field2=5)], epoch=2)])
    assert where(warehouse) == where(warehouse, field_number=2) == (2, 1)
    assert where(warehouse, field_number=1) == (1, 7)


def test_what_a_rule_takes_away_is_not_found(warehouse: Warehouse) -> None:
    """An excluded reading is no entry; a field that a rule blanked has no text either."""
    rows = [row(1, T0, Field1=1), row(2, T0 + HOUR, Field2=1), row(3, T0 + DAY, Field1=3)]
    warehouse.load([batch(rows, raw=[raw(2, "Field1", "nan")])])
    rule = {"channel_id": 9, "kind": "EXCLUDE", "reason": "x", "made_by": "x", "made_at": FAR}
    every = {"low_value": -(10**11), "high_value": 10**11, "is_outside": False}
    span = {"span_start": T0 + DAY, "span_end": FAR}
    warehouse.call("set_correction", request_id=1, **rule, **every, **span)
    assert where(warehouse) == (1, 2)
    assert where(warehouse, entry_id=3) is None
    assert where(warehouse, field_number=1) == (1, 2)
    texts = warehouse.query("entry_texts", channel_id=9, entry_ids=[1, 2, 3]).to_pylist()
    assert texts == [{"Epoch": 1, "EntryID": 2, "ColumnName": "Field1", "RawValue": "nan"}]
    span = {"span_start": T0 + HOUR, "span_end": T0 + 2 * HOUR}
    warehouse.call("set_correction", request_id=2, field_number=1, **rule, **every, **span)
    assert where(warehouse, field_number=1) == (1, 1)
    assert warehouse.query("entry_texts", channel_id=9, entry_ids=[2]).num_rows == 0


def test_the_newest_of_a_window_begin_somewhere(warehouse: Warehouse) -> None:
    """The so-many-th newest of a span, its end excluded; all of it where there are fewer."""
    rows = [row(n, T0 + (n // 2) * MINUTE) for n in range(20)]
    warehouse.load([batch(rows[1:])])

    def begin(limit: int, **span: datetime) -> datetime | None:
        found = warehouse.query("newest_from", channel_id=9, limit=limit, **span)
        times: list[datetime] = found["CreatedAt"].to_pylist()
        return times[0] if times else None

    assert begin(1) == begin(2) == T0 + 9 * MINUTE
    assert begin(3) == T0 + 8 * MINUTE
    assert begin(100) == T0
    assert begin(1, end_at=T0 + 9 * MINUTE) == T0 + 8 * MINUTE
    assert begin(4, start_at=T0 + 9 * MINUTE) == T0 + 9 * MINUTE
    assert begin(4, start_at=T0 + 10 * MINUTE) is None
    assert begin(0) is None


def test_statuses_are_the_newest_in_the_order_of_time(warehouse: Warehouse) -> None:
    """Only readings that have one, an empty one too; as many as are asked for."""
    said = ["a", None, "", "b", None, "c"]
    rows = [row(n, T0 + n * MINUTE, Status=text) for n, text in enumerate(said, 1)]
    warehouse.load([batch(rows)])

    def texts(**wanted: Any) -> list[str]:
        found: list[str] = warehouse.query("statuses", channel_id=9, **wanted)["Status"].to_pylist()
        return found

    assert texts() == ["a", "", "b", "c"]
    assert texts(limit=2) == ["b", "c"]
    assert texts(limit=0) == []
    assert texts(start_at=T0 + 2 * MINUTE, end_at=T0 + 6 * MINUTE) == ["", "b"]


@pytest.mark.parametrize("seconds", [600, 86_400])
def test_buckets_have_a_first_and_a_middle(warehouse: Warehouse, seconds: int) -> None:
    """Counted from 1970, before it too; of one second the lowest id is first; NULL is no number."""
    values = [None, 3, 1, 10, None, 2, "0.5", "7.25", 4, 4]
    starts = (datetime(1969, 12, 30, 23, 50), T0)
    rows = [
        row(10 * place + n + 1, start + (n // 2) * 3 * MINUTE, Field1=value, Field8=n)
        for place, start in enumerate(starts)
        for n, value in enumerate(values)
    ]
    warehouse.load([batch(rows)])
    held: dict[datetime, list[Mapping[str, Any]]] = {}
    for each in rows:
        past = (each["CreatedAt"] - datetime(1970, 1, 1)) // timedelta(seconds=seconds)
        begin = datetime(1970, 1, 1) + past * timedelta(seconds=seconds)
        held.setdefault(begin, []).append(each)
    middle = warehouse.query("medians_of_buckets", channel_id=9, seconds=seconds).to_pylist()
    assert [found["BucketStart"] for found in middle] == sorted(held)
    for found in middle:
        inside = held[found["BucketStart"]]
        numbers = [each["Field1"] for each in inside if each["Field1"] is not None]
        assert found["ReadingCount"] == len(inside)
        assert found["Field1Median"] == (float(median(numbers)) if numbers else None)
        assert found["Field8Median"] == float(median(each["Field8"] for each in inside))
        assert found["Field2Median"] is None
    firsts = warehouse.query("firsts_of_buckets", channel_id=9, seconds=seconds).to_pylist()
    assert [found["EntryID"] for found in firsts] == [
        held[begin][0]["EntryID"] for begin in sorted(held)
    ]
    assert [found["Field8"] for found in firsts] == [
        Decimal(held[begin][0]["Field8"]) for begin in sorted(held)
    ]
    cut = {"start_at": T0 + SECOND, "end_at": T0 + 7 * MINUTE, "seconds": seconds}
    (found,) = warehouse.query("firsts_of_buckets", channel_id=9, **cut).to_pylist()
    assert found["CreatedAt"] == T0 + 3 * MINUTE
