"""The part on growth: what docs/scale.md works out on paper, measured or simulated."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from bench import history
from bench.processes import fresh
from bench.queueing import Fleet, told
from bench.report import Figure, times
from bench.shared import Bench
from fieldhouse.parts import build
from fieldhouse.scheduling.fleet import run_fleet
from fieldhouse.settings import Settings
from fieldhouse.simulator import Clock, Simulator, World
from fieldhouse.warehouse import open_warehouse

_CADENCE = timedelta(minutes=5)
_CHANNELS = 10
_ROWS = 500_000
_POLLED = 3
_PAUSE = timedelta(hours=1)
_REPORTED = timedelta(minutes=15)
_BEFORE = 48
"""Turns that go before what is counted: the channels have a history then."""
_EXACT = 1.05

_FLEETS = (
    Fleet(1_000, 3_600, 1.0, 0.3, 4),
    Fleet(3_000, 3_600, 1.0, 0.3, 4),
    Fleet(10_000, 3_600, 1.0, 0.3, 4),
    Fleet(10_000, 900, 0.05, 0.3, 8),
    Fleet(100_000, 3_600, 0.03, 0.3, 16),
)
"""On time; nearly all of the pace; far behind; a pace of 20 a second; ten workers' worth."""
_TOLD = ((100, 300.0, 1.0), (240, 300.0, 1.0), (5_000, 300.0, 0.05))


class Stored(NamedTuple):
    """Bytes of a warehouse with its readings, and with their aggregates; how many periods."""

    readings: int
    all: int
    periods: int


def growth(bench: Bench) -> Iterator[Figure]:
    """Storage, requests and delay, each beside its arithmetic."""
    yield from _storage(bench)
    yield from _requests(bench)
    for fleet in _FLEETS:
        yield _beside(
            f"{fleet.channels:,} channels each {fleet.pause / 60:.0f} min, {1 / fleet.pace:.0f}/s",
            fleet.delay,
            fleet.simulated(),
            f"mean wait of a new reading; {fleet.share:.0%} of the pace",
        )
    for channels, cadence, pace in _TOLD:
        paper, waited = told(channels, cadence, pace)
        share = channels / cadence * pace
        what = f"{channels:,} channels told of, {1 / pace:.0f}/s"
        yield _beside(what, paper, waited, f"mean wait of a hint; {share:.0%} of the pace")


def _beside(what: str, paper: float, simulated: float, note: str) -> Figure:
    ratio = max(paper, simulated) / min(paper, simulated)
    note = f"{note}; {paper:,.2f} s on paper, {simulated:,.2f} s simulated"
    return Figure(what, times(ratio), note, f"≤ {_EXACT} times", ratio <= _EXACT)


def _storage(bench: Bench) -> Iterator[Figure]:
    engines = {"DuckDB": "duckdb:///{}/grown.duckdb"}
    if find_spec("chdb"):
        engines["ClickHouse (chdb)"] = "chdb:///{}/grown.chdb"
    rows = min(_ROWS, bench.sizes.rows)
    for engine, url in engines.items():
        folder = bench.folder / engine.split()[0]
        folder.mkdir()
        stored = fresh(_stored, url.format(folder), folder, rows)
        note = f"{rows:,} readings of eight fields, {_CHANNELS} channels, one in five minutes"
        yield Figure(f"{engine}: bytes a reading", f"{stored.readings / rows:,.0f}", note)
        periods = (stored.all - stored.readings) / stored.periods
        note = f"{stored.periods:,} hours, days and weeks of them, with their marks"
        yield Figure(f"{engine}: bytes a period", f"{periods:,.0f}", note)


def _stored(url: str, folder: Path, rows: int) -> Stored:
    each, sizes = rows // _CHANNELS, list[int]()
    with open_warehouse(url) as house:
        house.migrate()
        step = 50_000 // _CHANNELS
        for low in range(1, each + 1, step):
            channels = [history.Channel(n, each, _CADENCE) for n in range(1, _CHANNELS + 1)]
            house.load([one.batch(low, min(low + step, each + 1)) for one in channels])
    sizes.append(_size(folder))
    with open_warehouse(url) as house:
        history.refresh(house)
        count = house.sql("SELECT count(*) AS n FROM iot.AggregatedData")["n"][0].as_py()
    sizes.append(_size(folder))
    return Stored(*sizes, count)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _requests(bench: Bench) -> Iterator[Figure]:
    turns = min(bench.sizes.turns, timedelta(days=1) // _PAUSE)
    asked = fresh(_day, bench.folder / "asked.duckdb", turns)
    beside = asked / _POLLED - turns
    yield Figure(
        "requests beside the polls, a channel",
        f"{beside:,.1f}",
        f"{_POLLED} channels that report every 15 minutes, polled {turns} times in"
        f" {turns * _PAUSE / timedelta(hours=1):g} hours",
        goal="≤ 2",
        reached=beside <= 2,
    )


def _day(file: Path, turns: int) -> int:
    """Requests of a simulated day, after the histories were read."""
    world = World(Clock(datetime(2026, 6, 1)))
    channels = [world.add_channel(number) for number in range(1, _POLLED + 1)]
    with Simulator(world) as simulator:
        settings = Settings(
            warehouse_url=str(file), base_url=simulator.url, rate_limit_delay=0, proxies=False
        )
        with build(settings, clock=lambda: world.clock.now().replace(tzinfo=None)) as parts:
            for turn in range(_BEFORE + turns):
                if turn == _BEFORE:
                    before = len(simulator.requests)
                world.clock.advance(_PAUSE.total_seconds())
                for channel in channels:
                    for quarter in range(_PAUSE // _REPORTED):
                        at = world.clock.now() - quarter * _REPORTED - timedelta(minutes=1)
                        channel.write(at, {1: f"{turn}"})
                runs = run_fleet(parts, list(world.channels))
                if any(run.outcome != "success" for run in runs):
                    raise RuntimeError("a poll failed")
            return len(simulator.requests) - before
