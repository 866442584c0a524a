"""How much goes on at a time, each kind apart, so that none of them waits for the others."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

import anyio
import anyio.to_thread

from fieldhouse.errors import WarehouseUnavailable

__all__ = ["Threads", "Turns", "in_turn"]

T = TypeVar("T")
_PATIENCE = 5.0
"""Seconds that a query waits for its turn."""
_ENOUGH = "other queries are running, as many as may at a time: ask again in a few seconds"


class Threads:
    """The threads of one server; its pages have the forty that are there by default."""

    def __init__(self, *, patience: float = _PATIENCE) -> None:
        """``patience``: seconds that a person's query waits for its turn."""
        self.patience = patience
        self.answers = anyio.CapacityLimiter(16)
        """Of the API."""
        self.queries = anyio.CapacityLimiter(6)
        """Of people's own SQL, by a page or the API: a slow one holds up others of its kind."""
        self.devices = anyio.CapacityLimiter(16)
        """Of ThingSpeak's endpoints, which may wait for a channel that is being read."""

    async def query(self, work: Callable[..., T], *given: object) -> T:
        """Do a piece of work with a person's own SQL, in one of the threads for it.

        Raises WarehouseUnavailable where none is free for some seconds.
        """
        return await in_turn(self.queries, self.patience, work, *given)


async def in_turn(
    limiter: anyio.CapacityLimiter, patience: float | None, work: Callable[..., T], *given: object
) -> T:
    """Do a piece of work in a thread, when there is one; it is waited for so many seconds.

    Raises WarehouseUnavailable where none is free by then.
    """
    mine = object()
    try:
        with anyio.fail_after(patience):
            await limiter.acquire_on_behalf_of(mine)
    except TimeoutError:
        raise WarehouseUnavailable(_ENOUGH) from None
    try:
        alone = anyio.CapacityLimiter(1)  # the turn is ours already
        return await anyio.to_thread.run_sync(work, *given, limiter=alone)
    finally:
        limiter.release_on_behalf_of(mine)


class Turns:
    """Counts those who are at something, of whom there should be so many; nobody waits."""

    def __init__(self, most: int) -> None:
        self._most, self._taken = most, 0
        self._changing = Lock()

    @property
    def is_full(self) -> bool:
        """Whether as many are at it as may."""
        return self._taken >= self._most

    @contextmanager
    def one(self) -> Iterator[None]:
        """Take a turn, for the time of a ``with``."""
        with self._changing:
            self._taken += 1
        try:
            yield
        finally:
            with self._changing:
                self._taken -= 1
