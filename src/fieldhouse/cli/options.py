"""The options and arguments that several commands share, and what they are read into."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldhouse.cli import output

if TYPE_CHECKING:
    from fieldhouse.settings import Settings
    from fieldhouse.warehouse import Warehouse

__all__ = [
    "AsOf",
    "ChannelID",
    "Config",
    "FieldNumber",
    "Json",
    "Output",
    "Wait",
    "WarehouseURL",
    "channel_number",
    "day",
    "moment",
    "opened",
    "settings_from",
]


def channel_number(value: str) -> int:
    """Read a channel's number."""
    if not (value.isascii() and value.isdecimal() and 1 <= int(value[:11]) <= _LARGEST):
        raise typer.BadParameter(f"{value!r} is no channel's number, as 9 is one")
    return int(value)


def moment(value: str) -> datetime:
    """Read an instant: ``2024-11-24``, ``2024-11-24T12:00``, with an offset or ``Z``; naive UTC."""
    try:
        instant = datetime.fromisoformat(value.strip())
    except ValueError as error:
        raise typer.BadParameter(
            f"{value!r} is no date or time; write 2024-11-24 or 2024-11-24T12:00Z"
        ) from error
    return instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant


def moment_or_latest(value: str) -> datetime | str:
    """Read an instant, or ``latest``: just after the newest reading that is not in the future."""
    return value if value == "latest" else moment(value)


def day(value: str) -> date:
    """Read a day, UTC."""
    return moment(value).date()


WarehouseURL = Annotated[
    str | None,
    typer.Option(
        "--warehouse",
        "-w",
        metavar="URL",
        help="duckdb:///file.duckdb or a path, or sqlserver://user@host/database.",
    ),
]
Wait = Annotated[
    str | None,
    typer.Option(
        "--wait",
        metavar="TIME",
        help="How long to wait for a file that another process holds, as 60s.",
    ),
]
Config = Annotated[
    Path | None, typer.Option("--config", "-c", metavar="FILE", help="Instead of fieldhouse.toml.")
]
Json = Annotated[bool, typer.Option("--json", help="JSON on standard output, for machines.")]
ChannelID = Annotated[
    int, typer.Argument(metavar="CHANNEL", parser=channel_number, help="A channel's number.")
]
_LARGEST = 2**31 - 1
FieldNumber = Annotated[int, typer.Argument(metavar="FIELD", min=1, max=8, help="1 to 8.")]
AsOf = Annotated[
    Any,
    typer.Option(
        "--as-of",
        parser=moment_or_latest,
        metavar="TIME",
        help="Instead of now (UTC); 'latest' = just after the newest reading.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="A file instead of the screen."),
]


def settings_from(
    config: Path | None = None,
    warehouse: str | None = None,
    wait: str | None = None,
    **overrides: Any,
) -> "Settings":
    """Read the settings; what the command line names goes before all else."""
    from fieldhouse.settings import load_settings

    given = {"warehouse_url": warehouse, "wait": wait, **overrides}
    return load_settings(
        {key: value for key, value in given.items() if value is not None}, config_file=config
    )


def opened(settings: "Settings", *, read_only: bool = True, create: bool = False) -> "Warehouse":
    """Open the warehouse that the settings name; for reading its replica, if they name one."""
    from fieldhouse.warehouse import open_warehouse

    url = (settings.read_url if read_only else None) or settings.warehouse_url
    return open_warehouse(
        url,
        read_only=read_only,
        password=settings.warehouse_password,
        create=create,
        wait=settings.wait,
        observe=output.observe,
    )
