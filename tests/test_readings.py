"""The typing of text: numbers, times, whole columns."""

import itertools
import random
from datetime import datetime
from decimal import Decimal, localcontext

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fieldhouse.readings import DECIMAL, RAW, READINGS, parse_time, type_text
from fieldhouse.typed import type_columns, type_numbers, type_times
from texts_kit import WORDS, reading_of

NUMBERS = st.from_regex(
    r"[+-]?([0-9]{1,20}\.?[0-9]{0,60}|\.[0-9]{1,60})([eE][+-]?[0-9]{1,12})?", fullmatch=True
)
PADDING = st.text(" \t\r\n\u00a0\u2003\u3000\x1f\u200b", max_size=3)
ODD = st.sampled_from(["", " ", *WORDS])
TEXTS = st.one_of(
    NUMBERS,
    ODD,
    st.text(max_size=8),
    st.text("0159.,+-eE _", max_size=12),
    st.builds(lambda before, number, after: before + number + after, PADDING, NUMBERS, PADDING),
)


@given(TEXTS, st.booleans())
@example("0.0000005", False)
@example("-0.0000005", False)
@example("999999999999.9999994999", False)
@example("999999999999.9999995", False)
@example("-0", False)
def test_a_number_is_exact_or_rounded_half_away_from_zero(text: str, comma: bool) -> None:
    """Every text of the grammar becomes the decimal it names, at six decimals, with the reason."""
    assert type_text(text, decimal_comma=comma) == reading_of(text, decimal_comma=comma)


@given(st.lists(st.none() | TEXTS), st.booleans())
def test_a_column_is_typed_as_its_texts_are_one_by_one(
    texts: list[str | None], comma: bool
) -> None:
    """The way of whole columns and the way of single texts never differ."""
    typed = type_numbers(pa.array(texts, pa.string()), decimal_comma=comma)
    singly = [
        (None, None) if text is None else type_text(text, decimal_comma=comma) for text in texts
    ]
    assert typed.values.type == DECIMAL
    assert list(zip(typed.values.to_pylist(), typed.reasons.to_pylist(), strict=True)) == singly


def test_every_short_text_of_digits_signs_and_points_is_typed_alone_as_it_must_be() -> None:
    """What a cast of the library takes for a number is what our rules take for one."""
    for size in range(6):
        for signs in itertools.product("019.+-", repeat=size):
            text = "".join(signs)
            typed = type_numbers(pa.array([text]))
            assert (typed.values[0].as_py(), typed.reasons[0].as_py()) == reading_of(text), text


@pytest.mark.parametrize(
    ("text", "value", "reason"),
    [
        ("8.132911945997480786775727028093530923541611856", "8.132912", "rounded"),
        ("1e-45", "0.000000", "rounded"),
        ("177.802482907687722774751081237885013109636e-6", "0.000178", "rounded"),
        ("340282366920938463463374607431768211456", None, "out of range"),
        ("3.40282366920938463463374607431768211457", "3.402824", "rounded"),
        ("1e-2147483647", "0.000000", "rounded"),
        ("0e2147483647", "0.000000", None),
        ("1e0000000000000003", "1000.000000", None),
        ("." + "0" * 3_000 + "5e3001", "5.000000", None),
    ],
)
@pytest.mark.parametrize("beside", [[], ["20.5", "-3"], ["ON"], [None], ["1e-7", " 4 "]])
def test_a_number_of_any_length_is_what_it_says(
    text: str, value: str | None, reason: str | None, beside: list[str | None]
) -> None:
    """No digit is swallowed without a word, whatever the neighbours are; nor does a text crash."""
    typed = type_numbers(pa.array([*beside, text, *beside]))
    for found in (typed.values[len(beside)].as_py(), type_text(text)[0]):
        assert found == (None if value is None else Decimal(value))
    assert typed.reasons[len(beside)].as_py() == type_text(text)[1] == reason


def test_a_very_long_text_takes_no_long_time() -> None:
    """A megabyte in one value, a number or not, is looked at once."""
    ones = "1" * 1_000_000
    for text, right in {
        ones: (None, "out of range"),
        ones + "x": (None, "unparseable"),
        "0." + ones: (Decimal("0.111111"), "rounded"),
    }.items():
        assert type_text(text) == right


def test_the_callers_own_precision_does_not_round_ours() -> None:
    """A program that has set ``decimal`` for its own sums gets the same values from us."""
    with localcontext(prec=3):
        assert type_text("123456.789")[0] == Decimal("123456.789")
        assert type_text("-999999999999.9999994") == (Decimal("-999999999999.999999"), "rounded")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \r\n", "empty"),
        ("nan", "unparseable"),
        ("-INF", "unparseable"),
        ("1_000", "unparseable"),
        ("12,5", "unparseable"),
        ("0.0HTTP/1.1", "unparseable"),
        ("ON", "unparseable"),
        ("\u0661\u0662", "unparseable"),
        ("1000000000000", "out of range"),
        ("1e999999999999", "out of range"),
        ("-1e400", "out of range"),
    ],
)
def test_what_is_no_number_is_null_with_its_reason(text: str, reason: str) -> None:
    """Each kind of bad value is NULL, and says why its text is kept."""
    assert type_text(text) == (None, reason)


@pytest.mark.parametrize("text", ["1e-7", "0.0000004", "1e-999999999999", "-3e-7"])
def test_a_non_zero_that_became_zero_is_rounded(text: str) -> None:
    """A value too small to be seen is zero, and its text is kept."""
    assert type_text(text) == (Decimal("0.000000"), "rounded")


def test_a_decimal_comma_is_read_where_the_channel_declares_it() -> None:
    """There a comma stands where a point may, and only there; with two marks it is no number."""
    texts = ["12,5", "-0,25", "1.5", ",5", "12,", "1,5e-1", "1,2,3", "1.000,5", ",", None]
    values = ["12.5", "-0.25", "1.5", "0.5", "12", "0.15", None, None, None, None]
    typed = type_numbers(pa.array(texts), decimal_comma=True)
    assert typed.values.to_pylist() == [None if v is None else Decimal(v) for v in values]
    assert typed.reasons.to_pylist()[6:] == ["unparseable"] * 3 + [None]
    assert type_numbers(pa.array(texts)).values.to_pylist()[0] is None


TIMES = st.one_of(
    st.sampled_from(
        [
            "2024-11-24T12:00:00Z",
            "2024-11-24T12:00Z",
            "2024-11-24T12Z",
            "2024-11-24",
            "2024-11-24T24:00:00Z",
            "2024-11-24T23:59:60Z",
            "2024-02-30T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "2024-11-24T12:00:00z",
            "2024-11-24T12:00:00+02",
            "2024-11-24T12:00:00+0200",
            "+024-11-24T12:00:00Z",
            "2024-11-24T12:00:00.5Z",
            "2024-1\uff11-24T12:00:00Z",
            "2024-11-24T1a:00:00Z",
        ]
    ),
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map("{:%Y-%m-%dT%H:%M:%SZ}".format),
    st.from_regex(
        r"[0-9]{4}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](Z| UTC|[+-][0-9]{4})?",
        fullmatch=True,
    ),
    st.text("0123456789TZ:- +.", max_size=21),
)


@given(st.lists(st.none() | TIMES))
def test_times_are_read_in_columns_as_they_are_one_by_one(texts: list[str | None]) -> None:
    """A time is the same instant, or none, whatever the times beside it look like."""
    singly = [None if text is None else parse_time(text) for text in texts]
    typed = type_times(pa.array(texts, pa.string()))
    assert typed.type == pa.timestamp("us")
    assert typed.to_pylist() == singly
    for text, right in zip(texts, singly, strict=True):
        assert type_times(pa.array([text], pa.string())).to_pylist() == [right]


def test_columns_of_any_origin_become_readings() -> None:
    """Names and text are enough: readings, and a row for each text that its column cannot hold."""
    ids = pa.array([1, 2], pa.int64())
    times = type_times(pa.array(["2024-01-01 00:00:00 UTC", "2024-01-01T00:01:00Z"]))
    texts = {"Field2": pa.array(["ON", "1,5"]), "Elevation": pa.array([None, "3.00000001"])}
    rows = type_columns(ids, times, texts, pa.array([None, "fine"]), decimal_comma=True)
    assert rows.readings.schema == READINGS and rows.raw.schema == RAW
    assert rows.readings.select(["Field2", "Elevation", "Status"]).to_pylist() == [
        {"Field2": None, "Elevation": None, "Status": None},
        {"Field2": Decimal("1.5"), "Elevation": Decimal(3), "Status": "fine"},
    ]
    assert rows.raw.to_pylist() == [
        {"EntryID": 1, "ColumnName": "Field2", "RawValue": "ON", "Reason": "unparseable"},
        {
            "EntryID": 2,
            "ColumnName": "Elevation",
            "RawValue": "3.00000001",
            "Reason": "rounded",
        },
    ]


@pytest.mark.parametrize("size", [0, 1, 3])
def test_slices_and_chunks_are_typed_like_plain_arrays(size: int) -> None:
    """Where in memory a column begins, and in how many pieces it lies, changes nothing."""
    around = random.Random(size).choices(["7", "x", None, "1e-7"], k=4)
    for column in (["1", "2.5", "-3"][:size], ["1", None, "ON"][:size], [None] * size):
        whole = pa.array([*around, *column, *around], pa.string()).slice(4, size)
        pieces = pa.chunked_array([whole, pa.array([], pa.string())])
        plain = type_numbers(pa.array(column, pa.string()))
        assert type_numbers(whole) == type_numbers(pieces) == plain
