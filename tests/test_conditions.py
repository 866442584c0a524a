"""Conditions on values: what is written is what is met, or one line says why not."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldhouse.conditions import EVERY, LARGEST, condition_of
from fieldhouse.errors import ConfigurationError

NUMBERS = st.one_of(st.decimals(-10, 10, places=7), st.integers(-(10**13), 10**13).map(Decimal))
SIGNS = {
    ">": lambda v, n: v > n,
    ">=": lambda v, n: v >= n,
    "<": lambda v, n: v < n,
    "<=": lambda v, n: v <= n,
    "=": lambda v, n: v == n,
    "!=": lambda v, n: v != n,
}
COMPARED = st.tuples(st.sampled_from(sorted(SIGNS)), NUMBERS).map(
    lambda t: (f"value {t[0]} {t[1]}", lambda v: SIGNS[t[0]](v, t[1]), [t[1]])
)
BETWEEN = st.tuples(NUMBERS, NUMBERS).map(
    lambda t: (f"between {t[0]} and {t[1]}", lambda v: t[0] <= v <= t[1], list(t))
)
VALUES = st.one_of(st.decimals(-11, 11, places=6), st.sampled_from([LARGEST, -LARGEST, Decimal(0)]))


@given(
    st.lists(
        st.lists(st.one_of(COMPARED, BETWEEN), min_size=1, max_size=2), min_size=1, max_size=2
    ),
    st.lists(VALUES, max_size=5),
)
def test_a_condition_is_met_by_the_values_that_it_says(either: list[list[tuple]], values) -> None:
    """Of any mixture of comparisons, at their edges too, as Python compares exactly."""
    text = " or ".join(" AND ".join(part[0] for part in both) for both in either)
    numbers = [n for both in either for part in both for n in part[2]]
    step = Decimal("0.000001")
    edges = [n.quantize(step) + k * step for n in numbers if abs(n) < 10**12 for k in (-1, 0, 1)]
    tried = [v for v in (*values, *edges) if abs(v) <= LARGEST]
    meant = [any(all(part[1](v) for part in both) for both in either) for v in tried]
    try:
        condition = condition_of(text)
    except ConfigurationError as error:
        assert "several spans" in str(error) or len(set(meant)) <= 1
        return
    assert [condition.meets(v) for v in tried] == meant
    assert not condition.meets(None)


@pytest.mark.parametrize(
    "text",
    [
        *("", "80", "value", "value >", "> 80 90", "> x", "=> 3", "between 3", "between 3 or 5"),
        *("> 80; DROP TABLE iot.Channels", "1 = 1", "value > (SELECT 1)", "> '80'", "> 80 --"),
        *("> NaN", "> \u0661", "value > 5 and", "or > 5", "> 🌡", "> 1_000", "> 12,5", "> 5x"),
        *("Field1 > 5", "> 1e", "not > 5", "(> 5)"),
    ],
)
def test_what_is_no_condition_is_one_line(text: str) -> None:
    """It names what was written, and shows what would be right."""
    with pytest.raises(ConfigurationError, match="is no condition; write 'value > 80'") as refused:
        condition_of(text)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("> 3 and < 2", "no value can meet"),
        ("between 5 and 3", "no value can meet"),
        ("= 0.0000001", "no value can meet"),
        ("> 1e300", "no value can meet"),
        ("> 3 or <= 3", "every value meets"),
        ("= 85 or = -127", "make a rule for each"),
        (f"> {'1' * 600}", "at most 500 characters"),
    ],
)
def test_a_condition_that_cannot_be_meant_is_refused(text: str, line: str) -> None:
    """Nothing, everything, and what one rule does not keep."""
    with pytest.raises(ConfigurationError, match=line):
        condition_of(text)


def test_every_value_that_there_is_meets_none() -> None:
    """No condition is met by every value, but not by one that is not there."""
    assert EVERY.meets(LARGEST) and EVERY.meets(-LARGEST) and not EVERY.meets(None)
