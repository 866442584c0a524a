"""The command that says how good a channel's readings are: a day's score, and in which ways."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldhouse.cli import output
from fieldhouse.cli.asking import instant_of, reading, require, writing
from fieldhouse.cli.options import (
    AsOf,
    ChannelID,
    Config,
    From,
    Json,
    TimeZone,
    To,
    Wait,
    WarehouseURL,
    day,
    settings_from,
    span_of,
)
from fieldhouse.errors import ConfigurationError

if TYPE_CHECKING:
    from fieldhouse.settings import Settings

__all__ = ["add_to"]

_MONTH = timedelta(days=30)
_SPARE = ("checked", "broken", "worst to", "worst from")


def add_to(app: typer.Typer) -> None:
    """Add the command of this room."""
    app.command()(quality)


def quality(
    channel_id: ChannelID,
    check_date: Annotated[
        date | None, typer.Option("--date", parser=day, metavar="DAY", help="Default: today.")
    ] = None,
    dimensions: Annotated[
        bool, typer.Option("--dimensions", help="In six ways, over a span, each with why.")
    ] = False,
    start: From = None,
    end: To = None,
    as_of: AsOf = None,
    tz: TimeZone = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Score a day of a channel, 0 to 100 (usp_CalculateDataQuality), or say what is wrong where.

    fieldhouse quality 12001 --date yesterday

    fieldhouse quality 12001 --dimensions --from 2026-11

    --dimensions: completeness, validity, timeliness, uniqueness, consistency and plausibility of
    the readings from --from to --to; without --from of thirty days.
    """
    settings = settings_from(config, warehouse, wait)
    zone = tz or settings.display_zone
    first, last = span_of(start, end, zone)
    if not dimensions:
        if first or last:
            raise ConfigurationError(
                "--from and --to go with --dimensions: a score is of one --date"
            )
        _print_score(settings, channel_id, check_date, as_of, tz, as_json=as_json)
        return
    if check_date:
        raise ConfigurationError("--date or --dimensions, not both: --from and --to name its span")
    from fieldhouse.insight.dimensions import dimensions_of

    with reading(settings) as house:
        require(house, channel_id)
        instant = instant_of(house, channel_id, as_of, zone)
        until = min(last or instant, instant)
        begin = first or until - min(_MONTH, until - datetime.min)
        found = dimensions_of(house, channel_id, start=begin, end=until, as_of=instant)
    if as_json:
        output.print_table(found, as_json=True)
        return
    rows = [_shown(row) for row in found.to_pylist()]
    output.print_rows(rows, list(rows[0]), spare=_SPARE, zone=zone)


def _print_score(
    settings: "Settings",
    channel_id: int,
    check_date: date | None,
    as_of: str | None,
    tz: Any,
    *,
    as_json: bool,
) -> None:
    """Judge one day, keep it, and print it."""
    from fieldhouse.parts import sync_ranges

    zone = tz or settings.display_zone
    with writing(settings) as house:
        require(house, channel_id)
        instant = instant_of(house, channel_id, as_of, zone)
        if check_date and check_date > instant.date():
            raise ConfigurationError(f"{check_date} has not come yet: it is {instant:%Y-%m-%d} UTC")
        sync_ranges(house, settings)
        row = house.call(
            "usp_CalculateDataQuality", channel_id=channel_id, check_date=check_date, as_of=instant
        )
    output.print_table(row, as_json=as_json, zone=zone)


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """What fits on a terminal; ``--json`` has all of it."""
    from fieldhouse.insight.dimensions import share_text

    return {
        "dimension": row["Dimension"].lower(),
        "field": row["FieldNumber"] or None,
        "share": share_text(row),
        "checked": row["Checked"],
        "broken": row["Broken"],
        "why": row["Reason"],
        "worst from": row["WorstFrom"],
        "worst to": row["WorstTo"],
    }
