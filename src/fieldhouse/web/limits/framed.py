"""Answers of frames, sent as they come, to other processes of ours."""

import threading
from collections.abc import AsyncIterator, Iterator

import anyio
from starlette.types import Scope, Send

from fieldhouse.warehouse import wire
from fieldhouse.warehouse.wire import END, PULSE, Frame
from fieldhouse.web.limits.sent import Sent, send_piecemeal

__all__ = ["Framed", "in_threads"]

_SMALL = 1 << 16
"""Bytes of a frame that go with its head."""


class Framed(Sent):
    """Frames, with a pulse where nothing comes for a while; ``stop`` is set when nobody listens."""

    def __init__(self, frames: AsyncIterator[Frame], stop: threading.Event) -> None:
        super().__init__(media_type="application/octet-stream", stop=stop)
        self._frames = frames
        self._sending = anyio.Lock()
        self._heard = True

    async def made(self, scope: Scope, send: Send) -> None:
        """Send all, or as much as is listened to."""
        await self.begin(send)
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._beat, send)
                async for frame in self._frames:
                    await self._send(send, frame)
                await self._send(send, END)
                group.cancel_scope.cancel()
        finally:
            self.stop.set()
            with anyio.CancelScope(shield=True):
                await self._frames.aclose()  # type: ignore[attr-defined]
        await self.end(send)

    async def _beat(self, send: Send) -> None:
        while True:
            self._heard = False
            await anyio.sleep(wire.PULSE_SECONDS)
            if not self._heard:
                await self._send(send, PULSE)

    async def _send(self, send: Send, frame: Frame) -> None:
        async with self._sending:
            data = memoryview(frame.data)
            await send_piecemeal(send, frame.head() + bytes(data[:_SMALL]))
            if len(data) > _SMALL:
                await send_piecemeal(send, data[_SMALL:])
            self._heard = True


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
