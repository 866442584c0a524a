"""The command that copies a whole warehouse into another."""

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fieldhouse.cli import output
from fieldhouse.cli.options import Config, Json, Wait, settings_from
from fieldhouse.errors import ConfigurationError, Interrupted

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from fieldhouse.moving import Moved
    from fieldhouse.settings import Settings
    from fieldhouse.warehouse import Warehouse

__all__ = ["add_to"]

PasswordOf = Annotated[
    str | None,
    typer.Option(
        "--from-password",
        metavar="VARIABLE",
        help="The environment's variable with FROM's password; default: DB_PASSWORD.",
    ),
]
PasswordTo = Annotated[
    str | None, typer.Option("--to-password", metavar="VARIABLE", help="The same for TO.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command()(copy)


def copy(
    source_url: Annotated[
        str, typer.Argument(metavar="FROM", help="The warehouse, as a URL or a file.")
    ],
    target_url: Annotated[
        str, typer.Argument(metavar="TO", help="An empty one of any engine, or one to be made.")
    ],
    create: Annotated[
        bool, typer.Option("--create", help="Make the database first, where a server lacks it.")
    ] = False,
    source_password: PasswordOf = None,
    target_password: PasswordTo = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Copy a whole warehouse into another, of whatever engine, and check that all arrived.

    fieldhouse copy fieldhouse.duckdb sqlserver://loader@db/IoTSensorDB --create

    Readings, texts, lives, corrections, aggregates, runs, settings of channels: every table, to
    the last digit. Interrupted, the same command goes on. Let nothing write to FROM meanwhile.
    """
    from fieldhouse import moving

    source_settings = settings_from(config, source_url, wait)
    target_settings = settings_from(config, target_url, wait)
    _refuse_same(source_url, target_url)
    origin = _named(source_settings)
    with (
        _carrying_on(),
        closing(_opened(source_settings, source_password, read_only=True)) as source,
        closing(_opened(target_settings, target_password, create=create)) as target,
        _shown(is_shown=not as_json and sys.stderr.isatty()) as show,
    ):
        target.migrate()
        done = {}
        for moved in moving.copy(source, target, origin=origin):
            done[moved.table] = moved
            show(moved)
    _report([each for each in done.values() if each.total], as_json=as_json)


def _refuse_same(source: str, target: str) -> None:
    if source == target or (_file(source) and _file(source) == _file(target)):
        raise ConfigurationError(f"{output.text(source)} would be copied onto itself")


def _named(settings: "Settings") -> str:
    return _file(settings.warehouse_url) or settings.warehouse_url


def _file(url: str) -> str | None:
    """The file that a URL is of, in full."""
    from fieldhouse.warehouse.owner import file_of

    file = file_of(url)
    return str(Path(file).resolve()) if file else None


def _opened(
    settings: "Settings", variable: str | None, *, read_only: bool = False, create: bool = False
) -> "Warehouse":
    from fieldhouse.warehouse import open_warehouse

    password = settings.warehouse_password
    if variable and (password := os.environ.get(variable)) is None:
        raise ConfigurationError(f"the environment has no {output.text(variable)}")
    return open_warehouse(
        settings.warehouse_url,
        read_only=read_only,
        password=password,
        create=create,
        wait=settings.wait,
        observe=output.observe,
    )


@contextmanager
def _carrying_on() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted("interrupted; the same command once more goes on") from None


@contextmanager
def _shown(*, is_shown: bool) -> "Iterator[_Bars]":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), MofNCompleteColumn())
    bars = Progress(
        *columns, Remaining(), console=output.console(stderr=True), disable=not is_shown
    )
    with bars:
        yield _Bars(bars)


class _Bars:
    """A bar a table, as it is copied."""

    def __init__(self, bars: "Progress") -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, moved: "Moved") -> None:
        if not moved.total:
            return
        if moved.table not in self._tasks:
            self._tasks[moved.table] = self._bars.add_task(moved.table, total=moved.total)
        task = self._tasks[moved.table]
        self._bars.update(task, completed=moved.rows, total=moved.total)


def _report(done: "list[Moved]", *, as_json: bool) -> None:
    rows = [
        {"table": f"iot.{each.table}", "rows": each.rows, "written": each.written} for each in done
    ]
    if as_json:
        output.print_json(rows)
        return
    output.print_rows(rows, ("table", "rows", "written"))
    typer.echo(
        f"{sum(each.rows for each in done):,} rows, the same in both by number and checksum of each"
        " channel and month"
    )
