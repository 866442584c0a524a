"""A long answer on its way out, batch by batch, so that memory does not grow with it.

On a terminal it is a table: the first rows say how wide its columns are, and rows are shown as they
come. In a pipe or a file it is tab-separated text with a header, or CSV, or JSON, whole.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import typer

from fieldhouse.cli import cells, output, tables, values
from fieldhouse.errors import ConfigurationError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["print_csv", "print_json", "print_lines"]

_MEASURED = 500
"""Rows that say how wide a column is."""
_WRITTEN = 8_192
"""Rows that are written at a time."""


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
    for batch in _pieces(output.each_by_name(answer)):
        rows = ",\n".join(_objects(batch))
        output.echo_json(f"{between}{rows}", end="")
        between = ",\n"
    typer.echo("[]" if between == "[" else "]")


def _pieces(answer: "pa.RecordBatchReader") -> "Iterator[pa.RecordBatch]":
    """Some rows at a time: what they are as text is many times as much."""
    for batch in answer:
        for begin in range(0, batch.num_rows, _WRITTEN):
            yield batch.slice(begin, _WRITTEN)


def _objects(batch: "pa.RecordBatch") -> list[str]:
    """Each row as a JSON object."""
    from pyarrow import compute

    members = [
        compute.binary_join_element_wise(values.json_text(name), cells.as_json(column), ":")
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    objects = compute.binary_join_element_wise(*members, ",")
    return [f"{{{each}}}" for each in objects.to_pylist()]


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
    return zip(*(cells.listed(column) for column in batch.columns), strict=True)


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
    with suppress(BrokenPipeError), program:
        for line in lines:
            program.stdin.write(f"{line}\n")  # type: ignore[union-attr]


def _write_separated(answer: "pa.RecordBatchReader", separator: str) -> None:
    """Write all to standard output as UTF-8, a batch at a time."""
    header = separator.join(_quoted_name(name, separator) for name in answer.schema.names)
    sys.stdout.flush()
    sys.stdout.buffer.write(f"{header}\n".encode())
    for batch in _pieces(answer):
        sys.stdout.buffer.write(_lines(batch, separator))
    sys.stdout.buffer.flush()


def _quoted_name(name: str, separator: str) -> str:
    quoted = name.replace('"', '""')
    return f'"{quoted}"' if not name or re.search(f'["\r\n{separator}]', name) else name


def _lines(batch: "pa.RecordBatch", separator: str) -> bytes:
    """The rows as text, each column made at once."""
    from pyarrow import compute

    joined = compute.binary_join_element_wise(
        *(cells.separated(column, separator) for column in batch.columns), separator
    )
    return ("\n".join(joined.to_pylist()) + "\n").encode("utf-8", "replace")
