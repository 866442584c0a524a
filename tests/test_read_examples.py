"""The examples in the docstrings of `read` are true, from the configured warehouse."""

import doctest
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from fieldhouse import frames, names, open_warehouse, read
from fieldhouse.errors import ConfigurationError, WarehouseUnusable
from fieldhouse.readings import RAW, READINGS, REJECTED, Batch
from fieldhouse.state import Progress


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a warehouse in which channel 9 has a month, one reading in ten minutes."""
    house = open_warehouse(tmp_path / "fieldhouse.duckdb")
    house.migrate()
    begin = datetime(2025, 12, 31, 23)
    rows = [
        {"EntryID": n, "CreatedAt": begin + timedelta(minutes=10 * n), "Field1": Decimal(n % 20)}
        for n in range(1, 31 * 144)
    ]
    tables = pa.Table.from_pylist(rows, READINGS), RAW.empty_table(), REJECTED.empty_table()
    house.load([Batch(9, 1, *tables, Progress(), datetime(2030, 1, 1))])
    house.call("upsert_channel", channel_id=9, name="c", field1="Temperature", field2="Door")
    house.close()
    monkeypatch.chdir(tmp_path)
    yield tmp_path


@pytest.mark.parametrize("module", [frames, names], ids=lambda module: module.__name__)
def test_examples_are_true(configured: Path, module: object) -> None:
    """What a docstring shows is what comes out."""
    failed, tried = doctest.testmod(module)  # type: ignore[arg-type]
    assert (failed, tried > 0) == (0, True)


def test_the_configuration_names_warehouse_and_zone(configured: Path) -> None:
    """Without arguments both are the configured ones; a place that is none is one line."""
    (configured / "fieldhouse.toml").write_text('[display]\ntimezone = "Asia/Kolkata"\n')
    days = read(9, 1, every="1d").table
    assert days["time"].type.tz == "Asia/Kolkata" and days["time"][0].as_py().hour == 0
    assert read(9, 1, every="1d", warehouse=configured / "fieldhouse.duckdb").table.equals(days)
    with pytest.raises(WarehouseUnusable, match=r"none\.duckdb"):
        read(9, warehouse="none.duckdb")
    with pytest.raises(ConfigurationError, match="warehouse_url must be"):
        read(9, warehouse="oracle://x/y")


def test_a_library_that_is_missing_is_named(
    configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line, with what to install."""
    frame = read(9, 1)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ImportError, match="pandas is not installed: pip install pandas"):
        frame.to_pandas()
