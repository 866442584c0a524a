"""The server's own aggregation, with the defects that ThingSpeak's has.

Rules from the open-source server's feed helper (2015) and the forum: buckets are aligned to UTC
whatever the zone; an average divides by all rows of its bucket, nulls and text included; a decimal
comma seen once turns all later results into decimal commas.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from fieldhouse.protocol import Bucketing, Entry, Fields, Value
from fieldhouse.protocol.entries import EMPTY, eight
from fieldhouse.protocol.shaping import number_of


def aggregate(entries: Sequence[Entry], by: Bucketing, digits: int | None) -> list[Entry]:
    """One entry a bucket from the first to the last, empty ones with all fields null."""
    if not entries:
        return []
    buckets: dict[int, list[Entry]] = {}
    for entry in entries:
        buckets.setdefault(entry.created_at // by.seconds, []).append(entry)
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
            return EMPTY
        if self._kind == "timescale":
            return entries[0].fields
        columns = zip(*(entry.fields for entry in entries), strict=True)
        return eight([self._column(column) for column in columns])

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
