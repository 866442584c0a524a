"""What is printed says what the value is: to a person, in CSV and in JSON."""

import csv
import io
import json
import math
import re
import sys
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from fieldhouse.cli import cells, output, tables, values
from fieldhouse.cli.values import Whole
from fieldhouse.web.pages.results import cells_of

ZURICH = ZoneInfo("Europe/Zurich")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "-"),
        (True, "yes"),
        (0.1 + 0.2, "0.3"),
        (12345678.9, "12345678.9"),
        (8.641549295774648, "8.641549"),
        (1e15, "1000000000000000"),
        (1e300, "1e+300"),
        (1.5e-7, "1.5e-07"),
        (0.0, "0"),
        (-0.0, "0"),
        (float("nan"), "nan"),
        (Decimal("12345678.900000"), "12345678.9"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.000000"), "0"),
        (Decimal("-999999999999.999999"), "-999999999999.999999"),
        (datetime(2024, 1, 2, 3, 4, 5), "2024-01-02 03:04:05"),
        (datetime(2024, 1, 2, 3, 4, 5, 600), "2024-01-02 03:04:05.0006"),
        (date(2024, 1, 2), "2024-01-02"),
        (time(3, 4), "03:04:00"),
        (timedelta(days=1, seconds=3), "P1DT3S"),
        (pa.MonthDayNano([1, -2, 1_500_000_000]), "P1M-2DT1.5S"),
        (b"\x00\xff", "0x00ff"),
        ([1, None, Decimal("1.50")], "[1,null,1.5]"),
        ({"a": [True]}, '{"a":[true]}'),
        ([("k", 1)], '{"k":1}'),
        ("a\nb\x1b[31m\u202e", "a\\nb\\x1b[31m\\u202e"),
        ("👨\u200d👩\u200d👧 ünï", "👨\u200d👩\u200d👧 ünï"),
        ("a\xa0b", "a b"),
    ],
)
def test_a_value_as_a_person_reads_it(value: object, said: str) -> None:
    """In one line, with the digits that matter, and nothing that moves a cursor."""
    assert values.text(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Decimal("12345678901234567890.123456"), "12345678901234567890.123456"),
        (Decimal("1.500000"), "1.5"),
        (2**100, str(2**100)),
        (float("nan"), '"NaN"'),
        (float("-inf"), '"-Infinity"'),
        (0.1 + 0.2, "0.30000000000000004"),
        (datetime(2024, 1, 2, tzinfo=UTC), '"2024-01-02T00:00:00Z"'),
        (datetime(2024, 7, 2, tzinfo=ZURICH), '"2024-07-02T00:00:00+02:00"'),
        (datetime(2024, 1, 2, tzinfo=timezone(timedelta(0))), '"2024-01-02T00:00:00Z"'),
        (datetime(2024, 1, 2), '"2024-01-02T00:00:00"'),
        (b"\xff", '"0xff"'),
        (timedelta(0), '"PT0S"'),
        ("\u2028\x00", '"\u2028\\u0000"'),
    ],
)
def test_json_is_valid_and_exact(value: object, said: str) -> None:
    """Every digit, JSON's own words only, and each time with the zone that it has."""
    assert values.json_text(value) == said
    json.loads(said, parse_constant=pytest.fail)


def test_a_time_that_is_utc_says_so() -> None:
    """What our questions answer is UTC, and ends in Z."""
    assert values.json_text([datetime(2024, 1, 2)], utc=True) == '["2024-01-02T00:00:00Z"]'


COLUMNS: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.string(): st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    pa.float64(): st.floats(),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.bool_(): st.booleans(),
    pa.decimal128(38, 6): st.decimals(-(10**31), 10**31, places=6),
    pa.timestamp("us"): st.datetimes(datetime(1, 1, 1), datetime(9999, 1, 1)),
    pa.timestamp("us", "UTC"): st.datetimes(
        datetime(1, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC)
    ),
    pa.timestamp("us", "Europe/Zurich"): st.datetimes(
        datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)
    ),
    pa.date32(): st.dates(),
    pa.time64("us"): st.times(),
    pa.list_(pa.int64()): st.lists(st.integers(0, 9), max_size=3),
    pa.binary(): st.binary(max_size=3),
    pa.null(): st.none(),
}


@given(st.data())
def test_a_column_at_once_is_each_of_its_values(data: st.DataObject) -> None:
    """JSON and CSV of a column are those of its values, one by one, in an independent reading."""
    kind = data.draw(st.sampled_from(list(COLUMNS)))
    column = pa.array(data.draw(st.lists(st.none() | COLUMNS[kind], max_size=5)), kind)
    listed = column.to_pylist()
    said = cells.as_json(column).to_pylist()
    for value, each in zip(listed, said, strict=True):
        wanted = json.loads(values.json_text(value), parse_float=Decimal)
        assert json.loads(each, parse_float=Decimal, parse_constant=pytest.fail) == wanted
    for separator in (",", "\t"):
        fields = cells.separated(column, separator).to_pylist()
        text = "".join(f"x{separator}{field}\n" for field in fields)
        read = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
        assert len(read) == len(listed)
        if kind == pa.string():
            assert [row[1] for row in read] == [value or "" for value in listed]
            assert [field == "" for field in fields] == [value is None for value in listed]
        if kind in (pa.decimal128(38, 6), pa.int64(), pa.float64()):
            numbers = [None if row[1] == "" else Decimal(row[1]) for row in read]
            for number, value in zip(numbers, listed, strict=True):
                assert (number is None) == (value is None)
                if value is not None and not math.isnan(value):
                    assert number == Decimal(repr(value) if isinstance(value, float) else value)


BEYOND = {
    "12000-01-01": pa.array([3663382, None], pa.int32()).cast(pa.date32()),
    "-0043-03-15": pa.array([-735160, None], pa.int32()).cast(pa.date32()),
    "<value out of range: 9223372036854775807>": pa.array([2**63 - 1, None], pa.timestamp("us")),
}


@pytest.mark.parametrize("said", BEYOND)
def test_a_time_that_no_calendar_has_is_a_text(said: str) -> None:
    """The year 12000, one before Christ, infinity: alone, in a list, in a struct; in each form."""
    column = BEYOND[said]
    within = pa.ListArray.from_arrays([0, 2], column)
    named = pa.StructArray.from_arrays([column], ["a"])
    assert cells.listed(column) == [said, None]
    assert cells.listed(within) == [[said, None]]
    assert cells.listed(named) == [{"a": said}, {"a": None}]
    for each in (column, within, named):
        assert said in cells.as_json(each)[0].as_py()
        assert said in cells.separated(each, ",")[0].as_py()
    table = pa.table({"a": column, "b": named})
    assert cells_of(table)[0][0] == said and said in str(cells_of(table)[0][1])
    assert said in str(cells_of(pa.table({"c": within})))


# Tables

LABELS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
NUMBERS = st.none() | st.integers(-(10**18), 10**18) | st.decimals(-(10**12), 10**12, places=6)


@given(st.lists(LABELS, min_size=1, max_size=12, unique=True), st.data(), st.integers(20, 120))
def test_no_number_and_no_header_is_cut(names: list[str], data: st.DataObject, width: int) -> None:
    """At any width: each number and header stands there whole, or its column is named below."""
    kinds = [data.draw(st.sampled_from((NUMBERS, LABELS))) for _ in names]
    rows = data.draw(st.lists(st.tuples(*kinds), min_size=2, max_size=4))
    lines = list(tables.laid_out(names, rows, width))
    layout = tables.planned(names, rows, width)
    assert layout.places
    said = "\n".join(lines)
    for place, name in enumerate(names):
        assert values.text(name).strip() in said
        if place in layout.places:
            for row in rows:
                if not isinstance(row[place], str):
                    assert values.text(row[place]) in said
    if len(layout.places) > 1:
        assert all(cell_len(line) <= width for line in lines if not line.startswith("no room"))


def test_the_least_important_columns_go_first() -> None:
    """In the order that is asked for, then from the right; and each is named."""
    names, rows = ("a", "b", "c", "d"), [(10**9,) * 4] * 2
    assert tables.planned(names, rows, 46).left_out == ()
    assert tables.planned(names, rows, 45).left_out == ("d",)
    assert tables.planned(names, rows, 34, spare=("b",)).left_out == ("b",)
    assert tables.planned(names, rows, 23, spare=("b",)).left_out == ("b", "d")
    *_, last = tables.laid_out(names, rows, 23, spare=("b",))
    assert last.startswith("no room for: b, d")
    assert tables.planned(names, rows, None).left_out == ()


def test_texts_give_way_before_columns_do() -> None:
    """A name is shortened, a number and what is written as one are not."""
    rows = [(1, "a long name that goes on and on", Whole("not for sale but whole"))] * 2
    first, *_ = list(tables.laid_out(("n", "name", "w"), rows, 44))[2:]
    assert "…" in first and "not for sale but whole" in first and len(first) <= 44


@pytest.mark.parametrize("width", range(13, 47))
def test_a_text_that_is_cut_has_no_part_of_a_number(width: int) -> None:
    """Of 18.2274 no 18.2 is left, which would be another number."""
    said = "about -16.1438, the three before it 18,227.4"
    rows = [(said, 1), (said, 2)]
    line = list(tables.laid_out(("why", "n"), rows, width + 3))[2]
    shown = line[:width].rstrip()
    if not shown.endswith("…"):
        assert shown == said
    else:
        begun = shown.removesuffix("…")
        assert set(re.findall(r"[-0-9.,]*[0-9]", begun)) <= {"-16.1438", "18,227.4"}


def test_a_wide_row_stands_on_end() -> None:
    """Each value whole after its name."""
    names = [f"Field{n}" for n in range(8)]
    lines = list(tables.laid_out(names, [tuple(f"{n}" * 30 for n in range(8))], 40))
    assert lines[3] == f"Field3  {'3' * 30}"


def test_wide_signs_take_two_cells() -> None:
    """Columns stand straight, whatever script a label has."""
    rows = [("温度", 1), ("T", 2), ("🌡", 3)]
    lines = list(tables.laid_out(("label", "n"), rows, 80))
    assert len({cell_len(line) for line in lines}) == 1


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "latin-1", "koi8-r", "utf-16"])
def test_any_encoding_takes_any_text(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a stream cannot say is written in signs that it can; JSON stays JSON."""
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(f"sys.{name}", io.TextIOWrapper(io.BytesIO(), encoding))
    output.set_up_streams()
    label = "Température 温度 😀 ─ ▁█ … \\"
    output.print_json([{"a": label}])
    output.print_rows([{"a": label}], ["a"])
    sys.stdout.flush()
    said = sys.stdout.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
    document, *rows = said.splitlines()
    assert json.loads(document) == [{"a": label}]
    assert "?" not in said
    if encoding == "ascii":
        assert rows[1].startswith("---") and rows[2].endswith("- _# ... \\")
    if encoding == "cp1252":
        assert rows[1].startswith("---")
        assert rows[2].startswith("Température \\u6e29\\u5ea6 \\U0001f600 - _# …")
