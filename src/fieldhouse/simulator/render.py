"""Entries as rows of JSON and CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from operator import attrgetter, itemgetter
from typing import Any

import msgspec

from .exchange import text_bytes
from .ordered import Entry, Value
from .times import Render

LOCATION = ("latitude", "longitude", "elevation")
STATUS = ("status",)
_ALL = (1, 2, 3, 4, 5, 6, 7, 8)

Getter = Callable[[Any], tuple[Any, ...]]


class Columns(msgspec.Struct, frozen=True):
    """What a row shows beside its time: the id, some of the eight fields, location, status."""

    fields: tuple[int, ...]
    more: tuple[str, ...] = ()
    with_id: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        entry_id = ("entry_id",) if self.with_id else ()
        return ("created_at", *entry_id, *(f"field{n}" for n in self.fields), *self.more)


def json_rows(entries: Iterable[Entry], columns: Columns, at: Render) -> list[Any]:
    """One object an entry, ready for the JSON encoder."""
    return _rows(entries, columns, at, _struct(columns.names))


def csv_text(entries: Iterable[Entry], columns: Columns, at: Render) -> bytes:
    """CSV whose first line names the columns; null is an empty cell, empty text is `""`."""
    rows = _rows(entries, columns, at, lambda *values: ",".join(map(_cell, values)))
    lines = [",".join(columns.names), *rows, ""]
    return text_bytes("\n".join(lines))


def _rows(
    entries: Iterable[Entry], columns: Columns, at: Render, make: Callable[..., Any]
) -> list[Any]:
    pick = _picker(itemgetter, [number - 1 for number in columns.fields])
    more = _picker(attrgetter, columns.more)
    if not columns.with_id:
        return [make(at(e.created_at), *pick(e.fields), *more(e)) for e in entries]
    if columns.fields == _ALL and not columns.more:  # 8,000 rows a page: a third faster
        return [make(at(e.created_at), e.id, *e.fields) for e in entries]
    return [make(at(e.created_at), e.id, *pick(e.fields), *more(e)) for e in entries]


def _picker(getter: Callable[..., Getter], keys: Sequence[Any]) -> Getter:
    """`itemgetter` and `attrgetter` give a bare value for one key: this one always a tuple."""
    if not keys:
        return lambda _: ()
    if len(keys) == 1:
        one = getter(*keys)
        return lambda owner: (one(owner),)
    return getter(*keys)


@cache
def _struct(names: tuple[str, ...]) -> type[msgspec.Struct]:
    """Make a type with these attributes, which encodes several times faster than a dict."""
    return msgspec.defstruct("Row", names, gc=False)


def _cell(value: Value) -> str:
    if value is None:
        return ""
    text = str(value)
    if text == "" or any(mark in text for mark in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
