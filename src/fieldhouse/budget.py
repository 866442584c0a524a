"""The daily budget of requests, counted in the warehouse, so that no process can forget it.

A process takes a few requests at a time, and gives back at the end what it has not made; one that
is killed takes at most a hundredth of the budget with it.
"""

import logging
import threading
from collections.abc import Callable
from datetime import date, datetime
from types import TracebackType

from fieldhouse.errors import BudgetExhausted, FieldhouseError
from fieldhouse.warehouse import Warehouse

__all__ = ["Budget"]

logger = logging.getLogger(__name__)

_LARGEST_LEASE = 20


class Budget:
    """So many requests in a day (UTC), whichever processes make them. Safe between threads.

    ``clock`` gives the present instant, naive UTC. Close it before the warehouse.
    """

    def __init__(self, warehouse: Warehouse, requests: int, clock: Callable[[], datetime]) -> None:
        self._warehouse, self._requests, self._clock = warehouse, requests, clock
        self._lease = max(1, min(_LARGEST_LEASE, requests // 100))
        self._day: date | None = None
        self._left = 0
        self._lock = threading.Lock()

    def __enter__(self) -> "Budget":
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.close()

    def spend(self) -> None:
        """Take one request. Raises BudgetExhausted, and counts nothing, when there is none left."""
        with self._lock:
            self._begin(self._clock().date())
            if not self._left:
                self._left = self._count(self._lease)
            if not self._left:
                raise BudgetExhausted(
                    f"the daily budget of {self._requests:,} requests is used up until midnight UTC"
                    " (the setting daily_budget)"
                )
            self._left -= 1

    def give_back(self) -> None:
        """The request that was taken last was not made."""
        with self._lock:
            if self._clock().date() == self._day:
                self._left += 1

    def close(self) -> None:
        """Give back what was not made; what is spent afterwards is counted anew."""
        with self._lock:
            self._begin(None)

    def _begin(self, day: date | None) -> None:
        """What is left of another day goes back to that day."""
        if day == self._day:
            return
        try:
            if self._left:
                self._count(-self._left)
        except FieldhouseError as error:
            logger.warning("%d requests that were not made stay counted: %s", self._left, error)
        self._day, self._left = day, 0

    def _count(self, requests: int) -> int:
        """Add to the day's requests, within the budget; how many were granted."""
        counted = self._warehouse.call(
            "count_requests", day=self._day, requests=requests, budget=self._requests
        )
        return int(counted["Granted"][0].as_py())
