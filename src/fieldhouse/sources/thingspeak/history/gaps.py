"""What is missing: entry ids that no page has shown, asked for until each is explained.

Ids are a counter, so a missing one is an entry that we overlooked, or one that never was. They are
asked for when all time has been read, within a budget that counts every request. A few ids of each
run are asked for, between two answers that show an entry that we hold; what is found leads to its
neighbours in time. What is not there is believed absent some minutes after it was first counted, at
the earliest (ThingSpeak counts before it serves), and asked for once more an hour later. An id that
is served with an entry that is no reading (it has no usable time) is not missing: that is kept, as
rejected.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from fieldhouse.sources.thingspeak.history import lives, runs, shown
from fieldhouse.sources.thingspeak.history.belief import Believed, own_entries
from fieldhouse.sources.thingspeak.history.effects import (
    MAX_RESULTS,
    Ask,
    AskEntry,
    Doubt,
    Effect,
    FindKnown,
    FindMissing,
    FindNeighbours,
    Notice,
    Plan,
    Steps,
    Write,
)
from fieldhouse.sources.thingspeak.history.knowledge import SETTLED, Knowledge
from fieldhouse.sources.thingspeak.history.windows import Window, read_window
from fieldhouse.sources.thingspeak.page import Page
from fieldhouse.state import END, Gap, GapState, Known, Progress

__all__ = ["explain"]

_LONGEST_BULK = 14_400
"""Messages of the largest bulk write; a longer run of ids is believed by its ends and middle."""
_ONCE_MORE = timedelta(hours=1)
_A_GAP = 5
"""Requests set apart for a run of ids: three probes, and the time around what is found."""


class _Spent(Exception):
    """The budget of requests is used up; the next reading goes on."""


def explain(k: Knowledge) -> Steps:
    """Find the ids that no page has shown, and explain what is due within the budget."""
    if not k.coverage.is_whole:
        return
    before = (k.checked, k.gaps)
    yield from _count(k)
    yield from _forget_found(k)
    with suppress(_Spent):
        yield from _within(k.policy.id_budget, _ask_for_due(k, k.policy.id_budget))
    if k.filled:
        yield from _forget_found(k)
    k.gaps = tuple(runs.joined(k.gaps))
    if (k.checked, k.gaps) != before:
        judged = None if k.judged else False
        progress = Progress(ids_checked_to=k.checked, gaps=k.gaps, judged=judged)
        yield Write(k.number, None, progress, k.horizon)


def _count(k: Knowledge) -> Steps:
    """The ids that were given out since they were last counted, and that we lack."""
    if k.counted is None or k.counted <= k.checked:
        return
    missing: Sequence[tuple[int, int]] = ()
    if k.counted > k.shown_to:  # else all were on the pages just read
        missing = yield FindMissing(k.number, k.checked, k.counted)
    older = k.gap_runs("older")
    new = [Gap(first, last, due=(k.now or k.date) + SETTLED) for first, last in missing]
    new = [gap for each in new for gap in runs.outside(each, older)]
    new = runs.less(new, k.timeless)
    k.gaps += tuple(new)
    k.checked = k.counted
    if new:
        ids = sum(gap.last_id - gap.first_id + 1 for gap in new)
        yield Notice("gap", f"{k.name}: {ids} ids that no page has shown, {new[0].first_id} first")


def _forget_found(k: Knowledge) -> Steps:
    """Gaps that were filled meanwhile are none."""
    waiting = k.gap_runs("open", "absent")
    is_asked = any(gap.state == "open" or _is_due(k, gap) for gap in waiting)
    if not (waiting and (is_asked or k.filled)):
        return
    low, high = min(g.first_id for g in waiting), max(g.last_id for g in waiting)
    missing = yield FindMissing(k.number, low - 1, high)
    left = runs.meet(sorted(waiting, key=lambda gap: gap.first_id), missing)
    left = runs.less(left, k.timeless)
    k.gaps = (*(gap for gap in k.gaps if gap not in waiting), *left)


def _is_due(k: Knowledge, gap: Gap) -> bool:
    if gap.state == "open":
        return gap.due is None or gap.due <= k.date
    return gap.due is not None and gap.due <= k.date


def _is_to_ask(k: Knowledge, gap: Gap) -> bool:
    """Whether a gap is due, or new: what was given out since all time was read may be late."""
    is_new = gap.first_id > k.held.epoch.ids_checked_to and not _was_read_after(k, gap)
    return _is_due(k, gap) or (gap.state == "open" and is_new and gap not in k.asked)


def _within(budget: int, steps: Steps) -> Steps:
    """Let steps make so many requests and no more; raises _Spent."""
    outcome, left = None, budget
    while True:
        try:
            effect: Effect = steps.send(outcome)
        except StopIteration:
            return
        if isinstance(effect, (Ask, AskEntry)):
            if left == 0:
                steps.close()
                raise _Spent
            left -= 1
        outcome = yield effect


def _ask_for_due(k: Knowledge, budget: int) -> Steps:
    """Ask for ids of the gaps that are due, the newest first, as far as the budget reaches."""
    was_asked = False
    if not k.saturated and any(_is_read_due(k, gap) for gap in k.gaps):
        budget -= 1
        yield from _read_again(k)
    while budget >= _A_GAP:
        due = [gap for gap in k.gap_runs("open", "absent", "older") if _is_to_ask(k, gap)]
        if not due:
            return
        chosen = due[-max(1, (budget - 2) // _A_GAP) :]
        budget -= 2 + sum(len(_probes(gap)) for gap in chosen)
        if not (yield from _probe(k, chosen)):
            return
        was_asked = was_asked or any(_was_read_after(k, gap) for gap in chosen)
    if was_asked and not (k.surfaced or k.saturated):
        k.gaps = tuple(_absent(k, gap) if _is_read_due(k, gap) else gap for gap in k.gaps)


def _read_again(k: Knowledge) -> Steps:
    """Read a page of the newest, of any time, before what was read is believed to lack ids.

    They may have been counted when it was read, and not yet served.
    """
    yield from read_window(k, Window(start=None, end=END, size=MAX_RESULTS, proves=False, pages=1))
    if k.filled:
        yield from _forget_found(k)


def _is_read_due(k: Knowledge, gap: Gap) -> bool:
    """Whether a gap is due whose ids were given out before all time was read.

    Asking for a few of these has found none of them.
    """
    return gap.state in ("open", "absent") and _is_due(k, gap) and _was_read_after(k, gap)


def _was_read_after(k: Knowledge, gap: Gap) -> bool:
    """Whether all time was read after these ids were given out, in what is the same life yet.

    A counter below the ids that were counted may be another's, which gives them out again.
    """
    if (k.said or 0) < k.checked:
        return False
    return k.began_with is not None and gap.last_id <= k.began_with


def _absent(k: Knowledge, gap: Gap) -> Gap:
    """Believed absent: to be asked for once more, or this was that."""
    again = k.date + _ONCE_MORE if gap.state == "open" else None
    return replace(gap, state="absent", due=again)


def _probes(gap: Gap) -> tuple[int, ...]:
    return tuple(sorted({gap.first_id, (gap.first_id + gap.last_id) // 2, gap.last_id}))


def _probe(k: Knowledge, gaps: Sequence[Gap]) -> Plan[bool]:
    """Ask for a few ids of each gap, between two answers that a known entry proves sound.

    Where no entry is known, what is not there proves nothing: of the newest gap alone it is found
    out whether anything is.
    """
    known = yield from _witness(k)
    if known is None:
        if k.newest:
            return False
        gaps = gaps[-1:]
    found: dict[Gap, list[Page]] = {gap: [] for gap in gaps}
    for gap in gaps:
        for entry_id in _probes(gap):
            if page := (yield AskEntry(entry_id)):
                found[gap].append(page)
                k.timeless |= set() if page.keys.num_rows else {entry_id}
    if known and not (yield from _is_served(k, known)):
        return False
    for gap, pages in found.items():
        if pages:
            yield from _read_around(k, gap, pages)
        elif known:
            _not_there(k, gap)
    return known is not None or any(found.values())


def _witness(k: Knowledge) -> Plan[Known | None]:
    """An entry that is served: our newest, in the far future at worst, or one shown beside ours."""
    newest = k.newest or (yield FindNeighbours(k.number, END, END, 1)).before
    if newest:
        return newest if (yield from _is_served(k, newest)) else None
    for gap in k.gap_runs("older")[-1:]:
        found = yield FindKnown((gap.last_id,))
        known = next((Known(i, at) for epoch, i, at in found if epoch == gap.epoch), None)
        if known and (yield from _is_served(k, known)):
            return known
    return None


def _is_served(k: Knowledge, known: Known) -> Plan[bool]:
    """Whether the endpoint serves an entry that we hold; a revoked key answers ``-1`` too."""
    page = yield AskEntry(known.entry_id)
    is_other = page is not None and page.keys.num_rows and not shown.holds(page, known)
    if is_other and not any(gap.epoch and runs.among(known.entry_id, [gap]) for gap in k.gaps):
        doubt = Doubt(f"entry {known.entry_id} came back with another time", (known,))
        yield from lives.settle(k, doubt)
    return page is not None and shown.holds(page, known)


def _not_there(k: Knowledge, gap: Gap) -> None:
    """None of the ids that were asked for is there; too early, that says nothing."""
    if not _is_due(k, gap):
        k.asked.add(gap)
        return
    size = gap.last_id - gap.first_id + 1
    if gap.state == "older":
        _confirm(k, gap, frozenset())
    elif size > _LONGEST_BULK or (_was_read_after(k, gap) and not k.saturated):
        _swap(k, gap, [_absent(k, gap)])
    else:
        probed = _probes(gap)
        absent = [_absent(k, replace(gap, first_id=i, last_id=i)) for i in probed]
        between = [(low + 1, high - 1) for low, high in pairwise(probed)]
        left = [replace(gap, first_id=a, last_id=b) for a, b in between if a <= b]
        _swap(k, gap, absent + left)


def _confirm(k: Knowledge, gap: Gap, seen: frozenset[int]) -> None:
    """Some ids of an older epoch's run were asked for once more, and these are there still."""
    others = [each for each in k.gap_runs("older") if each.epoch != gap.epoch]
    due = k.date + SETTLED  # under what hid them, these ids may be ours, or just given out
    if seen:
        gone = sorted(set(_probes(gap)) - seen)
        left, opened = runs.less([replace(gap, due=None)], gone), runs.of(gone, "open", due)
    else:
        left, opened = [], [replace(gap, state="open", due=due, epoch=None)]
    _swap(k, gap, [*left, *(each for one in opened for each in runs.outside(one, others))])
    k.judged = False


def _read_around(k: Knowledge, gap: Gap, pages: Sequence[Page]) -> Steps:
    """Keep what was found, and read the time around it: a bulk write's entries lie together."""
    seen: set[int] = set()
    for page in pages:
        found = yield from _keep_found(k, gap, page)
        seen |= found.older_ids(gap.epoch) if gap.epoch else set()
    if gap.state == "older":
        _confirm(k, gap, frozenset(seen))
        return
    full = yield from _read_until(k, [at for page in pages for _, at in shown.pairs(page)])
    missing = yield FindMissing(k.number, gap.first_id - 1, gap.last_id)
    state: GapState = "unreachable" if full else "open"
    left = [Gap(first, last, state, full, gap.due) for first, last in missing]
    left, older = runs.less(left, k.timeless), k.gap_runs("older")
    _swap(k, gap, [each for one in left for each in runs.outside(one, older)])


def _read_until(k: Knowledge, times: Sequence[datetime]) -> Plan[datetime | None]:
    """Read a page up to the last of some times; the first second among them that is too full."""
    if not times:
        return None
    start, end = shown.whole(min(times)), shown.whole(max(times))
    yield from read_window(k, Window(start=None, end=end, size=MAX_RESULTS, proves=False, pages=1))
    return next((at for at in sorted(k.saturated) if start <= at <= end), None)


def _keep_found(k: Knowledge, gap: Gap, page: Page) -> Plan[Believed]:
    """Write an entry that was asked for by its id, unless an older epoch holds it."""
    found = yield from own_entries(k, page)
    if not found.older:
        k.heed_rows(page)
        k.surfaced = k.surfaced or gap.state != "older"
        yield Write(k.number, page, Progress(), k.horizon)
    return found


def _swap(k: Knowledge, gap: Gap, others: Sequence[Gap]) -> None:
    kept = [other for other in k.gaps if other != gap]
    k.gaps = tuple(sorted([*kept, *others], key=lambda each: each.first_id))
