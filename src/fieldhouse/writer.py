"""One thread that writes, for any number of threads that read.

Pages queue up while a transaction commits and are then loaded together: the busier the fetching,
the larger the transactions. The queue is short, so memory does not grow with a channel's length.
"""

import logging
import threading
from collections import deque
from collections.abc import Mapping
from types import TracebackType

from fieldhouse import events
from fieldhouse.errors import FieldhouseError, WarehouseError
from fieldhouse.readings import Batch
from fieldhouse.warehouse import Counts, Warehouse

__all__ = ["Ticket", "Writer"]

logger = logging.getLogger(__name__)

_QUEUED_ROWS = 96_000
"""Rows that may wait; what comes then has to wait itself."""
_GROUP_ROWS = 64_000
_GROUP_BATCHES = 500


class Ticket:
    """One channel's place in the queue: what of it is committed, and the error that ended it."""

    def __init__(self, channel_id: int) -> None:
        self.channel_id = channel_id
        self.counts = Counts()
        self.error: Exception | None = None
        self._pending = 0
        self._settled = threading.Condition()

    def _took(self) -> None:
        with self._settled:
            self._pending += 1

    def _done(self, batches: int) -> None:
        with self._settled:
            self._pending -= batches
            self._settled.notify_all()

    def wait(self) -> None:
        """Return when all that was put is committed; raise the error if it could not be."""
        with self._settled:
            self._settled.wait_for(lambda: self._pending == 0)
        if self.error:
            raise self.error


class Writer:
    """Writes batches in the order in which each channel puts them."""

    def __init__(self, warehouse: Warehouse, observe: events.Observer | None = None) -> None:
        self._warehouse = warehouse
        self._observe = observe
        self._queue: deque[tuple[Ticket, Batch]] = deque()
        self._queued_rows = 0
        self._open = True
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._thread.start()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.close()

    def put(self, ticket: Ticket, batch: Batch) -> None:
        """Queue a batch; waits while enough is queued. Raises the error of an earlier batch."""
        if ticket.error:
            raise ticket.error
        with self._changed:
            self._changed.wait_for(lambda: self._queued_rows < _QUEUED_ROWS or not self._open)
            if not self._open:
                raise WarehouseError("the writer is closed: nothing more can be written")
            ticket._took()
            self._queue.append((ticket, batch))
            self._queued_rows += batch.readings.num_rows
            self._changed.notify_all()

    def close(self) -> None:
        """Write what is queued, and end the thread."""
        with self._changed:
            self._open = False
            self._changed.notify_all()
        self._thread.join()

    def _work(self) -> None:
        while group := self._next_group():
            self._load(group)

    def _next_group(self) -> list[tuple[Ticket, Batch]]:
        """All that waits, up to a transaction's worth; nothing when closed and empty."""
        group: list[tuple[Ticket, Batch]] = []
        rows = 0
        with self._changed:
            self._changed.wait_for(lambda: self._queue or not self._open)
            while self._queue and rows < _GROUP_ROWS and len(group) < _GROUP_BATCHES:
                group.append(self._queue.popleft())
                rows += group[-1][1].readings.num_rows
            self._queued_rows -= rows
            self._changed.notify_all()
        return group

    def _load(self, group: list[tuple[Ticket, Batch]]) -> None:
        """Load a group in one transaction; if that fails, each channel's part on its own."""
        try:
            sound = [(ticket, batch) for ticket, batch in group if not ticket.error]
            tickets = {ticket.channel_id: ticket for ticket, _ in sound}
            if len(tickets) > 1 and self._try(tickets, sound) is None:
                return
            for ticket in tickets.values():
                own = [item for item in sound if item[0] is ticket]
                ticket.error = self._try({ticket.channel_id: ticket}, own)
        finally:
            for ticket, _ in group:
                ticket._done(1)

    def _try(
        self, tickets: Mapping[int, Ticket], items: list[tuple[Ticket, Batch]]
    ) -> Exception | None:
        """Load in one transaction; why it failed, if it did."""
        try:
            counts = self._warehouse.load([batch for _, batch in items])
        except FieldhouseError as error:
            return error
        except Exception as error:  # a defect of ours must not leave the readers waiting forever
            logger.exception("A load failed unexpectedly")
            return WarehouseError(f"the load failed unexpectedly: {error!r}")
        for channel_id, count in counts.items():
            tickets[channel_id].counts += count
            loaded = events.RowsLoaded(
                channel_id, count.inserted, count.updated, count.duplicates, count.rejected
            )
            events.tell(self._observe, loaded)
        return None
