"""The server's own aggregation and filters, with the defects that ThingSpeak's have.

Rules from the open-source server's feed helper (2015) and the forum: buckets are aligned to UTC
whatever the zone; an average divides by all rows of its bucket, nulls and text included; a decimal
comma seen once turns all later results into decimal commas.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median

import msgspec

from .channel import FIELD_COUNT
from .exchange import Request
from .ordered import Entry, Fields, Value
from .query import Bucketing
from .times import to_i

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_EMPTY: Fields = (None,) * 8


def aggregate(entries: Sequence[Entry], by: Bucketing, request: Request) -> list[Entry]:
    """One entry a bucket from the first to the last, empty ones with all fields null."""
    if not entries:
        return []
    buckets: dict[int, list[Entry]] = {}
    for entry in entries:
        buckets.setdefault(entry.created_at // by.seconds, []).append(entry)
    digits = to_i(request.params["round"]) if "round" in request.params else None
    merge = _Merge(by.kind, digits)
    return [
        Entry(0, number * by.seconds, merge.fields(buckets.get(number, [])))
        for number in range(min(buckets), max(buckets) + 1)
    ]


class _Merge:
    """Merges the fields of one bucket after the other; remembers having seen a comma."""

    def __init__(self, kind: str, digits: int | None) -> None:
        self._kind, self._digits = kind, digits
        self._comma = False

    def fields(self, entries: Sequence[Entry]) -> Fields:
        if not entries:
            return _EMPTY
        if self._kind == "timescale":
            return entries[0].fields
        columns = zip(*(entry.fields for entry in entries), strict=True)
        return _fields([self._column(column) for column in columns])

    def _column(self, values: Sequence[Value]) -> str | None:
        numbers = [number for number in map(number_of, values) if number is not None]
        self._comma |= any("," in str(v) for v in values if number_of(v) is not None)
        if not numbers:
            return None
        if self._kind == "median":
            result = median(numbers)
        else:
            result = sum(numbers) / (len(values) if self._kind == "average" else 1)
        text = str(result) if self._digits is None else f"{result:.{self._digits}f}"
        return text.replace(".", ",") if self._comma else text


def _fields(values: Sequence[Value]) -> Fields:
    a, b, c, d, e, f, g, h = values
    return (a, b, c, d, e, f, g, h)


def number_of(value: Value) -> float | None:
    """Return the number that ThingSpeak sees in a value: no exponent, a comma for the point."""
    text = str(value).replace(",", ".").strip()
    return float(text) if value is not None and _NUMBER.fullmatch(text) else None


def keep(entry: Entry, numbers: Sequence[int], low: float | None, high: float | None) -> bool:
    """Whether no shown number lies below *low* or above *high*; `min` and `max` drop whole rows."""
    shown = [number_of(entry.fields[number - 1]) for number in numbers]
    return not any(
        (low is not None and number < low) or (high is not None and number > high)
        for number in shown
        if number is not None
    )


def rounded(entry: Entry, digits: int) -> Entry:
    """Write the entry's numbers in *digits* decimals, in the style they came in."""
    texts = [_rounded(entry.fields[index], digits) for index in range(FIELD_COUNT)]
    return msgspec.structs.replace(entry, fields=_fields(texts))


def _rounded(value: Value, digits: int) -> Value:
    number = number_of(value)
    if number is None:
        return value
    text = f"{number:.{max(0, digits)}f}"
    return text.replace(".", ",") if "," in str(value) else text
