"""Warehouses that already hold a history, filled through the warehouse's own load."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from bench.sizes import CADENCE, HISTORY_END, PAGE
from fieldhouse.readings import FIELDS, RAW, READINGS, REJECTED, Batch
from fieldhouse.state import BEGINNING, Progress, Span
from fieldhouse.warehouse import Warehouse, open_warehouse

_BATCH = 500_000
"""Rows of one load."""
CHANNEL = 1
"""The channel of a warehouse that holds one."""
OTHERS = (101, 102, 103, 104, 105, 108, 109, 110, 111, 112)
"""The channels around those that are measured, in ids as in the file."""

_ROWS = f"""
    SELECT
        n AS EntryID,
        $first + (n - 1) * to_seconds($cadence) AS CreatedAt,
        {
    ", ".join(
        f"(20 + 10 * {k} + 5 * sin(n / (900.0 * {k})) + hash(n * 8 + {k}) % 1000 / 500)"
        f"::DECIMAL(16, 2)::DECIMAL(18, 6) AS {name}"
        for k, name in enumerate(FIELDS, start=1)
    )
},
        NULL::DECIMAL(18, 6) AS Latitude,
        NULL::DECIMAL(18, 6) AS Longitude,
        NULL::DECIMAL(18, 6) AS Elevation,
        NULL::VARCHAR AS Status
    FROM range($low, $high) AS numbers (n)
"""


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel whose history ends at ``HISTORY_END`` with the reading of id ``rows``."""

    id: int
    rows: int
    cadence: timedelta = CADENCE

    @property
    def began_at(self) -> datetime:
        """When its first reading was made."""
        return HISTORY_END - self.rows * self.cadence

    def batch(self, low: int, high: int) -> Batch:
        """The readings with ids from ``low`` up to ``high``, which is excluded."""
        readings = self._readings(low, high)
        covered = Span(BEGINNING, readings["CreatedAt"][-1].as_py() + timedelta(seconds=1))
        return Batch(
            channel_id=self.id,
            epoch=1,
            readings=readings,
            raw=RAW.empty_table(),
            rejected=REJECTED.empty_table(),
            progress=Progress(covered=(covered,), last_entry_id=high - 1, ids_checked_to=high - 1),
            horizon=datetime.now(UTC).replace(tzinfo=None) + timedelta(days=365),
        )

    def next_page(self, number: int, size: int = PAGE) -> Batch:
        """The ``number``-th new page (from 0) after the history ended."""
        first = self.rows + 1 + number * size
        return self.batch(first, first + size)

    def between(self) -> Batch:
        """One reading more after each of the history, half its distance to the next one."""
        read = self.batch(1, self.rows + 1)
        ids = pc.add(read.readings["EntryID"], pa.scalar(self.rows, pa.int64()))
        times = pc.add(read.readings["CreatedAt"], pa.scalar(self.cadence / 2, pa.duration("us")))
        late = read.readings.set_column(0, "EntryID", ids)
        late = late.set_column(1, "CreatedAt", times).cast(READINGS)
        return replace(read, readings=late, progress=Progress(last_entry_id=2 * self.rows))

    def _readings(self, low: int, high: int) -> pa.Table:
        span = {"low": low, "high": high}
        with duckdb.connect() as connection:
            made = connection.sql(
                _ROWS,
                params={"first": self.began_at, "cadence": self.cadence.total_seconds(), **span},
            )
            return made.to_arrow_table().cast(READINGS).combine_chunks()


class Filled(NamedTuple):
    """How long it took to fill a warehouse and to aggregate it, in seconds."""

    load: float
    refresh: float


def fill(file: Path | str, channel_ids: Sequence[int], rows: int) -> Filled:
    """Make a warehouse that holds ``rows`` readings of the channels together, all aggregated."""
    warehouse = open_warehouse(str(file))
    try:
        warehouse.migrate()
        began = time.perf_counter()
        for batches in _loads(channel_ids, rows):
            warehouse.load(batches)
        loaded = time.perf_counter()
        refresh(warehouse)
        return Filled(loaded - began, time.perf_counter() - loaded)
    finally:
        warehouse.close()


def refresh(warehouse: Warehouse, channel_ids: Sequence[int] | None = None) -> None:
    """Recompute the marked periods of all three types."""
    warehouse.call("refresh_aggregates", channel_ids=channel_ids)


def _loads(channel_ids: Sequence[int], rows: int) -> Iterator[list[Batch]]:
    """Loads in which all channels take part, as those of a fleet do: their rows lie interleaved."""
    each, step = rows // len(channel_ids), _BATCH // len(channel_ids)
    for low in range(1, each + 1, step):
        high = min(low + step, each + 1)
        yield [Channel(channel_id, each).batch(low, high) for channel_id in channel_ids]
