"""A warehouse as one answer asks it: within its time, and only as long as somebody waits."""

import pickle
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any, Self

import pyarrow as pa

from fieldhouse.readings import Batch
from fieldhouse.warehouse import Counts, Limits, Part, Warehouse
from fieldhouse.warehouse.limits import NO_LIMITS
from fieldhouse.web.limits.together import Together

__all__ = ["Bounded"]

_PATIENCE = 10.0
"""Seconds that a request waits for a channel which somebody else is at."""

_LONGEST = 3600.0
"""Seconds that an answer may be on its way, at the pace of whoever reads it."""


@dataclass(frozen=True, slots=True)
class Bounded:
    """A warehouse whose answers come within ``seconds`` each, and end once ``stop`` is set.

    Limits that say less or more themselves hold. What comes batch by batch, at the pace of its
    reader, may take an hour. Nobody waits longer than ten seconds for a channel. What is asked of
    it by several at the same time is asked of the warehouse once. See ``Warehouse``.
    """

    house: Warehouse
    seconds: float
    stop: threading.Event
    _together: Together[pa.Table] = field(default_factory=Together, repr=False, compare=False)

    def query(self, name: str, limits: Limits = NO_LIMITS, /, **parameters: Any) -> pa.Table:
        """Answer a question."""
        bounds = self._limits(limits, self.seconds)
        question = (name, bounds, pickle.dumps(parameters))
        return self._together.ask(
            question, lambda: self.house.query(name, bounds, **parameters), bounds
        )

    def scan(
        self, name: str, limits: Limits = NO_LIMITS, /, **parameters: Any
    ) -> pa.RecordBatchReader:
        """Answer a question batch by batch."""
        return self.house.scan(name, self._limits(limits, _LONGEST), **parameters)

    def sql(self, statement: str, parameters: Sequence[Any] = (), /) -> pa.Table:
        """Answer a user's own SELECT."""
        return self.stream(statement, parameters=parameters).read_all()

    def stream(
        self, statement: str, limits: Limits = NO_LIMITS, /, *, parameters: Sequence[Any] = ()
    ) -> pa.RecordBatchReader:
        """Answer a user's own SELECT batch by batch."""
        return self.house.stream(statement, self._limits(limits, _LONGEST), parameters=parameters)

    def call(self, name: str, /, **parameters: Any) -> pa.Table:
        """Carry out a call; what writes is not broken off."""
        return self.house.call(name, **parameters)

    def load(self, batches: Sequence[Batch]) -> Mapping[int, Counts]:
        """Write batches; what writes is not broken off."""
        return self.house.load(batches)

    def replace(self, table: str, part: Part, rows: pa.Table, /) -> None:
        """Replace a part of a kept table; what writes is not broken off."""
        self.house.replace(table, part, rows)

    def migrate(self) -> Sequence[str]:
        """Bring the schema up to this version."""
        return self.house.migrate()

    def advice(self) -> Sequence[str]:
        """What could be set better."""
        return self.house.advice()

    def lock(self, channel_id: int, wait: float | None = None) -> AbstractContextManager[None]:
        """Hold a channel. Raises WarehouseLocked where another holds it for too long."""
        return self.house.lock(channel_id, min(self.seconds, _PATIENCE) if wait is None else wait)

    def __enter__(self) -> Self:
        """The warehouse; it stays open afterwards."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close nothing."""

    def close(self) -> None:
        """Close nothing: the warehouse is others' too."""

    def _limits(self, limits: Limits, seconds: float) -> Limits:
        return replace(limits, seconds=limits.seconds or seconds, stop=limits.stop or self.stop)
