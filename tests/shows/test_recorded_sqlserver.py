"""Real responses in SQL Server: the same tables as in DuckDB, and the same as the JSON says."""

import gzip
import json
import random
from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlserver_kit import ON_SERVER, Databases
from test_recorded import Record, batch, check_aggregates, check_values, entries, near, table
from warehouse_kit import opened, refresh

from fieldhouse.warehouse import Counts, Warehouse

pytestmark = ON_SERVER

CHANNELS = 500
A_LOAD = 50
TABLES = {
    "SensorReadings": "ChannelID Epoch EntryID",
    "RawValues": "ChannelID Epoch EntryID ColumnName Reason RawValue",
    "RejectedEntries": "ChannelID EntryText",
    "Epochs": "ChannelID Epoch",
    "AggregatedData": "ChannelID AggregationType PeriodStart",
}
"""The tables that are compared, with their keys."""
OWN = {"AggregationID", "EntryHash", "ImportedAt", "RawHash", "ReadingID", "RejectedAt", "Version"}
"""Columns that tell when and in what order something was written, or are an engine's own."""


@pytest.fixture(scope="module")
def chosen(recorded: Path) -> list[Record]:
    """500 recorded answers: all with a text that is no plain number, the others by a seed."""
    with gzip.open(recorded / "feeds_2018-09-14.jsonl.gz", "rt", encoding="utf-8") as lines:
        responses = [json.loads(line) for line in lines]
    others = [response for response in responses if not is_odd(response)]
    odd = [response for response in responses if is_odd(response)]
    assert 100 < len(odd) < CHANNELS
    picked = random.Random(8).sample(others, CHANNELS - len(odd))
    return [*odd, *picked]


def is_odd(response: Record) -> bool:
    """Whether some value is a text that Python reads as no number, or a status."""
    return any(
        key == "status" or not _is_number(value)
        for feed in response["feeds"]
        for key, value in feed.items()
        if key != "created_at" and isinstance(value, str)
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def pages(responses: list[Record], size: int) -> list[Record]:
    """The responses cut into pages of so many rows; an empty one is one page."""
    return [
        {**response, "feeds": response["feeds"][start : start + size]}
        for response in responses
        for start in range(0, max(1, len(response["feeds"])), size)
    ]


def load(warehouse: Warehouse, cut: list[Record], at_once: int) -> Counts:
    """Load pages, so many at once; what became of all of them."""
    total = Counts()
    for begin in range(0, len(cut), at_once):
        done = warehouse.load([batch(page) for page in cut[begin : begin + at_once]])
        total = sum(done.values(), total)
    return total


def held(warehouse: Warehouse) -> dict[str, list[Any]]:
    """The rows of each table, the key's columns first, and by it in one order."""
    found = {}
    for name, key in TABLES.items():
        keys = key.split()
        less = OWN | ({"CreatedAt"} if name == "AggregatedData" else set())
        columns = [*keys, *sorted(columns_of(warehouse, name) - less - set(keys))]
        rows = table(warehouse, f"SELECT {', '.join(columns)} FROM iot.{name}")
        found[name] = sorted(rows, key=partial(_by_key, width=len(keys)))
    return found


def _by_key(row: tuple[Any, ...], width: int) -> list[str]:
    return [str(value) for value in row[:width]]


def columns_of(warehouse: Warehouse, name: str) -> set[str]:
    """A table's columns."""
    return set(warehouse.stream(f"SELECT * FROM iot.{name} WHERE 1 = 0").schema.names)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Warehouse, Warehouse]]:
    """An empty warehouse of each engine."""
    databases = Databases()
    path = tmp_path_factory.mktemp("recorded") / "w.duckdb"
    with ExitStack() as stack:
        stack.callback(databases.drop)
        urls = (f"duckdb:///{path}", databases.empty())
        warehouses = [stack.enter_context(closing(opened(url))) for url in urls]
        warehouses[0].migrate()
        yield warehouses[0], warehouses[1]


def test_recorded_channels_are_the_same_in_both(
    both: tuple[Warehouse, Warehouse], chosen: list[Record]
) -> None:
    """500 real channels: no value lost, every table as in DuckDB, other pages insert nothing."""
    ours, theirs = both
    truth = entries(chosen)
    whole = pages(chosen, 8000)
    assert load(theirs, whole, A_LOAD) == load(ours, whole, A_LOAD)
    assert refresh(theirs) == refresh(ours) > 0
    check_values(theirs, truth)
    for number in random.Random(4).sample(sorted({channel_id for channel_id, _ in truth}), 5):
        check_aggregates(theirs, truth, number)
    before = held(theirs)
    compare(held(ours), before)
    cut = pages(chosen, 37)
    random.Random(9).shuffle(cut)
    again = load(theirs, cut, 4 * A_LOAD)
    assert (again.inserted, again.updated, again.raw) == (0, 0, 0)
    assert again.duplicates == sum(len(response["feeds"]) for response in chosen)
    assert refresh(theirs) == 0
    assert held(theirs) == before
    assert theirs.query("duplicate_audit").num_rows == 0


def compare(ours: dict[str, list[Any]], theirs: dict[str, list[Any]]) -> None:
    """Every table has the same rows; floats agree to 1e-9, all else exactly."""
    for name in TABLES:
        assert len(ours[name]) == len(theirs[name]), name
        for one, other in zip(ours[name], theirs[name], strict=True):
            assert len(one) == len(other)
            for a, b in zip(one, other, strict=True):
                assert near(a, b) if isinstance(a, float) else a == b, (name, one, other)
