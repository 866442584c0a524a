"""Which channel files are of, and what they tell of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from fieldhouse.errors import ConfigurationError
from fieldhouse.importing.wanted import Import, Wanted
from fieldhouse.readings import RAW, READINGS, REJECTED
from fieldhouse.sources.exports import Export
from fieldhouse.sources.thingspeak.page import Page
from fieldhouse.state import Labels
from fieldhouse.sync import channel_row
from fieldhouse.warehouse import Warehouse

__all__ = ["channel_of", "check", "describe"]


_HELD = {
    **{"name": "ChannelName", "description": "Description", "elevation": "Elevation"},
    **{"latitude": "Latitude", "longitude": "Longitude", "last_entry_id": "LastEntryID"},
    **{"created_at": "CreatedAt", "updated_at": "UpdatedAt"},
    **{f"field{n}": f"Field{n}Name" for n in range(1, 9)},
}
"""What a channel's row tells, by the parameters that write it."""


def channel_of(warehouse: Warehouse, exports: Sequence[Export], wanted: Wanted) -> int:
    """The channel that is meant, or that the files name; without either a new one below zero."""
    if wanted.channel_id is not None:
        return wanted.channel_id
    if said := {int(each.channel["id"]) for each in exports if each.channel.get("id")}:
        if len(said) > 1:
            raise ConfigurationError(
                f"the files are of {len(said)} channels, {min(said)} among them: import each"
                " channel's by itself"
            )
        return said.pop()
    if any(each.has_ids for each in exports):
        raise ConfigurationError(
            f"{exports[0].name} does not say whose it is: name the channel, as --channel 9, or a"
            " number below zero for a channel of its own, as --channel -1"
        )
    held = warehouse.query("channels").to_pylist()
    name = wanted.name or _stem(exports[0].name)
    own = {row["ChannelName"]: row["ChannelID"] for row in held if row["ChannelID"] < 0}
    taken: int | None = own.get(name)
    return taken or min([0, *own.values()]) - 1


def _stem(name: str) -> str:
    stem = Path(name).name
    while (shorter := Path(stem).stem) != stem and Path(stem).suffix.lower() in _ENDINGS:
        stem = shorter
    return stem


_ENDINGS = (".csv", ".txt", ".json", ".xml", ".gz", ".zip", ".tsv")


def check(exports: Sequence[Export], channel_id: int, wanted: Wanted) -> None:
    """Refuse files that are another channel's, or that lack the ids that it knows entries by."""
    for export in exports:
        said = export.channel.get("id")
        if channel_id > 0 and not export.has_ids:
            raise ConfigurationError(
                f"{export.name} has no column entry_id, by which channel {channel_id} knows its"
                " entries: leave out --channel, and it becomes a channel of its own"
            )
        is_of_it = wanted.any_channel or export.tells_each or not said or int(said) == channel_id
        if channel_id > 0 and not is_of_it:
            raise ConfigurationError(
                f"{export.name} is of channel {said}, not of channel {channel_id}: import it with"
                f" --channel {said}, or with --any-channel if you know better"
            )
        if wanted.epoch is not None and not export.has_ids:
            raise ConfigurationError(f"--epoch is for files with entry ids: {export.name} has none")


def describe(
    done: Import, warehouse: Warehouse, exports: Sequence[Export], wanted: Wanted, now: datetime
) -> None:
    """The channel's own row, where the files are all that tells of it."""
    channel: dict[str, Any] = next((dict(e.channel) for e in exports if e.channel), {})
    rows = warehouse.query("channels").to_pylist()
    held: dict[str, Any] = next((r for r in rows if r["ChannelID"] == done.channel_id), {})
    texts = {n: label for export in exports for n, label in export.labels.items()} | done.called
    if done.channel_id > 0:
        called = {f"field{n}": label for n, label in {**texts, **wanted.labels}.items()}
        told = {"name": wanted.name, **called}
        has_any = any(told.values()) or channel.get("name") is not None
        if has_any and done.state.metadata_at is None:
            done.metadata = _unread(done.channel_id, told, held, channel, now)
        return
    texts |= {n: str(channel[f"field{n}"]) for n in range(1, 9) if channel.get(f"field{n}")}
    texts |= {n: held[f"Field{n}Name"] for n in range(1, 9) if held.get(f"Field{n}Name")}
    texts |= wanted.labels
    name = wanted.name or held.get("ChannelName") or channel.get("name") or _stem(exports[0].name)
    described = channel | {f"field{n}": text for n, text in texts.items()} | {"name": name}
    done.metadata = _row(described, done.channel_id, held.get("RefreshedAt") or now)
    labels = tuple(sorted(texts.items()))
    done.labels = Labels(now, labels) if labels != done.state.labels else None


def _unread(
    channel_id: int,
    told: Mapping[str, Any],
    held: Mapping[str, Any],
    channel: dict[str, Any],
    now: datetime,
) -> dict[str, Any]:
    """A channel that its source was never asked of: ThingSpeak's own word in a file goes first.

    Then what earlier files told, then ``told``: how a person or a column calls it.
    """
    said = {
        key: value for key, value in _row(channel, channel_id, now).items() if value is not None
    }
    known = {key: held[name] for key, name in _HELD.items() if held.get(name) is not None}
    return {**dict.fromkeys(_HELD), **told, **known, **said, "refreshed_at": None}


def _row(channel: dict[str, Any], channel_id: int, now: datetime) -> dict[str, Any]:
    nothing = (READINGS.empty_table(), RAW.empty_table(), REJECTED.empty_table())
    return channel_row(Page(channel, 0, *nothing), channel_id, now)
