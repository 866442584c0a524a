"""Workers of one fleet as processes: two are killed, one comes, their Redis is restarted."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from leases_kit import HAS_REDIS, RedisServer, redis_server, until

from fieldhouse.scheduling.in_redis import InRedis, house_of
from fieldhouse.simulator import Entry, Fault, Simulator, World
from fieldhouse.warehouse import open_warehouse

CHANNELS = range(1001, 1025)
DELAY = 0.1
"""Seconds between two requests of all workers together."""
SETTINGS = """
[thingspeak]
rate_limit_delay = 0.1
daily_budget = 5000
timeout = 2.0
[schedule]
shortest = 2
longest = 2
leases = "{redis}"
lease = 6
"""


@contextmanager
def process(folder: Path, *arguments: str) -> "Iterator[subprocess.Popen[str]]":
    """A command, killed at the end if it still runs; what it says goes into a file."""
    log = folder / f"log-{time.monotonic_ns()}"
    with (
        log.open("w") as said,
        subprocess.Popen(
            [sys.executable, "-m", "fieldhouse", *arguments],
            cwd=folder,
            env={name: text for name, text in os.environ.items() if "THINGSPEAK" not in name}
            | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p.endswith("src"))},
            stdout=said,
            stderr=said,
            text=True,
            start_new_session=True,
        ) as running,
    ):
        try:
            yield running
        finally:
            if running.poll() is None:
                running.kill()


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Channels that answer so slowly that the requests of several are under way at once."""
    world = World(cache_seconds=0)
    now = int(world.clock.now().timestamp())
    for number in CHANNELS:
        channel = world.add_channel(number, fields={1: "T"})
        channel.write_many(
            Entry(n, now - 900 - 300 * (12 - n), (f"{n}", *(None,) * 7)) for n in range(1, 12)
        )
    with Simulator(world) as server:
        server.faults.add(Fault("stall", times=None, seconds=0.4))
        yield server


def asked(simulator: Simulator, since: int = 0) -> Counter[int]:
    """How often each channel was asked for."""
    paths = (seen.path for seen in simulator.requests[since:])
    return Counter(int(found[1]) for path in paths if (found := re.match(r"/channels/(\d+)", path)))


def listed(folder: Path) -> list[dict[str, object]]:
    """What the command lists."""
    with process(folder, "workers", "--json") as running:
        running.wait(60)
    newest = max(folder.glob("log-*"), key=lambda each: each.name)
    found: list[dict[str, object]] = json.loads(newest.read_text())
    return found


def shared(leases: InRedis, workers: int) -> bool:
    """Whether so many are there, and hold all channels, each some of them."""
    counts = [worker.channels for worker in leases.workers()]
    return len(counts) == workers and all(counts) and sum(counts) == len(CHANNELS)


def all_are_polled(simulator: Simulator) -> None:
    """Wait until every channel has been asked for from now on."""
    since = len(simulator.requests)
    until(lambda: set(asked(simulator, since)) == set(CHANNELS), every=0.2)


@HAS_REDIS
def test_workers_come_and_go(tmp_path: Path, simulator: Simulator) -> None:
    """Four poll, two are killed, one comes, Redis forgets all: each channel is polled on by one.

    And all together keep one pace and one budget, as the server that they ask has counted.
    """
    with ExitStack() as stack:
        redis: RedisServer = stack.enter_context(redis_server(tmp_path))
        settings = SETTINGS.format(redis=redis.url)
        named = "".join(f"[channels.{number}]\n" for number in CHANNELS)
        (tmp_path / "fieldhouse.toml").write_text(
            settings + named + f'[warehouse]\nurl = "{tmp_path}/w.duckdb"\n'
        )
        (tmp_path / ".env").write_text(f"THINGSPEAK_BASE_URL={simulator.url}\n")
        owner = stack.enter_context(process(tmp_path, "serve", "--every", "0", "--port", "0"))
        until((tmp_path / "w.duckdb.owner").exists)
        began = time.monotonic()
        team = [stack.enter_context(process(tmp_path, "schedule")) for _ in range(4)]
        all_are_polled(simulator)
        leases = InRedis(redis.url, None, house_of(f"{tmp_path}/w.duckdb"))
        until(lambda: shared(leases, 4), every=0.5)
        assert {each["worker"]: each["channels"] for each in listed(tmp_path)} == {
            worker.name: worker.channels for worker in leases.workers()
        }

        for killed in team[:2]:
            killed.kill()
        team = [*team[2:], stack.enter_context(process(tmp_path, "schedule"))]
        all_are_polled(simulator)

        redis.stop()
        redis.start()
        all_are_polled(simulator)
        until(lambda: shared(leases, 3), every=0.5)
        assert max(simulator.at_once.values()) == 1

        for each in team:
            each.send_signal(signal.SIGINT)
        assert [each.wait(60) for each in team] == [130] * 3
        took, made = time.monotonic() - began, len(simulator.requests)
        owner.send_signal(signal.SIGINT)
        owner.wait(60)
        assert set(asked(simulator)) == set(CHANNELS)
        assert dict(simulator.at_once) == dict.fromkeys(CHANNELS, 1)
        assert made <= took / DELAY + 1
        with open_warehouse(tmp_path / "w.duckdb", read_only=True) as house:
            counted = house.query("requests_on", day=time.strftime("%Y-%m-%d", time.gmtime()))
            assert made <= counted["Requests"][0].as_py() <= made + 2 * 20
