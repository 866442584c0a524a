"""What happens, passed on to whoever listens at the moment."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from fieldhouse import events

__all__ = ["Broadcast", "about"]


class Broadcast:
    """An observer that passes on what happened to whoever listens at the moment."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._listeners: tuple[events.Observer, ...] = ()

    def __call__(self, event: events.Event) -> None:
        for listener in self._listeners:
            events.tell(listener, event)

    @contextmanager
    def heard_by(self, listener: events.Observer) -> Iterator[None]:
        """Let a listener hear, for the time of a ``with``; it must be quick."""
        with self._changing:
            self._listeners = (*self._listeners, listener)
        try:
            yield
        finally:
            with self._changing:
                self._listeners = tuple(one for one in self._listeners if one is not listener)


def about(channel_ids: set[int], observe: events.Observer) -> events.Observer:
    """An observer that hears of some channels only."""

    def heard(event: events.Event) -> None:
        match event:
            case events.AnalysisStarted():
                here = tuple(n for n in event.channel_ids if n in channel_ids)
                if here:
                    observe(replace(event, channel_ids=here))
            case events.RunEnded():
                if event.run.channel_id in channel_ids:
                    observe(event)
            case events.FleetStarted() | events.WarehouseAwaited() | events.FileRead():
                pass  # of no channel, so perhaps another job's
            case (
                events.LoadEnded()
                | events.WarehouseFailed()
                | events.RefreshEnded()
                | events.Looked()
                | events.Surveyed()
            ):
                pass  # the process's own
            case _:
                if event.channel_id is None or event.channel_id in channel_ids:
                    observe(event)

    return heard
