"""The one queue to the warehouse: one thread that writes, for any number that read.

Pages queue up, while a transaction commits or for a moment, and are then loaded together: a commit
costs as much as a page. Whoever waits for what was put is not kept waiting. The queue is short, so
memory does not grow with a channel's length.
Refreshes and records stand in the same queue, so that they do not fight loads for the warehouse.
"""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any

import pyarrow as pa

from fieldhouse import events
from fieldhouse.errors import FieldhouseError, WarehouseError, WarehouseUnavailable
from fieldhouse.readings import Batch
from fieldhouse.warehouse import Counts, Warehouse

__all__ = ["Ticket", "Writer"]

logger = logging.getLogger(__name__)

_QUEUED_ROWS = 240_000
"""Rows that may wait; what comes then has to wait itself."""
_GROUP_ROWS = 160_000
"""Rows of a transaction: what exceeds a unit of storage (DuckDB's is 122,880 rows) is written once,
what is smaller twice, into a log and then into the tables."""
_GROUP_BATCHES = 500
_CROWD = 2
"""Channels of a transaction from which on more are believed to be on their way."""
_REST = 1.0
"""Seconds between the beginnings of two transactions, at the most, while there is such a crowd."""
_LINGER = 0.5
"""Seconds, at the most, that a page waits for others while nobody waits for it."""
_RECOVERY = 30.0
"""Seconds for which an unavailable warehouse, which was asked again and again, is left alone."""


class Ticket:
    """One channel's place in the queue: what of it is committed, and the error that ended it."""

    def __init__(self, channel_id: int) -> None:
        self.channel_id = channel_id
        self.counts = Counts()
        self.error: Exception | None = None
        self._pending = 0
        self._settled = threading.Condition()
        self._hurry: Callable[[], None] | None = None

    def wait(self) -> None:
        """Return when all that was put is committed; raise the error if it could not be."""
        if self._hurry and self._pending:
            self._hurry()
        with self._settled:
            self._settled.wait_for(lambda: self._pending == 0)
        if self.error:
            raise self.error

    def _took(self, hurry: Callable[[], None]) -> None:
        with self._settled:
            self._hurry = hurry
            self._pending += 1

    def _committed(self, batches: int, counts: Counts) -> None:
        with self._settled:
            self.counts += counts
            self._pending -= batches
            self._settled.notify_all()

    def _fail(self, error: Exception) -> None:
        """All that was put and is not committed has failed."""
        with self._settled:
            self.error = self.error or (error if self._pending else None)
            self._pending = 0
            self._settled.notify_all()


@dataclass(frozen=True, slots=True, eq=False)
class _Load:
    """A batch that waits for its turn."""

    ticket: Ticket
    rows: int
    batch: "Future[Batch]"

    def fail(self, error: Exception) -> None:
        self.ticket._fail(error)


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    """A call of the warehouse that waits for its turn."""

    work: Callable[[], pa.Table]
    answer: "Future[pa.Table]" = field(default_factory=Future)

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class Writer:
    """Writes batches in the order in which each channel puts them, and what is called between.

    When the warehouse is unavailable, all that waits fails with the one error, and so does what
    comes within the next ``recovery`` seconds. When the thread itself ends by a defect, all that
    waits or comes fails: nobody waits for nothing, and nothing counts as written that is not.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        observe: events.Observer | None = None,
        *,
        recovery: float = _RECOVERY,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._warehouse, self._observe = warehouse, observe
        self._recovery, self._now = recovery, now
        self._queue: deque[_Load | _Call] = deque()
        self._queued_rows = 0
        self._hurried = False
        self._rested = -math.inf
        self._ended: WarehouseError | None = None
        self._refusal: WarehouseError | None = None
        self._refused_until = 0.0
        self._changed = threading.Condition()
        self._maker = ThreadPoolExecutor(1, "maker")
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._thread.start()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.close()

    @property
    def ended(self) -> WarehouseError | None:
        """Why nothing can be written any more, if so: a process that stays on has to begin anew."""
        return self._ended

    def put(self, ticket: Ticket, batch: Batch) -> None:
        """Queue a batch; waits while enough is queued. Raises the error of an earlier batch."""
        self._put(ticket, batch.readings.num_rows, lambda: _done(batch))

    def put_unmade(self, ticket: Ticket, rows: int, make: Callable[[], Batch]) -> None:
        """``put`` for a batch of many rows that is still to be made, beside the writing."""
        self._put(ticket, rows, lambda: self._maker.submit(make))

    def _put(self, ticket: Ticket, rows: int, batch: "Callable[[], Future[Batch]]") -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._queued_rows < _QUEUED_ROWS or self._ended)
            if error := ticket.error or self._ended or self._refused():
                raise error
            ticket._took(self._hurry)
            self._queue.append(_Load(ticket, rows, batch()))
            self._queued_rows += rows
            self._changed.notify_all()

    def call(self, name: str, /, **parameters: Any) -> pa.Table:
        """``Warehouse.call`` after all that was put before; its answer, or what it raises."""
        return self._in_turn(partial(self._warehouse.call, name, **parameters))

    def query(self, name: str, /, **parameters: Any) -> pa.Table:
        """``Warehouse.query``, likewise: what is asked that a call depends on."""
        return self._in_turn(partial(self._warehouse.query, name, **parameters))

    def _in_turn(self, work: Callable[[], pa.Table]) -> pa.Table:
        call = _Call(work)
        with self._changed:
            if error := self._ended or self._refused():
                raise error
            self._queue.append(call)
            self._changed.notify_all()
        return call.answer.result()

    def close(self) -> None:
        """Write what is queued, and end the thread."""
        self._end(WarehouseError("the writer is closed: nothing more can be written"))
        self._thread.join()
        self._maker.shutdown()

    def _work(self) -> None:
        taken: Sequence[_Load | _Call] = ()
        try:
            while taken := self._next():
                self._do(taken)
        except BaseException as error:  # of a driver's, say: nobody may wait for what never comes
            logger.exception("The writer ended unexpectedly")
            ended = WarehouseError(f"the writer ended unexpectedly: {error!r}")
            self._end(ended)
            _fail((*taken, *self._drained()), ended)

    def _next(self) -> Sequence[_Load | _Call]:
        """A call, or the loads before the next one, a transaction's worth; nothing at the end."""
        taken: list[_Load | _Call] = []
        rows = 0
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._ended)
            self._changed.wait_for(self._is_time, timeout=_LINGER)
            if self._queue and isinstance(self._queue[0], _Call):
                return [self._queue.popleft()]
            self._changed.wait_for(self._is_full, timeout=max(0.0, self._rested - self._now()))
            while self._queue and rows < _GROUP_ROWS and len(taken) < _GROUP_BATCHES:
                if isinstance(first := self._queue[0], _Call):
                    break
                taken.append(self._queue.popleft())
                rows += first.rows
            self._queued_rows -= rows
            self._hurried = self._hurried and bool(self._queue)  # it may stand further behind
            self._changed.notify_all()
        return taken

    def _is_time(self) -> bool:
        """Whether what is queued makes a transaction, or somebody waits for it."""
        return bool(
            self._hurried or self._is_full() or any(isinstance(each, _Call) for each in self._queue)
        )

    def _is_full(self) -> bool:
        """Whether nothing that is still to come would make the transaction better."""
        is_enough = self._queued_rows >= _GROUP_ROWS or len(self._queue) >= _GROUP_BATCHES
        return bool(self._ended or is_enough)

    def _hurry(self) -> None:
        with self._changed:
            self._hurried = True
            self._changed.notify_all()

    def _do(self, taken: Sequence[_Load | _Call]) -> None:
        batches: dict[Ticket, list[Batch]] = {}
        for each in taken:
            if isinstance(each, _Call):
                self._answer(each)
            elif not each.ticket.error and (batch := _made(each)):
                batches.setdefault(each.ticket, []).append(batch)
        self._load(batches)

    def _answer(self, call: _Call) -> None:
        try:
            call.answer.set_result(call.work())
        except WarehouseUnavailable as error:
            self._tell_failed(error)
            self._refuse(error)
            call.fail(error)
        except Exception as error:
            self._tell_failed(error)
            call.fail(error)

    def _tell_failed(self, error: Exception) -> None:
        events.tell(self._observe, events.WarehouseFailed(type(error).__name__))

    def _load(self, batches: Mapping[Ticket, Sequence[Batch]]) -> None:
        """Load in one transaction; if that fails, each channel's part on its own."""
        if not batches:
            return
        self._rested = self._now() + (_REST if len(batches) >= _CROWD else 0.0)
        if (error := self._refused() or self._try(batches)) is None:
            return
        if isinstance(error, WarehouseUnavailable):
            self._refuse(error)
        elif len(batches) > 1:
            for ticket, own in batches.items():
                self._load({ticket: own})
            return
        for ticket in batches:
            ticket._fail(error)

    def _try(self, batches: Mapping[Ticket, Sequence[Batch]]) -> FieldhouseError | None:
        """Load in one transaction; why it failed, if it did."""
        began = time.monotonic()
        try:
            counts = self._warehouse.load([batch for own in batches.values() for batch in own])
        except FieldhouseError as error:
            self._tell_failed(error)
            return error
        except Exception as error:  # a defect of ours must not leave the readers waiting forever
            self._tell_failed(error)
            logger.exception("A load failed unexpectedly")
            return WarehouseError(f"the load failed unexpectedly: {error!r}")
        for ticket, own in batches.items():
            count = counts.get(ticket.channel_id, Counts())
            ticket._committed(len(own), count)
            loaded = events.RowsLoaded(
                ticket.channel_id,
                count.inserted,
                count.updated,
                count.duplicates,
                count.rejected,
            )
            events.tell(self._observe, loaded)
        rows = sum(batch.readings.num_rows for own in batches.values() for batch in own)
        took = time.monotonic() - began
        ended = events.LoadEnded(len(batches), rows, took, self._queued_rows)
        events.tell(self._observe, ended)
        return None

    def _refused(self) -> WarehouseError | None:
        """The error of a warehouse that was unavailable, and is not asked again yet."""
        return self._refusal if self._now() < self._refused_until else None

    def _refuse(self, error: WarehouseUnavailable) -> None:
        """All that waits fails with the one error; the warehouse is left alone for a while."""
        if self._refused():
            return
        self._refusal, self._refused_until = error, self._now() + self._recovery
        _fail(self._drained(), error)

    def _drained(self) -> Sequence[_Load | _Call]:
        """All that waits, taken out of the queue."""
        with self._changed:
            waiting = tuple(self._queue)
            self._queue.clear()
            self._queued_rows = 0
            self._changed.notify_all()
        return waiting

    def _end(self, error: WarehouseError) -> None:
        with self._changed:
            self._ended = self._ended or error
            self._changed.notify_all()


def _done(batch: Batch) -> "Future[Batch]":
    done: Future[Batch] = Future()
    done.set_result(batch)
    return done


def _made(load: _Load) -> Batch | None:
    """The batch of a load; its channel fails where making it did."""
    try:
        return load.batch.result()
    except Exception as error:
        logger.exception("A batch could not be made")
        load.fail(WarehouseError(f"a batch could not be made: {error!r}"))
        return None


def _fail(waiting: Iterable[_Load | _Call], error: Exception) -> None:
    for each in waiting:
        each.fail(error)
