"""How long a client may take to ask, and to take its answer: uvicorn waits for ever.

Slowloris and its like hold connections, and with them memory and files, for nothing.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["PatientProtocol"]

_HEAD = 15.0
"""Seconds for the head of a request, from its first byte, and for the first one of a connection."""
_MOST_CONNECTIONS = 2_000
_REFUSED_ABOVE = _MOST_CONNECTIONS + 200
"""Beyond the first, requests are answered 503; beyond this, connections are closed unheard."""


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that hangs up on who does not finish asking, or takes nothing of what it is sent."""

    most_connections = _MOST_CONNECTIONS

    def __init__(self, *, seconds: float = 30.0, **given: Any) -> None:
        """``seconds``: how long a client may take nothing of what was sent."""
        super().__init__(**given)
        self.access_log = False  # addresses hold tokens; a logger's settings are others' as well
        self._seconds = seconds
        self._asking: asyncio.TimerHandle | None = None
        self._taking: asyncio.TimerHandle | None = None
        self._unread = 0

    def connection_made(self, transport: Any) -> None:
        """A client is there."""
        super().connection_made(transport)
        # told as soon as anything lies unread; 0 would be never
        transport.set_write_buffer_limits(high=1)
        if len(self.connections) > _REFUSED_ABOVE:
            transport.abort()
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Some bytes came, perhaps the last of a request's head."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before or (self.cycle and not self.cycle.response_complete):
            _cancel(self._asking)
            self._asking = None
        elif self._asking is None:
            self._wait_for_head()

    def pause_writing(self) -> None:
        """What was sent lies unread."""
        super().pause_writing()
        self._unread = self.transport.get_write_buffer_size()
        self._taking = self.loop.call_later(self._seconds, self._look)

    def resume_writing(self) -> None:
        """It was taken."""
        super().resume_writing()
        _cancel(self._taking)
        self._taking = None

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        _cancel(self._asking)
        _cancel(self._taking)
        super().connection_lost(exc)

    def _wait_for_head(self) -> None:
        self._asking = self.loop.call_later(min(_HEAD, self._seconds), self._hang_up)

    def _look(self) -> None:
        """Hang up on who has taken nothing since; who is slow has all the time that he needs."""
        left = self.transport.get_write_buffer_size()
        if left >= self._unread:
            self._hang_up()
        else:
            self._unread = left
            self._taking = self.loop.call_later(self._seconds, self._look)

    def _hang_up(self) -> None:
        self.transport.abort()


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
