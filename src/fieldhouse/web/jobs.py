"""What goes on beside the answering: turns over the channels, runs and backfills asked for.

A job is a piece of work in a thread of its own, mostly one turn of a fleet. All share the process's
writer, its client of ThingSpeak, its pace and its budget; a channel that one job is at, no other
takes up.
"""

import itertools
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fieldhouse import events
from fieldhouse.errors import FieldhouseError, WarehouseError, WarehouseUnavailable
from fieldhouse.parts import Parts
from fieldhouse.polled import polled_channels
from fieldhouse.scheduling.fleet import run_fleet
from fieldhouse.scheduling.schedule import rhythms_of
from fieldhouse.scheduling.timetable import Bounds, Rhythm, Timetable
from fieldhouse.settings import Settings
from fieldhouse.state import Run, Span
from fieldhouse.steps import analyse
from fieldhouse.web.broadcast import Broadcast, about

__all__ = ["Job", "Jobs"]

logger = logging.getLogger(__name__)

_MOST = 8
"""Jobs that go on at a time."""
_REMEMBERED = 50
_TICK = 1.0
_LOOK = timedelta(seconds=5)
"""How often it is looked which channels are polled."""
_POLL = "poll"
_TOGETHER = 25
"""Channels whose history is still to be read, in one job: what they are analysed by is shared."""


@dataclass(slots=True)
class Job:
    """A turn over some channels; what came of it, once it has ended. Times are naive UTC."""

    number: int
    kind: str
    channel_ids: tuple[int, ...]
    started_at: datetime
    _stop: threading.Event = field(repr=False)
    ended_at: datetime | None = None
    runs: list[Run] = field(default_factory=list)
    error: str | None = None
    """Why it could not be done at all, in one line."""
    lines: list[str] = field(default_factory=list)
    """What came of it, or goes on, as it says itself."""
    over: set[int] = field(default_factory=set)
    """The channels that it is through with."""
    _ended: threading.Event = field(default_factory=threading.Event, repr=False)

    def stop(self) -> None:
        """Have it end soon; what was read is written."""
        self._stop.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for its end; whether it has come."""
        return self._ended.wait(seconds)


class Jobs:
    """Starts jobs, and, with ``every``, polls all channels, none of them more often than that.

    When each is due its own rhythm says (`Timetable`). Those whose history is still to be read have
    jobs of their own, so that they do not hold up the others.
    """

    def __init__(
        self, parts: Parts, *, every: timedelta | None = None, workers: int | None = None
    ) -> None:
        self._parts, self._every, self._workers = parts, every, workers
        self._changing = threading.Lock()
        self._numbers = itertools.count(1)
        self._jobs: list[Job] = []
        longest = max(parts.settings.schedule.longest, every or timedelta())
        self._table = Timetable(Bounds(every or longest, longest))
        self._looked = datetime.min
        self._begun: dict[int, datetime] = {}
        self._written: set[int] = set()
        self._rarely: Callable[[int, datetime], timedelta] = lambda *_: timedelta()
        self._stopping = threading.Event()
        self._clockwork = threading.Thread(target=self._keep_on, name="schedule", daemon=True)

    @property
    def settings(self) -> Settings:
        """With which the jobs are done."""
        return self._parts.settings

    def __enter__(self) -> "Jobs":
        self._clockwork.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for job in self.all():
            job.wait()
        self._clockwork.join()

    def poll_rarely(self, how: Callable[[int, datetime], timedelta]) -> None:
        """Let ``how`` say how long a channel, begun at a time, may wait where that is longer."""
        self._rarely = how

    @property
    def failed(self) -> WarehouseError | None:
        """Why nothing can be written any more, if so: the process has to begin anew."""
        return self._parts.writer.ended

    @property
    def is_stopping(self) -> bool:
        """Whether all is about to end."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Begin nothing more, and have all that goes on end soon."""
        self._stopping.set()
        for job in self.all():
            job.stop()

    def all(self) -> list[Job]:
        """What goes on and the last that have ended, the newest first."""
        with self._changing:
            return list(reversed(self._jobs))

    def start(
        self,
        channel_ids: Sequence[int],
        *,
        kind: str = "run",
        tail_size: int | None = None,
        again: Span | None = None,
        workers: int | None = None,
        observe: events.Observer | None = None,
    ) -> Job:
        """Begin a turn over some channels; ``observe`` is told what concerns them, to its end.

        Raises WarehouseUnavailable where too much goes on already, or all is about to end.
        """
        wanted = tuple(dict.fromkeys(channel_ids))

        def work(parts: Parts, _: Job) -> list[Run]:
            return run_fleet(
                parts, wanted, workers=workers or self._workers, tail_size=tail_size, again=again
            )

        return self.carry_out(kind, wanted, work, observe=observe)

    def carry_out(
        self,
        kind: str,
        channel_ids: Sequence[int],
        work: "Callable[[Parts, Job], list[Run]]",
        *,
        observe: events.Observer | None = None,
    ) -> Job:
        """Begin any work, beside what else goes on; it gets the parts of its job, and the job.

        ``channel_ids`` are those that it is at. Raises WarehouseUnavailable as `start` does.
        """
        wanted = tuple(dict.fromkeys(channel_ids))
        parts = self._parts.job()
        with self._changing:
            if self._stopping.is_set():
                raise WarehouseUnavailable("the server is stopping: ask again when it is back")
            if sum(job.ended_at is None for job in self._jobs) >= _MOST:
                raise WarehouseUnavailable(f"{_MOST} jobs go on already: wait for one to end")
            job = Job(next(self._numbers), kind, wanted, parts.clock(), parts.stop)
            self._jobs = [*self._kept(), job]
            self._begun |= dict.fromkeys(wanted, job.started_at)

        def begun() -> list[Run]:
            return work(parts, job)

        listener = about(set(wanted), observe) if observe else None
        name = f"job {job.number}"
        thread = threading.Thread(target=self._carry_out, args=(job, begun, listener), name=name)
        try:
            thread.start()
        except RuntimeError:  # the machine has no thread left
            job.ended_at, job.error = parts.clock(), "no thread could be begun"
            job._ended.set()
            raise WarehouseUnavailable("too much goes on: wait for something to end") from None
        return job

    def analyse_soon(self, channel_id: int) -> None:
        """Aggregate and score a channel to which somebody has written, with others, in a moment."""
        with self._changing:
            self._written.add(channel_id)

    def busy(self) -> set[int]:
        """The channels that are being read, or wait for it in a job."""
        going_on = [job for job in self.all() if not job.ended_at]
        return {number for job in going_on for number in job.channel_ids if number not in job.over}

    def number(self, number: int) -> Job | None:
        """A job by its number, as long as it is remembered."""
        return next((job for job in self.all() if job.number == number), None)

    def _kept(self) -> list[Job]:
        ended = [job for job in self._jobs if job.ended_at]
        gone = {job.number for job in ended[:-_REMEMBERED]}
        return [job for job in self._jobs if job.number not in gone]

    def _carry_out(
        self, job: Job, work: Callable[[], list[Run]], listener: events.Observer | None
    ) -> None:
        try:
            with self._heard(job, listener):
                job.runs = work()
        except FieldhouseError as error:
            job.error = str(error)
        except Exception as error:
            logger.exception("Job %d failed", job.number)
            job.error = f"unexpected {type(error).__name__}: the log has more"
        finally:
            job.ended_at = self._parts.clock()
            if job.kind == _POLL:
                self._polled(job)
            job._ended.set()

    @contextmanager
    def _heard(self, job: Job, listener: events.Observer | None) -> Iterator[None]:
        """Let a job's listener hear what happens, and know which channels it is through with."""
        told = self._parts.observe
        if not isinstance(told, Broadcast):
            yield
            return

        def hear(event: events.Event) -> None:
            if isinstance(event, events.RunEnded) and event.run.channel_id in job.channel_ids:
                self._over(job, event.run.channel_id, event.run)
            if listener:
                listener(event)

        with told.heard_by(hear):
            yield

    def _keep_on(self) -> None:
        while not self._stopping.wait(_TICK):
            is_done = [self._do("No turn was begun", self._poll_due)]
            is_done += [self._do("What was written is not analysed yet", self._analyse_written)]
            if not all(is_done):
                self._stopping.wait(10 * _TICK)
        self._do("What was written is not analysed", self._analyse_written)

    def _do(self, otherwise: str, work: Callable[[], None]) -> bool:
        """Whether a piece of work was done; why not, the log says."""
        try:
            work()
        except FieldhouseError as error:
            logger.warning("%s: %s", otherwise, error)
        except Exception:
            logger.exception(otherwise)
        else:
            return True
        return False

    def _poll_due(self) -> None:
        """Begin to read what is due: all that is quick in one job, what may take long apart."""
        if not self._every or self._left() < _MOST // 2:
            return
        now = self._parts.clock()
        self._look(now)
        quick: list[int] = []
        long: list[int] = []
        while self._left() > 1 and (channel_id := self._taken(now)) is not None:
            if not self._table.is_long(channel_id):
                quick.append(channel_id)
                continue
            long.append(channel_id)
            if len(long) == _TOGETHER:
                self._begin_poll(long)
                long = []
        for due in (long, quick):
            if due:
                self._begin_poll(due)

    def _left(self) -> int:
        """How many jobs may still be begun."""
        return _MOST - sum(job.ended_at is None for job in self.all())

    def _look(self, now: datetime) -> None:
        """Know which channels are polled, and of those that are new what decides when."""
        if now - self._looked < _LOOK:
            return
        polled = polled_channels(self._parts.settings, self._parts.warehouse)
        with self._changing:
            new = [each for each in polled if each not in self._table]
        rhythms = dict.fromkeys(polled, Rhythm()) | rhythms_of(self._parts, new)
        with self._changing:
            self._table.keep(rhythms, now)
        self._looked = now

    def _taken(self, now: datetime) -> int | None:
        """A channel that is due, and that no other job is at."""
        busy = self.busy()
        with self._changing:
            while (channel_id := self._table.take(now)) is not None:
                if channel_id not in busy and not self._is_rare(channel_id, now):
                    return channel_id
                self._table.pass_over(channel_id, now)
        return None

    def _is_rare(self, channel_id: int, now: datetime) -> bool:
        """Whether a channel may wait although it is due, since somebody listens to it."""
        begun = self._begun.get(channel_id)
        return begun is not None and now - begun < self._rarely(channel_id, begun)

    def _begin_poll(self, channel_ids: list[int]) -> None:
        try:
            self.start(channel_ids, kind=_POLL)
        except FieldhouseError:
            with self._changing:
                for channel_id in channel_ids:
                    self._table.put_back(channel_id)
            raise

    def _polled(self, job: Job) -> None:
        """A turn is over: those of its channels that nothing was told of are due as before."""
        runs = {run.channel_id: run for run in job.runs}
        for channel_id in job.channel_ids:
            self._over(job, channel_id, runs.get(channel_id))

    def _over(self, job: Job, channel_id: int, run: Run | None) -> None:
        """A job is through with a channel; of one that was polled follows when it is due again."""
        now = self._parts.clock()
        with self._changing:
            if channel_id in job.over:
                return
            job.over.add(channel_id)
            if job.kind != _POLL:
                return
            if run is None:
                self._table.put_back(channel_id)
                return
            self._table.ended(
                channel_id,
                now,
                failed=run.outcome == "failed",
                is_new=run.inserted > 0,
                is_whole=run.outcome == "success" or not self._table.is_long(channel_id),
            )

    def _analyse_written(self) -> None:
        """No run asks for channels that devices write to: what cannot be done now is done later."""
        with self._changing:
            written, self._written = self._written, set()
        try:
            if written:
                analyse(self._parts, sorted(written))
        except FieldhouseError:
            with self._changing:
                self._written |= written
            raise
