"""The warehouse: one seam, and an engine behind it.

Nothing above this folder knows which engine it talks to; no engine imports another. Every promise
is worded so that the weakest engine can keep it.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import pyarrow as pa

from fieldhouse.errors import ConfigurationError
from fieldhouse.readings import Batch

__all__ = ["Counts", "Warehouse", "open_warehouse"]


@dataclass(frozen=True, slots=True)
class Counts:
    """What a load did with the rows of one channel.

    Every reading offered is one of ``inserted``, ``updated`` or ``duplicates``; ``raw`` counts the
    texts that were new to ``iot.RawValues``.
    """

    inserted: int = 0
    updated: int = 0
    duplicates: int = 0
    raw: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Both together."""
        return Counts(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.duplicates + other.duplicates,
            self.raw + other.raw,
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

    def query(self, name: str, /, **parameters: Any) -> pa.Table:
        """Answer the SQL file ``name``, which only reads; times are naive UTC."""
        ...

    def scan(self, name: str, /, **parameters: Any) -> pa.RecordBatchReader:
        """Answer as ``query`` does, batch by batch, for what may not fit into memory."""
        ...

    def call(self, name: str, /, **parameters: Any) -> pa.Table:
        """Run the SQL file ``name``, which may write, in one transaction; its last answer.

        A parameter that is an Arrow table is a relation of that name to the statements.
        """
        ...

    def stream(self, statement: str, /) -> pa.RecordBatchReader:
        """Answer a user's own SELECT, batch by batch; nothing can be written through it."""
        ...

    def lock(self, channel_id: int) -> AbstractContextManager[None]:
        """Hold the channel while it is planned and loaded; other holders wait, in any process."""
        ...

    def close(self) -> None:
        """Give everything back; a second time is a no-op."""
        ...


def open_warehouse(
    url: str, *, read_only: bool = False, password: str | None = None, create: bool = False
) -> Warehouse:
    """Open the warehouse at ``url``: ``duckdb:///path`` (a bare path will do) or ``sqlserver://``.

    A missing DuckDB file is created unless ``read_only``; a missing database on a server is created
    with ``create``, by a login that may. ``password`` is the login's; it never stands in the URL.
    Raises ConfigurationError for a URL that no engine answers to, WarehouseLocked,
    WarehouseUnavailable and WarehouseUnusable for what the engine says. The schema is not touched:
    call ``migrate``.
    """
    scheme = urlsplit(url).scheme if "://" in url or url.startswith("duckdb:") else "duckdb"
    if scheme == "sqlserver":
        return _sqlserver(url, password, read_only=read_only, create=create)
    if scheme != "duckdb":
        raise ConfigurationError(
            f"no warehouse engine for {scheme}://: this version knows duckdb:///path/to/file.duckdb"
            " and sqlserver://user@host/database"
        )
    from fieldhouse.warehouse.engines.duckdb.warehouse import DuckDBWarehouse

    path = url.removeprefix("duckdb://").removeprefix("/") if "://" in url else url
    return DuckDBWarehouse.open(path, read_only=read_only)


def _sqlserver(url: str, password: str | None, *, read_only: bool, create: bool) -> Warehouse:
    try:
        from fieldhouse.warehouse.engines.sqlserver.warehouse import SQLServerWarehouse
    except ModuleNotFoundError as error:
        if error.name != "mssql_python":
            raise
        raise ConfigurationError(
            "SQL Server's driver is missing: pip install 'fieldhouse[sqlserver]'"
        ) from None
    return SQLServerWarehouse.open(url, password, read_only=read_only, create=create)
