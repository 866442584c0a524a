"""A warehouse as all of a process share it: what is written is seen by whoever asks next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from fieldhouse.readings import Batch
from fieldhouse.warehouse import Counts, Part
from fieldhouse.web.limits.answers import Answers
from fieldhouse.web.limits.forwarding import Forwarding

__all__ = ["Shared"]


@dataclass(frozen=True, slots=True)
class Shared(Forwarding):
    """A warehouse through which a whole process writes, and ``answers`` that none of it outdates.

    Its own questions are put each by itself, as those need who plan by them. What a call writes in
    turns, and what other processes write, is in ``answers`` a second later.
    """

    answers: Answers = field(default_factory=Answers, repr=False, compare=False)

    def call(self, name: str, /, **parameters: Any) -> pa.Table:
        """Carry out a call."""
        try:
            return self.house.call(name, **parameters)
        finally:
            self.answers.forget()

    def load(self, batches: Sequence[Batch]) -> Mapping[int, Counts]:
        """Write batches."""
        try:
            return self.house.load(batches)
        finally:
            self.answers.forget()

    def replace(self, table: str, part: Part, rows: pa.Table, /) -> None:
        """Replace a part of a kept table."""
        try:
            self.house.replace(table, part, rows)
        finally:
            self.answers.forget()

    def migrate(self) -> Sequence[str]:
        """Bring the schema up to this version."""
        try:
            return self.house.migrate()
        finally:
            self.answers.forget()
