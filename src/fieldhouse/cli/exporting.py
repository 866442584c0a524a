"""The command that writes readings and periods to files."""

from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fieldhouse import files, names
from fieldhouse.cli import output
from fieldhouse.cli.options import (
    ChannelID,
    Config,
    From,
    TimeZone,
    To,
    Wait,
    WarehouseURL,
    opened,
    settings_from,
    span_of,
)

__all__ = ["add_to"]


class Table(StrEnum):
    """What is exported."""

    READINGS = "readings"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


def add_to(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command()(export)


def export(
    channel_id: ChannelID,
    target: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Ends in .parquet or .csv.")
    ],
    table: Annotated[
        Table, typer.Option("--table", case_sensitive=False, help="What to export.")
    ] = Table.READINGS,
    start: From = None,
    end: To = None,
    tz: TimeZone = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
) -> None:
    """Write a channel's readings or periods to a Parquet or CSV file.

    A value that no number is exactly goes as the source's text: into the cell of a CSV file, in
    Parquet into a column beside (Field1Text).
    """
    from fieldhouse.export import export_readings

    settings = settings_from(config, warehouse, wait)
    first, last = span_of(start, end, tz or settings.display_zone)
    with closing(opened(settings)) as house:
        (number,) = names.find_channels(house, [channel_id])
        if table is not Table.READINGS:
            span = {"channel_id": number, "start_at": first, "end_at": last}
            answer = house.scan("aggregates", aggregation_type=table.name, **span)
            typer.echo(f"{files.write(answer, target):,} rows in {target}")
            return
        done = export_readings(house, target, channel_id=number, start_at=first, end_at=last)
        texts = output.texts_said(done.texts, in_cells=files.kind(target) == ".csv")
        typer.echo(f"{done.rows:,} rows in {target}{texts}")
