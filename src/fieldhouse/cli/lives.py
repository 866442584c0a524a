"""The command that shows the lives of a channel, and lets a person settle what asking could not."""

from contextlib import closing
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldhouse.cli import output
from fieldhouse.cli.options import (
    ChannelID,
    Config,
    Json,
    Wait,
    WarehouseURL,
    opened,
    settings_from,
)
from fieldhouse.cli.values import minute
from fieldhouse.errors import ConfigurationError

if TYPE_CHECKING:
    from fieldhouse.settings import Settings
    from fieldhouse.warehouse import Warehouse

__all__ = ["add_to"]

_NEAR = timedelta(days=1)


class Verdict(StrEnum):
    """How a person settles what is open."""

    WITHDRAWN = "withdrawn"
    KEPT = "kept"
    CLEARED = "cleared"


def add_to(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command()(lives)


def lives(
    channel_id: ChannelID,
    verdict: Annotated[
        Verdict | None,
        typer.Option(
            "--settle",
            case_sensitive=False,
            help="withdrawn: disputed readings are gone for good. kept: they count. cleared: the"
            " channel was cleared, a new life begins.",
        ),
    ] = None,
    warehouse: WarehouseURL = None,
    wait: Wait = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """A channel's lives between two clears, what proved them, and what is in dispute.

    fieldhouse lives 12001 --settle kept
    """
    settings = settings_from(config, warehouse, wait)
    opened(settings).close()  # there must be one: an empty one need not be made
    if verdict:
        typer.echo(_settled(settings, channel_id, verdict), err=True)
    with closing(opened(settings)) as house:
        _print(house, channel_id, as_json=as_json)


def _settled(settings: "Settings", channel_id: int, verdict: Verdict) -> str:
    """Settle by a person's word; what came of it."""
    with closing(opened(settings, read_only=False)) as house, house.lock(channel_id):
        house.migrate()
        if verdict is Verdict.CLEARED:
            return _begin_life(house, channel_id)
        return _settle_disputes(house, channel_id, verdict)


def _begin_life(house: "Warehouse", channel_id: int) -> str:
    from fieldhouse import recall
    from fieldhouse.sources.thingspeak.history import OpenEpoch
    from fieldhouse.times import utc_now

    _require(house, channel_id)
    number = recall.channel_state(house, channel_id).epoch.number + 1
    recall.open_epoch(house, channel_id, OpenEpoch(number, utc_now(), "settled by hand: cleared"))
    return f"channel {channel_id}: epoch {number} begins; what was read before stays"


def _settle_disputes(house: "Warehouse", channel_id: int, verdict: Verdict) -> str:
    from fieldhouse import recall
    from fieldhouse.sources.thingspeak.history import Settle
    from fieldhouse.times import utc_now

    disputes = [d for d in recall.channel_state(house, channel_id).disputes if d.state == "open"]
    now = utc_now()
    for epoch in sorted({dispute.epoch for dispute in disputes}):
        entries = tuple(dispute.entry for dispute in disputes if dispute.epoch == epoch)
        found = {verdict.value: entries}
        recall.settle(house, channel_id, Settle(epoch, now, now + _NEAR, **found))
    if not disputes:
        return f"channel {channel_id}: nothing is in dispute"
    return f"channel {channel_id}: {len(disputes):,} readings settled as {verdict.value}"


def _require(house: "Warehouse", channel_id: int) -> None:
    if not house.query("channel_state", channel_ids=[channel_id]).num_rows:
        raise ConfigurationError(
            f"channel {channel_id} is not in the warehouse: fieldhouse run {channel_id}"
        )


def _print(house: "Warehouse", channel_id: int, *, as_json: bool) -> None:
    _require(house, channel_id)
    table = house.query("lives", channel_id=channel_id)
    if as_json:
        output.print_table(table, as_json=True)
        return
    rows = [_row(row) for row in table.to_pylist()]
    output.print_rows(rows, list(rows[0]), title=f"Lives of channel {channel_id} (UTC)")
    for row in table.to_pylist():
        if row["Evidence"]:
            typer.echo(f"Epoch {row['Epoch']}: {row['Evidence']}")
    _print_entries(house, channel_id)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "epoch": row["Epoch"],
        "from": minute(row["FirstCreatedAt"]),
        "to": minute(row["LastCreatedAt"]),
        "readings": row["Readings"],
        "superseded": row["Superseded"],
        "withdrawn": row["Withdrawn"],
        "disputed": row["Disputed"],
    }


def _print_entries(house: "Warehouse", channel_id: int) -> None:
    """The first of the readings in dispute, and how to settle them."""
    disputes = house.query("disputes", channel_ids=[channel_id]).to_pylist()
    is_open = [row for row in disputes if row["State"] == "open"]
    if not is_open:
        return
    typer.echo(f"In dispute since {minute(is_open[0]['RaisedAt'])}, not shown by their source:")
    for row in is_open[:10]:
        made = output.text(row["CreatedAt"])
        typer.echo(f"  entry {row['EntryID']} of {made} (epoch {row['Epoch']})")
    if len(is_open) > 10:
        typer.echo(f"  and {len(is_open) - 10:,} more")
    typer.echo(
        "They are asked for again a day later, and withdrawn if they are still gone; or settle it:"
        f"\n  fieldhouse lives {channel_id} --settle withdrawn (or kept)"
    )
