"""Answers that are made in threads, each step in its time; short ones whole, before they are sent.

What is no more than a megabyte is made whole first: it has an ETag, the digest of its content, and
what goes wrong has a status. What is longer is sent piece by piece; if that goes wrong, it breaks
off and is not ended, so that nobody takes it for all.
"""

import asyncio
import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TypeVar

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import Scope, Send

from fieldhouse.errors import DeadlinePassed, Interrupted
from fieldhouse.web.limits.sent import Ended, Sent, send_piecemeal
from fieldhouse.web.limits.threads import in_turn

__all__ = ["Answer"]

T = TypeVar("T")
_WHOLE = 1 << 20

Making = Callable[[threading.Event], Iterator[bytes]]


class Answer(Sent):
    """What ``making`` gives, each step within ``seconds``; its event is set when nobody waits.

    ``late`` are headers that are known once the first part is made; ``patience`` are the seconds
    that the first step waits for a thread, None for as long as it may take.
    """

    def __init__(
        self,
        making: Making,
        *,
        seconds: float,
        media_type: str,
        headers: dict[str, str],
        threads: anyio.CapacityLimiter,
        ending: threading.Event,
        late: Mapping[str, str] | None = None,
        patience: float | None = None,
    ) -> None:
        super().__init__(
            media_type=media_type, stop=threading.Event(), ending=ending, headers=headers
        )
        self._making, self._seconds, self._threads = making, seconds, threads
        self._late, self._patience = ({} if late is None else late), patience
        self._is_late = False

    async def made(self, scope: Scope, send: Send) -> None:
        """Make it step by step, in threads."""
        parts = self._making(self.stop)
        try:
            first, is_whole = await self._step(_first, parts)
            self.headers.update(self._late)
            if is_whole:
                await self._send_whole(b"".join(first), scope, send)
                return
            await self.begin(send)
            for part in first:
                await send_piecemeal(send, part)
            while (part := await self._step(next, parts, None)) is not None:
                await send_piecemeal(send, part)
            await self.end(send)
        finally:
            self.stop.set()
            with anyio.CancelScope(shield=True):
                await run_in_threadpool(_close, parts)

    async def _step(self, work: Callable[..., T], *given: object) -> T:
        """Do a part of the work, in a thread; what takes longer than it may is given up."""
        timer = asyncio.get_running_loop().call_later(self._seconds, self._give_up)
        try:
            patience, self._patience = self._patience, None
            return await in_turn(self._threads, patience, _told, work, given)
        except Ended:
            if self._is_late:
                raise DeadlinePassed(f"no answer within {self._seconds:g} s") from None
            raise
        finally:
            timer.cancel()

    def _give_up(self) -> None:
        self._is_late = True
        self.stop.set()

    async def _send_whole(self, body: bytes, scope: Scope, send: Send) -> None:
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        self.headers["etag"] = tag
        self.headers["cache-control"] = "private, no-cache"
        if scope["method"] in ("GET", "HEAD") and _names(Headers(scope=scope), tag):
            for name in ("content-type", "content-disposition"):
                if name in self.headers:
                    del self.headers[name]
            await self.begin(send, 304)
            await self.end(send)
            return
        self.headers["content-length"] = str(len(body))
        await self.begin(send)
        await self.end(send, body)


def _told(work: Callable[..., T], given: tuple[object, ...]) -> T:
    """Interrupted is an end of the whole process elsewhere; here it is that of an answer."""
    try:
        return work(*given)
    except Interrupted:
        raise Ended from None


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
