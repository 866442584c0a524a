"""What `min`, `max` and `round` do to entries, after any aggregation."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from .entries import Entry, Value, eight
from .exchange import Request
from .query import digits

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)


class Shape:
    """What a request wants of the entries that it is answered with."""

    def __init__(self, request: Request) -> None:
        self._low, self._high = request.number("min"), request.number("max")
        self._digits = digits(request)

    def of(self, entries: Sequence[Entry], numbers: Sequence[int]) -> Sequence[Entry]:
        """The entries that stay, rounded; `numbers` are the fields that are looked at."""
        if self._low is not None or self._high is not None:
            entries = [entry for entry in entries if self._keeps(entry, numbers)]
        if self._digits is not None:
            entries = [_rounded(entry, self._digits) for entry in entries]
        return entries

    def _keeps(self, entry: Entry, numbers: Sequence[int]) -> bool:
        """Whether no shown number lies outside; `min` and `max` drop whole rows."""
        shown = [number_of(entry.fields[number - 1]) for number in numbers]
        return not any(
            (self._low is not None and number < self._low)
            or (self._high is not None and number > self._high)
            for number in shown
            if number is not None
        )


def number_of(value: Value) -> float | None:
    """Return the number that ThingSpeak sees in a value: no exponent, a comma for the point."""
    text = str(value).replace(",", ".").strip()
    return float(text) if value is not None and _NUMBER.fullmatch(text) else None


def _rounded(entry: Entry, digits: int) -> Entry:
    """Write the entry's numbers in *digits* decimals, in the style they came in."""
    fields = eight([_written(value, digits) for value in entry.fields])
    return msgspec.structs.replace(entry, fields=fields)


def _written(value: Value, digits: int) -> Value:
    number = number_of(value)
    if number is None:
        return value
    text = f"{number:.{digits}f}"
    return text.replace(".", ",") if "," in str(value) else text
