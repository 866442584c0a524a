"""SQL Server: how a load travels, by size and by what the server can be trusted with."""

import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlserver_kit import ON_SERVER, Databases, run_on, server_of
from warehouse_kit import T0, batch, is_babelfish, opened, row, rows_of

from fieldhouse.warehouse import Counts, Warehouse
from fieldhouse.warehouse.engines.sqlserver import load as sqlserver_load
from fieldhouse.warehouse.engines.sqlserver.errors import StagingFailed
from fieldhouse.warehouse.engines.sqlserver.load import ONE_CALL, Load

LARGE = ONE_CALL * 2 + 17


def large(count: int = LARGE) -> object:
    """More rows than go in one call, with every kind of value."""
    edge = Decimal("999999999999.999999")
    return batch(
        [
            row(
                n,
                T0 + timedelta(seconds=n) - timedelta(days=9000 * (n % 7 == 0)),
                Field1=edge if n % 2 else -edge,
                Field2=None if n % 3 else n,
                Latitude="40.44",
                Status='say "é" \\ \n 🙂 ' if n % 11 == 0 else None,
            )
            for n in range(1, count + 1)
        ]
    )


def test_rows_become_json() -> None:
    """A row's JSON has its values exactly, texts as they are, and nothing for NULL."""
    rows = [row(1, datetime(1, 1, 1), Field1="-0.5", Status='a"\\b\n'), row(2, T0, Field8="1e-6")]
    load = Load([batch(rows)])
    text = sqlserver_load._rows_json(load._rows)
    assert text is not None
    assert json.loads(text, parse_float=str) == [
        {"b": 0, "c": 9, "p": 1, "e": 1, "t": "0001-01-01T00:00:00.000000", "1": "-0.500000"}
        | {"s": 'a"\\b\n'},
        {"b": 0, "c": 9, "p": 1, "e": 2, "t": "2024-01-01T00:00:00.000000", "8": "0.000001"},
    ]


@pytest.fixture
def url(databases: Databases) -> str:
    return databases.empty()


@pytest.fixture
def warehouse(url: str) -> Iterator[Warehouse]:
    held = opened(url)
    yield held
    held.close()


def staged(url: str) -> list[object]:
    """What is left in the staging tables."""
    held = opened(url)
    left = [
        *rows_of(held, "SELECT TOP (3) StagingID FROM iot.StagedReadings"),
        *rows_of(held, "SELECT StagingID FROM iot.StagedLoads"),
    ]
    held.close()
    return left


@ON_SERVER
def test_a_large_load_is_staged_and_gone(url: str, warehouse: Warehouse) -> None:
    """More rows than go in one call are staged in pieces, loaded exactly, and forgotten."""
    assert warehouse.load([large()]) == {9: Counts(inserted=LARGE)}
    assert staged(url) == []
    (sums,) = rows_of(
        warehouse,
        "SELECT COUNT(*) AS n, SUM(Field2) AS f2, SUM(Field1) AS f1, COUNT(Status) AS s"
        " FROM iot.SensorReadings",
    )
    assert sums["n"] == LARGE and sums["s"] == LARGE // 11
    assert sums["f1"] == Decimal("999999999999.999999") * (LARGE % 2)
    assert sums["f2"] == sum(n for n in range(1, LARGE + 1) if n % 3 == 0)
    (said,) = {r["Status"] for r in rows_of(warehouse, STATUSES)}
    assert said == 'say "é" \\ \n 🙂 '
    assert warehouse.load([large(), large(100)]) == {9: Counts(duplicates=LARGE + 100)}


STATUSES = "SELECT Status FROM iot.SensorReadings WHERE Status IS NOT NULL"


@ON_SERVER
def test_a_bulk_copy_is_checked_before_anything_is_written(
    url: str, warehouse: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    """By bulk copy the same rows arrive, or it is found out, said, and JSON is used instead.

    Babelfish's bulk copy shifts columns: there the check is what is tested. On SQL Server it is the
    way of large loads.
    """
    load = Load([large()], bulk=True)  # type: ignore[list-item]
    with caplog.at_level(logging.WARNING), server_of(url).connected() as connection:
        assert load.send(connection) == {9: Counts(inserted=LARGE)}
    assert load.bulk is not is_babelfish(warehouse)
    assert ("staged as JSON from now on" in caplog.text) is is_babelfish(warehouse)
    assert staged(url) == []
    assert {r["Status"] for r in rows_of(warehouse, STATUSES)} == {'say "é" \\ \n 🙂 '}


@ON_SERVER
@pytest.mark.parametrize(
    "change",
    [
        "Field1 = Field1 - 0.000001",
        "EntryID = EntryID + 1",
        "ChannelID = 8",
        "Epoch = 2",
        "Batch = 1",
        "Turn = 1",
        "CreatedAt = DATEADD(MICROSECOND, 1, CreatedAt)",
        "Field3 = 0",
        "Elevation = 0",
        "Status = 'x'",
        "Status = NULL",
        "Status = UPPER(Status)",
        "Status = CONCAT(Status, ' ')",
        "Field1 = Field1 - CASE EntryID WHEN 11 THEN 1 ELSE -1 END",
        "Status = CASE EntryID WHEN 11 THEN N'two' ELSE N'one' END",
    ],
)
def test_what_is_staged_must_be_what_was_sent(
    url: str, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """A value that changed on the way, or changed its row, refuses the load; nothing is kept."""
    stage = sqlserver_load._stage_json

    def stage_and_spoil(connection: object, staging_id: int, rows: object) -> None:
        stage(connection, staging_id, rows)  # type: ignore[arg-type]
        where = f"WHERE StagingID = {staging_id} AND EntryID IN (11, 22)"
        where += "" if "CASE" in change else " AND EntryID < 20"
        run_on(url, f"UPDATE iot.StagedReadings SET {change} {where}")

    monkeypatch.setattr(sqlserver_load, "_stage_json", stage_and_spoil)
    rows = [row(n, Field1=n, Status={11: "one", 22: "two"}.get(n)) for n in range(1, LARGE)]
    with pytest.raises(StagingFailed):
        warehouse.load([batch(rows)])
    assert staged(url) == [] and rows_of(warehouse, "SELECT EntryID FROM iot.SensorReadings") == []
    assert rows_of(warehouse, "SELECT BatchHash FROM iot.LoadLedger") == []


@ON_SERVER
def test_a_load_sent_again_answers_what_it_did(url: str, warehouse: Warehouse) -> None:
    """The same load under its own number, as when its answer was lost, tells its first counts."""
    warehouse.load([batch([row(1, Field1=1), row(2, Field1=1)])])
    load = Load([batch([row(2, Field1=2), row(3), row(4)])])
    with server_of(url).connected() as connection:
        first = load.send(connection)
        assert first == {9: Counts(inserted=2, updated=1, raw=1)}
        assert load.send(connection) == first
    assert warehouse.query("status")["Readings"].to_pylist() == [4]
