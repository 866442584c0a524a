"""How much one may send, ask and leave unread."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Receive, Send

__all__ = ["Rates", "Reading", "Sending", "TooMuch"]

_MOST_KNOWN = 10_000
_BURST = 10.0
"""Seconds' worth of requests that may come at once."""


class TooMuch(Exception):
    """A body has more bytes than it may."""


class Reading:
    """Receives a body up to so many bytes."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive, self.most, self._taken = receive, most, 0

    async def __call__(self) -> Message:
        """The next part. Raises TooMuch."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._taken += len(message.get("body", b""))
            if self._taken > self.most:
                raise TooMuch
        return message


class Sending:
    """Sends an answer with our headers; one whom nobody reads for so long is given up."""

    def __init__(self, send: Send, seconds: float, headers: Mapping[str, str]) -> None:
        self._send, self._seconds, self._ours = send, seconds, headers
        self.has_begun = False

    async def __call__(self, message: Message) -> None:
        """Send a part of an answer."""
        if message["type"] == "http.response.start":
            self.has_begun = True
            headers = MutableHeaders(scope=message)
            for name, value in self._ours.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "private, no-store")
        try:
            await asyncio.wait_for(self._send(message), self._seconds)
        except TimeoutError:
            raise OSError("the client reads nothing") from None


class Rates:
    """How many requests each visitor has left: a bucket that fills as time goes by."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> bool:
        """Whether one more may be made, which it then is."""
        now, most = time.monotonic(), self._rate * _BURST
        left, at = self._buckets.pop(key, (most, now))
        left = min(most, left + (now - at) * self._rate)
        self._buckets[key] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > _MOST_KNOWN:
            self._buckets.popitem(last=False)
        return left >= 1
