"""The commands that set fields beside each other, and time them: relate, hours."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from fieldhouse import names, times
from fieldhouse.cli import output
from fieldhouse.cli.options import (
    AsOf,
    ChannelID,
    Config,
    Field,
    Json,
    TimeZone,
    Wait,
    WarehouseURL,
    opened,
    settings_from,
)
from fieldhouse.errors import ConfigurationError

if TYPE_CHECKING:
    from fieldhouse.insight.relating import Beside, Together
    from fieldhouse.warehouse import Warehouse

__all__ = ["add_to"]


class Period(StrEnum):
    """What hours are counted by."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


Days = Annotated[int, typer.Option("--days", min=1, max=3660, help="How far to look back.")]


def add_to(main: typer.Typer) -> None:
    """Add the commands of this room."""
    main.command()(relate)
    main.command()(hours)


def relate(
    channel_id: ChannelID,
    field: Field,
    other: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CHANNEL] [FIELD]", help="The other field, if it is one."),
    ] = None,
    neighbours: Annotated[
        str | None,
        typer.Option("--neighbours", metavar="DISTANCE", help="Beside those within, as 25km."),
    ] = None,
    lags: Annotated[
        str, typer.Option("--lags", metavar="TIME", help="How much later the other may be.")
    ] = "48h",
    days: Days = 90,
    as_of: AsOf = None,
    tz: TimeZone = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """How two fields go together, and by how many hours one follows the other.

    fieldhouse relate 12001 temperature 12002 temperature

    fieldhouse relate 12001 temperature humidity --lags 12h

    fieldhouse relate 12001 temperature --neighbours 25km

    Hourly means are compared: their values (Pearson) and their ranks (Spearman), as they are and
    without the mean of each hour of the day. Neighbours are fields of the same label or unit.
    """
    settings = settings_from(config, warehouse, wait)
    zone = tz or settings.display_zone
    if (neighbours is None) == (not other):
        raise ConfigurationError("name another field, or say --neighbours 25km")
    far, most = None if neighbours is None else _kilometres(neighbours), _hours(lags)
    with closing(opened(settings)) as house:
        (number,) = names.find_channels(house, [channel_id])
        one = number, names.find_field(house, number, field)
        end = _instant(house, number, as_of, zone)
        span = times.earlier(end, timedelta(days=days)), end
        if far is not None:
            _print_near(_near(house, one, far, span), as_json=as_json)
            return
        found = _together(house, one, _other(house, number, other or ()), most, span)
    _print_together(found, days, as_json=as_json)


def hours(
    channel_id: ChannelID,
    field: Field,
    above: Annotated[
        str | None, typer.Option("--above", metavar="NUMBER", help="Values above it.")
    ] = None,
    below: Annotated[
        str | None, typer.Option("--below", metavar="NUMBER", help="Values below it; or both.")
    ] = None,
    by: Annotated[
        Period, typer.Option("--by", case_sensitive=False, help="Local days, weeks or months.")
    ] = Period.DAY,
    by_daylight: Annotated[
        bool, typer.Option("--by-daylight", help="Light and dark apart, by the channel's position.")
    ] = False,
    days: Days = 30,
    as_of: AsOf = None,
    tz: TimeZone = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """For how many hours a field is above or below a value, by the day, the week or the month.

    fieldhouse hours 12001 temperature --above 25

    fieldhouse hours 12001 temperature --below 0 --by month --days 365

    A value holds until the next one, at most three of the channel's usual distances; the mean is by
    time as well. --above 3 --below 5 is between them.
    """
    from fieldhouse.insight import lasting

    condition = lasting.between(above, below)
    settings = settings_from(config, warehouse, wait)
    zone = tz or settings.display_zone
    with closing(opened(settings)) as house:
        (number,) = names.find_channels(house, [channel_id])
        place = number, names.find_field(house, number, field)
        end = _instant(house, number, as_of, zone)
        span: dict[str, Any] = {"start": lasting.since(days, end, zone), "end": end, "zone": zone}
        found = lasting.hours(
            house, *place, condition, **span, by=by.value, by_daylight=by_daylight
        )
    rows = [asdict(each) for each in found]
    if as_json:
        output.print_json(rows)
        return
    asked = "inside" if above or below else None
    columns = {"begins": f"{by.value}", "light": "light", "hours": "hours", "known": "known"}
    columns |= {asked: _said(above, below)} if asked else {}
    columns["mean"] = "mean"
    if not by_daylight:
        del columns["light"]
    listed = [{name: _cell(row[key]) for key, name in columns.items()} for row in rows]
    output.print_rows(listed, list(columns.values()), title="Hours")
    typer.echo(f"days: {zone}")


def _said(above: str | None, below: str | None) -> str:
    return " ".join(
        f"{word} {text}" for word, text in (("above", above), ("below", below)) if text is not None
    )


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "light" if value else "dark"
    return round(value, 3) if isinstance(value, float) else value


def _instant(house: "Warehouse", channel_id: int, wanted: str | None, zone: ZoneInfo) -> datetime:
    """Now, or the instant that is asked for; 'latest' is just after the newest reading."""
    now = times.utc_now()
    if wanted is None:
        return now
    if wanted.strip().lower() != "latest":
        return times.instant_of(wanted, zone)
    found = house.query("newest_reading", channel_id=channel_id, as_of=now)
    newest: datetime | None = found["CreatedAt"][0].as_py()
    if newest is None:
        raise ConfigurationError(f"channel {channel_id} has no reading that could be the latest")
    return min(newest + timedelta(seconds=1), now)


def _kilometres(text: str) -> float:
    from fieldhouse.insight import relating

    return relating.kilometres(text)


def _hours(text: str) -> int:
    length = times.length_of(text)
    hours = timedelta(days=length.days, seconds=length.seconds) / timedelta(hours=1)
    if length.months or hours != int(hours):
        raise ConfigurationError(f"--lags {text}: whole hours, as 48h or 7d")
    return int(hours)


def _other(house: "Warehouse", channel_id: int, words: Sequence[str]) -> tuple[int, int]:
    """The other field: of another channel, or of the same."""
    if len(words) > 2:
        raise ConfigurationError(f"more than it takes: {' '.join(words[2:])}")
    if len(words) == 2:
        found = names.find_channels(house, [words[0]])
        if len(found) != 1:
            raise ConfigurationError(f"{words[0]} are {len(found)} channels: name one")
        channel_id = found[0]
    return channel_id, names.find_field(house, channel_id, words[-1])


def _together(
    house: "Warehouse",
    one: tuple[int, int],
    other: tuple[int, int],
    most: int,
    span: tuple[datetime, datetime],
) -> "list[Together]":
    from fieldhouse.insight import relating

    start, end = span
    return relating.together(house, one, other, start=start, end=end, most_hours=most)


def _print_together(found: "list[Together]", days: int, *, as_json: bool) -> None:
    from fieldhouse.insight import relating

    if as_json:
        output.print_json([asdict(each) for each in found])
        return
    if not found:
        typer.echo(f"no hour of the last {days} days has both")
        return
    best = relating.most_together(found)
    shown = [each for each in found if each.lag == 0 or each is best]
    columns = ("lag", "hours", "pearson", "spearman", "pearson_rest", "spearman_rest")
    rows = [{name: _cell(getattr(each, name)) for name in columns} for each in shown]
    output.print_rows(rows, columns, title="Together, hour by hour")
    typer.echo(relating.fitting(best))


def _near(
    house: "Warehouse", one: tuple[int, int], far: float, span: tuple[datetime, datetime]
) -> "list[Beside]":
    from fieldhouse.insight import relating

    start, end = span
    return relating.beside(house, *one, kilometres=far, start=start, end=end)


def _print_near(found: "list[Beside]", *, as_json: bool) -> None:
    if as_json:
        output.print_json([asdict(each) for each in found])
        return
    if not found:
        typer.echo("no channel so near has such a field")
        return
    columns = {
        "channel": "channel_id",
        "field": "field",
        "label": "label",
        "km": "kilometres",
        "hours": "hours",
        "now above by": "newest",
        "usually by": "usual",
        "pearson": "pearson",
    }
    rows = [{n: _cell(getattr(each, key)) for n, key in columns.items()} for each in found]
    output.print_rows(rows, list(columns), title="Neighbours", spare=("field",))
