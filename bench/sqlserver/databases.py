"""Databases of the benchmark's own, on the server that the environment names."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import mssql_python
import pyarrow as pa
from mssql_python import Connection

from bench.sqlserver import sql
from bench.sqlserver.sizes import CHANNEL
from fieldhouse.errors import WarehouseError
from fieldhouse.settings.sqlserver import SqlServerAddress
from fieldhouse.warehouse.engines.sqlserver.session import Server, answer, quoted
from fieldhouse.warehouse.engines.sqlserver.warehouse import SQLServerWarehouse
from fieldhouse.warehouse.registry import Opening

VARIABLE = "FIELDHOUSE_TEST_SQLSERVER"
HOW = (
    f"set {VARIABLE} to a server and a login that may create databases: "
    "sqlserver://sa:PASSWORD@127.0.0.1:1433/master?trust_server_certificate=yes"
)


@dataclass(frozen=True, slots=True)
class Database:
    """One database, with Fieldhouse's tables and the seed's."""

    server: Server
    warehouse: SQLServerWarehouse

    def ask(self, statement: str) -> pa.Table:
        """The answer to a statement, whole in memory."""
        with self.server.connected() as connection:
            return answer(connection, statement)

    def run(self, name: str) -> None:
        """Run a file of ``bench/sql``, part by part."""
        for batch in sql.batches(name):
            self.ask(batch)

    def trusting(self, bulk: bool) -> SQLServerWarehouse:
        """The warehouse with bulk copy, or without it; for loads only."""
        return SQLServerWarehouse(self.server, bulk=bulk)


class Databases:
    """The databases of one run; use ``made``."""

    def __init__(self, url: str) -> None:
        """Take the URL of a login that may create databases, its password in it."""
        given = urlsplit(url)
        login, _, self._host = given.netloc.rpartition("@")
        self._user, self._query = login.partition(":")[0], given.query
        self._password = unquote(given.password) if given.password else None
        self._prefix = f"fieldhouse_bench_{uuid.uuid4().hex[:8]}"
        self._opened: dict[str, Database] = {}
        self._made: dict[str, SQLServerWarehouse] = {}
        self.master = self._server("master")

    def open(self, name: str) -> Database:
        """A database with all tables, and one channel without a reading; made when first asked."""
        if name not in self._opened:
            warehouse = self.empty(name)
            made = self._opened[name] = Database(self._server(self._named(name)), warehouse)
            warehouse.call("upsert_channel", channel_id=CHANNEL, name="Weather Station")
            made.run("seed_tables")
            made.run("usp_ProcessByCursor")
        return self._opened[name]

    def empty(self, name: str) -> SQLServerWarehouse:
        """A database with Fieldhouse's tables and nothing in them, of a name that was not yet."""
        opening = Opening(self._url(self._named(name)), self._password, create=True)
        made = self._made[name] = SQLServerWarehouse.open(opening)
        made.migrate()
        return made

    def facts(self) -> dict[str, Any]:
        """What the server says of itself."""
        with self.master.connected() as connection:
            [row] = answer(connection, sql.statement("server")).to_pylist()
        return dict(row)

    def drop(self) -> None:
        """Drop all that was made."""
        for name, warehouse in self._made.items():
            warehouse.close()
            with self.master.connected() as connection:
                _drop(connection, quoted(self._named(name)))

    def _named(self, name: str) -> str:
        return f"{self._prefix}_{name}"

    def _server(self, database: str) -> Server:
        return Server(SqlServerAddress.parse(self._url(database)), self._password)

    def _url(self, database: str) -> str:
        login = f"{self._user}@" if self._user else ""
        return f"sqlserver://{login}{self._host}/{database}?{self._query}"


@contextmanager
def made(url: str) -> Iterator[Databases]:
    """Databases on the server at a URL, for the length of a `with`."""
    databases = Databases(url)
    try:
        yield databases
    finally:
        databases.drop()


def _drop(connection: Connection, name: str) -> None:
    with suppress(mssql_python.Error, WarehouseError):  # Babelfish cannot, and need not
        answer(connection, f"ALTER DATABASE {name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE")
    answer(connection, f"DROP DATABASE IF EXISTS {name}")
