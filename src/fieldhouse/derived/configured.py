"""Derived fields that the settings' file names, brought into the warehouse."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from fieldhouse.derived.keeping import Wanted, declare, derived_name
from fieldhouse.errors import ConfigurationError
from fieldhouse.settings.derived import DerivedSettings
from fieldhouse.warehouse import Warehouse

__all__ = ["sync_derived"]

Row = Mapping[str, Any]


def sync_derived(
    house: Warehouse, wanted: Sequence[DerivedSettings], *, now: datetime
) -> Iterator[str]:
    """Keep the fields as they are wanted; what is new or changed is computed. Yields what to say.

    One whose channel is not there yet waits for it. What is kept beside those that are wanted stays
    and is said, if anything is wanted at all: nothing is deleted by leaving out a line. Raises
    ConfigurationError, in one line, for what cannot be meant.
    """
    if not wanted:
        return
    places = set()
    for each in wanted:
        channels = {row["ChannelID"]: row for row in house.query("channels").to_pylist()}
        if each.channel not in channels:
            yield f"[derived.{each.name}] waits for channel {each.channel}: it is not read yet"
            continue
        label = Wanted(each.label, each.expression, each.unit).shown
        name = each.into or _held_in(house, channels, each.channel, label)
        name = derived_name(channels, each.channel, name)
        places.add((name, label))
        if not _is_kept(house, channels, name, label, each):
            yield _kept(house, each, name, now)
    yield from _beside(house, places)


def _held_in(house: Warehouse, channels: Mapping[int, Row], base: int, label: str) -> str | None:
    """The channel that has a field already: its base may have been renamed since."""
    for row in house.query("derived_fields").to_pylist():
        name, held = _place(row, channels)
        if row["BaseChannelID"] == base and held == label:
            return name
    return None


def _is_kept(
    house: Warehouse, channels: Mapping[int, Row], name: str, label: str, each: DerivedSettings
) -> bool:
    """Whether a field is there as it is wanted."""
    return any(
        _place(row, channels) == (name, label)
        and row["BaseChannelID"] == each.channel
        and row["Expression"] == " ".join(each.expression.split())
        and each.within in (None, timedelta(seconds=row["WithinSeconds"]))
        for row in house.query("derived_fields").to_pylist()
    )


def _kept(house: Warehouse, each: DerivedSettings, name: str, now: datetime) -> str:
    wanted = [Wanted(each.label, each.expression, each.unit)]
    try:
        (made,) = declare(house, each.channel, wanted, now=now, name=name, within=each.within)
    except ConfigurationError as error:
        raise ConfigurationError(f"[derived.{each.name}]: {error}") from None
    return (
        f"[derived.{each.name}] is field {made.field} of channel {made.channel_id}"
        f" ({made.channel_name}): {made.label}"
    )


def _beside(house: Warehouse, places: set[tuple[str, str]]) -> Iterator[str]:
    """The fields that nobody wants, of channels that have one that is wanted."""
    channels = {row["ChannelID"]: row for row in house.query("channels").to_pylist()}
    names = {name for name, _ in places}
    for row in house.query("derived_fields").to_pylist():
        name, label = _place(row, channels)
        if name in names and (name, label) not in places:
            yield (
                f"{label!r}, field {row['FieldNumber']} of channel {row['ChannelID']}, is kept, but"
                f" [derived] does not name it: fieldhouse derived remove {row['ChannelID']}"
                f" {row['FieldNumber']}"
            )


def _place(row: Row, channels: Mapping[int, Row]) -> tuple[str, str]:
    """A derived field's channel and label, as they are shown."""
    channel = channels[row["ChannelID"]]
    return str(channel["ChannelName"]), str(channel[f"Field{row['FieldNumber']}Name"])
