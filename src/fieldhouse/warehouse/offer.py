"""The batches of one call, joined into a few Arrow tables; the same for every engine.

Whatever is set-based in a load starts here: one table of readings, of texts, of rejected entries,
and one row a channel of what the call proves, so that three hundred small channels cost what one
large one does.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.readings import RAW, READINGS, REJECTED, Batch
from fieldhouse.state import Coverage, Gap, Span

__all__ = ["Bounds", "Proven", "bounds", "by_channel", "digest", "joined", "prove", "rounds", "spans"]

_KEY = [pa.field("ChannelID", pa.int64()), pa.field("Epoch", pa.int32())]
OFFERED = pa.schema([*_KEY, *READINGS])
OFFERED_RAW = pa.schema([*_KEY, *RAW])
OFFERED_REJECTED = pa.schema([*_KEY, *REJECTED])
SPANS = pa.schema([*_KEY, ("SpanStart", pa.timestamp("us")), ("SpanEnd", pa.timestamp("us"))])
GAPS = pa.schema(
    [
        *_KEY,
        ("FirstEntryID", pa.int64()),
        ("LastEntryID", pa.int64()),
        ("State", pa.string()),
        ("AtSecond", pa.timestamp("us")),
    ]
)
EPOCHS = pa.schema(
    [
        *_KEY,
        ("LastEntryID", pa.int64()),
        ("HighestEntryID", pa.int64()),
        ("NewestEntryID", pa.int64()),
        ("NewestCreatedAt", pa.timestamp("us")),
        ("IDsCheckedTo", pa.int64()),
        ("FutureCheckedAt", pa.timestamp("us")),
    ]
)


class Bounds(NamedTuple):
    """The least and the greatest of two columns: constants that let a table be read in part."""

    first_channel: int
    last_channel: int
    first_entry: int
    last_entry: int


@dataclass(slots=True)
class Proven:
    """What the batches of one channel prove together, in the order given."""

    channel_id: int
    epoch: int
    last_entry_id: int | None = None
    lowest_id: int | None = None
    highest_id: int | None = None
    newest: tuple[datetime, int] | None = None
    ids_checked_to: int | None = None
    future_checked_at: datetime | None = None
    covered: tuple[Span, ...] = ()
    gaps: tuple[Gap, ...] | None = None

    def add(self, batch: Batch) -> None:
        """Take in one batch more."""
        said = batch.progress
        self.covered = (*self.covered, *said.covered)
        if said.last_entry_id is not None:
            self.last_entry_id = said.last_entry_id
        if said.ids_checked_to is not None:
            self.ids_checked_to = said.ids_checked_to
        if said.future_checked_at is not None:
            self.future_checked_at = said.future_checked_at
        if said.gaps is not None:
            self.gaps = said.gaps
        if batch.readings.num_rows:
            self._add_readings(batch)

    def _add_readings(self, batch: Batch) -> None:
        ids = batch.readings["EntryID"].to_numpy()
        times = batch.readings["CreatedAt"].to_numpy()
        first, last = int(ids.min()), int(ids.max())
        self.lowest_id = first if self.lowest_id is None else min(first, self.lowest_id)
        self.highest_id = last if self.highest_id is None else max(last, self.highest_id)
        near = times < np.datetime64(batch.horizon, "us")
        if near.any():
            latest = times[near].max()
            newest = (latest.astype(datetime), int(ids[times == latest].max()))
            self.newest = newest if self.newest is None else max(newest, self.newest)

    def row(self) -> dict[str, Any]:
        """As a row of ``EPOCHS``."""
        return {
            "ChannelID": self.channel_id,
            "Epoch": self.epoch,
            "LastEntryID": self.last_entry_id,
            "HighestEntryID": self.highest_id,
            "NewestEntryID": self.newest and self.newest[1],
            "NewestCreatedAt": self.newest and self.newest[0],
            "IDsCheckedTo": self.ids_checked_to,
            "FutureCheckedAt": self.future_checked_at,
        }

    def gap_rows(self) -> list[dict[str, Any]]:
        """As rows of ``GAPS``."""
        return [
            {
                "ChannelID": self.channel_id,
                "Epoch": self.epoch,
                "FirstEntryID": gap.first_id,
                "LastEntryID": gap.last_id,
                "State": gap.state,
                "AtSecond": gap.at,
            }
            for gap in self.gaps or ()
        ]


class _Hashing:
    """A file to write to that keeps nothing but a hash."""

    closed = False

    def __init__(self) -> None:
        self.hash = hashlib.sha256()

    def write(self, data: Any) -> int:
        self.hash.update(data)
        return len(data)

    def flush(self) -> None: ...


def digest(batch: Batch) -> str:
    """Identify a batch by its content: its channel, epoch, rows, texts and progress."""
    sink = _Hashing()
    sink.write(repr((batch.channel_id, batch.epoch, batch.progress, batch.horizon)).encode())
    for table in (batch.readings, batch.raw, batch.rejected):
        if table.num_rows:
            whole = table.combine_chunks() if table.column(0).num_chunks > 1 else table
            with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), table.schema) as writer:
                writer.write_table(whole)
    return sink.hash.hexdigest()


def prove(batches: Sequence[Batch]) -> dict[int, Proven]:
    """What the batches prove, by channel."""
    proven: dict[int, Proven] = {}
    for batch in batches:
        proven.setdefault(batch.channel_id, Proven(batch.channel_id, batch.epoch)).add(batch)
    return proven


def joined(batches: Sequence[Batch], part: str, schema: pa.Schema) -> pa.Table:
    """One part of all batches as one table, each row with its channel and epoch."""
    parts = [(batch, getattr(batch, part)) for batch in batches]
    tables = [_keyed(batch, table, schema) for batch, table in parts if table.num_rows]
    return pa.concat_tables(tables).combine_chunks() if tables else schema.empty_table()


def _keyed(batch: Batch, table: pa.Table, schema: pa.Schema) -> pa.Table:
    keys = [
        pa.repeat(pa.scalar(value, field.type), table.num_rows)
        for value, field in zip((batch.channel_id, batch.epoch), schema, strict=False)
    ]
    columns = [table[name] for name in schema.names[2:]]
    return pa.table([*keys, *columns], names=schema.names).cast(schema)


def rounds(offered: pa.Table) -> Iterator[pa.Table]:
    """Part a table so that no key comes twice in a part; a key's later rows stand in later parts."""
    channels, ids = offered["ChannelID"].to_numpy(), offered["EntryID"].to_numpy()
    if _ascending(channels, ids):
        yield offered
        return
    order = np.lexsort((ids, channels))  # stable: rows of one key keep their order
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(ids[order]) != 0) | (np.diff(channels[order]) != 0)
    starts = np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))
    turn = np.empty(len(order), dtype=np.int64)
    turn[order] = np.arange(len(order)) - starts
    for number in range(int(turn.max()) + 1):
        yield offered.filter(pa.array(turn == number))


def _ascending(channels: np.ndarray[Any, Any], ids: np.ndarray[Any, Any]) -> bool:
    grows = np.diff(channels) > 0
    same = np.diff(channels) == 0
    return bool(np.all(grows | (same & (np.diff(ids) > 0))))


def bounds(table: pa.Table) -> Bounds:
    """The bounds of a table's ``ChannelID`` and ``EntryID``."""
    ends = [pc.min_max(table[name]).as_py() for name in ("ChannelID", "EntryID")]
    return Bounds(*(end[edge] for end in ends for edge in ("min", "max")))


def by_channel(table: pa.Table) -> Mapping[int, int]:
    """How many rows each channel has in a table."""
    channels, counts = np.unique(table["ChannelID"].to_numpy(), return_counts=True)
    return dict(zip(channels.tolist(), counts.tolist(), strict=True))


def spans(proven: Proven, held: Sequence[tuple[datetime, datetime]]) -> tuple[set[Span], set[Span]]:
    """The spans that the coverage loses and gains by what is proven."""
    before = {Span(*span) for span in held}
    after = set(Coverage.of((*before, *proven.covered)).spans)
    return before - after, after - before
