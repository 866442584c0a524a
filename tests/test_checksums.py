"""Checksums of rows: no order and no batch changes them, and any other value does."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from fieldhouse.checksums import row_hashes

SCHEMA = pa.schema(
    [
        ("n", pa.int64()),
        ("small", pa.int32()),
        ("number", pa.decimal128(18, 6)),
        ("total", pa.decimal128(38, 6)),
        ("float", pa.float64()),
        ("flag", pa.bool_()),
        ("at", pa.timestamp("us")),
        ("day", pa.date32()),
        ("text", pa.string()),
        ("other", pa.string()),
    ]
)
SPAN = {"min_value": datetime(1, 1, 1), "max_value": datetime(9999, 12, 31)}


def _optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def _decimals(digits: int) -> st.SearchStrategy[Decimal]:
    most = 10**digits - 1
    return st.integers(-most, most).map(lambda n: Decimal(n).scaleb(-6))


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "n": _optional(st.integers(-(2**63), 2**63 - 1)),
    "small": _optional(st.integers(-(2**31), 2**31 - 1)),
    "number": _optional(_decimals(18)),
    "total": _optional(_decimals(28)),
    "float": _optional(st.floats(allow_nan=False)),
    "flag": _optional(st.booleans()),
    "at": _optional(st.datetimes(**SPAN)),
    "day": _optional(st.dates(date(1, 1, 1), date(9999, 12, 31))),
    "text": _optional(st.text(max_size=4)),
    "other": _optional(st.text(max_size=4)),
}
ROWS = st.lists(st.fixed_dictionaries(VALUES), min_size=1, max_size=12)


def checksum(rows: list[dict[str, Any]]) -> int:
    batch = pa.RecordBatch.from_pylist(rows, SCHEMA)
    return int(row_hashes(batch).sum(dtype=np.uint64))


@given(ROWS, st.randoms(use_true_random=False))
def test_no_order_and_no_cut_changes_it(rows: list[dict[str, Any]], random: Any) -> None:
    """Rows in any order, and a slice of a longer batch, have the hashes that they have alone."""
    shuffled = random.sample(rows, len(rows))
    assert checksum(shuffled) == checksum(rows)
    whole = pa.RecordBatch.from_pylist(rows, SCHEMA)
    cut = len(rows) // 2
    parts = [row_hashes(whole.slice(0, cut)), row_hashes(whole.slice(cut))]
    assert (np.concatenate(parts) == row_hashes(whole)).all()


@given(ROWS, st.data())
def test_any_other_value_changes_it(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    """One value that is another, or is none, is seen; a zero's sign says nothing."""
    place = data.draw(st.integers(0, len(rows) - 1))
    name = data.draw(st.sampled_from(list(VALUES)))
    value = data.draw(VALUES[name])
    changed = [dict(row) for row in rows]
    changed[place][name] = value
    assert (checksum(changed) == checksum(rows)) is (rows[place][name] == value)


def test_what_moves_to_another_column_or_row_is_seen() -> None:
    """The same values elsewhere are other rows; so are none of them, and empty texts."""
    none = dict.fromkeys(SCHEMA.names)
    one, two = {**none, "n": 1, "text": "a"}, {**none, "n": 2, "text": "b"}
    assert checksum([one, two]) != checksum([{**one, "text": "b"}, {**two, "text": "a"}])
    assert checksum([{**none, "text": "a"}]) != checksum([{**none, "other": "a"}])
    assert checksum([none]) != checksum([{**none, "text": ""}])
    assert checksum([none]) != checksum([{**none, "n": 0}])
    assert checksum([none]) != 0
