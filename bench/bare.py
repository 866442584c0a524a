"""The two bounds: pages only decoded, and rows only appended."""

import statistics
import time
from itertools import islice
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa

from bench.sizes import PAGE
from bench.walk import pages
from fieldhouse.sources.thingspeak.page import parse_page

_PAGES = 5
_PASSES = 5


class _Entry(msgspec.Struct, gc=False):
    entry_id: int
    created_at: str
    field1: str | None
    field2: str | None
    field3: str | None
    field4: str | None
    field5: str | None
    field6: str | None
    field7: str | None
    field8: str | None
    latitude: str | None
    longitude: str | None
    elevation: str | None
    status: str | None


class _Feed(msgspec.Struct, gc=False):
    feeds: list[_Entry]


def decode(url: str, channel_id: int) -> float:
    """Rows a second of the pages' JSON into structs of text, the median over some pages."""
    bodies = list(islice(pages(url, channel_id), _PAGES))
    decoder = msgspec.json.Decoder(_Feed)
    return statistics.median(_decode(decoder, body) for _ in range(_PASSES) for body in bodies)


def _decode(decoder: "msgspec.json.Decoder[_Feed]", body: bytes) -> float:
    began = time.perf_counter()
    count = len(decoder.decode(body).feeds)
    return count / (time.perf_counter() - began)


def append(url: str, channel_id: int, warehouse: Path, rows: int) -> float:
    """Rows a second of typed Arrow pages into the same table, a commit each, nothing looked up.

    ``warehouse`` is a copy to be spoilt.
    """
    readings = parse_page(next(pages(url, channel_id))).readings
    columns = ", ".join(readings.column_names)
    statement = (
        f"INSERT INTO iot.SensorReadings (ChannelID, Epoch, {columns}) "
        f"SELECT {channel_id}, 1, {columns} FROM page"
    )
    tables = [_shifted(readings, number) for number in range(rows // PAGE)]
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("SET checkpoint_threshold = '256MB'")  # as in the warehouse
        began = time.perf_counter()
        for table in tables:
            _append(connection, statement, table)
        return len(tables) * PAGE / (time.perf_counter() - began)


def _append(connection: duckdb.DuckDBPyConnection, statement: str, page: pa.Table) -> None:
    connection.register("page", page)
    connection.execute(statement).fetchall()  # commits by itself
    connection.unregister("page")


def _shifted(readings: pa.Table, number: int) -> pa.Table:
    """The page with ids of its own; the values may repeat, since nobody looks at them."""
    first = number * PAGE + 1
    return readings.set_column(0, "EntryID", pa.array(range(first, first + readings.num_rows)))
