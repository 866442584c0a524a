"""What polls cost that find nothing new: CPU of this process, and rows."""

import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from fieldhouse.parts import Parts, build
from fieldhouse.scheduling.fleet import run_fleet
from fieldhouse.settings import Settings

_TABLES = "SELECT table_name AS T FROM information_schema.tables WHERE table_type = 'BASE TABLE'"


class Polls(NamedTuple):
    """Seconds of CPU and of wall time a channel, the median of some turns; rows that were added."""

    cpu: float
    wall: float
    rows: int


def quiet(url: str, channel_ids: Sequence[int], warehouse: Path, repeats: int) -> Polls:
    """Copy channels into a warehouse that need not exist, then poll them again and again."""
    settings = Settings(warehouse_url=str(warehouse), base_url=url, rate_limit_delay=0)
    with build(settings) as parts:
        run_fleet(parts, channel_ids)
        run_fleet(parts, channel_ids)
        before = _rows(parts)
        turns = [_turn(parts, channel_ids) for _ in range(repeats)]
        added = _rows(parts) - before
    cpu, wall = (statistics.median(seconds) for seconds in zip(*turns, strict=True))
    return Polls(cpu / len(channel_ids), wall / len(channel_ids), added)


def _turn(parts: Parts, channel_ids: Sequence[int]) -> tuple[float, float]:
    began, cpu = time.perf_counter(), time.process_time()
    runs = run_fleet(parts, channel_ids)
    took = time.process_time() - cpu, time.perf_counter() - began
    if any(run.outcome != "success" or run.inserted for run in runs):
        raise RuntimeError("a poll failed, or found something")
    return took


def _rows(parts: Parts) -> int:
    """The rows of all tables."""
    tables = parts.warehouse.stream(_TABLES).read_all()["T"].to_pylist()
    counts = " UNION ALL ".join(f"SELECT count(*) AS N FROM iot.{table}" for table in tables)
    return sum(parts.warehouse.stream(counts).read_all()["N"].to_pylist())
