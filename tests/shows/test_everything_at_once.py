"""Many entries with everything that can go wrong, against the simulator's own record."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fieldhouse.simulator import Channel, Clock, Entry, Fault, Simulator, World
from fieldhouse.warehouse import open_warehouse

ENTRIES = 250_000
"""Thirty-two pages: what more of them would show, memory and pace, `make bench` measures."""
CHANNEL = 9


def populate(channel: Channel, now: int) -> None:
    """Entries every 20 s; seconds of three at every page border; a hole of 151 ids."""
    chance = random.Random(3)
    values = [f"{chance.uniform(-20, 40):.2f}" for _ in range(1000)]
    begin = now - ENTRIES * 20
    channel.write_many(
        Entry(
            id=i if i < 100_000 else i + 151,
            created_at=begin + (i - i % 3 if i % 1000 < 9 else i) * 20,
            fields=(values[i % 1000], values[i * 7 % 1000], *(None,) * 6),
        )
        for i in range(1, ENTRIES + 1)
    )


class Command:
    """The command line, as its own process, against a simulator and one file."""

    def __init__(self, simulator: Simulator, path: Path) -> None:
        self.simulator, self.path = simulator, path
        self.environment = {
            **os.environ,
            "THINGSPEAK_BASE_URL": simulator.url,
            "THINGSPEAK_RATE_LIMIT_DELAY": "0",
            "FIELDHOUSE_WAREHOUSE": f"duckdb:///{path}",
        }

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "fieldhouse", *arguments]
        pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(command, env=self.environment, cwd=self.path.parent, **pipes)

    def run(self, *arguments: str, code: int = 0) -> str:
        with self.start(*arguments) as process:
            output, _ = process.communicate(timeout=240)
        assert process.returncode == code, output
        return output

    def kill(self, *arguments: str, after_requests: int) -> None:
        """Start it, and kill -9 it once it has made so many more requests."""
        limit = len(self.simulator.requests) + after_requests
        with self.start(*arguments) as process:
            while len(self.simulator.requests) < limit:
                assert process.poll() is None, "it ended before it could be killed"
                time.sleep(0.002)
            process.send_signal(signal.SIGKILL)


def rows(path: Path) -> list[tuple[int, int, int, str]]:
    """What the warehouse holds: epoch, id, unix seconds, the first value."""
    warehouse = open_warehouse(str(path), read_only=True)
    try:
        answer = warehouse.stream(
            "SELECT Epoch, EntryID, epoch_us(CreatedAt) // 1000000 AS At, Field1::DOUBLE AS V "
            "FROM iot.SensorReadings ORDER BY Epoch, EntryID"
        ).read_all()
        assert warehouse.query("duplicate_audit").num_rows == 0
        return list(zip(*(column.to_pylist() for column in answer.columns), strict=True))
    finally:
        warehouse.close()


def record(channel: Channel) -> list[tuple[int, int, int, float]]:
    """What the simulator wrote, in the same form."""
    return [
        (life, entry.id, entry.created_at, float(str(entry.fields[0])))
        for life, entries in enumerate(channel.record, start=1)
        for entry in sorted(entries, key=lambda each: each.id)
    ]


def current(path: Path) -> list[tuple[int, int, float]]:
    """The readings that count: id, unix seconds, the first value."""
    warehouse = open_warehouse(str(path), read_only=True)
    try:
        answer = warehouse.stream(
            "SELECT EntryID, epoch_us(CreatedAt) // 1000000 AS At, Field1::DOUBLE AS V "
            "FROM iot.CurrentReadings ORDER BY EntryID, CreatedAt"
        ).read_all()
        return list(zip(*(column.to_pylist() for column in answer.columns), strict=True))
    finally:
        warehouse.close()


def served(channel: Channel) -> list[tuple[int, int, float]]:
    """What the simulator serves now, in the same form."""
    return sorted((e.id, e.created_at, float(str(e.fields[0]))) for e in channel.entries)


@pytest.mark.timeout(1200)
def test_everything_that_can_go_wrong(tmp_path: Path) -> None:
    """Duplicate seconds, an id gap, late rows, 2041, dips, stale pages, a clear with a re-import.

    With a kill -9 in the middle of either life, and a resume: after backfill and run the warehouse
    equals the simulator's own record exactly; after the re-import, what counts is what is served.
    """
    world = World(clock=Clock())
    channel = world.add_channel(id=CHANNEL, name="Everything", fields={1: "A", 2: "B"})
    populate(channel, int(world.clock.now().timestamp()))
    for i in range(40):
        at = datetime(2041, 1, 1, tzinfo=UTC) + timedelta(seconds=i // 2)
        channel.write(created_at=at, fields={1: "41"})
    path = tmp_path / "w.duckdb"
    with Simulator(world) as simulator:
        command = Command(simulator, path)

        command.kill("backfill", "9", after_requests=12)
        weeks_ago = world.clock.now() - timedelta(days=40)
        for i in range(300):
            channel.write(created_at=weeks_ago + timedelta(seconds=i), fields={1: "7"})
        simulator.faults.add(Fault("dip", path_contains="feeds.json", after=4, value=5))
        simulator.faults.add(Fault("dip", path_contains="feeds.json", after=12, value=None))
        simulator.faults.add(Fault("503", path_contains="feeds.json", after=8))
        command.run("backfill", "9")
        assert rows(path) == record(channel)

        channel.write(fields={1: "8"})
        command.run("run", "9")
        assert rows(path) == record(channel)

        old = channel.entries
        channel.clear()
        channel.write_many(
            Entry(id=i, created_at=each.created_at, fields=each.fields)
            for i, each in enumerate((e for e in old if e.id % 7), start=1)
        )
        for after in (0, 8, 12):
            simulator.faults.add(Fault("stale", path_contains="feeds.json", after=after))
        command.run("run", "9")  # a stale page: nothing seems to be new
        command.kill("run", "9", after_requests=14)
        command.run("run", "9")
        command.run("run", "9")
        assert current(path) == served(channel)
        fired = sorted(each.kind for each in simulator.faults.fired)
        assert fired == ["503", "dip", "dip", "stale", "stale", "stale"]
