"""An entry, ThingSpeak's row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

FIELD_COUNT = 8

Value = str | int | float | None
Fields = tuple[Value, Value, Value, Value, Value, Value, Value, Value]


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One row of a channel, as ThingSpeak keeps it: values are the text a device sent."""

    id: int
    created_at: int
    """Unix seconds, UTC; may lie before 1970 and up to the year 9999."""
    fields: Fields
    latitude: Value = None
    longitude: Value = None
    elevation: Value = None
    status: str | None = None


EMPTY: Fields = (None,) * 8
"""The fields of an entry that has none."""


def fields_of(values: Mapping[int, Value]) -> Fields:
    """Make the eight columns of an entry from `{1: "23.5"}`."""
    if not all(1 <= number <= FIELD_COUNT for number in values):
        raise ValueError("fields are numbered 1 to 8")
    return eight([values.get(number) for number in range(1, FIELD_COUNT + 1)])


def eight(values: Sequence[Value]) -> Fields:
    """Eight values, as a tuple of eight."""
    a, b, c, d, e, f, g, h = values
    return (a, b, c, d, e, f, g, h)
