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
from collections.abc import Iterator, Set
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from house import Held, House, Reading
from model import FIELDS, HOUR, Identity, Left, Source, identity, instant

Fate = Literal["must", "may", "never"]

_SURE, _UNSURE = 0.6, 0.4
"""A re-import shows at least half; this near to a half, counting may differ."""


class Judge:
    """Watches each run, to know what a house can have concluded, and judges it at the end."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._readings: set[Held] = set()
        self._held: set[Identity] = set()
        """What was held last, and by id and time alone."""
        self.doubtful: set[Identity] = set()
        """Not served at some run that could not know of a clear: it may have been withdrawn."""
        self.as_cleared: set[Identity] = set()
        """All that was held of a life, when none of it was served: it looks as after a clear."""
        self.once: set[Identity] = set()
        """Superseded as things stood at some run."""
        self.parted: set[int] = set()
        """Lives that a complete run can have known to be over."""
        self.known: dict[int, set[Identity]] = defaultdict(set)
        """What was held of each life while it was served."""
        self.unwatched: dict[int, set[Identity]] = defaultdict(set)
        """What was held of each life and was gone when the run ended that had read it."""
        self.beside: dict[Identity, int] = {}
        """Beside which life, at last, what was left of an earlier one was shown at some run."""
        self.again: dict[tuple[int, Identity], int] = {}
        """In which life an entry of an earlier one was shown, and since which complete run."""
        self.sure: set[tuple[int, Identity]] = set()
        """Shown again in that life to somebody who asked once more: not left of the earlier one."""

    def watch(self, readings: set[Held], *, complete: bool = False) -> None:
        """A run begins or has ended, with what is held; ``complete``: all was asked that can be."""
        served = self.source.served().keys()
        held = self._remembered(readings, served)
        own = {identity(entry) for entry in self.source.own}
        left = held & served - own
        self.beside |= dict.fromkeys(left, self.source.life)
        mine = self.known[self.source.life]
        if not mine & own:
            self.as_cleared |= mine
        if not self.source.left:
            return
        evidence = _Evidence(self)
        gone = held & self.source.left.keys()
        self.once |= {key for key in gone if True in evidence.superseded(key)}
        self.doubtful |= {key for key in gone if not self._known(self.source.left[key], evidence)}
        if complete:
            lives = {left.life for left in self.source.left.values()}
            self.parted |= {life for life in lives if evidence.conflicts(life)}
            self._ask_once_more(held & own)

    def _ask_once_more(self, shown: set[Identity]) -> None:
        """What an earlier life has too is asked for once more, an hour after it was shown again."""
        for key in filter(self._is_old, shown):
            if self._before(key) <= self.parted:
                place = self.source.life, key
                if self.source.now - self.again.setdefault(place, self.source.now) > HOUR:
                    self.sure.add(place)

    def _remembered(self, readings: set[Held], served: Set[Identity]) -> set[Identity]:
        if readings is not self._readings:
            self._readings, self._held = readings, {(i, at) for _, i, at in readings}
        held = self._held
        for key in held & served:
            self.known[self.source.lives_of[key][-1]].add(key)
        for key in held - served:
            lives = self.source.lives_of[key]
            if len(lives) == 1 and key not in self.known[lives[0]]:
                self.unwatched[lives[0]].add(key)
        return held

    def _known(self, left: Left, evidence: "_Evidence") -> bool:
        """Whether anybody can know that an entry went with its life."""
        over = left.life in self.parted or evidence.conflicts(left.life)
        return left.how == "cleared" and (over or not self.source.channel.entries)

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
        held = self._remembered(house.ever_held(), served.keys())
        evidence = _Evidence(self)
        by_epoch = _by_epoch(house)
        epoch_of = {key: epoch for epoch, keys in by_epoch.items() for key in keys}
        mixed = self._mixed(by_epoch)
        for key in (held | current.keys()) - served.keys():
            fate, epoch = self.fate(key, evidence), epoch_of[key]
            if key in current and fate == "never":
                if epoch in mixed and epoch < max(by_epoch):
                    continue
                yield f"counts, though {self._why(key)}: {_said(key)}"
            if key not in current and fate == "must" and epoch > max(mixed, default=0):
                yield f"counts no more, though {self._why(key)}: {_said(key)}"

    def _mixed(self, held: dict[int, set[Identity]]) -> list[int]:
        """The epochs that took in entries of two lives, since none contradicted them.

        The counted half of a new life can be served before the half that gives it away.
        """
        lives = {epoch: [self._lives_held(key) for key in keys] for epoch, keys in held.items()}
        return [epoch for epoch, each in lives.items() if each and not set.intersection(*each)]

    def _lives_held(self, key: Identity) -> set[int]:
        """In which lives an entry was held; all of its own, if it was gone when a run ended."""
        lives = set(self.source.lives_of[key])
        return {life for life in lives if key in self.known[life]} or lives

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
        if left is None:
            return "never"
        if key not in self.known[left.life]:
            return "may"
        if left == (self.source.life, "deleted"):
            return "may" if self._is_old(key) or key in self.as_cleared else "never"
        verdicts = evidence.superseded(key)
        if left.how == "cleared":
            if not (left.life in self.parted or evidence.conflicts(left.life)):
                is_one = evidence.alike(left.life) and not self._is_old(key)
                return "never" if is_one else "may"
            if verdicts == {False} and key not in self.doubtful | self.once:
                return "may" if self._is_old(key) else "must"
        is_known = not self._is_old(key) or (left.life, key) in self.sure
        return "never" if verdicts == {True} and is_known else "may"

    def _is_old(self, key: Identity) -> bool:
        """Whether an entry was held of an earlier life too: it belongs to that one alone.

        Gone again, nobody can say for sure whether it was left of that one, or shown again, unless
        it was asked for once more.
        """
        return bool(self._before(key))

    def _before(self, key: Identity) -> set[int]:
        """The lives before its last one in which an entry was held."""
        lives = self.source.lives_of[key]
        return {life for life in set(lives) - {lives[-1]} if key in self.known[life]}


class _Evidence:
    """What can be known at one moment from what is served and what is held."""

    def __init__(self, judge: Judge) -> None:
        self.source, self._parted = judge.source, frozenset(judge.parted)
        self._doubtful, self._held = frozenset(judge.doubtful), judge.known
        self._unwatched = judge.unwatched
        self._beside = dict(judge.beside)
        self.served = {identity(entry) for entry in self.source.own}
        self._far = instant(self.source.now) + timedelta(days=1)
        self._conflicts: dict[tuple[int, int], bool] = {}
        self._relations: dict[tuple[int, int], list[_Relation]] = {}

    def conflicts(self, life: int, upto: int | None = None) -> bool:
        """Whether an id that we hold of a life stands for another time in a later one.

        A time that an earlier life knows says nothing: it may be left of that one.
        """
        last = self.source.life if upto is None else upto
        if (life, last) not in self._conflicts:
            gone = dict(self._held[life] - self.served)
            later = set(self.served) if last == self.source.life else set()
            for number in range(life + 1, last + 1):
                later |= self._held[number]
            for number in range(life):
                later -= self._held[number]
            self._conflicts[life, last] = any(gone.get(i, at) != at for i, at in later)
        return self._conflicts[life, last]

    def alike(self, life: int) -> bool:
        """Whether anything of a life is served now under the same id and time."""
        return bool(self._held[life] & self.served)

    def superseded(self, key: Identity) -> set[bool]:
        """Whether a later life takes an entry's place, by every way to count."""
        left = self.source.left[key]
        verdicts = {False}
        for later in range(left.life + 1, self.source.life + 1):
            found = {
                verdict
                for relation in self._related(left.life, later)
                for verdict in relation.superseded(key[1])
            }
            over = later < self.source.life
            if not self._told_apart(left.life, later) or (over and self._beside.get(key) == later):
                found.add(False)  # nobody can say any more whether it was left, or shown again
            if found == {True}:
                return {True}
            verdicts |= found
        return verdicts

    def _told_apart(self, life: int, later: int) -> bool:
        """Whether two lives cannot be taken for one, or the later one's for the other's leftovers.

        What both have looks as leftovers of a gradual clear do, until it is asked for once more.
        """
        over = later < self.source.life
        return self.conflicts(life, later) and not (over and self._held[life] & self._held[later])

    def _related(self, life: int, later: int) -> list["_Relation"]:
        if (life, later) not in self._relations:
            old = self._held[life]
            unwatched = old | self._unwatched[life]
            parts = {frozenset(old), frozenset(old - self._doubtful), frozenset(unwatched)}
            news = {
                frozenset(key for key in new if key[1] < end)
                for new in (self._held[later], self._lasting(later))
                for end in (datetime.max, self._far)
            }
            self._relations[life, later] = [
                _Relation(Counter(at for _, at in part), Counter(at for _, at in new))
                for part in parts
                for new in news
            ]
        return self._relations[life, later]

    def _lasting(self, life: int) -> set[Identity]:
        """Of a life that may supersede another: what it is sure to have, and to have still.

        Not so what may have been withdrawn since.
        """
        if life == self.source.life:
            return self.served
        ended = life in self._parted or self.conflicts(life)
        return {
            key
            for key in self._held[life]
            if key in self.served or (ended and key not in self._doubtful)
        }


class _Relation:
    """How much of an older life a newer one shows again, counted in one way."""

    def __init__(self, old: Counter[datetime], new: Counter[datetime]) -> None:
        self._new = new
        self._span = (min(new), max(new)) if new else None
        self._verdicts: set[bool] = set()
        if self._span:
            low, high = self._span
            inside = Counter({at: times for at, times in old.items() if low <= at <= high})
            share = (inside & new).total() / max(1, inside.total())
            self._verdicts = {share >= limit for limit in (_UNSURE, _SURE)}

    def superseded(self, at: datetime) -> set[bool]:
        if at in self._new:
            return {True}
        if self._span and self._span[0] <= at <= self._span[1]:
            return self._verdicts
        return {False}


def _by_epoch(house: House) -> dict[int, set[Identity]]:
    """What was held first in each epoch."""
    found: dict[int, set[Identity]] = defaultdict(set)
    known: set[Identity] = set()
    for epoch, entry_id, at in sorted(house.ever_held()):
        if (entry_id, at) not in known:
            known.add((entry_id, at))
            found[epoch].add((entry_id, at))
    return found


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


def _said(key: Identity) -> str:
    return f"{key[0]} at {key[1]}"


def epochs(held: set[Held]) -> int:
    """How many lives a house has told apart."""
    return len({each.epoch for each in held})
