"""Fieldhouse's way: the pipeline as its users run it."""

import time
from pathlib import Path
from typing import NamedTuple

from bench import history
from bench.processes import peak_memory
from fieldhouse.errors import FieldhouseError
from fieldhouse.pipeline import Parts, build, copy_channel
from fieldhouse.settings import Settings


class Backfill(NamedTuple):
    """A channel's history, copied, then aggregated: seconds, and peaks of memory in bytes."""

    rows: int
    requests: int
    copy: float
    copy_peak: int
    refresh: float
    peak: int

    @property
    def rate(self) -> float:
        """Rows a second from HTTP to durable, deduplicated rows."""
        return self.rows / self.copy


def backfill(url: str, channel_id: int, warehouse: Path, expected: int) -> Backfill:
    """Copy a channel into a warehouse that need not exist, and aggregate what came."""
    settings = Settings(warehouse_url=str(warehouse), base_url=url, rate_limit_delay=0)
    with build(settings) as parts:
        began = time.perf_counter()
        run = copy_channel(parts, channel_id)
        copy, copy_peak = time.perf_counter() - began, peak_memory()
        began = time.perf_counter()
        history.refresh(parts.warehouse, [channel_id])
        refresh, peak = time.perf_counter() - began, peak_memory()
        if run.error or run.inserted != expected or _held(parts, channel_id) != expected:
            raise FieldhouseError(f"{run.inserted} rows of {expected} came: {run.error}")
    return Backfill(run.inserted, run.requests, copy, copy_peak, refresh, peak)


def _held(parts: Parts, channel_id: int) -> int:
    """The distinct entries that the warehouse holds."""
    statement = (
        "SELECT count(DISTINCT EntryID) AS Held, count(*) AS Rows "
        f"FROM iot.SensorReadings WHERE ChannelID = {channel_id}"
    )
    [found] = parts.warehouse.stream(statement).read_all().to_pylist()
    return int(found["Held"]) if found["Held"] == found["Rows"] else -1
