"""A bound for the whole of a request, from finding the server to the end of its answer.

A library's time-outs are for each operation: an answer that drips a byte now and then never meets
one. Here every operation of a socket gets what is left of the request's time.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import httpcore2

__all__ = ["LEAST_RATE", "LONGEST", "Deadline", "Network", "TlsFailed"]

T = TypeVar("T")

_MOMENT = 0.25
"""Seconds after which whoever waits looks whether it still may."""
_GRACE = 1.5
"""Seconds that an answer which is under way has to arrive once we are to stop."""
LEAST_RATE = 1_000
"""Bytes of an answer, as they come over the line, that give a request a second back."""
LONGEST = 30
"""How many times its time-out a request may last, however well its answer flows."""


class Deadline:
    """When a request must be over.

    It has ``timeout`` seconds to spend; every LEAST_RATE bytes that come give a second back, but
    never more than it began with. So silence ends it in time, whenever it begins, and so does a
    drip; a slow line that flows is listened to. LONGEST times ``timeout`` is the end in any case,
    and so is ``stop``, but for a moment: what is on its way is still taken.
    """

    def __init__(
        self,
        timeout: float,
        *,
        stop: threading.Event | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._timeout, self._stop, self._clock = timeout, stop or threading.Event(), clock
        self._began = self._at = clock()
        self._allowance = timeout
        self._end: float | None = None
        self.received = 0
        """Bytes that came."""
        self.opened: list[httpcore2.NetworkStream] = []
        """The connections that were made for the request."""

    @property
    def spent(self) -> float:
        """Seconds since the request began."""
        return self._clock() - self._began

    def left(self) -> float:
        """Seconds that the request may still wait for the next byte; 0 when it is over."""
        now = self._clock()
        if self._stop.is_set() and self._end is None:
            self._end = now + _GRACE
        last = self._began + self._timeout * LONGEST
        allowed = self._at + self._allowance
        return max(0.0, min(allowed, last if self._end is None else min(last, self._end)) - now)

    def came(self, size: int) -> None:
        """Count bytes of the answer."""
        self.received += size
        now = self._clock()
        rest = self._allowance - (now - self._at)
        self._allowance, self._at = min(self._timeout, rest + size / LEAST_RATE), now

    def abandon(self) -> None:
        """Close what was opened for the request: not every library does where it fails."""
        for stream in self.opened:
            stream.close()


class TlsFailed(httpcore2.ConnectError):
    """TLS could not be agreed on: with the first server of a connection, or with one behind it."""

    def __init__(self, reason: Exception, *, behind: bool) -> None:
        super().__init__(reason)
        self.reason, self.behind = reason, behind


class Network(httpcore2.NetworkBackend):
    """Sockets whose every operation is bounded by the `Deadline` that comes as its ``timeout``."""

    def __init__(self) -> None:
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: Any = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address that answers; each gets its share of the time."""
        deadline: Deadline = timeout
        addresses = _found(host, port, deadline)
        for place, address in enumerate(addresses, start=1):
            share = _some(deadline, httpcore2.ConnectTimeout) / (len(addresses) - place + 1)
            connect = partial(
                self._plain.connect_tcp, address, port, share, local_address, socket_options
            )
            try:
                plain = _apart(connect, deadline)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if place == len(addresses):
                    raise
            else:
                deadline.opened.append(stream := _Stream(plain))
                return stream
        raise httpcore2.ConnectError(f"{host} has no address")


class _Stream(httpcore2.NetworkStream):
    """A connection; ``behind`` a first server's TLS, or not."""

    def __init__(self, inner: httpcore2.NetworkStream, *, behind: bool = False) -> None:
        self._inner, self._behind = inner, behind

    def read(self, max_bytes: int, timeout: Any = None) -> bytes:
        deadline: Deadline = timeout
        while True:
            patience = min(_MOMENT, _some(deadline, httpcore2.ReadTimeout))
            try:
                data = self._inner.read(max_bytes, patience)
            except httpcore2.ReadTimeout:
                continue
            deadline.came(len(data))
            return data

    def write(self, buffer: bytes, timeout: Any = None) -> None:
        deadline: Deadline = timeout
        self._inner.write(buffer, _some(deadline, httpcore2.WriteTimeout))

    def close(self) -> None:
        """Close at once: who reads from it in another thread wakes up."""
        connection = self._inner.get_extra_info("socket")
        with suppress(OSError, AttributeError):
            connection.shutdown(socket.SHUT_RDWR)
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: Any = None,
    ) -> httpcore2.NetworkStream:
        deadline: Deadline = timeout
        seconds = _some(deadline, httpcore2.ConnectTimeout)
        secure = partial(self._inner.start_tls, ssl_context, server_hostname, seconds)
        try:
            secured = _apart(secure, deadline)
        except httpcore2.ConnectError as error:
            reason = error.args[0] if error.args else error
            raise TlsFailed(reason, behind=self._behind) from error
        return _Stream(secured, behind=True)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _some(deadline: Deadline, error: type[httpcore2.TimeoutException]) -> float:
    """What is left of the time. Raises ``error`` when there is none."""
    left = deadline.left()
    if left <= 0:
        raise error("the request's time is over")
    return left


def _found(host: str, port: int, deadline: Deadline) -> list[str]:
    """The addresses of a name, found by the system's resolver, which knows no time-out itself."""
    resolve = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = _apart(resolve, deadline)
    except (OSError, UnicodeError) as error:  # a label of a name can be too long for IDNA
        raise httpcore2.ConnectError(error) from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _apart(work: Callable[[], T], deadline: Deadline) -> T:
    """Do in a thread of its own what nothing can wake; left to itself when the time is over."""
    answer: Future[T] = Future()

    def do() -> None:
        try:
            answer.set_result(work())
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=do, name="connecting", daemon=True).start()
    try:
        while not wait([answer], min(_MOMENT, _some(deadline, httpcore2.ConnectTimeout))).done:
            pass
    except httpcore2.ConnectTimeout:
        answer.add_done_callback(_dropped)
        raise
    return answer.result()


def _dropped(answer: "Future[Any]") -> None:
    """Close the connection that came when nobody waited for it any more."""
    if not answer.exception() and isinstance(answer.result(), httpcore2.NetworkStream):
        answer.result().close()
