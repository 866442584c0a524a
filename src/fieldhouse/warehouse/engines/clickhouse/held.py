"""A channel as it is held when something begins: its epochs, labels and rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fieldhouse.warehouse.engines.clickhouse.correcting import Rule
from fieldhouse.warehouse.engines.clickhouse.lives import Label, Life
from fieldhouse.warehouse.engines.clickhouse.rows import Kind, Rows, said
from fieldhouse.warehouse.engines.clickhouse.session import Session
from fieldhouse.warehouse.offer import Proven

__all__ = ["Held", "read", "told_channel"]


@dataclass(slots=True)
class Held:
    """A channel as it is held when a load begins."""

    lives: dict[int, Life] = field(default_factory=dict)
    labels: tuple[Label, ...] = ()
    rules: list[Rule] = field(default_factory=list)
    numbers: dict[int, list[int]] = field(default_factory=dict)
    """By which number each epoch's state stands; more than one, if loads met without a lock."""

    def take(self, epoch: int, number: int, life: Life) -> None:
        """Take in a state of an epoch's, with others that there are."""
        if epoch in self.lives:
            life = self.lives[epoch].joined(life)
        self.lives[epoch] = life
        self.numbers.setdefault(epoch, []).append(number)

    def write(self, rows: Rows, channel_id: int, epoch: int, life: Life) -> None:
        """Write an epoch's state in place of those that were read, and of no other.

        So two that write at the same time both stand, and whoever reads next joins them.
        """
        for number in self.numbers.get(epoch, ()):
            rows.say(Kind.LIFE, channel_id, Epoch=epoch, Sub=number, Deleted=True)
        state = said(life.told())
        rows.say(Kind.LIFE, channel_id, Epoch=epoch, Sub=rows.number, State=state, Deleted=False)

    @property
    def newest(self) -> int:
        return max(self.lives, default=1)

    @property
    def version(self) -> int:
        return self.lives[self.newest].Version if self.lives else 0

    @property
    def follows(self) -> bool:
        """Whether there are older epochs."""
        return len(self.lives) > 1

    def is_clear_of(self, epoch: int, lowest: int | None, highest: int | None) -> bool:
        """Whether nothing with ids from ``lowest`` to ``highest`` can be held in an epoch."""
        if lowest is None or highest is None:
            return True
        if epoch != self.newest:
            return False
        held = self.lives.get(epoch, Life())
        if held.LowestEntryID is None or held.HighestEntryID is None:
            return True
        return lowest > held.HighestEntryID or highest < held.LowestEntryID

    def grows(self, proven: Proven) -> bool:
        """Whether an epoch takes what is new: the newest does, an older one from files alone."""
        return proven.recalled or proven.epoch == self.newest


_TOLD = {
    "name": "ChannelName",
    "description": "Description",
    "latitude": "Latitude",
    "longitude": "Longitude",
    "elevation": "Elevation",
    **{f"field{n}": f"Field{n}Name" for n in range(1, 9)},
    "created_at": "CreatedAt",
    "updated_at": "UpdatedAt",
    "last_entry_id": "LastEntryID",
    "refreshed_at": "RefreshedAt",
}


def told_channel(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """A channel's metadata, by the parameters' names of ``upsert_channel``, as columns."""
    return {column: metadata.get(name) for name, column in _TOLD.items()}


def read(session: Session, channel_ids: set[int]) -> tuple[dict[int, Held], datetime]:
    """The channels as they are held, and the server's time."""
    held = {channel_id: Held() for channel_id in channel_ids}
    answer = session.ask("load", "held_state", channel_ids=sorted(channel_ids))
    for row in answer.to_pylist():
        match row["Kind"]:
            case Kind.LIFE:
                held[row["ChannelID"]].take(row["Epoch"], row["Sub"], Life.read(row["State"]))
            case Kind.LABELS:
                held[row["ChannelID"]].labels = Label.read(row["State"])
            case Kind.RULE:
                rule = Rule.read(row["EntryID"], row["State"])
                if rule.RemovedAt is None:
                    held[row["ChannelID"]].rules.append(rule)
    at: datetime = answer["At"][0].as_py()
    return held, at
