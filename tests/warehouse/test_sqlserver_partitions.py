"""SQL Server: the readings in monthly partitions, the option of the first migration."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from sqlserver_kit import ON_SERVER, Databases, server_of
from warehouse_kit import DAY, HOUR, T0, batch, is_babelfish, opened, refresh, row, rows_of, tables

from fieldhouse.errors import EntryConflict, WarehouseUnusable
from fieldhouse.readings import Batch
from fieldhouse.warehouse import Counts, HasProcedures, Warehouse
from fieldhouse.warehouse.engines.sqlserver.session import answer

pytestmark = ON_SERVER


@pytest.fixture
def url(databases: Databases) -> str:
    return databases.empty(7, partitions="monthly")


@pytest.fixture
def partitioned(url: str) -> Iterator[Warehouse]:
    held = opened(url)
    yield held
    held.close()


@pytest.fixture
def plain(databases: Databases) -> Iterator[Warehouse]:
    held = opened(databases.empty(0))
    yield held
    held.close()


def history() -> list[Batch]:
    """Half a year in three pages that overlap, and rows from before and after all partitions."""
    rows = [row(n, T0 + n * 13 * HOUR, Field1=n, Status="ok") for n in range(1, 340)]
    ends = [row(900, datetime(1999, 5, 5), Field1=1), row(901, datetime(2041, 5, 5), Field1=2)]
    changed = [row(n, T0 + n * 13 * HOUR, Field1=n + (n % 50 == 0)) for n in range(200, 400)]
    return [batch(rows[:150]), batch([*rows[100:], *ends]), batch(changed)]


def test_the_table_is_in_partitions(url: str, partitioned: Warehouse) -> None:
    """Readings of different months stand in different partitions."""
    partitioned.load([history()[0]])
    with server_of(url).connected() as connection:
        found = answer(
            connection,
            "SELECT DISTINCT $PARTITION.PF_MonthlyPartition(CreatedAt) AS P"
            " FROM iot.SensorReadings",
        )
    assert found.num_rows == 3


def test_both_layouts_hold_the_same(partitioned: Warehouse, plain: Warehouse) -> None:
    """The same loads give the same counts, tables and aggregates, with partitions and without."""
    counts = [[held.load([each]) for each in history()] for held in (partitioned, plain)]
    assert counts[0] == counts[1]
    assert tables(partitioned) == tables(plain)
    daily = (
        "SELECT PeriodStart, ReadingCount, Field1Avg, Field1Min FROM iot.AggregatedData"
        " WHERE AggregationType = 'DAILY' ORDER BY PeriodStart"
    )
    assert refresh(partitioned) == refresh(plain)
    assert rows_of(partitioned, daily) == rows_of(plain, daily)


def test_an_entry_is_unique_though_its_key_has_its_time(partitioned: Warehouse) -> None:
    """An entry with another time is a conflict, in whichever month; the same again is none."""
    partitioned.load([batch([row(1, T0, Field1=1)])])
    with pytest.raises(EntryConflict, match="entry 1 of channel 9"):
        partitioned.load([batch([row(1, T0 + 100 * DAY, Field1=1)])])
    assert partitioned.load([batch([row(1, T0, Field1=1), row(2, T0)])]) == {
        9: Counts(inserted=1, duplicates=1)
    }
    assert partitioned.query("duplicate_audit").num_rows == 0


def test_months_are_archived(partitioned: Warehouse) -> None:
    """What is archived is held as before, month by month, and later loads know it."""
    for each in history():
        partitioned.load([each])
    before = tables(partitioned)["SensorReadings"]
    moved = partitioned.call("archive_readings", before=datetime(2024, 4, 1))
    assert moved["Readings"].to_pylist() == [
        sum(r["CreatedAt"] < datetime(2024, 4, 1) for r in before)
    ]
    left = rows_of(partitioned, "SELECT MIN(CreatedAt) AS First FROM iot.SensorReadings")
    assert left[0]["First"] >= datetime(2024, 4, 1)
    assert partitioned.load([batch([row(1, T0 + 13 * HOUR, Field1=1)])])[9].duplicates == 1
    assert (
        partitioned.call("archive_readings", before=datetime(2024, 4, 1))["Readings"][0].as_py()
        == 0
    )
    assert partitioned.query("duplicate_audit").num_rows == 0


def test_the_archive_becomes_columnstore(partitioned: Warehouse) -> None:
    """Compressing it loses nothing, and is done once; a server without columnstore says so."""
    assert isinstance(partitioned, HasProcedures)
    if is_babelfish(partitioned):
        with pytest.raises(WarehouseUnusable, match="no columnstore"):
            partitioned.execute("iot.usp_CompressArchive")
        return
    for each in history():
        partitioned.load([each])
    partitioned.call("archive_readings", before=datetime(2024, 3, 1))
    partitioned.execute("iot.usp_CompressArchive")
    partitioned.execute("iot.usp_CompressArchive")
    partitioned.call("archive_readings", before=datetime(2024, 4, 1))
    archived = rows_of(partitioned, "SELECT COUNT(*) AS n FROM iot.SensorReadings_Archive")
    assert archived[0]["n"] == sum(
        r["CreatedAt"] < datetime(2024, 4, 1)
        for r in rows_of(partitioned, "SELECT CreatedAt FROM iot.AllReadings")
    )
