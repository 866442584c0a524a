"""ClickHouse for tests: the engine in this process; a folder, and databases emptied for each."""

import os
import shutil
import tempfile
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from fieldhouse.warehouse import open_warehouse

__all__ = ["PASSWORD", "InProcess", "OnServer", "run_on_clickhouse", "warehouses"]

SERVER = os.environ.get("FIELDHOUSE_TEST_CLICKHOUSE", "")
"""A URL of a server without a database, where one is to take the place of the engine in process."""
PASSWORD = os.environ.get("FIELDHOUSE_TEST_CLICKHOUSE_PASSWORD", "")


def run_on_clickhouse(url: str, *statements: str) -> None:
    """Run statements as they stand in the database that a URL names."""
    if url.startswith("clickhouse:"):
        with closing(_client(url.rpartition("/")[2])) as client:
            for statement in statements:
                client.command(statement)
        return
    import chdb

    folder, _, database = url.removeprefix("chdb:///").partition("?database=")
    handle = chdb.connect(folder)
    try:
        for statement in (f"USE {database}", *statements):
            handle.query(statement)
    finally:
        handle.close()


class InProcess:
    """Empty warehouses in one folder: the engine has one folder a process, so each is a database.

    A migrated database is emptied and used again, which costs a twentieth of making one.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="chdb"))
        self._made: set[str] = set()
        self._fresh = 0
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
        self._fresh += 1
        return self._url(f"fresh{self._fresh}")

    def one(self, statement: str) -> str:
        """The one value that a statement answers, as text."""
        return str(self._query(statement)).strip()

    def let_go(self) -> None:
        """Leave the folder to another process: it has one at a time."""
        if self._handle is not None:
            self._handle.close()  # type: ignore[attr-defined]
            self._handle = None

    def drop(self) -> None:
        """Let go of the folder, and of what is in it."""
        self.let_go()
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


class OnServer(InProcess):
    """The same on a server."""

    def drop(self) -> None:
        """Let go of the databases."""
        super().drop()
        fresh = {f"fresh{number}" for number in range(1, self._fresh + 1)}
        self._do(*(f"DROP DATABASE IF EXISTS {name} SYNC" for name in self._made | fresh))

    def _url(self, name: str) -> str:
        return f"{SERVER}/{name}"

    def _query(self, statement: str) -> object:
        with closing(_client("default")) as client:
            return client.raw_query(statement, fmt="TSV").decode()


def _client(database: str) -> Any:
    import clickhouse_connect

    dsn = SERVER.replace("clickhouse://", "http://")
    return clickhouse_connect.get_client(dsn=dsn, password=PASSWORD, database=database)


def warehouses() -> InProcess:
    """Where the contract's warehouses are."""
    return OnServer() if SERVER else InProcess()
