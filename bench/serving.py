"""The server: its pages and its API beside the bare questions, under load, and over a day."""

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from bench import history, reporting, server, sizes
from bench.processes import alongside, fresh
from bench.report import Figure, megabytes, milliseconds, times
from bench.shared import Bench

_YEAR = f"from={history.HISTORY_END - timedelta(days=365):%Y-%m-%d}"
_WEEK = f"from={history.HISTORY_END - timedelta(days=7):%Y-%m-%d}"
_OF_ONE = f"/api/channels/{history.CHANNEL}"
_ASKED = {
    "the overview": "/",
    "all channels": "/api/channels",
    "how each stands": "/api/status",
    "a week of readings": f"{_OF_ONE}/readings?{_WEEK}",
    "a week of readings, Arrow": f"{_OF_ONE}/readings.arrow?{_WEEK}",
    "a year by hours, a field": f"{_OF_ONE}/periods?every=1h&field=1&{_YEAR}",
    "a year by days": f"{_OF_ONE}/periods?every=1d&{_YEAR}",
    "the newest reading": f"{_OF_ONE}/latest",
    "anomalies": f"{_OF_ONE}/anomalies?field=1&method=ZSCORE&as_of=latest",
    "a month's trend": f"{_OF_ONE}/trend?field=1&as_of=latest",
    "quality": f"{_OF_ONE}/quality",
    "runs": "/api/runs",
    "the page of the API": "/api",
}
"""What is asked of the server."""
_BROWSED = ("/", "/api/status", f"{_OF_ONE}/latest", f"{_OF_ONE}/periods?every=1h&field=1&{_WEEK}")
"""What a browser asks for in its turn."""
_BROWSERS = 200
_EVERY = 10.0
"""Seconds between two requests of a browser."""
_CHANNELS = 50
_TURN = timedelta(minutes=5)


class Timed(NamedTuple):
    """Seconds of requests, and how many were not answered with 200."""

    seconds: list[float]
    failed: int

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.seconds)

    @property
    def late(self) -> float:
        """The 95th percentile."""
        return statistics.quantiles(self.seconds, n=20)[-1]


# Each call by itself


def calls(bench: Bench) -> Iterator[Figure]:
    """Each page and call, over loopback, beside the bare question in a process of its own."""
    rows = bench.sizes.report_rows
    file = bench.folder / "served.duckdb"
    fresh(reporting.fill, file, rows)
    repeats = 10 * bench.sizes.quick_repeats
    bare = fresh(_bare, file, repeats)
    with alongside(_serve, file, None) as url, _client(url) as client:
        for name, path in _ASKED.items():
            size = len(client.get(path).content)
            took = Timed([_seconds(client, path) for _ in range(repeats)], 0)
            beside = f"the bare question {milliseconds(bare[name])}, " if name in bare else ""
            yield Figure(
                name,
                f"{milliseconds(took.median)} / {milliseconds(took.late)}",
                f"median / 95th percentile; {beside}{size / 1000:,.0f} KB; {rows:,} readings",
                goal=f"≤ {sizes.ANSWER * 1000:.0f} / {sizes.LATE_ANSWER * 1000:.0f} ms",
                reached=took.median <= sizes.ANSWER and took.late <= sizes.LATE_ANSWER,
            )


def _seconds(client: httpx2.Client, path: str) -> float:
    began = time.perf_counter()
    client.get(path).raise_for_status()
    return time.perf_counter() - began


def _bare(file: Path, repeats: int) -> dict[str, float]:
    """Medians of the same questions, asked of the warehouse without a server."""
    from fieldhouse import read
    from fieldhouse.warehouse import open_warehouse

    with open_warehouse(file) as house:
        end = history.HISTORY_END
        year, week, of_one = end - timedelta(days=365), end - timedelta(days=7), history.CHANNEL
        asked: dict[str, Callable[[], object]] = {
            "the overview": lambda: house.query("status"),
            "all channels": lambda: house.query("channels"),
            "how each stands": lambda: house.query("status"),
            "a week of readings": lambda: read(of_one, start=week, warehouse=house),
            "a week of readings, Arrow": lambda: read(of_one, start=week, warehouse=house),
            "a year by hours, a field": lambda: read(
                of_one, 1, start=year, every="1h", warehouse=house
            ),
            "a year by days": lambda: read(of_one, start=year, every="1d", warehouse=house),
            "anomalies": lambda: house.query(
                "usp_DetectAnomalies", channel_id=of_one, field_number=1, as_of=end
            ),
            "a month's trend": lambda: house.query(
                "usp_GetTrendAnalysis", channel_id=of_one, field_number=1, as_of=end
            ),
            "quality": lambda: house.query("quality_days", channel_id=of_one),
            "runs": lambda: house.query("runs"),
        }
        return {
            name: statistics.median(_timed(ask) for _ in range(repeats))
            for name, ask in asked.items()
        }


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


# Under load


def load(bench: Bench) -> Iterator[Figure]:
    """Two hundred browsers while a long history is copied: both alone, and together."""
    file = bench.folder / "loaded.duckdb"
    fresh(reporting.fill, file, bench.sizes.short_history)
    rows = bench.sizes.rows
    with alongside(_serve, file, bench.server.url) as url:
        alone = _browse(url, bench.sizes.browsing)
        copied = _backfilled(url, server.SHORT)
        ended = threading.Event()
        browsed: list[Timed] = []
        browsing = threading.Thread(
            target=lambda: browsed.append(_browse(url, bench.sizes.browsing, ended))
        )
        browsing.start()
        together = _backfilled(url, server.LONG)
        ended.set()
        browsing.join()
    slower = together / rows / (copied / bench.sizes.quarter)
    yield Figure(
        "a backfill, beside the browsers",
        times(slower),
        f"{rows:,} rows in {together:.0f} s, {bench.sizes.quarter:,} in {copied:.0f} s alone;"
        " by the row",
        goal=f"≤ {sizes.BESIDE:g} times",
        reached=slower <= sizes.BESIDE,
    )
    ratio = browsed[0].median / alone.median
    yield Figure(
        "the browsers, beside the backfill",
        times(ratio),
        f"{_BROWSERS} browsers, a request each in {_EVERY:g} s: median"
        f" {milliseconds(browsed[0].median)} (95th {milliseconds(browsed[0].late)}) beside"
        f" {milliseconds(alone.median)} ({milliseconds(alone.late)}) alone;"
        f" {alone.failed + browsed[0].failed} not answered",
        goal=f"≤ {sizes.BESIDE:g} times",
        reached=ratio <= sizes.BESIDE and not alone.failed + browsed[0].failed,
    )


def _browse(url: str, seconds: float, until: threading.Event | None = None) -> Timed:
    """Browsers that each ask for something every ten seconds, for so long, or until told."""
    found: list[float] = []
    failed: list[int] = []
    ended = until or threading.Event()

    def browse(number: int) -> None:
        with _client(url) as client:
            ended.wait(number * _EVERY / _BROWSERS)
            turn = number
            while not ended.is_set():
                began = time.perf_counter()
                answer = client.get(_BROWSED[turn % len(_BROWSED)])
                took = time.perf_counter() - began
                found.append(took)
                failed.extend([answer.status_code] * (answer.status_code != 200))
                turn += 1
                ended.wait(_EVERY - took)

    browsers = [threading.Thread(target=browse, args=(n,)) for n in range(_BROWSERS)]
    for one in browsers:
        one.start()
    if until is None:
        time.sleep(seconds)
        ended.set()
    for one in browsers:
        one.join()
    return Timed(found, len(failed))


def _backfilled(url: str, channel: int) -> float:
    """Seconds from the order of a backfill to its end."""
    with _client(url) as client:
        began = time.perf_counter()
        order = {"kind": "backfill", "channels": [str(channel)]}
        number = client.post("/api/jobs", json=order).raise_for_status().json()["number"]
        while not (job := client.get(f"/api/jobs/{number}").json())["ended_at"]:
            time.sleep(0.25)
        if job["error"] or any(run["outcome"] != "success" for run in job["runs"]):
            raise RuntimeError(f"the backfill failed: {job}")
        return time.perf_counter() - began


# Over a day


def soak(bench: Bench) -> Iterator[Figure]:
    """A day of the schedule over fifty channels, in minutes: what it keeps in memory."""
    turns = bench.sizes.turns
    resident, took = fresh(_day, bench.folder / "day.duckdb", turns)
    quarters = ", ".join(megabytes(size) for size in resident)
    growth = resident[-1] / resident[1]
    yield Figure(
        f"{turns * _TURN / timedelta(hours=1):g} hours of serve, {_CHANNELS} channels",
        times(growth),
        f"resident at the start and at each quarter: {quarters}; {turns} turns in {took:.0f} s;"
        " the last quarter over the first",
        goal=f"≤ {sizes.STEADY:g} times",
        reached=growth <= sizes.STEADY,
    )


def _day(file: Path, turns: int) -> tuple[list[int], float]:
    """Serve in this process while the world's clock runs on; resident memory at each quarter."""
    from fieldhouse.simulator import Clock, Simulator, World, demo

    world = World(clock=Clock(datetime(2026, 6, 1)))
    channels = [channel.id for channel in demo.fleet(world, _CHANNELS, days=7)]
    began = time.perf_counter()
    resident = []
    with Simulator(world) as simulator, _served(file, simulator.url, world) as (url, jobs):
        _turn(jobs, channels)
        with _client(url) as client:
            for number in range(turns + 1):
                if number % max(turns // 4, 1) == 0:
                    resident.append(_resident())
                world.clock.advance(_TURN.total_seconds())
                demo.live_all_on(world)
                _turn(jobs, channels)
                one = channels[number % _CHANNELS]
                for path in ("/", "/api/status", f"/api/channels/{one}/latest"):
                    client.get(path).raise_for_status()
    return resident, time.perf_counter() - began


def _turn(jobs: Any, channels: list[int]) -> None:
    job = jobs.start(channels, kind="poll")
    job.wait()
    if job.error or any(run.outcome != "success" for run in job.runs):
        raise RuntimeError(f"a turn failed: {job}")


def _resident() -> int:
    """Resident memory of this process now, in bytes (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


@contextmanager
def _served(file: Path, source: str, world: Any) -> Iterator[tuple[str, Any]]:
    """The server of `fieldhouse serve`, in a thread, on the world's clock."""
    from fieldhouse.settings import Settings
    from fieldhouse.web.served import Rules
    from fieldhouse.web.serving import Address, Server, served_with

    settings = Settings(warehouse_url=str(file), base_url=source, rate_limit_delay=0)
    address = Address(port=0)
    is_ready = threading.Event()
    clock = lambda: world.clock.now().replace(tzinfo=None)  # noqa: E731
    with (
        served_with(settings, Rules(), every=None, clock=clock) as served,
        address.listening() as listening,
    ):
        made = Server(served, address, ready=is_ready.set)
        thread = threading.Thread(target=made.run, args=([listening],))
        thread.start()
        is_ready.wait()
        try:
            yield address.url(listening.getsockname()[1]), served.jobs
        finally:
            made.should_exit = True
            thread.join()


# The process


def _serve(pipe: Connection, file: Path, source: str | None) -> None:
    """`fieldhouse serve` on a file, without a schedule; it sends its address."""
    from fieldhouse.settings import Settings
    from fieldhouse.web.served import Rules
    from fieldhouse.web.serving import Address, serve

    given = {"base_url": source} if source else {}
    settings = Settings(warehouse_url=str(file), rate_limit_delay=0, **given)
    serve(settings, Rules(), Address(port=0), ready=pipe.send)


def _client(url: str) -> httpx2.Client:
    return httpx2.Client(base_url=url, trust_env=False, verify=False, timeout=120)
