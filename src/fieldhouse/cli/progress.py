"""What a long run is doing: how many channels are through, and how far those are that are at work.

Rates and times left are of the whole work so far; nothing begins anew with a page. Something moves
on the screen at any time: where no end can be foreseen, it says how long it has taken.
"""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.progress import Progress as Bars
from rich.table import Column
from rich.text import Text

from fieldhouse import events
from fieldhouse.cli import output

__all__ = ["Progress"]

_NUMBERS = re.compile(r"[\d.,]+")
_SHOWN = 8
"""Channels at work that have a line of their own at one time."""


@dataclass(slots=True)
class _Work:
    """A piece of work: when it began, what it has done, and how much of it is known to be left."""

    began: float
    done: int = 0
    left: int | None = None

    def rate(self, now: float) -> float:
        """Done in a second, since it began."""
        return self.done / max(now - self.began, 0.001)

    def ends(self, now: float) -> float | None:
        """When it will be through if it goes on like this, if that can be said."""
        return now + self.left / self.rate(now) if self.done and self.left is not None else None


@dataclass(slots=True)
class _Channel(_Work):
    task: TaskID | None = None
    note: str = "asking"
    again: float = field(default=0.0)
    """When it asks again, if it waits for that."""


class _Time(ProgressColumn):
    """How long it will take still, or where that can't be said how long it has taken."""

    def render(self, task: Task) -> Text:
        """As hours, minutes and seconds."""
        now = task.get_time()
        ends = task.fields["ends"]
        is_foreseen = ends is not None and ends > now  # what is read may still be analysed
        seconds = int(ends - now if is_foreseen else now - task.fields["began"])
        minutes, seconds = divmod(max(seconds, 0), 60)
        hours, minutes = divmod(minutes, 60)
        clock = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
        return Text(f"{clock} left" if is_foreseen else clock)


class _Note(ProgressColumn):
    """What is going on, with the seconds to an attempt that is waited for."""

    def render(self, task: Task) -> Text:
        """One line; its end gives way where the screen is narrow."""
        pause = task.fields["again"] - task.get_time()
        soon = f"again in {pause:.0f} s: " if pause > 0 else ""
        return Text(f"{soon}{task.fields['note']}")


class Progress:
    """Watches a run; prints nothing unless ``shown``. ``now`` is a clock in seconds."""

    def __init__(
        self,
        *,
        shown: bool,
        console: Console | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        whole = Column(no_wrap=True)
        right = Column(no_wrap=True, justify="right")
        self._bars = Bars(
            SpinnerColumn(table_column=whole),
            TextColumn("{task.description}", table_column=whole),
            BarColumn(bar_width=8, table_column=whole),
            TextColumn("{task.fields[count]}", table_column=right),
            TextColumn("{task.fields[rate]}", table_column=right),
            _Time(table_column=right),
            _Note(table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)),
            console=console or Console(stderr=True),
            disable=not shown,
            transient=True,
            expand=True,
            get_time=now,
        )
        self._shown, self._now = shown, now
        self._said: set[str] = set()
        self._channels: dict[int, _Channel] = {}
        self._all: _Work | None = None
        self._entries = 0
        self._overall: TaskID | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> "Progress":
        self._bars.start()
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.stop()

    def __rich__(self) -> object:
        """What stands on the screen."""
        return self._bars.get_renderable()

    def stop(self) -> None:
        """Clear the screen; what is printed afterwards stands alone."""
        self._bars.stop()

    def observe(self, event: events.Event) -> None:
        """Take an event into account."""
        if not self._shown:
            return
        with self._lock:
            self._take(event)

    def _take(self, event: events.Event) -> None:
        match event:
            case events.FleetStarted(channels):
                self._begin(channels)
            case events.RunStarted(channel_id):
                self._channels[channel_id] = _Channel(self._now())
                self._show(channel_id)
            case events.PageRead(channel_id, entries, oldest, remaining):
                self._page(channel_id, entries, remaining)
                self._show(channel_id, f"back to {oldest:%Y-%m-%d}" if oldest else "")
            case events.AskingAgain(channel_id, why, seconds) if channel_id is not None:
                self._show(channel_id, why, again=self._now() + seconds)
            case events.AnalysisStarted(channel_ids):
                for channel_id in channel_ids:
                    self._show(channel_id, "aggregating")
            case events.RunEnded(run):
                self._end(run.channel_id)
            case events.WarehouseAwaited() | events.AskingAgain():
                self._say(output.waiting(event))
            case _:
                pass
        self._tell_all()

    def _say(self, line: str | None) -> None:
        """A line above the bars, once, however many channels it concerns and numbers it names."""
        kind = _NUMBERS.sub("", line or "")
        if line is None or kind in self._said:
            return
        self._said.add(kind)
        if not self._bars.disable:
            self._bars.console.print(line, markup=False, highlight=False)

    def _begin(self, channels: int) -> None:
        self._all = _Work(self._now(), left=channels)
        if channels > 1:
            self._overall = self._bars.add_task("", total=channels, **_fields(self._all))

    def _page(self, channel_id: int, entries: int, remaining: int | None) -> None:
        self._entries += entries
        if channel := self._channels.get(channel_id):
            channel.done += entries
            channel.left = remaining

    def _end(self, channel_id: int) -> None:
        ended = self._channels.pop(channel_id, None)
        if ended and ended.task is not None:
            self._bars.remove_task(ended.task)
        if self._all:
            self._all.done += 1
            self._all.left = max(0, (self._all.left or 0) - 1)
        for waiting in self._channels:  # one of those without a line gets the one that is free
            if self._channels[waiting].task is None:
                self._show(waiting)
                break

    def _show(self, channel_id: int, note: str | None = None, *, again: float = 0.0) -> None:
        """Bring a channel's line up to date; one that has none gets one if there is room."""
        if (channel := self._channels.get(channel_id)) is None:
            return
        channel.again = again
        channel.note = channel.note if note is None else note
        if channel.task is None:
            if sum(each.task is not None for each in self._channels.values()) >= _SHOWN:
                return
            channel.task = self._bars.add_task(f"channel {channel_id}", **_fields(channel))
        total = None if channel.left is None else channel.done + channel.left
        self._bars.update(
            channel.task,
            completed=channel.done,
            total=total,
            count=_count(channel.done, total),
            rate=f"{channel.rate(self._now()):,.0f}/s" if channel.done else "",
            ends=channel.ends(self._now()),
            note=channel.note,
            again=channel.again,
        )

    def _tell_all(self) -> None:
        if self._all is None or self._overall is None:
            return
        now, whole = self._now(), self._all
        channels = whole.done + (whole.left or 0)
        rate = self._entries / max(now - whole.began, 0.001)
        self._bars.update(
            self._overall,
            description="channels",
            completed=whole.done,
            count=_count(whole.done, channels),
            rate=f"{rate:,.0f}/s" if self._entries else "",
            ends=whole.ends(now),
            note=f"{len(self._channels)} at work",
        )


def _count(done: int, total: int | None) -> str:
    if total is not None:
        return f"{done:,} of {total:,}"
    return f"{done:,}" if done else ""


def _fields(work: _Work) -> dict[str, Any]:
    return {
        "count": "",
        "rate": "",
        "began": work.began,
        "ends": None,
        "note": "",
        "again": 0.0,
    }
