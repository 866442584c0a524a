"""The command that keeps the warehouse in shape: archive."""

from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from fieldhouse.cli import output
from fieldhouse.cli.options import Config, Wait, WarehouseURL, day, opened, settings_from

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command()(archive)


def archive(
    before: Annotated[
        date,
        typer.Option(
            "--before", parser=day, metavar="DAY", help="A month's first day, 62 days ago or more."
        ),
    ],
    export: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write each month that goes there first, as Parquet."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that the folder has already.")
    ] = False,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
) -> None:
    """Move all channels' old readings to iot.SensorReadings_Archive.

    fieldhouse archive --before 2026-01-01 --export archive

    What they add up to is computed first, and stays. Loads still recognise them, export still
    writes them; anomalies, quality and trend no longer see them.
    """
    from fieldhouse.archive import archive as move

    settings = settings_from(config, warehouse, wait)
    opened(settings).close()  # there must be one: an empty one need not be made
    with closing(opened(settings, read_only=False)) as house:
        house.migrate()
        moved = move(house, before, export=export, overwrite=overwrite)
    written = f", {len(moved.files)} months written to {export}" if export else ""
    texts = output.texts_said(moved.texts)
    typer.echo(f"{moved.readings:,} readings from before {before} archived{written}{texts}")
