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
    """Looks after all that runs, in one thread: one for each question would cost more than some."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
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
        with self._changing:
            self._asked[key] = cursor, limits
            self._begin()
        try:
            yield
        finally:
            with self._changing:
                del self._asked[key]

    def _begin(self) -> None:
        if not self._is_on:
            threading.Thread(target=self._look_on, name="deadlines", daemon=True).start()
            self._is_on = True

    def _look_on(self) -> None:
        idle = 0
        while True:
            time.sleep(_LOOK)
            with self._changing:
                idle = 0 if self._asked else idle + 1
                if idle >= _IDLE:
                    self._is_on = False
                    return
                for cursor, limits in self._asked.values():
                    if limits.is_over:  # again and again: between two statements it has no effect
                        with suppress(duckdb.Error):
                            cursor.interrupt()
