"""What ThingSpeak lists of channels: public ones, a user's, one's own."""

from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldhouse.cli import output
from fieldhouse.cli.options import Config, Json, settings_from
from fieldhouse.errors import ConfigurationError

if TYPE_CHECKING:
    from fieldhouse.settings import Settings

__all__ = ["Account", "Mine", "found", "own", "print_channels", "search"]

_COLUMNS = ("id", "name", "description", "last_entry_id", "latitude", "longitude")
_PAGE = 15

Mine = Annotated[
    bool, typer.Option("--mine", help="Those of your account: THINGSPEAK_USER_API_KEY.")
]
Account = Annotated[
    str | None,
    typer.Option("--account", metavar="NAME", help="Those of an account of the settings."),
]


def search(
    tag: Annotated[str | None, typer.Argument(metavar="[TAG]", help="A tag, as 'temp'.")] = None,
    user: Annotated[str | None, typer.Option(help="Those of one user.")] = None,
    page: Annotated[int, typer.Option(min=1, help="ThingSpeak lists 15 a page.")] = 1,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Search ThingSpeak's public channels by tag or by user.

    fieldhouse channels search weather
    """
    from fieldhouse.parts import asking

    output.set_up_log()
    with asking(settings_from(config), observe=output.observe) as server:
        if user:
            print_channels(server.user_channels(user, tag), as_json=as_json)
            return
        listed = server.public_channels(page, tag)
    print_channels(listed["channels"], as_json=as_json)
    total = listed["pagination"]["total_entries"]
    if not as_json and total > _PAGE * page:
        typer.echo(f"page {page} of {-(-total // _PAGE)}; the next: --page {page + 1}")


def own(settings: "Settings", account: str | None = None) -> list[dict[str, Any]]:
    """The channels of one's account, or of the one that the settings call so."""
    from fieldhouse.parts import asking
    from fieldhouse.settings.accounts import user_key

    key = user_key(settings, account)
    output.set_up_log()
    with asking(settings, observe=output.observe) as server:
        return server.my_channels(key)


def found(
    settings: "Settings",
    user: str | None,
    tag: str | None,
    account: str | None,
    *,
    mine: bool,
    limit: int,
) -> list[int]:
    """The numbers of the channels that a list of ThingSpeak's has; at most ``limit``, and told."""
    from fieldhouse.adding import listed
    from fieldhouse.parts import asking

    if not (user or tag or mine or account):
        return []
    if mine or account:
        channels = own(settings, account)
    else:
        with asking(settings, observe=output.observe) as server:
            channels = list(islice(listed(server, user, tag), limit + 1))
    if tag and (mine or account):
        channels = [c for c in channels if tag in {t["name"] for t in c.get("tags") or ()}]
    if not channels:
        raise ConfigurationError("ThingSpeak lists no such channel")
    if len(channels) > limit:
        typer.echo(f"the first {limit} only: --limit takes more")
    return [int(channel["id"]) for channel in channels[:limit]]


def print_channels(channels: list[dict[str, Any]], *, as_json: bool) -> None:
    """ThingSpeak's list of channels; its JSON as it came."""
    if as_json:
        output.print_json(channels)
        return
    rows = [{name: channel.get(name) for name in _COLUMNS} for channel in channels]
    spare = ("longitude", "latitude", "description", "last_entry_id")
    output.print_rows(rows, _COLUMNS, spare=spare)
