"""The commands that copy: run, backfill."""

import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldhouse.cli import output
from fieldhouse.cli.completing import complete_words
from fieldhouse.cli.options import (
    Config,
    Json,
    Quiet,
    ShardOption,
    Verbose,
    Wait,
    WarehouseURL,
    moment,
    opened,
    settings_from,
)
from fieldhouse.cli.simulating import OVERRIDES, say_simulated, simulated_thingspeak
from fieldhouse.errors import (
    ConfigurationError,
    Interrupted,
    WarehouseUnusable,
)
from fieldhouse.names import channel_number, channel_range, find_channels
from fieldhouse.polled import SIMULATED, require_polled

if TYPE_CHECKING:
    from fieldhouse.events import Observer
    from fieldhouse.settings import Settings
    from fieldhouse.state import Run, Span
    from fieldhouse.warehouse import Warehouse

__all__ = ["add_to", "named_channels"]


Channels = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[CHANNEL]...",
        help="Numbers, addresses, ranges, tags; default: all that are configured or added.",
        autocompletion=complete_words,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1, max=64, help="Channels read side by side; default: as many as serve the pace."
    ),
]
MetricsFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Metrics for node_exporter, as /var/lib/…/fieldhouse.prom."),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command()(run)
    app.command()(backfill)


def run(
    channels: Channels = None,
    results: Annotated[
        int | None,
        typer.Option(min=1, max=8000, help="Size of the first page, which looks for what is new."),
    ] = None,
    workers: Workers = None,
    shard: ShardOption = None,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Against the built-in simulator: no network.")
    ] = False,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    metrics_file: MetricsFile = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Bring channels up to date: fetch, store, aggregate, score.

    fieldhouse run 12001

    fieldhouse run --quiet

    A new channel's whole history is fetched, newest first; later runs fetch what is new. Run it
    from cron as often as you like.
    """
    if simulated and channels:
        raise ConfigurationError("--simulated has a channel of its own: leave out the others")
    output.set_up_log(verbose=verbose, quiet=quiet)
    how: dict[str, Any] = {"as_json": as_json, "quiet": quiet, "verbose": verbose, "shard": shard}
    settings = _with_file(settings_from(config, warehouse, wait), metrics_file)
    if not simulated:
        return _copy(settings, channels or (), workers, results, None, **how)
    with simulated_thingspeak(settings) as base_url:
        if not (as_json or quiet):
            say_simulated(base_url)
        settings = settings_from(config, warehouse, wait, base_url=base_url, **OVERRIDES)
        # requests to the simulator are none of ThingSpeak's budget
        settings = settings.model_copy(update={"daily_budget": None})
        settings = _with_file(settings, metrics_file)
        return _copy(settings, [str(SIMULATED)], workers, results, None, **how)


def _with_file(settings: "Settings", file: Path | None) -> "Settings":
    """The settings with the command line's word on where metrics are left."""
    if file is None:
        return settings
    if file.suffix != ".prom":
        raise ConfigurationError(f"--metrics-file {file}: node_exporter reads files named .prom")
    metrics = settings.metrics.model_copy(update={"file": str(file)})
    return settings.model_copy(update={"metrics": metrics})


def backfill(
    channels: Channels = None,
    start: Annotated[
        datetime | None,
        typer.Option("--from", parser=moment, metavar="TIME", help="Read again from here (UTC)."),
    ] = None,
    end: Annotated[
        datetime | None,
        typer.Option("--to", parser=moment, metavar="TIME", help="… to here, included (UTC)."),
    ] = None,
    workers: Workers = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Fetch what is missing of the past; with --from or --to, read that time again.

    fieldhouse backfill 12001 --from 2026-01-01 --to 2026-01-31

    What is there already stays; a value that came back different replaces ours, and the old one is
    kept in iot.RawValues.
    """
    from fieldhouse.state import BEGINNING, END, Span

    if start and end and start > end:
        raise ConfigurationError(f"--from {start} lies after --to {end}")
    output.set_up_log(verbose=verbose, quiet=quiet)
    settings = settings_from(config, warehouse, wait)
    again = Span(start or BEGINNING, end or END) if start or end else None
    return _copy(
        settings,
        channels or (),
        workers,
        None,
        again,
        as_json=as_json,
        quiet=quiet,
        verbose=verbose,
    )


def _copy(
    settings: "Settings",
    words: Sequence[str],
    workers: int | None,
    tail_size: int | None,
    again: "Span | None",
    *,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    shard: str | None = None,
) -> int:
    from fieldhouse.cli.progress import Progress
    from fieldhouse.cli.telling import Steps, both
    from fieldhouse.parts import foreign_ranges, warehouse_of
    from fieldhouse.scheduling.leases import Alone, Shard
    from fieldhouse.watch.oneshot import measuring

    named = named_channels(settings, words)
    part = Shard.parse(shard) if shard else Alone()
    # each worker of a fleet keeps a distance that all of them may keep side by side
    delay = settings.rate_limit_delay * part.workers
    settings = settings.model_copy(update={"rate_limit_delay": delay})
    shown = not (as_json or quiet or verbose) and sys.stderr.isatty()
    with (
        _carrying_on(),
        Progress(shown=shown) as progress,
        measuring(settings, both(progress.observe, Steps().observe)) as observe,
    ):
        with warehouse_of(settings, observe=observe) as warehouse:
            ids = list(part.renew(named or require_polled(settings, warehouse), ()))
            runs, stopped = _copied(warehouse, settings, ids, workers, tail_size, again, observe)
            progress.stop()
            if not quiet and (line := foreign_ranges(warehouse, settings)):
                typer.echo(f"fieldhouse: {line}", err=True)
            _report(runs, warehouse, settings, as_json=as_json, quiet=quiet)
        if stopped:
            raise KeyboardInterrupt
    return 1 if any(run.outcome != "success" for run in runs) else 0


def _copied(
    warehouse: "Warehouse",
    settings: "Settings",
    ids: Sequence[int],
    workers: int | None,
    tail_size: int | None,
    again: "Span | None",
    observe: "Observer",
) -> "tuple[Sequence[Run], bool]":
    """What came of the channels, copied by the warehouse's owner or by us; whether stopped."""
    from fieldhouse.parts import built_on
    from fieldhouse.scheduling.fleet import hands_for, run_fleet
    from fieldhouse.settings import digests
    from fieldhouse.warehouse import HasOwner, Order
    from fieldhouse.watch.oneshot import counting

    if isinstance(warehouse, HasOwner):
        stop = threading.Event()
        order = Order(
            tuple(ids),
            digests.of_copying(settings, ids),
            "backfill" if again else "run",
            workers or hands_for(settings.rate_limit_delay),
            tail_size,
            again,
        )
        if (runs := warehouse.carry_out(order, observe, stop)) is not None:
            return runs, stop.is_set()
    with (
        counting(warehouse, observe) as counted,
        built_on(warehouse, settings, observe=counted) as parts,
    ):
        done = run_fleet(parts, ids, workers=workers, tail_size=tail_size, again=again)
        return done, parts.stop.is_set()


@contextmanager
def _carrying_on() -> Iterator[None]:
    """Say of a Ctrl-C what becomes of the work."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted("interrupted; what was read is kept, the next run carries on") from None


def named_channels(settings: "Settings", words: Sequence[str]) -> list[int]:
    """The channels that words name: any by its number or address, held ones by range and tag."""
    numbers = [channel_number(word) for word in words]
    for number in numbers:
        if number is not None and number < 0:
            raise ConfigurationError(
                f"{number} is a channel of files, of which ThingSpeak has nothing:"
                " fieldhouse import"
            )
    if None not in numbers:
        return [number for number in numbers if number is not None]
    try:
        with closing(opened(settings)) as house:
            return [
                each
                for word, number in zip(words, numbers, strict=True)
                for each in ([number] if number is not None else find_channels(house, [word]))
            ]
    except WarehouseUnusable:
        from fieldhouse.warehouse.owner import file_of

        if not (file := file_of(settings.warehouse_url)) or Path(file).exists():
            raise
        word = output.text(words[numbers.index(None)])
        hint = f"fieldhouse channels add {word}" if channel_range(word) else "write a number, as 9"
        raise ConfigurationError(
            f"{word!r} is no channel: there is no warehouse yet that could tell: {hint}"
        ) from None


def _report(
    runs: Sequence["Run"], warehouse: Any, settings: "Settings", *, as_json: bool, quiet: bool
) -> None:
    if as_json:
        output.print_json([asdict(run) for run in runs])
        return
    for error, count in Counter(run.error for run in runs if run.error).items():
        where = f" ({count} channels)" if count > 1 else ""
        typer.echo(f"fieldhouse: {error}{where}", err=True)
    if quiet:
        return
    from fieldhouse.cli.summary import print_summary

    print_summary(runs, warehouse, settings)
