"""A channel's entries between two clears: those that are served, and those that are not (yet).

What is served need not be what was written: a bulk write is counted before it is served, a clear
works gradually in the background, and a service in trouble shows a part of what it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import count

from fieldhouse.protocol import Entry

from .ordered import Ordered, by_id, by_time


class Life:
    """The entries of a channel between two clears.

    `leftovers` are those of the life before that a gradual clear has not yet taken away.
    """

    def __init__(self, leftovers: Sequence[Entry] = ()) -> None:
        self.record: list[Entry] = []
        """Every entry ever written in this life, in the order of writing."""
        self.by_time = Ordered("created_at", by_time)
        """All that is served, leftovers included."""
        self.by_id = Ordered("id", by_id)
        """This life's own, as far as they are served."""
        self.leftovers = Ordered("id", by_id)
        self.withheld: list[Entry] = []
        self.last_entry_id: int | None = None
        self._awaited: list[tuple[float, int, Entry]] = []
        self._turn = count()
        self.leftovers.add(sorted(leftovers, key=by_id))
        self.by_time.add(leftovers)

    def highest(self) -> Entry | None:
        """The entry with the highest id that is served."""
        return next(self.newest_first(), None)

    def newest_first(self) -> Iterator[Entry]:
        """Yield what is served, by falling id."""
        if not self.leftovers.items:
            return reversed(self.by_id.items)
        return reversed(self.in_order())

    def in_order(self) -> list[Entry]:
        """What is served, by id."""
        if not self.leftovers.items:
            return self.by_id.items
        return sorted([*self.leftovers.items, *self.by_id.items], key=by_id)

    def entry(self, entry_id: int) -> Entry | None:
        """The entry of that id; of two lives' entries the older for an even id.

        Which of two is served is arbitrary in production, but the same in every answer.
        """
        own, old = self.by_id.first(entry_id), self.leftovers.first(entry_id)
        return old or own if entry_id % 2 == 0 else own or old

    def own(self, entry_id: int) -> Entry | None:
        """This life's entry of that id, if it is served."""
        return self.by_id.first(entry_id)

    def add(self, entries: Sequence[Entry]) -> None:
        """Add entries whose ids are new to this life."""
        self.record.extend(entries)
        self._show(entries)

    def add_later(self, due: float, entry: Entry) -> None:
        """Count an entry now and serve it once the clock is at *due*, in unix seconds."""
        self.record.append(entry)
        self._counted(entry.id)
        heappush(self._awaited, (due, next(self._turn), entry))

    def settle(self, now: float) -> None:
        """Serve what is due."""
        while self._awaited and self._awaited[0][0] <= now:
            self._show([heappop(self._awaited)[2]])

    def drop(self, entry: Entry) -> None:
        """Take an entry of this life out of what is served; the record keeps it."""
        self.by_id.remove(entry)
        self.by_time.remove(entry)

    def follow(self) -> None:
        """Let the counter be the highest id that is left, or null."""
        awaited = [entry.id for _, _, entry in self._awaited]
        hidden = [entry.id for entry in self.withheld]
        self.last_entry_id = max([*awaited, *hidden, *self.by_id.keys[-1:]], default=None)

    def vanish(self, leftovers: Iterable[Entry]) -> None:
        """Take leftovers away, as a clear does in the background."""
        for entry in leftovers:
            self.leftovers.remove(entry)
            self.by_time.remove(entry)

    def withhold(self, entries: Iterable[Entry]) -> None:
        """Serve these entries no longer, though they are there."""
        for entry in entries:
            self.drop(entry)
            self.withheld.append(entry)

    def restore(self) -> None:
        """Serve again all that was withheld."""
        entries, self.withheld = self.withheld, []
        self._show(sorted(entries, key=by_id))

    def _show(self, entries: Sequence[Entry]) -> None:
        self.by_id.add(entries)
        self.by_time.add(entries)
        self._counted(*self.by_id.keys[-1:])

    def _counted(self, *ids: int) -> None:
        known = [] if self.last_entry_id is None else [self.last_entry_id]
        self.last_entry_id = max([*known, *ids], default=None)
