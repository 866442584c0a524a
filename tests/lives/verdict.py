"""What a warehouse must hold of a source, however it was read; the judge of `machine.py`.

What is served now is current, once, with its values. Of what is served no more

- an entry that was deleted, its neighbours being there, does not count;
- an entry that went with its life counts, unless a later life shows again at least half of what
  that life has in the later one's span (a re-import), or has an entry in the same second;
- a life whose successor shows the same ids at the same times and nothing else was not cleared, by
  all that can be known: what is missing of it was deleted.

Where these rules leave room, and where a house could not know which of them applies (an entry was
deleted, and the clear came before anybody looked again), it may do either.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from house import Held, House, Reading
from model import FIELDS, Identity, Left, Source, identity, instant

Fate = Literal["must", "may", "never"]

_SURE, _UNSURE = 0.6, 0.4
"""A re-import shows at least half; this near to a half, counting may differ."""


class Judge:
    """Watches each run, to know what a house can have concluded, and judges it at the end."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.doubtful: set[Identity] = set()
        """Not served at some run that could not know of a clear: it may have been withdrawn."""
        self.once: set[Identity] = set()
        """Superseded as things stood at some run."""
        self.parted: set[int] = set()
        """Lives that a complete run can have known to be over."""

    def watch(self, house: House, *, complete: bool = False) -> None:
        """A run begins or has ended, ``complete`` if all that could be asked was asked."""
        if not self.source.left:
            return
        held = _identities(house)
        evidence = _Evidence(self.source, held, self.doubtful)
        gone = held & self.source.left.keys()
        self.once |= {key for key in gone if True in evidence.superseded(key)}
        self.doubtful |= {key for key in gone if not self._known(self.source.left[key], evidence)}
        if complete:
            lives = {left.life for left in self.source.left.values()}
            self.parted |= {life for life in lives if evidence.conflicts(life)}

    def _known(self, left: Left, evidence: "_Evidence") -> bool:
        """Whether anybody can know that an entry went with its life."""
        over = left.life in self.parted or evidence.conflicts(left.life) or not evidence.served
        return left.how == "cleared" and over

    def differences(self, house: House, *, aggregates: bool = True) -> list[str]:
        """Everything in which the house is not what it must be now."""
        return [
            *self._of_readings(house),
            *_of_gaps(house, self.source),
            *(_of_aggregates(house) if aggregates else ()),
        ]

    def _of_readings(self, house: House) -> Iterator[str]:
        served = self.source.served()
        current: dict[Identity, Reading] = {}
        for reading in house.current():
            key = (reading.entry_id, reading.created_at)
            if key in current:
                yield f"counts twice: {_said(key)} (epochs {current[key].epoch}, {reading.epoch})"
            current[key] = reading
        for key, entry in served.items():
            if key not in current:
                yield f"is served and does not count: {_said(key)}"
                continue
            for number in FIELDS:
                ours, theirs = current[key].values[number - 1], entry.fields[number - 1]
                if not self._allowed(key, number, ours, theirs):
                    yield f"field {number} of {_said(key)} is {ours}, and {theirs} at the source"
        held = _identities(house)
        evidence = _Evidence(self.source, held, self.doubtful)
        mixed = self._mixed(house)
        for key in (held | current.keys()) - served.keys():
            fate = self.fate(key, evidence)
            if key not in current and fate == "must" and key in mixed:
                continue
            if key in current and fate == "never":
                yield f"counts, though {self._why(key)}: {_said(key)}"
            if key not in current and fate == "must":
                yield f"counts no more, though {self._why(key)}: {_said(key)}"

    def _mixed(self, house: House) -> set[Identity]:
        """What is held in epochs that took in entries of two lives, since none contradicted them.

        The counted half of a new life can be served before the half that gives it away.
        """
        epochs_held: dict[int, set[Identity]] = defaultdict(set)
        for each in house.ever_held():
            epochs_held[each.epoch].add((each.entry_id, each.created_at))
        return {
            key
            for keys in epochs_held.values()
            if not set.intersection(*(set(self.source.lives_of[key]) for key in keys))
            for key in keys
        }

    def _allowed(self, key: Identity, number: int, ours: Decimal | None, theirs: object) -> bool:
        """A label that is hidden, or a value that is null now, leaves us what we had."""
        if number in self.source.channel.labels and theirs is not None:
            return ours == Decimal(str(theirs))
        ever = self.source.ever[key][number]
        return ours is None or ours in {Decimal(value) for value in ever if value is not None}

    def _why(self, key: Identity) -> str:
        left = self.source.left.get(key)
        return f"{left.how} in life {left.life + 1}" if left else "never served"

    def fate(self, key: Identity, evidence: "_Evidence") -> Fate:
        """What must have become of an entry that we held and that is not served now."""
        left = self.source.left.get(key)
        if left is None or left == (self.source.life, "deleted"):
            return "never"
        verdicts = evidence.superseded(key)
        if left.how == "cleared":
            if not (left.life in self.parted or evidence.conflicts(left.life)):
                return "never" if evidence.alike(left.life) else "may"
            if verdicts == {False} and key not in self.doubtful | self.once:
                return "must"
        return "never" if verdicts == {True} else "may"


class _Evidence:
    """What can be known at one moment from what is served and what is held."""

    def __init__(self, source: Source, held: set[Identity], doubtful: Collection[Identity]) -> None:
        self.source, self._doubtful = source, frozenset(doubtful)
        self.served = {identity(entry) for entry in source.own}
        self._held: dict[int, set[Identity]] = defaultdict(set)
        for key in held:
            for life in source.lives_of[key]:
                self._held[life].add(key)
        self._far = instant(source.now) + timedelta(days=1)
        self._conflicts: dict[int, bool] = {}
        self._relations: dict[tuple[int, int], list[_Relation]] = {}

    def conflicts(self, life: int) -> bool:
        """Whether an id that we hold of a life stands for another time in a later one."""
        if life not in self._conflicts:
            gone = dict(self._held[life] - self.served)
            later = set(self.served)
            for number in range(life + 1, self.source.life):
                later |= self._held[number]
            self._conflicts[life] = any(gone.get(i, at) != at for i, at in later)
        return self._conflicts[life]

    def alike(self, life: int) -> bool:
        """Whether anything of a life is served now under the same id and time."""
        return bool(self._held[life] & self.served)

    def superseded(self, key: Identity) -> set[bool]:
        """Whether a later life takes an entry's place, by every way to count."""
        left = self.source.left[key]
        first = left.life + (left.how != "reused")
        verdicts = {False}
        for later in range(first, self.source.life + 1):
            found = {
                verdict
                for relation in self._related(left.life, later)
                for verdict in relation.superseded(key[1])
            }
            if found == {True}:
                return {True}
            verdicts |= found
        return verdicts

    def _related(self, life: int, later: int) -> list["_Relation"]:
        if (life, later) not in self._relations:
            old, news = self._held[life], [self._held[later]]
            if later == self.source.life:
                news.append(self.served)
            self._relations[life, later] = [
                _Relation([at for _, at in part], {at for _, at in new if at < end})
                for part in (old, old - self._doubtful)
                for new in news
                for end in (datetime.max, self._far)
            ]
        return self._relations[life, later]


class _Relation:
    """How much of an older life a newer one shows again, counted in one way."""

    def __init__(self, old: list[datetime], new: set[datetime]) -> None:
        self._new = new
        self._span = (min(new), max(new)) if new else None
        self._verdicts: set[bool] = set()
        if self._span:
            low, high = self._span
            inside = Counter(at for at in old if low <= at <= high)
            shown = {at: times for at, times in inside.items() if at in new}
            shares = (
                len(shown) / max(1, len(inside)),
                sum(shown.values()) / max(1, inside.total()),
            )
            self._verdicts = {share >= limit for share in shares for limit in (_UNSURE, _SURE)}

    def superseded(self, at: datetime) -> set[bool]:
        if at in self._new:
            return {True}
        if self._span and self._span[0] <= at <= self._span[1]:
            return self._verdicts
        return {False}


def _of_aggregates(house: House) -> Iterator[str]:
    days = house.days()
    if days is None:
        return
    counts = Counter(reading.created_at.date() for reading in house.current())
    for day in sorted(counts.keys() | days.keys()):
        if counts[day] != days.get(day, 0):
            yield f"{day} aggregates {days.get(day, 0)} readings, and {counts[day]} count"


def _of_gaps(house: House, source: Source) -> Iterator[str]:
    ids = {entry.id for entry in source.own}
    for state in ("open", "absent", "unreachable"):
        for first, last in house.gaps(state):
            there = sorted(i for i in ids if first <= i <= last)
            if there:
                yield f"is called {state} and is served: {there}"
            elif state != "absent":
                yield f"ids {first} to {last} are still {state}"


def _identities(house: House) -> set[Identity]:
    return {(held.entry_id, held.created_at) for held in house.ever_held()}


def _said(key: Identity) -> str:
    return f"{key[0]} at {key[1]}"


def epochs(held: set[Held]) -> int:
    """How many lives a house has told apart."""
    return len({each.epoch for each in held})
