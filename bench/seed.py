"""The seed's way: pages of 100 rows, a row at a time, a commit a page, on DuckDB."""

import json
import re
import time
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from bench.walk import pages

_PAGE = 100
_TABLE = """
    CREATE TABLE SensorReadings (
        ReadingID BIGINT DEFAULT nextval('ReadingIDs') PRIMARY KEY,
        ChannelID BIGINT NOT NULL, EntryID BIGINT NOT NULL, CreatedAt TIMESTAMP NOT NULL,
        Field1 DECIMAL(18, 6), Field2 DECIMAL(18, 6), Field3 DECIMAL(18, 6), Field4 DECIMAL(18, 6),
        Field5 DECIMAL(18, 6), Field6 DECIMAL(18, 6), Field7 DECIMAL(18, 6), Field8 DECIMAL(18, 6),
        Latitude DECIMAL(18, 6), Longitude DECIMAL(18, 6), Elevation DECIMAL(18, 6), Status VARCHAR,
        UNIQUE (ChannelID, EntryID)
    )
"""
_INSERT = """
    INSERT INTO SensorReadings (
        ChannelID, EntryID, CreatedAt, Field1, Field2, Field3, Field4, Field5, Field6, Field7,
        Field8, Latitude, Longitude, Elevation, Status
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_NUMBERS = (*(f"field{n}" for n in range(1, 9)), "latitude", "longitude", "elevation")


def rows_per_second(url: str, channel_id: int, file: Path, rows: int) -> float:
    """Rows a second from HTTP into an empty table, which is the best case of this way."""
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE SEQUENCE ReadingIDs")
        connection.execute(_TABLE)
        began = time.perf_counter()
        inserted = sum(
            _insert(connection, channel_id, json.loads(body)["feeds"])
            for body in islice(pages(url, channel_id, _PAGE), rows // _PAGE)
        )
        return inserted / (time.perf_counter() - began)


def _insert(
    connection: duckdb.DuckDBPyConnection, channel_id: int, feeds: list[dict[str, Any]]
) -> int:
    inserted = 0
    connection.begin()
    for feed in feeds:
        row = (channel_id, feed["entry_id"], feed["created_at"], *map(_safe_float, _values(feed)))
        try:
            connection.execute(_INSERT, [*row, feed["status"]])
            inserted += 1
        except duckdb.ConstraintException:  # there is none here: DuckDB would end the transaction
            continue
    connection.commit()
    return inserted


def _values(feed: dict[str, Any]) -> list[str | None]:
    return [feed[name] for name in _NUMBERS]


def _safe_float(text: str | None) -> float | None:
    return float(text) if text and re.fullmatch(r"[+-]?\d*\.?\d+", text) else None
