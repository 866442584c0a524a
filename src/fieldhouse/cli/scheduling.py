"""The commands of workers that poll on and on: schedule, workers."""

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldhouse.cli import output
from fieldhouse.cli.completing import complete_words
from fieldhouse.cli.options import (
    Config,
    Json,
    ShardOption,
    TimeZone,
    Verbose,
    Wait,
    WarehouseURL,
    opened,
    settings_from,
)
from fieldhouse.cli.values import minute
from fieldhouse.errors import ConfigurationError, Interrupted

if TYPE_CHECKING:
    from fieldhouse.scheduling.leases import Holding, Leases
    from fieldhouse.settings import Settings
    from fieldhouse.sources.thingspeak.pacing import Gate
    from fieldhouse.warehouse import Warehouse

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command()(schedule)
    app.command()(workers)


def schedule(
    channels: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CHANNEL]...",
            help="Numbers, addresses, ranges, tags; default: all that are configured or added.",
            autocompletion=complete_words,
        ),
    ] = None,
    shard: ShardOption = None,
    metrics_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Answer /metrics here, to this machine; 0: any."),
    ] = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    verbose: Verbose = False,
) -> None:
    """Keep channels current for as long as it runs: each is read when it is due.

    fieldhouse schedule

    fieldhouse schedule --shard 1/4

    A channel is asked as often as its readings come, within the bounds of [schedule] in
    fieldhouse.toml; one that falls silent ever more rarely. Several workers share the channels by
    number (--shard), or come and go with [schedule] leases.
    """
    from fieldhouse.cli.copying import named_channels
    from fieldhouse.cli.telling import Steps
    from fieldhouse.parts import built_on, warehouse_of
    from fieldhouse.scheduling.schedule import Schedule
    from fieldhouse.watch.going import watched

    output.set_up_log(verbose=verbose, quiet=False)
    settings = settings_from(config, warehouse, wait)
    only = named_channels(settings, channels or ()) or None
    if shard and settings.schedule.leases:
        raise ConfigurationError(
            "--shard, and [schedule] leases in fieldhouse.toml: channels are shared in one way"
        )
    steps = Steps().observe
    with (
        warehouse_of(settings, observe=steps) as house,
        watched(house, settings, steps, metrics_port) as observe,
    ):
        holding, gate = _held(settings, house, shard)
        with built_on(house, settings, gate=gate, observe=observe) as parts:
            typer.echo("keeping channels current, Ctrl-C stops", err=True)
            Schedule(parts, holding, only=only).run()
    raise Interrupted("stopped; what was read is kept")


def _held(
    settings: "Settings", house: "Warehouse", shard: str | None
) -> "tuple[Holding, Gate | None]":
    """What this worker may ask, and the pace that it shares with others over a Redis."""
    from fieldhouse.scheduling.leases import Alone, Leased, Shard, name_of_worker

    if shard:
        return Shard.parse(shard), None
    if (leases := leases_of(settings, house)) is None:
        return Alone(), None
    seconds = settings.schedule.lease.total_seconds()
    holding = Leased(leases, name_of_worker(), seconds)
    return holding, _gate(settings, holding)


def _gate(settings: "Settings", holding: "Holding") -> "Gate | None":
    place = settings.schedule.leases or "warehouse"
    if place == "warehouse" or not settings.rate_limit_delay:
        return None
    from fieldhouse.scheduling.in_redis import SharedPace, house_of

    return SharedPace(
        place,
        settings.schedule.password,
        house_of(settings.warehouse_url),
        settings.rate_limit_delay,
        lambda: holding.workers,
    )


def leases_of(settings: "Settings", house: "Warehouse") -> "Leases | None":
    """Where the settings keep leases, if anywhere."""
    from fieldhouse.scheduling.leases import InWarehouse

    if (place := settings.schedule.leases) is None:
        return None
    if place == "warehouse":
        return InWarehouse(house)
    from fieldhouse.scheduling.in_redis import InRedis, house_of

    return InRedis(place, settings.schedule.password, house_of(settings.warehouse_url))


def workers(
    channels: Annotated[
        bool, typer.Option("--channels", help="A line for each channel instead.")
    ] = False,
    tz: TimeZone = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """The workers that are there, since when, and the channels that each holds.

    fieldhouse workers

    fieldhouse workers --channels --json

    Of workers that share channels by [schedule] leases; one without leases is not listed.
    """
    settings = settings_from(config, warehouse, wait)
    zone = tz or settings.display_zone
    with closing(opened(settings)) as house:
        leases = leases_of(settings, house)
        if leases is None:
            raise ConfigurationError(
                'no leases are kept: set [schedule] leases = "warehouse", or a Redis'
            )
        rows: list[dict[str, Any]]
        if channels:
            rows = [
                {"channel": channel_id, "worker": worker, "since": since}
                for channel_id, worker, since in leases.held()
            ]
        else:
            rows = [
                dict(zip(("worker", "since", "seen", "channels"), each, strict=True))
                for each in leases.workers()
            ]
    if as_json:
        output.print_json(rows)
    elif rows:
        shown = [
            row | {name: minute(row[name], zone) for name in ("since", "seen") if name in row}
            for row in rows
        ]
        output.print_rows(shown, list(shown[0]), zone=None)
        typer.echo(f"times: {zone}")
    else:
        typer.echo("no worker holds a lease")
