"""The warehouse: one seam, and an engine behind it.

Nothing above this folder knows which engine it talks to; no engine imports another. Every promise
is worded so that the weakest engine can keep it.
"""

import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, Self, runtime_checkable

import pyarrow as pa

from fieldhouse.errors import ConfigurationError, WarehouseLocked
from fieldhouse.events import Observer
from fieldhouse.readings import Batch
from fieldhouse.state import Run, Span
from fieldhouse.warehouse.kept import Part
from fieldhouse.warehouse.limits import NO_LIMITS, Limits
from fieldhouse.warehouse.owner import note_of
from fieldhouse.warehouse.registry import SERVED, Opening, engine_of

__all__ = [
    "NO_LIMITS",
    "Counts",
    "HasOwner",
    "HasProcedures",
    "Limits",
    "Order",
    "Part",
    "Warehouse",
    "open_warehouse",
]


@dataclass(frozen=True, slots=True)
class Counts:
    """What a load did with the rows of one channel.

    Every reading offered is one of ``inserted``, ``updated`` or ``duplicates``; ``raw`` counts the
    texts that were new to ``iot.RawValues``, ``rejected`` the entries new to ``RejectedEntries``.
    """

    inserted: int = 0
    updated: int = 0
    duplicates: int = 0
    raw: int = 0
    rejected: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Both together."""
        return Counts(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.duplicates + other.duplicates,
            self.raw + other.raw,
            self.rejected + other.rejected,
        )


class Warehouse(Protocol):
    """A SQL warehouse that holds ThingSpeak channels. Safe to share between threads."""

    def migrate(self) -> Sequence[str]:
        """Bring the schema up to this version; the names of what was applied, in order.

        Safe when two run at once. Raises WarehouseUnusable for a schema newer than this program, or
        one whose applied migrations no longer have the text that was applied.
        """
        ...

    def advice(self) -> Sequence[str]:
        """What could be set better in the warehouse's surroundings, a line each; none if all is."""
        ...

    def load(self, batches: Sequence[Batch]) -> Mapping[int, Counts]:
        """Write the batches of one or many channels in one transaction: all of it or none.

        Returns the counts by channel id. The same batch again changes nothing. Raises EntryConflict
        when a batch names an entry that its epoch holds with another time, StateMoved when a batch
        names an epoch that is not the channel's newest.
        """
        ...

    def query(self, name: str, limits: Limits = NO_LIMITS, /, **parameters: Any) -> pa.Table:
        """Answer a question of ``questions.QUERIES``, in its columns; times are naive UTC.

        Raises ConfigurationError for a name or a parameter that will not do, DeadlinePassed where
        ``limits`` gives a deadline; a row limit takes the first rows.
        """
        ...

    def scan(
        self, name: str, limits: Limits = NO_LIMITS, /, **parameters: Any
    ) -> pa.RecordBatchReader:
        """Answer as ``query`` does, batch by batch, for what may not fit into memory.

        A deadline is that of the whole reading, the caller's own pace included.
        """
        ...

    def call(self, name: str, /, **parameters: Any) -> pa.Table:
        """Carry out a call of ``questions.CALLS``, which may write, in one transaction.

        What may be a lot, as a refresh, comes in turns, each a transaction, and lets others write
        between two of them.
        """
        ...

    def sql(self, statement: str, parameters: Sequence[Any] = (), /) -> pa.Table:
        """Answer a user's own SELECT; nothing can be written through it.

        ``parameters`` stand in for its question marks, in order. Times are as the SELECT has them:
        those of our tables are naive UTC. Raises ConfigurationError, with the engine's own hint,
        for a statement that is wrong.

        >>> from fieldhouse import open_warehouse
        >>> with open_warehouse("fieldhouse.duckdb", read_only=True) as warehouse:
        ...     named = "SELECT ChannelName FROM iot.Channels WHERE ChannelID = ?"
        ...     print(warehouse.sql(named, [12001]).to_pylist())
        [{'ChannelName': 'Weather station'}]
        """
        ...

    def stream(
        self, statement: str, limits: Limits = NO_LIMITS, /, *, parameters: Sequence[Any] = ()
    ) -> pa.RecordBatchReader:
        """Answer as ``sql`` does, batch by batch, for what may not fit into memory."""
        ...

    def replace(self, table: str, part: Part, rows: pa.Table, /) -> None:
        """Put rows in the place of what a part of a table of ``kept.KEPT`` holds, whole or not.

        For copies of whole warehouses: rows come as another one keeps them, and nothing follows
        from them that does not come as well. Numbers that the engine gives go on after them.
        """
        ...

    def lock(self, channel_id: int, wait: float | None = None) -> AbstractContextManager[None]:
        """Hold the channel while it is planned and loaded; other holders wait, in any process.

        Raises WarehouseLocked where it is not free within ``wait`` seconds; None: as long as the
        engine waits.
        """
        ...

    def __enter__(self) -> Self:
        """The warehouse itself, closed at the end of a ``with``."""
        ...

    def __exit__(self, *_: object) -> None: ...

    def close(self) -> None:
        """Give everything back; a second time is a no-op."""
        ...


@runtime_checkable
class HasProcedures(Protocol):
    """What a warehouse can moreover do whose engine keeps stored procedures."""

    def execute(self, procedure: str, values: Sequence[Any] = (), /) -> pa.Table:
        """Execute any procedure of the database, its parameters by position; its first answer.

        ``procedure`` is a name, or a schema and a name: ``iot.usp_ProcessSensorReadings``.
        """
        ...


@dataclass(frozen=True, slots=True)
class Order:
    """A turn over some channels that a warehouse's owner is asked to do.

    ``configured`` is a digest of what the asker has set of ThingSpeak and of these channels.
    """

    channel_ids: tuple[int, ...]
    configured: str
    kind: str = "run"
    workers: int = 4
    tail_size: int | None = None
    again: Span | None = None


@runtime_checkable
class HasOwner(Protocol):
    """What a warehouse can moreover do that another process, `fieldhouse serve`, owns."""

    ranges: str | None
    """A digest of the ranges that the owner judges by; None if it copies nothing itself."""

    def carry_out(
        self, order: Order, observe: Observer | None, stop: threading.Event
    ) -> Sequence[Run] | None:
        """Have the owner do it; its runs, once it has ended, or ``stop`` was set and it has.

        None where it is not the owner's to do, which copies nothing or is configured otherwise.
        """
        ...


def open_warehouse(
    url: str | os.PathLike[str],
    *,
    read_only: bool = False,
    password: str | None = None,
    create: bool = False,
    wait: float = 0.0,
    own: bool = False,
    observe: Observer | None = None,
) -> Warehouse:
    """Open the warehouse at ``url``: ``duckdb:///path`` (a bare path will do) or ``sqlserver://``.

    A missing DuckDB file is created unless ``read_only``; a missing database on a server is created
    with ``create``, by a login that may. ``password`` is the login's; it never stands in the URL.
    A file that another process holds is waited for, up to ``wait`` seconds; ``observe`` is told.
    One that `fieldhouse serve` holds is opened through that process, unless ``own``.
    Raises ConfigurationError for a URL that no engine answers to, WarehouseLocked,
    WarehouseUnavailable and WarehouseUnusable for what the engine says. The schema is not touched:
    call ``migrate``.

    >>> from fieldhouse import open_warehouse
    >>> with open_warehouse("fieldhouse.duckdb", read_only=True) as warehouse:
    ...     print(warehouse.query("channels")["ChannelID"].to_pylist())
    [12001]
    """
    opening = Opening(
        _named(url),
        password,
        read_only=read_only,
        create=create,
        wait=wait,
        observe=observe,
        elsewhere=partial(_served, read_only=read_only, own=own),
    )
    warehouse: Warehouse = engine_of(opening.url).load().open(opening)
    return warehouse


def _named(url: object) -> str:
    """A URL or a path as text; what is neither would become a file that is called so."""
    try:
        name = os.fsdecode(url)  # type: ignore[arg-type]
    except TypeError:
        name = ""
    if not name.strip() or "\0" in name:
        raise ConfigurationError(
            "no warehouse is named: give a path, or a URL as duckdb:///x.duckdb"
            + ("" if url is None or isinstance(url, str) else f", not a {type(url).__name__}")
        )
    return name


def _served(file: str, *, read_only: bool, own: bool) -> Warehouse | None:
    """The file through the process that serves it; None where none says that it does.

    Raises WarehouseLocked where that is so, and the file was to be our ``own``.
    """
    if (note := note_of(file)) is None:
        return None
    warehouse: Warehouse | None = SERVED.load().open(note, file, read_only=read_only)
    if warehouse and own:
        warehouse.close()
        holder = f"process {note.pid}"
        raise WarehouseLocked(f"{file} is served by {holder}: a file has one owner", holder)
    return warehouse
