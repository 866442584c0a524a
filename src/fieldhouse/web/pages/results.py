"""The answer of somebody's own SQL as a page shows it: texts in cells, a plot where it has one."""

import json
from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.report.figure import Figure, Line, Panel
from fieldhouse.report.markup import Markup
from fieldhouse.report.page import chart

__all__ = ["cells_of", "plot_of"]

_LONGEST = 300
_PANELS, _LINES = 6, 8
_NO_NAME = "\N{EN DASH}"
_EARLIEST, _LATEST = (np.datetime64(day, "us").astype(np.int64) for day in ("1000", "9000"))
"""Years that an axis can be drawn for."""


def cells_of(table: pa.Table) -> list[list[str | None]]:
    """Rows of texts; None is no value, a long text is cut."""
    columns = [_texts(column) for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _texts(column: pa.ChunkedArray) -> list[str | None]:
    try:
        said = column.cast(pa.string())
        if pa.types.is_decimal(column.type) or pa.types.is_timestamp(column.type):
            said = pc.replace_substring_regex(said, r"(\.\d*?)0+(Z?)$", r"\1\2")
            said = pc.replace_substring_regex(said, r"\.(Z?)$", r"\1")
        texts = said.to_pylist()
    except (pa.ArrowException, NotImplementedError, UnicodeDecodeError):
        texts = [_said(value) for value in column]
    return [
        text if text is None or len(text) <= _LONGEST else f"{text[:_LONGEST]}…" for text in texts
    ]


def _said(value: pa.Scalar) -> str | None:
    """A list, a struct, or what no other column can be cast from."""
    if not value.is_valid:
        return None
    try:
        given = value.as_py()
    except (ValueError, OverflowError):  # a time of no year that Python knows
        if isinstance(value, pa.StructScalar):
            return str({name: _said(each) for name, each in value.items()})
        if isinstance(value, pa.ListScalar):
            return str([_said(each) for each in value.values])
        return str(value.cast(pa.string()))
    if isinstance(given, (list, dict)):
        return json.dumps(given, ensure_ascii=False, default=str)
    return str(given)


# A plot


def plot_of(table: pa.Table, zone: tzinfo) -> Markup | None:
    """A plot of the numbers over the first column of times; None where there is none.

    Where a row's first text tells lines apart, a few at the most, each has its own.
    """
    whens = [n for n, kind in enumerate(table.schema.types) if _is_time(kind)]
    numbers = [field.name for field in table.schema if _is_number(field.type)]
    if not whens or not numbers or table.num_rows < 2:
        return None
    at = _instants(table.column(whens[0]))
    is_drawn = (at > _EARLIEST) & (at < _LATEST)
    if len(np.unique(at[is_drawn])) < 2:
        return None
    groups = _groups(table)
    panels = tuple(
        panel
        for place, field in enumerate(table.schema)
        if _is_number(field.type)
        for panel in _panel(field.name, table.column(place), at, is_drawn, groups)
    )[:_PANELS]
    if not panels:
        return None
    start, end = int(at[is_drawn].min()), int(at[is_drawn].max())
    return chart("plot", Figure("Answer", start, end + 1, zone, panels))


def _is_time(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_floating(kind) or pa.types.is_decimal(kind) or pa.types.is_integer(kind)
    )


def _instants(column: pa.ChunkedArray) -> Any:
    """Microseconds since 1970; what is none lies before all that is drawn."""
    kind = pa.timestamp("us", column.type.tz if pa.types.is_timestamp(column.type) else None)
    micros = pc.cast(column, kind, safe=False).cast(pa.int64())
    return pc.fill_null(micros, 0 - 2**62).to_numpy()


def _groups(table: pa.Table) -> list[tuple[str, Any]]:
    """The lines that a text tells apart: their names, and which rows are theirs."""
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type) or field.name in ("ChannelID", "channel"):
            texts = np.array(_texts(table.column(place)), dtype=object)
            names = list(dict.fromkeys(texts.tolist()))
            if 1 < len(names) <= _LINES:
                return [(name or _NO_NAME, texts == name) for name in names]
    return [("", np.ones(table.num_rows, bool))]


def _panel(
    name: str,
    column: pa.ChunkedArray,
    at: Any,
    is_drawn: Any,
    groups: Sequence[tuple[str, Any]],
) -> Iterator[Panel]:
    values = pc.cast(column, pa.float64(), safe=False)
    numbers = pc.fill_null(values, float("nan")).to_numpy()
    there = is_drawn & np.isfinite(numbers) & (np.abs(numbers) < 1e15)
    lines = tuple(
        _line(label or name, at[there & own], numbers[there & own]) for label, own in groups
    )
    if shown := tuple(line for line in lines if len(line)):
        yield Panel(name, shown)


def _line(name: str, at: Any, values: Any) -> Line:
    """A point a time; of several values at one time, their mean, least and greatest."""
    order = np.argsort(at, kind="stable")
    times, first, counts = np.unique(at[order], return_index=True, return_counts=True)
    if not len(times):
        nothing = np.array([], np.float64)
        return Line(name, times, times, nothing, nothing, nothing, counts)
    held = values[order]
    least, greatest = np.minimum.reduceat(held, first), np.maximum.reduceat(held, first)
    mean = np.clip(np.add.reduceat(held, first) / counts, least, greatest)
    return Line(name, times, times, mean, least, greatest, counts)
