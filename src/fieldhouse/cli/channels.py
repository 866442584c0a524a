"""The commands about channels: list, search, add."""

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldhouse.cli import output
from fieldhouse.cli.options import (
    Config,
    Json,
    Wait,
    WarehouseURL,
    opened,
    polled_number,
    settings_from,
)
from fieldhouse.errors import ConfigurationError

if TYPE_CHECKING:
    from fieldhouse.settings import Settings

__all__ = ["app"]

app = typer.Typer(help="The channels: those in the warehouse, public ones, your own.")

_COLUMNS = ("id", "name", "description", "last_entry_id", "latitude", "longitude")


@app.command("list")
def list_channels(
    mine: Annotated[
        bool, typer.Option("--mine", help="Those of your account: THINGSPEAK_USER_API_KEY.")
    ] = False,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List the channels in the warehouse, or those of your ThingSpeak account."""
    settings = settings_from(config, warehouse, wait)
    if mine:
        _print(_own(settings), as_json=as_json)
        return
    with closing(opened(settings)) as house:
        output.print_table(house.query("channels"), as_json=as_json)


@app.command()
def search(
    tag: Annotated[str | None, typer.Argument(metavar="[TAG]", help="A tag, as 'temp'.")] = None,
    user: Annotated[str | None, typer.Option(help="Those of one user.")] = None,
    page: Annotated[int, typer.Option(min=1, help="ThingSpeak lists 15 a page.")] = 1,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Search ThingSpeak's public channels by tag or by user."""
    from fieldhouse.parts import asking

    output.set_up_log()
    with asking(settings_from(config), observe=output.observe) as server:
        if user:
            _print(server.user_channels(user, tag), as_json=as_json)
            return
        found = server.public_channels(page, tag)
    _print(found["channels"], as_json=as_json)
    total = found["pagination"]["total_entries"]
    if not as_json and total > 15 * page:
        typer.echo(f"page {page} of {-(-total // 15)}; the next: --page {page + 1}")


@app.command()
def add(
    channel_id: Annotated[
        int, typer.Argument(metavar="CHANNEL", parser=polled_number, help="A channel's number.")
    ],
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
) -> None:
    """Add a channel to the warehouse, so that every 'fieldhouse run' takes it along."""
    from datetime import timedelta

    from fieldhouse.parts import build
    from fieldhouse.sync import sync_metadata

    output.set_up_log()
    settings = settings_from(config, warehouse, wait)
    with build(settings, observe=output.observe) as parts:
        sync_metadata(parts.channel(channel_id), parts.warehouse, parts.clock(), timedelta(0))
        named = {row["ChannelID"]: row for row in parts.warehouse.query("channels").to_pylist()}
    typer.echo(f"channel {channel_id} added: {named[channel_id]['ChannelName']}")


def _own(settings: "Settings") -> list[dict[str, Any]]:
    if settings.user_api_key is None:
        raise ConfigurationError(
            "your own channels need your User API Key: set THINGSPEAK_USER_API_KEY"
        )
    from fieldhouse.parts import asking

    output.set_up_log()
    with asking(settings, observe=output.observe) as server:
        return server.my_channels(settings.user_api_key.get_secret_value())


def _print(channels: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        output.print_json(channels)
        return
    rows = [{name: _short(channel.get(name), name) for name in _COLUMNS} for channel in channels]
    output.print_rows(rows, _COLUMNS)


def _short(value: Any, name: str) -> Any:
    if name == "id":
        return str(value)
    return value[:57] + "…" if isinstance(value, str) and len(value) > 58 else value
