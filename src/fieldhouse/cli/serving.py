"""The commands around the server: serve, and the tokens that let people and programs in."""

import re
from collections.abc import Sequence
from contextlib import closing
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any

import typer

from fieldhouse.cli import output
from fieldhouse.cli.options import (
    Bare,
    Config,
    Json,
    Verbose,
    Wait,
    WarehouseURL,
    opened,
    pause_of,
    settings_from,
)
from fieldhouse.cli.simulating import OVERRIDES, say_simulated, simulated_thingspeak
from fieldhouse.errors import ConfigurationError, Interrupted
from fieldhouse.polled import SIMULATED

__all__ = ["add_to", "tokens"]

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|[0-9a-f:.]+", re.ASCII)

tokens = typer.Typer(
    cls=Bare, help="The tokens that let people and programs in, where serve is reached."
)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command()(serve)
    app.add_typer(tokens, name="tokens")


def serve(
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; 0.0.0.0 is everywhere.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8321,
    every: Annotated[
        str, typer.Option(metavar="TIME", help="How often channels are polled; 0 for never.")
    ] = "5min",
    write: Annotated[
        bool, typer.Option("--write", help="Take readings from devices, as ThingSpeak does.")
    ] = False,
    host_name: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A name under which this is asked, as fieldhouse.lan."),
    ] = None,
    token_always: Annotated[
        bool, typer.Option("--token-always", help="Ask for a token on this machine too.")
    ] = False,
    certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="PEM, to serve HTTPS.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its key, if it is in a file of its own.")
    ] = None,
    user_header: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A header in which a proxy names whom it let in."),
    ] = None,
    proxy: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="A proxy that is believed.")
    ] = None,
    tiles: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Map tiles, as https://…/{z}/{x}/{y}.png; else none."),
    ] = None,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Over the built-in simulator: no network.")
    ] = False,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    verbose: Verbose = False,
) -> None:
    """Serve pages, an API and ThingSpeak's own endpoints, and keep the channels current.

    fieldhouse serve

    Whoever sits at this machine may do everything; from elsewhere a token is asked for:
    fieldhouse tokens make NAME. While it runs, other commands on the same file work through it.
    """
    _require_extra()
    from fieldhouse.web.serving import Address
    from fieldhouse.web.serving import serve as run

    output.set_up_log(verbose=verbose, quiet=False)
    settings = settings_from(config, warehouse, wait)
    address = Address(host, port, certificate, key)
    rules = _rules(
        host, host_name or (), proxy or (), user_header, token_always, write=write, tiles=tiles
    )
    pause = pause_of(every)
    if simulated:
        with simulated_thingspeak(settings) as base_url:
            say_simulated(base_url)
            given = {**OVERRIDES, "base_url": base_url, "channel_id": SIMULATED}
            settings = settings_from(config, warehouse, wait, **given)
            settings = settings.model_copy(update={"daily_budget": None, "mqtt": None})
            run(settings, rules, address, every=pause, ready=_say_ready)
    else:
        run(settings, rules, address, every=pause, ready=_say_ready)
    raise Interrupted("stopped; what was read is kept")


def _require_extra() -> None:
    try:
        import fastapi  # noqa: F401
        import jinja2  # noqa: F401
        import uvicorn  # noqa: F401
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"serve needs {error.name}: pip install '.[web]' in a checkout"
        ) from None


def _rules(
    host: str,
    names: Sequence[str],
    proxies: Sequence[str],
    user_header: str | None,
    token_always: bool,
    *,
    write: bool,
    tiles: str | None,
) -> Any:
    from fieldhouse.web.served import Rules

    if user_header and not proxies:
        raise ConfigurationError("--user-header is believed from a --proxy only: name its address")
    if tiles and not (tiles.startswith(("https://", "http://")) and "{z}" in tiles):
        raise ConfigurationError("--tiles is an address as https://…/{z}/{x}/{y}.png")
    hosts = {*map(_name, names), _bare(host)} - {"0.0.0.0", "::"}  # noqa: S104
    return Rules(
        hosts=frozenset(hosts),
        trusts_machine=not token_always,
        writes=write,
        user_header=user_header,
        proxies=frozenset(map(_proxy, proxies)),
        tile_server=tiles,
    )


def _bare(name: str) -> str:
    return name.strip().lower().rstrip(".")


def _name(text: str) -> str:
    """A name of this server as requests have it, without a port."""
    name = _bare(text)
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"--host-name {output.text(text)!r} is no name of a host, as sensors.lan is one"
        )
    return name


def _proxy(text: str) -> str:
    """A proxy's address as a connection shows it."""
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        raise ConfigurationError(f"--proxy {text}: an IP address, as 10.0.0.2") from None


def _say_ready(url: str) -> None:
    typer.echo(f"Fieldhouse is at {url} (Ctrl-C to stop)")


@tokens.command()
def make(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose it is, or what for.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="read (the default), operate or write; again for more.")
    ] = None,
    lasts: Annotated[
        str | None, typer.Option(metavar="TIME", help="As 90d or 1y; default: until revoked.")
    ] = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
) -> None:
    """Make a token and show it, this once.

    fieldhouse tokens make "Ada's tablet"

    fieldhouse tokens make greenhouse --scope write
    """
    from fieldhouse.times import utc_now
    from fieldhouse.web.access import lasting, made_token, scopes_of

    scopes = scopes_of(scope or ["read"])
    span = lasting(lasts) if lasts else None
    with closing(opened(settings_from(config, warehouse, wait), read_only=False)) as house:
        house.migrate()
        text = made_token(house, name, scopes, utc_now(), span)
    typer.echo(text)
    typer.echo("Keep it: it is not shown again.", err=True)


@tokens.command("list")
def list_tokens(
    warehouse: WarehouseURL = None, wait: Wait = None, config: Config = None, as_json: Json = False
) -> None:
    """List the tokens that were made.

    fieldhouse tokens list
    """
    from fieldhouse.times import utc_now
    from fieldhouse.web.access import state_of

    now = utc_now()
    with closing(opened(settings_from(config, warehouse, wait))) as house:
        rows = [
            {
                "token": f"fh_{row['TokenID']}_…",
                "name": row["TokenName"],
                "may": row["Scopes"],
                "made": row["CreatedAt"],
                "until": row["RevokedAt"] or row["ExpiresAt"],
                "state": state_of(row, now),
            }
            for row in house.query("access_tokens").to_pylist()
        ]
    if as_json:
        output.print_json(rows)
    elif rows:
        output.print_rows(rows, list(rows[0]))
    else:
        typer.echo("there is no token yet: fieldhouse tokens make NAME")


@tokens.command()
def revoke(
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="Its beginning, as fh_1a2b3c4d.")],
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
) -> None:
    """Take a token no more.

    fieldhouse tokens revoke fh_1a2b3c4d
    """
    from fieldhouse.times import utc_now

    token_id = token.removeprefix("fh_").partition("_")[0]
    with closing(opened(settings_from(config, warehouse, wait), read_only=False)) as house:
        done = house.call("revoke_token", token_id=token_id, revoked_at=utc_now())
    if not done["Tokens"][0].as_py():
        raise ConfigurationError(f"no token that is taken begins with fh_{token_id[:40]}")
    typer.echo(f"fh_{token_id} is taken no more")
