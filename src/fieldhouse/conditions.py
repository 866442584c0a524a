"""Conditions on a value, as ``value > 80`` or ``between 3 and 5``: read into bounds (pure).

Values have six decimals, so that any condition is a few spans of them, both ends included. One
span, or all but one, is what a rule keeps: two numbers that an engine compares with, and no text
that it would have to understand.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import NoReturn

from fieldhouse.errors import ConfigurationError

__all__ = ["EVERY", "LARGEST", "Condition", "condition_of"]

_MICRO = Decimal("0.000001")
_LAST = 10**18 - 1
LARGEST = _LAST * _MICRO
"""Of the values that there are; the least is its opposite."""

_EXACT = Context(prec=60)
_LONGEST = 500
_TOKEN = re.compile(
    r"""\s*(?: (?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)(?![\w.])
        | (?P<word>[A-Za-z]+) | (?P<sign>>=|<=|!=|<>|==|[=<>≥≤≠]) | (?P<odd>\S+) )""",
    re.VERBOSE,
)
_SIGNS = {"≥": ">=", "≤": "<=", "≠": "!=", "<>": "!=", "==": "="}

_Spans = tuple[tuple[int, int], ...]
"""Ascending and apart, in millionths, both ends included."""
_ALL: _Spans = ((-_LAST, _LAST),)


@dataclass(frozen=True, slots=True)
class Condition:
    """The values from ``low`` to ``high``, both included; all others if ``is_outside``."""

    low: Decimal = -LARGEST
    high: Decimal = LARGEST
    is_outside: bool = False
    text: str | None = None
    """As it was written; None for one that every value meets."""

    def meets(self, value: Decimal | None) -> bool:
        """Whether a value meets it; what is not there meets none."""
        return value is not None and (self.low <= value <= self.high) is not self.is_outside


EVERY = Condition()


def condition_of(text: str) -> Condition:
    """Read ``value > 80``, ``>= 3 and < 5``, ``between 3 and 5``, ``!= 85``, ``< 0 or > 100``.

    ``value`` may be left out; ``and`` binds before ``or``. Raises ConfigurationError for what is
    none, for what no value or every value meets, and for what would be several spans of values.
    """
    said = " ".join(text.split())
    if len(said) > _LONGEST:
        raise ConfigurationError(f"a condition has at most {_LONGEST} characters")
    spans = _Reading(said).spans()
    if not spans:
        raise ConfigurationError(f"no value can meet the condition {said!r}")
    if spans == _ALL:
        raise ConfigurationError(f"every value meets the condition {said!r}: leave it out")
    rest = _complement(spans)
    if len(spans) > 1 and len(rest) > 1:
        raise ConfigurationError(
            f"{said!r} is several spans of values: make a rule for each, since one rule is about"
            " the values in a span, or about those outside of it"
        )
    (low, high), is_outside = (spans[0], False) if len(spans) == 1 else (rest[0], True)
    return Condition(low * _MICRO, high * _MICRO, is_outside, said)


class _Reading:
    """A condition's words, taken one after the other."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._words = [
            (str(found.lastgroup), found[str(found.lastgroup)]) for found in _TOKEN.finditer(text)
        ]

    def spans(self) -> _Spans:
        """The values of the whole."""
        either = [self._both()]
        while self._take("or"):
            either.append(self._both())
        if self._words:
            self._refuse()
        return _union(span for spans in either for span in spans)

    def _both(self) -> _Spans:
        spans = self._one()
        while self._take("and"):
            spans = _intersection(spans, self._one())
        return spans

    def _one(self) -> _Spans:
        self._take("value")
        if self._take("between"):
            low = self._number()
            if not self._take("and"):
                self._refuse()
            return _within(_up(low), _down(self._number()))
        kind, sign = self._words.pop(0) if self._words else ("odd", "")
        if kind != "sign":
            self._refuse()
        return _compared(_SIGNS.get(sign, sign), self._number())

    def _take(self, word: str) -> bool:
        is_there = bool(self._words) and self._words[0][1].lower() == word
        if is_there:
            del self._words[0]
        return is_there

    def _number(self) -> Decimal:
        kind, word = self._words.pop(0) if self._words else ("odd", "")
        if kind != "number":
            self._refuse()
        return Decimal(word)

    def _refuse(self) -> NoReturn:
        raise ConfigurationError(
            f"{self._text[:60]!r} is no condition; write 'value > 80', 'value between 3 and 5' or"
            " 'value < 0 or value > 100'"
        )


def _compared(sign: str, number: Decimal) -> _Spans:
    up, down = _up(number), _down(number)
    return {
        "=": _within(up, down),
        "!=": _complement(_within(up, down)),
        ">": _within(down + 1, _LAST),
        ">=": _within(up, _LAST),
        "<": _within(-_LAST, up - 1),
        "<=": _within(-_LAST, down),
    }[sign]


def _up(number: Decimal) -> int:
    """The least value, in millionths, that is not below a number."""
    return _millionths(number, ROUND_CEILING)


def _down(number: Decimal) -> int:
    """The largest value, in millionths, that is not above a number."""
    return _millionths(number, ROUND_FLOOR)


def _millionths(number: Decimal, rounding: str) -> int:
    if number.adjusted() > 20:  # beyond all values, however far
        return (_LAST + 2) * (-1 if number < 0 else 1)
    if number and number.adjusted() < -20:
        number = Decimal("1e-20").copy_sign(number)
    return int(_EXACT.scaleb(number, 6).to_integral_value(rounding))


def _within(low: int, high: int) -> _Spans:
    low, high = max(low, -_LAST), min(high, _LAST)
    return ((low, high),) if low <= high else ()


def _union(spans: Iterable[tuple[int, int]]) -> _Spans:
    joined: list[tuple[int, int]] = []
    for low, high in sorted(spans):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return tuple(joined)


def _intersection(ours: _Spans, theirs: _Spans) -> _Spans:
    return _union(
        span for a, b in ours for c, d in theirs for span in _within(max(a, c), min(b, d))
    )


def _complement(spans: _Spans) -> _Spans:
    edges = [-_LAST - 1, *(edge for low, high in spans for edge in (low - 1, high + 1)), _LAST + 1]
    edges[0], edges[-1] = -_LAST, _LAST
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return tuple(span for low, high in pairs for span in _within(low, high))
