"""ClickHouse for tests: the engine in this process, a folder and some databases, emptied for each test."""

import shutil
import tempfile
from contextlib import closing, suppress
from pathlib import Path

from fieldhouse.warehouse import open_warehouse

__all__ = ["InProcess"]


class InProcess:
    """Empty warehouses in one folder: the engine has one folder a process, so each is a database.

    A migrated database is emptied and used again, which costs a twentieth of making one.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="chdb"))
        self._made: set[str] = set()
        self._handle: object = None

    def empty(self, number: int) -> str:
        """A URL of a warehouse of this version's schema without a row."""
        name = f"iot{number}" if number else "iot"
        if name in self._made:
            self._do(*(f"TRUNCATE TABLE {name}.{table}" for table in self._tables(name)))
        else:
            with closing(open_warehouse(self._url(name))) as house:
                house.migrate()
            self._made.add(name)
        return self._url(name)

    def fresh(self) -> str:
        """A URL where there is nothing, not even a schema."""
        self._made.discard("fresh")
        self._do("DROP DATABASE IF EXISTS fresh SYNC")
        return self._url("fresh")

    def drop(self) -> None:
        """Let go of the folder."""
        if self._handle is not None:
            self._handle.close()  # type: ignore[attr-defined]
        with suppress(OSError):
            shutil.rmtree(self._folder)

    def _url(self, name: str) -> str:
        return f"chdb:///{self._folder}?database={name}"

    def _tables(self, name: str) -> list[str]:
        wanted = (
            f"SELECT name FROM system.tables WHERE database = '{name}'"
            " AND engine LIKE '%MergeTree' AND name <> 'Scripts' AND total_rows > 0"
        )
        return str(self._query(wanted)).split()

    def _do(self, *statements: str) -> None:
        for statement in statements:
            self._query(statement)

    def _query(self, statement: str) -> object:
        import chdb

        if self._handle is None:  # held open: the engine shuts down with its last handle
            self._handle = chdb.connect(str(self._folder))
        return self._handle.query(statement, "TSV")  # type: ignore[attr-defined]
