"""What the keeper of today lacks of what a life needs; goes when the keeper has it.

Values, readings that count, and planning anew after a conflict, as `sync.copy_history` does it.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from house import Reading, Values
from keeper import LIMIT, Keeper

from fieldhouse.errors import EntryConflict, SourceInconsistent
from fieldhouse.readings import FIELDS
from fieldhouse.sources.thingspeak import history
from fieldhouse.sources.thingspeak.api import Channel, ThingSpeak

_PLANS = 3


class TodaysKeeper(Keeper):
    """The keeper, with values."""

    def __init__(self, channel_id: int) -> None:
        super().__init__(channel_id)
        self.values: dict[tuple[int, int], Values] = {}

    def read(  # type: ignore[override]
        self,
        server: ThingSpeak,
        *,
        now: datetime,
        before: Callable[[int], object] = lambda _: None,
        **policy: Any,
    ) -> int:
        source = server.channel(self.state.channel_id)
        mine = history.Policy(now=now, **policy)
        suspicion = None
        for _ in range(_PLANS):
            try:
                self._carry_out(source, mine, suspicion, before)
                return source.requests
            except EntryConflict as conflict:
                suspicion = str(conflict)
        raise SourceInconsistent(f"channel {source.channel_id}: {suspicion}")

    def _carry_out(
        self,
        source: Channel,
        policy: history.Policy,
        suspicion: str | None,
        before: Callable[[int], object],
    ) -> None:
        plan, outcome = history.read(self.state, policy, suspicion), None
        while True:
            assert source.requests < LIMIT, "a plan turns in circles"
            before(source.requests)
            try:
                effect = plan.send(outcome)
            except StopIteration:
                return
            self.policy = policy
            match effect:
                case history.Ask(results, start, end, uncached):
                    outcome = source.page(results=results, start=start, end=end, uncached=uncached)
                case history.AskEntry(entry_id):
                    outcome = source.entry(entry_id)
                case _:
                    outcome = self.keep(effect)

    def write(self, write: history.Write) -> None:
        if write.page:
            self._take(write.epoch, write.page.readings.to_pylist())
        super().write(write)

    def _take(self, epoch: int, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            if self.held.get((epoch, row["EntryID"]), row["CreatedAt"]) != row["CreatedAt"]:
                raise EntryConflict(f"entry {row['EntryID']} came with another time")
        for row in rows:
            key = (epoch, row["EntryID"])
            before = self.values.get(key, (None,) * len(FIELDS))
            self.values[key] = tuple(map(_newer, before, (row[name] for name in FIELDS)))

    def current(self) -> list[Reading]:
        newest = {at: epoch for (epoch, _), at in sorted(self.held.items())}
        return [
            Reading(epoch, entry_id, at, self.values[epoch, entry_id])
            for (epoch, entry_id), at in self.held.items()
            if newest[at] == epoch
        ]


def _newer(ours: Decimal | None, theirs: Decimal | None) -> Decimal | None:
    return ours if theirs is None else theirs
