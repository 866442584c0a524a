"""Answers that are made while they are sent, in threads, for as long as somebody waits for them.

What is no more than a megabyte is made whole first: it has an ETag, the digest of its content, and
what goes wrong has a status. What is longer is sent piece by piece; if that goes wrong, it breaks
off and is not ended, so that nobody takes it for all.
"""

import asyncio
import hashlib
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeVar

import anyio
import anyio.to_thread
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from fieldhouse.errors import DeadlinePassed, Interrupted

__all__ = ["Answer"]

logger = logging.getLogger(__name__)

T = TypeVar("T")
_WHOLE = 1 << 20
_PIECE = 1 << 18
"""Bytes given to a connection at a time: what it can't send at once, it keeps in memory."""

_LOOK = 0.2
"""Seconds between two looks whether the server ends."""

Making = Callable[[threading.Event], Iterator[bytes]]


class Answer(Response):
    """What ``making`` gives, each step within ``seconds``; its event is set when nobody waits."""

    def __init__(
        self,
        making: Making,
        *,
        seconds: float,
        media_type: str,
        headers: dict[str, str],
        threads: anyio.CapacityLimiter,
        ending: threading.Event,
    ) -> None:
        super().__init__(headers=headers, media_type=media_type)
        del self.headers["content-length"]  # nobody knows it yet
        self._making, self._seconds, self._threads = making, seconds, threads
        self._ending, self._stop = ending, threading.Event()
        self._is_late = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; raises what making it raises, as long as nothing of it was sent."""
        failed: list[Exception] = []
        has_begun = False

        async def sending(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        async with anyio.create_task_group() as group:
            group.start_soon(self._listen, receive, group.cancel_scope)
            try:
                await self._answer(scope, sending)
            except _Ended:
                return
            except Exception as error:
                failed.append(error)
            group.cancel_scope.cancel()
        if failed and has_begun:
            logger.warning("An answer broke off: %s", failed[0])
        elif failed:
            raise failed[0]

    async def _listen(self, receive: Receive, scope: anyio.CancelScope) -> None:
        """Give up when the client hangs up, or the server ends."""
        try:
            while not self._ending.is_set():
                with anyio.move_on_after(_LOOK):
                    if (await receive())["type"] == "http.disconnect":
                        break
            scope.cancel()
        finally:
            self._stop.set()

    async def _answer(self, scope: Scope, send: Send) -> None:
        parts = self._making(self._stop)
        try:
            first, is_whole = await self._step(_first, parts)
            if is_whole:
                await self._send_whole(b"".join(first), scope, send)
                return
            await _begin(send, self.status_code, self.raw_headers)
            for part in first:
                await _send_part(send, part)
            while (part := await self._step(next, parts, None)) is not None:
                await _send_part(send, part)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._stop.set()
            with anyio.CancelScope(shield=True):
                await run_in_threadpool(_close, parts)

    async def _step(self, work: Callable[..., T], *given: object) -> T:
        """Do a part of the work, in a thread; what takes longer than it may is given up."""
        timer = asyncio.get_running_loop().call_later(self._seconds, self._give_up)
        try:
            return await anyio.to_thread.run_sync(_told, work, given, limiter=self._threads)
        except _Ended:
            if self._is_late:
                raise DeadlinePassed(f"no answer within {self._seconds:g} s") from None
            raise
        finally:
            timer.cancel()

    def _give_up(self) -> None:
        self._is_late = True
        self._stop.set()

    async def _send_whole(self, body: bytes, scope: Scope, send: Send) -> None:
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        self.headers["etag"] = tag
        self.headers["cache-control"] = "private, no-cache"
        if scope["method"] in ("GET", "HEAD") and _names(Headers(scope=scope), tag):
            for name in ("content-type", "content-disposition"):
                if name in self.headers:
                    del self.headers[name]
            await _begin(send, 304, self.raw_headers)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        self.headers["content-length"] = str(len(body))
        await _begin(send, self.status_code, self.raw_headers)
        await send({"type": "http.response.body", "body": body, "more_body": False})


class _Ended(Exception):
    """The work was given up."""


def _told(work: Callable[..., T], given: tuple[object, ...]) -> T:
    """Interrupted is an end of the whole process elsewhere; here it is that of an answer."""
    try:
        return work(*given)
    except Interrupted:
        raise _Ended from None


def _first(parts: Iterator[bytes]) -> tuple[list[bytes], bool]:
    """The first megabyte, and whether that is all."""
    held: list[bytes] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size > _WHOLE:
            return held, False
    return held, True


def _close(parts: Iterator[bytes]) -> None:
    with suppress(ValueError):  # a step of it is still going on, and will end it
        parts.close()  # type: ignore[attr-defined]


def _names(headers: Headers, tag: str) -> bool:
    """Whether a client holds this very answer."""
    given = headers.get("if-none-match", "")
    held = {one.strip().removeprefix("W/") for one in given.split(",")}
    return tag in held or "*" in held


async def _begin(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def _send_part(send: Send, part: bytes) -> None:
    view = memoryview(part)
    for place in range(0, len(view), _PIECE):
        piece = view[place : place + _PIECE]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
