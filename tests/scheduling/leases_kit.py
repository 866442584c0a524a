"""What every place of leases promises, and a Redis of a test's own."""

import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from fieldhouse.scheduling.leases import Leases

LONG = 3600.0
"""Seconds of a lease that no test outlives."""
HAS_REDIS = pytest.mark.skipif(
    shutil.which("redis-server") is None, reason="needs redis-server: apt-get install redis-server"
)


def until(found: Callable[[], bool], seconds: float = 200.0, every: float = 0.02) -> None:
    """Wait for what must come."""
    waiting = threading.Event()
    for _ in range(int(seconds / every)):
        if found():
            return
        waiting.wait(every)
    raise AssertionError("it did not come")


class RedisServer:
    """A Redis at a port of its own, which keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """As the settings name it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start, and wait until it answers."""
        given = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir"]
        self._process = subprocess.Popen(
            ["redis-server", *given, str(self._folder)], stdout=subprocess.DEVNULL
        )
        until(self._answers)

    def stop(self) -> None:
        """End at once, with all that it knows."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        with socket.socket() as asked:
            asked.settimeout(1)
            if asked.connect_ex(("127.0.0.1", self.port)):
                return False
            asked.sendall(b"PING\r\n")
            return asked.recv(16) == b"+PONG\r\n"


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """One that runs for the time of a ``with``."""
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class LeasesContract:
    """The promises of a place of leases, whatever it is: give the fixture ``leases``."""

    def test_no_channel_is_held_by_two(self, leases: Leases) -> None:
        """Who comes second gets what is free; who holds a channel keeps it."""
        assert set(leases.take("a", range(1, 11), LONG)) == set(range(1, 11))
        assert set(leases.take("b", range(5, 16), LONG)) == set(range(11, 16))
        assert set(leases.take("a", range(1, 16), LONG)) == set(range(1, 11))
        assert set(leases.take("b", [], LONG)) == set()

    def test_what_is_given_back_is_free(self, leases: Leases) -> None:
        """One's own can be given back, some or all; another's never."""
        leases.announce("a", LONG)
        leases.take("a", range(1, 6), LONG)
        leases.give_back("b", [1, 2])
        assert set(leases.take("b", range(1, 6), LONG)) == set()
        leases.give_back("a", [1, 2])
        assert set(leases.take("b", range(1, 6), LONG)) == {1, 2}
        leases.give_back("a", None)
        assert set(leases.take("b", range(1, 6), LONG)) == set(range(1, 6))
        assert "a" not in {worker.name for worker in leases.workers()}

    def test_a_lease_ends_by_itself(self, leases: Leases) -> None:
        """Who falls silent loses its channels to whoever asks next, and does not get them back."""
        assert set(leases.take("a", [1, 2], 0.05)) == {1, 2}
        taken: set[int] = set()

        def takes() -> bool:
            taken.update(leases.take("b", [1, 2], LONG))
            return taken == {1, 2}

        until(takes)
        assert set(leases.take("a", [1, 2], LONG)) == set()

    def test_a_race_has_one_winner_for_each_channel(self, leases: Leases) -> None:
        """Of eight that want the same at once each gets some or none, and all is given once."""
        with ThreadPoolExecutor(8) as pool:
            found = list(
                pool.map(lambda name: list(leases.take(name, range(1, 201), LONG)), "abcdefgh")
            )
        assert sorted(each for taken in found for each in taken) == list(range(1, 201))

    def test_who_is_there_is_known(self, leases: Leases) -> None:
        """A worker is there until it has been silent for as long as it said."""
        assert list(leases.announce("a", LONG)) == ["a"]
        assert set(leases.announce("b", 0.05)) == {"a", "b"}
        leases.take("a", [1, 2, 3], LONG)
        until(lambda: set(leases.announce("a", LONG)) == {"a"})
        (worker,) = leases.workers()
        assert (worker.name, worker.channels) == ("a", 3) and worker.since <= worker.seen

    def test_who_holds_what_is_told(self, leases: Leases) -> None:
        """Each channel with its holder and since when, which renewing does not change."""
        leases.take("a", [2, 1], LONG)
        first = {channel: (worker, since) for channel, worker, since in leases.held()}
        leases.take("a", [1, 2], LONG)
        leases.take("b", [3], LONG)
        held = list(leases.held())
        assert [(channel, worker) for channel, worker, _ in held] == [(1, "a"), (2, "a"), (3, "b")]
        assert {channel: (worker, since) for channel, worker, since in held[:2]} == first
