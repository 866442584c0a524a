"""The command that listens: stream."""

import threading
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TYPE_CHECKING, Annotated

import typer

from fieldhouse.cli import output
from fieldhouse.cli.options import Config, Verbose, Wait, WarehouseURL, pause_of, settings_from
from fieldhouse.errors import Interrupted

if TYPE_CHECKING:
    from fieldhouse.parts import Parts
    from fieldhouse.web.jobs import Jobs

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the command of this room."""
    app.command()(stream)


def stream(
    every: Annotated[
        str,
        typer.Option(metavar="TIME", help="How often channels that are not heard are polled."),
    ] = "5min",
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    verbose: Verbose = False,
) -> None:
    """Keep channels current within seconds: listen to ThingSpeak's broker, read what it tells of.

    fieldhouse stream

    Needs [mqtt] in fieldhouse.toml, and the extra mqtt. A message is a hint: what is new is read
    as a run reads it. Channels are polled all the same, those that are heard every [mqtt] poll.
    """
    from fieldhouse.cli.telling import Steps
    from fieldhouse.parts import build
    from fieldhouse.web.broadcast import Broadcast
    from fieldhouse.web.jobs import Jobs
    from fieldhouse.web.listening import listening

    output.set_up_log(verbose=verbose, quiet=False)
    settings = settings_from(config, warehouse, wait)
    pause = pause_of(every)
    heard = Broadcast()
    with (
        build(settings, own=True, observe=heard) as parts,
        heard.heard_by(Steps().observe),
        Jobs(parts, every=pause) as jobs,
        _shared(parts, jobs),
        listening(parts, jobs, heard) as ear,
    ):
        typer.echo(f"listening to {ear.broker.host}:{ear.broker.port}, Ctrl-C stops")
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
    raise Interrupted("stopped; what was read is kept")


def _shared(parts: "Parts", jobs: "Jobs") -> AbstractContextManager[None]:
    """Let other commands work through this process, where the extra web is there to do it."""
    try:
        from fieldhouse.web.owning import owned
    except ModuleNotFoundError:
        return nullcontext()
    return owned(parts.warehouse, parts.settings.warehouse_url, jobs)
