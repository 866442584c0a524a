"""A warehouse in a dict: what history's wishes come to, without any engine."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from fieldhouse.simulator import Channel
from fieldhouse.sources.thingspeak import history
from fieldhouse.sources.thingspeak.api import ThingSpeak
from fieldhouse.state import ChannelState, Coverage, Epoch, Gap, Known

LIMIT = 2000
"""More requests than any test here may take: a plan that turns in circles fails."""


class Keeper:
    """Keeps (epoch, id) → time, and the state between two readings."""

    def __init__(self, channel_id: int = 9) -> None:
        self.state = ChannelState(channel_id)
        self.held: dict[tuple[int, int], datetime] = {}
        self.rejected = 0

    def read(
        self,
        server: ThingSpeak,
        *,
        now: datetime | None = None,
        stop_after: int | None = None,
        before: Callable[[int], object] = lambda _: None,
        **policy: Any,
    ) -> int:
        """Carry out one reading; the requests it took. ``stop_after`` that many it is killed."""
        source = server.channel(self.state.channel_id)
        now = now or datetime.now(UTC).replace(tzinfo=None)
        self.policy = history.Policy(now=now, **policy)
        plan, outcome = history.read(self.state, self.policy), None
        while source.requests < LIMIT and source.requests != stop_after:
            before(source.requests)
            try:
                effect = plan.send(outcome)
            except StopIteration:
                break
            match effect:
                case history.Ask(results, start, end, uncached):
                    outcome = source.page(
                        results=results, start=start, end=end, fresh=uncached is not None
                    )
                case history.AskEntry(entry_id):
                    outcome = source.entry(entry_id)
                case _:
                    outcome = self.keep(effect)
        assert source.requests < LIMIT
        return source.requests

    def keep(self, effect: history.Effect) -> Any:
        match effect:
            case history.Write():
                self.write(effect)
                return None
            case history.OpenEpoch(number):
                assert number == self.state.epoch.number + 1
                self.state = ChannelState(self.state.channel_id, Epoch(number))
                return None
            case history.FindMissing(epoch, above, upto):
                return self.missing(epoch, above, upto)
            case history.FindKnown(entry_ids):
                return [(e, i, at) for (e, i), at in self.held.items() if i in entry_ids]

    def write(self, write: history.Write) -> None:
        epoch, progress = self.state.epoch, write.progress
        assert write.epoch == epoch.number
        if write.page:
            rows = write.page.readings
            for entry_id, at in zip(
                rows["EntryID"].to_pylist(), rows["CreatedAt"].to_pylist(), strict=True
            ):
                assert self.held.setdefault((epoch.number, entry_id), at) == at, (
                    "a conflict was written"
                )
            self.rejected += write.page.rejected.num_rows
        mine = {i: at for (e, i), at in self.held.items() if e == epoch.number}
        near = [(at, i) for i, at in mine.items() if at < self.policy.horizon]
        self.state = ChannelState(
            self.state.channel_id,
            Epoch(
                number=epoch.number,
                last_entry_id=progress.last_entry_id or epoch.last_entry_id,
                highest_id=max(mine, default=None),
                newest=Known(max(near)[1], max(near)[0]) if near else None,
                ids_checked_to=progress.ids_checked_to or epoch.ids_checked_to,
                future_checked_at=progress.future_checked_at or epoch.future_checked_at,
                coverage=epoch.coverage.add(*progress.covered),
            ),
            self.state.gaps if progress.gaps is None else progress.gaps,
        )

    def missing(self, epoch: int, above: int, upto: int) -> list[tuple[int, int]]:
        runs: list[tuple[int, int]] = []
        held = {i for e, i in self.held if e == epoch}
        for entry_id in range(above + 1, upto + 1):
            if entry_id in held:
                continue
            if runs and runs[-1][1] == entry_id - 1:
                runs[-1] = (runs[-1][0], entry_id)
            else:
                runs.append((entry_id, entry_id))
        return runs

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return self.state.gaps

    @property
    def coverage(self) -> Coverage:
        return self.state.epoch.coverage


def recorded(channel: Channel) -> dict[tuple[int, int], datetime]:
    """The simulator's own record, in the keeper's form."""
    return {
        (life, entry.id): datetime(1970, 1, 1) + timedelta(seconds=entry.created_at)
        for life, entries in enumerate(channel.record, start=1)
        for entry in entries
    }
