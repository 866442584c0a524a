"""Time that passes only while every thread of a test waits: nothing depends on a machine."""

import threading
from collections.abc import Callable, Sequence
from typing import Any


class Time:
    """A clock in seconds; when all threads are waiting it moves to the first that is due."""

    def __init__(self) -> None:
        self._now = 0.0
        self._at_work = 1
        self._asleep: list[tuple[float, Callable[[], bool]]] = []
        self._changed = threading.Condition()

    def now(self) -> float:
        """The present instant."""
        return self._now

    def sleep(self, seconds: float, woken: Callable[[], bool]) -> None:
        """Wait for so long, or until ``woken`` after ``wake``."""
        with self._changed:
            due = self._now + seconds
            self._asleep.append((due, woken))
            self._move()
            self._changed.wait_for(lambda: self._now >= due or woken(), timeout=30)
            self._asleep.remove((due, woken))

    def wake(self) -> None:
        """Let those look who wait."""
        with self._changed:
            self._changed.notify_all()

    def side_by_side(self, works: Sequence[Callable[[], Any]]) -> list[Any]:
        """Do each in a thread of its own, begun one after the other; what they gave or raised."""
        outcomes: list[Any] = [None] * len(works)

        def run(place: int, work: Callable[[], Any]) -> None:
            try:
                outcomes[place] = work()
            except BaseException as error:
                outcomes[place] = error
            finally:
                self._join(-1)

        self._join(len(works))
        threads = [
            threading.Thread(target=run, args=each, daemon=True) for each in enumerate(works)
        ]
        for thread in threads:
            thread.start()
        self._join(-1)  # the caller only waits meanwhile
        for thread in threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in threads)
        self._join(1)
        return outcomes

    def _join(self, threads: int) -> None:
        with self._changed:
            self._at_work += threads
            self._move()

    def _move(self) -> None:
        due = [at for at, woken in self._asleep if at > self._now and not woken()]
        if due and len(due) >= self._at_work:
            self._now = min(due)
            self._changed.notify_all()


class Stop(threading.Event):
    """An event that is waited for in that time."""

    def __init__(self, time: Time) -> None:
        super().__init__()
        self._time = time

    def wait(self, timeout: float | None = None) -> bool:
        """As an event's, for a number of seconds."""
        assert timeout is not None
        if not self.is_set():
            self._time.sleep(timeout, self.is_set)
        return self.is_set()

    def set(self) -> None:
        """Set it, and let those go who wait."""
        super().set()
        self._time.wake()
