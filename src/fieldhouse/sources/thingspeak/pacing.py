"""How fast to ask: a steady distance between requests, widened on complaint, and a budget.

ThingSpeak documents no limit on reading; the default of one request a second is politeness (and the
seed's), the widening on 429 is prudence. The pace of one process is a lock and an instant.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from fieldhouse.errors import Interrupted, RateLimited

__all__ = ["LONGEST_PAUSE", "Gate", "Pacer", "Spending"]

LONGEST_PAUSE = 300.0
"""Seconds of a ``Retry-After`` that are waited; a longer one ends the work, as an error."""
_NARROWEST = 0.05
_WIDEST = 60.0
_CALM = 20
"""Answers in a row without a complaint before the distance is narrowed again."""
_LONGEST_HOLD = 86_400.0
_GLANCE = 1.0
"""How often a waiting thread looks whether the pace has changed, in seconds."""
_MOMENT = 0.01
_TURNS = 9
"""Of those in front, for each of those behind."""
_NEVER = threading.Event()


class Spending(Protocol):
    """Counts requests against a budget. Safe to share between threads."""

    def spend(self) -> None:
        """Take one request, or raise BudgetExhausted and count nothing."""
        ...

    def give_back(self) -> None:
        """What was taken last was not made."""
        ...


class Gate(Protocol):
    """A pace that processes share. Safe to share between threads."""

    def wait(self, stop: threading.Event) -> None:
        """Return when the next request of any process may be made. Raises Interrupted."""
        ...


class Pacer:
    """One pace shared by every thread that asks the same server.

    ``delay`` is the least distance between two requests in seconds, 0 for none. ``budget`` is asked
    once a request before it is made; ``gate`` last of all, where processes share a pace. ``now`` is
    a clock that only ever goes forward, in seconds.
    """

    def __init__(
        self,
        delay: float = 1.0,
        *,
        budget: Spending | None = None,
        gate: Gate | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._floor = self._delay = self._single = delay
        self._budget, self._gate, self._now = budget, gate, now
        self._lock = threading.Lock()
        self._waiting: deque[object] = deque()
        self._behind: deque[object] = deque()
        self._passed = 0
        self._since = self._held_until = -math.inf  # the last turn or complaint; a Retry-After
        self._calm = 0

    @property
    def delay(self) -> float:
        """The distance now kept, in seconds."""
        return self._delay

    def share(self, workers: int) -> None:
        """Keep a distance that so many workers may keep side by side, each by itself."""
        with self._lock:
            was, self._floor = self._floor, self._single * workers
            self._delay = self._floor if self._delay <= was else max(self._delay, self._floor)

    def wait(self, stop: threading.Event | None = None, *, behind: bool = False) -> None:
        """Return when the next request may be made: one thread at a time, in the order they came.

        Those ``behind`` let the others go first, but for every tenth turn.

        Raises Interrupted as soon as ``stop`` is set, BudgetExhausted where nothing is left to
        spend, and RateLimited while the server wants to be left alone for longer than one waits.
        """
        if self._budget:
            self._budget.spend()
        try:
            self._wait_for_turn(stop or _NEVER, self._behind if behind else self._waiting)
            if self._gate:
                self._gate.wait(stop or _NEVER)
        except BaseException:
            self.not_made()
            raise

    def not_made(self) -> None:
        """The request that was waited for never went out."""
        if self._budget:
            self._budget.give_back()

    def slow_down(self, retry_after: float | None = None) -> None:
        """A complaint: double the distance, and ask nothing for ``retry_after`` seconds."""
        with self._lock:
            self._calm = 0
            self._delay = min(max(self._delay * 2, _NARROWEST), max(_WIDEST, self._floor))
            self._since = now = self._now()
            self._held_until = max(self._held_until, now + min(retry_after or 0.0, _LONGEST_HOLD))

    def calm(self) -> None:
        """No complaint; after enough of these the distance narrows again."""
        if self._delay <= self._floor:
            return
        with self._lock:
            self._calm += 1
            if self._calm >= _CALM:
                self._calm = 0
                narrower = self._delay / 2
                self._delay = narrower if narrower > max(self._floor, _NARROWEST) else self._floor

    def _wait_for_turn(self, stop: threading.Event, line: deque[object]) -> None:
        place = object()
        with self._lock:
            line.append(place)
        try:
            pause = 0.0
            while not stop.wait(pause):
                if (pause := self._pause(place, line)) == 0.0:
                    return
            raise Interrupted
        except BaseException:
            with self._lock:
                line.remove(place)
            raise

    def _pause(self, place: object, line: deque[object]) -> float:
        """Seconds after which to look again whether it is this place's turn; 0 takes the turn."""
        with self._lock:
            now = self._now()
            if (held := self._held_until - now) > LONGEST_PAUSE:
                raise RateLimited(
                    f"ThingSpeak asks to be left alone for {held / 60:,.0f} minutes", held
                )
            ahead = self._ahead(place, line)
            first = max(self._since + self._delay, self._held_until)
            if (pause := first + ahead * self._delay - now) > 0:
                return min(pause, _GLANCE)
            if ahead and self._delay:
                return _MOMENT  # whose turn it is has yet to wake
            line.remove(place)
            self._passed = 0 if line is self._behind else self._passed + 1
            self._since = now
            return 0.0

    def _ahead(self, place: object, line: deque[object]) -> int:
        """How many go before a place: of its own line, and of the other."""
        own = line.index(place)
        until = max(0, _TURNS - self._passed)  # turns of the others before the first behind goes
        if line is self._behind:
            return own + (len(self._waiting) if own else min(until, len(self._waiting)))
        return own + (1 if self._behind and own >= until else 0)
