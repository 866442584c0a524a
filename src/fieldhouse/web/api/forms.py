"""The forms in which the API answers: which one a client wants, and how a table is written in it.

Each writer is a generator of bytes: nothing is read before it is asked for.
"""

import io
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any

import msgspec
import pyarrow as pa
from fastapi import HTTPException
from pyarrow import csv as arrow_csv

from fieldhouse.exporting.formats import Csv, in_cells, in_rows

__all__ = ["MEDIA", "Form", "form_of", "written"]

_ROWS = 4_096
"""Rows that are turned into text at a time: what is sent comes in pieces of this."""


class Form(StrEnum):
    """What an answer is written in: the ending of its address."""

    JSON = "json"
    CSV = "csv"
    ARROW = "arrow"
    JSONL = "jsonl"


MEDIA = {
    Form.JSON: "application/json",
    Form.CSV: "text/csv",
    Form.ARROW: "application/vnd.apache.arrow.stream",
    Form.JSONL: "application/x-ndjson",
}
_ANY = {"*/*", "application/*", "text/html"}
"""A browser that asks for a page gets what is shown best in one."""


def form_of(ending: str | None, accept: str) -> Form:
    """The form that an address ends in, or else the first of those that are accepted most.

    Raises HTTPException 404 for an ending that is none, 406 where none is accepted.
    """
    if ending is not None:
        if ending not in set(Form):
            endings = ", ".join(f".{form}" for form in Form)
            raise HTTPException(404, f"there is no such ending: there is {endings}")
        return Form(ending)
    for kind in _by_wish(accept):
        if kind in _ANY:
            return Form.JSON
        for form, media in MEDIA.items():
            if kind == media:
                return form
        if kind == "text/*":
            return Form.CSV
    raise HTTPException(406, f"there is {', '.join(MEDIA.values())}")


def _by_wish(accept: str) -> list[str]:
    """The kinds of an Accept header, the most wanted first; without one, anything."""
    kinds: list[tuple[float, str]] = []
    for part in accept.lower().split(",") if accept.strip() else ["*/*"]:
        kind, *given = (word.strip() for word in part.split(";"))
        if (wish := _wish(given)) > 0:
            kinds.append((wish, kind))
    return [kind for _, kind in sorted(kinds, key=lambda one: -one[0])]


def _wish(given: list[str]) -> float:
    for word in given:
        if word.startswith("q="):
            try:
                return float(word[2:])
            except ValueError:
                return 0.0
    return 1.0


def written(reader: pa.RecordBatchReader, form: Form, csv: Csv, *, one: bool) -> Iterator[bytes]:
    """A table in a form, piece by piece; with ``one`` its only row is no list in JSON."""
    if form is Form.JSON and one:
        return _object(reader)
    return _WRITERS[form](reader, csv)


def _small(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        for first in range(0, batch.num_rows, _ROWS):
            yield batch.slice(first, _ROWS)


_JSON = msgspec.json.Encoder(decimal_format="number", enc_hook=str)


def _json(reader: pa.RecordBatchReader, _: Csv) -> Iterator[bytes]:
    before = b"["
    for batch in _small(reader):
        yield before + _JSON.encode(in_rows(batch))[1:-1]
        before = b",\n"
    yield b"[]\n" if before == b"[" else b"]\n"


def _object(reader: pa.RecordBatchReader) -> Iterator[bytes]:
    rows = reader.read_all().combine_chunks().to_batches()
    yield _JSON.encode(in_rows(rows[0])[0]) + b"\n"


def _jsonl(reader: pa.RecordBatchReader, _: Csv) -> Iterator[bytes]:
    for batch in _small(reader):
        yield _JSON.encode_lines(in_rows(batch))


def _arrow(reader: pa.RecordBatchReader, _: Csv) -> Iterator[bytes]:
    sink = _Drained()
    with pa.ipc.new_stream(sink, reader.schema) as writer:
        yield sink.drained()
        for batch in reader:
            writer.write_batch(batch)
            yield sink.drained()
    yield sink.drained()


def _csv(reader: pa.RecordBatchReader, csv: Csv) -> Iterator[bytes]:
    cells = in_cells(_flat(reader), {}, csv)
    sink = _Drained()
    if csv.bom:
        sink.write("\ufeff".encode())
    options = arrow_csv.WriteOptions(delimiter=csv.separator)
    with arrow_csv.CSVWriter(sink, cells.schema, write_options=options) as writer:
        yield sink.drained()
        for batch in _small(cells):
            writer.write_batch(batch)
            yield sink.drained()
    yield sink.drained()


def _flat(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """Lists, bytes and the like as JSON has them, as texts: a cell holds one value."""
    if not any(_is_deep(field.type) for field in reader.schema):
        return reader
    fields = [
        field.with_type(pa.string()) if _is_deep(field.type) else field for field in reader.schema
    ]
    schema = pa.schema(fields)

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            columns = [_as_text(c) if _is_deep(c.type) else c for c in batch.columns]
            yield pa.record_batch(columns, schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _is_deep(kind: pa.DataType) -> bool:
    types = pa.types
    return not (
        types.is_primitive(kind)
        or types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_decimal(kind)
        or types.is_null(kind)
    ) or types.is_interval(kind)


def _as_text(column: pa.Array) -> pa.Array:
    values = (
        None if one is None else _JSON.encode(one).decode().removeprefix('"').removesuffix('"')
        for one in column.to_pylist()
    )
    return pa.array(values, pa.string())


class _Drained(io.BytesIO):
    """What a writer has written since it was last looked at."""

    def drained(self) -> bytes:
        held = self.getvalue()
        self.seek(0)
        self.truncate()
        return held


_WRITERS: dict[Form, Callable[[Any, Csv], Iterator[bytes]]] = {
    Form.JSON: _json,
    Form.CSV: _csv,
    Form.ARROW: _arrow,
    Form.JSONL: _jsonl,
}
