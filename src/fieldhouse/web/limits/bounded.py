"""A warehouse as one answer asks it: within its time, and only as long as somebody waits."""

import pickle
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from fieldhouse.warehouse import Limits
from fieldhouse.warehouse.limits import NO_LIMITS
from fieldhouse.web.limits.answers import Answers
from fieldhouse.web.limits.forwarding import Forwarding

__all__ = ["Bounded"]

_PATIENCE = 10.0
"""Seconds that a request waits for a channel which somebody else is at."""

_LONGEST = 3600.0
"""Seconds that an answer may be on its way, at the pace of whoever reads it."""


@dataclass(frozen=True, slots=True)
class Bounded(Forwarding):
    """A warehouse whose answers come within ``seconds`` each, and end once ``stop`` is set.

    Limits that say less or more themselves hold. What comes batch by batch, at the pace of its
    reader, may take an hour; what writes is not broken off. Nobody waits longer than ten seconds
    for a channel. With ``answers`` what several ask is asked once.
    """

    seconds: float
    stop: threading.Event
    answers: Answers | None = None

    def query(self, name: str, limits: Limits = NO_LIMITS, /, **parameters: Any) -> pa.Table:
        """Answer a question."""
        bounds = self._limits(limits, self.seconds)
        if self.answers is None:
            return self.house.query(name, bounds, **parameters)
        question = (name, bounds, pickle.dumps(parameters))
        return self.answers.ask(
            question, lambda: self.house.query(name, bounds, **parameters), bounds
        )

    def scan(
        self, name: str, limits: Limits = NO_LIMITS, /, **parameters: Any
    ) -> pa.RecordBatchReader:
        """Answer a question batch by batch."""
        return self.house.scan(name, self._limits(limits, _LONGEST), **parameters)

    def stream(
        self, statement: str, limits: Limits = NO_LIMITS, /, *, parameters: Sequence[Any] = ()
    ) -> pa.RecordBatchReader:
        """Answer a user's own SELECT batch by batch."""
        return self.house.stream(statement, self._limits(limits, _LONGEST), parameters=parameters)

    def lock(self, channel_id: int, wait: float | None = None) -> AbstractContextManager[None]:
        """Hold a channel. Raises WarehouseLocked where another holds it for too long."""
        return self.house.lock(channel_id, min(self.seconds, _PATIENCE) if wait is None else wait)

    def close(self) -> None:
        """Close nothing: the warehouse is others' too."""

    def _limits(self, limits: Limits, seconds: float) -> Limits:
        return replace(limits, seconds=limits.seconds or seconds, stop=limits.stop or self.stop)
