"""A warehouse in a dict: what history's wishes come to, without any engine."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pyarrow as pa

from fieldhouse.errors import EntryConflict, SourceInconsistent, StateMoved
from fieldhouse.readings import FIELDS
from fieldhouse.simulator import Channel
from fieldhouse.sources.thingspeak import history
from fieldhouse.sources.thingspeak.api import ThingSpeak
from fieldhouse.state import (
    NOTHING,
    ChannelState,
    Coverage,
    Dispute,
    Epoch,
    Gap,
    Known,
    Progress,
    Span,
)

LIMIT = 2000
"""More requests than any test here may take: a plan that turns in circles fails."""
PLANS = 3

Values = tuple[Decimal | None, ...]


@dataclass(slots=True)
class Reading:
    """A reading as it is held; ``number`` grows with each new one."""

    number: int
    at: datetime
    values: Values
    withdrawn: bool = False
    superseded: bool = False

    @property
    def counts(self) -> bool:
        return not (self.withdrawn or self.superseded)


@dataclass(slots=True)
class Life:
    """What is kept of an epoch beside its readings."""

    epoch: Epoch
    evidence: str = ""
    gaps: tuple[Gap, ...] = ()
    hidden_from: dict[int, int] = field(default_factory=dict)


class Keeper:
    """Keeps (epoch, id) → reading, and the state between two readings."""

    def __init__(self, channel_id: int = 9) -> None:
        self.channel_id = channel_id
        self.lives = [Life(Epoch())]
        self.readings: dict[tuple[int, int], Reading] = {}
        self.labels: tuple[tuple[int, str], ...] | None = None
        self.hidden_from: dict[int, int] = {}
        self.disputes: dict[tuple[int, Known], Dispute] = {}
        self.reimports: dict[tuple[int, int], tuple[datetime, datetime]] = {}
        self.notices: list[history.Notice] = []
        self.rejected = 0
        self.quiet = 0

    # What a test looks at

    @property
    def held(self) -> dict[tuple[int, int], datetime]:
        """(epoch, id) → time, of every reading ever kept."""
        return {key: reading.at for key, reading in self.readings.items()}

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return self.lives[-1].gaps

    @property
    def coverage(self) -> Coverage:
        return self.lives[-1].epoch.coverage

    @property
    def withdrawn(self) -> set[Known]:
        return {Known(i, r.at) for (_, i), r in self.readings.items() if r.withdrawn}

    def current(self) -> dict[Known, Values]:
        """The readings that count, by id and time."""
        return {Known(i, r.at): r.values for (_, i), r in self.readings.items() if r.counts}

    def gap_ids(self, *states: str) -> set[int]:
        """The ids of the newest epoch's gaps in one of these states."""
        found = (gap for gap in self.gaps if gap.state in states and gap.last_id)
        return {i for gap in found for i in range(gap.first_id, gap.last_id + 1)}

    # A reading, carried out

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
        source = server.channel(self.channel_id)
        now = now or datetime.now(UTC).replace(tzinfo=None)
        doubt: history.Doubt | None = None
        for turn in range(PLANS):
            state = self.state
            wanted = history.Policy(now=now, **policy).after(source.requests)
            plan = history.read(state, wanted, doubt)
            try:
                self._carry_out(plan, source, state, stop_after, before)
                break
            except EntryConflict as conflict:
                if turn == PLANS - 1:
                    raise SourceInconsistent(str(conflict)) from conflict
                doubt = history.Doubt(str(conflict), conflict.disputed)
            except StateMoved as error:
                if turn == PLANS - 1:
                    raise SourceInconsistent(str(error)) from error
                doubt = None
        assert source.requests < LIMIT
        return source.requests

    def _carry_out(
        self,
        plan: Any,
        source: Any,
        state: ChannelState,
        stop_after: int | None,
        before: Callable[[int], object],
    ) -> None:
        outcome, version = None, state.epoch.version
        while source.requests < LIMIT:
            before(source.requests)
            try:
                effect = plan.send(outcome)
            except StopIteration:
                return
            if source.requests == stop_after and isinstance(effect, history.Ask | history.AskEntry):
                return
            match effect:
                case history.Ask(results, start, end):
                    outcome = source.page(results=results, start=start, end=end, fresh=True)
                case history.AskEntry(entry_id):
                    outcome = source.entry(entry_id)
                case history.Write(number) if number == state.epoch.number and not effect.quiet:
                    if (number, version) != (len(self.lives), self.lives[-1].epoch.version):
                        raise StateMoved("the channel has moved on")
                    outcome, version = self.keep(effect), version + 1
                case history.FindState():
                    outcome = state = self.state
                    version = state.epoch.version
                case _:
                    outcome = self.keep(effect)

    def keep(self, effect: history.Effect) -> Any:  # noqa: PLR0911 (one return an effect)
        match effect:
            case history.Write():
                return self.write(effect)
            case history.OpenEpoch(number, _, evidence):
                if number != self.state.epoch.number + 1:
                    raise StateMoved(f"epoch {number} does not follow")
                self.lives.append(Life(Epoch(number, judged=False), evidence))
                self.hidden_from = {n: 0 for n in range(1, 9) if n not in dict(self.labels or ())}
                return None
            case history.Settle():
                return self.settle(effect)
            case history.Judge(epoch):
                return self.judge(epoch)
            case history.FindMissing(epoch, above, upto):
                return self.missing(epoch, above, upto)
            case history.FindKnown(entry_ids):
                return [(e, i, r.at) for (e, i), r in self.readings.items() if i in entry_ids]
            case history.FindHeld(start, end):
                return self.held_between(start, end)
            case history.FindNeighbours():
                return self.neighbours(effect)
            case history.Notice():
                return self.notices.append(effect)
        raise AssertionError(effect)

    # Writes

    def write(self, write: history.Write) -> None:
        if write.quiet:
            self.quiet += 1
            return
        assert write.epoch <= len(self.lives)
        if write.epoch == len(self.lives) and write.progress.labels:
            self.relabel(write.progress.labels.texts)
        if write.page:
            self.write_rows(write)
            self.rejected += write.page.rejected.num_rows
        if write.epoch == len(self.lives):
            self.write_progress(write.progress, write.horizon)

    def write_rows(self, write: history.Write) -> None:
        assert write.page
        rows = write.page.readings
        ids, times = write.page.ids.tolist(), write.page.times.tolist()
        columns = [_listed(rows[name]) for name in FIELDS]
        offered = list(zip(ids, times, zip(*columns, strict=True), strict=True))
        moved = self.moved(write.epoch, offered)
        if moved:
            raise EntryConflict(f"entry {moved[0].entry_id} moved", tuple(moved))
        for entry_id, at, values in offered:
            held = self.readings.get((write.epoch, entry_id))
            if held is None:
                if write.epoch < len(self.lives):
                    raise StateMoved("an older epoch takes nothing new")
                held = Reading(len(self.readings) + 1, at, (None,) * 8)
                self.readings[write.epoch, entry_id] = held
            held.values = tuple(
                ours if value is None else value
                for ours, value in zip(held.values, values, strict=True)
            )
            held.withdrawn = held.superseded = False
        if write.epoch == len(self.lives):
            beside = _beside(self.gaps if write.progress.gaps is None else write.progress.gaps)
            self.supersede({at for _, at, _ in offered}, beside)

    def moved(self, epoch: int, offered: Iterable[Any]) -> list[Known]:
        """Held entries whose ids are offered with another time."""
        new: dict[int, datetime] = {}
        found = []
        for entry_id, at, _ in offered:
            held = self.readings.get((epoch, entry_id))
            known = held.at if held else new.setdefault(entry_id, at)
            if known != at:
                found.append(Known(entry_id, known))
        return found

    def supersede(self, times: set[datetime], beside: dict[tuple[int, int], bool]) -> None:
        for key, reading in self.readings.items():
            if key[0] < len(self.lives) and reading.at in times and key not in beside:
                reading.superseded = True

    def write_progress(self, progress: Progress, horizon: datetime) -> None:
        life = self.lives[-1]
        epoch = life.epoch
        again = epoch.again if progress.again is None else progress.again
        swept_to = progress.swept_to if progress.swept_at else epoch.swept_to
        life.epoch = replace(
            epoch,
            last_entry_id=_or(progress.last_entry_id, epoch.last_entry_id),
            newest=self.newest(horizon),
            ids_checked_to=_or(progress.ids_checked_to, epoch.ids_checked_to),
            future_checked_at=_or(progress.future_checked_at, epoch.future_checked_at),
            coverage=epoch.coverage.add(*progress.covered),
            began_with=min(
                (each for each in (epoch.began_with, progress.began_with) if each is not None),
                default=None,
            ),
            judged=epoch.judged if progress.judged is None else progress.judged,
            swept_at=_or(progress.swept_at, epoch.swept_at),
            swept_to=swept_to,
            again=None if again == NOTHING else again,
            version=epoch.version + 1,
        )
        life.gaps = life.gaps if progress.gaps is None else progress.gaps

    def newest(self, horizon: datetime) -> Known | None:
        """The newest reading of the newest epoch that counts, is not in dispute, and is near."""
        epoch = len(self.lives)
        disputed = {known for number, known in self.disputes if number == epoch}
        near = (
            (r.at, i)
            for (e, i), r in self.readings.items()
            if e == epoch and r.at < horizon and not r.withdrawn
        )
        found = max((each for each in near if each[::-1] not in disputed), default=None)
        return Known(*found[::-1]) if found else None

    def relabel(self, labels: tuple[tuple[int, str], ...]) -> None:
        """Keep since when fields are hidden; when one appears, mark what was read meanwhile."""
        shown = dict(labels)
        appeared = [n for n in shown if n in self.hidden_from] if self.labels is not None else []
        for number in range(1, 9):
            if number in shown:
                first = self.hidden_from.pop(number, None)
                if number in appeared and first is not None:
                    self.read_again(first)
            else:
                first = 0 if self.labels is None else len(self.readings)
                self.hidden_from.setdefault(number, first)
        self.labels = labels

    def read_again(self, first: int) -> None:
        life = self.lives[-1]
        times = [
            r.at
            for (e, _), r in self.readings.items()
            if e == life.epoch.number and r.number > first
        ]
        if times:
            before = life.epoch.again
            edges = [min(times), max(times).replace(microsecond=0)]
            edges += list(before) if before else []
            life.epoch = replace(life.epoch, again=Span(min(edges), max(edges)))

    def settle(self, settle: history.Settle) -> None:
        for known in settle.withdrawn:
            self.readings[settle.epoch, known.entry_id].withdrawn = True
        for known in settle.present:
            reading = self.readings[settle.epoch, known.entry_id]
            reading.withdrawn = False
        for known in (*settle.withdrawn, *settle.present, *settle.dropped):
            self.disputes.pop((settle.epoch, known), None)
        for known in settle.disputed:
            self.disputes[settle.epoch, known] = Dispute(settle.epoch, known, settle.at)
        for known in settle.kept:
            kept = Dispute(settle.epoch, known, settle.at, "kept")
            self.disputes[settle.epoch, known] = kept
        life = self.lives[-1]
        life.epoch = replace(life.epoch, newest=self.newest(settle.horizon))

    def judge(self, epoch: int) -> int:
        """Within its span, an epoch that shows at least half of an older one replaces it.

        Of many in one second as many as it shows are shown again. Those before are compared
        anew: what was never asked for once more was left.
        """
        self.reimports = {}
        for newer in range(2, epoch + 1):
            self.compare(newer)
        return self.supersede_again()

    def compare(self, epoch: int) -> None:
        content = self.content(epoch)
        if not any(e == epoch for e, _ in content):
            return
        is_over = epoch < len(self.lives)
        beside = {} if is_over else _beside(self.lives[epoch - 1].gaps)
        times = [self.readings[key].at for key in content]
        shown = Counter(self.readings[key].at for key in content if beside.get(key, True))
        span = (min(times), max(times))
        for older in range(1, epoch):
            inside = Counter(
                reading.at
                for key in self.content(older)
                if span[0] <= (reading := self.readings[key]).at <= span[1]
                if not reading.withdrawn and beside.get(key, True)
            )
            if inside and 2 * (inside & shown).total() >= inside.total():
                self.reimports[epoch, older] = span

    def content(self, epoch: int) -> set[tuple[int, int]]:
        """What an epoch shows: its own readings, and what it shows of older ones.

        What is never found again when it is asked for once more was left of a clear.
        """
        own = {key for key in self.readings if key[0] == epoch}
        beside = _beside(self.lives[epoch - 1].gaps).keys()
        if epoch < len(self.lives):
            every = (_beside(life.gaps).items() for life in self.lives)
            beside &= {key for some in every for key, is_confirmed in some if is_confirmed}
        return own | beside

    def supersede_again(self) -> int:
        """All readings: superseded by a re-import, or by a reading of the same instant.

        By an epoch after the one that showed it last.
        """
        changed = 0
        contents = {n: self.content(n) for n in range(1, len(self.lives) + 1)}
        last = {key: n for n, content in contents.items() for key in content}
        times = {n: {self.readings[key].at for key in content} for n, content in contents.items()}
        for key, reading in self.readings.items():
            superseded = any(
                reading.at in times[newer] or self.is_replaced(last[key], newer, reading.at)
                for newer in range(last[key] + 1, len(self.lives) + 1)
            )
            changed += superseded and not reading.superseded
            reading.superseded = superseded
        return changed

    def is_replaced(self, older: int, epoch: int, at: datetime) -> bool:
        span = self.reimports.get((epoch, older))
        return span is not None and span[0] <= at <= span[1]

    # Questions

    @property
    def state(self) -> ChannelState:
        newest = self.lives[-1]
        mine = [i for e, i in self.readings if e == len(self.lives)]
        older = [r.at for (e, _), r in self.readings.items() if e < len(self.lives)]
        return ChannelState(
            self.channel_id,
            replace(newest.epoch, highest_id=max(mine, default=None)),
            newest.gaps,
            older_until=max(older, default=None),
            labels=self.labels,
            disputes=tuple(self.disputes.values()),
        )

    def held_between(self, start: datetime, end: datetime) -> list[history.Held]:
        last = end.replace(microsecond=999_999)
        found = [
            history.Held(e, Known(i, r.at), r.withdrawn)
            for (e, i), r in self.readings.items()
            if start <= r.at <= last
        ]
        return sorted(found, key=lambda held: (held.entry[::-1], held.epoch))

    def neighbours(self, find: history.FindNeighbours) -> history.Neighbours:
        mine = sorted(
            Known(i, r.at)[::-1]
            for (e, i), r in self.readings.items()
            if e == find.epoch and not r.withdrawn and (e, Known(i, r.at)) not in self.disputes
        )
        before = [known for known in mine if known[0] < find.first][-find.distance - 1 :]
        last = find.last.replace(microsecond=999_999)
        after = [known for known in mine if known[0] > last][: find.distance + 1]
        edges = len(before) <= find.distance, len(after) <= find.distance
        near = before[-find.distance :], after[: find.distance]
        return history.Neighbours(
            Known(*near[0][0][::-1]) if near[0] else None,
            edges[0],
            Known(*near[1][-1][::-1]) if near[1] else None,
            edges[1],
        )

    def missing(self, epoch: int, above: int, upto: int) -> list[tuple[int, int]]:
        held = sorted(i for e, i in self.readings if e == epoch and above < i <= upto)
        edges = [above, *held, upto + 1]
        pairs = pairwise(edges)
        return [(low + 1, high - 1) for low, high in pairs if high > low + 1]


def _listed(column: pa.ChunkedArray) -> list[Any]:
    """A column's values; most are null throughout."""
    is_empty = column.null_count == len(column)
    return [None] * len(column) if is_empty else column.to_pylist()


def _or(value: Any, other: Any) -> Any:
    return other if value is None else value


def _beside(gaps: Iterable[Gap]) -> dict[tuple[int, int], bool]:
    """The (epoch, id) of older epochs that are shown beside the newest's; whether for good."""
    return {
        (gap.epoch, i): gap.due is None
        for gap in gaps
        if gap.epoch is not None
        for i in range(gap.first_id, gap.last_id + 1)
    }


def recorded(channel: Channel) -> dict[tuple[int, int], datetime]:
    """The simulator's own record, in the keeper's form."""
    return {
        (life, entry.id): datetime.fromtimestamp(entry.created_at, UTC).replace(tzinfo=None)
        for life, entries in enumerate(channel.record, start=1)
        for entry in entries
    }


def served(channel: Channel) -> set[Known]:
    """What the simulator serves now, by id and time."""
    return {
        Known(entry.id, datetime.fromtimestamp(entry.created_at, UTC).replace(tzinfo=None))
        for entry in channel.entries
    }
