"""What to believe when an answer contradicts what we hold: a hiccup, a deletion, or a new life.

Nothing is written before each disputed entry has been looked for, uncached, at its own second, and
its neighbours with it. Then

- all are there: the suspicion was a hiccup;
- an id stands for a time that no epoch knows, and its held time is gone: a new life;
- entries are gone and their neighbours are there: they were deleted; many at once are a dispute,
  which is looked at again a day later;
- anything else is for later, or for a person: SourceInconsistent.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from fieldhouse.errors import SourceInconsistent, StateMoved
from fieldhouse.sources.thingspeak.history import runs, shown
from fieldhouse.sources.thingspeak.history.effects import (
    Ask,
    AskEntry,
    Doubt,
    FindKnown,
    FindState,
    Notice,
    OpenEpoch,
    Plan,
    Settle,
    Steps,
)
from fieldhouse.sources.thingspeak.history.knowledge import Knowledge
from fieldhouse.sources.thingspeak.history.looking import View, look
from fieldhouse.sources.thingspeak.page import Page
from fieldhouse.state import END, ChannelState, Known

__all__ = ["NewEpoch", "recheck", "said", "settle", "welcome_back"]

T = TypeVar("T")

_RECENT = 100
_PROBES = 3
_HANDFUL = 5
_MANY = 0.01
"""More than a handful gone, and more than this share of what a window holds, is a dispute first."""
_DISPUTE = timedelta(days=1)


class NewEpoch(Exception):
    """The channel has a new life; it is open in the warehouse."""


def said(known: Known) -> str:
    """An entry, as a line names it."""
    return f"entry {known.entry_id} of {known.created_at:%Y-%m-%d %H:%M:%S}"


def settle(k: Knowledge, doubt: Doubt, *, page: Page | None = None, window_holds: int = 0) -> Steps:
    """Settle a suspicion: return if all is well or settled; raise NewEpoch or SourceInconsistent.

    ``page``: the answer that raised it. ``window_holds``: how many readings the window held in
    which entries were found missing.
    """
    yield Notice("suspicion", f"{k.name}: {doubt.text}")
    disputed = doubt.disputed or (yield from _witnesses(k))
    if not disputed:
        k.said = None
        return
    view = yield from look(k, k.number, disputed)
    view.beside = set(shown.pairs(page)) if page else set()
    deleted = yield from _explained(k, view, disputed)
    if view.gone - deleted:
        raise SourceInconsistent(_unsettled(k, doubt, view))
    yield from _believe(k, k.number, deleted, max(view.held, window_holds))
    k.said = view.counter


def recheck(k: Knowledge) -> Steps:
    """Look again at what has been in dispute for a day."""
    due = [d for d in k.disputes if d.state == "open" and k.date - d.raised_at >= _DISPUTE]
    for epoch in sorted({dispute.epoch for dispute in due}):
        entries = tuple(dispute.entry for dispute in due if dispute.epoch == epoch)
        view = yield from look(k, epoch, entries)
        gone = view.gone.intersection(entries)
        withdrawn = gone & _deleted(view)
        if withdrawn < gone and epoch == k.number:
            withdrawn = gone & (yield from _explained(k, view, entries))
        present = view.shown.intersection(entries)
        rest = tuple(sorted(gone - withdrawn))
        yield from _verdict(
            k,
            Settle(
                epoch,
                k.date,
                k.horizon,
                withdrawn=tuple(sorted(withdrawn)),
                present=tuple(sorted(present)),
                disputed=rest if epoch == k.number else (),
                dropped=() if epoch == k.number else rest,
            ),
        )


def welcome_back(k: Knowledge, epoch: int, page: Page) -> Steps:
    """Entries in dispute that a page shows are in dispute no longer."""
    disputed = [d.entry for d in k.disputes if d.epoch == epoch]
    if back := tuple(known for known in disputed if shown.holds(page, known)):
        yield from _verdict(k, Settle(epoch, k.date, k.horizon, present=back))


def _witnesses(k: Knowledge) -> Plan[tuple[Known, ...]]:
    """Our newest entry, and the one with the highest id: what a clear cannot leave."""
    highest = _of_epoch(k.number, (yield FindKnown((k.highest,))))
    return tuple(sorted(highest | ({k.newest} if k.newest else set())))


def _unsettled(k: Knowledge, doubt: Doubt, view: View) -> str:
    if not view.counter and not view.shown:
        finding = "it seems to be cleared and is empty, the warehouse keeps what it has"
    else:
        finding = f"{len(view.gone)} of our entries are not shown, which asking could not explain"
    return (
        f"{k.name}: {doubt.text}; {finding}; nothing was written. The next run asks again;"
        f" fieldhouse lives {k.channel_id} shows what is known, and settles it"
    )


def _explained(k: Knowledge, view: View, disputed: Sequence[Known]) -> Plan[set[Known]]:
    """Which of the missing entries were deleted, unless all of it is a new life: NewEpoch."""
    if proof := (yield from _new_life(k, view, disputed)):
        yield from _open_epoch(k, proof)
    return view.gone if _goes_on(view) else _deleted(view)


def _deleted(view: View) -> set[Known]:
    """Which of the missing entries were deleted: their neighbours are there, and the counter."""
    highest = max((known.entry_id for known in view.shown - view.strangers), default=0)
    if view.counter is None or view.counter < highest:
        return set()
    return set(view.flanked)


def _goes_on(view: View) -> bool:
    """Whether the counter goes with what is shown elsewhere: what is missing was deleted."""
    return view.others_to > 0 and (view.counter or 0) >= view.others_to


# A new life


def _new_life(k: Knowledge, view: View, disputed: Sequence[Known]) -> Plan[str | None]:
    """The evidence of a new life, or None."""
    if proof := (yield from _replaced(k, view.strangers | view.beside, view.lost)):
        return proof
    if not view.lost:
        return None
    first = [known for known in disputed if known in view.lost]
    for known in _sample(first or sorted(view.lost)):
        page = yield AskEntry(known.entry_id)
        if page and (proof := (yield from _replaced(k, set(shown.pairs(page)), view.lost))):
            return proof
    return (yield from _counterparts(k, view))


def _sample(entries: Sequence[T]) -> list[T]:
    places = {0, len(entries) // 2, len(entries) - 1}
    return [entries[place] for place in sorted(places)][-_PROBES:]


def _replaced(k: Knowledge, entries: set[Known], gone: set[Known]) -> Plan[str | None]:
    """An id that stands for a time that no epoch knows, while its held time is gone."""
    for known, held in (yield from _strangers(k, entries)):
        if held and held in gone:
            return f"{said(held)} is gone; {known.entry_id} now stands for {known.created_at}"
    return None


def _strangers(k: Knowledge, entries: set[Known]) -> Plan[list[tuple[Known, Known | None]]]:
    """Entries that no epoch knows, each with what this epoch holds under its id."""
    ids = tuple(sorted({known.entry_id for known in entries if known.entry_id <= k.highest}))
    found = (yield FindKnown(ids)) if ids else []
    every = {Known(i, at) for _, i, at in found}
    held = {known.entry_id: known for known in _of_epoch(k.number, found)}
    unknown = sorted(known for known in entries - every if known.entry_id <= k.highest)
    return [(known, held.get(known.entry_id)) for known in unknown]


def _of_epoch(number: int, found: Iterable[tuple[int, int, datetime]]) -> set[Known]:
    return {Known(entry_id, at) for epoch, entry_id, at in found if epoch == number}


def _counterparts(k: Knowledge, view: View) -> Plan[str | None]:
    """Ask what the channel shows now, and whether what we hold under those ids is still there."""
    entries: set[Known] = set()
    for end in (k.horizon, END):
        fresh, date = yield Ask(_RECENT, None, end)
        k.heed_date(date)
        entries.update(shown.pairs(fresh))
        if entries:
            break
    if (last := fresh.last_entry_id) and last <= k.highest:
        page = yield AskEntry(last)
        entries.update(shown.pairs(page) if page else ())
    strangers = yield from _strangers(k, entries)
    held = [ours for _, ours in strangers if ours]
    if held:
        view = yield from look(k, k.number, _sample(held))
        return (yield from _replaced(k, entries, view.lost))
    found = yield FindKnown(tuple(sorted(known.entry_id for known in entries)))
    if entries:
        is_ours = not entries.isdisjoint(_of_epoch(k.number, found))
        shown_to = max(known.entry_id for known in entries)
        view.others_to = k.highest if strangers and not is_ours else shown_to
    is_fallen = fresh.last_entry_id is None or fresh.last_entry_id < k.highest
    if not (strangers and is_fallen):
        return None
    if proof := (yield from _replaced_beside(k, {known for known, _ in strangers})):
        return proof
    return None if view.shown - view.strangers else (yield from _nothing_left(k, strangers[0][0]))


def _replaced_beside(k: Knowledge, strangers: set[Known]) -> Plan[str | None]:
    """The same of an older epoch's entry, which the source showed beside this one's."""
    found = yield FindKnown(tuple(sorted(known.entry_id for known in strangers)))
    older = k.older_runs()
    beside = [each for each in found if runs.among(each[1], older.get(each[0], []))]
    for epoch, entry_id, at in _sample(beside) if beside else ():
        held = Known(entry_id, at)
        view = yield from look(k, epoch, [held])
        if held in view.lost:
            now = next(known for known in strangers if known.entry_id == entry_id)
            return f"{said(held)} is gone; {entry_id} now stands for {now.created_at}"
    return None


def _nothing_left(k: Knowledge, stranger: Known) -> Plan[str | None]:
    """Below our highest id the channel shows others, and of all that we hold nothing."""
    witnesses = yield from _witnesses(k)
    view = yield from look(k, k.number, witnesses)
    if view.shown - view.strangers:
        return None
    return f"nothing that we hold is there any more; {said(stranger)} is unknown"


def _open_epoch(k: Knowledge, proof: str) -> Steps:
    if k.renewed:
        raise SourceInconsistent(f"{k.name}: it seems to be cleared again and again")
    k.renewed = True
    yield Notice("epoch", f"{k.name}: a new life, epoch {k.number + 1}: {proof}")
    yield OpenEpoch(k.number + 1, k.now or k.date, proof)
    raise NewEpoch


# Deletions


def _believe(k: Knowledge, epoch: int, deleted: set[Known], holds: int) -> Steps:
    """Withdraw what was deleted; many at once are a dispute first."""
    waiting = {d.entry for d in k.disputes if d.epoch == epoch and d.state == "open"}
    new = tuple(sorted(deleted - waiting))
    if not new:
        return
    many = len(new) > _HANDFUL and len(new) > _MANY * holds
    found = {"disputed": new} if many else {"withdrawn": new}
    yield from _verdict(k, Settle(epoch, k.date, k.horizon, **found))


def _verdict(k: Knowledge, verdict: Settle) -> Steps:
    """Have a verdict kept; not one on a life that another process has found over meanwhile."""
    state: ChannelState = yield FindState()
    if state.epoch.number != k.number:
        raise StateMoved(f"{k.name} is in epoch {state.epoch.number}, this was asked in {k.number}")
    if verdict.withdrawn:
        yield Notice("withdrawn", f"{k.name}: {_listed(verdict.withdrawn)} withdrawn at the source")
    if verdict.disputed:
        yield Notice(
            "disputed",
            f"{k.name}: {_listed(verdict.disputed)} not shown any more; in dispute until tomorrow"
            f" (fieldhouse lives {k.channel_id})",
        )
    yield verdict
    k.learn((yield FindState()))


def _listed(entries: Sequence[Known]) -> str:
    if len(entries) == 1:
        return said(entries[0])
    return f"{len(entries)} entries, {said(entries[0])} to {said(entries[-1])},"
