"""Ways to load readings that are not Fieldhouse's: the seed's, the driver's, and the bare limit."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from bench.sqlserver import sql
from bench.sqlserver.databases import Database
from fieldhouse.readings import NUMBERS, Batch
from fieldhouse.warehouse.engines.sqlserver.session import answer

PAGE = 100
"""Rows of a page of the seed's."""
_COLUMNS = ("ChannelID", "EntryID", "CreatedAt", *NUMBERS, "Status")
_KEYS = ("c", "e", "t", *"12345678", "y", "x", "z", "s")
"""The same columns in the JSON of open_json_insert.sql."""
_SECONDS = 300

Row = tuple[Any, ...]


def tuples(batch: Batch) -> list[Row]:
    """Readings as the seed hands them over: numbers are floats."""
    rows = table(batch).to_pylist()
    return [tuple(_float(row[name]) for name in _COLUMNS) for row in rows]


def _float(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value


def table(batch: Batch) -> pa.Table:
    """Readings with their channel, as one Arrow table."""
    channel = pa.array([batch.channel_id] * batch.readings.num_rows, pa.int32())
    return batch.readings.add_column(0, "ChannelID", channel).select(list(_COLUMNS))


def jsons(batch: Batch, size: int) -> list[str]:
    """Readings as JSON arrays of so many; NULLs are left out, decimals have no quotes."""
    rows = [_object(row) for row in table(batch).to_pylist()]
    return [f"[{','.join(part)}]" for part in _parts(rows, size)]


def _object(row: dict[str, Any]) -> str:
    values = zip(_KEYS, row.values(), strict=True)
    given = (f'"{key}":{_text(value)}' for key, value in values if value is not None)
    return f"{{{','.join(given)}}}"


def _text(value: object) -> str:
    return str(value) if isinstance(value, (int, Decimal)) else json.dumps(str(value))


def one_by_one(database: Database, rows: Sequence[Row]) -> None:
    """The seed's way: an INSERT a row, a commit a page."""
    insert = sql.marked("seed_insert")
    with database.server.connected(autocommit=False) as connection:
        cursor = connection.cursor()
        for page in _parts(rows, PAGE):
            for row in page:
                cursor.execute(insert, row)
            connection.commit()


def as_arrays(database: Database, rows: Sequence[Row], size: int) -> None:
    """The driver's array binding: so many rows a call, a commit each."""
    insert = sql.marked("seed_insert")
    with database.server.connected(autocommit=False) as connection:
        cursor = connection.cursor()
        for page in _parts(rows, size):
            cursor.executemany(insert, list(page))
            connection.commit()


def open_json(database: Database, pages: Sequence[str]) -> None:
    """The limit: INSERT out of JSON that is there already, a commit a call, nothing looked up."""
    insert = sql.marked("open_json_insert")
    with database.server.connected() as connection:
        for page in pages:
            answer(connection, insert, (page,))


def bulk_copy(database: Database, rows: pa.Table) -> None:
    """The driver's bulk copy, nothing looked up."""
    with database.server.connected() as connection:
        connection.cursor().bulkcopy_arrow(
            "seed.SensorReadings", rows, timeout=_SECONDS, column_mappings=list(_COLUMNS)
        )


def distrust(database: Database, batch: Batch) -> str | None:
    """What a bulk copy of some rows into an empty table gets wrong; None if nothing."""
    sent = table(batch)
    try:
        with _quiet():
            bulk_copy(database, sent)
        came = database.ask(sql.statement("read_back"))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a panic of the driver's core is no Exception
        return f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"
    if came.num_rows != sent.num_rows:
        return f"of {sent.num_rows} rows {came.num_rows} came"
    wrong = next(_differences(sent, came), None)
    return wrong and f"{sent.num_rows} rows came, and in the first that is wrong {wrong}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the traces that the driver's core writes to standard error when it panics."""
    sys.stderr.flush()
    kept = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _differences(sent: pa.Table, came: pa.Table) -> Iterator[str]:
    for ours, theirs in zip(sent.to_pylist(), came.to_pylist(), strict=True):
        for name, value in ours.items():
            if theirs[name] != value:
                yield f"{name} was {value} and is {theirs[name]}"


def _parts(rows: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for low in range(0, len(rows), size):
        yield rows[low : low + size]
