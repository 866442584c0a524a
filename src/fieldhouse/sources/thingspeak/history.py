"""Which page to ask for next, and what an answer proves (pure; no network, no warehouse, no clock).

``read`` is a generator: it yields what it wants done (an ``Ask``, a ``Write``, …) and is sent the
outcome. The pipeline does the work; a test can play ThingSpeak with a list.

ThingSpeak has no cursor and no order but time: a request names a window, both ends included, and
gets the *newest* N of it. So everything is read backwards, newest first, the last second of one
page asked for again by the next:

- a page with fewer rows than asked for proves its window complete; a full one proves it complete
  from just after its oldest second;
- nothing is proven of the last five minutes before the server's ``Date``, the life of its cache;
- the tail starts no later than our newest entry, which the answer must therefore show again: the
  one cheap proof that the channel has not been cleared meanwhile;
- entry ids are a counter. An id that no page has shown is a gap, and is explained or reported.

Whatever contradicts what we hold raises a suspicion: nothing is written, the channel is asked
afresh, and only two findings together (an unknown entry under a known id, our newest entry gone)
begin a new epoch.
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.errors import SourceInconsistent
from fieldhouse.sources.thingspeak.page import Page
from fieldhouse.state import (
    BEGINNING,
    END,
    SECOND,
    ChannelState,
    Epoch,
    Gap,
    GapState,
    Known,
    Progress,
    Span,
)

__all__ = [
    "Ask",
    "AskEntry",
    "Effect",
    "FindKnown",
    "FindMissing",
    "OpenEpoch",
    "Policy",
    "Write",
    "read",
]

MAX_RESULTS = 8000
SETTLED = timedelta(minutes=5)
"""ThingSpeak caches answers of more than 100 rows for this long."""
_SMALL = 100
"""An answer of so many rows is never cached."""
_TRIES = 3
_GAP_PAGES = 10
_LONGEST_BULK = 14_400
"""Messages of the largest bulk write; a longer run of ids is believed by its ends and middle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How to read. ``now`` is naive UTC; rows at or after ``now + near`` are the far future's."""

    now: datetime
    page_size: int = MAX_RESULTS
    tail_size: int = MAX_RESULTS
    look_back: timedelta = timedelta(hours=1)
    near: timedelta = timedelta(days=1)
    future_every: timedelta = timedelta(days=1)
    id_budget: int = 30
    again: Span | None = None
    """A span of time to read once more, covered or not."""

    @property
    def horizon(self) -> datetime:
        """Where the far future begins."""
        return (self.now + self.near).replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask for a page; send back ``(Page, the server's clock)``."""

    results: int
    start: datetime | None = None
    end: datetime | None = None
    uncached: str | None = None


@dataclass(frozen=True, slots=True)
class AskEntry:
    """Ask for one entry by its id; send back its Page, or None."""

    entry_id: int


@dataclass(frozen=True, slots=True)
class Write:
    """Keep a page (None: only the progress) under ``epoch``; send back nothing."""

    epoch: int
    page: Page | None
    progress: Progress


@dataclass(frozen=True, slots=True)
class OpenEpoch:
    """Begin epoch ``number``; send back nothing."""

    number: int


@dataclass(frozen=True, slots=True)
class FindMissing:
    """Send back ``[(first, last)]``, the runs of ids in ``(above, upto]`` that the epoch lacks.

    What was written before must be in the warehouse by then.
    """

    epoch: int
    above: int
    upto: int


@dataclass(frozen=True, slots=True)
class FindKnown:
    """Send back what every epoch holds under these ids: ``[(epoch, entry_id, created_at)]``."""

    entry_ids: tuple[int, ...]


Effect = Ask | AskEntry | Write | OpenEpoch | FindMissing | FindKnown
Steps = Generator[Effect, Any, None]


def read(state: ChannelState, policy: Policy, suspicion: str | None = None) -> Steps:
    """Read what is new in a channel, then what is missing of its past; see the module's text.

    ``suspicion`` starts with an investigation (the warehouse met an EntryConflict, say). Raises
    SourceInconsistent when ThingSpeak's answers cannot be believed.
    """
    return _Reading(state, policy).run(suspicion)


class _NewEpoch(Exception):
    pass


class _Reading:
    def __init__(self, state: ChannelState, policy: Policy) -> None:
        self.policy = policy
        self.date = policy.now
        self.asked = 0
        self.renewed = False
        self.adopt(state)

    def adopt(self, state: ChannelState) -> None:
        """Take up an epoch as the warehouse holds it."""
        epoch = state.epoch
        self.channel_id = state.channel_id
        self.number = epoch.number
        self.coverage = epoch.coverage
        self.said = epoch.last_entry_id
        self.highest = epoch.highest_id or 0
        self.newest = epoch.newest
        self.checked = epoch.ids_checked_to
        self.future_checked_at = epoch.future_checked_at
        self.gaps = state.gaps
        self.counted: int | None = None
        self.saturated: set[datetime] = set()
        self.surfaced = False

    def run(self, suspicion: str | None) -> Steps:
        try:
            if suspicion:
                yield from self.investigate(suspicion)
            yield from self.everything()
        except _NewEpoch:
            self.adopt(ChannelState(self.channel_id, Epoch(self.number + 1)))
            yield from self.everything()

    def everything(self) -> Steps:
        yield from self.tail()
        for hole in reversed(self.coverage.holes()):
            yield from self.window(_known_start(hole.start), hole.end, self.policy.page_size)
        yield from self.once_more()
        yield from self.far_future()
        yield from self.explain_gaps()

    # The windows of time to read

    def tail(self) -> Steps:
        """What is new; for a channel never seen, everything."""
        if self.coverage.end is None:
            yield from self.window(None, END, self.policy.page_size)
            return
        start = self.coverage.end - self.policy.look_back
        if self.newest:
            start = min(start, self.newest.created_at)
        start, end = start.replace(microsecond=0), self.policy.horizon
        yield from self.window(start, end, self.policy.tail_size, expects=self.newest)

    def far_future(self) -> Steps:
        """Rows dated beyond the near future, asked for rarely."""
        due = self.future_checked_at
        if due is None or self.date - due >= self.policy.future_every:
            start = self.policy.horizon + SECOND
            self.future_checked_at = None
            yield from self.window(start, END, self.policy.page_size, proves=False)

    def once_more(self) -> Steps:
        """A span of time that somebody wants read again."""
        if self.policy.again:
            start, end = (_whole(edge) for edge in self.policy.again)
            yield from self.window(_known_start(start), end, self.policy.page_size)

    def window(
        self,
        start: datetime | None,
        end: datetime,
        size: int,
        *,
        expects: Known | None = None,
        proves: bool = True,
        pages: int | None = None,
    ) -> Steps:
        """Read ``[start, end]`` backwards until it is complete, or ``pages`` are read."""
        border: frozenset[int] = frozenset()
        until = end
        while pages is None or pages > 0:
            page = yield from self.believed(start, end, size, border, expects)
            expects, pages = None, None if pages is None else pages - 1
            full = page.served >= size
            oldest = _whole(pc.min(page.readings["CreatedAt"]).as_py()) if full else None
            if full and oldest is None:
                raise SourceInconsistent(f"{self.name}: a full page without one usable time")
            stuck = full and oldest is not None and oldest >= end
            if stuck and size < MAX_RESULTS:
                size = MAX_RESULTS
                continue
            if stuck:
                self.saturated.add(end)
            since = _just_after(oldest, stuck) if oldest else start or BEGINNING
            seen_future = until == END and (oldest is None or oldest < self.policy.horizon)
            proven = Span(since, self.settled(end)) if proves else None
            yield self.keep(_without(page, border), proven, seen_future)
            if not full or oldest is None:
                return
            border = frozenset() if stuck else _ids_at(page, oldest)
            end = oldest - SECOND if stuck else oldest
            size = self.policy.page_size
            if start is not None and end < start:
                return

    def keep(self, page: Page, proven: Span | None, seen_future: bool) -> Write:
        """Take a believed page into account, and have it written with what it proves."""
        covered = (proven,) if proven and proven.start < proven.end else ()
        self.coverage = self.coverage.add(*covered)
        self.learn_newest(page)
        checked_now = seen_future and self.future_checked_at is None
        if checked_now:
            self.future_checked_at = self.date
        progress = Progress(
            covered=covered,
            last_entry_id=page.last_entry_id,
            future_checked_at=self.date if checked_now else None,
            gaps=self.report_saturated(),
        )
        return Write(self.number, page, progress)

    def learn_newest(self, page: Page) -> None:
        if not page.readings.num_rows:
            return
        self.highest = max(self.highest, pc.max(page.readings["EntryID"]).as_py())
        near = page.readings.filter(pc.less(page.readings["CreatedAt"], self.policy.horizon))
        if near.num_rows:
            latest = pc.max(near["CreatedAt"]).as_py()
            if self.newest is None or latest >= self.newest.created_at:
                ids = pc.filter(near["EntryID"], pc.equal(near["CreatedAt"], latest))
                self.newest = Known(pc.max(ids).as_py(), latest)

    def settled(self, end: datetime) -> datetime:
        """Just after ``end``, but never within the cache's life of the server's clock."""
        return min(end, self.date.replace(microsecond=0) - SETTLED - SECOND) + SECOND

    def report_saturated(self) -> tuple[Gap, ...] | None:
        """Seconds with more entries than one answer holds are reported, as unreachable."""
        new = {at for at in self.saturated if not any(gap.at == at for gap in self.gaps)}
        if not new:
            return None
        self.gaps += tuple(Gap(0, 0, "unreachable", at) for at in sorted(new))
        return self.gaps

    # Whether an answer can be believed

    @property
    def name(self) -> str:
        return f"channel {self.channel_id}"

    def ask(self, results: int, start: datetime | None, end: datetime | None) -> Ask:
        self.asked += 1
        return Ask(results, start, end, f"{self.policy.now:%Y%m%d%H%M%S}-{self.asked}")

    def believed(
        self,
        start: datetime | None,
        end: datetime,
        size: int,
        border: frozenset[int],
        expects: Known | None,
    ) -> Generator[Effect, Any, Page]:
        """Ask until an answer agrees with what we hold, or until it is clear that it will not."""
        reason = ""
        for _ in range(_TRIES):
            page: Page
            page, self.date = yield self.ask(size, start, end)
            full = page.served >= size
            doubt = self.doubt(page, start, end, border) or (
                yield from self.missed(page, full, expects)
            )
            if not doubt:
                if not (yield from self.is_stale(page)):
                    self.heed(page)
                    return page
                reason = "an answer from before the channel was cleared"
                continue
            reason = doubt
            yield from self.investigate(doubt)
        raise SourceInconsistent(f"{self.name}: {reason}, {_TRIES} times over; nothing was written")

    def heed(self, page: Page) -> None:
        self.said = page.last_entry_id
        if self.counted is None:
            top = pc.max(page.readings["EntryID"]).as_py() or 0
            self.counted = max(page.last_entry_id or 0, top)

    def doubt(
        self, page: Page, start: datetime | None, end: datetime, border: frozenset[int]
    ) -> str | None:
        """What in an answer contradicts the question or the answers before it."""
        if self.said is not None and (page.last_entry_id is None or page.last_entry_id < self.said):
            return f"its last_entry_id fell from {self.said} to {page.last_entry_id}"
        if page.readings.num_rows:
            times = page.readings["CreatedAt"]
            first, last = _whole(pc.min(times).as_py()), _whole(pc.max(times).as_py())
            if last > end or (start is not None and first < start):
                return "it answers with rows outside of the time asked for"
        if border and not border <= _ids_at(page, _whole(end)):
            return "entries that it showed a moment ago are missing"
        return None

    def missed(
        self, page: Page, full: bool, expects: Known | None
    ) -> Generator[Effect, Any, str | None]:
        """Whether our newest entry, which the answer must show, is gone."""
        if expects is None or _holds(page, expects):
            return None
        if full and (yield from self.still_there(expects)):
            return None
        return f"entry {expects.entry_id} of {expects.created_at} is no longer there"

    def still_there(self, known: Known) -> Generator[Effect, Any, bool]:
        second = _whole(known.created_at)
        page, _ = yield self.ask(MAX_RESULTS, second, second)
        return _holds(page, known)

    def is_stale(self, page: Page) -> Generator[Effect, Any, bool]:
        """After a clear, an answer may still be one from before it: its newest row tells."""
        if self.number == 1 or page.readings.num_rows <= _SMALL:
            return False
        newest = _newest(page)
        found = yield FindKnown((newest.entry_id,))
        if not any(epoch < self.number and Known(i, at) == newest for epoch, i, at in found):
            return False
        return not (yield from self.still_there(newest))

    def investigate(self, suspicion: str) -> Steps:
        """Settle a suspicion: return if all is well, else raise what it is."""
        if self.newest is None:
            self.said = None
            return
        fresh, _ = yield self.ask(_SMALL, None, self.policy.horizon)
        present = yield from self.still_there(self.newest)
        strangers = yield from self.strangers(fresh, look_up=not present)
        if not present and strangers:
            if self.renewed:
                raise SourceInconsistent(f"{self.name}: it seems to be cleared again and again")
            self.renewed = True
            yield OpenEpoch(self.number + 1)
            raise _NewEpoch
        if not present or any(held for _, held in strangers):
            finding = self.finding(fresh)
            raise SourceInconsistent(f"{self.name}: {suspicion}; {finding}; nothing was written")
        self.said = fresh.last_entry_id

    def finding(self, fresh: Page) -> str:
        if not fresh.served:
            return "it seems to be cleared and is empty, the warehouse keeps what it has"
        return "asked again, its answers still contradict each other"

    def strangers(
        self, fresh: Page, *, look_up: bool
    ) -> Generator[Effect, Any, list[tuple[Known, bool]]]:
        """Entries up to our highest id whose time no epoch knows, and whether we hold their id.

        ``look_up`` asks for our highest id itself when the page shows none.
        """
        strangers = yield from self.unknown(fresh)
        if not strangers and look_up and fresh.served and (page := (yield AskEntry(self.highest))):
            strangers = yield from self.unknown(page)
        return strangers

    def unknown(self, page: Page) -> Generator[Effect, Any, list[tuple[Known, bool]]]:
        rows = page.readings.filter(pc.less_equal(page.readings["EntryID"], self.highest))
        columns = rows["EntryID"].to_pylist(), rows["CreatedAt"].to_pylist()
        shown = {Known(*pair) for pair in zip(*columns, strict=True)}
        found = (yield FindKnown(tuple(sorted({k.entry_id for k in shown})))) if shown else []
        known = {Known(entry_id, at) for _, entry_id, at in found}
        held = {entry_id for epoch, entry_id, _ in found if epoch == self.number}
        return [(each, each.entry_id in held) for each in sorted(shown - known)]

    # Gaps in the ids

    def explain_gaps(self) -> Steps:
        """Find the ids that no page has shown, and explain each within the budget of requests."""
        if self.coverage.watermark is None or self.coverage.holes():
            return
        before, first = (self.checked, self.gaps), self.checked == 0
        if self.counted is not None and self.counted > self.checked:
            missing = yield FindMissing(self.number, self.checked, self.counted)
            self.gaps += tuple(Gap(first, last) for first, last in missing)
            self.checked = self.counted
        yield from self.probe_open(by_time=first)
        if (self.checked, self.gaps) != before:
            yield Write(self.number, None, Progress(ids_checked_to=self.checked, gaps=self.gaps))

    def probe_open(self, *, by_time: bool) -> Steps:
        """Ask for ids of the open gaps, the newest first, until the budget is spent.

        ``by_time``: all time was read after these ids were given out, which proves them absent; a
        few of them are asked for to confirm it. A later id may stand for an entry dated back into
        time read before, so each of those is asked for, run by run.
        """
        budget = self.policy.id_budget
        while budget > 4 and (open_gaps := [gap for gap in self.gaps if gap.state == "open"]):
            chosen = tuple(reversed(open_gaps))[: max(1, (budget - 2) // 3)]
            budget -= 2 + sum(len(_probes(gap)) for gap in chosen)
            if not (yield from self.probe(chosen, by_time)):
                return
        if by_time and not self.surfaced:
            rest = [gap for gap in self.gaps if gap.state == "open"]
            self.gaps = tuple(
                replace(gap, state="absent") if gap in rest else gap for gap in self.gaps
            )

    def probe(self, gaps: tuple[Gap, ...], by_time: bool) -> Generator[Effect, Any, bool]:
        """Ask for a few ids of each gap, between two answers that a known entry proves sound."""
        if not (yield from self.serves_known()):
            return False
        found: dict[Gap, list[Page]] = {gap: [] for gap in gaps}
        for gap in gaps:
            for entry_id in _probes(gap):
                if page := (yield AskEntry(entry_id)):
                    found[gap].append(page)
        if not (yield from self.serves_known()):
            return False
        for gap, pages in found.items():
            yield from self.settle(gap, pages, by_time)
        return True

    def settle(self, gap: Gap, pages: Iterable[Page], by_time: bool) -> Steps:
        """Close a gap: read by time around what was found in it, or believe what is absent."""
        times: list[datetime] = []
        for page in pages:
            yield Write(self.number, page, Progress())
            times += page.readings["CreatedAt"].to_pylist()
        if not times:
            whole = by_time or gap.last_id - gap.first_id >= _LONGEST_BULK
            self.swap(gap, [replace(gap, state="absent")] if whole else _split(gap))
            return
        self.surfaced = True
        start, end = _whole(min(times)), _whole(max(times))
        size = self.policy.page_size
        yield from self.window(start, end, size, proves=False, pages=_GAP_PAGES)
        missing = yield FindMissing(self.number, gap.first_id - 1, gap.last_id)
        full = next((_whole(at) for at in times if _whole(at) in self.saturated), None)
        state: GapState = "unreachable" if full else "open"
        self.swap(gap, [Gap(first, last, state, full) for first, last in missing])

    def serves_known(self) -> Generator[Effect, Any, bool]:
        """Whether the endpoint serves an entry that we hold; a revoked key answers ``-1`` too."""
        if self.newest is None:
            return False
        page = yield AskEntry(self.newest.entry_id)
        if page is not None and page.readings.num_rows and not _holds(page, self.newest):
            yield from self.investigate(f"entry {self.newest.entry_id} came back with another time")
        return page is not None and _holds(page, self.newest)

    def swap(self, gap: Gap, others: list[Gap]) -> None:
        kept = [other for other in self.gaps if other != gap]
        self.gaps = _joined(sorted(kept + others, key=lambda each: each.first_id))


def _probes(gap: Gap) -> tuple[int, ...]:
    return tuple(sorted({gap.first_id, (gap.first_id + gap.last_id) // 2, gap.last_id}))


def _split(gap: Gap) -> list[Gap]:
    """The ids that were asked for are absent; the runs between them stay open."""
    probed = _probes(gap)
    absent = [Gap(entry_id, entry_id, "absent") for entry_id in probed]
    runs = [(low + 1, high - 1) for low, high in pairwise(probed)]
    return absent + [Gap(first, last) for first, last in runs if first <= last]


def _joined(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """Absent runs that touch are one."""
    joined: list[Gap] = []
    for gap in gaps:
        before = joined[-1] if joined else None
        if before and before.state == gap.state == "absent" and before.last_id + 1 == gap.first_id:
            joined[-1] = replace(before, last_id=gap.last_id)
        else:
            joined.append(gap)
    return tuple(joined)


def _known_start(instant: datetime) -> datetime | None:
    return None if instant == BEGINNING else instant


def _just_after(oldest: datetime, stuck: bool) -> datetime:
    """From when on a full page is complete; of a second too full for any page, all of it."""
    return oldest if stuck else oldest + SECOND


def _whole(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)


def _ids_at(page: Page, second: datetime) -> frozenset[int]:
    times = page.readings["CreatedAt"]
    last = second.replace(microsecond=999_999)
    same = pc.and_(pc.greater_equal(times, second), pc.less_equal(times, last))
    return frozenset(pc.filter(page.readings["EntryID"], same).to_pylist())


def _without(page: Page, known: frozenset[int]) -> Page:
    """Leave out the entries of the page before, which the overlap shows once more."""
    if not known:
        return page
    ids = pa.array(known, pa.int64())
    return replace(
        page,
        readings=page.readings.filter(pc.invert(pc.is_in(page.readings["EntryID"], ids))),
        raw=page.raw.filter(pc.invert(pc.is_in(page.raw["EntryID"], ids))),
    )


def _holds(page: Page, known: Known) -> bool:
    same = pc.and_(
        pc.equal(page.readings["EntryID"], known.entry_id),
        pc.equal(page.readings["CreatedAt"], known.created_at),
    )
    return bool(pc.any(same).as_py())


def _newest(page: Page) -> Known:
    latest = pc.max(page.readings["CreatedAt"]).as_py()
    ids = pc.filter(page.readings["EntryID"], pc.equal(page.readings["CreatedAt"], latest))
    return Known(pc.max(ids).as_py(), latest)
