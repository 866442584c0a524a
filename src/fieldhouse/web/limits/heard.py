"""What happens in a job, kept for one who may be slow to hear of it."""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

from fieldhouse import events

__all__ = ["Heard"]

_MOST = 10_000
_LOOK = 0.25
"""Seconds between two looks whether anybody listens still."""


class Heard:
    """Events in their order; beyond ten thousand that wait, what comes is left out.

    Progress alone is told by them: what came of a job is told by its runs.
    """

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._waiting: queue.Queue[events.Event | None] = queue.Queue(_MOST)

    def put(self, event: events.Event) -> None:
        """An observer's part."""
        with suppress(queue.Full):
            self._waiting.put_nowait(event)

    def until(self, ended: Callable[[], object]) -> Iterator[events.Event]:
        """What happens, until ``ended`` returns and all of it is told, or nobody listens."""

        def end() -> None:
            ended()
            while not self._stop.is_set():  # what waits for nobody is no reason to wait
                with suppress(queue.Full):
                    self._waiting.put(None, timeout=_LOOK)
                    return

        threading.Thread(target=end, name="end of a job", daemon=True).start()
        while not self._stop.is_set():
            with suppress(queue.Empty):
                if (event := self._waiting.get(timeout=_LOOK)) is None:
                    return
                yield event
