"""Whether an answer can be believed, and which of its entries are this epoch's own."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from fieldhouse.errors import SourceInconsistent
from fieldhouse.sources.thingspeak.history import lives, shown
from fieldhouse.sources.thingspeak.history.effects import (
    MAX_RESULTS,
    Ask,
    Doubt,
    FindHeld,
    Plan,
)
from fieldhouse.sources.thingspeak.history.knowledge import Knowledge
from fieldhouse.sources.thingspeak.page import Page
from fieldhouse.state import Known

__all__ = ["Believed", "believed", "own_entries"]

_TRIES = 3
_SMALL = 100
"""An answer of so many rows is never cached."""


@dataclass(frozen=True, slots=True)
class Believed:
    """A believed page: this epoch's own entries, and those that belong to older ones."""

    page: Page
    older: tuple[tuple[int, Page], ...] = ()

    def older_ids(self, epoch: int) -> frozenset[int]:
        """The ids that the source shows as entries of that older epoch."""
        pages = (page for older, page in self.older if older == epoch)
        return frozenset(i for page in pages for i in page.ids.tolist())


def believed(
    k: Knowledge,
    start: datetime | None,
    end: datetime,
    size: int,
    border: frozenset[Known] = frozenset(),
    *,
    expects_newest: bool = False,
) -> Plan[Believed]:
    """Ask until an answer agrees with what we hold, or until it is clear that it will not.

    ``border`` are the entries of the page before at the second ``end``, which must come again.
    """
    reason = ""
    for _ in range(_TRIES):
        page, date = yield Ask(size, start, end)
        k.heed_date(date, end)
        doubt = _doubt(k, page, start, end, size, border)
        if doubt is None and expects_newest:
            doubt = yield from _missed(k, page, start, size)
        if doubt is None:
            found = yield from own_entries(k, page)
            if not (yield from _is_stale(found, page)):
                k.heed(found.page)
                return found
            doubt = Doubt("an answer from before the channel was cleared")
        else:
            yield from lives.settle(k, doubt, page=page)
        reason = doubt.text
    raise SourceInconsistent(f"{k.name}: {reason}, {_TRIES} times over; nothing was written")


def _doubt(
    k: Knowledge,
    page: Page,
    start: datetime | None,
    end: datetime,
    size: int,
    border: frozenset[Known],
) -> Doubt | None:
    """What in an answer contradicts the question, or the answers before it."""
    last = page.last_entry_id
    if k.said is not None and (last is None or last < k.said):
        return Doubt(f"its last_entry_id fell from {k.said} to {last}")
    ends = shown.times(page)
    if ends and (ends[1] > end or (start is not None and ends[0] < start)):
        return Doubt("it answers with rows outside of the time asked for")
    is_cut = page.served >= size
    shows_end = not (is_cut and (ends is None or ends[0] >= end))
    if border and shows_end and (gone := border.difference(shown.pairs_at(page, end))):
        return Doubt("entries that it showed a moment ago are missing", tuple(gone))
    return None


def _missed(k: Knowledge, page: Page, start: datetime | None, size: int) -> Plan[Doubt | None]:
    """Whether our newest entry, which the answer must show, is gone."""
    newest = k.newest
    if newest is None or shown.holds(page, newest):
        return None
    second = shown.whole(newest.created_at)
    if start is not None and second < start:
        return None
    if page.served >= size:
        own, date = yield Ask(MAX_RESULTS, second, second)
        k.heed_date(date)
        if own.served >= MAX_RESULTS or shown.holds(own, newest):
            return None
    return Doubt(f"{lives.said(newest)} is no longer there", (newest,))


def own_entries(k: Knowledge, page: Page) -> Plan[Believed]:
    """Tell this epoch's own entries from those that an older one holds under the same id and time.

    These are leftovers of a gradual clear, or unchanged by a re-import; they stay where they are.
    """
    ends = shown.times(page)
    if k.older_until is None or ends is None or ends[0] > k.older_until:
        return Believed(page)
    held = yield FindHeld(*ends)
    own = {each.entry for each in held if each.epoch == k.number}
    older = {each.entry: each.epoch for each in held if each.epoch < k.number}
    by_epoch = defaultdict(list)
    for known in shown.pairs(page):
        if known in older and known not in own:
            by_epoch[older[known]].append(known)
    if not by_epoch:
        return Believed(page)
    leftovers = tuple((epoch, shown.only(page, known)) for epoch, known in by_epoch.items())
    every = frozenset(each for known in by_epoch.values() for each in known)
    return Believed(shown.without(page, every), leftovers)


def _is_stale(found: Believed, page: Page) -> Plan[bool]:
    """After a clear, an answer may still be one from before it: its newest row tells."""
    if page.keys.num_rows <= _SMALL or not found.older:
        return False
    ends = shown.times(page)
    newest = shown.newest(page, datetime.max)
    if ends is None or newest is None:
        return False
    if not any(shown.holds(older, newest) for _, older in found.older):
        return False
    small, _ = yield Ask(_SMALL, ends[1], ends[1])
    return small.served < _SMALL and not shown.holds(small, newest)
