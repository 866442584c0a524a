"""What a declaration of a kept table is, and the statements that come of it.

They are in words that every engine's SQL has, so that an engine adds only how rows are put in. No
file holds them, as others: forty files would say the same of as many tables.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

__all__ = ["Kept", "Part"]

Statement = tuple[str, list[Any]]
"""SQL with question marks, and their values in order."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a table: those of some channels, and of ``[start, end)`` by its time.

    ``first`` and ``last``: the channels, both included; None: all. Times are naive UTC; None is
    open.
    """

    first: int | None = None
    last: int | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A table of the schema ``iot`` that a copy takes along.

    ``key``: what its rows are ordered by. ``at``: the time by which one that may be long is cut
    into months. ``numbers``: the column that the engine numbers by itself, which a copy brings, and
    ``numbered_with`` the table that it is numbered with, if not for itself. ``is_parent``: other
    tables refer to its rows, so that they change in place, by the key. ``is_set``: a row may stand
    there more than once and says no more.
    """

    name: str
    columns: pa.Schema
    key: tuple[str, ...]
    at: str | None = None
    numbers: str | None = None
    numbered_with: str | None = None
    is_parent: bool = False
    is_set: bool = False
    is_of_channels: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_of_channels", "ChannelID" in self.columns.names)

    def selected(self, part: Part) -> Statement:
        """The rows of a part, in the order of the key."""
        where, values = self._where(part)
        names = ", ".join(f"t.{name}" for name in self.columns.names)
        order = ", ".join(f"t.{name}" for name in self.key)
        every = "DISTINCT " if self.is_set else ""
        from_ = f"FROM iot.{self.name} AS t{where} ORDER BY {order}"
        return f"SELECT {every}{names} {from_}", values

    def counted(self) -> str:
        """How many rows there are, by channel, and by year and month where it is cut by time."""
        by = ["t.ChannelID"] if self.is_of_channels else []
        by += [f"YEAR(t.{self.at})", f"MONTH(t.{self.at})"] if self.at else []
        names = [name for name in ("ChannelID", "InYear", "InMonth") if self._has(name)]
        said = ", ".join(f"{word} AS {name}" for word, name in zip(by, names, strict=True))
        grouped = f" GROUP BY {', '.join(by)}" if by else ""
        return (
            f"SELECT {f'{said}, ' if by else ''}COUNT(*) AS Found"  # noqa: S608
            f" FROM {self._rows()} AS t{grouped}"
        )

    def deleted(self, part: Part) -> Statement:
        """The same part, taken out."""
        where, values = self._where(part)
        return f"DELETE FROM iot.{self.name}{where.replace('t.', '')}", values  # noqa: S608

    def shaped(self, rows: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        """An engine's rows in the declared types."""
        for batch in rows:
            yield batch.select(self.columns.names).cast(self.columns)

    def _rows(self) -> str:
        """What is counted."""
        if not self.is_set:
            return f"iot.{self.name}"
        return f"(SELECT DISTINCT {', '.join(self.columns.names)} FROM iot.{self.name})"  # noqa: S608

    def _has(self, name: str) -> bool:
        return self.is_of_channels if name == "ChannelID" else self.at is not None

    def _where(self, part: Part) -> Statement:
        bounds = [
            ("t.ChannelID >= ?", part.first),
            ("t.ChannelID <= ?", part.last),
            (f"t.{self.at} >= ?", part.start),
            (f"t.{self.at} < ?", part.end),
        ]
        said = [(text, value) for text, value in bounds if value is not None]
        where = f" WHERE {' AND '.join(text for text, _ in said)}" if said else ""
        return where, [value for _, value in said]
