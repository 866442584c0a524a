"""JSON lines, Parquet and Arrow as `fieldhouse export` writes them; a column of texts is as in CSV.

What another program wrote in these formats is refused.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.errors import ConfigurationError
from fieldhouse.sources.exports import own
from fieldhouse.sources.exports.chunk import Chunk, Ints, Rejected, made
from fieldhouse.sources.exports.header import Header, own_header
from fieldhouse.sources.exports.options import Options
from fieldhouse.sources.exports.streams import Member, Progress
from fieldhouse.sources.exports.times import Clock

__all__ = ["are_lines", "are_periods", "form_of", "read_lines", "read_table"]

T = TypeVar("T")
_ROWS = 10_000
_PERIOD = re.compile(rb'\{(?:"channel":-?[0-9]+,)?"time":|\{"AggregationID":')
_MAGIC = {b"PAR1": "parquet", b"ARROW1": "arrow"}
Part = tuple[dict[str, pa.Array], Ints, tuple[Rejected, ...]]
"""Columns by their names, the places of their rows, and what is no row."""


def are_lines(head: bytes) -> bool:
    """Whether a text begins with a reading as a line of JSON."""
    return all(
        f'"{name}":'.encode() in head.split(b"\n", 1)[0] for name in ("EntryID", "CreatedAt")
    )


def are_periods(head: bytes) -> bool:
    """Whether a text begins with a period as a line of JSON: of aggregates, or of ``--every``."""
    line = head.split(b"\n", 1)[0]
    return bool(_PERIOD.match(line))


def read_lines(
    pieces: Iterator[bytes], name: str, options: Options
) -> tuple[Header, Iterator[Chunk]]:
    """The columns of JSON lines, and their entries; places are lines. ConfigurationError."""
    lines = enumerate(_lines(pieces), 1)
    number, text = next(lines)
    first = _row(text)
    if not isinstance(first, dict) or not own.is_own(list(first)):
        raise ConfigurationError(f"{name}, line {number}: no reading of fieldhouse export's")
    names = tuple(first)
    whose = own.whose(names, list(first.values()))
    header = own_header(names, f"{name}, line {number}", options, whose=whose)
    return header, _entries(header, _parts(chain([(number, text)], lines), names), name, options)


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
    if rest.strip():
        yield rest


def _row(text: bytes) -> Any:
    """What stands in a line, numbers as their texts; None where it is no JSON."""
    try:
        return json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return None


def _parts(lines: Iterable[tuple[int, bytes]], names: Sequence[str]) -> Iterator[Part]:
    rows: list[dict[str, Any]] = []
    places: list[int] = []
    rejected: list[Rejected] = []
    for number, text in lines:
        row = _row(text)
        if isinstance(row, dict):
            rows.append(row)
            places.append(number)
        elif text.strip():
            said = json.dumps(text.decode())
            rejected.append(Rejected(number, said, "no JSON object: it may be cut"))
        if len(rows) == _ROWS:
            yield _columns(rows, names), np.array(places), tuple(rejected)
            rows, places, rejected = [], [], []
    if rows or rejected:
        yield _columns(rows, names), np.array(places, np.int64), tuple(rejected)


def _columns(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> dict[str, pa.Array]:
    return {name: pa.array([_text(row.get(name)) for row in rows], pa.string()) for name in names}


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _entries(header: Header, parts: Iterable[Part], name: str, options: Options) -> Iterator[Chunk]:
    """Rows under a header of our own, as entries."""
    clock = Clock(options.zone, name=name, column="CreatedAt")
    rows = header.rows or own.Rows(name)

    def chunk(columns: dict[str, pa.Array], places: Ints, rejected: Any = ()) -> Chunk:
        times, comma = clock.read(columns["created_at"]), options.decimal_comma
        found = made(columns, times, places, decimal_comma=comma, rejected=rejected)
        return replace(found, labels=rows.labels)

    for columns, places, rejected in parts:
        named = zip(header.cells, header.keys, strict=True)
        own_columns = {key: columns[cell] for cell, key in named if key}
        yield chunk(*rows.entries(own_columns, places), rejected)
    if left := rows.rest():
        yield chunk(*left)


def form_of(member: Member) -> str | None:
    """Parquet or Arrow, by how the file begins; None where it is neither."""
    if member.inner is not None:
        return None
    try:
        with member.path.open("rb") as file:
            head = file.read(6)
    except OSError:
        return None  # whoever reads it says so
    return next((form for magic, form in _MAGIC.items() if head.startswith(magic)), None)


def read_table(
    member: Member, form: str, options: Options, progress: Progress | None
) -> tuple[Header, Iterator[Chunk]]:
    """The columns of a Parquet or Arrow file, and its entries; places count them."""
    schema, batches = _told(member.name, lambda: _OPEN[form](member.path))
    if not own.is_own(schema.names):
        raise ConfigurationError(
            f"{member.name} is {form.capitalize()}, but no readings that fieldhouse export wrote:"
            " write it as CSV"
        )
    first = _told(member.name, lambda: next(batches, None))
    row = list(first.slice(0, 1).to_pylist()[0].values()) if first and first.num_rows else []
    whose = own.whose(schema.names, row)
    header = own_header(tuple(schema.names), member.name, options, whose=whose)
    parts = _batches(member, chain([first] if first else [], batches), progress)
    return header, _entries(header, parts, member.name, options)


def _batches(
    member: Member, batches: Iterator[pa.RecordBatch], progress: Progress | None
) -> Iterator[Part]:
    row = 0
    while (batch := _told(member.name, lambda: next(batches, None))) is not None:
        columns = {
            name: _as_text(column)
            for name, column in zip(batch.schema.names, batch.columns, strict=True)
        }
        yield columns, np.arange(row + 1, row + 1 + batch.num_rows), ()
        row += batch.num_rows
    if progress:
        progress(member.path.stat().st_size)


def _as_text(column: pa.Array) -> pa.Array:
    """As a CSV file has it; a time without a zone is UTC."""
    if pa.types.is_timestamp(column.type):
        naive = column.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
        return pc.binary_join_element_wise(naive.cast(pa.string()), "Z", "")
    return column.cast(pa.string())


def _open_parquet(path: Path) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    from pyarrow import parquet

    file = parquet.ParquetFile(path)
    return file.schema_arrow, file.iter_batches(_ROWS)


def _open_arrow(path: Path) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    reader = pa.ipc.open_file(path)
    return reader.schema, (reader.get_batch(n) for n in range(reader.num_record_batches))


_OPEN = {"parquet": _open_parquet, "arrow": _open_arrow}


def _told(name: str, work: Callable[[], T]) -> T:
    try:
        return work()
    except (pa.ArrowException, OSError) as error:
        raise ConfigurationError(f"{name} is damaged: {str(error).splitlines()[0]}") from error
