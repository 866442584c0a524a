"""The commands about the channels that are copied: list, show, add, remove, pause, resume, tag."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldhouse.cli import output, searching
from fieldhouse.cli.completing import complete_tags, complete_words
from fieldhouse.cli.options import (
    ChannelID,
    Channels,
    Config,
    Json,
    TimeZone,
    Wait,
    WarehouseURL,
    opened,
    settings_from,
)
from fieldhouse.errors import ConfigurationError
from fieldhouse.names import find_channels

if TYPE_CHECKING:
    from fieldhouse.adding import Added
    from fieldhouse.settings import Settings
    from fieldhouse.warehouse import Warehouse

__all__ = ["app"]

app = typer.Typer(help="The channels: those that are copied, public ones, your own.")

Tag = Annotated[
    str, typer.Argument(metavar="TAG", help="A word of yours.", autocompletion=complete_tags)
]


@app.command("list")
def list_channels(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CHANNEL]...",
            help="Numbers, ranges, tags; default: all.",
            autocompletion=complete_words,
        ),
    ] = None,
    mine: searching.Mine = False,
    account: searching.Account = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List the channels in the warehouse, or those of your ThingSpeak account.

    fieldhouse channels list farm

    fieldhouse channels list --mine
    """
    settings = settings_from(config, warehouse, wait)
    if mine or account:
        searching.print_channels(searching.own(settings, account), as_json=as_json)
        return
    with closing(opened(settings)) as house:
        wanted = set(find_channels(house, words)) if words else None
        rows = [row for row in _held(house) if wanted is None or row["ChannelID"] in wanted]
    if as_json:
        output.print_json(rows)
    elif rows:
        listed = [_listed(row) for row in rows]
        spare = ("description", "fields", "state", "tags")
        output.print_rows(listed, list(listed[0]), spare=spare)
    else:
        typer.echo("no channel is in the warehouse yet: fieldhouse channels add 9")


def _held(house: "Warehouse") -> list[dict[str, Any]]:
    """Every channel that is held, with its tags."""
    tags: dict[int, list[str]] = {}
    for row in house.query("channel_tags").to_pylist():
        tags.setdefault(row["ChannelID"], []).append(row["Tag"])
    from fieldhouse.derived.keeping import derived_channels

    derived = derived_channels(house)
    channels = house.query("channels").to_pylist()
    return [
        row | {"Tags": tags.get(row["ChannelID"], []), "DerivedFrom": derived.get(row["ChannelID"])}
        for row in channels
    ]


def _listed(row: Mapping[str, Any]) -> dict[str, Any]:
    labels = (row[f"Field{n}Name"] for n in range(1, 9))
    return {
        "channel": row["ChannelID"],
        "name": row["ChannelName"],
        "state": _state(row),
        "tags": ", ".join(row["Tags"]) or None,
        "fields": ", ".join(label for label in labels if label) or None,
        "description": row["Description"],
    }


def _state(row: Mapping[str, Any]) -> str:
    if row["DerivedFrom"]:
        return f"derived from {row['DerivedFrom']}"
    if not row["IsActive"]:
        return "removed"
    return "paused" if row["PausedAt"] else "active"


@app.command()
def show(
    channel_id: ChannelID,
    tz: TimeZone = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """All that is known of a channel: its labels, place, tags, what is held of it, how it goes.

    fieldhouse channels show 12001
    """
    from fieldhouse.times import utc_now

    settings = settings_from(config, warehouse, wait)
    with closing(opened(settings)) as house:
        (number,) = find_channels(house, [channel_id])
        (row,) = (row for row in _held(house) if row["ChannelID"] == number)
        asked = {"as_of": utc_now(), "channel_ids": [number]}
        (more,) = house.query("status", **asked).to_pylist()
    known = {**row, **more}
    if not as_json:
        known = {name: value for name, value in known.items() if value not in (None, [])}
    output.print_rows([known], list(known), as_json=as_json, zone=tz or settings.display_zone)


@app.command()
def add(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CHANNEL]...", help="Channels by number or ThingSpeak address."),
    ] = None,
    user: Annotated[
        str | None, typer.Option("--user", metavar="NAME", help="A user's public channels.")
    ] = None,
    tag: Annotated[
        str | None, typer.Option("--tag", metavar="TAG", help="Those of a tag of ThingSpeak's.")
    ] = None,
    mine: searching.Mine = False,
    account: searching.Account = None,
    called: Annotated[
        str | None, typer.Option("--as", metavar="TAG", help="Give them a tag of yours.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="No more than so many of a list.")] = 100,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
) -> int:
    """Add channels to the warehouse, so that every 'fieldhouse run' takes them along.

    fieldhouse channels add 12003

    fieldhouse channels add --user mathworks --as mathworks

    One that was removed or paused is active again.
    """
    from fieldhouse import adding
    from fieldhouse.parts import build

    output.set_up_log()
    settings = settings_from(config, warehouse, wait)
    numbers = [number for word in words or () for number in adding.numbers_of(word)]
    own_tag = adding.tag_of(called) if called else None
    if not (numbers or user or tag or mine or account):
        raise ConfigurationError(
            "no channel is named: fieldhouse channels add 9, or --user, --tag or --mine"
        )
    numbers += searching.found(settings, user, tag, account, mine=mine, limit=limit)
    with build(settings, observe=output.observe) as parts:
        done = [_told(one) for one in adding.added(parts, numbers, own_tag)]
    return 0 if all(done) else 1


def _told(one: "Added") -> bool:
    """Whether a channel could be added; either way one line says so."""
    if one.error:
        typer.echo(f"fieldhouse: {one.error}", err=True)
    else:
        typer.echo(f"channel {one.number} added: {output.text(one.name)}")
    return one.error is None


@app.command()
def remove(
    words: Channels,
    forget: Annotated[
        bool, typer.Option("--forget", help="Delete what is held of them, too; for ever.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
) -> None:
    """Copy channels no more; what is held of them stays, unless it is to be forgotten.

    fieldhouse channels remove 12003

    fieldhouse channels remove 12003 --forget
    """
    from fieldhouse.derived.keeping import require_none_follows

    settings = settings_from(config, warehouse, wait)
    with _changing(settings) as house:
        known = {row["ChannelID"]: row["Readings"] for row in house.query("status").to_pylist()}
        numbers = find_channels(house, words, known)
        if not forget:
            _stop_copying(house, numbers)
            typer.echo(f"{_said(numbers)} removed; what is held of them stays")
            return
        require_none_follows(house, numbers)
        held = sum(known[number] for number in numbers)
        _confirm(f"delete {_said(numbers)} with {held:,} readings for ever", yes=yes)
        for number in numbers:
            _forget(house, number)
    typer.echo(f"{_said(numbers)} forgotten, with {held:,} readings")
    if named := {*settings.channels, settings.channel_id} & set(numbers):
        still = [number for number in numbers if number in named]
        typer.echo(f"the settings still name {_said(still)}: a run copies them anew")


def _stop_copying(house: "Warehouse", numbers: Sequence[int]) -> None:
    """Poll channels no more; one that was only tried has nothing that could stay."""
    house.call("set_polled", channel_ids=list(numbers), is_active=False)
    for number in set(numbers) - set(house.query("channels")["ChannelID"].to_pylist()):
        _forget(house, number)


def _forget(house: "Warehouse", number: int) -> None:
    with house.lock(number):
        house.call("forget_channel", channel_id=number)


def _confirm(deed: str, *, yes: bool) -> None:
    """Ask before something that cannot be undone."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigurationError(f"this would {deed}: say --yes to do it")
    if not typer.confirm(f"Really {deed}?", err=True):
        raise typer.Exit(1)


@app.command()
def pause(
    words: Channels, warehouse: WarehouseURL = None, wait: Wait = None, config: Config = None
) -> None:
    """Leave channels out of runs that name none, until they are resumed.

    fieldhouse channels pause 12003
    """
    from fieldhouse.times import utc_now

    with _changing(settings_from(config, warehouse, wait)) as house:
        numbers = find_channels(house, words)
        house.call("set_polled", channel_ids=list(numbers), is_active=True, paused_at=utc_now())
    typer.echo(f"{_said(numbers)} paused, until: fieldhouse channels resume {words[0]}")


@app.command()
def resume(
    words: Channels, warehouse: WarehouseURL = None, wait: Wait = None, config: Config = None
) -> None:
    """Take channels that were paused or removed along again.

    fieldhouse channels resume 12003
    """
    with _changing(settings_from(config, warehouse, wait)) as house:
        numbers = find_channels(house, words)
        house.call("set_polled", channel_ids=list(numbers), is_active=True)
    typer.echo(f"{_said(numbers)} active again")


@app.command()
def tag(
    word: Tag,
    words: Channels,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
) -> None:
    """Give channels a tag, by which every command finds them.

    fieldhouse channels tag farm 12001 12002
    """
    from fieldhouse.adding import tag_of

    given = tag_of(word)
    with _changing(settings_from(config, warehouse, wait)) as house:
        numbers = find_channels(house, words)
        house.call("tag_channels", channel_ids=list(numbers), tags=[given])
    typer.echo(f"{_said(numbers)} tagged {given}")


@app.command()
def untag(
    word: Tag,
    words: Channels,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
) -> None:
    """Take a tag from channels.

    fieldhouse channels untag farm 12002
    """
    from fieldhouse.adding import tag_of

    given = tag_of(word)
    with _changing(settings_from(config, warehouse, wait)) as house:
        numbers = find_channels(house, words)
        house.call("untag_channels", channel_ids=list(numbers), tags=[given])
    typer.echo(f"{_said(numbers)} no longer tagged {given}")


@contextmanager
def _changing(settings: "Settings") -> "Iterator[Warehouse]":
    opened(settings).close()  # there must be one: an empty one need not be made
    with closing(opened(settings, read_only=False)) as house:
        house.migrate()
        yield house


def _said(numbers: Sequence[int]) -> str:
    """The channels in words; of many how many they are."""
    if len(numbers) > 8:
        return f"{len(numbers)} channels"
    return f"channel{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


app.command()(searching.search)
