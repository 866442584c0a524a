"""Progress bars for long work: one a channel while it is read, with rate and time left."""

import re
import threading
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import (
    Progress as Bars,
)

from fieldhouse import events
from fieldhouse.cli import output

__all__ = ["Progress"]

_NUMBERS = re.compile(r"[\d.,]+")
_SHOWN = 12
"""Channels that have a bar at one time."""


class Progress:
    """Watches a run; prints nothing unless ``shown``."""

    def __init__(self, *, shown: bool) -> None:
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[reached]}"),
            console=Console(stderr=True),
            disable=not shown,
            transient=True,
        )
        self._tasks: dict[int, TaskID] = {}
        self._said: set[str] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> "Progress":
        self._bars.start()
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Clear the bars; what is printed afterwards stands alone."""
        self._bars.stop()

    def observe(self, event: events.Event) -> None:
        """Take an event into account."""
        match event:
            case events.PageRead(channel_id, entries, oldest, remaining):
                with self._lock:
                    task = self._task(channel_id)
                    if task is None:
                        return
                    done = self._bars.tasks[task].completed + entries
                    speed = self._bars.tasks[task].speed
                    self._bars.update(
                        task,
                        completed=done,
                        total=done + (remaining or 0),
                        rate=f"{speed:,.0f} entries/s" if speed else "",
                        reached=f"back to {oldest:%Y-%m-%d}" if oldest else "",
                    )
            case events.RunEnded(run):
                with self._lock:
                    if (task := self._tasks.pop(run.channel_id, None)) is not None:
                        self._bars.remove_task(task)
            case events.WarehouseAwaited() | events.AskingAgain():
                self._say(output.waiting(event))
            case _:
                pass

    def _say(self, line: str | None) -> None:
        """A line above the bars, once, however many channels it concerns and numbers it names."""
        kind = _NUMBERS.sub("", line or "")
        with self._lock:
            if line is None or kind in self._said:
                return
            self._said.add(kind)
        if not self._bars.disable:
            self._bars.console.print(line, markup=False, highlight=False)

    def _task(self, channel_id: int) -> TaskID | None:
        if channel_id not in self._tasks and len(self._tasks) < _SHOWN:
            self._tasks[channel_id] = self._bars.add_task(
                f"channel {channel_id}", total=None, rate="", reached=""
            )
        return self._tasks.get(channel_id)
