"""Rows of a kept table put in the place of those that are there, for a copy."""

import duckdb
import pyarrow as pa

from fieldhouse.warehouse.kept import Kept, Part

__all__ = ["replace"]

_OFFERED = "offered_rows"
_DERIVED = {"RejectedEntries": {"EntryHash": "sha256(EntryText)"}}
"""Columns that are made of others here."""


def replace(cursor: duckdb.DuckDBPyConnection, table: Kept, part: Part, rows: pa.Table) -> None:
    """Replace a part, within the caller's transaction; numbers to come begin after what it has."""
    cursor.register(_OFFERED, rows)
    try:
        if not table.is_parent:
            cursor.execute(*table.deleted(part)).fetchall()
        cursor.execute(_insert(table)).fetchall()
        if table.numbers:
            cursor.execute(_advance(table.numbers)).fetchall()
    finally:
        cursor.unregister(_OFFERED)


def _insert(table: Kept) -> str:
    plain = table.columns.names
    derived = _DERIVED.get(table.name, {})
    statement = (
        f"INSERT INTO iot.{table.name} ({', '.join([*plain, *derived])})"  # noqa: S608
        f" SELECT {', '.join([*plain, *derived.values()])} FROM {_OFFERED}"
    )
    if not table.is_parent:
        return statement
    others = [name for name in plain if name not in table.key]
    assigned = ", ".join(f"{name} = excluded.{name}" for name in others)
    return f"{statement} ON CONFLICT ({', '.join(table.key)}) DO UPDATE SET {assigned}"


def _advance(numbers: str) -> str:
    """Take numbers from a sequence up to the greatest of the rows: it can't be set."""
    sequence = numbers.removesuffix("ID") + "IDs"
    return (
        f"SELECT max(nextval('iot.{sequence}')) FROM range((SELECT greatest(0,"  # noqa: S608
        f" max(o.{numbers}) - (SELECT coalesce(s.last_value, 0) FROM duckdb_sequences() AS s"
        f" WHERE s.schema_name = 'iot' AND s.sequence_name = '{sequence}')) FROM {_OFFERED} AS o))"
    )
