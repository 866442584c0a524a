"""How long a client may take to ask: uvicorn waits for the end of a request as long as it takes."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["PatientProtocol"]

_SECONDS = 15.0
"""For the head of a request, from the first byte, and for the first request of a connection."""


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that hangs up on whoever does not finish asking (slowloris)."""

    _waited: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A client is there."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Some bytes came, perhaps the last of a request's head."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before or (self.cycle and not self.cycle.response_complete):
            self._stop_waiting()
        elif self._waited is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._waited = self.loop.call_later(_SECONDS, self._hang_up)

    def _stop_waiting(self) -> None:
        if self._waited is not None:
            self._waited.cancel()
            self._waited = None

    def _hang_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()
