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

__all__ = ["LONGEST_PAUSE", "Pacer", "Spending"]

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
_NEVER = threading.Event()


class Spending(Protocol):
    """Counts requests against a budget. Safe to share between threads."""

    def spend(self) -> None:
        """Take one request, or raise BudgetExhausted and count nothing."""
        ...

    def give_back(self) -> None:
        """What was taken last was not made."""
        ...


class Pacer:
    """One pace shared by every thread that asks the same server.

    ``delay`` is the least distance between two requests in seconds, 0 for none. ``budget`` is asked
    once a request before it is made. ``now`` is a clock that only ever goes forward, in seconds.
    """

    def __init__(
        self,
        delay: float = 1.0,
        *,
        budget: Spending | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._floor = self._delay = delay
        self._budget, self._now = budget, now
        self._lock = threading.Lock()
        self._waiting: deque[object] = deque()
        self._since = self._held_until = -math.inf  # the last turn or complaint; a Retry-After
        self._calm = 0

    @property
    def delay(self) -> float:
        """The distance now kept, in seconds."""
        return self._delay

    def wait(self, stop: threading.Event | None = None) -> None:
        """Return when the next request may be made: one thread at a time, in the order they came.

        Raises Interrupted as soon as ``stop`` is set, BudgetExhausted where nothing is left to
        spend, and RateLimited while the server wants to be left alone for longer than one waits.
        """
        if self._budget:
            self._budget.spend()
        try:
            self._wait_for_turn(stop or _NEVER)
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

    def _wait_for_turn(self, stop: threading.Event) -> None:
        place = object()
        with self._lock:
            self._waiting.append(place)
        try:
            pause = 0.0
            while not stop.wait(pause):
                if (pause := self._pause(place)) == 0.0:
                    return
            raise Interrupted
        except BaseException:
            with self._lock:
                self._waiting.remove(place)
            raise

    def _pause(self, place: object) -> float:
        """Seconds after which to look again whether it is this place's turn; 0 takes the turn."""
        with self._lock:
            now = self._now()
            if (held := self._held_until - now) > LONGEST_PAUSE:
                raise RateLimited(
                    f"ThingSpeak asks to be left alone for {held / 60:,.0f} minutes", held
                )
            ahead = self._waiting.index(place)
            first = max(self._since + self._delay, self._held_until)
            if (pause := first + ahead * self._delay - now) > 0:
                return min(pause, _GLANCE)
            if ahead and self._delay:
                return _MOMENT  # whose turn it is has yet to wake
            self._waiting.remove(place)
            self._since = now
            return 0.0
