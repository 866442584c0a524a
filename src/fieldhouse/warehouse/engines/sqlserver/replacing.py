"""Rows of a kept table put in the place of those that are there, for a copy; they go as JSON."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
from mssql_python import Connection

from fieldhouse.warehouse.engines.sqlserver.session import answer
from fieldhouse.warehouse.kept import Kept, Part

__all__ = ["Replacement"]

_PIECE = 5_000
_TYPES = {
    pa.int32(): "INT",
    pa.int64(): "BIGINT",
    pa.float64(): "FLOAT",
    pa.bool_(): "BIT",
    pa.string(): "NVARCHAR(MAX)",
    pa.timestamp("us"): "DATETIME2(6)",
    pa.date32(): "DATE",
}
_DERIVED = {
    "RawValues": {"RawHash": ("RawValue", "HASHBYTES(N'SHA2_256', {})")},
    "RejectedEntries": {"EntryHash": ("EntryText", "HASHBYTES(N'SHA2_256', {})")},
}
"""Columns that are made of another here."""
_READINGS = ("SensorReadings", "SensorReadings_Archive")
_RECOUNT = """
DELETE k FROM iot.ReadingCounts AS k WHERE k.ChannelID >= ? AND k.ChannelID <= ?;
INSERT INTO iot.ReadingCounts (ChannelID, Readings, Withdrawn, FirstReading, LastReading)
SELECT r.ChannelID, COUNT_BIG(*), COUNT_BIG(r.WithdrawnAt), MIN(r.CreatedAt), MAX(r.CreatedAt)
FROM iot.AllReadings AS r WHERE r.ChannelID >= ? AND r.ChannelID <= ? GROUP BY r.ChannelID;"""
_NUMBERED_TO = "SELECT CAST(IDENT_CURRENT(N'iot.{table}') AS BIGINT) AS Held"
_RESEED = "DBCC CHECKIDENT (N'iot.{table}', RESEED, {next:d})"
"""It takes no parameter. A table that never had a row gives out this number next, any other the one
after it."""


class Replacement:
    """A part of a table, ready to be put in as often as it takes.

    ``unescapes``: whether texts out of JSON come with their escapes, as Babelfish gives them.
    """

    def __init__(self, table: Kept, part: Part, rows: pa.Table, *, unescapes: bool) -> None:
        self._table, self._part, self._rows = table, part, rows
        self._unescapes = unescapes

    def send(self, connection: Connection) -> None:
        """Do it in a transaction of the connection, which commits here."""
        table, has_own = self._table, self._table.numbers and not self._table.numbered_with
        if not table.is_parent:
            answer(connection, *table.deleted(self._part))
        statement = self._update() + self._insert() if table.is_parent else self._insert()
        if has_own:
            answer(connection, f"SET IDENTITY_INSERT iot.{table.name} ON")
        for piece in self._pieces():
            answer(connection, statement, (piece,))
        if has_own:
            answer(connection, f"SET IDENTITY_INSERT iot.{table.name} OFF")
        self._count_anew(connection)
        connection.commit()

    def _count_anew(self, connection: Connection) -> None:
        """What this engine keeps of the readings besides."""
        table = self._table
        if table.numbers and table.numbered_with and self._rows.num_rows:
            most = max(self._rows[table.numbers].to_pylist())
            held = answer(connection, _NUMBERED_TO.format(table=table.numbered_with))
            if most >= held["Held"][0].as_py():
                answer(connection, _RESEED.format(table=table.numbered_with, next=most + 1))
        if table.name in _READINGS:
            answer(connection, _RECOUNT, (self._part.first, self._part.last) * 2)

    def _pieces(self) -> Iterator[str]:
        for begin in range(0, self._rows.num_rows, _PIECE):
            rows = self._rows.slice(begin, _PIECE).to_pylist()
            yield json.dumps(rows, default=_plain, ensure_ascii=False)

    def _source(self) -> str:
        """The rows of a piece, typed."""
        columns = self._table.columns
        typed = ", ".join(f"{one.name} {_type(one.type)} '$.{one.name}'" for one in columns)
        return f"FROM OPENJSON(@rows) WITH ({typed}) AS j"

    def _insert(self) -> str:
        table = self._table
        derived = {
            name: word.format(self._value(source, pa.string()))
            for name, (source, word) in _DERIVED.get(table.name, {}).items()
        }
        names = [*table.columns.names, *derived]
        values = [*(self._value(one.name, one.type) for one in table.columns), *derived.values()]
        declared = "" if table.is_parent else _ROWS
        return (
            f"{declared}INSERT INTO iot.{table.name} ({', '.join(names)})"
            f" SELECT {', '.join(values)} {self._source()}{self._absent()};"
        )

    def _update(self) -> str:
        """The rows that are there already, as they are offered."""
        table = self._table
        assigned = ", ".join(
            f"{one.name} = {self._value(one.name, one.type)}"
            for one in table.columns
            if one.name not in table.key
        )
        return (
            f"{_ROWS}UPDATE t SET {assigned} {self._source()}"  # noqa: S608
            f" JOIN iot.{table.name} AS t ON {_same(table)};\n"
        )

    def _absent(self) -> str:
        table = self._table
        if not table.is_parent:
            return ""
        return f" WHERE NOT EXISTS (SELECT 1 FROM iot.{table.name} AS t WHERE {_same(table)})"  # noqa: S608

    def _value(self, name: str, kind: pa.DataType) -> str:
        is_escaped = self._unescapes and pa.types.is_string(kind)
        return f"iot.ufn_JsonText(j.{name})" if is_escaped else f"j.{name}"


_ROWS = "DECLARE @rows NVARCHAR(MAX) = ?;\n"


def _same(table: Kept) -> str:
    return " AND ".join(f"t.{name} = j.{name}" for name in table.key)


def _type(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    return _TYPES[kind]


def _plain(value: object) -> object:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"no column holds a {type(value).__name__}")
