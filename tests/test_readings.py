"""The typing of ThingSpeak's text."""

from decimal import ROUND_HALF_UP, Context, Decimal

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fieldhouse.readings import DECIMAL, type_numbers, type_text

NUMBERS = st.from_regex(
    r"[+-]?([0-9]{1,20}\.?[0-9]{0,30}|\.[0-9]{1,30})([eE][+-]?[0-9]{1,3})?", fullmatch=True
)
PADDING = st.text(" \t\r\n\u00a0\u2003\u3000", max_size=3)
ODD = st.sampled_from(
    ["", " ", "nan", "inf", "-INF", "1_000", "12,5", "0.0HTTP/1.1", "ON", "--", "0x1F", "1e", "."]
)


def expected(text: str) -> tuple[Decimal | None, str | None]:
    """The rule, spelled out with as much precision as any text here could need."""
    number = Decimal(text.strip())
    rounded = number.quantize(Decimal("0.000001"), ROUND_HALF_UP, Context(prec=2000))
    if abs(rounded) >= 10**12:
        return None, "out of range"
    return rounded + 0, None if rounded == number else "rounded"


@given(st.builds(lambda a, n, b: a + n + b, PADDING, NUMBERS, PADDING))
@example("0.0000005")
@example("-0.0000005")
@example("999999999999.9999994999")
@example("999999999999.9999995")
@example("-0")
def test_a_number_is_exact_or_rounded_half_away_from_zero(text: str) -> None:
    """Every text of the grammar becomes the decimal it names, at six decimals, with the reason."""
    assert type_text(text) == expected(text)


@given(
    st.lists(
        st.one_of(
            st.none(), NUMBERS, ODD, st.text(max_size=8), st.builds(lambda n: f" {n}\r\n", NUMBERS)
        )
    )
)
def test_a_column_is_typed_as_its_texts_are_one_by_one(texts: list[str | None]) -> None:
    """The way of whole columns and the way of single texts never differ."""
    typed = type_numbers(pa.array(texts, pa.string()))
    singly = [(None, None) if text is None else type_text(text) for text in texts]
    assert typed.values.type == DECIMAL
    assert list(zip(typed.values.to_pylist(), typed.reasons.to_pylist(), strict=True)) == singly


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
    """``12,5`` is 12.5 for such a channel, and only there; with both marks it stays unparseable."""
    texts = pa.array(["12,5", "-0,25", "1.5", "1,2,3", "1.000,5", None])
    typed = type_numbers(texts, decimal_comma=True)
    typed_values = typed.values.to_pylist()
    assert typed_values == [
        Decimal("12.5"),
        Decimal("-0.25"),
        Decimal("1.5"),
        None,
        None,
        None,
    ]
    assert type_numbers(texts).values.to_pylist()[0] is None
