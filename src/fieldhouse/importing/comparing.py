"""A file's entries beside what the warehouse holds: which are known, and which differ.

This says before anything is written what a load would do. It asks the warehouse chunk by chunk, and
keeps of each entry no more than its id, its time and its epoch.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.importing import placing
from fieldhouse.importing.placing import Conflict, Entries, Ints, joined, micros
from fieldhouse.readings import NUMBERS
from fieldhouse.sources.exports import Chunk, Rejected
from fieldhouse.warehouse import Warehouse

__all__ = ["Difference", "Seen", "compare"]

_COLUMNS = (*NUMBERS, "Status")
_SAMPLES = 5
_CONFLICTS = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that a file has otherwise than the warehouse; ``place`` is its line in the file."""

    place: int
    entry_id: int
    created_at: datetime
    column: str
    held: str | None
    offered: str


@dataclass(slots=True)
class Seen:
    """What one file shows: its entries, those that differ from ours, those that are none."""

    entries: Entries
    differing: int = 0
    differences: list[Difference] = field(default_factory=list)
    has_bare_times: bool = False
    rejected: int = 0
    rejections: list[Rejected] = field(default_factory=list)


@dataclass(slots=True)
class _Comparison:
    """The parts of ``Seen`` as they are gathered."""

    warehouse: Warehouse
    channel_id: int
    ids: list[Ints] = field(default_factory=list)
    times: list[Ints] = field(default_factory=list)
    matches: list[Ints] = field(default_factory=list)
    conflicts: dict[int, list[tuple[int, "np.ndarray[Any, np.dtype[np.bool_]]"]]] = field(
        default_factory=dict
    )
    first: list[Conflict] = field(default_factory=list)
    rows: int = 0

    def take(self, chunk: Chunk, seen: Seen) -> None:
        ids, times = (micros(chunk.readings[name]) for name in ("EntryID", "CreatedAt"))
        matches = np.zeros(len(ids), np.int64)
        held = self.warehouse.query(
            "entries_held", channel_id=self.channel_id, entry_ids=np.unique(ids).tolist()
        )
        found = np.full(len(ids), -1, np.int64)
        others = []
        for epoch, begin, own, held_times in _by_epoch(held):
            at = np.minimum(np.searchsorted(own, ids), len(own) - 1)
            is_held = own[at] == ids
            same = is_held & (held_times[at] == times)
            matches[same], found[same] = epoch, begin + at[same]
            if (moved := is_held & ~same).any():
                others.append((epoch, moved, held_times[at]))
        for epoch, moved, held_at in others:
            self._note(chunk, epoch, moved, held_at, matches)
        _compare(chunk, held, found, seen)
        self.ids.append(ids)
        self.times.append(times)
        self.matches.append(matches)
        self.rows += len(ids)

    def _note(self, chunk: Chunk, epoch: int, moved: Any, held_at: Ints, matches: Ints) -> None:
        self.conflicts.setdefault(epoch, []).append((self.rows, moved))
        ids, times = (micros(chunk.readings[name]) for name in ("EntryID", "CreatedAt"))
        if sum(each.epoch == epoch for each in self.first) >= _CONFLICTS:
            return
        for row in np.flatnonzero(moved & (matches == 0))[:_CONFLICTS]:
            place = int(chunk.places[row])
            known = (int(ids[row]), int(times[row]), epoch, int(held_at[row]))
            self.first.append(Conflict(place, *known))

    def flags(self) -> dict[int, "np.ndarray[Any, np.dtype[np.bool_]]"]:
        whole = {epoch: np.zeros(self.rows, bool) for epoch in self.conflicts}
        for epoch, parts in self.conflicts.items():
            for begin, moved in parts:
                whole[epoch][begin : begin + len(moved)] = moved
        return whole


def compare(warehouse: Warehouse, channel_id: int, name: str, chunks: Iterator[Chunk]) -> Seen:
    """Read a file's entries, and hold them against what every epoch of the channel has."""
    nothing = np.zeros(0, np.int64)
    seen = Seen(Entries(name, nothing, nothing, nothing))
    comparison = _Comparison(warehouse, channel_id)
    for chunk in chunks:
        if chunk.readings.num_rows:
            comparison.take(chunk, seen)
        seen.has_bare_times |= chunk.has_bare_times
        seen.rejected += len(chunk.rejected)
        seen.rejections += chunk.rejected[: max(0, _SAMPLES - len(seen.rejections))]
    seen.entries = Entries(
        name,
        joined(comparison.ids),
        joined(comparison.times),
        joined(comparison.matches),
        comparison.flags(),
        comparison.first,
    )
    return seen


def _by_epoch(held: pa.Table) -> Iterator[tuple[int, int, Ints, Ints]]:
    """Each epoch, the row that its entries begin at, their ids (ascending) and times."""
    epochs = held["Epoch"].to_numpy()
    ids, times = (placing.micros(held[name]) for name in ("EntryID", "CreatedAt"))
    for epoch in np.unique(epochs):
        own = np.flatnonzero(epochs == epoch)
        yield int(epoch), int(own[0]), ids[own], times[own]


def _compare(chunk: Chunk, held: pa.Table, found: Ints, seen: Seen) -> None:
    """Count what a load would update: a value that fills a NULL of ours, or differs from ours."""
    rows = np.flatnonzero(found >= 0)
    if not len(rows):
        return
    offered = chunk.readings.select(list(_COLUMNS)).take(pa.array(rows))
    ours = held.select(list(_COLUMNS)).take(pa.array(found[rows]))
    differs = np.zeros(len(rows), bool)
    for name in _COLUMNS:
        is_other = pc.fill_null(pc.not_equal(offered[name], ours[name]), fill_value=True)
        is_other = pc.and_(is_other, pc.is_valid(offered[name])).to_numpy()
        if is_other.any():
            differs |= is_other
            _sample(chunk, rows, name, np.flatnonzero(is_other), offered, ours, seen)
    seen.differing += int(np.count_nonzero(differs))


def _sample(
    chunk: Chunk,
    rows: Ints,
    name: str,
    others: Sequence[int] | Ints,
    offered: pa.Table,
    ours: pa.Table,
    seen: Seen,
) -> None:
    for at in others[: max(0, _SAMPLES - len(seen.differences))]:
        row = int(rows[at])
        held = ours[name][int(at)].as_py()
        seen.differences.append(
            Difference(
                int(chunk.places[row]),
                chunk.readings["EntryID"][row].as_py(),
                chunk.readings["CreatedAt"][row].as_py(),
                name,
                None if held is None else str(held),
                str(offered[name][int(at)].as_py()),
            )
        )
