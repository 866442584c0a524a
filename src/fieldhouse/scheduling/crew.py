"""Hands that read channels side by side, and one that analyses and records what they have read.

Threads serve here: reading waits for the network, and the heavy work (decoding, typing, the
warehouse) is done outside of Python. Which channel is next a `Line` says. Channels are analysed and
recorded some at a time, while others are being read; one's failure is not the others'.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Container, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from fieldhouse import events, recall
from fieldhouse.errors import FieldhouseError, WarehouseUnavailable
from fieldhouse.parts import Parts
from fieldhouse.scheduling.gathered import Gathered
from fieldhouse.state import ChannelState, Run, Span
from fieldhouse.steps import analyse, attempt, record
from fieldhouse.sync import Copied

__all__ = ["Crew", "Line", "finish"]

logger = logging.getLogger(__name__)

_TOGETHER = 1_000
"""Channels that are analysed and recorded together, at the most."""
_AHEAD = 200
"""Channels to come that are looked up in the warehouse with the one that is next."""
_LINGER = 3.0
"""Seconds that one which has finished waits for others, while any are being read."""
_CROWD, _APART = 50, 0.5
"""Seconds between two look-ups of what is held, where more channels than this are read."""
_AWAY = 30.0
"""Seconds for which a warehouse that was not found is not looked for."""


class Line(Protocol):
    """Which channels are to be read. Safe between threads."""

    @property
    def is_endless(self) -> bool:
        """Whether channels come again, so that what is known of them is worth remembering."""
        ...

    def __len__(self) -> int:
        """How many channels there are."""
        ...

    def take(self) -> int | None:
        """The next channel, waited for; None where there are no more, or all is to stop."""
        ...

    def ahead(self, count: int) -> Iterable[int]:
        """Channels that are likely to be next."""
        ...

    def may_ask(self, channel_id: int) -> bool:
        """Whether another request of a channel that was taken may be made."""
        ...

    def read(self, run: Run, failure: FieldhouseError | None, *, is_whole: bool) -> None:
        """A channel that was taken has been read; whether its past is there now."""
        ...

    def ended(self, runs: Sequence[Run]) -> None:
        """Channels that were read are analysed and recorded."""
        ...


class Crew:
    """Reads what a line brings, with so many hands, until it ends or ``parts.stop`` is set."""

    def __init__(
        self,
        parts: Parts,
        line: Line,
        *,
        hands: int,
        tail_size: int | None = None,
        again: Span | None = None,
    ) -> None:
        apart = _APART if len(line) > _CROWD else 0.0
        look_up = Gathered(partial(recall.channel_states, parts.warehouse), apart=apart)
        self._parts, self._line = replace(parts, look_up=look_up), line
        self._hands, self._tail_size, self._again = hands, tail_size, again
        self._read: queue.SimpleQueue[Run | None] = queue.SimpleQueue()
        self._patience = max(2, hands)
        self._unavailable: list[WarehouseUnavailable] = []
        self._away_until = 0.0
        self._taking = threading.Lock()
        self._states: dict[int, ChannelState] = {}
        self._away: set[int] = set()

    def run(self) -> None:
        """Read until the end. A first Ctrl-C asks all to stop, a second is not held back."""
        with ThreadPoolExecutor(self._hands + 1, "channel") as pool:
            finishing = pool.submit(self._finish_all)
            reading = [pool.submit(self._read_on) for _ in range(self._hands)]
            try:
                self._wait(reading)
            except BaseException:
                self._parts.stop.set()
                raise
            finally:
                self._read.put(None)
            self._wait([finishing])

    def _wait(self, futures: "Sequence[Future[Any]]") -> None:
        try:
            while wait(futures, timeout=0.5).not_done:
                pass
        except KeyboardInterrupt:
            if self._parts.stop.is_set():
                raise
            self._parts.stop.set()
            self._wait(futures)
        for future in futures:
            future.result()

    def _read_on(self) -> None:
        """Read one channel after the other, until there is none left."""
        while not self._parts.stop.is_set():
            if (channel_id := self._line.take()) is None:
                return
            with self._taking:
                state = self._state(channel_id)
            self._read.put(self._copy(channel_id, state))

    @property
    def _is_away(self) -> bool:
        """Whether as many as are read at a time have not found the warehouse, of late."""
        if len(self._unavailable) < self._patience:
            return False
        if self._line.is_endless and time.monotonic() > self._away_until:
            self._unavailable.clear()
            return False
        return True

    def _not_found(self, error: WarehouseUnavailable, times: int = 1) -> None:
        self._unavailable += [error] * times
        self._away_until = time.monotonic() + _AWAY

    def _state(self, channel_id: int) -> ChannelState | None:
        """What the warehouse holds of a channel: looked up for many at a time, at the price of one.

        None where that can't be told, which the channel's own reading says.
        """
        if channel_id not in self._states and not self._is_away:
            ahead = [each for each in self._line.ahead(_AHEAD) if each not in self._states]
            try:
                self._states |= recall.channel_states(
                    self._parts.warehouse, list(dict.fromkeys([channel_id, *ahead]))
                )
            except WarehouseUnavailable as error:
                self._not_found(error, self._patience)
            except Exception as error:  # of one among many: it must not end the others' reading
                logger.debug("Channel %d is looked up on its own: %s", channel_id, error)
        return self._states.pop(channel_id, None)

    def _copy(self, channel_id: int, state: ChannelState | None) -> Run:
        """Read a channel, unless the warehouse is away."""
        if self._is_away:
            self._away.add(channel_id)
            now, error = self._parts.clock(), self._unavailable[-1]
            run = Run(
                channel_id=channel_id,
                started_at=now,
                ended_at=now,
                outcome="failed",
                error=str(error),
            )
            self._line.read(run, error, is_whole=False)
            return run
        copied = Copied()
        run, failure = attempt(
            self._parts,
            channel_id,
            copied=copied,
            state=state,
            tail_size=self._tail_size,
            again=self._again,
            may_ask=partial(self._line.may_ask, channel_id),
        )
        if isinstance(failure, WarehouseUnavailable):
            self._away.add(channel_id)
            self._not_found(failure)
        else:
            self._unavailable.clear()
            self._away.discard(channel_id)
        if copied.state and self._line.is_endless:
            self._states[channel_id] = copied.state
        is_whole = run.outcome == "success" or bool(state and state.epoch.coverage.is_whole)
        self._line.read(run, failure, is_whole=is_whole)
        return run

    def _finish_all(self) -> None:
        """Analyse and record what has been read, some channels at a time."""
        while group := self._next_group():
            self._line.ended(finish(self._parts, group, self._away))

    def _next_group(self) -> list[Run]:
        """Channels that were read, as soon as there are any; none when all are finished."""
        group: list[Run] = []
        until = None
        while len(group) < _TOGETHER:
            try:
                run = self._read.get(timeout=until and max(0.0, until - time.monotonic()))
            except queue.Empty:
                break
            if run is None:
                self._read.put(None)
                break
            group.append(run)
            until = until or time.monotonic() + _LINGER
        return group


def finish(parts: Parts, runs: Sequence[Run], away: Container[int] = ()) -> list[Run]:
    """Aggregate and score what the runs brought, and record them; the runs as they ended.

    What can't be analysed or recorded costs its own channel: its run has failed, and says why. The
    channels ``away`` found no warehouse; what they touched before is analysed by the next run.
    """
    touched = [run for run in runs if run.channel_id not in away]
    untouched = [run for run in runs if run.channel_id in away]
    if touched:
        parts.tell(events.AnalysisStarted(tuple(run.channel_id for run in touched)))
    judged = _apart(partial(_judge, parts), touched, "analysed")
    ended = _apart(partial(_record, parts), [*judged, *untouched], "recorded")
    for run in ended:
        parts.tell(events.RunEnded(run))
    return ended


def _judge(parts: Parts, runs: Sequence[Run]) -> list[Run]:
    scores = analyse(parts, [run.channel_id for run in runs])
    return [replace(run, quality_score=scores.get(run.channel_id)) for run in runs]


def _record(parts: Parts, runs: Sequence[Run]) -> list[Run]:
    now = parts.clock()
    ended = [replace(run, ended_at=now) for run in runs]
    record(parts, ended)
    return ended


def _apart(step: Callable[[Sequence[Run]], list[Run]], runs: Sequence[Run], done: str) -> list[Run]:
    """The runs after a step that is taken for all together, or, where it fails, for fewer."""
    try:
        return step(runs) if runs else []
    except Exception as error:
        if len(runs) == 1 or isinstance(error, WarehouseUnavailable):
            return [_failed(run, error, done) for run in runs]
    half = len(runs) // 2
    return [*_apart(step, runs[:half], done), *_apart(step, runs[half:], done)]


def _failed(run: Run, error: Exception, done: str) -> Run:
    """The run, failed by an error unless it has failed already."""
    if isinstance(error, WarehouseUnavailable):
        reason = f"not {done}: {error}"
    elif isinstance(error, FieldhouseError):
        reason = f"channel {run.channel_id} was not {done}: {error}"
    else:
        logger.error("Channel %d was not %s", run.channel_id, done, exc_info=error)
        reason = f"channel {run.channel_id} was not {done}: unexpected {type(error).__name__}"
    return replace(run, outcome="failed", error=run.error or reason)
