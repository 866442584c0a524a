"""ThingSpeak's endpoints over a warehouse, served; simulated channels copied into one."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from protocol_kit import NOON, Serve, running
from starlette.applications import Starlette

from fieldhouse.pipeline import build
from fieldhouse.scheduling.fleet import run_fleet
from fieldhouse.settings import Settings
from fieldhouse.simulator import Clock, Entry, Simulator, World
from fieldhouse.warehouse import Warehouse, open_warehouse
from fieldhouse.web.thingspeak import routes

UGLY = ("21.5", "nan", None, "-3", "", "ON", "12,5", "0.25", "=1+1", 'a "quote", <b>&\r\n', "é")


@pytest.fixture(scope="module")
def serve() -> Iterator[Serve]:
    """Serve a warehouse's endpoints; the base URL. The options are those of ``routes``."""
    with ExitStack() as held:

        def serving(house: Warehouse, **options: Any) -> str:
            app = Starlette(routes=routes(house, **options))
            return held.enter_context(running(app))

        yield serving


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Warehouse]:
    """An empty warehouse."""
    with closing(open_warehouse(tmp_path / "house.duckdb")) as warehouse:
        warehouse.migrate()
        yield warehouse


@pytest.fixture(scope="module")
def frozen() -> World:
    """Noon, 2024-05-01: channel 9 with all that is ugly in it, channel 10 with plain numbers."""
    world = World(Clock(frozen=NOON), cache_seconds=0)
    begin = int((NOON - timedelta(days=30)).timestamp())
    ugly = world.add_channel(
        9, name="Ugly & <b>", fields={1: "T", 3: "Wind", 8: "Text"}, description='of "all", kinds'
    )
    entries = []
    for n in range(300):
        at = begin + n * 8_000 + (n % 7) * 13
        if n % 50 == 49:  # the second of the entry before, an even one
            at = begin + (n - 1) * 8_000
            entries[-1] = Entry(n, at, entries[-1].fields)
        text = UGLY[n % len(UGLY)]
        values = (text, "hidden", UGLY[(n + 3) % len(UGLY)], None, None, None, None, "é" * (n % 3))
        place = ("47.25", "8.5", "400 m") if n % 9 == 0 else (None, None, None)
        status = ("fine", "", "late, “really”")[n % 3] if n % 4 == 0 else None
        entries.append(Entry(n + 1, at, values, *place, status))
    ugly.write_many(entries)
    plain = world.add_channel(10, name="Plain", fields={1: "T", 2: "H"}, elevation="27 m")
    plain.write_many(
        Entry(
            n + 1,
            begin + n * 700 + (n % 11) * 29 + (n // 100) * 40_000,
            (_quarters(n * 37 % 400 - 100), _quarters(n * 11 % 90), *[None] * 6),
        )
        for n in range(600)
    )
    world.add_channel(11, name="Empty")
    return world


def _quarters(number: int) -> str:
    """A quarter of a number, whose sums are exact in floats too; without zeros behind it."""
    return f"{number / 4:.2f}".rstrip("0").rstrip(".")


@pytest.fixture(scope="module")
def copied(frozen: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """The frozen world's channels, copied by the real client."""
    url = f"duckdb:///{tmp_path_factory.mktemp('copied') / 'house.duckdb'}"
    with Simulator(frozen) as simulator:
        settings = Settings(
            warehouse_url=url, base_url=simulator.url, rate_limit_delay=0.0, daily_budget=None
        )
        with build(settings) as parts:
            runs = run_fleet(parts, [9, 10, 11])
    assert all(run.outcome == "success" for run in runs)
    with closing(open_warehouse(url)) as warehouse:
        yield warehouse


@pytest.fixture(scope="module")
def ours(copied: Warehouse, frozen: World, serve: Serve) -> Iterator[httpx2.Client]:
    """A client of the copy, whose clock is the frozen world's."""
    now = frozen.clock.now().timestamp()
    url = serve(copied, may_share=lambda _: True, clock=lambda: now)
    with httpx2.Client(base_url=url, timeout=60) as client:
        yield client
