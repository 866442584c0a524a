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

from fieldhouse.errors import StateMoved
from fieldhouse.readings import DECIMAL, RAW, READINGS, REJECTED, Batch
from fieldhouse.state import Coverage, Gap, Progress, Span

__all__ = [
    "GAPS",
    "OFFERED",
    "OFFERED_RAW",
    "OFFERED_REJECTED",
    "Bounds",
    "Proven",
    "SpanChanges",
    "bounds",
    "by_channel",
    "check_older",
    "check_plans",
    "digest",
    "has_rows",
    "joined",
    "periods",
    "prove",
    "rounds",
    "shown",
    "span_changes",
    "turns",
]

Ints = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

_KEY = [pa.field("ChannelID", pa.int64()), pa.field("Epoch", pa.int32())]
OFFERED = pa.schema([*_KEY, *READINGS])
OFFERED_RAW = pa.schema([*_KEY, *RAW])
OFFERED_REJECTED = pa.schema([*_KEY, *REJECTED])
GAPS = pa.schema(
    [
        *_KEY,
        ("FirstEntryID", pa.int64()),
        ("LastEntryID", pa.int64()),
        ("State", pa.string()),
        ("AtSecond", pa.timestamp("us")),
        ("DueAt", pa.timestamp("us")),
        ("OlderEpoch", pa.int32()),
    ]
)
MARKS = pa.schema(
    [
        ("ChannelID", pa.int64()),
        ("AggregationType", pa.string()),
        ("PeriodStart", pa.timestamp("us")),
    ]
)


CHANNELS = pa.schema(
    [
        ("channel_id", pa.int64()),
        *((name, pa.string()) for name in ("name", "description")),
        *((name, DECIMAL) for name in ("latitude", "longitude")),
        *((name, pa.string()) for name in ("elevation", *(f"field{n}" for n in range(1, 9)))),
        *((name, pa.timestamp("us")) for name in ("created_at", "updated_at")),
        ("last_entry_id", pa.int64()),
        ("refreshed_at", pa.timestamp("us")),
    ]
)
"""Metadata of channels, by the parameters' names of ``upsert_channel``."""


class Bounds(NamedTuple):
    """The least and the greatest of two columns: constants that let a table be read in part."""

    first_channel: int
    last_channel: int
    first_entry: int
    last_entry: int


_LATEST = (
    "last_entry_id",
    "ids_checked_to",
    "future_checked_at",
    "began_with",
    "judged",
    "swept_at",
    "again",
    "gaps",
)
"""What of a progress the latest batch says, unless it says nothing."""


@dataclass(slots=True)
class Proven:
    """What the batches of one epoch of a channel prove together, in the order given."""

    channel_id: int
    epoch: int
    last_entry_id: int | None = None
    lowest_id: int | None = None
    highest_id: int | None = None
    newest: tuple[datetime, int] | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    ids_checked_to: int | None = None
    future_checked_at: datetime | None = None
    began_with: int | None = None
    judged: bool | None = None
    swept_at: datetime | None = None
    swept_to: datetime | None = None
    again: Span | None = None
    covered: tuple[Span, ...] = ()
    gaps: tuple[Gap, ...] | None = None
    batches: int = 0
    recalled: bool = True

    def add(self, batch: Batch) -> None:
        """Take in one batch more."""
        said = batch.progress
        self.batches += 1
        self.recalled = self.recalled and batch.recalled
        self.covered = (*self.covered, *said.covered)
        for name in _LATEST:
            if (value := getattr(said, name)) is not None:
                setattr(self, name, value)
        if said.swept_at is not None:
            self.swept_to = said.swept_to
        if batch.readings.num_rows:
            self._add_readings(batch)

    def _add_readings(self, batch: Batch) -> None:
        ids = batch.readings["EntryID"].to_numpy()
        times = batch.readings["CreatedAt"].to_numpy()
        first, last = int(ids.min()), int(ids.max())
        self.lowest_id = first if self.lowest_id is None else min(first, self.lowest_id)
        self.highest_id = last if self.highest_id is None else max(last, self.highest_id)
        since, until = times.min().astype(datetime), times.max().astype(datetime)
        self.first_at = since if self.first_at is None else min(since, self.first_at)
        self.last_at = until if self.last_at is None else max(until, self.last_at)
        near = times < np.datetime64(batch.horizon, "us")
        if near.any():
            latest = times[near].max()
            newest = (latest.astype(datetime), int(ids[times == latest].max()))
            self.newest = newest if self.newest is None else max(newest, self.newest)

    def row(self) -> dict[str, Any]:
        """As the columns of ``iot.Epochs``."""
        return {
            "ChannelID": self.channel_id,
            "Epoch": self.epoch,
            "LastEntryID": self.last_entry_id,
            "LowestEntryID": self.lowest_id,
            "HighestEntryID": self.highest_id,
            "NewestEntryID": self.newest and self.newest[1],
            "NewestCreatedAt": self.newest and self.newest[0],
            "IDsCheckedTo": self.ids_checked_to,
            "FirstCreatedAt": self.first_at,
            "LastCreatedAt": self.last_at,
            "FutureCheckedAt": self.future_checked_at,
            "BeganWith": self.began_with,
            "IsJudged": self.judged,
            "SweptAt": self.swept_at,
            "SweptTo": self.swept_to,
            "AgainStart": self.again and self.again.start,
            "AgainEnd": self.again and self.again.end,
            "Batches": self.batches,
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
                "DueAt": gap.due,
                "OlderEpoch": gap.epoch,
            }
            for gap in self.gaps or ()
        ]


def digest(batch: Batch) -> str:
    """Identify a batch by its content: its channel, epoch, rows, texts, progress and version."""
    content = hashlib.sha256()
    plan = (batch.channel_id, batch.epoch, batch.version, batch.progress, batch.horizon)
    content.update(repr((*plan, "recalled") if batch.recalled else plan).encode())
    for table in (batch.readings, batch.raw, batch.rejected):
        if size := table.num_rows:
            held = [name for name in table.column_names if table[name].null_count < size]
            content.update(repr((size, held)).encode())
            for part in table.select(held).combine_chunks().to_batches():
                content.update(part.serialize())
    return content.hexdigest()


def prove(batches: Sequence[Batch]) -> dict[tuple[int, int], Proven]:
    """What the batches prove, by channel and epoch."""
    proven: dict[tuple[int, int], Proven] = {}
    for batch in batches:
        key = (batch.channel_id, batch.epoch)
        proven.setdefault(key, Proven(*key)).add(batch)
    return proven


def has_rows(batch: Batch) -> bool:
    """Whether a batch brings more than progress: only then need a repetition be recognised."""
    return any(part.num_rows for part in (batch.readings, batch.raw, batch.rejected))


def check_plans(batches: Sequence[Batch], newest: Mapping[int, tuple[int, int]]) -> None:
    """Raise StateMoved if a batch was not planned on what is held: channel → (epoch, version)."""
    held = dict(newest)
    for batch in batches:
        epoch, version = held.get(batch.channel_id, (1, 0))
        grows = batch.epoch == epoch
        if batch.epoch > epoch or not (grows or batch.progress == Progress()):
            raise StateMoved(
                f"channel {batch.channel_id} is in epoch {epoch}, this load was planned for"
                f" epoch {batch.epoch}"
            )
        if grows and batch.version not in (None, version):
            raise StateMoved(f"channel {batch.channel_id} has moved on since this load was planned")
        held[batch.channel_id] = (epoch, version + grows)


def check_older(new: pa.Table, older: Sequence[tuple[int, int]]) -> None:
    """Raise StateMoved if an older epoch, as (channel, epoch), would grow."""
    if not older or not new.num_rows:
        return
    keys = zip(new["ChannelID"].to_pylist(), new["Epoch"].to_pylist(), strict=True)
    for channel_id, epoch in set(keys).intersection(older):
        raise StateMoved(f"epoch {epoch} of channel {channel_id} has ended: it takes nothing new")


def joined(batches: Sequence[Batch], part: str, schema: pa.Schema) -> pa.Table:
    """One part of all batches as one table, each row with its channel and epoch."""
    parts = [(batch, getattr(batch, part)) for batch in batches]
    parts = [(batch, table) for batch, table in parts if table.num_rows]
    if not parts:
        return schema.empty_table()
    sizes = [table.num_rows for _, table in parts]
    whole = pa.concat_tables([table for _, table in parts]).combine_chunks()
    channels = np.repeat(np.array([batch.channel_id for batch, _ in parts], np.int64), sizes)
    epochs = np.repeat(np.array([batch.epoch for batch, _ in parts], np.int32), sizes)
    columns = [whole[name] for name in schema.names[2:]]
    return pa.table([pa.array(channels), pa.array(epochs), *columns], schema=schema)


def shown(batches: Sequence[Batch]) -> pa.Table:
    """The readings of all batches, each with whether its source shows it now, ``IsShown``."""
    flags = np.repeat([not each.recalled for each in batches], [*map(_rows, batches)])
    return joined(batches, "readings", OFFERED).append_column(
        "IsShown", pa.array(flags, pa.bool_())
    )


def _rows(batch: Batch) -> int:
    return int(batch.readings.num_rows)


def rounds(offered: pa.Table) -> Iterator[pa.Table]:
    """Part a table so that no part has a key twice; a key's later rows stand in later parts."""
    turn = turns(offered)
    if turn is None:
        yield offered
        return
    for number in range(int(turn.max()) + 1):
        yield offered.filter(pa.array(turn == number))


def turns(offered: pa.Table) -> Ints | None:
    """How many rows before it have each row's key; None if that is none for all."""
    channels, ids = offered["ChannelID"].to_numpy(), offered["EntryID"].to_numpy()
    if _ascending(channels, ids):
        return None
    order = np.lexsort((ids, channels))  # stable: rows of one key keep their order
    new = _starts(channels[order], ids[order])
    starts = np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))
    turn = np.empty(len(order), dtype=np.int64)
    turn[order] = np.arange(len(order)) - starts
    return turn


def _ascending(channels: Ints, ids: Ints) -> bool:
    grows = np.diff(channels) > 0
    same = np.diff(channels) == 0
    return bool(np.all(grows | (same & (np.diff(ids) > 0))))


def bounds(table: pa.Table) -> Bounds:
    """The bounds of a table's ``ChannelID`` and ``EntryID``."""
    ends = [pc.min_max(table[name]).as_py() for name in ("ChannelID", "EntryID")]
    return Bounds(*(end[edge] for end in ends for edge in ("min", "max")))


def by_channel(table: pa.Table) -> dict[int, int]:
    """How many rows each channel has in a table."""
    counts = pc.value_counts(table["ChannelID"])
    return dict(zip(counts.field(0).to_pylist(), counts.field(1).to_pylist(), strict=True))


def periods(touched: pa.Table) -> pa.Table:
    """The periods that readings fall in: ``MARKS``, from their ``ChannelID`` and ``CreatedAt``."""
    channels, places = _places(touched["ChannelID"].to_numpy())
    since_1970 = touched["CreatedAt"].to_numpy().astype("datetime64[h]").astype(np.int64)
    hours = np.unique(places * _HOURS + (since_1970 + _BEFORE_1970))  # a number each, and sorted
    place, hour = hours // _HOURS, hours % _HOURS - _BEFORE_1970
    day, week = hour // 24, (hour // 24 + 3) // 7  # 1970 began on a Thursday
    new_day, new_week = _starts(place, day), _starts(place, week)
    owner = channels[place]
    tables = [
        _marks(owner, hour, "HOURLY"),
        _marks(owner[new_day], day[new_day] * 24, "DAILY"),
        _marks(owner[new_day], day[new_day] * 24, "QUALITY"),
        _marks(owner[new_week], week[new_week] * 168 - 72, "WEEKLY"),
    ]
    return pa.concat_tables(tables)


_HOURS = 1 << 27  # more than there are between the years 1 and 9999
_BEFORE_1970 = 1 << 25


def _places(values: Ints) -> tuple[Ints, Ints]:
    """The distinct values, and where among them each value is."""
    if values[0] == values[-1] and (values == values[0]).all():
        return values[:1], np.zeros(len(values), dtype=np.int64)
    return np.unique(values, return_inverse=True)


def _starts(place: Ints, number: Ints) -> Flags:
    """Where in a sorted run of (place, number) a new pair begins."""
    new = np.ones(len(place), dtype=bool)
    new[1:] = (np.diff(place) != 0) | (np.diff(number) != 0)
    return new


def _marks(channels: Ints, hours: Ints, kind: str) -> pa.Table:
    starts = hours.astype("datetime64[h]").astype("datetime64[us]")
    kinds = pa.repeat(pa.scalar(kind), len(hours))
    return pa.table([pa.array(channels), kinds, pa.array(starts)], schema=MARKS)


@dataclass(frozen=True, slots=True)
class SpanChanges:
    """How an epoch's stored spans become what they are after a load."""

    moved: Mapping[datetime, Span]
    """The start of a stored span, and the span that it becomes."""
    lost: Sequence[datetime]
    """The starts of stored spans that a grown one has taken in."""
    gained: Sequence[Span]


def span_changes(held: Sequence[Span], covered: Sequence[Span]) -> SpanChanges:
    """What ``covered`` changes about the spans that are held, which are a ``Coverage``'s."""
    moved: dict[datetime, Span] = {}
    lost: list[datetime] = []
    gained: list[Span] = []
    for span in set(Coverage.of((*held, *covered)).spans) - set(held):
        inside = [old.start for old in held if span.start <= old.start and old.end <= span.end]
        if inside:
            moved[inside[0]] = span
            lost += inside[1:]
        else:
            gained.append(span)
    return SpanChanges(moved, lost, gained)
