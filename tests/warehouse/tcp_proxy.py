"""A TCP proxy between a client and a server, which can lose their connections at a chosen place."""

import select
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

_CHUNK = 16_384
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER for no seconds: to close is to reset, as a server does that is killed."""


def _nothing() -> None:
    pass


@dataclass(slots=True)
class Cut:
    """Where all connections are lost, once.

    After ``sent`` bytes from client to server; or, with ``answer_to``, at the first byte of the
    answer to what held these bytes, which is not passed on. ``then`` is called at the cut, before
    anybody is told of it.
    """

    sent: int | None = None
    answer_to: bytes = b""
    then: Callable[[], None] = _nothing


class Proxy:
    """Listens on a port of its own as long as it is entered, and passes all on to a server."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listener = _listening(0)
        self.port: int = self._listener.getsockname()[1]
        self.cut_at: Cut | None = None
        self.cuts = 0
        """How often connections were lost."""
        self.accepted = 0
        """How many connections there have been."""
        self._lock = threading.RLock()
        self._pairs: set[_Pair] = set()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.refuse()
        self.cut()
        for thread in self._threads:
            thread.join()

    def cut(self) -> None:
        """Lose all connections now."""
        with self._lock:
            self.cuts += bool(self._pairs)
            for pair in list(self._pairs):
                pair.drop()
            self._pairs.clear()

    def refuse(self) -> None:
        """Be a port where nobody listens, until ``accept``."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def accept(self) -> None:
        """Listen again, on the same port."""
        self._listener = _listening(self.port)
        self._listen()

    def _listen(self) -> None:
        self._start(self._accept, self._listener)

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = listener.accept()
                pair = _Pair(client, socket.create_connection(self._server))
                with self._lock:
                    self.accepted += 1
                    self._pairs.add(pair)
                self._start(self._pass_on, pair)

    def _pass_on(self, pair: "_Pair") -> None:
        with suppress(OSError, ValueError):  # one of the two hung up, or was cut: its number is -1
            while True:
                for source in select.select([pair.client, pair.server], [], [])[0]:
                    chunk = source.recv(_CHUNK)
                    if not chunk:
                        raise ConnectionResetError
                    if self._is_cut(pair, chunk, sent=source is pair.client):
                        return
                    pair.other(source).sendall(chunk)
        with self._lock:
            self._pairs.discard(pair)
            pair.drop()

    def _is_cut(self, pair: "_Pair", chunk: bytes, *, sent: bool) -> bool:
        with self._lock:
            cut = self.cut_at
            if cut is None or not pair.reaches(cut, chunk, sent=sent):
                return False
            self.cut_at = None
            cut.then()
            self.cut()
            return True


class _Pair:
    """A client's connection and the one to the server that was made for it."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client, self.server = client, server
        self._sent, self._asked, self._tail = 0, False, b""

    def other(self, one: socket.socket) -> socket.socket:
        return self.server if one is self.client else self.client

    def reaches(self, cut: Cut, chunk: bytes, *, sent: bool) -> bool:
        """Whether a cut is due with this chunk; what was sent counts from when there is a cut."""
        if not sent:
            return self._asked
        self._sent += len(chunk)
        self._tail = (self._tail + chunk)[-_CHUNK - len(cut.answer_to) :]
        self._asked = self._asked or (bool(cut.answer_to) and cut.answer_to in self._tail)
        return cut.sent is not None and self._sent >= cut.sent

    def drop(self) -> None:
        for each in (self.client, self.server):
            with suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def _listening(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    return listener
