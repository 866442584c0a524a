"""The commands that ask the warehouse, and those that export from it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldhouse import files
from fieldhouse.cli import output
from fieldhouse.cli.options import (
    AsOf,
    ChannelID,
    Config,
    FieldNumber,
    Json,
    Wait,
    WarehouseURL,
    day,
    moment,
    opened,
    settings_from,
)
from fieldhouse.errors import ConfigurationError

if TYPE_CHECKING:
    from fieldhouse.warehouse import Warehouse

__all__ = ["add_to"]


class AggregationType(StrEnum):
    """A period's length."""

    HOURLY = "HOURLY"
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"


class Method(StrEnum):
    """How anomalies are told."""

    ZSCORE = "ZSCORE"
    MAD = "MAD"


class Table(StrEnum):
    """What is exported."""

    READINGS = "readings"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


From = Annotated[
    datetime | None,
    typer.Option("--from", parser=moment, metavar="TIME", help="From here, included (UTC)."),
]
To = Annotated[
    datetime | None,
    typer.Option("--to", parser=moment, metavar="TIME", help="To here, excluded (UTC)."),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this room."""
    for command in (aggregate, anomalies, quality, trend, export):
        app.command()(command)


def aggregate(
    channel_id: ChannelID,
    aggregation_type: Annotated[
        AggregationType, typer.Option("--type", case_sensitive=False, help="The period.")
    ] = AggregationType.HOURLY,
    start: From = None,
    end: To = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Recompute a channel's periods by hand; without dates those of the last seven days.

    Runs do this by themselves for every period that they touch.
    """
    from fieldhouse.sync import utc_now

    with _writing(warehouse, wait, config) as house:
        _require(house, channel_id)
        done = house.call(
            "usp_ProcessSensorReadings",
            channel_id=channel_id,
            aggregation_type=aggregation_type.value,
            start_date=start,
            end_date=end,
            as_of=utc_now(),
        )
        output.print_table(done, as_json=as_json)


def anomalies(
    channel_id: ChannelID,
    field_number: FieldNumber,
    threshold: Annotated[float, typer.Option(min=0.0, help="In standard deviations.")] = 3.0,
    days: Annotated[int, typer.Option(min=1, help="How far to look back.")] = 30,
    method: Annotated[
        Method, typer.Option(case_sensitive=False, help="ZSCORE, or MAD against outliers.")
    ] = Method.ZSCORE,
    as_of: AsOf = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Readings of a field that lie too far from its mean (usp_DetectAnomalies)."""
    with _reading(warehouse, wait, config) as house:
        _require(house, channel_id)
        found = house.query(
            "usp_DetectAnomalies",
            channel_id=channel_id,
            field_number=field_number,
            threshold_stddev=threshold,
            lookback_days=days,
            method=method.value,
            as_of=_as_of(house, channel_id, as_of),
        )
        output.print_table(found, as_json=as_json)
        if not found.num_rows and not as_json:
            typer.echo(f"no anomaly in the last {days} days")


def quality(
    channel_id: ChannelID,
    check_date: Annotated[
        date | None, typer.Option("--date", parser=day, metavar="DAY", help="Default: today.")
    ] = None,
    as_of: AsOf = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Score a day of a channel, 0 to 100 (usp_CalculateDataQuality)."""
    with _writing(warehouse, wait, config) as house:
        _require(house, channel_id)
        instant = _as_of(house, channel_id, as_of)
        if check_date and check_date > instant.date():
            raise ConfigurationError(f"{check_date} has not come yet: it is {instant:%Y-%m-%d} UTC")
        row = house.call(
            "usp_CalculateDataQuality", channel_id=channel_id, check_date=check_date, as_of=instant
        )
        output.print_table(row, as_json=as_json)


def trend(
    channel_id: ChannelID,
    field_number: FieldNumber,
    days: Annotated[int, typer.Option(min=1, help="How far to look back.")] = 30,
    as_of: AsOf = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """A field by whole days: change, seven-day mean, direction (usp_GetTrendAnalysis)."""
    with _reading(warehouse, wait, config) as house:
        _require(house, channel_id)
        found = house.query(
            "usp_GetTrendAnalysis",
            channel_id=channel_id,
            field_number=field_number,
            days=days,
            as_of=_as_of(house, channel_id, as_of),
        )
        output.print_table(found, as_json=as_json)
        if not found.num_rows and not as_json:
            typer.echo(f"no whole day with a value in the last {days} days")


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
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
) -> None:
    """Write a channel's readings or periods to a Parquet or CSV file.

    A value that no number is exactly goes as the source's text: into the cell of a CSV file, in
    Parquet into a column beside (Field1Text).
    """
    from fieldhouse.export import export_readings

    with _reading(warehouse, wait, config) as house:
        _require(house, channel_id)
        if table is not Table.READINGS:
            span = {"channel_id": channel_id, "start_at": start, "end_at": end}
            answer = house.scan("aggregates", aggregation_type=table.name, **span)
            typer.echo(f"{files.write(answer, target):,} rows in {target}")
            return
        done = export_readings(house, target, channel_id=channel_id, start_at=start, end_at=end)
        texts = output.texts_said(done.texts, in_cells=files.kind(target) == ".csv")
        typer.echo(f"{done.rows:,} rows in {target}{texts}")


@contextmanager
def _reading(url: str | None, wait: str | None, config: Path | None) -> "Iterator[Warehouse]":
    with closing(opened(settings_from(config, url, wait))) as house:
        yield house


@contextmanager
def _writing(url: str | None, wait: str | None, config: Path | None) -> "Iterator[Warehouse]":
    with closing(opened(settings_from(config, url, wait), read_only=False)) as house:
        house.migrate()
        yield house


def _require(house: "Warehouse", channel_id: int) -> None:
    """Refuse a channel that the warehouse does not hold."""
    if not house.query("channel_state", channel_ids=[channel_id]).num_rows:
        raise ConfigurationError(
            f"channel {channel_id} is not in the warehouse: fieldhouse run {channel_id}"
        )


def _as_of(house: "Warehouse", channel_id: int, wanted: Any) -> datetime:
    """The instant to ask about: now, the one named, or just after the newest reading before now."""
    from fieldhouse.sync import utc_now

    now = utc_now()
    if wanted is None:
        return now
    if wanted != "latest":
        instant: datetime = wanted
        return instant
    found = house.query("newest_reading", channel_id=channel_id, as_of=now)
    newest: datetime | None = found["CreatedAt"][0].as_py()
    if newest is None:
        raise ConfigurationError(f"channel {channel_id} has no reading that could be the latest")
    return min(newest + timedelta(seconds=1), now)
