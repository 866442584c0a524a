"""The commands that ask the warehouse."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from fieldhouse import names, times
from fieldhouse.cli import output
from fieldhouse.cli.correcting import user
from fieldhouse.cli.options import (
    AsOf,
    By,
    ChannelID,
    Config,
    Field,
    From,
    Json,
    Listing,
    TimeZone,
    To,
    Wait,
    WarehouseURL,
    opened,
    settings_from,
    span_of,
)
from fieldhouse.cli.values import Whole
from fieldhouse.errors import ConfigurationError
from fieldhouse.insight.unusual import evidence

if TYPE_CHECKING:
    from fieldhouse.settings import Settings
    from fieldhouse.warehouse import Warehouse

__all__ = ["add_to", "instant_of", "reading", "require", "writing"]


class AggregationType(StrEnum):
    """A period's length."""

    HOURLY = "HOURLY"
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"


class Method(StrEnum):
    """How anomalies are told."""

    SEASONAL = "SEASONAL"
    ZSCORE = "ZSCORE"
    MAD = "MAD"


_SPARE_OF_TESTS = ("Variance", "Tau", "Z", "S", "Intercept")
_TOLD = ("id", "field", "kind", "from", "to", "why", "real")


Days = Annotated[int, typer.Option(min=1, max=100_000, help="How far to look back.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this room."""
    for command in (aggregate, trend, forecast):
        app.command()(command)
    app.add_typer(anomalies, name="anomalies")


def aggregate(
    channel_id: ChannelID,
    aggregation_type: Annotated[
        AggregationType, typer.Option("--type", case_sensitive=False, help="The period.")
    ] = AggregationType.HOURLY,
    start: From = None,
    end: To = None,
    tz: TimeZone = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Recompute a channel's periods by hand; without dates those of the last seven days.

    fieldhouse aggregate 12001 --type daily --from 2026-11

    Runs do this by themselves for every period that they touch. Periods are those of UTC.
    """
    from fieldhouse.times import utc_now

    settings = settings_from(config, warehouse, wait)
    first, last = span_of(start, end, tz or settings.display_zone)
    with writing(settings) as house:
        require(house, channel_id)
        done = house.call(
            "usp_ProcessSensorReadings",
            channel_id=channel_id,
            aggregation_type=aggregation_type.value,
            start_date=first,
            end_date=last,
            as_of=utc_now(),
        )
        output.print_table(done, as_json=as_json)


anomalies = typer.Typer(cls=Listing, help="What is unusual in a channel's readings.")


@anomalies.command("list")
def list_anomalies(
    channel_id: ChannelID,
    field: Annotated[
        str | None, typer.Argument(metavar="FIELD", help="Its number or label; default: all.")
    ] = None,
    threshold: Annotated[
        float, typer.Option(min=0.0, help="In standard deviations; of ZSCORE and MAD.")
    ] = 3.0,
    days: Days = 30,
    method: Annotated[
        Method,
        typer.Option(
            case_sensitive=False,
            help="SEASONAL: by what such hours have been; ZSCORE: by the mean; MAD: by the median.",
        ),
    ] = Method.SEASONAL,
    young: Annotated[
        bool, typer.Option("--young", help="Those of a field's first two weeks, too.")
    ] = False,
    as_of: AsOf = None,
    tz: TimeZone = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """What is unusual, with why; or readings far from the mean of a field (usp_DetectAnomalies).

    fieldhouse anomalies 12001

    fieldhouse anomalies 12001 temperature --days 7 --method mad
    """
    settings = settings_from(config, warehouse, wait)
    zone = tz or settings.display_zone
    with reading(settings) as house:
        require(house, channel_id)
        number = names.find_field(house, channel_id, field) if field else None
        instant = instant_of(house, channel_id, as_of, zone)
        if method is Method.SEASONAL:
            found = house.query(
                "anomalies_kept",
                channel_ids=[channel_id],
                field_number=number,
                start_at=times.earlier(instant, timedelta(days=days)),
                end_at=instant,
                young=young,
            )
            told = [_told(row, zone) for row in found.to_pylist()]
            output.print_rows(told, _TOLD, as_json=as_json, spare=("real", "to"), zone=zone)
        elif number is None:
            raise ConfigurationError(f"name a field: {method.value} is told of one at a time")
        else:
            found = house.query(
                "usp_DetectAnomalies",
                channel_id=channel_id,
                field_number=number,
                threshold_stddev=threshold,
                lookback_days=days,
                method=method.value,
                as_of=instant,
            )
            spare = ("ReadingID", "Epoch", "Spread", "Centre")
            output.print_table(found, as_json=as_json, spare=spare, zone=zone)
        if not found.num_rows and not as_json:
            typer.echo(f"no anomaly in the last {days} days")


def _told(row: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": Whole(row["AnomalyID"]),
        "field": row["FieldNumber"] or None,
        "kind": row["Kind"].lower(),
        "from": row["StartedAt"],
        "to": row["EndedAt"],
        "why": evidence(row, zone),
        "real": row["IsReal"],
    }


@anomalies.command("label")
def label_anomaly(
    anomaly_id: Annotated[str, typer.Argument(metavar="ID", help="As the list has it.")],
    ok: Annotated[bool, typer.Option("--ok", help="Nothing was wrong.")] = False,
    real: Annotated[bool, typer.Option("--real", help="Something was.")] = False,
    by: By = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
) -> None:
    """Say whether something that was found is one; with neither, take back what was said.

    fieldhouse anomalies label 12001-1-v1764000000 --ok
    """
    if ok and real:
        raise ConfigurationError("--ok or --real, not both")
    from fieldhouse.insight.labelling import label
    from fieldhouse.times import utc_now

    is_real = real if ok or real else None
    with writing(settings_from(config, warehouse, wait)) as house:
        if not label(house, anomaly_id, is_real, by=by or user(), now=utc_now()):
            raise ConfigurationError(f"there is no {anomaly_id}: fieldhouse anomalies lists them")
    typer.echo(f"{anomaly_id} is {'real' if real else 'ok' if ok else 'not labelled'}")


def trend(
    channel_id: ChannelID,
    field: Field,
    days: Days = 30,
    tests: Annotated[
        bool, typer.Option("--tests", help="The tests, with all their figures, and no days.")
    ] = False,
    as_of: AsOf = None,
    tz: TimeZone = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """A field by whole days (usp_GetTrendAnalysis), and whether it rises or falls, how surely.

    fieldhouse trend 12001 temperature --days 14

    Days are those of --tz, of 23 and 25 hours too. The tests are Mann's and Kendall's, of slopes
    Theil's and Sen's, of changes of level Pettitt's; beyond three years of the months' means.
    """
    from fieldhouse.insight.tendencies import tendencies_of, told
    from fieldhouse.insight.trends import trend_of

    settings = settings_from(config, warehouse, wait)
    zone = tz or settings.display_zone
    with reading(settings) as house:
        require(house, channel_id)
        found = trend_of(
            house,
            channel_id,
            names.find_field(house, channel_id, field),
            days=days,
            as_of=instant_of(house, channel_id, as_of, zone),
            zone=zone,
        )
        if not tests:
            spare = ("YearAgoAvg", "ReadingCount", "MinValue", "MaxValue", "ChangeFromYearAgo")
            output.print_table(found, as_json=as_json, spare=spare)
            if as_json:
                return
        tested = tendencies_of(house, found.to_pylist())
        if tests:
            output.print_table(tested, as_json=as_json, spare=_SPARE_OF_TESTS)
        if found.num_rows and not as_json:
            typer.echo(f"days: {zone}")
            for line in told(tested):
                typer.echo(line)
        if not found.num_rows and not as_json:
            typer.echo(f"no whole day with a value in the last {days} days")


def forecast(
    channel_id: ChannelID,
    field: Field,
    length: Annotated[
        str | None, typer.Option("--for", metavar="LENGTH", help="How far: 24h, 7d; default: 1d.")
    ] = None,
    below: Annotated[
        float | None, typer.Option("--until-below", metavar="N", help="Say when it falls below.")
    ] = None,
    above: Annotated[
        float | None, typer.Option("--until-above", metavar="N", help="Say when it rises above.")
    ] = None,
    as_of: AsOf = None,
    tz: TimeZone = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """How a field is likely to go on, with intervals of 95 % that its own past has tried.

    fieldhouse forecast 12001 temperature --for 3d

    fieldhouse forecast 12001 battery --until-below 3.3

    Up to 14 days the means of hours, beyond of the days of --tz; --until looks a year ahead.
    """
    from fieldhouse.insight.forecasts import LONGEST, crossing_of, forecast_of, told

    if below is not None and above is not None:
        raise ConfigurationError("--until-below or --until-above, not both")
    limit = above if below is None else below
    settings = settings_from(config, warehouse, wait)
    zone = tz or settings.display_zone
    with reading(settings) as house:
        require(house, channel_id)
        number = names.find_field(house, channel_id, field)
        instant = instant_of(house, channel_id, as_of, zone)
        far = LONGEST if length is None and limit is not None else _ahead(length or "1d", instant)
        found = forecast_of(house, channel_id, number, length=far, as_of=instant, zone=zone)
    if limit is None or as_json:
        spare = ("NaiveMae", "Mae", "Errors")
        output.print_table(found, as_json=as_json, spare=spare, zone=zone)
    if not found.num_rows and not as_json:
        typer.echo("no value in the last 14 days that could go on")
    elif limit is not None and not as_json:
        crossing = crossing_of(found, limit, below=above is None)
        typer.echo(told(crossing, limit, zone, below=above is None, days=far.days))


def _ahead(text: str, instant: datetime) -> timedelta:
    return times.length_of(text).up_to(instant)


@contextmanager
def reading(settings: "Settings") -> "Iterator[Warehouse]":
    """The warehouse that the settings name, for asking."""
    with closing(opened(settings)) as house:
        yield house


@contextmanager
def writing(settings: "Settings") -> "Iterator[Warehouse]":
    """The same, for what is kept there."""
    with closing(opened(settings, read_only=False)) as house:
        house.migrate()
        yield house


def require(house: "Warehouse", channel_id: int) -> None:
    """Refuse a channel that the warehouse does not hold."""
    if not house.query("channel_state", channel_ids=[channel_id]).num_rows:
        raise ConfigurationError(
            f"channel {channel_id} is not in the warehouse: fieldhouse run {channel_id}"
        )


def instant_of(house: "Warehouse", channel_id: int, wanted: str | None, zone: ZoneInfo) -> datetime:
    """The instant to ask about: now, the one named, or just after the newest reading before now."""
    from fieldhouse.times import utc_now

    now = utc_now()
    if wanted is None:
        return now
    if wanted != "latest":
        return times.instant_of(wanted, zone, now)
    found = house.query("newest_reading", channel_id=channel_id, as_of=now)
    newest: datetime | None = found["CreatedAt"][0].as_py()
    if newest is None:
        raise ConfigurationError(f"channel {channel_id} has no reading that could be the latest")
    return min(newest + timedelta(seconds=1), now)
