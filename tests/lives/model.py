"""A channel of ThingSpeak's that lives through anything, and the record of what it lived through.

`Source` stands on the simulator and knows nothing of who reads it. Each of its methods is one thing
that happens in the world; `verdict.py` says what a warehouse must hold once the world is quiet.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import Literal, NamedTuple

from fieldhouse.simulator import Channel, Clock, Entry, Fault, Faults, World

CHANNEL = 9
START = datetime(2026, 3, 2, 12, tzinfo=UTC)
FIELDS = (1, 2, 3)
"""The fields that devices here write, whether they have a label or not."""
MINUTE, HOUR, DAY = 60, 3600, 86_400

Identity = tuple[int, datetime]
"""An entry: its id and its created_at, naive UTC."""
How = Literal["deleted", "reused", "withheld", "cleared"]


class Left(NamedTuple):
    """In which life an entry was last served, and how it went out of what is served.

    ``deleted``: for good. ``reused``: likewise, and an id of that life was given out again since,
    which looks as a clear does, and counts as one here. ``withheld``: the service is half there, or
    was when a clear came. ``cleared``: with its life.
    """

    life: int
    how: How


def identity(entry: Entry) -> Identity:
    return entry.id, instant(entry.created_at)


@cache
def instant(unix: int) -> datetime:
    """Unix seconds as naive UTC."""
    return datetime(1970, 1, 1) + timedelta(seconds=unix)


class Source:
    """ThingSpeak's channel 9. Lives are numbered from 0; a new one begins with an id used twice."""

    def __init__(self) -> None:
        self.world = World(clock=Clock(frozen=START))
        self.channel: Channel = self.world.add_channel(
            CHANNEL, name="Lives", fields={1: "one", 2: "two"}
        )
        self.faults = Faults()
        """Those of whatever serves the world; a house brings them."""
        self.innocent = True
        """Whether nothing has happened yet that could make anybody doubt an answer."""
        self.left: dict[Identity, Left] = {}
        self.lives_of: dict[Identity, list[int]] = defaultdict(list)
        self.ever: dict[Identity, dict[int, set[str | None]]] = defaultdict(
            lambda: defaultdict(set)
        )
        """Every value that a field of an entry ever had."""
        self.to_import: list[Entry] = []
        self.life = 0
        """The number of the current life."""
        self.timeless: set[int] = set()
        """Ids of this life whose entries are served without a time: they are no readings."""
        self._serial = count(1)
        self._pace: int | None = None

    # What there is

    @property
    def now(self) -> int:
        """The server's clock, unix seconds."""
        return self.world.clock.unix()

    @property
    def own(self) -> list[Entry]:
        """This life's entries that are served, by id."""
        return list(self.channel.life.by_id.items)

    def served(self) -> dict[Identity, Entry]:
        """All that is served now, leftovers included."""
        entries = (entry for entry in self.channel.entries if entry.id not in self.timeless)
        return {identity(entry): entry for entry in entries}

    # Devices write

    def live(self, count: int, *, step: int = 0, mask: int = 7) -> None:
        """Entries up to now, ``step`` seconds apart (0: all in one second)."""
        self.write((self.now - step * (count - 1 - n) for n in range(count)), mask=mask)

    def write(self, times: Iterable[int], *, mask: int = 7) -> None:
        """Entries with the next ids at these times; ``mask`` says which fields are set."""
        self._put([self._entry(self.channel.next_id() + n, at, mask) for n, at in enumerate(times)])

    def skip(self, count: int) -> None:
        """Ids that no entry ever gets; holes of hundreds are normal."""
        self.channel.last_entry_id = self.channel.next_id() - 1 + count

    def bulk(self, times: Sequence[int], delays: Sequence[int]) -> None:
        """A bulk write: counted at once, each entry served some seconds later."""
        first = self.channel.next_id()
        entries = [self._entry(first + n, at, 7) for n, at in enumerate(times)]
        self._note(entries)
        self.channel.write_later(
            (self.now + delay, entry) for entry, delay in zip(entries, delays, strict=True)
        )

    def _entry(self, entry_id: int, at: int, mask: int) -> Entry:
        """An entry with new values; never by chance under an id and a time of an earlier life."""
        while (entry_id, instant(at)) in self.lives_of:
            at -= 1
        serial = next(self._serial)
        values = [f"{serial}.{n}" if mask >> (n - 1) & 1 else None for n in FIELDS]
        a, b, c = values
        return Entry(entry_id, at, (a, b, c, None, None, None, None, None))

    def _put(self, entries: Sequence[Entry]) -> None:
        self._note(entries)
        self.channel.write_many(entries)

    def _note(self, entries: Sequence[Entry]) -> None:
        ids, gone = {entry.id for entry in entries}, (self.life, "deleted")
        if any(key[0] in ids and left == gone for key, left in self.left.items()):
            self._reuse()
        for entry in entries:
            key = identity(entry)
            self.left.pop(key, None)
            self.lives_of[key].append(self.life)
            for number in FIELDS:
                value = entry.fields[number - 1]
                self.ever[key][number].add(None if value is None else str(value))

    def _reuse(self) -> None:
        """An id is given out again: by all that can be asked, a clear and a partial re-import."""
        for key, left in self.left.items():
            if left == (self.life, "deleted"):
                self.left[key] = Left(self.life, "reused")
        self.life += 1
        for key in map(identity, self.own):
            self.lives_of[key].append(self.life)

    # The owner clears, imports, deletes

    def clear(self, *, gradually: bool = False) -> None:
        """All goes, at once or in the background; what was withheld never comes back."""
        self.innocent = False
        self.to_import = []
        if not gradually:
            self._leave(map(identity, self.channel.entries), "cleared")
        self.channel.clear(gradually=gradually)
        self.life += 1

    def vanish(self, indices: Collection[int] | None = None) -> None:
        """A gradual clear goes on: these of what is left go, or all."""
        left = self.channel.leftovers
        going = list(left) if indices is None else [left[i] for i in wrapped(indices, left)]
        self._leave(map(identity, going), "cleared")
        self.channel.vanish(going)

    def reimport(
        self,
        *,
        dropped: Collection[int] = (),
        corrected: Collection[int] = (),
        put_in: Collection[int] = (),
        first: int | None = None,
        by_time: bool = True,
    ) -> None:
        """Export, clear, import: ids from 1, in the order of time or as they were.

        Indices into the export say which rows are dropped, which get new values, and before which
        a new row is put in. Only the ``first`` rows come at once, the others by `import_more`.
        """
        export = sorted(self.own, key=lambda e: (e.created_at, e.id)) if by_time else self.own
        out, new, before = (wrapped(each, export) for each in (dropped, corrected, put_in))
        self.clear()
        rows: list[Entry] = []
        for index, row in enumerate(export):
            if index in before:
                at = max(row.created_at - 7, rows[-1].created_at if rows else 0)
                rows.append(self._entry(0, at, 7))
            if index not in out:
                rows.append(self._entry(0, row.created_at, 7) if index in new else row)
        self.to_import = rows
        self.import_more(len(rows) if first is None else first)

    def import_more(self, count: int) -> None:
        """The next rows of the import, with the next ids."""
        rows, self.to_import = self.to_import[:count], self.to_import[count:]
        first = self.channel.next_id()
        self._put([Entry(first + n, row.created_at, row.fields) for n, row in enumerate(rows)])

    def delete(self, indices: Collection[int], *, counter_follows: bool = False) -> None:
        """Entries of this life go for good; -1 is the one with the highest id."""
        self.innocent = False
        own = self.own
        going = [own[i] for i in wrapped(indices, own)]
        if counter_follows and len(going) == len(own) and not self.channel.life.withheld:
            self.clear()  # nothing is left and the counter begins anew: that is what a clear does
            return
        self._leave(map(identity, going), "deleted")
        self.channel.delete([entry.id for entry in going], counter_follows=counter_follows)

    def _leave(self, keys: Iterable[Identity], how: How) -> None:
        for key in keys:
            self.left[key] = Left(self.lives_of[key][-1], how)

    def without_time(self, entry_ids: Iterable[int]) -> None:
        """From now on the entries of these ids are served without a time; of none: all with it."""
        self.timeless.clear()
        self.timeless.update(entry_ids)
        self._serve_without_time()

    def _serve_without_time(self) -> None:
        self.faults.add(Fault("no_time", times=None, entry_ids=self.timeless))

    def relabel(self, number: int, shown: bool) -> None:
        """A field is hidden or shown; its values stay."""
        self.channel.relabel({number: f"field {number}" if shown else None})

    # The service is in trouble

    def withhold(self, indices: Collection[int]) -> None:
        """A service half there: these entries of this life are not served for a while."""
        self.innocent = False
        own = self.own
        going = [own[i] for i in wrapped(indices, own)]
        self._leave(map(identity, going), "withheld")
        self.channel.withhold([entry.id for entry in going])

    def restore(self) -> None:
        """All of this life that was withheld is served again."""
        for key in map(identity, self.channel.life.withheld):
            self.left.pop(key, None)
            self.lives_of[key].append(self.life)
        self.channel.restore()

    def private(self, private: bool) -> None:
        self.innocent = self.innocent and not private
        self.channel.private = private

    def fault(self, kind: str, *, after: int = 0, times: int = 1, value: int | None = None) -> None:
        """The next requests but ``after`` meet trouble."""
        self.innocent = False
        self.faults.add(Fault(kind, after=after, times=times, value=value))

    def pace(self, seconds: int) -> None:
        """From now on the server's clock moves on with each request."""
        if self._pace is None:
            self.faults.add(Fault("call", times=None, action=lambda _: self.wait(self._pace or 0)))
        self._pace = seconds

    def meanwhile(self, after: int, action: Callable[[], object]) -> None:
        """Something happens between two requests of the next run."""
        self.faults.add(Fault("call", after=after, action=lambda _: action()))

    # Time

    def wait(self, seconds: int) -> None:
        self.world.clock.advance(seconds)
        self.channel.life  # noqa: B018 (serves what is due)

    def quiet(self) -> None:
        """All that was going on ends; a channel that is empty after a clear is written to."""
        self.faults.clear()
        self._serve_without_time()
        self._pace = None
        self.private(False)
        self.channel.life.settle(math.inf)
        self.restore()
        self.vanish()
        if not self.own:
            self.live(1)


def wrapped(indices: Collection[int], things: Sequence[object]) -> set[int]:
    """Indices that exist, whatever was drawn: counted round and round; none of nothing."""
    return {index % len(things) for index in indices} if things else set()
