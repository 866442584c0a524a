"""A user's own SELECT on ClickHouse: it reads, and cannot write or reach beyond the warehouse."""

from pathlib import Path

import pytest
from clickhouse_kit import InProcess
from warehouse_kit import batch, opened, row, tables

from fieldhouse.errors import ConfigurationError, FieldhouseError
from fieldhouse.warehouse import Warehouse


@pytest.fixture(scope="module")
def house(in_process: InProcess) -> Warehouse:
    """A warehouse with a reading, which no test here can change."""
    warehouse = opened(in_process.empty(0))
    warehouse.migrate()
    warehouse.load([batch([row(1, Field1="1.5")])])
    return warehouse


ATTACKS = (
    "INSERT INTO iot.Tokens (TokenID) VALUES ('x')",
    "DROP TABLE iot.Rows",
    "TRUNCATE TABLE iot.Rows",
    "ALTER TABLE iot.Rows DELETE WHERE 1",
    "DELETE FROM iot.Rows WHERE 1",
    "CREATE TABLE iot.Mine (x Int8) ENGINE = Memory",
    "CREATE OR REPLACE VIEW iot.Channels AS SELECT 1",
    "SET readonly = 0",
    "SELECT * FROM file('/etc/passwd', 'LineAsString') SETTINGS readonly = 0",
    "SELECT * FROM (SELECT * FROM file('/etc/passwd', 'LineAsString') SETTINGS readonly = 2)",
    "SELECT 1; DROP TABLE iot.Rows",
    "SELECT 1) ; DROP TABLE iot.Rows; SELECT * FROM (SELECT 1",
    "SELECT 1) UNION ALL (SELECT 2",
    "SELECT 1 -- ) \n ; DROP TABLE iot.Rows",
    "/* SELECT 1 */ DROP TABLE iot.Rows",
    "WITH 1 AS x INSERT INTO iot.Tokens (TokenID) SELECT 'x'",
    "SELECT 1 INTO OUTFILE '{file}'",
    "SELECT 1 INTO OUTFILE '{file}' TRUNCATE FORMAT CSV",
    "(SELECT 1 INTO OUTFILE '{file}')",
    "INSERT INTO FUNCTION file('{file}', 'CSV', 'x Int8') SELECT 1",
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM url('http://127.0.0.1:9/', 'LineAsString')",
    "SELECT * FROM s3('http://127.0.0.1:9/x.csv')",
    "SELECT * FROM remote('127.0.0.1:9', system.one)",
    "SELECT * FROM executable('sh', 'TSV', 'x String')",
    "SELECT * FROM mysql('127.0.0.1:9', 'd', 't', 'u', 'p')",
    "SELECT * FROM Python(house)",
    "KILL QUERY WHERE 1",
    "SYSTEM DROP DNS CACHE",
    "USE system",
    "SELECT 1 FORMAT CSV",
    "",
    "   ;  ",
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_is_written_through_a_select(house: Warehouse, attack: str, tmp_path: Path) -> None:
    """What would write, leave the database or be two statements is refused, in one line."""
    before, file = tables(house), tmp_path / "out"
    with pytest.raises(FieldhouseError) as refused:
        house.sql(attack.replace("{file}", str(file)))
    assert isinstance(refused.value, ConfigurationError), refused.value
    assert str(refused.value) and "\n" not in str(refused.value)
    assert not file.exists()
    assert tables(house) == before


@pytest.mark.parametrize(
    ("statement", "values", "answer"),
    [
        ("SELECT 1 AS n;", [], [1]),
        ("-- a word before\nSELECT 1 AS n -- and after", [], [1]),
        ("WITH x AS (SELECT 7 AS n) SELECT n FROM x", [], [7]),
        ("SELECT ? AS n", [5], [5]),
        ("SELECT '?' || ? AS n", ["it's \\ a\ttext"], ["?it's \\ a\ttext"]),
        ("SELECT EntryID AS n FROM iot.SensorReadings WHERE Field1 > ?", [1.25], [1]),
        ("SELECT number AS n FROM numbers(3) ORDER BY number DESC", [], [2, 1, 0]),
        ("SELECT 'iot.Rows; DROP' AS n", [], ["iot.Rows; DROP"]),
    ],
)
def test_what_reads_is_answered(
    house: Warehouse, statement: str, values: list[object], answer: list[object]
) -> None:
    """A SELECT is answered as it stands, with its parameters, in the order that it asks for."""
    assert house.sql(statement, values)["n"].to_pylist() == answer


def test_what_is_wrong_is_told_by_the_engine(house: Warehouse) -> None:
    """A misspelt column is named, in one line, with what it could be meant for."""
    with pytest.raises(ConfigurationError, match="EntryIDs") as told:
        house.sql("SELECT EntryIDs FROM iot.SensorReadings")
    assert "EntryID" in str(told.value) and "DB::Exception" not in str(told.value)
