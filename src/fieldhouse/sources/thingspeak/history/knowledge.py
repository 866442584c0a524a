"""What a plan knows of a channel, as it goes: the warehouse's state, and what the answers add."""

from datetime import datetime, timedelta

from fieldhouse.sources.thingspeak.history import shown
from fieldhouse.sources.thingspeak.history.effects import Policy
from fieldhouse.sources.thingspeak.page import Page
from fieldhouse.state import SECOND, ChannelState, Gap, Known, Labels, Span

__all__ = ["SETTLED", "Knowledge", "WrongClock"]

SETTLED = timedelta(minutes=5)
"""ThingSpeak caches answers of more than 100 rows for this long, and counts before it serves."""
_CLOCKS_AGREE = timedelta(minutes=10)


class WrongClock(Exception):
    """Our clock's guess of the present, which a question was built on, is far from the server's."""


class Knowledge:
    """The one mutable thing of a plan. ``now`` is the server's clock in its first answer."""

    def __init__(self, state: ChannelState, policy: Policy) -> None:
        self.policy = policy
        self.now: datetime | None = None
        self.date = policy.now
        self.renewed = False
        self.adopt(state)

    def adopt(self, state: ChannelState) -> None:
        """Take up a channel's newest epoch as the warehouse holds it."""
        epoch = state.epoch
        self.held = state
        self.channel_id = state.channel_id
        self.number = epoch.number
        self.coverage = epoch.coverage
        self.said = epoch.last_entry_id
        self.checked = self.shown_to = epoch.ids_checked_to
        self.future_checked_at = epoch.future_checked_at
        self.began_with = epoch.began_with
        is_first = epoch.number == 1 and state.older_until is None  # it shows nothing again
        self.judged = epoch.judged or is_first
        self.swept_at, self.swept_to = epoch.swept_at, epoch.swept_to
        self.gaps = state.gaps
        self.older_until = state.older_until
        self.labels = state.labels
        self.counted: int | None = None
        self.saturated = {gap.at for gap in state.gaps if gap.state == "unreachable" and gap.at}
        self.asked: set[Gap] = set()
        self.timeless: set[int] = set()
        self.surfaced = self.label_appeared = self.filled = False
        self.learn(state)

    def learn(self, state: ChannelState) -> None:
        """Take up what a verdict, a load or a label may have changed in the warehouse."""
        self.newest = state.epoch.newest
        self.highest = state.epoch.highest_id or 0
        self.disputes = state.disputes
        self.again = state.epoch.again

    @property
    def name(self) -> str:
        """The channel, as a line names it."""
        return f"channel {self.channel_id}"

    @property
    def horizon(self) -> datetime:
        """Where the far future begins."""
        return shown.whole((self.now or self.policy.now) + self.policy.near)

    def heed_date(self, date: datetime, asked_until: datetime | None = None) -> None:
        """Take an answer's clock; the first one is the plan's. Raises WrongClock."""
        guess, self.date = self.horizon, date
        if self.now is None:
            self.now = date
            if asked_until == guess and abs(self.horizon - guess) > _CLOCKS_AGREE:
                raise WrongClock

    def heed(self, page: Page) -> None:
        """Take a believed page's counter; one that fell may give ids out anew, unread."""
        if (page.last_entry_id or 0) < (self.held.epoch.last_entry_id or 0):
            self.began_with = 0
        self.said = page.last_entry_id
        if self.counted is None:
            self.counted = max(page.last_entry_id or 0, shown.highest(page))
            if self.began_with is None:
                self.began_with = 0 if self.coverage.spans else self.counted

    def heed_rows(self, page: Page) -> None:
        """Take what a page that will be written tells of our newest and highest entries."""
        self.timeless |= page.timeless
        if not page.keys.num_rows:
            return
        self.highest = max(self.highest, shown.highest(page))
        self.shown_to = max(self.shown_to, shown.shown_on(page, self.shown_to))
        latest = shown.newest(page, self.horizon)
        if latest and (self.newest is None or _by_time(latest) > _by_time(self.newest)):
            self.newest = latest

    def heed_labels(self, page: Page) -> Labels | None:
        """The labels that a page shows, if they are not those last seen."""
        found = shown.labels(page)
        if found is None or found == self.labels:
            return None
        before = dict(self.labels) if self.labels is not None else None
        self.labels = found
        if before is not None and dict(found).keys() - before.keys():
            self.label_appeared = True
        return Labels(self.date, found)

    def settled(self, end: datetime) -> datetime:
        """Just after ``end``, but never within the cache's life of the server's clock."""
        return min(end, shown.whole(self.date) - SETTLED - SECOND) + SECOND

    def cover(self, span: Span) -> tuple[Span, ...]:
        """Add a proven span, if there is one."""
        covered = (span,) if span.start < span.end else ()
        self.coverage = self.coverage.add(*covered)
        return covered

    def gap_runs(self, *states: str) -> list[Gap]:
        """The gaps in one of these states, ascending."""
        found = [gap for gap in self.gaps if gap.state in states and gap.last_id > 0]
        return sorted(found, key=lambda gap: gap.first_id)

    def older_runs(self) -> dict[int, list[Gap]]:
        """By older epoch, which of its ids the source shows beside ours, ascending."""
        found = self.gap_runs("older")
        epochs = sorted({gap.epoch for gap in found if gap.epoch is not None})
        return {epoch: [gap for gap in found if gap.epoch == epoch] for epoch in epochs}

    def is_disputed(self, known: Known) -> bool:
        """Whether a reading of this epoch is in dispute, or kept by a person."""
        return any(d.entry == known and d.epoch == self.number for d in self.disputes)


def _by_time(known: Known) -> tuple[datetime, int]:
    return known.created_at, known.entry_id
