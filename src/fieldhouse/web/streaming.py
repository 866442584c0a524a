"""Answers of frames, sent as they come; who hangs up is not worked for any longer."""

import threading
from collections.abc import AsyncIterator, Iterator

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fieldhouse.warehouse import wire
from fieldhouse.warehouse.wire import END, PULSE, Frame

__all__ = ["Answer", "in_threads"]

_PIECE = 1 << 18
"""Bytes that are given to the connection at a time: what it can't send it keeps in memory."""


class Answer(Response):
    """Frames, with a pulse where nothing comes for a while; ``stop`` is set when nobody listens."""

    media_type = "application/octet-stream"

    def __init__(self, frames: AsyncIterator[Frame], stop: threading.Event) -> None:
        super().__init__()
        del self.headers["content-length"]  # nobody knows it yet
        self._frames, self._stop = frames, stop
        self._sending = anyio.Lock()
        self._heard = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send all, or as much as is listened to."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._listen, receive, group.cancel_scope)
                group.start_soon(self._beat, send)
                async for frame in self._frames:
                    await self._send(send, frame)
                await self._send(send, END)
                group.cancel_scope.cancel()
        finally:
            self._stop.set()
            with anyio.CancelScope(shield=True):
                await self._frames.aclose()  # type: ignore[attr-defined]
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _listen(self, receive: Receive, scope: anyio.CancelScope) -> None:
        """Give up when the other side hangs up."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self._stop.set()
        scope.cancel()

    async def _beat(self, send: Send) -> None:
        while True:
            self._heard = False
            await anyio.sleep(wire.PULSE_SECONDS)
            if not self._heard:
                await self._send(send, PULSE)

    async def _send(self, send: Send, frame: Frame) -> None:
        data = memoryview(frame.data)
        async with self._sending:
            if len(data) <= _PIECE:
                await _body(send, frame.head() + bytes(data))
            else:
                await _body(send, frame.head())
                for place in range(0, len(data), _PIECE):
                    await _body(send, data[place : place + _PIECE])
            self._heard = True


async def _body(send: Send, data: bytes | memoryview) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})


async def in_threads(
    frames: Iterator[Frame], limiter: anyio.CapacityLimiter
) -> AsyncIterator[Frame]:
    """What a generator gives, each of its steps in a thread; ended with this."""
    try:
        while (
            frame := await anyio.to_thread.run_sync(next, frames, None, limiter=limiter)
        ) is not None:
            yield frame
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(frames.close)  # type: ignore[attr-defined]
