"""Answers that are no longer wanted: what runs is killed in time, or when nobody waits."""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from fieldhouse import interrupts
from fieldhouse.warehouse.limits import Limits

__all__ = ["marked", "watched"]

_LOOK = 0.05
"""Seconds between two looks whether an answer is still wanted, and two attempts to end it."""


def marked(statement: str, limits: Limits) -> tuple[str, str | None]:
    """A statement that can be found among those that run, and by what; None: nobody will look."""
    if not _are_any(limits) and not interrupts.is_heard():
        return statement, None
    mark = f"/* {uuid.uuid4().hex} */"
    return f"{mark} {statement}", mark


@contextmanager
def watched(mark: str | None, limits: Limits, kill: Callable[[str], None]) -> Iterator[None]:
    """While something runs: have ``kill`` end the statement that begins with the mark, in time."""
    if mark is None:
        yield
        return
    with interrupts.cancelled_by(lambda: kill(mark)):
        if not _are_any(limits):
            yield
            return
        done = threading.Event()
        watch = threading.Thread(target=_watch, args=(mark, limits, kill, done), daemon=True)
        watch.start()
        try:
            yield
        finally:
            done.set()
            watch.join()


def _are_any(limits: Limits) -> bool:
    return limits.seconds is not None or limits.stop is not None


def _watch(mark: str, limits: Limits, kill: Callable[[str], None], done: threading.Event) -> None:
    while not done.wait(_pause(limits)):
        if limits.is_over:
            with suppress(Exception):  # it may have ended by itself
                kill(mark)


def _pause(limits: Limits) -> float:
    return min(limits.left, _LOOK) if limits.stop else limits.left or _LOOK
