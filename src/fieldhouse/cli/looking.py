"""The commands that look at the work: status, runs."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldhouse import times
from fieldhouse.cli import output
from fieldhouse.cli.completing import complete_channels
from fieldhouse.cli.options import (
    Config,
    Json,
    TimeZone,
    Wait,
    WarehouseURL,
    channel_number,
    opened,
    settings_from,
)
from fieldhouse.cli.values import Whole, ago, minute

if TYPE_CHECKING:
    from fieldhouse.settings import Settings

__all__ = ["add_to"]

_LONG_AGO = timedelta(days=1)
"""A channel that was not read for so long is stale, whatever it sent before."""
_SPARE = (
    "last run",
    "first",
    "score",
    "complete to",
    "epochs",
    "withdrawn",
    "disputed",
    "gaps",
    "newest",
    "name",
)
"""What a narrow screen does without first."""

Failed = Annotated[
    bool, typer.Option("--failed", help="Only what failed, was interrupted or never succeeded.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command()(status)
    app.command()(runs)


def status(
    failed: Failed = False,
    stale: Annotated[
        bool, typer.Option("--stale", help="Only channels that fell silent, or are not read.")
    ] = False,
    tz: TimeZone = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """What the warehouse holds: readings, how complete, how fresh, how the last run went.

    fieldhouse status

    fieldhouse status --failed --json

    A channel is fresh if it sent something within three of its usual distances (ten minutes at the
    least) before it was last read, and was read in the last day.
    """
    from fieldhouse.derived.keeping import derived_channels
    from fieldhouse.times import utc_now

    now = utc_now()
    settings = settings_from(config, warehouse, wait)
    with closing(opened(settings)) as house:
        found = house.query("status", as_of=now).to_pylist()
        derived = derived_channels(house)
    rows = [*found, *_untried(settings, found)]
    rows = [row | {"DerivedFrom": derived.get(row["ChannelID"])} for row in rows]
    rows = [row | {"State": _state(row, now)} for row in rows]
    wanted = [
        row
        for row in rows
        if not (failed or stale) or (failed and _has_failed(row)) or (stale and _is_stale(row))
    ]
    if as_json:
        output.print_json(wanted)
        return
    if wanted:
        _print_status(wanted, now, tz or settings.display_zone)
    elif rows:
        typer.echo(f"none of {len(rows)} channels {'has failed' if failed else 'is stale'}")
    else:
        typer.echo("no channel is in the warehouse yet: fieldhouse run 9")


def _untried(settings: "Settings", found: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows for the channels that the settings name and no run has ever reached."""
    known = {row["ChannelID"] for row in found}
    names = next((list(row) for row in found), _NAMES)
    for channel_id in sorted({*settings.channels, *filter(None, [settings.channel_id])} - known):
        counts = dict.fromkeys(("Readings", "Epochs", "OpenGaps", "Unreachable"), 0)
        more = {"ChannelID": channel_id, "IsActive": True, "Withdrawn": 0, "Disputed": 0}
        yield dict.fromkeys(names) | counts | more


_NAMES = [
    "ChannelID",
    "ChannelName",
    "PausedAt",
    "NewestReading",
    "Watermark",
    "PastRead",
    "SilentSince",
    "LastSuccessAt",
    "LastRunAt",
    "LastOutcome",
    "LastError",
    "QualityScore",
]


def _state(row: Mapping[str, Any], now: datetime) -> str:
    """How a channel is, in a word or two."""
    if aside := _aside(row):
        return aside
    if row["LastSuccessAt"] is None:
        return "never read"
    if now - row["LastSuccessAt"] > _LONG_AGO:
        return f"not read for {ago(now - row['LastSuccessAt'])}"
    if row["SilentSince"]:
        return f"silent for {ago(now - row['SilentSince'])}"
    return "fresh" if row["NewestReading"] else "empty"


def _aside(row: Mapping[str, Any]) -> str | None:
    """Why a channel is not polled, if it is not."""
    if row["DerivedFrom"]:
        return f"derived from {row['DerivedFrom']}"
    if row["ChannelID"] < 0:
        return "of files"
    if not row["IsActive"]:
        return "removed"
    return "paused" if row["PausedAt"] else None


def _is_stale(row: Mapping[str, Any]) -> bool:
    return str(row["State"]).startswith(("silent", "not read", "never"))


def _has_failed(row: Mapping[str, Any]) -> bool:
    if _aside(row):
        return False
    return bool(row["LastSuccessAt"] is None or row["LastOutcome"] != "success")


def _print_status(rows: list[dict[str, Any]], now: datetime, zone: tzinfo) -> None:
    listed = [_status_row(row, now, zone) for row in rows]
    few = {"withdrawn", "disputed"} - {name for row in listed for name in row if row[name]}
    output.print_rows(
        listed, [name for name in listed[0] if name not in few], spare=_SPARE, zone=None
    )
    typer.echo(f"times: {zone}")
    for row in rows:
        for line in _remarks(row):
            typer.echo(f"channel {row['ChannelID']}: {line}")


def _remarks(row: Mapping[str, Any]) -> Iterator[str]:
    """What a line of the table does not say, and has to be done about."""
    if row["LastError"] and row["LastOutcome"] != "success":
        yield re.sub(rf"^channel {row['ChannelID']}:? ", "", str(row["LastError"]))
    if row["PastRead"] is not None:
        share = min(99, int(100 * row["PastRead"]))
        yield f"its past is not complete, {share} % of it is read: fieldhouse run carries on"


def _status_row(row: Mapping[str, Any], now: datetime, zone: tzinfo) -> dict[str, Any]:
    """What fits on a terminal; ``--json`` has all of it."""
    newest = row["NewestReading"]
    return {
        "channel": row["ChannelID"],
        "name": row["ChannelName"],
        "state": Whole(row["State"]),
        "readings": row["Readings"],
        "age": ago(now - newest) if newest else None,
        "newest": minute(newest, zone),
        "complete to": minute(row["Watermark"], zone)
        if row["PastRead"] is None
        else Whole("incomplete"),
        "gaps": row["OpenGaps"] + row["Unreachable"],
        "epochs": row["Epochs"],
        "withdrawn": row["Withdrawn"],
        "disputed": row["Disputed"],
        "last run": minute(row["LastRunAt"], zone),
        "outcome": Whole(row["LastOutcome"] or "never"),
        "score": row["QualityScore"] and round(row["QualityScore"], 1),
    }


def runs(
    channel_id: Annotated[
        int | None,
        typer.Argument(
            metavar="[CHANNEL]",
            parser=channel_number,
            help="Default: all.",
            autocompletion=complete_channels,
        ),
    ] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only those that failed or were interrupted.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="As 1d, 12h, yesterday or 2026-11-24."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="So many at the most.")] = 100,
    tz: TimeZone = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """What the last runs did, the newest first, and what went wrong.

    fieldhouse runs --failed --since 1d

    fieldhouse runs 12001
    """
    settings = settings_from(config, warehouse, wait)
    zone = tz or settings.display_zone
    begin = times.instant_of(since, zone) if since else None
    with closing(opened(settings)) as house:
        found = house.query("runs", channel_id=channel_id, limit=limit, since=begin, failed=failed)
    if as_json:
        output.print_table(found, as_json=True)
        return
    if not found.num_rows:
        typer.echo("no such run")
        return
    rows = [_run_row(row, zone) for row in found.to_pylist()]
    spare = ("score", "duplicates", "raw", "needed", "requests", "updated", "ended", "fetched")
    output.print_rows(rows, list(rows[0]), spare=(*spare, "inserted", "error"), zone=None)
    typer.echo(f"times: {zone}")


def _run_row(row: Mapping[str, Any], zone: tzinfo) -> dict[str, Any]:
    return {
        "channel": row["ChannelID"],
        "began": minute(row["StartedAt"], zone),
        "ended": minute(row["EndedAt"], zone),
        "outcome": Whole(row["Outcome"]),
        "requests": row["Requests"],
        "needed": row["RequestsNeeded"],
        "fetched": row["Fetched"],
        "inserted": row["Inserted"],
        "updated": row["Updated"],
        "duplicates": row["Duplicates"],
        "raw": row["Raw"],
        "score": row["QualityScore"] and round(row["QualityScore"], 1),
        "error": row["Error"],
    }
