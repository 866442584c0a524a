"""A long answer on its way out, batch by batch, so that memory does not grow with it.

On a terminal it is a table: the first rows say how wide its columns are, and rows are shown as they
come. In a pipe or a file it is tab-separated text with a header, or CSV, or JSON, whole.
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import typer

from fieldhouse.cli import output, tables, values
from fieldhouse.errors import ConfigurationError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["print_csv", "print_json", "print_lines"]

_MEASURED = 500
"""Rows that say how wide a column is."""
_NOUGHTS = ((r"\.0+$", ""), (r"(\.\d*[1-9])0+$", r"\1"))
"""What ends a decimal or a time, and says nothing."""


def print_lines(answer: "pa.RecordBatchReader") -> None:
    """A table on a terminal; tab-separated text in a pipe."""
    if sys.stdout.isatty():
        _show(_table_lines(answer))
    else:
        _write_separated(answer, "\t")


def print_csv(answer: "pa.RecordBatchReader") -> None:
    """Comma-separated values with a header, UTF-8: no value is nothing, an empty text ``""``."""
    _write_separated(answer, ",")


def print_json(answer: "pa.RecordBatchReader") -> None:
    """One JSON array, a row a line; a time of no zone stays without one."""
    between = "["
    for batch in output.each_by_name(answer):
        lines = [values.json_text(row) for row in batch.to_pylist()]
        if lines:
            output.echo_json(between + ",\n".join(lines), end="")
            between = ",\n"
    typer.echo("[]" if between == "[" else "]")


def _table_lines(answer: "pa.RecordBatchReader") -> Iterator[str]:
    """The lines of a table as its rows come; a single row that is too wide stands on end."""
    names = answer.schema.names
    rows = chain.from_iterable(map(_rows, answer))
    first = list(islice(rows, _MEASURED))
    width = output.screen_width()
    if len(first) <= 1:
        yield from tables.laid_out(names, first, width)
        return
    layout = tables.planned(names, first, width)
    yield from layout.head()
    yield from map(layout.row, chain(first, rows))
    if layout.left_out:
        yield from tables.left_out(layout.left_out)


def _rows(batch: "pa.RecordBatch") -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _show(lines: Iterator[str]) -> None:
    """Print what fits on the screen at once; more goes through the pager that the person has."""
    height = shutil.get_terminal_size().lines
    first = list(islice(lines, height))
    pager = os.environ.get("PAGER", shutil.which("less") or "")
    if len(first) < height or pager in ("", "cat") or not sys.stdin.isatty():
        for line in chain(first, lines):
            typer.echo(line)
        return
    _page(shlex.split(pager), chain(first, lines))


def _page(pager: list[str], lines: Iterable[str]) -> None:
    """Send the lines to a program; who leaves it has seen enough."""
    less = {"LESS": "FRX", **os.environ}
    try:
        program = subprocess.Popen(pager, stdin=subprocess.PIPE, encoding="utf-8", env=less)  # noqa: S603
    except OSError as error:
        raise ConfigurationError(f"PAGER: {pager[0]} cannot be run: {error.strerror}") from None
    with program, suppress(BrokenPipeError):
        for line in lines:
            program.stdin.write(f"{line}\n")  # type: ignore[union-attr]


def _write_separated(answer: "pa.RecordBatchReader", separator: str) -> None:
    """Write all to standard output as UTF-8, a batch at a time."""
    import pyarrow as pa
    from pyarrow import csv

    written = [_writing(field.type) for field in answer.schema]
    schema = pa.schema(
        [
            (field.name, field.type if each is None else pa.string())
            for field, each in zip(answer.schema, written, strict=True)
        ]
    )
    sys.stdout.flush()
    options = csv.WriteOptions(delimiter=separator, quoting_style="needed")
    with csv.CSVWriter(pa.PythonFile(sys.stdout.buffer, "w"), schema, write_options=options) as out:
        for batch in answer:
            columns = [
                column if each is None else each(column)
                for column, each in zip(batch.columns, written, strict=True)
            ]
            out.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
    sys.stdout.buffer.flush()


def _writing(kind: "pa.DataType") -> "Callable[[pa.Array], pa.Array] | None":
    """How a column becomes text, if Arrow's own way will not do."""
    import pyarrow as pa
    from pyarrow import types

    if types.is_timestamp(kind) or types.is_decimal(kind) or types.is_time(kind):
        return _without_noughts
    if types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind):
        return None
    if types.is_string(kind) or types.is_large_string(kind) or types.is_date(kind):
        return None

    def each(column: "pa.Array") -> "pa.Array":
        found = (None if value is None else values.text(value) for value in column.to_pylist())
        return pa.array(list(found), pa.string())

    return each


def _without_noughts(column: "pa.Array") -> "pa.Array":
    import pyarrow as pa
    from pyarrow import compute

    said = column.cast(pa.string())
    for pattern, instead in _NOUGHTS:
        said = compute.replace_substring_regex(said, pattern, instead)
    return said
