"""A list of entries that stays sorted by a key."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, pairwise
from operator import attrgetter
from typing import cast

from fieldhouse.protocol import Entry, Fields, Value

_TEXTS = frozenset({str, type(None)})
_MOST_SHARED = 100_000
_FEW = 1_000  # below this many, single insertions beat sorting everything anew


Order = Callable[[Entry], tuple[int, int]]


def by_id(entry: Entry) -> tuple[int, int]:
    return entry.id, 0


def by_time(entry: Entry) -> tuple[int, int]:
    """By time; ties by id, upwards in even seconds and downwards in odd ones.

    The order of ties is arbitrary in production, but the same in every answer.
    """
    at = entry.created_at
    return at, -entry.id if at & 1 else entry.id


_beside = attrgetter("latitude", "longitude", "elevation", "status")


def shared(entries: Iterable[Entry]) -> list[Entry]:
    """Let equal texts be one object: sensors repeat themselves, and a million rows are large."""
    known: dict[Value, Value] = {}
    slim = []
    for entry in entries:
        values = entry.fields
        if _TEXTS.issuperset(map(type, values)):  # 1 and 1.0 are equal, but not the same JSON
            share = known.setdefault if len(known) < _MOST_SHARED else known.get
            values = cast("Fields", tuple(map(share, values, values)))
            entry = Entry(entry.id, entry.created_at, values, *_beside(entry))  # noqa: PLW2901
        slim.append(entry)
    return slim


class Ordered:
    """Entries in an order that begins with one integer attribute, kept in an array to bisect."""

    def __init__(self, key: str, order: Order) -> None:
        self.items: list[Entry] = []
        self.keys = array("q")
        self._key: Callable[[Entry], int] = attrgetter(key)
        self._order = order

    @property
    def last_key(self) -> int | None:
        return self.keys[-1] if self.keys else None

    def span(self, low: int | None, high: int | None) -> tuple[int, int]:
        """Where the keys from *low* to *high*, both included, begin and end."""
        first = 0 if low is None else bisect_left(self.keys, low)
        return first, len(self.keys) if high is None else bisect_right(self.keys, high)

    def add(self, entries: Sequence[Entry]) -> None:
        if self._follows(entries):
            self.items.extend(entries)
            self.keys.extend(map(self._key, entries))
        elif len(entries) < _FEW:
            for entry in entries:
                self._insert(entry)
        else:
            self.items.extend(entries)
            self.items.sort(key=self._order)
            self.keys = array("q", map(self._key, self.items))

    def _follows(self, entries: Sequence[Entry]) -> bool:
        """Whether the entries are in order and come after all that are here."""
        orders = [self._order(entry) for entry in chain(self.items[-1:], entries)]
        return all(before <= after for before, after in pairwise(orders))

    def _insert(self, entry: Entry) -> None:
        order = self._order(entry)
        low, high = self.span(order[0], order[0])
        at = bisect_left(self.items, order, low, high, key=self._order)
        self.items.insert(at, entry)
        self.keys.insert(at, order[0])

    def first(self, key: int) -> Entry | None:
        """The first entry of that key."""
        low, high = self.span(key, key)
        return self.items[low] if low < high else None

    def remove(self, entry: Entry) -> None:
        low, high = self.span(self._key(entry), self._key(entry))
        at = next(at for at in range(low, high) if self.items[at] is entry)
        del self.items[at], self.keys[at]
