"""Readings as the protocol's entries, a page at a time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import repeat
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.protocol import Entry
from fieldhouse.protocol.entries import EMPTY, eight
from fieldhouse.protocol.times import LATEST, in_range, to_unix
from fieldhouse.readings import NUMBERS

__all__ = ["PAGE", "TEXTS", "entries", "instant", "pages", "placed", "status_entries"]

PAGE = 8_192
"""Rows of a page: about a megabyte of an answer."""
TEXTS = (*NUMBERS, "Status")
"""The columns that may have texts beside them."""
_SECOND = 1_000_000

Texts = Mapping[tuple[int, int, str], str]
"""Texts by epoch, entry id and column."""


def instant(at: int) -> datetime:
    """Unix seconds as naive UTC; what a zone puts before all time, or after it, at its end."""
    return datetime.fromtimestamp(0, UTC).replace(tzinfo=None) + timedelta(seconds=in_range(at))


def after(at: int | None) -> datetime | None:
    """The end of a span whose last second this is."""
    return None if at is None or at >= LATEST else instant(at + 1)


def pages(readings: Iterable[pa.RecordBatch]) -> Iterator[Sequence[Entry]]:
    """Readings with their texts beside them (``Field1Text``), in pages."""
    for batch in readings:
        for begin in range(0, batch.num_rows, PAGE):
            yield entries(batch.slice(begin, PAGE))


def entries(readings: pa.RecordBatch | pa.Table, texts: Texts | None = None) -> list[Entry]:
    """Readings as entries: a number is written as short as it can be; a kept text goes before it.

    Texts are given, or stand in columns beside.
    """
    columns = [_column(readings, name, texts) for name in TEXTS]
    ids, times = readings["EntryID"].to_pylist(), _seconds(readings["CreatedAt"])
    fields = zip(*columns[:8], strict=True)
    return [Entry(*row) for row in zip(ids, times, fields, *columns[8:], strict=True)]


def status_entries(rows: pa.RecordBatch) -> list[Entry]:
    """Rows of ``statuses`` as entries."""
    found = zip(
        rows["EntryID"].to_pylist(),
        _seconds(rows["CreatedAt"]),
        rows["Status"].to_pylist(),
        strict=True,
    )
    return [Entry(id, at, EMPTY, status=status) for id, at, status in found]


def placed(buckets: Iterable[tuple[int, Sequence[Any]]], seconds: int) -> Iterator[list[Entry]]:
    """Buckets by their number, ascending, as entries in pages; those between two are empty."""
    page: list[Entry] = []
    following: int | None = None
    for number, values in buckets:
        for place in range(number if following is None else following, number + 1):
            fields = eight(values) if place == number else EMPTY
            page.append(Entry(0, place * seconds, fields))
            if len(page) == PAGE:
                yield page
                page = []
        following = number + 1
    yield page


def _seconds(times: pa.Array | pa.ChunkedArray) -> list[int]:
    """Unix seconds; fractions are cut."""
    micros = times.cast(pa.int64()).to_numpy()
    seconds: list[int] = (micros // _SECOND).tolist()
    return seconds


def _column(readings: pa.RecordBatch | pa.Table, name: str, texts: Texts | None) -> Iterable[Any]:
    column = readings[name]
    beside = f"{name}Text"
    has_beside = beside in readings.schema.names and readings[beside].null_count < len(column)
    if column.null_count == len(column) and not has_beside and not texts:
        return repeat(None, len(column))
    written = column if name == "Status" else _written(column)
    if has_beside:
        return _whole(pc.coalesce(readings[beside], written))
    values = _whole(written)
    return values if not texts else _replaced(readings, name, values, texts)


def _written(column: pa.Array | pa.ChunkedArray) -> Any:
    """A decimal without the zeros behind it: ``21.5``, ``100``."""
    return pc.utf8_rtrim(pc.utf8_rtrim(column.cast(pa.string()), "0"), ".")


def _whole(column: pa.Array | pa.ChunkedArray) -> list[Any]:
    values: list[Any] = column.to_pylist()
    return values


def _replaced(
    readings: pa.RecordBatch | pa.Table, name: str, values: list[Any], texts: Texts
) -> list[Any]:
    keys = zip(readings["Epoch"].to_pylist(), readings["EntryID"].to_pylist(), values, strict=True)
    return [texts.get((epoch, id, name), value) for epoch, id, value in keys]


def unix(at: datetime | None) -> int | None:
    """Naive UTC as unix seconds."""
    return None if at is None else to_unix(at)
