"""Many channels: read side by side, written by one writer, paced as one client.

Threads serve here, since reading waits for the network and the heavy work (decoding, typing, the
warehouse) is done outside of Python. One channel's failure does not stop the others.
"""

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial

from fieldhouse.keeping import forget
from fieldhouse.pipeline import Parts, analyse, copy_channel, record
from fieldhouse.state import Run, Span

__all__ = ["run_fleet"]

_ANALYSED_TOGETHER = 500
"""Channels whose aggregates and quality are refreshed in one statement."""


def run_fleet(
    parts: Parts,
    channel_ids: Sequence[int],
    *,
    workers: int = 4,
    tail_size: int | None = None,
    again: Span | None = None,
) -> list[Run]:
    """Bring the channels up to date, then aggregate and score them; their runs, as recorded.

    Ctrl-C (KeyboardInterrupt in the calling thread, or ``parts.stop`` set) ends every channel
    between two pages: what was read is written, aggregated and recorded as ``interrupted``.
    """
    pool = ThreadPoolExecutor(max(1, min(workers, len(channel_ids))), "channel")
    copy = partial(copy_channel, parts, tail_size=tail_size, again=again)
    futures = [
        pool.submit(lambda each: None if parts.stop.is_set() else copy(each), channel_id)
        for channel_id in dict.fromkeys(channel_ids)
    ]
    try:
        _wait(parts, futures)
    finally:
        pool.shutdown()
    runs = [run for future in futures if (run := future.result()) is not None]
    done = [
        run
        for begin in range(0, len(runs), _ANALYSED_TOGETHER)
        for run in _finish(parts, runs[begin : begin + _ANALYSED_TOGETHER])
    ]
    forget(parts.warehouse, parts.settings, parts.clock())
    return done


def _wait(parts: Parts, futures: list["Future[Run | None]"]) -> None:
    """Wait for all; the first Ctrl-C asks them to stop, a second is not held back."""
    waiting = set(futures)
    try:
        while waiting:
            _, waiting = wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED)
    except KeyboardInterrupt:
        parts.stop.set()
        wait(waiting)


def _finish(parts: Parts, runs: list[Run]) -> list[Run]:
    scores = analyse(parts, [run.channel_id for run in runs])
    now = parts.clock()
    done = [replace(run, quality_score=scores.get(run.channel_id), ended_at=now) for run in runs]
    record(parts, done)
    return done
