"""Answers that are made while they are sent, for as long as somebody waits for them."""

import logging
import threading
from abc import abstractmethod

import anyio
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

__all__ = ["Ended", "Sent", "send_piecemeal"]

logger = logging.getLogger(__name__)

_LOOK = 0.2
"""Seconds between two looks whether the server ends."""
_PIECE = 1 << 18
"""Bytes given to a connection at a time: what it can't send at once, it keeps in memory."""


class Ended(Exception):
    """The work was given up: nobody waits for it."""


class Sent(Response):
    """An answer whose length nobody knows yet; ``stop`` is set once nobody waits for it.

    That is when the client hangs up or, with ``ending``, when the server ends. What goes wrong
    before anything was sent is raised; afterwards the answer breaks off and is not ended, so that
    nobody takes it for all.
    """

    def __init__(
        self,
        *,
        media_type: str,
        stop: threading.Event,
        ending: threading.Event | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(headers=headers, media_type=media_type)
        del self.headers["content-length"]
        self.stop, self._ending = stop, ending

    @abstractmethod
    async def made(self, scope: Scope, send: Send) -> None:
        """Make the answer, and send it from its beginning to its end."""
        ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or as much as is waited for."""
        failed: list[Exception] = []
        has_begun = False

        async def sending(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        async with anyio.create_task_group() as group:
            group.start_soon(self._listen, receive, group.cancel_scope)
            try:
                await self.made(scope, sending)
            except Ended:
                return
            except Exception as error:
                failed.append(error)
            finally:
                self.stop.set()
            group.cancel_scope.cancel()
        if failed and has_begun:
            logger.warning("An answer broke off: %s", failed[0])
        elif failed:
            raise failed[0]

    async def _listen(self, receive: Receive, scope: anyio.CancelScope) -> None:
        """Give up when the client hangs up, or the server ends."""
        try:
            while not (self._ending and self._ending.is_set()):
                with anyio.move_on_after(_LOOK if self._ending else None):
                    if (await receive())["type"] == "http.disconnect":
                        break
            scope.cancel()
        finally:
            self.stop.set()

    async def begin(self, send: Send, status: int | None = None) -> None:
        """Send the head."""
        head = {"status": status or self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **head})

    async def end(self, send: Send, body: bytes = b"") -> None:
        """Send the last of it."""
        await send({"type": "http.response.body", "body": body, "more_body": False})


async def send_piecemeal(send: Send, part: bytes | memoryview) -> None:
    """Send a part of a body, no more at a time than a connection should keep."""
    view = memoryview(part)
    for place in range(0, len(view), _PIECE):
        piece = view[place : place + _PIECE]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
