"""What is printed: tables that fit the screen, JSON for machines, a curve in a line, the log.

Whatever encoding a stream has, nothing that is printed can fail: what the stream cannot say is
written in signs that it can.
"""

import codecs
import errno
import logging
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any, TextIO

import typer

from fieldhouse.cli import tables, values
from fieldhouse.cli.logs import VARIABLE, JSONLines
from fieldhouse.cli.values import text
from fieldhouse.errors import ConfigurationError

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.console import Console

    from fieldhouse import events

__all__ = [
    "console",
    "each_by_name",
    "echo_json",
    "is_of_stdout",
    "let_go_of_stdout",
    "observe",
    "print_json",
    "print_rows",
    "print_table",
    "screen_width",
    "set_up_log",
    "set_up_streams",
    "sparkline",
    "text",
    "texts_said",
    "waiting",
]

_BARS = "▁▂▃▄▅▆▇█"
_IN_ASCII = str.maketrans(
    {
        "─": "-",
        "…": "...",
        "±": "+-",
        "→": "->",
        "·": "*",
        "\u2212": "-",
        **dict(zip(_BARS, "_.-:=+*#", strict=True)),
    }
)
"""How what we print ourselves is said on a stream that has ASCII only."""
_FALLBACK = "fieldhouse.fallback"
_ASCII = "fieldhouse_ascii"


def set_up_streams() -> None:
    """Make standard output and error take any text, a redirect in a Windows code page included.

    One that was closed before we began leads nowhere, lest the next file that is opened become it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))
    codecs.register_error(_FALLBACK, _fallback)
    codecs.register(_plain_ascii)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            is_ascii = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding=_ASCII if is_ascii else None, errors=_FALLBACK)


def _plain_ascii(name: str) -> codecs.CodecInfo | None:
    """ASCII under a name of ours: under its own, Click takes it for a mistake and writes UTF-8."""
    if name != _ASCII:
        return None
    own = codecs.lookup("ascii")
    return codecs.CodecInfo(
        own.encode,
        own.decode,
        own.streamreader,
        own.streamwriter,
        own.incrementalencoder,
        own.incrementaldecoder,
        name=_ASCII,
    )


def _fallback(error: UnicodeError) -> tuple[str | bytes, int]:
    """Our own signs in ASCII, others as Python escapes them."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    sign = error.object[error.start]
    said = sign.translate(_IN_ASCII)
    if said == sign:
        said = sign.encode("ascii", "backslashreplace").decode()
    return said, error.start + 1


def is_of_stdout(error: OSError) -> bool:
    """Whether it tells that what we print is not taken; one of a file has the file's name."""
    return error.filename is None and error.errno in (errno.ENOSPC, errno.EIO, errno.EFBIG)


def let_go_of_stdout() -> None:
    """Nobody takes what is still to be written: let the end of the program not try."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def console(*, stderr: bool = False) -> "Console":
    """A console that is plain when its stream is no terminal."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else 1000
    return Console(stderr=stderr, highlight=False, width=width, soft_wrap=not stream.isatty())


def screen_width(stream: TextIO | None = None) -> int | None:
    """The columns of a terminal; None where there is none, and lines may be of any length."""
    stream = stream or sys.stdout
    return shutil.get_terminal_size().columns if stream.isatty() else None


def print_json(value: object, *, utc: bool = True) -> None:
    """One JSON document, of several rows a row a line; see ``values.json_text``."""
    if not isinstance(value, list) or len(value) < 2:
        return echo_json(values.json_text(value, utc=utc))
    lines = ",\n".join(values.json_text(each, utc=utc) for each in value)
    return echo_json(f"[{lines}]")


def echo_json(document: str, *, end: str = "\n") -> None:
    """Print a part of a JSON document; in ASCII where the stream has not every sign."""
    said = document if _speaks_utf8(sys.stdout) else values.ascii_json(document)
    typer.echo(f"{said}{end}", nl=False)


def _speaks_utf8(stream: TextIO) -> bool:
    try:
        return codecs.lookup(stream.encoding or "ascii").name == "utf-8"
    except LookupError:
        return False


def print_rows(
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    title: str | None = None,
    as_json: bool = False,
    spare: Sequence[str] = (),
    zone: tzinfo | None = UTC,
) -> None:
    """Print the named columns of some rows, as a table or as a JSON array.

    ``spare`` are those that a narrow screen does without first, in that order. Times without a zone
    are UTC and shown in ``zone``, which is said below; with None they stay as they are.
    """
    if as_json:
        return print_json([{name: row[name] for name in columns} for row in rows])
    listed = [[row[name] for name in columns] for row in rows]
    return _print_cells(columns, listed, title=title, spare=spare, zone=zone)


def print_table(
    table: "pa.Table",
    *,
    title: str | None = None,
    as_json: bool = False,
    spare: Sequence[str] = (),
    zone: tzinfo | None = UTC,
) -> None:
    """Print an Arrow table whole, as ``print_rows`` does; as JSON its columns need names."""
    if as_json:
        return print_json(each_by_name(table).to_pylist())
    cells = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
    return _print_cells(table.column_names, cells, title=title, spare=spare, zone=zone)


def _print_cells(
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    title: str | None,
    spare: Sequence[str],
    zone: tzinfo | None,
) -> None:
    if title:
        typer.echo(title)
    for line in tables.laid_out(names, rows, screen_width(), spare=spare, zone=zone):
        typer.echo(line)
    if zone is not None and any(isinstance(value, datetime) for row in rows for value in row):
        typer.echo(f"times: {zone}")


def each_by_name(answer: Any) -> Any:
    """The answer, if each of its columns has a name of its own. Raises ConfigurationError."""
    names = answer.schema.names
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigurationError(f"two columns are called {doubled[0]!r}: give each a name (AS …)")
    return answer


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
    """Log to standard error in the seed's format: errors only, or everything on request.

    With ``FIELDHOUSE_LOG=json`` a line is a JSON object with the run's id. ConfigurationError.
    """
    wanted = os.environ.get(VARIABLE, "").strip().lower()
    if wanted not in ("", "text", "json"):
        raise ConfigurationError(f"environment {VARIABLE} must be text or json")
    level = logging.INFO if verbose else logging.CRITICAL if quiet else logging.ERROR
    form = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
    logging.basicConfig(level=logging.WARNING, format=form, stream=sys.stderr)
    if wanted == "json":
        for handler in logging.getLogger().handlers:
            handler.setFormatter(JSONLines())
    logging.getLogger("fieldhouse").setLevel(level)
