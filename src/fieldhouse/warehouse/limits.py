"""How long an answer may take and how much of it is wanted, the same for every engine."""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

import pyarrow as pa

from fieldhouse.errors import ConfigurationError, DeadlinePassed, WarehouseError

__all__ = ["NO_LIMITS", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The first ``rows`` of an answer, within ``seconds`` from when this was made; None is open.

    With ``columns`` only those of a question's are answered, in that order, and where the engine
    can no others are read; a user's own SELECT says itself which it wants. Several questions asked
    with the same limits share the time, not the rows. Raises ConfigurationError for what no answer
    could keep.
    """

    seconds: float | None = None
    rows: int | None = None
    columns: tuple[str, ...] | None = None
    _ends_at: float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.seconds is not None and not self.seconds > 0:
            raise ConfigurationError(f"a deadline is seconds, more than 0, not {self.seconds}")
        if self.rows is not None and self.rows < 0:
            raise ConfigurationError(f"a row limit is a number of rows, not {self.rows}")
        ends_at = math.inf if self.seconds is None else monotonic() + self.seconds
        object.__setattr__(self, "_ends_at", ends_at)

    @property
    def left(self) -> float:
        """The seconds until the deadline, never below 0; without one infinity."""
        return max(0.0, self._ends_at - monotonic())

    @contextmanager
    def kept(self, where: str) -> Iterator[None]:
        """Raise DeadlinePassed for what the warehouse at ``where`` was not done with in time."""
        self.check(where)
        try:
            yield
        except WarehouseError as error:
            if self.left:
                raise
            raise self._passed(where) from error
        self.check(where)

    def first(self, batches: Iterable[pa.RecordBatch], where: str) -> Iterator[pa.RecordBatch]:
        """The rows that are wanted, no more being read. Raises DeadlinePassed between batches."""
        wanted = math.inf if self.rows is None else self.rows
        for batch in batches if wanted else ():
            yield batch if batch.num_rows <= wanted else batch.slice(0, int(wanted))
            wanted -= batch.num_rows
            if wanted <= 0:
                return
            self.check(where)

    def check(self, where: str) -> None:
        """Raise DeadlinePassed if it has."""
        if not self.left:
            raise self._passed(where)

    def _passed(self, where: str) -> DeadlinePassed:
        return DeadlinePassed(f"{where}: no answer within {self.seconds:g} s")


NO_LIMITS = Limits()
"""All rows, whenever they come."""
