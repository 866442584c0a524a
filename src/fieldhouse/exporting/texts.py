"""Readings on their way out, with the texts that their columns cannot hold.

The warehouse answers readings and texts in one order, batch by batch; here they meet. Memory does
not grow with the length of what is exported.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.errors import StateMoved
from fieldhouse.exporting import files
from fieldhouse.warehouse import Warehouse

__all__ = [
    "Exported",
    "export_readings",
    "readings_with_texts",
    "text_columns",
    "with_texts",
]

Span = Mapping[str, datetime | bool | None]
"""``start_at`` and ``end_at``, as questions take them; ``original``: as their source sent them."""

_KEY = ["ChannelID", "Epoch", "EntryID"]
_ORDER = ["ChannelID", "CreatedAt", "Epoch", "EntryID"]
"""Of the readings as of the texts."""


@dataclass(frozen=True, slots=True)
class Exported:
    """Rows written, and how many texts went with them, by the columns that do not hold them."""

    rows: int
    texts: Mapping[str, int]


def export_readings(
    warehouse: Warehouse,
    target: Path,
    *,
    channel_id: int | None = None,
    start_at: datetime | None = None,
    end_at: datetime | None = None,
) -> Exported:
    """Write a channel's readings of a span, or those of all channels, to a CSV or Parquet file.

    Where the source wrote what no DECIMAL(18,6) is exactly, the cell of a CSV file is that text; in
    Parquet it stands in a column beside, ``Field1Text`` for ``Field1``, which is there if any of
    its values is. The span is ``[start_at, end_at)``, naive UTC; None is open, but not for all
    channels. Raises what ``files.write`` and the warehouse do, and StateMoved where a load brought
    other texts meanwhile.
    """
    in_place = files.kind(target) == "csv"
    span = {"start_at": start_at, "end_at": end_at}
    columns = text_columns(warehouse, channel_id, span)
    with readings_with_texts(warehouse, channel_id, span, columns, in_place=in_place) as (
        reader,
        counts,
    ):
        rows = files.write(reader, target)
    return Exported(rows, dict(counts))


def text_columns(warehouse: Warehouse, channel_id: int | None, span: Span) -> list[str]:
    """The columns of a channel's readings of a span that have texts beside them."""
    found = warehouse.query("text_columns", channel_id=channel_id, **span)
    columns: list[str] = found["ColumnName"].to_pylist()
    return columns


@contextmanager
def readings_with_texts(
    warehouse: Warehouse,
    channel_id: int | None,
    span: Span,
    columns: Collection[str],
    *,
    in_place: bool,
) -> Iterator[tuple[pa.RecordBatchReader, Counter[str]]]:
    """The readings of a channel, or of all, and a count of the texts that went with those read.

    A column of ``columns`` is text, where ``in_place``, or has its texts beside it; all that have
    texts must be among them. Raises StateMoved, when it is read, where a load brought others.
    """
    with (
        _readings(warehouse, channel_id, span) as readings,
        warehouse.scan("reading_texts", channel_id=channel_id, **span) as texts,
    ):
        yield with_texts(readings, texts, columns, in_place=in_place)


def with_texts(
    readings: pa.RecordBatchReader,
    texts: pa.RecordBatchReader,
    columns: Collection[str],
    *,
    in_place: bool,
) -> tuple[pa.RecordBatchReader, Counter[str]]:
    """As ``readings_with_texts``, of readings and texts that were asked for.

    There may be some of the readings only, in the order of the texts.
    """
    found = _Texts(texts, columns)
    schema = _schema(readings.schema, columns, in_place=in_place)
    batches = (
        pa.record_batch(list(_columns(batch, found.beside(batch), in_place=in_place)), schema)
        for batch in readings
    )
    return pa.RecordBatchReader.from_batches(schema, batches), found.counts


def _readings(warehouse: Warehouse, channel_id: int | None, span: Span) -> pa.RecordBatchReader:
    if channel_id is None:
        return warehouse.scan("readings_between", **span)
    return warehouse.scan("readings", channel_id=channel_id, **span)


def _schema(readings: pa.Schema, columns: Collection[str], *, in_place: bool) -> pa.Schema:
    return pa.schema(
        [
            part
            for field in readings
            for part in _fields(field, has_text=field.name in columns, in_place=in_place)
        ]
    )


def _fields(field: pa.Field, *, has_text: bool, in_place: bool) -> list[pa.Field]:
    if not has_text:
        return [field]
    if in_place:
        return [pa.field(field.name, pa.string())]
    return [field, pa.field(f"{field.name}Text", pa.string())]


def _columns(
    batch: pa.RecordBatch, texts: Mapping[str, pa.Array], *, in_place: bool
) -> Iterator[pa.Array]:
    """The columns of ``_schema``."""
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        text = texts.get(name)
        if text is None:
            yield column
        elif in_place:
            yield pc.coalesce(text, column.cast(pa.string()))
        else:
            yield from (column, text)


class _Texts:
    """The kept texts, taken as the readings come."""

    def __init__(self, reader: pa.RecordBatchReader, columns: Collection[str]) -> None:
        self.columns = columns
        self.counts: Counter[str] = Counter()
        self._reader = reader
        self._ahead = reader.schema.empty_table()
        """Texts that were read and belong to readings yet to come."""

    def beside(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        """For each column that has texts, as many as the batch has rows, null where there is none.

        Batches come in their order. A text whose reading is not in them is passed over.
        """
        rows = pa.Table.from_batches([batch.select(_KEY)])
        rows = rows.append_column("Row", pa.array(np.arange(batch.num_rows)))
        placed = self._up_to(batch).join(rows, _KEY, join_type="inner")
        placed = placed.sort_by("RawValue")  # of several in one place the last goes, in any engine
        if not set(placed["ColumnName"].unique().to_pylist()) <= set(self.columns):
            raise StateMoved("other values came in while they were exported: export them again")
        return {name: self._column(name, placed, batch.num_rows) for name in self.columns}

    def _column(self, name: str, placed: pa.Table, rows: int) -> pa.Array:
        own = placed.filter(pc.equal(placed["ColumnName"], name))
        place = np.full(rows, -1)
        place[own["Row"].to_numpy()] = np.arange(own.num_rows)
        self.counts[name] += int(np.count_nonzero(place >= 0))
        return own["RawValue"].combine_chunks().take(pa.array(place, mask=place < 0))

    def _up_to(self, batch: pa.RecordBatch) -> pa.Table:
        """The texts of readings that come no later than the last one of a batch."""
        while (taken := _count_up_to(self._ahead, batch)) == self._ahead.num_rows:
            try:
                more = self._reader.read_next_batch()
            except StopIteration:
                break
            self._ahead = pa.concat_tables([self._ahead, pa.Table.from_batches([more])])
        texts, self._ahead = self._ahead.slice(0, taken), self._ahead.slice(taken)
        return texts


def _count_up_to(texts: pa.Table, batch: pa.RecordBatch) -> int:
    if not texts.num_rows:
        return 0
    is_up_to = pa.array([True] * texts.num_rows)
    for name in reversed(_ORDER):
        last = batch[name][-1]
        is_before, is_same = pc.less(texts[name], last), pc.equal(texts[name], last)
        is_up_to = pc.or_(is_before, pc.and_(is_same, is_up_to))
    count: int = pc.sum(is_up_to).as_py()
    return count
