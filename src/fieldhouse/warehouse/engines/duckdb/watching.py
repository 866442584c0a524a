"""Giving up what takes longer than it may, or what nobody waits for any longer."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

from fieldhouse.warehouse.limits import Limits

__all__ = ["Watch"]

_LOOK = 0.05
"""Seconds between two looks whether answers are still wanted, and two interrupts."""
_IDLE = 20
"""Looks at nothing after which a watch ends; with the next question it begins again."""

Cursor = duckdb.DuckDBPyConnection


class Watch:
    """Looks after all that runs, in one thread: one for each question would cost more than some.

    A question that ends in time takes no lock: threads that queue for one, each of which then waits
    for the interpreter, would pass it on more slowly than they come. What is done to the table is
    atomic by itself, and the lock is held while something is interrupted.
    """

    def __init__(self) -> None:
        self._interrupting = threading.Lock()
        self._asked: dict[object, tuple[Cursor, Limits]] = {}
        self._is_on = False

    def __len__(self) -> int:
        """How much is looked after."""
        return len(self._asked)

    @contextmanager
    def over(self, cursor: Cursor, limits: Limits) -> Iterator[None]:
        """Interrupt what runs on a cursor when the limits say so, for the time of a ``with``.

        What runs on the cursor afterwards is not interrupted.
        """
        if limits.seconds is None and limits.stop is None:
            yield
            return
        key = object()
        self._asked[key] = cursor, limits
        if not self._is_on:
            self._begin()
        try:
            yield
        finally:
            del self._asked[key]
            if limits.is_over:  # it may have been found a moment ago
                with self._interrupting:
                    pass

    def _begin(self) -> None:
        with self._interrupting:
            if not self._is_on:
                threading.Thread(target=self._look_on, name="deadlines", daemon=True).start()
                self._is_on = True

    def _look_on(self) -> None:
        idle = 0
        while idle < _IDLE or not self._ends():
            time.sleep(_LOOK)
            idle = 0 if self._asked else idle + 1
            for key, (_, limits) in list(self._asked.items()):
                if limits.is_over:
                    self._interrupt(key)

    def _interrupt(self, key: object) -> None:
        """End it, if it is still asked: again and again, for between two statements it cannot."""
        with self._interrupting:
            if asked := self._asked.get(key):
                with suppress(duckdb.Error):
                    asked[0].interrupt()

    def _ends(self) -> bool:
        """Whether nothing is asked any more; what comes from here on begins a thread of its own."""
        with self._interrupting:
            self._is_on = False
            self._is_on = bool(self._asked)
            return not self._is_on
