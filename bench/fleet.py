"""A turn over a fleet of which few channels have something new, the simulator by itself."""

import tempfile
import time
from collections.abc import Iterable
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from bench import sizes
from bench.processes import SPAWN, fresh, peak_memory
from bench.report import Figure, megabytes, milliseconds, rate
from bench.shared import Bench
from fieldhouse.simulator import Entry, Simulator, World

_FIRST = 100_000
_HELD = 24
"""Entries of each channel, five minutes apart: two hours."""
_SHARE = 20
"""One channel of so many has something new in a turn."""


class Turn(NamedTuple):
    """What a turn cost: seconds, seconds of CPU, requests, rows, runs that brought something."""

    wall: float
    cpu: float
    requests: int
    rows: int
    brought: int


class Fleet(NamedTuple):
    """What a process did with a fleet: filled it, polled it; its memory in the end, in bytes."""

    filled: Turn
    quiet: Turn
    news: Turn
    memory: int


def fleet(bench: Bench) -> Iterable[Figure]:
    """A large fleet beside a small one."""
    small, large = bench.sizes.fleet
    few, many = (fresh(measured, count, bench.folder) for count in (small, large))
    quiet, news = many.quiet, many.news
    yield Figure(
        "a turn", f"{news.wall:.1f} s", f"{large:,} channels, 5 % of which have something new",
        goal=f"≤ {sizes.FLEET_TURN:.0f} s", reached=news.wall <= sizes.FLEET_TURN,
    )  # fmt: skip
    yield Figure("channels a second", f"{large / news.wall:,.0f}", "in that turn")
    filled = many.filled
    yield Figure("filling", rate(filled.rows / filled.wall), f"{_HELD} entries of each channel")
    yield Figure("CPU a quiet poll", milliseconds(quiet.cpu / large), "nobody has anything new")
    yield Figure("CPU a channel", milliseconds(news.cpu / large), "5 % have something new")
    asked = quiet.requests / large
    yield Figure(
        "requests a quiet channel", f"{asked:.3f}", goal=f"≤ {sizes.FLEET_REQUESTS}",
        reached=asked <= sizes.FLEET_REQUESTS,
    )  # fmt: skip
    yield Figure("requests that brought something", f"{news.brought / news.requests:.1%}")
    ratio = many.memory / few.memory
    yield Figure(
        "memory", megabytes(many.memory), f"{megabytes(few.memory)} at {small:,} channels",
        goal=f"≤ {sizes.FLEET_MEMORY} times", reached=ratio <= sizes.FLEET_MEMORY,
    )  # fmt: skip


def measured(count: int, folder: Path) -> Fleet:
    """Fill a warehouse, poll it twice in vain, and once when 5 % have something new."""
    from fieldhouse.parts import build
    from fieldhouse.settings import Settings

    with tempfile.TemporaryDirectory(dir=folder) as own, _simulated(count) as (url, ask):
        settings = Settings(
            warehouse_url=f"duckdb:///{own}/w.duckdb", base_url=url, rate_limit_delay=0
        )
        with build(settings) as parts:
            filled = _turn(parts, count, ask)
            _turn(parts, count, ask)
            quiet = _turn(parts, count, ask)
            ask("news")
            news = _turn(parts, count, ask)
        return Fleet(filled, quiet, news, peak_memory())


def _turn(parts: Any, count: int, ask: Any) -> Turn:
    from fieldhouse.scheduling.fleet import run_fleet

    ask("seen")
    began, cpu = time.perf_counter(), time.process_time()
    runs = run_fleet(parts, range(_FIRST, _FIRST + count))
    took, spent = time.perf_counter() - began, time.process_time() - cpu
    if any(run.outcome != "success" for run in runs):
        raise RuntimeError("a poll failed")
    rows = sum(run.inserted for run in runs)
    return Turn(took, spent, ask("seen"), rows, sum(run.inserted > 0 for run in runs))


@contextmanager
def _simulated(count: int) -> Any:
    """The simulator in a process of its own: its address, and how it is asked."""
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=_serve, args=(theirs, count), daemon=True)
    process.start()

    def ask(what: str) -> Any:
        ours.send(what)
        return ours.recv()

    try:
        yield ours.recv(), ask
    finally:
        process.terminate()
        process.join()


def _serve(pipe: Connection, count: int) -> None:
    world = World(cache_seconds=0, write_interval=0)
    last = int(datetime.now(UTC).timestamp()) - 600
    held = [
        Entry(
            n, last - 300 * (_HELD - n), (f"{20 + n % 7}.{n % 10}", f"{50 + n % 9}.1", *(None,) * 6)
        )
        for n in range(1, _HELD + 1)
    ]
    for number in range(_FIRST, _FIRST + count):
        world.add_channel(number, fields={1: "T", 2: "H"}).write_many(held)
    with Simulator(world) as simulator:
        pipe.send(simulator.url)
        while what := pipe.recv():
            if what == "news":
                for number in range(_FIRST, _FIRST + count, _SHARE):
                    world.channels[number].write(None, {1: "21.5", 2: "44.0"})
            pipe.send(len(simulator.requests))
            simulator.requests.clear()
