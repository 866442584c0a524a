"""Channels kept current for as long as one likes: each is due by its own rhythm, all keep one pace.

States and due times are in memory, read in bulk when channels are taken up. What happens elsewhere
(a channel is added, another worker comes) is seen when the worker renews what it holds.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from fieldhouse import recall
from fieldhouse.errors import (
    BudgetExhausted,
    FieldhouseError,
    RateLimited,
    WarehouseUnavailable,
)
from fieldhouse.keeping import forget
from fieldhouse.parts import Parts
from fieldhouse.polled import polled_channels
from fieldhouse.scheduling.crew import Crew
from fieldhouse.scheduling.fleet import hands_for
from fieldhouse.scheduling.leases import Alone, Holding
from fieldhouse.scheduling.timetable import Bounds, Rhythm, Timetable
from fieldhouse.state import Run

__all__ = ["Schedule", "bounds_of", "rhythms_of"]

logger = logging.getLogger(__name__)

_GLANCE = 0.25
"""Seconds after which a hand that waits looks whether all is to stop."""
_AGAIN = 30.0
"""Seconds for which nothing is read where the warehouse was not found."""
_FORGOTTEN = timedelta(hours=1)
"""How often what is old is forgotten."""
_RELEARNT = timedelta(hours=1)
"""How often the usual distances of readings are looked up."""
_COUNTED = timedelta(minutes=1)
"""How often it is looked which channels are polled."""
_SOON = timedelta(seconds=0.5)
_LOOK = 1.0
"""Seconds after which what is newly held is taken up."""
_TOGETHER = 2_000


def bounds_of(parts: Parts) -> Bounds:
    """The shortest and the longest time between two polls that the settings name."""
    return Bounds(parts.settings.schedule.shortest, parts.settings.schedule.longest)


def rhythms_of(parts: Parts, channel_ids: Sequence[int]) -> dict[int, Rhythm]:
    """What the warehouse knows that decides when channels are due."""
    rhythms: dict[int, Rhythm] = {}
    for place in range(0, len(channel_ids), _TOGETHER):
        some = list(channel_ids[place : place + _TOGETHER])
        states = recall.channel_states(parts.warehouse, some)
        for row in parts.warehouse.query("cadences", channel_ids=some).to_pylist():
            rhythms[row["ChannelID"]] = _rhythm(row)
        for channel_id, state in states.items():
            rhythm = rhythms.setdefault(channel_id, Rhythm())
            rhythm.is_whole = state.epoch.coverage.is_whole
    return rhythms


def _rhythm(row: dict[str, Any]) -> Rhythm:
    usual = row["CadenceSeconds"]
    return Rhythm(
        usual=timedelta(seconds=usual) if usual else None,
        since=row["NewestCreatedAt"] or row["FirstRunAt"],
        begun=row["LastAskedAt"],
        failures=row["Failures"],
    )


class Schedule:
    """Reads the polled channels that ``holding`` gives it, each when it is due, until stopped.

    ``only`` are the channels to choose from; None: all that are polled, looked up every minute.
    """

    is_endless = True

    def __init__(
        self, parts: Parts, holding: Holding | None = None, *, only: Sequence[int] | None = None
    ) -> None:
        self._parts, self._holding, self._only = parts, holding or Alone(), only
        self._polled: Sequence[int] = only or ()
        self._mine: frozenset[int] = frozenset()
        self._table = Timetable(bounds_of(parts))
        self._changed, self._renewing = threading.Condition(), threading.Lock()
        self._rest_until = datetime.min
        self._long: set[int] = set()
        self._hands = parts.settings.schedule.hands or hands_for(parts.settings.rate_limit_delay)
        self._relearnt = self._forgot = self._counted = datetime.min
        self._length = 0

    def run(self) -> None:
        """Read on and on; ends within moments of ``parts.stop`` or Ctrl-C, and records what it has.

        Raises what the first look at the warehouse raises, and the error of a writer that has died.
        """
        try:
            self._renew()
            self._look()
            threads = [
                threading.Thread(target=self._keep, args=(each, work), name="holding", daemon=True)
                for each, work in ((self._holding.every, self._renew), (_LOOK, self._look))
            ]
            for thread in threads:
                thread.start()
            try:
                Crew(self._parts, self, hands=self._hands).run()
                if dead := self._parts.writer.ended:
                    raise dead
            finally:
                self._parts.stop.set()
                for thread in threads:
                    thread.join()
        finally:
            self._holding.close()

    # What a crew asks

    def __len__(self) -> int:
        return self._length

    def take(self) -> int | None:
        """The next channel that is due, waited for; None once all is to stop."""
        with self._changed:
            while not self._parts.stop.is_set() and not self._parts.writer.ended:
                now = self._parts.clock()
                channel_id = None if now < self._rest_until else self._due(now)
                if channel_id is not None:
                    return channel_id
                self._changed.wait(self._pause(now))
        return None

    def ahead(self, count: int) -> Iterable[int]:
        """Those that are due next."""
        with self._changed:
            return list(self._table.ahead(count))

    def may_ask(self, channel_id: int) -> bool:
        """Whether it is this worker's still."""
        return self._holding.may_ask(channel_id)

    def read(self, run: Run, failure: FieldhouseError | None, *, is_whole: bool) -> None:
        """A channel was read: when it is due again follows."""
        with self._changed:
            self._long.discard(run.channel_id)
            if failure and (until := self._rest_for(failure)):
                self._rest_until = max(self._rest_until, until)
                self._table.put_back(run.channel_id)
            else:
                self._table.ended(
                    run.channel_id,
                    self._parts.clock(),
                    failed=run.outcome == "failed",
                    is_new=run.inserted > 0,
                    is_whole=is_whole,
                )
            self._changed.notify()

    def ended(self, runs: Sequence[Run]) -> None:
        """Channels are recorded; now and then what is old is forgotten."""
        now = self._parts.clock()
        if now - self._forgot >= _FORGOTTEN and any(run.outcome == "success" for run in runs):
            self._forgot = now
            forget(self._parts.warehouse, self._parts.settings, now)

    # What others ask

    def hint(self, channel_id: int) -> None:
        """A channel is said to have something new."""
        with self._changed:
            self._table.hint(channel_id, self._parts.clock())
            self._changed.notify()

    def _due(self, now: datetime) -> int | None:
        """A channel that is due and may be asked; half of the hands are kept for what is quick."""
        long_ones = len(self._long) < max(1, self._hands // 2)
        channel_id = self._table.take(now, long_ones=long_ones)
        if channel_id is not None and not self._holding.may_ask(channel_id):
            self._table.put_back(channel_id)
            self._rest_until = now + _SOON  # what is held is to be renewed first
            return None
        if channel_id is not None and self._table.is_long(channel_id):
            self._long.add(channel_id)
        return channel_id

    def _pause(self, now: datetime) -> float:
        """Seconds until something may be due, or it is to be looked again."""
        due = max(self._table.next_at() or datetime.max, self._rest_until)
        return max(0.005, min(_GLANCE, (due - now).total_seconds()))

    def _rest_for(self, failure: FieldhouseError) -> datetime | None:
        """Until when nothing is read after a failure that is not the channel's own."""
        now = self._parts.clock()
        match failure:
            case BudgetExhausted():
                midnight = datetime.combine(now.date(), datetime.min.time()) + timedelta(days=1)
                logger.warning("%s", failure)
                return midnight
            case RateLimited():
                return now + timedelta(seconds=failure.retry_after or _AGAIN)
            case WarehouseUnavailable():
                logger.warning("%s; looking again in %.0f s", failure, _AGAIN)
                return now + timedelta(seconds=_AGAIN)
        return None

    # What is held

    def _keep(self, every: float, work: Callable[[], None]) -> None:
        """Do something again and again until all is to stop; the log says what went wrong."""
        while not self._parts.stop.wait(every):
            try:
                work()
            except FieldhouseError as error:
                logger.warning("What is to be polled is not known anew: %s", error)
            except Exception:
                logger.exception("What is to be polled is not known anew")

    def _renew(self) -> None:
        """Renew what is held; nothing slow is done here, since leases end."""
        with self._renewing:
            with self._changed:
                busy, polled = self._table.taken, self._polled
            mine = self._holding.renew(polled, busy)
            self._parts.server.share_pace(self._holding.workers)
            with self._changed:
                self._mine = frozenset(mine)

    def _look(self) -> None:
        """Know which channels are polled, and take up what is new of those that are held."""
        now = self._parts.clock()
        if self._only is None and now - self._counted >= _COUNTED:
            polled = polled_channels(self._parts.settings, self._parts.warehouse)
            self._counted = now
            if polled != self._polled:
                with self._changed:
                    self._polled = polled
                self._renew()
        with self._changed:
            mine = self._mine & frozenset(self._polled)
            asked = [each for each in mine if each not in self._table]
            if len(mine) == len(self._table) and not asked and now - self._relearnt < _RELEARNT:
                return
        if now - self._relearnt >= _RELEARNT:
            self._relearnt, asked = now, list(mine)
        rhythms = {each: Rhythm() for each in mine} | rhythms_of(self._parts, asked)
        with self._changed:
            self._table.keep(rhythms, now)
            self._length = len(self._table)
            self._changed.notify_all()
