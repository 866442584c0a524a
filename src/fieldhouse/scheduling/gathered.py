"""Leaf: questions of many threads, asked together; one costs about as much as a hundred."""

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from fieldhouse.errors import WarehouseUnavailable

__all__ = ["Gathered"]

K = TypeVar("K")
V = TypeVar("V")


@dataclass(slots=True)
class _Round(Generic[K, V]):
    """Those who are answered together."""

    keys: list[K] = field(default_factory=list)
    answers: "Future[Mapping[K, V]]" = field(default_factory=Future)


class Gathered(Generic[K, V]):
    """Whoever comes while one question is being answered shares the next with all who come then.

    ``answer`` is given the keys of a round and returns a value for each. What it raises is raised
    to all; but where it fails for many they are answered one by one, so that one key's error is
    not another's. Whoever is answered asked before the answer was begun. Two rounds begin
    ``apart`` seconds from each other at the least, so that some come together.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[K]], Mapping[K, V]],
        *,
        apart: float = 0.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._answer, self._apart, self._now = answer, apart, now
        self._rested = -math.inf
        self._joining, self._answering = threading.Lock(), threading.Lock()
        self._next: _Round[K, V] = _Round()

    def __call__(self, key: K) -> V:
        """The value of one key."""
        with self._joining:
            mine = self._next
            mine.keys.append(key)
            is_first = len(mine.keys) == 1
        if is_first:
            self._carry_out(mine)
        try:
            return mine.answers.result()[key]
        except WarehouseUnavailable:
            raise
        except Exception:
            if len(mine.keys) == 1:
                raise
        return self._answer([key])[key]

    def _carry_out(self, mine: _Round[K, V]) -> None:
        with self._answering:
            time.sleep(max(0.0, self._rested - self._now()))
            self._rested = self._now() + self._apart
            with self._joining:
                self._next = _Round()
            try:
                mine.answers.set_result(self._answer(list(dict.fromkeys(mine.keys))))
            except BaseException as error:
                mine.answers.set_exception(error)
