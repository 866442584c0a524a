"""Our SQL files over a transport: each statement with the parameters that it names."""

from functools import cache
from typing import Any

import pyarrow as pa

from fieldhouse.warehouse import sqlfiles
from fieldhouse.warehouse.engines.clickhouse import binding
from fieldhouse.warehouse.engines.clickhouse.cluster import over
from fieldhouse.warehouse.engines.clickhouse.rows import Rows
from fieldhouse.warehouse.engines.clickhouse.transport import Answer, Transport

__all__ = ["ENGINE", "Session", "naive"]

ENGINE = "clickhouse"
_UTC = pa.timestamp("us", tz="UTC")
_NAIVE = pa.timestamp("us")


class Session:
    """A ClickHouse and the database in it that is the warehouse."""

    def __init__(self, transport: Transport, database: str, cluster: str | None = None) -> None:
        self.transport = transport
        self.database = database
        self.cluster = cluster

    def ask(self, folder: str, name: str, /, **values: Any) -> pa.Table:
        """Answer a file of one statement; times are naive UTC."""
        (statement,) = self.statements(folder, name)
        return self.answer(statement, values)

    def answer(self, statement: str, values: dict[str, Any]) -> pa.Table:
        """Answer a statement whole."""
        return naive(self.transport.ask(statement, binding.bound(statement, values)))

    def stream(self, statement: str, values: dict[str, Any]) -> Answer:
        """Answer a statement batch by batch."""
        return self.transport.stream(statement, binding.bound(statement, values))

    def do(self, statement: str, values: dict[str, Any]) -> None:
        """Carry a statement out, on all servers where there are several."""
        for each in over(statement, self.cluster):
            self.transport.do(each, binding.bound(each, values))

    def run(self, folder: str, name: str, /, **values: Any) -> None:
        """Carry a file's statements out."""
        for statement in self.statements(folder, name):
            self.do(statement, values)

    def write(self, rows: Rows) -> None:
        """Write rows in one insert, which stands whole or not at all; one sent twice is one."""
        if len(rows):
            whole = rows.table()
            token = {"insert_deduplication_token": f"{rows.number}-{whole.num_rows}"}
            self.transport.insert(self.named("iot.Rows"), whole, token)

    def statements(self, folder: str, name: str) -> tuple[str, ...]:
        """A file's statements, in this database."""
        return _statements(folder, name, self.database)

    def named(self, statement: str) -> str:
        """A statement that says ``iot``, in this database."""
        return binding.in_database(statement, self.database)


def naive(table: pa.Table) -> pa.Table:
    """Times as naive UTC."""
    fields = [f.with_type(_NAIVE) if f.type == _UTC else f for f in table.schema]
    return table.cast(pa.schema(fields))


@cache
def _statements(folder: str, name: str, database: str) -> tuple[str, ...]:
    text = sqlfiles.text(ENGINE, folder, name)
    return tuple(binding.in_database(each, database) for each in binding.statements(text))
