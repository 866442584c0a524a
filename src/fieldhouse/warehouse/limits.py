"""How long an answer may take and how much of it is wanted, the same for every engine."""

import math
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

import pyarrow as pa

from fieldhouse.errors import ConfigurationError, DeadlinePassed, Interrupted, WarehouseError

__all__ = ["NO_LIMITS", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The first ``rows`` of an answer, within ``seconds`` from when this was made; None is open.

    With ``columns`` only those of a question's are answered, in that order, and where the engine
    can no others are read; a user's own SELECT says itself which it wants. Several questions asked
    with the same limits share the time, not the rows. Once ``stop`` is set the answer is no longer
    wanted: it ends with Interrupted, amid a statement where the engine can. Raises
    ConfigurationError for what no answer could keep.
    """

    seconds: float | None = None
    rows: int | None = None
    columns: tuple[str, ...] | None = None
    stop: threading.Event | None = field(default=None, repr=False, compare=False)
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

    @property
    def is_over(self) -> bool:
        """Whether nothing more is wanted: too late, or stopped."""
        return not self.left or self._is_stopped

    @property
    def _is_stopped(self) -> bool:
        return self.stop is not None and self.stop.is_set()

    @contextmanager
    def kept(self, where: str) -> Iterator[None]:
        """Raise DeadlinePassed for what the warehouse at ``where`` was not done with in time."""
        self.check(where)
        try:
            yield
        except WarehouseError as error:
            if not self.is_over:
                raise
            raise self._over(where) from error
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
        """Raise DeadlinePassed if it has, Interrupted if nobody wants more."""
        if self.is_over:
            raise self._over(where)

    def _over(self, where: str) -> Exception:
        if self._is_stopped:
            return Interrupted(f"{where}: the answer is no longer wanted")
        return DeadlinePassed(f"{where}: no answer within {self.seconds:g} s")


NO_LIMITS = Limits()
"""All rows, whenever they come."""
