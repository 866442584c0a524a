"""What pages and zooms cost: ten years at one-minute cadence, and a thousand channels."""

import random
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2

from bench import history, reporting, sizes
from bench.processes import fresh
from bench.report import Figure, milliseconds
from bench.shared import Bench
from fieldhouse.settings import load_settings
from fieldhouse.web.served import Rules
from fieldhouse.web.serving import Address, Server, served_with

_CADENCE = timedelta(minutes=10)
_EACH = 1008
"""Readings of each of many channels: a week."""
_MANY = range(20_001, 21_001)


def pages(bench: Bench) -> Iterator[Figure]:
    """The overview, a channel's page over several spans, and random zooms of it."""
    one, many = bench.folder / "report.duckdb", bench.folder / "many.duckdb"
    if not one.exists():
        fresh(reporting.fill, one, bench.sizes.report_rows)
    ids = _MANY[: bench.sizes.polled_channels * 5]
    fresh(_fill, many, ids)
    count = bench.sizes.quick_repeats * 3
    with _served(many) as (client, timed):
        addresses = ["/", "/?q=2000&sort=score"]
        for address in addresses:
            yield _figure(f"{len(ids):,} channels: {address}", client, timed, [address] * count)
    page = f"/channel/{history.CHANNEL}"
    with _served(one) as (client, timed):
        for last in ("1h", "7d", "1y", "all"):
            yield _figure(f"{page}?last={last}", client, timed, [f"{page}?last={last}"] * count)
        zooms = [f"{page}/figure?{span}&width=1000" for span in _spans(bench, 3 * count)]
        yield _figure("zooms into it, from minutes to years", client, timed, zooms)


def _spans(bench: Bench, count: int) -> Iterator[str]:
    """Spans of all lengths from ten minutes to the whole history, anywhere in it."""
    chance, years = random.Random(4), bench.sizes.report_rows * timedelta(minutes=1)
    for _ in range(count):
        length = timedelta(seconds=600 * (years.total_seconds() / 600) ** chance.random())
        end = sizes.HISTORY_END - (years - length) * chance.random()
        yield f"from={end - length:%Y-%m-%dT%H:%M:%S}Z&to={end:%Y-%m-%dT%H:%M:%S}Z"


def _figure(what: str, client: httpx2.Client, timed: "_Timed", asked: Sequence[str]) -> Figure:
    """Requests one after the other: their median and 95th percentile, and their weight."""
    client.get(asked[0]).raise_for_status()
    whole, bare, weight = [], [], 0
    for address in asked:
        timed.seconds = 0.0
        began = time.perf_counter()
        with client.stream("GET", address) as answer:
            size = sum(len(part) for part in answer.iter_raw())
        whole.append(time.perf_counter() - began)
        answer.raise_for_status()
        bare.append(timed.seconds)
        weight = max(weight, size)
    middle, late = statistics.median(whole), statistics.quantiles(whole, n=20)[-1]
    return Figure(
        what,
        f"{milliseconds(middle)}, {milliseconds(late)}",
        f"the median, 95 %; its questions alone {milliseconds(statistics.median(bare))};"
        f" {weight / 1000:,.0f} KB compressed",
        goal=f"≤ {milliseconds(sizes.PAGE_MEDIAN)}, {milliseconds(sizes.PAGE_LATE)}",
        reached=middle <= sizes.PAGE_MEDIAN and late <= sizes.PAGE_LATE,
    )


@dataclass
class _Timed:
    """A warehouse that says how long its questions took since it was last asked that."""

    house: Any
    seconds: float = field(default=0.0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.house, name)

    def query(self, name: str, *given: Any, **parameters: Any) -> Any:
        began = time.perf_counter()
        try:
            return self.house.query(name, *given, **parameters)
        finally:
            self.seconds += time.perf_counter() - began


@contextmanager
def _served(file: Path) -> Iterator[tuple[httpx2.Client, _Timed]]:
    """A warehouse, served as `fieldhouse serve` does, as of the end of its history."""
    settings = load_settings({"warehouse_url": f"duckdb:///{file}"}, environ={})
    address, ready = Address(port=0), threading.Event()
    clock = lambda: sizes.HISTORY_END  # noqa: E731
    with served_with(settings, Rules(), every=None, clock=clock) as served:
        timed = _Timed(served.warehouse)
        with address.listening() as socket:
            server = Server(replace(served, warehouse=timed), address, ready=ready.set)  # type: ignore[arg-type]
            run = threading.Thread(target=server.run, args=([socket],))
            run.start()
            ready.wait()
            try:
                url = address.url(socket.getsockname()[1])
                with httpx2.Client(base_url=url, headers={"Accept": "text/html"}) as client:
                    yield client, timed
            finally:
                server.should_exit = True
                run.join()


def _fill(file: Path, channel_ids: Sequence[int]) -> None:
    """A warehouse of many small channels, aggregated and judged."""
    from fieldhouse.warehouse import open_warehouse

    file.unlink(missing_ok=True)
    warehouse = open_warehouse(str(file))
    try:
        warehouse.migrate()
        channels = [history.Channel(number, _EACH, _CADENCE) for number in channel_ids]
        for low in range(0, len(channels), 100):
            warehouse.load([each.batch(1, _EACH + 1) for each in channels[low : low + 100]])
        history.refresh(warehouse)
        warehouse.call("refresh_quality", as_of=sizes.HISTORY_END)
    finally:
        warehouse.close()
