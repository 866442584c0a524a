"""Many channels: read side by side, written by one writer, paced as one client.

Threads serve here, since reading waits for the network and the heavy work (decoding, typing, the
warehouse) is done outside of Python. Channels are analysed and recorded a few at a time, as they
finish, while others are still being read. One channel's failure does not stop the others.
"""

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Container, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from fieldhouse import events, recall
from fieldhouse.errors import FieldhouseError, WarehouseUnavailable
from fieldhouse.keeping import forget
from fieldhouse.parts import Parts
from fieldhouse.state import ChannelState, Run, Span
from fieldhouse.steps import analyse, attempt, record

__all__ = ["finish", "run_fleet"]

logger = logging.getLogger(__name__)

_TOGETHER = 100
"""Channels that are analysed and recorded together, at the most."""
_AHEAD = 200
"""Channels to come that are looked up in the warehouse with the one that is next."""
_LINGER = 1.0
"""Seconds that one which has finished waits for others, while any are being read."""


def run_fleet(
    parts: Parts,
    channel_ids: Sequence[int],
    *,
    workers: int = 4,
    tail_size: int | None = None,
    again: Span | None = None,
) -> list[Run]:
    """Bring the channels up to date, then aggregate and score them; their runs, as recorded.

    Ctrl-C (KeyboardInterrupt in the calling thread, or ``parts.stop`` set) ends every channel at
    once: what was read is written, aggregated and recorded as ``interrupted``; channels that were
    not begun have no run.
    """
    runs = _Fleet(parts, channel_ids, workers, tail_size, again).run()
    if any(run.outcome == "success" for run in runs):  # else there is trouble enough
        forget(parts.warehouse, parts.settings, parts.clock())
    return runs


class _Fleet:
    """One turn over some channels."""

    def __init__(
        self,
        parts: Parts,
        channel_ids: Sequence[int],
        workers: int,
        tail_size: int | None,
        again: Span | None,
    ) -> None:
        self._parts, self._tail_size, self._again = parts, tail_size, again
        self._ids = list(dict.fromkeys(channel_ids))
        self._workers = max(1, min(workers, len(self._ids)))
        self._waiting = deque(self._ids)
        self._read: queue.SimpleQueue[Run | None] = queue.SimpleQueue()
        self._patience = max(2, self._workers)
        self._unavailable: list[WarehouseUnavailable] = []
        self._taking = threading.Lock()
        self._states: dict[int, ChannelState] = {}
        self._away: set[int] = set()

    def run(self) -> list[Run]:
        self._parts.tell(events.FleetStarted(len(self._ids)))
        with ThreadPoolExecutor(self._workers + 1, "channel") as pool:
            finishing = pool.submit(self._finish_all)
            reading = [pool.submit(self._read_on) for _ in range(self._workers)]
            try:
                self._wait(reading)
            except BaseException:
                self._parts.stop.set()
                raise
            finally:
                self._read.put(None)
            self._wait([finishing])
        runs = finishing.result()
        return [runs[channel_id] for channel_id in self._ids if channel_id in runs]

    def _wait(self, futures: "Sequence[Future[Any]]") -> None:
        """Wait for all; the first Ctrl-C asks them to stop, a second is not held back."""
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
            with self._taking:
                if not self._waiting:
                    return
                channel_id = self._waiting.popleft()
                state = self._state(channel_id)
            self._read.put(self._copy(channel_id, state))

    @property
    def _is_away(self) -> bool:
        """Whether as many as are read at a time have not found the warehouse."""
        return len(self._unavailable) >= self._patience

    def _state(self, channel_id: int) -> ChannelState | None:
        """What the warehouse holds of a channel: looked up for many at a time, at the price of one.

        None where that can't be told, which the channel's own reading says.
        """
        if channel_id not in self._states and not self._is_away:
            ahead = [channel_id, *islice(self._waiting, _AHEAD)]
            try:
                self._states |= recall.channel_states(self._parts.warehouse, ahead)
            except WarehouseUnavailable as error:
                self._unavailable += [error] * self._patience
            except Exception as error:  # of one among many: it must not end the others' reading
                logger.debug("Channel %d is looked up on its own: %s", channel_id, error)
        return self._states.pop(channel_id, None)

    def _copy(self, channel_id: int, state: ChannelState | None) -> Run:
        """Read a channel, unless the warehouse is away."""
        if self._is_away:
            self._away.add(channel_id)
            now, error = self._parts.clock(), self._unavailable[-1]
            return Run(
                channel_id=channel_id,
                started_at=now,
                ended_at=now,
                outcome="failed",
                error=str(error),
            )
        run, failure = attempt(
            self._parts, channel_id, state=state, tail_size=self._tail_size, again=self._again
        )
        if isinstance(failure, WarehouseUnavailable):
            self._away.add(channel_id)
            self._unavailable.append(failure)
        else:
            self._unavailable.clear()
        return run

    def _finish_all(self) -> dict[int, Run]:
        """Analyse and record what has been read, a few channels at a time."""
        finished: dict[int, Run] = {}
        while group := self._next_group():
            ended = finish(self._parts, group, self._away)
            finished |= {run.channel_id: run for run in ended}
        return finished

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
