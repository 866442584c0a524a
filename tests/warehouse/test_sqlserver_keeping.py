"""SQL Server: what is counted, archived and forgotten, and calls by hand."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlserver_kit import ON_SERVER, Databases, run_on, server_of
from warehouse_kit import DAY, HOUR, T0, batch, is_babelfish, opened, row, rows_of

from fieldhouse.errors import WarehouseUnusable
from fieldhouse.state import Span
from fieldhouse.warehouse import Counts, Warehouse
from fieldhouse.warehouse.engines.sqlserver.session import answer

pytestmark = ON_SERVER


@pytest.fixture
def url(databases: Databases) -> str:
    return databases.empty(3)


@pytest.fixture
def warehouse(url: str) -> Iterator[Warehouse]:
    held = opened(url)
    yield held
    held.close()


COUNTED = """
SELECT k.ChannelID, k.Readings, k.Withdrawn, k.FirstReading, k.LastReading
FROM iot.ReadingCounts AS k
EXCEPT
SELECT r.ChannelID, COUNT_BIG(*), COUNT_BIG(r.WithdrawnAt), MIN(r.CreatedAt), MAX(r.CreatedAt)
FROM iot.AllReadings AS r GROUP BY r.ChannelID"""


def check_counts(warehouse: Warehouse) -> None:
    """The counts that loads keep are those of the readings."""
    assert rows_of(warehouse, COUNTED) == []
    (channels,) = rows_of(warehouse, "SELECT COUNT(DISTINCT ChannelID) AS n FROM iot.AllReadings")
    (counted,) = rows_of(warehouse, "SELECT COUNT(*) AS n FROM iot.ReadingCounts")
    assert counted == channels


def test_counts_follow_every_load(url: str, warehouse: Warehouse) -> None:
    """New rows, doubled ones, changed ones, older and later ones, epochs and the archive."""
    warehouse.load([batch([row(n, Field1=n) for n in range(10, 20)]), batch(channel_id=7)])
    check_counts(warehouse)
    again = batch([row(n, Field1=n + n % 2) for n in range(5, 25)])
    assert warehouse.load([again, batch([row(1)], channel_id=8)])[9] == Counts(10, 5, 5, 5)
    warehouse.load([again])
    check_counts(warehouse)
    warehouse.call("open_epoch", channel_id=9, number=2, started_at=T0)
    warehouse.load([batch([row(n, datetime(2041, 1, n)) for n in range(1, 9)], epoch=2)])
    check_counts(warehouse)
    warehouse.call("archive_readings", before=datetime(2024, 2, 1))
    warehouse.load([batch([row(9, datetime(2023, 1, 1))], epoch=2)])
    check_counts(warehouse)


def test_a_recount_mends_what_a_hand_has_changed(url: str, warehouse: Warehouse) -> None:
    """Where somebody deleted rows, counts are made anew, and the channels named."""
    warehouse.load([batch([row(n) for n in range(10)], channel_id=n) for n in (7, 8, 9)])
    run_on(
        url,
        "DELETE FROM iot.SensorReadings WHERE ChannelID = 8",
        "DELETE FROM iot.SensorReadings WHERE ChannelID = 9 AND EntryID > 4",
    )
    assert warehouse.execute("iot.usp_RecountReadings", (9,)).to_pylist() == [
        {"ChannelID": 9, "Readings": 5, "Held": 10}
    ]
    assert warehouse.execute("iot.usp_RecountReadings")["ChannelID"].to_pylist() == [8]
    check_counts(warehouse)
    assert warehouse.execute("iot.usp_RecountReadings").num_rows == 0
    warehouse.load([batch([row(3)], channel_id=8)])
    check_counts(warehouse)


# The archive

ARCHIVED = datetime(2024, 3, 1)


def history(warehouse: Warehouse) -> None:
    rows = [row(n, T0 + n * 9 * HOUR, Field1=n, Status=f"no {n}") for n in range(1, 301)]
    warehouse.load([batch(rows), batch(rows[:50], channel_id=7)])


def every_reading(warehouse: Warehouse) -> list[dict[str, Any]]:
    """The readings, archived or not, with their numbers and the times when they came."""
    return rows_of(warehouse, "SELECT * FROM iot.AllReadings ORDER BY ReadingID")


def test_what_is_archived_comes_back_as_it_was(url: str, warehouse: Warehouse) -> None:
    """A batch that returns from the archive has its numbers and values; all may go once more."""
    history(warehouse)
    before = every_reading(warehouse)
    moved = warehouse.call("archive_readings", before=ARCHIVED)["Readings"][0].as_py()
    returned = 0
    with server_of(url).connected() as connection:
        while some := answer(
            connection,
            "DECLARE @n INT; EXEC iot.usp_ReturnBatch @Moved = @n OUTPUT; SELECT @n AS n",
        )["n"][0].as_py():
            returned += some
    assert returned == moved > 100
    assert rows_of(warehouse, "SELECT * FROM iot.SensorReadings_Archive") == []
    assert every_reading(warehouse) == before
    assert warehouse.call("archive_readings", before=ARCHIVED)["Readings"][0].as_py() == moved
    assert every_reading(warehouse) == before
    warehouse.load([batch([row(999, Field1=1)])])  # numbers go on above those that came back
    check_counts(warehouse)


def test_a_channel_that_comes_while_others_are_archived_stays(
    url: str, warehouse: Warehouse
) -> None:
    """What nobody has aggregated yet is not moved away: a channel without ArchivedBefore stays."""
    history(warehouse)
    run_on(url, "UPDATE iot.Channels SET ArchivedBefore = '2024-03-01' WHERE ChannelID = 9")
    with server_of(url).connected() as connection:
        answer(
            connection,
            "DECLARE @n INT; EXEC iot.usp_MoveBatch @Before = '2024-03-01', @Moved = @n OUTPUT",
        )
    found = rows_of(
        warehouse,
        "SELECT ChannelID, COUNT(*) AS n FROM iot.SensorReadings_Archive GROUP BY ChannelID",
    )
    assert [each["ChannelID"] for each in found] == [9]
    assert warehouse.query("status")["Readings"].to_pylist() == [50, 300]


def test_compressing_says_what_it_needs(url: str, warehouse: Warehouse) -> None:
    """Where there is columnstore nothing is lost by it; elsewhere it is refused, all untouched."""
    history(warehouse)
    warehouse.call("archive_readings", before=ARCHIVED)
    before = every_reading(warehouse)
    if is_babelfish(warehouse):
        with pytest.raises(WarehouseUnusable, match="no columnstore"):
            warehouse.execute("iot.usp_CompressArchive")
    else:
        warehouse.execute("iot.usp_CompressArchive")
        (line,) = rows_of(
            warehouse, "SELECT Updated FROM iot.AuditTrail WHERE Action = 'usp_CompressArchive'"
        )
        assert line["Updated"] > 100
    assert every_reading(warehouse) == before
    late = batch([row(1, T0 + 9 * HOUR, Field1=99), row(1000, T0, Field1=1)])
    assert warehouse.load([late]) == {9: Counts(inserted=1, updated=1, raw=1)}
    check_counts(warehouse)


# The trail of what was done


def test_the_trail_names_who_logged_in(url: str, warehouse: Warehouse) -> None:
    """Beside the name that a procedure runs under stands the one that logged in."""
    warehouse.load([batch([row(1)])])
    (line,) = rows_of(warehouse, "SELECT LoginName, OriginalLogin FROM iot.AuditTrail")
    with server_of(url).connected() as connection:
        (me,) = answer(connection, "SELECT ORIGINAL_LOGIN() AS Me")["Me"].to_pylist()
    assert line == {"LoginName": me, "OriginalLogin": me}


def test_what_is_old_is_forgotten(url: str, warehouse: Warehouse) -> None:
    """Lines from before an instant go, and that they went is a line; None keeps them all."""
    for n in range(3):
        warehouse.load([batch([row(n)])])
        day = f"DATEADD(DAY, {n}, '2024-01-01')"
        run_on(
            url,
            f"UPDATE iot.AuditTrail SET ChangedAt = {day} WHERE ChangedAt > '2025-01-01'",
            f"UPDATE iot.LoadLedger SET LoadedAt = {day} WHERE LoadedAt > '2025-01-01'",
        )
    warehouse.call("forget")
    assert trail(warehouse) == [0, 1, 2]
    warehouse.call("forget", audit_before=T0 + 2 * DAY, loads_before=T0 + DAY)
    assert trail(warehouse) == [2]
    (line,) = rows_of(
        warehouse, "SELECT Updated, Detail FROM iot.AuditTrail WHERE Action = 'usp_Forget'"
    )
    assert line["Updated"] == 2 and line["Detail"].startswith("lines from before 2024-01-03")
    (ledger,) = rows_of(warehouse, "SELECT COUNT(*) AS n FROM iot.LoadLedger")
    assert ledger == {"n": 2}


def trail(warehouse: Warehouse) -> list[Any]:
    """The days of the loads in the audit trail, from the first."""
    found = rows_of(
        warehouse,
        "SELECT ChangedAt FROM iot.AuditTrail WHERE Action = 'usp_LoadReadings' ORDER BY 1",
    )
    return [(line["ChangedAt"] - T0) // DAY for line in found]


# By hand


def test_a_callers_own_tables_are_let_be(url: str, warehouse: Warehouse) -> None:
    """A session that has temporary tables of common names calls every procedure all the same."""
    warehouse.load([batch([row(n, Field1=n) for n in range(50)], covered=(Span(T0, T0 + DAY),))])
    names = ("ids", "taken", "periods", "asked", "held", "offered", "texts", "counts", "channels")
    with server_of(url).connected() as connection:
        for name in names:
            answer(connection, f"CREATE TABLE #{name} (Mine INT NOT NULL)")
        for call in (
            "EXEC iot.usp_RefreshAggregates @AggregationType = N'daily'",
            "EXEC iot.usp_RefreshQuality",
            "EXEC iot.usp_ProcessSensorReadings @ChannelID = 9, @AggregationType = N'hourly'",
            "EXEC iot.usp_UpsertChannel @ChannelID = 9, @Name = N'mine'",
            "EXEC iot.usp_Status",
            f"EXEC iot.usp_ArchiveReadings @Before = '{T0 + timedelta(days=60):%Y-%m-%d}'",
        ):
            answer(connection, call)
        held = "SELECT COUNT(*) AS n FROM #{}"
        assert {answer(connection, held.format(name))["n"][0].as_py() for name in names} == {0}
