"""The commands around the work: init, doctor, migrate, simulate, config."""

import os
import platform
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldhouse.cli import output
from fieldhouse.cli.options import Config, Json, Wait, WarehouseURL, opened, settings_from
from fieldhouse.errors import ConfigurationError, FieldhouseError, Interrupted

if TYPE_CHECKING:
    from fieldhouse.settings import Settings
    from fieldhouse.settings.mqtt import MqttSettings
    from fieldhouse.simulator import Publisher
    from fieldhouse.sources.thingspeak.api import Answer, ThingSpeak
    from fieldhouse.sources.thingspeak.proxies import Finding

__all__ = ["add_to"]

_TEMPLATE = """\
# Fieldhouse's settings; every key is explained in docs/configuration.md.
[warehouse]
url = "{url}"

[thingspeak]
rate_limit_delay = 1.0      # seconds between two requests

# A table a channel; a secret is referenced, never written.
# [channels.9]
# api_key = {{ env = "KEY_OF_9" }}
# ranges.field1 = [-40, 60]
"""


def add_to(app: typer.Typer) -> None:
    """Add the commands of this room."""
    for command in (init, doctor, migrate, simulate, config):
        app.command()(command)


def init(
    directory: Annotated[Path, typer.Argument(help="Where.", file_okay=False)] = Path(),
    url: Annotated[
        str, typer.Option("--warehouse", "-w", metavar="URL", help="The warehouse.")
    ] = "duckdb:///fieldhouse.duckdb",
) -> None:
    """Write a fieldhouse.toml to begin with.

    fieldhouse init
    """
    if "@" in url and ":" in url.partition("://")[2].rpartition("@")[0]:
        raise ConfigurationError(
            "--warehouse: a password is never written: leave it to DB_PASSWORD"
        )
    settings_from(warehouse=url)  # says what is wrong with it
    path = directory / "fieldhouse.toml"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(_TEMPLATE.format(url=url.replace("\\", "\\\\").replace('"', '\\"')))
    except FileExistsError as error:
        raise ConfigurationError(f"{path} is there already, and stays as it is") from error
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from error
    typer.echo(f"{path} written; now: fieldhouse channels add 9 && fieldhouse run")


def migrate(
    create: Annotated[
        bool, typer.Option("--create", help="Make the database first, where a server lacks it.")
    ] = False,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
) -> None:
    """Create the warehouse or bring it up to this version; runs do so by themselves.

    fieldhouse migrate --create
    """
    settings = settings_from(config, warehouse, wait)
    with closing(opened(settings, read_only=False, create=create)) as house:
        applied, advice = house.migrate(), house.advice()
    for name in applied:
        typer.echo(f"applied {name}")
    typer.echo("the warehouse is up to date")
    for line in advice:
        typer.echo(line)


def config(
    config_file: Config = None, warehouse: WarehouseURL = None, as_json: Json = False
) -> None:
    """Show the settings in force and where each comes from; secrets only as set or not set.

    fieldhouse config --json
    """
    described = settings_from(config_file, warehouse).described()
    rows = [{"setting": key, "value": value, "from": source} for key, value, source in described]
    output.print_rows(rows, ("setting", "value", "from"), as_json=as_json)


def simulate(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 = any that is free.")] = 8900,
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    fleet: Annotated[int, typer.Option(min=0, help="Small channels beside the three.")] = 0,
    mqtt: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="A broker that is told of what is written."),
    ] = None,
) -> None:
    """Serve a simulated ThingSpeak to develop against, until Ctrl-C; its channels report on.

    fieldhouse simulate --port 8900

    In another terminal: THINGSPEAK_BASE_URL=http://127.0.0.1:8900 fieldhouse run
    """
    from fieldhouse import simulator

    with ExitStack() as stack:
        told = [stack.enter_context(_publisher(mqtt))] if mqtt else []
        world = simulator.demo.world(simulator.Clock())
        world.listeners += told
        if fleet:
            simulator.demo.fleet(world, fleet)

        def ready(url: str) -> None:
            for channel in world.channels.values():
                typer.echo(
                    f"channel {channel.id}: {channel.name}, {len(channel.entries):,} entries"
                )
            if told:
                key = world.channels[12_003].write_key
                typer.echo(f"write to 12003: curl -d 'api_key={key}&field1=21.5' {url}/update")
            typer.echo(f"serving on {url}, Ctrl-C stops")

        try:
            simulator.serve(
                world, host, port, ready=ready, tick=lambda: simulator.demo.live_all_on(world)
            )
        except OSError as error:
            raise ConfigurationError(f"{host}:{port} cannot be served: {error.strerror}") from error
    raise Interrupted("stopped; what was written to it is gone with it")


@contextmanager
def _publisher(address: str) -> "Iterator[Publisher]":
    """What tells the broker at an address, which must answer."""
    from fieldhouse.simulator import Publisher

    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal() and 0 < int(port) < 65_536):
        raise ConfigurationError(f"--mqtt {address}: a broker's address as localhost:1883")
    with ExitStack() as stack:
        try:
            publisher = stack.enter_context(Publisher(host.strip("[]"), int(port)))
        except OSError as error:
            why = error.strerror or error
            raise ConfigurationError(f"--mqtt {address}: no broker answers there: {why}") from None
        except ModuleNotFoundError:
            raise ConfigurationError(
                "--mqtt needs paho-mqtt: pip install '.[mqtt]' in a checkout"
            ) from None
        yield publisher


def doctor(
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> int:
    """Check what a run needs, and say what to do about whatever is wrong; nothing is changed.

    fieldhouse doctor
    """
    from fieldhouse.parts import asking

    settings = settings_from(config, warehouse, wait)
    with ExitStack() as stack:
        counted = settings if _is_there(settings) else _uncounted(settings)
        server = cache(lambda: stack.enter_context(asking(counted, attempts=1)))
        rows = [_check(name, check) for name, check in _checks(settings, server)]
    output.print_rows(rows, ("check", "ok", "finding"), as_json=as_json)
    return 0 if all(row["ok"] for row in rows) else 1


def _is_there(settings: "Settings") -> bool:
    """Whether there is a warehouse; none is made by looking."""
    try:
        opened(settings).close()
    except FieldhouseError:
        return False
    return True


def _uncounted(settings: "Settings") -> "Settings":
    """Without a warehouse there is nothing to count requests in."""
    return settings.model_copy(update={"daily_budget": None})


def _checks(
    settings: "Settings", server: "Callable[[], ThingSpeak]"
) -> Iterator[tuple[str, Callable[[], str]]]:
    from fieldhouse.cli.checks import of_installation
    from fieldhouse.sources.thingspeak.connection import surroundings

    yield "Python", lambda: f"{platform.python_version()} on {platform.system()}"
    yield "settings", lambda: f"{len(settings.channels)} channels configured"
    yield "warehouse", lambda: _check_warehouse(settings)
    yield from of_installation(settings)
    for finding in surroundings(settings.base_url, use_proxies=settings.proxies):
        yield finding.variable, partial(_told, finding)
    yield "ThingSpeak", lambda: _check_server(settings, server())
    if settings.mqtt:
        yield "MQTT", partial(_check_broker, settings.mqtt)
    for channel_id in {*settings.channels, *filter(None, [settings.channel_id])}:
        yield f"channel {channel_id}", partial(_check_channel, settings, server, channel_id)


def _check(name: str, check: Callable[[], str]) -> dict[str, object]:
    try:
        return {"check": name, "ok": True, "finding": check()}
    except FieldhouseError as error:
        return {"check": name, "ok": False, "finding": str(error)}


def _told(finding: "Finding") -> str:
    if not finding.ok:
        raise FieldhouseError(finding.text)
    return finding.text


def _check_warehouse(settings: "Settings") -> str:
    url = settings.warehouse_url
    if (file := _file_of(url)) and not file.exists():
        _require_folder(file)
        return f"{url}: not there yet; the first run makes it"
    with closing(opened(settings.model_copy(update={"read_url": None}))) as house:
        doubles = house.query("duplicate_audit").num_rows
        if doubles:
            raise FieldhouseError(f"{doubles} readings stand there twice: please report this")
        well = f"{url}: {house.query('channels').num_rows} channels, no doubles"
        return "; ".join([well, *house.advice()])


def _file_of(url: str) -> Path | None:
    """The DuckDB file of a warehouse, if it is one."""
    from fieldhouse.warehouse.owner import file_of

    file = file_of(url)
    return Path(file) if file else None


def _require_folder(file: Path) -> None:
    """Refuse a folder in which a run could not make the file."""
    if not file.parent.is_dir():
        raise FieldhouseError(f"{file}: its folder does not exist")
    if not os.access(file.parent, os.W_OK):
        raise FieldhouseError(f"{file}: its folder may not be written: check its permissions")


def _check_server(settings: "Settings", server: "ThingSpeak") -> str:
    from fieldhouse.times import utc_now

    answer: Answer[Any] = server.get("/channels/public.json")
    skew = abs((answer.date - utc_now()).total_seconds())
    if skew > 300:
        raise FieldhouseError(f"this machine's clock is {skew:,.0f} s off ThingSpeak's: set it")
    return f"{settings.base_url} answers, its clock within {skew:.0f} s of ours"


def _check_broker(own: "MqttSettings") -> str:
    from fieldhouse.times import utc_now
    from fieldhouse.web.listening import ear_of

    ear_of(own, list, lambda _: None, utc_now).try_once()
    return f"{own.broker} lets us listen"


def _check_channel(
    settings: "Settings", server: "Callable[[], ThingSpeak]", channel_id: int
) -> str:
    own = settings.channel(channel_id)
    key = own.api_key.get_secret_value() if own.api_key else None
    page = server().channel(channel_id, key).metadata()
    return f"{page.channel.get('name')}, {page.last_entry_id or 0:,} entries so far"
