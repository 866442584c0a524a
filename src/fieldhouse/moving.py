"""A whole warehouse copied into another, of whatever engine: every table, to the last digit.

Table after table is read in parts, put into the other warehouse, each part whole or not at all, and
read again there: what both answer must be the same, in number and by checksum, for each table,
channel and month. A copy that was killed is begun again, and goes on: parts that are the same are
passed over. Until all is the same a mark stands in the copy, which says whose copy it is.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.checksums import row_hashes
from fieldhouse.errors import ConfigurationError, WarehouseError
from fieldhouse.warehouse import Warehouse
from fieldhouse.warehouse.dictionary import columns_of
from fieldhouse.warehouse.kept import KEPT, Kept, Part

__all__ = ["Moved", "copy"]

_PART = 100_000
"""Rows of a part, if a month has no more."""
_ROUNDS = 3
"""So often a source that changes meanwhile is looked at again."""
_MARK = "unfinished copy"
_MARKED_BY = "fieldhouse copy"
_LAST = KEPT["SavedQueries"]
"""It holds the mark, so that its own rows, put in its place, end the copy."""
_OF_CONFIGURATION = ("FieldRanges", "RequestBudget", "PeriodMarks")
"""What a warehouse has that nobody has put anything into."""

Cell = tuple[int | None, int | None, int | None]
"""A channel, and a year and a month of a table's time; None where it has none."""
Sums = Mapping[Cell, tuple[int, int]]
"""The number of rows and their checksum, by cell."""


@dataclass(frozen=True, slots=True)
class Moved:
    """How far a copy has come: of a table, ``rows`` are the same in both, of ``total``.

    ``written`` of them were put in, the others were there.
    """

    table: str
    rows: int
    total: int
    written: int


def copy(source: Warehouse, target: Warehouse, *, origin: str) -> Iterator[Moved]:
    """Copy all of a warehouse into an empty one, or one that holds such a copy, unfinished.

    Goes on as it is iterated, and tells how far it has come, of each table at last. ``origin`` is
    what the source is called. Raises ConfigurationError for a target that holds anything else, or
    is the source; WarehouseError where a part arrives otherwise, or the source goes on changing.
    """
    _require_current(source, origin)
    _begin(source, target, origin)
    tables = [table for table in KEPT.values() if table is not _LAST]
    for _ in range(_ROUNDS):
        for table in tables:
            yield from _move(source, target, table)
        if all(_is_same(source, target, table) for table in tables):
            yield from _move(source, target, _LAST)
            return
    raise WarehouseError(
        f"{origin} changes while it is copied: copy it once more when nothing writes to it"
    )


# The mark


def _require_current(source: Warehouse, origin: str) -> None:
    held = columns_of(source)
    for table in KEPT.values():
        names = {name for name, _ in held.get(table.name, ())}
        if not names.issuperset(table.columns.names):
            raise ConfigurationError(
                f"{origin} is of an older version of Fieldhouse: fieldhouse migrate -w {origin}"
                " brings it up to this one"
            )


def _begin(source: Warehouse, target: Warehouse, origin: str) -> None:
    """Mark the target as a copy of this source, if it is to be one."""
    if _mark(source):
        raise ConfigurationError(f"{origin} is itself an unfinished copy: finish that one first")
    if mark := _mark(target):
        whose = mark["QueryText"].removeprefix("-- ").rpartition(" ")[0]
        if whose != origin:
            raise ConfigurationError(
                f"the target holds an unfinished copy of {whose}, not of {origin}: give an empty"
                " one, or finish that copy"
            )
    else:
        _require_empty(target)
    token = uuid4().hex
    target.call(
        "save_query",
        query_name=_MARK,
        query_text=f"-- {origin} {token}",
        saved_by=_MARKED_BY,
        saved_at=datetime.now(UTC),
    )
    if (seen := _mark(source)) and token in seen["QueryText"]:
        target.call("forget_query", query_name=_MARK)
        raise ConfigurationError(f"{origin} would be copied onto itself: give another target")


def _mark(house: Warehouse) -> Mapping[str, Any] | None:
    for row in house.query("saved_queries").to_pylist():
        if (row["QueryName"], row["SavedBy"]) == (_MARK, _MARKED_BY):
            return dict(row)
    return None


def _require_empty(target: Warehouse) -> None:
    for table in KEPT.values():
        found = sum(_counts(target, table).values())
        if found and table.name not in _OF_CONFIGURATION:
            raise ConfigurationError(
                f"the target holds something already ({found:,} rows of iot.{table.name}): a copy"
                " goes into an empty warehouse"
            )


# Tables in parts


def _move(source: Warehouse, target: Warehouse, table: Kept) -> Iterator[Moved]:
    wanted, held = _counts(source, table), _counts(target, table)
    total, rows, written = sum(wanted.values()), 0, 0
    yield Moved(table.name, 0, total, 0)
    for part, cells in _parts(table, wanted, held):
        is_there = any(cell in held for cell in cells)
        many, is_new = _settle(source, target, table, part, is_there=is_there)
        rows, written = rows + many, written + (many if is_new else 0)
        yield Moved(table.name, rows, max(total, rows), written)


def _settle(
    source: Warehouse, target: Warehouse, table: Kept, part: Part, *, is_there: bool
) -> tuple[int, bool]:
    """Have a part the same in both; its rows, and whether they had to be put in."""
    rows = pa.Table.from_batches(table.shaped(_read(source, table, part)), table.columns)
    sums = _sums(table, rows.to_batches())
    if is_there and sums == _held(target, table, part):
        return rows.num_rows, False
    target.replace(table.name, part, rows)
    if (arrived := _held(target, table, part)) != sums:
        cell = next(c for c in {**sums, **arrived} if sums.get(c) != arrived.get(c))
        raise WarehouseError(f"{_said(table, cell)} did not arrive as it is in the source")
    return rows.num_rows, True


def _is_same(source: Warehouse, target: Warehouse, table: Kept) -> bool:
    """Whether the source is still as it was read.

    Long tables are counted: whatever writes to one leaves a trace in a short one as well.
    """
    if _counts(source, table) != _counts(target, table):
        return False
    return bool(table.at) or _held(source, table, Part()) == _held(target, table, Part())


def _read(house: Warehouse, table: Kept, part: Part) -> pa.RecordBatchReader:
    statement, values = table.selected(part)
    return house.stream(statement, parameters=values)


def _counts(house: Warehouse, table: Kept) -> dict[Cell, int]:
    """How many rows there are, as the engine counts them."""
    counts: dict[Cell, int] = {}
    for row in house.sql(table.counted()).to_pylist():
        if row["Found"]:
            counts[row.get("ChannelID"), row.get("InYear"), row.get("InMonth")] = row["Found"]
    return counts


def _parts(
    table: Kept, wanted: Mapping[Cell, int], held: Mapping[Cell, int]
) -> Iterator[tuple[Part, list[Cell]]]:
    """What a table is cut into: some channels, a channel, some months of one, or a month's days."""
    cells = sorted({**wanted, **held}, key=lambda cell: tuple(each or 0 for each in cell))
    if not table.is_of_channels:
        yield from _months(table, None, cells, wanted)
        return
    rows: Counter[int] = Counter()
    of_channel: defaultdict[int, list[Cell]] = defaultdict(list)
    for cell in cells:
        rows[cell[0] or 0] += wanted.get(cell, 0)
        of_channel[cell[0] or 0].append(cell)
    together: list[int] = []
    for channel in [*of_channel, None]:
        full = channel is None or sum(rows[c] for c in (*together, channel)) > _PART
        if full and together:
            first, last = together[0], together[-1]
            if first == last and rows[first] > _PART:
                yield from _months(table, first, of_channel[first], wanted)
            else:
                yield Part(first, last), [cell for c in together for cell in of_channel[c]]
            together = []
        together.append(channel or 0)


def _months(
    table: Kept, channel: int | None, cells: Sequence[Cell], wanted: Mapping[Cell, int]
) -> Iterator[tuple[Part, list[Cell]]]:
    """Months that follow one another, as many as a part may have; of a long one, some days."""
    if not table.at:
        yield Part(channel, channel), list(cells)
        return
    taken = 0
    place: dict[Cell, int] = {}
    for cell in cells:
        taken += wanted.get(cell, 0)
        place[cell] = taken // _PART
    for _, group in groupby(cells, place.__getitem__):
        months = list(group)
        begin, end = _begin_of(months[0]), _end_of(months[-1])
        pieces = wanted.get(months[0], 0) // _PART if len(months) == 1 else 0
        for first, last in pairwise([begin, *_days_within(begin, pieces), end]):
            yield Part(channel, channel, first, last), months


def _days_within(begin: datetime, pieces: int) -> list[datetime]:
    """Where a month is cut, to have about so many more pieces."""
    days = range(0, 28, max(1, 28 // (pieces + 1)))[1:] if pieces else ()
    return [begin + timedelta(days=day) for day in days]


def _begin_of(cell: Cell) -> datetime:
    return datetime(cell[1] or 1, cell[2] or 1, 1)


def _end_of(cell: Cell) -> datetime | None:
    begin = _begin_of(cell)
    is_last = (begin.year, begin.month) == (9999, 12)
    return None if is_last else (begin + timedelta(days=32)).replace(day=1)


# Checksums


def _held(house: Warehouse, table: Kept, part: Part) -> Sums:
    return _sums(table, table.shaped(_read(house, table, part)))


def _sums(table: Kept, batches: Iterator[pa.RecordBatch] | Sequence[pa.RecordBatch]) -> Sums:
    """The rows of each cell, and their checksum."""
    sums: defaultdict[Cell, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for batch in batches:
        hashes = row_hashes(batch)
        keys, places = np.unique(_cells(table, batch), axis=0, return_inverse=True)
        for number, key in enumerate(keys.tolist()):
            own = hashes[places.ravel() == number]
            cell = tuple(None if each == _NONE else each for each in key)
            rows, checksum = sums[cell]  # type: ignore[index]
            with np.errstate(over="ignore"):
                checksum = (checksum + int(own.sum(dtype=np.uint64))) % 2**64
            sums[cell] = rows + len(own), checksum  # type: ignore[index]
    return dict(sums)


_NONE = -(2**62)


def _cells(table: Kept, batch: pa.RecordBatch) -> Any:
    """The cell of each row."""
    nothing = np.full(batch.num_rows, _NONE, np.int64)
    channel = batch["ChannelID"].to_numpy() if table.is_of_channels else nothing
    if not table.at:
        return np.column_stack([channel, nothing, nothing])
    at = batch[table.at]
    return np.column_stack([channel, pc.year(at).to_numpy(), pc.month(at).to_numpy()])


def _said(table: Kept, cell: Cell) -> str:
    channel, year, month = cell
    of = f" of channel {channel}" if channel is not None else ""
    when = f" of {year}-{month:02}" if year is not None else ""
    return f"iot.{table.name}{of}{when}"
