"""A channel: its lives between clears, and the entries of each.

Instants are unix seconds, UTC. Everything here is guarded by the world's one lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from threading import RLock
from typing import NamedTuple

from fieldhouse.protocol import FIELD_COUNT, Entry, Value, fields_of
from fieldhouse.protocol.times import to_unix

from .clock import Clock
from .life import Life
from .ordered import shared


class Anomaly(NamedTuple):
    """A spike that a demo planted, so that it can say whether all were found."""

    field: int
    created_at: datetime
    entry_id: int
    value: str


class Channel:
    """One channel of a `World`; make it with `World.add_channel`."""

    def __init__(  # noqa: PLR0913 (a channel has that many settings)
        self,
        clock: Clock,
        lock: RLock,
        id: int,
        *,
        name: str,
        fields: Mapping[int, str | None],
        description: str | None,
        latitude: str,
        longitude: str,
        elevation: str | None,
        private: bool,
        read_key: str,
        write_key: str,
        created_at: int,
        tags: Sequence[str],
        username: str,
        tell: Callable[[int, Entry], object],
    ) -> None:
        self._clock, self._lock, self._tell = clock, lock, tell
        self.id, self.name, self.description = id, name, description
        self.latitude, self.longitude, self.elevation = latitude, longitude, elevation
        self.private, self.read_key, self.write_key = private, read_key, write_key
        self.created_at = self.updated_at = created_at
        self.tags, self.username = tuple(tags), username
        self.metadata: str | None = None
        self.planted: tuple[Anomaly, ...] = ()
        """The anomalies that a demo channel is known to hold."""
        self.lives = [Life()]
        self.last_write: float | None = None
        self.last_bulk_write: float | None = None
        """When the last write over HTTP came in, unix seconds; what the rate limits count from."""
        self.labels: dict[int, str] = {}
        self.relabel(fields)

    @property
    def life(self) -> Life:
        """The current life, with all that is due to be served by now."""
        life = self.lives[-1]
        life.settle(self._clock.now().timestamp())
        return life

    @property
    def record(self) -> list[list[Entry]]:
        """One list a life, oldest first, the current one last: all entries ever written in it."""
        return [life.record for life in self.lives]

    @property
    def entries(self) -> list[Entry]:
        """What is served, by time; during a gradual clear also what it has left."""
        return self.life.by_time.items

    @property
    def leftovers(self) -> list[Entry]:
        """Entries of earlier lives that a gradual clear has not yet taken away, by id."""
        return self.life.leftovers.items

    @property
    def last_entry_id(self) -> int | None:
        """The highest id of this life, null when empty; or what it was set to."""
        return self.life.last_entry_id

    @last_entry_id.setter
    def last_entry_id(self, value: int | None) -> None:
        life = self.life
        life.last_entry_id = value
        if value is None:
            life.follow()

    def next_id(self) -> int:
        """last_entry_id + 1, or 1 when that is null."""
        return (self.last_entry_id or 0) + 1

    def relabel(self, labels: Mapping[int, str | None]) -> None:
        """Set, change or (with None) take away labels; the data stays."""
        if not all(1 <= number <= FIELD_COUNT for number in labels):
            raise ValueError("fields are numbered 1 to 8")
        with self._lock:
            merged = {**self.labels, **labels}
            self.labels = {n: text for n, text in sorted(merged.items()) if text is not None}

    def write(
        self,
        created_at: datetime | None = None,
        fields: Mapping[int, Value] | None = None,
        *,
        latitude: Value = None,
        longitude: Value = None,
        elevation: Value = None,
        status: str | None = None,
        entry_id: int | None = None,
    ) -> Entry:
        """Write one entry, past all limits, now or at *created_at* (a naive one is UTC).

        Without an *entry_id* the next one is taken.
        An id that exists already is overwritten, which the real service never does.
        """
        with self._lock:
            at = self._clock.unix() if created_at is None else to_unix(created_at)
            number = self.next_id() if entry_id is None else entry_id
            values = fields_of(fields or {})
            entry = Entry(number, at, values, latitude, longitude, elevation, status)
            self.add(entry)
        return entry

    def add(self, entry: Entry) -> None:
        """Write one ready-made entry, and tell who listens; what is written in bulk is not told."""
        self.write_many([entry])
        self._tell(self.id, entry)

    def write_many(self, entries: Iterable[Entry]) -> None:
        """Write ready-made entries with their own ids: the fast way for millions."""
        with self._lock:
            batch = shared(entries)
            if len({entry.id for entry in batch}) < len(batch):
                raise ValueError("an entry id occurs twice")
            life = self.life
            for old in _overwritten(life, batch):
                life.drop(old)
            life.add(batch)

    def write_later(self, entries: Iterable[tuple[float, Entry]]) -> None:
        """Count entries now, and serve each once the clock is at its instant, in unix seconds.

        So does a bulk write: `last_entry_id` is ahead of what can be read.
        """
        with self._lock:
            life = self.life
            for due, entry in entries:
                life.add_later(due, entry)

    def delete(self, entry_ids: Iterable[int], *, counter_follows: bool = False) -> None:
        """Delete entries for good; the counter stays, or follows to the highest id left."""
        with self._lock:
            life = self.life
            for entry in _served(life, entry_ids):
                life.drop(entry)
            if counter_follows:
                life.follow()

    def withhold(self, entry_ids: Iterable[int]) -> None:
        """Serve these entries no longer, until `restore`: a service that is half there."""
        with self._lock:
            life = self.life
            life.withhold(_served(life, entry_ids))

    def restore(self) -> None:
        """Serve again all that was withheld."""
        with self._lock:
            self.life.restore()

    def clear(self, *, gradually: bool = False) -> None:
        """Delete all entries: a new life begins, with ids from 1 and a null last_entry_id.

        Gradually, as large channels are cleared: the entries stay served until `vanish` takes
        them, beside those of the new life.
        """
        with self._lock:
            self.lives.append(Life(self.life.by_time.items if gradually else ()))

    def vanish(self, entries: Iterable[Entry] | None = None) -> None:
        """Take *entries* of the `leftovers` away, or all: a gradual clear goes on."""
        with self._lock:
            life = self.life
            life.vanish(list(life.leftovers.items if entries is None else entries))


def _overwritten(life: Life, batch: Sequence[Entry]) -> list[Entry]:
    last = life.by_id.last_key
    if last is None:
        return []
    return _served(life, (entry.id for entry in batch if entry.id <= last))


def _served(life: Life, entry_ids: Iterable[int]) -> list[Entry]:
    found = [life.own(entry_id) for entry_id in entry_ids]
    return [entry for entry in found if entry is not None]
