"""The commands for a person's own SQL: query, and tables, which says what there is to ask."""

import sys
from collections.abc import Iterable
from contextlib import closing
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from fieldhouse.cli import answers, output
from fieldhouse.cli.options import (
    Config,
    Json,
    Output,
    Overwrite,
    Wait,
    WarehouseURL,
    opened,
    settings_from,
)
from fieldhouse.errors import ConfigurationError
from fieldhouse.exporting import files

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command()(query)
    app.command("tables")(list_tables)


def query(
    statement: Annotated[
        str | None,
        typer.Argument(metavar="[SELECT]", help="One SELECT, in quotes; - reads standard input."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", metavar="FILE", help="A file that holds it.")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV on standard output.")] = False,
    as_json: Json = False,
    target: Output = None,
    overwrite: Overwrite = False,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
) -> None:
    """Ask the warehouse in SQL; nothing can be changed by it.

    fieldhouse query "SELECT PeriodStart, Field1Avg FROM iot.AggregatedData LIMIT 5"

    fieldhouse query --csv -f report.sql > report.csv

    On a terminal a table; in a pipe tab-separated text, of any length. In the warehouse's own SQL:
    on SQL Server it is SELECT TOP (5) …, without LIMIT. What there is: fieldhouse tables
    """
    if sum([as_csv, as_json, target is not None]) > 1:
        raise ConfigurationError("--csv, --json and --output exclude one another: choose one")
    if target:
        files.kind(target)
        files.refuse_existing(target, overwrite=overwrite)
    asked = _statement(statement, file)
    with closing(opened(settings_from(config, warehouse, wait))) as house:
        answer = house.stream(asked)
        if target:
            typer.echo(f"{files.write(answer, target, overwrite=overwrite):,} rows in {target}")
            return
        shown = answers.print_json if as_json else answers.print_csv if as_csv else None
        (shown or answers.print_lines)(answer)


def _statement(given: str | None, file: Path | None) -> str:
    """The SELECT of the one place that names it."""
    if (given is None) == (file is None):
        raise ConfigurationError(
            'one SELECT is asked for: fieldhouse query "SELECT …", or - for standard input,'
            " or --file FILE"
        )
    read = _read(file) if file else _piped() if given == "-" else given or ""
    if not read.isascii() and not _is_text(read):
        raise ConfigurationError("the statement is not UTF-8 text: a SELECT is asked for")
    if not read.strip():
        raise ConfigurationError(f"{file or 'the statement'} is empty: a SELECT is asked for")
    return read.removeprefix("\ufeff")


def _is_text(read: str) -> bool:
    """Whether it has no bytes of another encoding, which the shell passes on as they are."""
    return not any("\ud800" <= sign <= "\udfff" for sign in read)


def _piped() -> str:
    try:
        return sys.stdin.read()
    except UnicodeDecodeError:
        raise ConfigurationError("standard input is not UTF-8 text: a SELECT is wanted") from None


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} is not UTF-8 text: a SELECT is asked for") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no path can be so"
        raise ConfigurationError(f"{file} cannot be read: {reason}") from None


def list_tables(
    table: Annotated[
        str | None, typer.Argument(metavar="[TABLE]", help="One of them: its columns.")
    ] = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """What there is to query: the tables, what each holds, and the columns of one.

    fieldhouse tables

    fieldhouse tables SensorReadings
    """
    from fieldhouse.warehouse.dictionary import TABLES, columns_of, meaning

    with closing(opened(settings_from(config, warehouse, wait))) as house:
        found = columns_of(house)
    if table is None:
        rows = [
            {"table": f"iot.{name}", "holds": TABLES.get(name, ""), "columns": len(columns)}
            for name, columns in found.items()
        ]
        output.print_rows(rows, ("table", "holds", "columns"), as_json=as_json, spare=("columns",))
        if not as_json:
            typer.echo("the columns of one: fieldhouse tables SensorReadings")
        return
    name = _named(table, found)
    rows = [
        {"column": column, "type": kind, "holds": meaning(name, column)}
        for column, kind in found[name]
    ]
    output.print_rows(rows, ("column", "type", "holds"), as_json=as_json, spare=("type",))


def _named(table: str, known: Iterable[str]) -> str:
    """The table that is meant, in whatever case, with or without its schema."""
    wanted = table.lower().removeprefix("iot.").strip('"[]')
    for name in known:
        if name.lower() == wanted:
            return name
    close = get_close_matches(wanted, [name.lower() for name in known], 1)
    meant = [name for name in known if name.lower() in close]
    hint = f"; did you mean {meant[0]}?" if meant else "; fieldhouse tables lists them"
    raise ConfigurationError(f"there is no table {output.text(table)}{hint}")
