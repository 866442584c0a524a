"""The command that writes readings and periods to files."""

import sys
import warnings
from contextlib import closing
from csv import reader
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from fieldhouse.cli.options import (
    Channels,
    Config,
    From,
    Overwrite,
    TimeZone,
    To,
    Wait,
    WarehouseURL,
    opened,
    settings_from,
    span_of,
)
from fieldhouse.errors import ConfigurationError
from fieldhouse.exporting import files

if TYPE_CHECKING:
    import pyarrow as pa

    from fieldhouse.exporting.formats import Csv
    from fieldhouse.exporting.outgoing import Outgoing
    from fieldhouse.warehouse import Warehouse

__all__ = ["add_to"]

_STDOUT = "-"


class Table(StrEnum):
    """What is exported."""

    READINGS = "readings"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be exported, as it was asked for; the span is naive UTC, times go out in zone."""

    channels: list[str]
    fields: list[str] | None
    start: datetime | None
    end: datetime | None
    zone: ZoneInfo | None
    table: Table
    every: str | None
    statistics: list[str]
    labels: bool
    is_long: bool
    is_original: bool


def add_to(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command()(export)


def export(
    channels: Channels,
    target: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Ends in .csv, .parquet, .jsonl, .xlsx or .arrow; - is standard output.",
        ),
    ],
    form: Annotated[
        str | None, typer.Option("--format", metavar="FORMAT", help="Whatever the file is called.")
    ] = None,
    table: Annotated[
        Table, typer.Option("--table", case_sensitive=False, help="What to export.")
    ] = Table.READINGS,
    fields: Annotated[
        str | None,
        typer.Option("--fields", metavar="FIELD,…", help="Only these, by number or label."),
    ] = None,
    start: From = None,
    end: To = None,
    every: Annotated[
        str | None,
        typer.Option(
            "--every", metavar="LENGTH", help="Means over periods of 5min, 1h, 1d, 1w, 1mo or 1y."
        ),
    ] = None,
    statistics: Annotated[
        str,
        typer.Option("--statistics", metavar="NAME,…", help="Of --every: mean,min,max,sum,count."),
    ] = "mean",
    labels: Annotated[
        bool, typer.Option("--labels", help="Columns are called as fields are labelled.")
    ] = False,
    long: Annotated[bool, typer.Option("--long", help="A row a value.")] = False,
    original: Annotated[
        bool, typer.Option("--original", help="Readings as sent, whatever corrections say.")
    ] = False,
    tz: TimeZone = None,
    separator: Annotated[
        str, typer.Option("--separator", metavar="SIGN", help="Of a CSV file: , or ; or a tab.")
    ] = ",",
    decimal_comma: Annotated[
        bool, typer.Option("--decimal-comma", help="In a CSV file 12.5 is 12,5.")
    ] = False,
    bom: Annotated[
        bool, typer.Option("--bom", help="A CSV file begins with the mark that Excel looks for.")
    ] = False,
    overwrite: Overwrite = False,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
) -> None:
    """Write channels' readings or periods to a file: CSV, Parquet, JSON lines, XLSX or Arrow.

    A value that no number is exactly goes as the source's text: into the cell of a CSV file,
    elsewhere into a column beside (Field1Text).

    fieldhouse export 9 -o year.parquet --from 2026

    fieldhouse export 9 -o days.csv --every 1d --separator ';' --decimal-comma --bom
    """
    from fieldhouse.exporting.formats import Csv

    settings = settings_from(config, warehouse, wait)
    zone = tz or settings.display_zone
    asked = _Asked(
        channels,
        _words("--fields", fields) if fields is not None else None,
        *span_of(start, end, zone),
        zone if tz or settings.display_timezone != "UTC" else None,
        table,
        every,
        _words("--statistics", statistics),
        labels,
        long,
        original,
    )
    csv = Csv("\t" if separator in ("\\t", "tab") else separator, decimal_comma, bom)
    written = _form(form, target)
    if str(target) != _STDOUT:
        files.refuse_existing(target, overwrite=overwrite)
    with closing(opened(settings)) as house:
        if written == "xlsx":
            _refuse_too_many(house, asked)
        found = _found(house, asked)
        rows = _written(found, target, written, csv, overwrite=overwrite)
    said = _texts_said(found, in_cells=written == "csv")
    where = "standard output" if str(target) == _STDOUT else target
    times = zone.key if asked.zone else "UTC"
    typer.echo(f"{rows:,} rows in {where}{said}; times: {times}", err=str(target) == _STDOUT)


def _texts_said(found: "Outgoing", *, in_cells: bool) -> str:
    """How the line ends: how many values went as the source's text, and where to."""
    if not (count := found.counts.total()):
        return ""
    kept = {found.texts.get(name, "ValueText") for name, many in found.counts.items() if many}
    where = "in their cells" if in_cells else f"in {', '.join(sorted(kept))}"
    return f"; values that no number is exactly, as the source wrote them, {where}: {count:,}"


def _words(option: str, listed: str) -> list[str]:
    """What commas part; a label that has one stands in quotes. Raises ConfigurationError."""
    words = [word for line in reader([listed], skipinitialspace=True) for word in line if word]
    if not words:
        raise ConfigurationError(f"{option} names nothing: leave it out, or name one")
    return words


def _form(form: str | None, target: Path) -> str:
    from fieldhouse.exporting.formats import format_of

    if form is not None:
        return format_of(form)
    return "csv" if str(target) == _STDOUT else files.kind(target)


def _found(house: "Warehouse", asked: _Asked) -> "Outgoing":
    """What is asked for, to be read as it is written."""
    from fieldhouse.exporting.columns import chosen_channels
    from fieldhouse.exporting.outgoing import Outgoing, Shape, periods_out, readings_out
    from fieldhouse.names import lacking

    if asked.every and asked.table is not Table.READINGS:
        raise ConfigurationError("--every is of readings, and --table of what is aggregated")
    if asked.is_long and asked.table is not Table.READINGS:
        raise ConfigurationError("--long is of readings, or of --every")
    if asked.is_original and (asked.every or asked.table is not Table.READINGS):
        raise ConfigurationError("--original is of readings: aggregates are of what counts")
    span = asked.start, asked.end
    chosen = chosen_channels(house, asked.channels, asked.fields, span, labels=asked.labels)
    if line := lacking({one.number: one.lacks for one in chosen}):
        typer.echo(f"fieldhouse: {line}", err=True)
    if asked.every:
        return Outgoing(_periods(house, asked))
    shape = Shape(
        asked.labels, asked.fields is not None, asked.is_long, asked.zone, asked.is_original
    )
    if asked.table is not Table.READINGS:
        return periods_out(house, chosen, asked.table.name, *span, shape)
    return readings_out(house, chosen, *span, shape)


def _periods(house: "Warehouse", asked: _Asked) -> "pa.RecordBatchReader":
    from fieldhouse.frames import read_batches

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what some channels lack is said already
        return read_batches(
            asked.channels,
            asked.fields,
            start=asked.start and asked.start.isoformat() + "Z",
            end=asked.end and asked.end.isoformat() + "Z",
            every=asked.every,
            tz=asked.zone or "UTC",
            labels=asked.labels,
            layout="long" if asked.is_long else "wide",
            statistics=asked.statistics,
            warehouse=house,
        )


def _refuse_too_many(house: "Warehouse", asked: _Asked) -> None:
    """Say at once what a sheet could not hold, where it is known at once."""
    from fieldhouse.exporting.formats import MOST_ROWS
    from fieldhouse.names import find_channels

    if asked.every or asked.is_long or asked.table is not Table.READINGS:
        return
    rows = sum(
        house.query("field_spans", channel_id=number, start_at=asked.start, end_at=asked.end)[
            "Readings"
        ][0].as_py()
        for number in find_channels(house, asked.channels)
    )
    if rows > MOST_ROWS:
        raise ConfigurationError(
            f"a sheet of XLSX has {MOST_ROWS:,} rows, and there are {rows:,}: write CSV or Parquet,"
            " or less of it"
        )


def _written(found: "Outgoing", target: Path, form: str, csv: "Csv", *, overwrite: bool) -> int:
    from fieldhouse.exporting.formats import Counted, in_cells

    answer = in_cells(found.reader, found.texts, csv) if form == "csv" else found.reader
    if str(target) != _STDOUT:
        return files.write(answer, target, form=form, csv=csv, overwrite=overwrite)
    if form == "xlsx":
        raise ConfigurationError("XLSX goes to a file: -o FILE.xlsx")
    rows = files.write_to(answer, Counted(sys.stdout.buffer), form, csv)
    sys.stdout.buffer.flush()
    return rows
