"""What to ask: windows of time, read backwards, the last second of one page again with the next.

ThingSpeak has no cursor and no order but time: a request names a window, both ends included, and
gets the *newest* N of it. A page with fewer rows than asked for proves its window complete; a full
one proves it complete from just after its oldest second. Nothing is proven of the last five minutes
before the server's ``Date``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fieldhouse.errors import SourceInconsistent
from fieldhouse.sources.thingspeak.history import lives, runs, shown
from fieldhouse.sources.thingspeak.history.belief import Believed, believed
from fieldhouse.sources.thingspeak.history.effects import (
    MAX_RESULTS,
    Doubt,
    FindHeld,
    Held,
    Notice,
    Plan,
    Policy,
    Steps,
    Write,
)
from fieldhouse.sources.thingspeak.history.knowledge import SETTLED, Knowledge
from fieldhouse.sources.thingspeak.page import Page
from fieldhouse.state import (
    BEGINNING,
    END,
    NOTHING,
    SECOND,
    Gap,
    Known,
    Progress,
    Span,
)

__all__ = ["Window", "far_future", "holes", "once_more", "read_window", "tail"]

_ONCE_MORE = timedelta(hours=1)
_QUIET = timedelta(hours=1)
"""Coverage that grew by less than this needs no write of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A window to read, ``[start, end]``, and how.

    ``proves``: its pages are coverage. ``compares``: what is held there and not shown is a
    suspicion. ``pages``: no more than these. ``again``: it serves what is to be read again.
    """

    start: datetime | None
    end: datetime
    size: int
    expects_newest: bool = False
    proves: bool = True
    compares: bool = False
    again: bool = False
    pages: int | None = None


def tail(k: Knowledge) -> Steps:
    """What is new; for a channel never seen, everything."""
    policy: Policy = k.policy
    if k.coverage.end is None:
        yield from read_window(k, Window(start=None, end=END, size=policy.page_size))
        return
    start = min(k.coverage.end, k.now or policy.now) - policy.look_back
    if k.newest:
        start = min(start, k.newest.created_at)
    yield from read_window(
        k,
        Window(start=shown.whole(start), end=k.horizon, size=policy.tail_size, expects_newest=True),
    )


def holes(k: Knowledge) -> Steps:
    """What is missing of the past, the newest first."""
    for hole in reversed(k.coverage.holes()):
        start = _known_start(hole.start)
        yield from read_window(k, Window(start=start, end=hole.end, size=k.policy.page_size))


def far_future(k: Knowledge) -> Steps:
    """Rows dated beyond the near future, asked for rarely."""
    due = k.future_checked_at
    if due is None or k.date - due >= k.policy.future_every:
        k.future_checked_at = None
        start = k.horizon + SECOND
        yield from read_window(
            k,
            Window(start=start, end=END, size=k.policy.page_size, proves=False, compares=True),
        )


def once_more(k: Knowledge) -> Steps:
    """A span of time that somebody wants read again."""
    if k.policy.again:
        start, end = (shown.whole(edge) for edge in k.policy.again)
        yield from read_window(
            k,
            Window(start=_known_start(start), end=end, size=k.policy.page_size, compares=True),
        )


def read_window(k: Knowledge, window: Window) -> Plan[datetime]:
    """Read a window backwards until it is complete, or its pages are read; how far it came."""
    border: frozenset[Known] = frozenset()
    start, end, size, pages = window.start, window.end, window.size, window.pages
    expects_newest = window.expects_newest
    while True:
        found = yield from believed(k, start, end, size, border, expects_newest=expects_newest)
        is_full, oldest = _extent(k, found, size)
        is_stuck = is_full and (oldest is None or oldest >= end)
        if is_stuck and size < MAX_RESULTS:
            size = MAX_RESULTS
            continue
        if is_stuck:
            k.saturated.add(end)
        expects_newest = False
        since = start or BEGINNING
        if is_full and oldest is not None:
            since = oldest if is_stuck else oldest + SECOND
        is_news = window.compares and (yield from _compare(k, found, since, end))
        proven = Span(since, k.settled(end))
        yield from keep(k, found, border, window, proven, is_news=is_news)
        pages = None if pages is None else pages - 1
        if not is_full or oldest is None:
            return BEGINNING if start is None else start
        border = frozenset() if is_stuck else _border(found, oldest)
        end = oldest - SECOND if is_stuck else oldest
        size = k.policy.page_size
        if (start is not None and end < start) or pages == 0:
            return end


def keep(
    k: Knowledge,
    found: Believed,
    border: frozenset[Known],
    window: Window,
    proven: Span,
    *,
    is_news: bool = False,
) -> Steps:
    """Take a believed page into account, and have it written with what it proves."""
    page = shown.without(found.page, border)
    yield from lives.welcome_back(k, k.number, page)
    yield from _keep_older(k, found)
    is_known = _is_known(k, found)
    newest = k.newest
    k.heed_rows(page)
    progress = Progress(
        covered=k.cover(proven) if window.proves else (),
        last_entry_id=page.last_entry_id,
        future_checked_at=_future_checked(k, window, proven),
        gaps=_changed_gaps(k, found),
        began_with=k.began_with,
        judged=_unjudged(k, page),
        again=_still_again(window, proven),
        labels=k.heed_labels(page),
    )
    is_new = window.compares or is_news or not is_known or k.newest != newest  # or its values are
    is_quiet = not is_new and _is_unchanged(k, progress)
    yield Write(k.number, page, progress, k.horizon, quiet=is_quiet)
    if progress.labels and k.label_appeared:
        yield Notice("label", f"{k.name}: a label appeared; what was read without it is read again")


def _extent(k: Knowledge, found: Believed, size: int) -> tuple[bool, datetime | None]:
    """Whether a page is full, and the oldest second that it shows, older epochs' entries too."""
    served = found.page.served
    ends = [shown.times(page) for page in (found.page, *(page for _, page in found.older))]
    oldest = min((end[0] for end in ends if end), default=None)
    is_full = served >= size
    if is_full and oldest is None and size >= MAX_RESULTS:
        raise SourceInconsistent(
            f"{k.name}: {served} entries without one usable time hide what is older; none of them"
            " was written. An export of ThingSpeak's shows it all: fieldhouse import"
        )
    return is_full, oldest


def _border(found: Believed, oldest: datetime) -> frozenset[Known]:
    return frozenset(shown.pairs_at(found.page, oldest))


def _known_start(instant: datetime) -> datetime | None:
    return None if instant == BEGINNING else instant


# What a page brings


def _keep_older(k: Knowledge, found: Believed) -> Steps:
    """Older epochs' entries stay theirs; their values may have been corrected meanwhile."""
    for epoch, page in found.older:
        yield Write(epoch, page, Progress(), k.horizon)
        yield from lives.welcome_back(k, epoch, page)


def _compare(k: Knowledge, found: Believed, since: datetime, end: datetime) -> Plan[bool]:
    """Readings that are held in a window, and that its page does not show, are a suspicion.

    Whether it shows what was withdrawn.
    """
    held = yield FindHeld(since, end)
    entries = set(shown.pairs(found.page))
    mine = [each.entry for each in held if each.epoch == k.number and not each.withdrawn]
    lost = tuple(known for known in mine if known not in entries and not k.is_disputed(known))
    _forget_older(k, found, held)
    if lost:
        doubt = Doubt(
            f"{len(lost)} readings that we hold are not shown, {lives.said(lost[0])}", lost
        )
        yield from lives.settle(k, doubt, page=found.page, window_holds=len(mine))
    return any(each.withdrawn and each.entry in entries for each in held)


def _forget_older(k: Knowledge, found: Believed, held: Sequence[Held]) -> None:
    """Older epochs' entries that were shown once and are not now: their ids are open again."""
    for epoch, older in k.older_runs().items():
        mine = {each.entry.entry_id for each in held if each.epoch == epoch}
        gone = sorted(mine - found.older_ids(epoch))
        if freed := [entry_id for entry_id in gone if runs.among(entry_id, older)]:
            kept = [gap for gap in k.gaps if gap not in older]
            others = sorted((gap for gap in kept if gap.epoch), key=lambda gap: gap.first_id)
            new = runs.of(freed, "open", k.date + SETTLED)  # who knows when they were given out
            opened = (each for one in new for each in runs.outside(one, others))
            k.gaps = (*kept, *runs.less(older, freed), *opened)
            k.judged = False


def _changed_gaps(k: Knowledge, found: Believed) -> tuple[Gap, ...] | None:
    """All gaps, if this page changed them: seconds too full to read, and older epochs' entries."""
    before = k.gaps
    full = {gap.at for gap in k.gaps if gap.state == "unreachable"}
    k.gaps += tuple(Gap(0, 0, "unreachable", at) for at in sorted(k.saturated - full))
    older, due = k.older_runs(), (k.now or k.date) + _ONCE_MORE
    for epoch in sorted({epoch for epoch, _ in found.older}):
        known = older.get(epoch, [])
        if new := [i for i in sorted(found.older_ids(epoch)) if not runs.among(i, known)]:
            gaps = [replace(gap, epoch=epoch) for gap in runs.of(new, "older", due)]
            waiting = k.gap_runs("open", "absent")
            kept = [gap for gap in k.gaps if gap not in waiting]
            k.gaps = tuple(runs.joined([*kept, *runs.less(waiting, new), *gaps]))
            k.judged = False
    return None if k.gaps == before else k.gaps


def _unjudged(k: Knowledge, page: Page) -> bool | None:
    """False if a page brings entries among the times of older epochs."""
    ends = shown.times(page)
    if k.older_until is not None and ends and ends[0] <= k.older_until:
        k.judged = False
    return None if k.judged else False


def _future_checked(k: Knowledge, window: Window, proven: Span) -> datetime | None:
    """The server's time, once the far future is read down to the near one."""
    if window.end != END or proven.start > k.horizon + SECOND or k.future_checked_at is not None:
        return None
    k.future_checked_at = k.date
    return k.date


def _still_again(window: Window, proven: Span) -> Span | None:
    """What a window leaves of the time to be read again."""
    if not window.again:
        return None
    start = window.start or BEGINNING
    return Span(start, proven.start) if proven.start > start else NOTHING


def _is_known(k: Knowledge, found: Believed) -> bool:
    """Whether all entries of a page are held, by what is known of the ids."""
    timeless = found.page.timeless
    ids = [*found.page.ids.tolist(), *timeless]
    waiting = k.gap_runs("open", "absent", "unreachable")
    if waiting and any(runs.among(entry_id, waiting) for entry_id in ids):
        k.filled = True
        return False
    if (
        found.older
        or found.page.rejected.num_rows > len(timeless)
        or max(ids, default=0) > k.checked
    ):
        return False
    beside = k.older_runs().values()
    return not any(runs.among(each, older) for older in beside for each in ids)


def _is_unchanged(k: Knowledge, progress: Progress) -> bool:
    """Whether a page proves nothing but that a little time has passed."""
    held = k.held.epoch
    said = (progress.last_entry_id, progress.began_with)
    new = (progress.future_checked_at, progress.gaps, progress.judged, progress.again)
    grown = (k.coverage.end or BEGINNING) - (held.coverage.end or BEGINNING)
    return (
        said == (held.last_entry_id, held.began_with)
        and all(each is None for each in (*new, progress.labels))
        and held.coverage.is_whole
        and grown < _QUIET
    )
