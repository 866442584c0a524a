"""How much one may send and ask, and how slowly."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Send

__all__ = ["Rates", "Reading", "Sending", "too_long"]

_MOST_KNOWN = 10_000
_BURST = 10.0
"""Seconds' worth of requests that may come at once."""


_SLOWEST = 16_384
"""Bytes of a body that come in a second, at the least; so far they buy time."""


class Reading:
    """Receives a body up to so many bytes, in its time."""

    def __init__(self, receive: Receive, most: int, seconds: float) -> None:
        self._receive, self._most = receive, most
        self._taken, self._is_whole = 0, False
        self._ends_at = time.monotonic() + seconds

    async def __call__(self) -> Message:
        """The next part. Raises HTTPException, 413 or 408."""
        if self._is_whole:  # what comes now is that the client is gone
            return await self._receive()
        left = self._ends_at + self._taken / _SLOWEST - time.monotonic()
        try:
            message = await asyncio.wait_for(self._receive(), max(left, 0))
        except TimeoutError:
            raise HTTPException(408, "the request's body does not come", _LAST) from None
        if message["type"] == "http.request":
            self._is_whole = not message.get("more_body", False)
            self._taken += len(message.get("body", b""))
            if self._taken > self._most:
                raise HTTPException(413, too_long(self._most), _LAST)
        return message


_LAST = {"Connection": "close"}


def too_long(most: int) -> str:
    """What is said to a body that has more bytes."""
    return f"a request's body has at most {most:,} bytes"


class Sending:
    """Sends an answer with our headers."""

    def __init__(self, send: Send, headers: Mapping[str, str]) -> None:
        self._send, self._ours = send, headers

    async def __call__(self, message: Message) -> None:
        """Send a part of an answer."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in self._ours.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "private, no-store")
        await self._send(message)


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
