"""A warehouse that is another one, but for what a kind of it does in its own way."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Self

import pyarrow as pa

from fieldhouse.readings import Batch
from fieldhouse.warehouse import Counts, Limits, Part, Warehouse
from fieldhouse.warehouse.limits import NO_LIMITS

__all__ = ["Forwarding"]


@dataclass(frozen=True, slots=True)
class Forwarding:
    """Passes everything on to ``house``. See `Warehouse`."""

    house: Warehouse

    def query(self, name: str, limits: Limits = NO_LIMITS, /, **parameters: Any) -> pa.Table:
        """Answer a question."""
        return self.house.query(name, limits, **parameters)

    def scan(
        self, name: str, limits: Limits = NO_LIMITS, /, **parameters: Any
    ) -> pa.RecordBatchReader:
        """Answer a question batch by batch."""
        return self.house.scan(name, limits, **parameters)

    def sql(self, statement: str, parameters: Sequence[Any] = (), /) -> pa.Table:
        """Answer a user's own SELECT."""
        return self.stream(statement, parameters=parameters).read_all()

    def stream(
        self, statement: str, limits: Limits = NO_LIMITS, /, *, parameters: Sequence[Any] = ()
    ) -> pa.RecordBatchReader:
        """Answer a user's own SELECT batch by batch."""
        return self.house.stream(statement, limits, parameters=parameters)

    def call(self, name: str, /, **parameters: Any) -> pa.Table:
        """Carry out a call."""
        return self.house.call(name, **parameters)

    def load(self, batches: Sequence[Batch]) -> Mapping[int, Counts]:
        """Write batches."""
        return self.house.load(batches)

    def replace(self, table: str, part: Part, rows: pa.Table, /) -> None:
        """Replace a part of a kept table."""
        self.house.replace(table, part, rows)

    def migrate(self) -> Sequence[str]:
        """Bring the schema up to this version."""
        return self.house.migrate()

    def advice(self) -> Sequence[str]:
        """What could be set better."""
        return self.house.advice()

    def lock(self, channel_id: int, wait: float | None = None) -> AbstractContextManager[None]:
        """Hold a channel."""
        return self.house.lock(channel_id, wait)

    def __enter__(self) -> Self:
        """The warehouse itself."""
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give everything back."""
        self.house.close()
