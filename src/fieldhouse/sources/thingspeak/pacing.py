"""How fast to ask: a steady distance between requests, widened on complaint, and a budget.

ThingSpeak documents no limit on reading; the default of one request a second is politeness (and the
seed's), the widening on 429 is prudence.
"""

import threading
import time
from collections.abc import Callable

from pyrate_limiter import Limiter, Rate

__all__ = ["Pacer"]

_WIDEST = 60.0
_CALM = 20
"""Answers in a row without a complaint before the distance is narrowed again."""


class Pacer:
    """One pace shared by every thread that asks the same server.

    ``delay`` is the least distance between two requests in seconds, 0 for none. ``spend`` is called
    once a request before it is made and raises BudgetExhausted when there is nothing left to spend.
    """

    def __init__(self, delay: float = 1.0, *, spend: Callable[[], None] | None = None) -> None:
        self._floor = delay
        self._spend = spend
        self._lock = threading.Lock()
        self._calm = 0
        self._hold_until = 0.0
        self._set(delay)

    @property
    def delay(self) -> float:
        """The distance now kept, in seconds."""
        return self._delay

    def wait(self) -> None:
        """Return when the next request may be made."""
        if self._limiter:
            self._limiter.try_acquire("request")
        if (pause := self._hold_until - time.monotonic()) > 0:
            time.sleep(pause)
        if self._spend:
            self._spend()

    def slow_down(self, retry_after: float | None = None) -> None:
        """A complaint: double the distance, and ask nothing for ``retry_after`` seconds."""
        with self._lock:
            self._calm = 0
            self._hold_until = max(self._hold_until, time.monotonic() + (retry_after or 0))
            self._set(min(max(self._delay * 2, 0.05), _WIDEST))

    def calm(self) -> None:
        """No complaint; after enough of these the distance narrows again."""
        if self._delay <= self._floor:
            return
        with self._lock:
            self._calm += 1
            if self._calm >= _CALM:
                self._calm = 0
                narrower = self._delay / 2
                self._set(narrower if narrower > max(self._floor, 0.05) else self._floor)

    def _set(self, delay: float) -> None:
        self._delay = delay
        milliseconds = round(delay * 1000)
        self._limiter = Limiter(Rate(1, milliseconds)) if milliseconds else None
