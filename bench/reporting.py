"""A report of ten years at one-minute cadence: how long it takes, how large it is."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from bench import history, sizes
from bench.processes import fresh
from bench.report import Figure
from bench.shared import Bench
from fieldhouse.warehouse import open_warehouse

_CADENCE = timedelta(minutes=1)
_BATCH = 500_000


class Took(NamedTuple):
    """Seconds of the whole command, start-up included, and bytes of its file."""

    seconds: float
    size: int


def reports(bench: Bench) -> Iterator[Figure]:
    """The report of a channel of eight fields, whole, by the command line."""
    rows = bench.sizes.report_rows
    file = bench.folder / "report.duckdb"
    fresh(fill, file, rows)
    took = min((_report(file) for _ in range(bench.sizes.repeats)), key=lambda each: each.seconds)
    yield Figure(
        f"{rows:,} readings, a minute apart",
        f"{took.seconds:.1f} s",
        "fieldhouse report, eight fields, the process' start included; the best of the runs",
        goal=f"≤ {sizes.REPORT_SECONDS:g} s",
        reached=took.seconds <= sizes.REPORT_SECONDS,
    )
    megabytes = took.size / 1e6
    yield Figure(
        "its file",
        f"{megabytes:.2f} MB",
        "one page that stands alone; values of two decimals, half of them noise",
        goal=f"≤ {sizes.REPORT_MEGABYTES:g} MB",
        reached=megabytes <= sizes.REPORT_MEGABYTES,
    )


def fill(file: Path, rows: int) -> None:
    """A warehouse of one channel with labels, aggregated and judged."""
    channel = history.Channel(history.CHANNEL, rows, _CADENCE)
    labels = {f"field{n}": f"Quantity {n} (unit)" for n in range(1, 9)}
    warehouse = open_warehouse(str(file))
    try:
        warehouse.migrate()
        warehouse.call("upsert_channel", channel_id=channel.id, name="Ten years", **labels)
        for low in range(1, rows + 1, _BATCH):
            warehouse.load([channel.batch(low, min(low + _BATCH, rows + 1))])
        history.refresh(warehouse)
        warehouse.call("refresh_quality", as_of=sizes.HISTORY_END)
    finally:
        warehouse.close()


def _report(file: Path) -> Took:
    target = file.with_suffix(".html")
    command = [sys.executable, "-m", "fieldhouse", "report", str(history.CHANNEL), "--overwrite"]
    began = time.perf_counter()
    subprocess.run(
        [*command, "-w", str(file), "-o", str(target)],
        check=True,
        stdout=subprocess.DEVNULL,
        env=os.environ,
    )
    return Took(time.perf_counter() - began, target.stat().st_size)
