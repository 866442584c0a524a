"""Expressions over fields: what is one, what is none, and what ever gets into SQL."""

import random
import re
from datetime import datetime, timedelta

import pytest

from fieldhouse.derived import expressions
from fieldhouse.derived.expressions import FUNCTIONS, back, fields_of, read, resolved
from fieldhouse.derived.formulas import FORMULAS
from fieldhouse.derived.statement import select
from fieldhouse.errors import ConfigurationError

LABELS = {"temperature": 1, "Temp. out": 2, "x": 3}


def named(word: str, channel_id: int) -> int:
    """A field by its label or number."""
    if found := re.fullmatch(r"field([1-8])", word):
        return int(found[1])
    if word not in LABELS:
        raise ConfigurationError(f"channel {channel_id} has no field {word!r}")
    return LABELS[word]


def sql(text: str) -> str:
    """The SELECT that an expression becomes."""
    day = datetime(2024, 1, 1)
    span = {"start": day, "end": day, "reach": timedelta(0), "within": timedelta(hours=1)}
    return select({1: read(text, 9, named)}, 9, **span)[0]


def test_fields_are_kept_by_their_numbers() -> None:
    """What is kept no longer depends on labels, and reads as the same."""
    text = 'max(temperature, "Temp. out"@12) + x@-3 * 1e3 - if(not (x > 2 or x = 1), 1)'
    kept = resolved(text, 9, named)
    assert kept == (
        "max(field1, field2@12) + field3@-3 * 1e3 - if(not (field3 > 2 or field3 = 1), 1)"
    )
    assert fields_of(read(kept, 9, named)) == {(9, 1), (12, 2), (-3, 3), (9, 3)}
    assert sql(kept) == sql(text)


@pytest.mark.parametrize(
    ("text", "times"),
    [("x + 1", 0), ("last(x)", 1), ("rate(x)", 1), ("x@12", 1), ("rate(x@12)", 2), ("x@9", 0)],
)
def test_how_often_a_value_looks_back(text: str, times: int) -> None:
    """So that it is known which hours depend on which."""
    assert back(read(text, 9, named)) == times


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it ends too early"),
        ("x +", "it ends too early"),
        ("x x", "it cannot go on with 'x'"),
        ("(x", "')' is missing before its end"),
        ("x; DROP TABLE iot.Channels", "it cannot go on with ';'"),
        ("nosuch", "channel 9 has no field 'nosuch'"),
        ("pow(x)", "there is no function pow: there are abs"),
        ("min(x)", "min takes 2 to 9 values"),
        ("ln(x, x)", "ln takes 1 value"),
        ("if(x, 1, 2)", "a condition compares: temperature > 25"),
        ("x > 2", "it cannot go on with '>'"),
        ("round(x, 7)", "round takes a value, and 0 to 6 decimals"),
        ("x@y", "after @ comes a channel's number"),
        ("x@99999999999", "after @ comes a channel's number"),
        ("1e101 * x", "1e101 is too large"),
        ("(" * 40 + "x" + ")" * 40, "it is too deep"),
        ("+".join(f"{n}*x" for n in range(150)), "more than 300 operations"),
        ("x" * 2001, "an expression has at most 2,000 characters"),
    ],
)
def test_what_is_none_is_one_line(text: str, said: str) -> None:
    """It says what is wrong, and shows no more of the text than fits."""
    with pytest.raises(ConfigurationError) as raised:
        read(text, 9, named)
    assert said in str(raised.value) and "\n" not in str(raised.value)
    assert len(str(raised.value)) < 500


def test_nested_formulas_stay_small() -> None:
    """What is written twice is computed once: a formula within itself does not multiply."""
    text = "x"
    for _ in range(4):
        text = f"dew_point({text}, x)"
    assert len(sql(text)) < 12_000


def test_only_our_own_words_get_into_sql() -> None:
    """Whatever is written, the SELECT has columns of ours, numbers, and words of a short list."""
    rng = random.Random(5)
    pieces = ["x", "temperature", '"Temp. out"', "2", "1e-3", "(", ")", ",", "+", "-", "*", "/"]
    pieces += ["^", "<", "=", "and", "not", "@", "12", "'", ";", "--", "/*", "if(", "?", "\\"]
    pieces += [f"{name}(" for name in FUNCTIONS]
    known = {"SELECT", "FROM", "WHERE", "AS", "CASE", "WHEN", "THEN", "ELSE", "END", "AND", "OR"}
    known |= {"NOT", "NULL", "IS", "IN", "ABS", "SQRT", "EXP", "LOG10", "SIN", "COS", "FLOOR"}
    known |= {"POWER", "MAX", "COUNT", "OVER", "PARTITION", "BY", "ORDER", "ROWS", "BETWEEN"}
    known |= {"PRECEDING", "UNBOUNDED", "iot", "DerivableReadings", "p", "q", "r", "IsBase"}
    known |= {"Epoch", "EntryID", "CreatedAt", "AtSecond", "ChannelID"}
    texts = ["".join(rng.choices(pieces, k=rng.randrange(1, 9))) for _ in range(6000)]
    texts += [f"{name}({', '.join('x' * len(f.takes))})" for name, f in FORMULAS.items()]
    read_ones = 0
    for text in texts:
        try:
            made = sql(text)
        except ConfigurationError:
            continue
        read_ones += 1
        words = set(re.findall(r"(?<![\w.])[A-Za-z_]\w*|(?<=\.)[A-Za-z_]\w*", made))
        strange = {w for w in words - known if not re.fullmatch(r"(c|f|Field)\d+(_m?\d+)?", w)}
        assert not strange, (text, strange)
        assert not re.search(r"['\";\\]|--|/\*", made), text
    assert read_ones > 50


def test_formulas_are_read() -> None:
    """Each named formula is an expression of what it takes."""
    for name, formula in FORMULAS.items():
        node = read(f"{name}({', '.join(['x'] * len(formula.takes))})", 9, named)
        assert fields_of(node) == {(9, 3)}
    assert set(FORMULAS) < set(expressions.FUNCTIONS)
