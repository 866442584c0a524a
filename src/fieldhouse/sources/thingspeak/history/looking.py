"""A look at entries in dispute: at their own seconds, uncached, and at their neighbours."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from fieldhouse.sources.thingspeak.history import shown
from fieldhouse.sources.thingspeak.history.effects import (
    MAX_RESULTS,
    Ask,
    AskEntry,
    FindHeld,
    FindNeighbours,
    Neighbours,
    Plan,
)
from fieldhouse.sources.thingspeak.history.knowledge import Knowledge
from fieldhouse.state import Known

__all__ = ["View", "look"]

_DISTANCES = (1, 100, 7000)
"""How far from the disputed entries neighbours are looked for, in readings."""


@dataclass(slots=True)
class View:
    """What a look at disputed entries found, within the windows that were asked for.

    ``gone`` are readings that count and are not shown; ``flanked`` those of them that stand between
    neighbours that are; ``lost`` also those that are withdrawn already. ``strangers`` are shown
    entries that no epoch knows; ``beside`` are those of the answer that raised the suspicion.
    ``others_to`` is how far the counter of a life that goes on
    reaches, by what is shown elsewhere; 0 where nobody asked for that.
    """

    held: int = 0
    shown: set[Known] = field(default_factory=set)
    gone: set[Known] = field(default_factory=set)
    lost: set[Known] = field(default_factory=set)
    flanked: set[Known] = field(default_factory=set)
    strangers: set[Known] = field(default_factory=set)
    beside: set[Known] = field(default_factory=set)
    others_to: int = 0
    counter: int | None = None


def look(k: Knowledge, epoch: int, disputed: Iterable[Known]) -> Plan[View]:
    """Ask for disputed entries at their own seconds, with their neighbours, and compare."""
    view, groups = View(), [sorted(disputed, key=lambda known: known[::-1])]
    while groups:
        group = groups.pop()
        if not (yield from _look_around(k, epoch, group, view)):
            middle = len(group) // 2
            groups += [group[:middle], group[middle:]]
    return view


def _look_around(k: Knowledge, epoch: int, group: Sequence[Known], view: View) -> Plan[bool]:
    """Look at a group within one window; False if the window holds too much and can be cut."""
    first, last = (shown.whole(group[end].created_at) for end in (0, -1))
    alone = first == last
    for distance in _DISTANCES:
        near: Neighbours = yield FindNeighbours(epoch, first, last, distance)
        start = shown.whole(near.before.created_at) if near.before else first
        end = shown.whole(near.after.created_at) if near.after else last
        page, date = yield Ask(MAX_RESULTS, start, end)
        k.heed_date(date)
        seconds = [(start, end)]
        entries = set(shown.pairs(page))
        if page.served >= MAX_RESULTS:
            if not alone:
                return False
            seconds = sorted({(start, start), (first, first), (end, end)})
            entries = yield from _by_seconds(k, seconds, group)
        if (yield from _compare(k, epoch, seconds, entries, near, view)):
            break
    view.counter = page.last_entry_id
    return True


def _by_seconds(
    k: Knowledge, seconds: Sequence[tuple[datetime, datetime]], group: Sequence[Known]
) -> Plan[set[Known]]:
    """Ask second by second; in one that is too full for an answer, entry by entry."""
    entries: set[Known] = set()
    for start, end in seconds:
        page, date = yield Ask(MAX_RESULTS, start, end)
        k.heed_date(date)
        entries.update(shown.pairs(page))
        if page.served >= MAX_RESULTS:
            for known in group:
                single = yield AskEntry(known.entry_id)
                entries.update(shown.pairs(single) if single else ())
    return entries


def _compare(
    k: Knowledge,
    epoch: int,
    seconds: Sequence[tuple[datetime, datetime]],
    entries: set[Known],
    near: Neighbours,
    view: View,
) -> Plan[bool]:
    """Take what a window shows into the view; whether no run of missing ones reaches its edges."""
    mine: list[Known] = []
    every: set[Known] = set()
    for start, end in seconds:
        held = yield FindHeld(start, end)
        mine += [each.entry for each in held if each.epoch == epoch and not each.withdrawn]
        view.lost |= {each.entry for each in held if each.epoch == epoch} - entries
        every.update(each.entry for each in held)
    kept = {d.entry for d in k.disputes if d.epoch == epoch and d.state == "kept"}
    mine = [known for known in mine if known not in kept]
    view.held = max(view.held, len(mine))
    view.shown |= entries
    view.strangers |= entries - every
    view.gone |= {known for known in mine if known not in entries}
    flanks = _flanked(mine, entries, near)
    view.flanked |= flanks
    return all(known in flanks for known in mine if known not in entries)


def _flanked(mine: Sequence[Known], entries: set[Known], near: Neighbours) -> set[Known]:
    """Missing entries whose nearest neighbours, where there are any, are shown."""
    there = [known in entries for known in mine]
    if not any(there):
        return set()
    first, last = there.index(True), len(there) - 1 - there[::-1].index(True)
    low = 0 if near.before_edge else first
    high = len(mine) if near.after_edge else last + 1
    return {
        known for known, shows in zip(mine[low:high], there[low:high], strict=True) if not shows
    }
