"""The options and arguments that several commands share, and what they are read into."""

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer
from typer.core import TyperGroup

from fieldhouse import names, times
from fieldhouse.cli import output
from fieldhouse.cli.completing import complete_channels, complete_fields, complete_words
from fieldhouse.errors import ConfigurationError

if TYPE_CHECKING:
    from fieldhouse.settings import Settings
    from fieldhouse.warehouse import Warehouse

__all__ = [
    "AsOf",
    "Bare",
    "By",
    "ChannelID",
    "Channels",
    "Config",
    "Field",
    "From",
    "Json",
    "Listing",
    "Output",
    "Overwrite",
    "Quiet",
    "ShardOption",
    "TimeZone",
    "To",
    "Verbose",
    "Wait",
    "WarehouseURL",
    "channel_number",
    "day",
    "moment",
    "opened",
    "settings_from",
    "span_of",
    "time_zone",
]


_IN_MEMORY = re.compile(r"(duckdb://)?/?(:memory:.*)?")
"""An address of DuckDB's that names no file."""


_LONGEST = 10**9
"""Seconds of a pause: as many as a timer takes, and more than anybody waits."""


class Listing(TyperGroup):
    """A group of commands of which `list` need not be named: its arguments are."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments, `list` put before those that name no command."""
        named = args and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named else ["list", *args])


class Bare(TyperGroup):
    """A group of commands that lists, where none is named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments; of none `list`."""
        return super().parse_args(ctx, args or ["list"])


def channel_number(value: str) -> int:
    """Read a channel's number, or the ThingSpeak address that names it."""
    if (number := names.channel_number(value)) is None:
        raise typer.BadParameter(f"{value!r} is no channel's number, as 9 is one")
    return number


def moment(value: str) -> datetime:
    """Read an instant as ``times.instant_of`` does; naive UTC, as is what names no zone."""
    try:
        return times.instant_of(value)
    except ConfigurationError as error:
        raise typer.BadParameter(str(error)) from error


def day(value: str) -> date:
    """Read a day, UTC."""
    return moment(value).date()


def time_zone(value: str) -> ZoneInfo:
    """Read a time zone's name."""
    try:
        return times.zone_of(value)
    except ConfigurationError as error:
        raise typer.BadParameter(str(error)) from error


WarehouseURL = Annotated[
    str | None,
    typer.Option(
        "--warehouse",
        "-w",
        metavar="URL",
        help="A path, or duckdb:///file.duckdb, sqlserver:// or clickhouse://user@host/database.",
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
ShardOption = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="Only the channels of worker I of N, as 1/4; the same ones whenever it is asked.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="JSON on standard output, for machines.")]
ChannelID = Annotated[
    int,
    typer.Argument(
        metavar="CHANNEL",
        parser=channel_number,
        help="A channel's number.",
        autocompletion=complete_channels,
    ),
]
Channels = Annotated[
    list[str],
    typer.Argument(
        metavar="CHANNEL…",
        help="Channels by number, range (20001-20200), tag or ThingSpeak address.",
        autocompletion=complete_words,
    ),
]
Field = Annotated[
    str,
    typer.Argument(
        metavar="FIELD",
        help="Its number, 1 to 8, or its label.",
        autocompletion=complete_fields,
    ),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="TIME",
        help="From here, included: 2026-11-24, 2026-11-24T12:00Z, 2026-11, yesterday, 7d (ago).",
    ),
]
To = Annotated[
    str | None,
    typer.Option(
        "--to", metavar="TIME", help="To here, excluded; of a day, month or year, to its end."
    ),
]
TimeZone = Annotated[
    ZoneInfo | None,
    typer.Option(
        "--tz",
        parser=time_zone,
        metavar="ZONE",
        help="Of times, in and out, as Europe/Zurich; default: as configured, or UTC.",
    ),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="TIME",
        help="Instead of now, as --from; 'latest' = just after the newest reading.",
    ),
]
By = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who; default: the user and the host.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Errors only, as cron likes it.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log every step.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a file that exists.")]
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
    """Read the settings; what the command line names goes before all else.

    Raises ConfigurationError, for a warehouse in memory as well, which would end with the command.
    """
    from fieldhouse.settings import load_settings

    given = {"warehouse_url": warehouse, "wait": wait, **overrides}
    settings = load_settings(
        {key: value for key, value in given.items() if value is not None}, config_file=config
    )
    if _IN_MEMORY.fullmatch(settings.warehouse_url):
        raise ConfigurationError(
            f"{settings.warehouse_url} is a warehouse in memory, which ends with the command: name"
            " a file, as fieldhouse.duckdb"
        )
    return settings


def pause_of(text: str) -> timedelta | None:
    """How long between two turns; None for none."""
    if text.strip() == "0":
        return None
    length = times.length_of(text)
    if length.months or not 0 < length.seconds + length.days * 86400 < _LONGEST:
        raise ConfigurationError(f"--every {text}: a time as 5min or 1h, or 0 for never")
    return timedelta(days=length.days, seconds=length.seconds)


def span_of(
    start: str | None, end: str | None, zone: ZoneInfo
) -> tuple[datetime | None, datetime | None]:
    """The span of ``--from`` and ``--to``, naive UTC; None is open. Refuses one that is empty."""
    first = times.instant_of(start, zone) if start is not None else None
    last = times.end_of(end, zone) if end is not None else None
    if first and last and first >= last:
        raise ConfigurationError(f"--from {start} is not before --to {end}: nothing lies between")
    return first, last


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
