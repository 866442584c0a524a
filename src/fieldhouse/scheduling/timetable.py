"""Leaf: when each channel is to be asked next (pure; whoever asks brings the time).

A channel is asked as often as its readings come, within bounds, on a grid of its own that begins at
an instant of its own: so it drifts with nobody's delays, and a fleet does not ask on the hour. One
that falls silent, or fails, is asked ever more rarely.
"""

import hashlib
import heapq
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = ["Bounds", "Rhythm", "Timetable", "distance", "next_due"]

_EPOCH = datetime(1970, 1, 1)
_PATIENCE = 8
"""How many of its usual distances a channel may be silent before it is asked more rarely."""
_MOST_DOUBLINGS = 30


@dataclass(frozen=True, slots=True)
class Bounds:
    """The shortest and the longest time between two polls of a channel."""

    shortest: timedelta
    longest: timedelta


@dataclass(slots=True)
class Rhythm:
    """What is known of a channel that decides when it is due; instants are naive UTC."""

    usual: timedelta | None = None
    """The usual distance of two readings."""
    since: datetime | None = None
    """When it last sent something, or, if it never did, was first asked."""
    begun: datetime | None = None
    """When it was last asked."""
    failures: int = 0
    """How often in a row it could not be read."""
    is_whole: bool = False
    """Whether its past is there; else reading it may take long."""


def distance(rhythm: Rhythm, now: datetime, bounds: Bounds) -> timedelta:
    """The time between two polls of a channel.

    It doubles with each doubling of a silence beyond eight usual distances, and with each failure.
    """
    usual = min(max(rhythm.usual or bounds.shortest, bounds.shortest), bounds.longest)
    silence = (now - rhythm.since) / usual if rhythm.since else 0.0
    doublings = int(math.log2(silence / _PATIENCE)) if silence > _PATIENCE else 0
    doublings = min(doublings + rhythm.failures, _MOST_DOUBLINGS)
    return min(timedelta(seconds=usual.total_seconds() * 2**doublings), bounds.longest)


def next_due(channel_id: int, after: datetime, apart: timedelta) -> datetime:
    """The first instant after another that lies on a channel's grid."""
    passed = (after - _EPOCH).total_seconds()
    step = apart.total_seconds()
    phase = _share(channel_id) * step
    return _EPOCH + timedelta(seconds=phase + (math.floor((passed - phase) / step) + 1) * step)


def _share(channel_id: int) -> float:
    """A number in [0, 1) of a channel's own, the same on every machine."""
    digest = hashlib.blake2b(str(channel_id).encode(), digest_size=6).digest()
    return int.from_bytes(digest) / 2**48


class Timetable:
    """The channels of a worker, and which of them is due. Not safe between threads.

    A channel whose past is there goes before all whose past is not; among their like, the one that
    has been due for the longest time is first. One that is being read is due again when its next
    instant comes after that: what was missed meanwhile is not made up for.
    """

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._rhythms: dict[int, Rhythm] = {}
        self._due: dict[int, datetime] = {}
        self._lines: tuple[list[tuple[datetime, int]], list[tuple[datetime, int]]] = ([], [])
        self._taken: set[int] = set()

    def __contains__(self, channel_id: int) -> bool:
        return channel_id in self._rhythms

    def __len__(self) -> int:
        return len(self._rhythms)

    @property
    def taken(self) -> frozenset[int]:
        """The channels that are being read."""
        return frozenset(self._taken)

    def keep(self, rhythms: Mapping[int, Rhythm], now: datetime) -> None:
        """Have these channels and no others; of those that are here only the usual is renewed."""
        for gone in self._rhythms.keys() - rhythms.keys():
            del self._rhythms[gone]
            self._due.pop(gone, None)
        for channel_id, rhythm in rhythms.items():
            if held := self._rhythms.get(channel_id):
                held.usual = rhythm.usual or held.usual
            else:
                self._rhythms[channel_id] = rhythm
                if channel_id not in self._taken:
                    self._put(channel_id, self._first(channel_id, rhythm, now))

    def hint(self, channel_id: int, now: datetime) -> None:
        """A channel is said to have something new: it is due at once."""
        if channel_id in self._due and self._due[channel_id] > now:
            self._put(channel_id, now)

    def take(self, now: datetime, *, long_ones: bool = True) -> int | None:
        """The channel that is to be read now, if one is; it is taken until it has ``ended``.

        Without ``long_ones`` only channels whose past is there.
        """
        for line in self._lines if long_ones else self._lines[:1]:
            if (first := self._first_of(line)) and first[0] <= now:
                heapq.heappop(line)
                channel_id = first[1]
                del self._due[channel_id]
                self._taken.add(channel_id)
                self._rhythms[channel_id].begun = now
                return channel_id
        return None

    def is_long(self, channel_id: int) -> bool:
        """Whether reading a channel may take long, since its past is not there."""
        rhythm = self._rhythms.get(channel_id)
        return rhythm is not None and not rhythm.is_whole

    def ended(
        self, channel_id: int, now: datetime, *, failed: bool, is_new: bool, is_whole: bool
    ) -> None:
        """A channel was read: whether it failed, had something new, and has its past now."""
        self._taken.discard(channel_id)
        if (rhythm := self._rhythms.get(channel_id)) is None:
            return
        rhythm.failures = rhythm.failures + 1 if failed else 0
        rhythm.is_whole = is_whole
        if is_new or rhythm.since is None:
            rhythm.since = rhythm.begun
        apart = distance(rhythm, now, self._bounds)
        after = max(now, rhythm.begun or now)
        if not (failed or is_whole):  # it was stopped, or is not at its beginning yet
            apart = min(apart, self._bounds.shortest)
        self._put(channel_id, next_due(channel_id, after, apart))

    def pass_over(self, channel_id: int, now: datetime) -> None:
        """Somebody else is reading a channel that was taken: it is due at its next instant."""
        self._taken.discard(channel_id)
        if rhythm := self._rhythms.get(channel_id):
            apart = distance(rhythm, now, self._bounds)
            self._put(channel_id, next_due(channel_id, now, apart))

    def put_back(self, channel_id: int) -> None:
        """A channel that was taken was not asked: it is due as it was."""
        self._taken.discard(channel_id)
        if rhythm := self._rhythms.get(channel_id):
            self._put(channel_id, rhythm.begun or _EPOCH)

    def next_at(self) -> datetime | None:
        """When the next channel is due; None where there is none."""
        firsts = (self._first_of(line) for line in self._lines)
        return min((first[0] for first in firsts if first), default=None)

    def ahead(self, count: int) -> Iterator[int]:
        """Some of the channels that are due next, in no order."""
        for line in self._lines:
            yield from (each for due, each in line[:count] if self._due.get(each) == due)

    def due_at(self, channel_id: int) -> datetime | None:
        """When a channel is due; None for one that is not here, or is being read."""
        return self._due.get(channel_id)

    def _first(self, channel_id: int, rhythm: Rhythm, now: datetime) -> datetime:
        """When a channel that is taken up is due: when it would have been, had we been there."""
        if rhythm.begun is None:
            return now
        apart = distance(rhythm, now, self._bounds)
        return min(next_due(channel_id, rhythm.begun, apart), now + apart)

    def _put(self, channel_id: int, due: datetime) -> None:
        self._due[channel_id] = due
        line = self._lines[0 if self._rhythms[channel_id].is_whole else 1]
        heapq.heappush(line, (due, channel_id))

    def _first_of(self, line: list[tuple[datetime, int]]) -> tuple[datetime, int] | None:
        """A line's first, once what no longer holds is gone from it."""
        while line and self._due.get(line[0][1]) != line[0][0]:
            heapq.heappop(line)
        return line[0] if line else None
