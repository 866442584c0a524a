"""Mosquitto, started on a free port for a test, killed and started again as the test likes.

And a broker that hangs up on whoever asks for a topic that it does not allow, as AWS's does and
Mosquitto never would.
"""

import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from fieldhouse.simulator import Publisher, World

__all__ = ["Mosquitto", "Rude", "free_port", "mosquitto", "program", "told", "until"]

_PLACES = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/sbin"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def until(true: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something to become true; a test whose wait is in vain has failed."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.01)


def program(name: str) -> str:
    """Where a program of Mosquitto's is; without it the test is skipped."""
    if found := shutil.which(name, path=_PLACES):
        return found
    pytest.skip(f"{name} is not installed: apt install mosquitto")


class Mosquitto:
    """A broker with a folder of its own; ``more`` are lines of its configuration."""

    def __init__(self, folder: Path, more: Sequence[str] = ("allow_anonymous true",)) -> None:
        self.port, self._folder = free_port(), folder
        self.log = folder / "mosquitto.log"
        self._lines = [
            "listener {port} 127.0.0.1",
            "user root",  # or it could not write its log; without root it stays who it is
            "persistence false",
            "log_type all",
            f"log_dest file {self.log}",
            *more,
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run it, until it answers."""
        conf = self._folder / "mosquitto.conf"
        conf.write_text("\n".join(line.format(port=self.port) for line in self._lines) + "\n")
        self._process = subprocess.Popen(
            [program("mosquitto"), "-c", str(conf)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self._answers)

    def kill(self) -> None:
        """Have it gone at once, as a machine that loses its power."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def lines(self, text: str) -> list[str]:
        """The lines of its log that hold a text."""
        return [line for line in self.log.read_text().splitlines() if text in line]

    def _answers(self) -> bool:
        assert self._process and self._process.poll() is None, "mosquitto has ended"
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False


@contextmanager
def mosquitto(folder: Path, *more: str) -> Iterator[Mosquitto]:
    """A broker that runs; the test is skipped where there is none."""
    broker = Mosquitto(folder, more or ("allow_anonymous true",))
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


@contextmanager
def told(world: World, broker: Mosquitto) -> Iterator[None]:
    """Have a broker told of what is written to a world."""
    with Publisher("127.0.0.1", broker.port) as publisher:
        world.listeners.append(publisher)
        yield
        world.listeners.remove(publisher)


class Rude:
    """A broker that hangs up on whoever asks for a forbidden topic, or refuses just that one."""

    def __init__(self, forbidden: Collection[int], *, hangs_up: bool = True) -> None:
        self.forbidden, self._hangs_up = set(forbidden), hangs_up
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._serving = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "Rude":
        self._serving.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._serving.join(10)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                with connection, suppress(ConnectionError, EOFError):
                    self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        while True:
            kind, body = _packet(connection)
            if kind == 1:  # CONNECT
                connection.sendall(b"\x20\x02\x00\x00")
            elif kind == 8:  # SUBSCRIBE
                asked = _channels(body[2:])
                if self._hangs_up and self.forbidden & set(asked):
                    return
                codes = bytes(0x80 if number in self.forbidden else 0 for number in asked)
                connection.sendall(b"\x90" + _length(2 + len(codes)) + body[:2] + codes)


def _packet(connection: socket.socket) -> tuple[int, bytes]:
    kind, length, shift = _exactly(connection, 1)[0] >> 4, 0, 0
    while True:
        byte = _exactly(connection, 1)[0]
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return kind, _exactly(connection, length)


def _exactly(connection: socket.socket, count: int) -> bytes:
    read = b""
    while len(read) < count:
        if not (more := connection.recv(count - len(read))):
            raise EOFError
        read += more
    return read


def _channels(body: bytes) -> list[int]:
    """The channels of the topics in a packet that asks for some."""
    found = []
    while body:
        (length,) = struct.unpack(">H", body[:2])
        found.append(int(body[2 : 2 + length].split(b"/")[1]))
        body = body[3 + length :]
    return found


def _length(number: int) -> bytes:
    head = b""
    while True:
        number, low = divmod(number, 128)
        head += bytes([low | (128 if number else 0)])
        if not number:
            return head
