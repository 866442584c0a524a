"""What is printed: tables on a terminal, JSON for machines, progress on long work, the log."""

import json
import logging
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import typer

from fieldhouse.errors import ConfigurationError

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.console import Console

    from fieldhouse import events

__all__ = [
    "console",
    "observe",
    "print_json",
    "print_rows",
    "print_table",
    "set_up_log",
    "sparkline",
    "text",
    "texts_said",
    "waiting",
]

_WIDE = 12
"""A single row with more columns than this stands better on end."""
_BARS = "▁▂▃▄▅▆▇█"
_FORMS: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "yes" if value else "no",
    float: lambda value: f"{value:.6g}",
    Decimal: lambda value: f"{value.normalize():f}" if value else "0",
    datetime: lambda value: value.isoformat(sep=" ", timespec="seconds"),
}


def console(*, stderr: bool = False) -> "Console":
    """A console that is plain when its stream is no terminal."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else 1000
    return Console(stderr=stderr, highlight=False, width=width, soft_wrap=not stream.isatty())


def text(value: object) -> str:
    """A value as a person reads it; no value is a dash."""
    if value is None:
        return "-"
    for kind, written in _FORMS.items():
        if isinstance(value, kind):
            return written(value)
    return str(value)


def print_json(value: object) -> None:
    """One JSON document; times are ISO 8601 in UTC, decimals are numbers."""
    typer.echo(json.dumps(value, ensure_ascii=False, default=_plain))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat() + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)


def print_rows(
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    title: str | None = None,
    as_json: bool = False,
    header: bool = True,
) -> None:
    """Print the named columns of some rows, as a table or as a JSON array."""
    if as_json:
        return print_json([{name: row[name] for name in columns} for row in rows])
    listed = [[row[name] for name in columns] for row in rows]
    return _print_cells(listed, columns, title=title, header=header)


def _print_cells(
    rows: Sequence[Sequence[Any]],
    columns: Sequence[str],
    *,
    title: str | None = None,
    header: bool = True,
) -> None:
    """Print rows by position; whatever a cell holds is text, and no markup."""
    if len(rows) == 1 and len(columns) > _WIDE:
        pairs = [(name, text(value)) for name, value in zip(columns, rows[0], strict=True)]
        return _print_cells(pairs, ("", " "), title=title, header=False)
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(title) if title else None,
        title_justify="left",
        box=box.SIMPLE_HEAD if header else box.SIMPLE,
        show_header=header,
        pad_edge=False,
    )
    for place, name in enumerate(columns):
        numeric = all(isinstance(row[place], (int, float, Decimal, type(None))) for row in rows)
        table.add_column(Text(name), justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*(Text(text(value)) for value in row))
    return console().print(table)


def print_table(table: "pa.Table", *, title: str | None = None, as_json: bool = False) -> None:
    """Print an Arrow table whole; as JSON each column needs a name of its own."""
    names = table.column_names
    if as_json and (doubled := sorted({name for name in names if names.count(name) > 1})):
        raise ConfigurationError(f"two columns are called {doubled[0]!r}: give each a name (AS …)")
    if as_json:
        return print_json(table.to_pylist())
    cells = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
    return _print_cells(cells, names, title=title)


def texts_said(texts: Mapping[str, int], *, in_cells: bool = False) -> str:
    """How a line on an export ends: how many values went as the source's text, and where to."""
    if not (count := sum(texts.values())):
        return ""
    where = "in their cells" if in_cells else f"in {', '.join(f'{name}Text' for name in texts)}"
    return f"; values that no number is exactly, as the source wrote them, {where}: {count:,}"


def sparkline(values: Sequence[float | None], width: int = 60) -> str:
    """A curve in one line of text: means of ``width`` stretches, a blank where there is none."""
    width = min(width, len(values))
    stretches = [
        [value for value in values[begin:end] if value is not None]
        for i in range(width)
        for begin, end in [(len(values) * i // width, len(values) * (i + 1) // width)]
    ]
    means = [sum(stretch) / len(stretch) if stretch else None for stretch in stretches]
    known = [mean for mean in means if mean is not None]
    if not known:
        return ""
    low, span = min(known), (max(known) - min(known)) or 1.0
    return "".join(
        " " if mean is None else _BARS[min(7, int((mean - low) / span * 8))] for mean in means
    )


def observe(event: "events.Event") -> None:
    """Say on a terminal what is waited for: a warehouse in use, a server that is asked again."""
    if sys.stderr.isatty() and (line := waiting(event)):
        console(stderr=True).print(line, markup=False)


def waiting(event: "events.Event") -> str | None:
    """What an event says of waiting, in one line, if it does."""
    from fieldhouse import events

    match event:
        case events.WarehouseAwaited(line):
            return line
        case events.AskingAgain(_, why):
            return f"{why}; asking again"
    return None


def set_up_log(*, verbose: bool = False, quiet: bool = False) -> None:
    """Log to standard error in the seed's format: errors only, or everything on request."""
    from stamina.instrumentation import set_on_retry_hooks

    set_on_retry_hooks([])  # a retry is logged by us, in words
    level = logging.INFO if verbose else logging.CRITICAL if quiet else logging.ERROR
    form = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
    logging.basicConfig(level=logging.WARNING, format=form, stream=sys.stderr)
    logging.getLogger("fieldhouse").setLevel(level)
