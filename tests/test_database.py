"""The architecture's own snippets on SQL Server: its class, its procedures by hand, its queries.

And every name that it gives a table, column, index or constraint is in the server's catalogue.
"""

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import mssql_python
import pytest
from sqlserver_kit import ON_SERVER, PASSWORD, Databases, server_of

from fieldhouse import DatabaseConnection
from fieldhouse.errors import FieldhouseError
from fieldhouse.settings.sqlserver import SqlServerAddress
from fieldhouse.warehouse.engines.sqlserver.session import answer

pytestmark = ON_SERVER

CHANNEL = {
    "id": 9,
    "name": "Weather Station",
    "description": "On the roof",
    "latitude": "52.37",
    "longitude": "4.9",
    "field1": "Temperature",
    "field2": "Humidity",
}
FEED = {
    "created_at": "2024-11-24T12:00:00Z",
    "entry_id": 12345,
    "field1": "23.5",
    "field2": "",
    "field3": "invalid",
    "latitude": "52.37",
}
"""The example of the Data Transformation Pipeline."""

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def databases() -> Iterator[Databases]:
    """Databases on the test server."""
    held = Databases()
    yield held
    held.drop()


@pytest.fixture
def url(databases: Databases) -> str:
    """A migrated database without a row."""
    return databases.empty()


@pytest.fixture
def connection(url: str) -> Iterator[DatabaseConnection]:
    """The architecture's class, connected."""
    held = connection_to(url)
    assert held.connect() is True
    yield held
    held.disconnect()


def connection_to(url: str, **changed: Any) -> DatabaseConnection:
    """The class with the architecture's six arguments, and the test server's way to encrypt."""
    to = SqlServerAddress.parse(url)
    arguments = {
        "server": to.server,
        "database": to.database,
        "username": to.username,
        "password": PASSWORD,
        "driver": "ODBC Driver 18 for SQL Server",
        "trusted_connection": False,
        "encrypt": to.encrypt,
        "trust_server_certificate": "yes" if to.trust_server_certificate else "no",
    }
    return DatabaseConnection(**arguments | changed)


def ask(url: str, statement: str, *values: Any) -> Rows:
    """The first answer of a statement, through the raw driver."""
    with server_of(url).connected() as held:
        rows: Rows = answer(held, statement, values).to_pylist()
    return rows


def answers(url: str, statement: str) -> list[list[tuple[Any, ...]]]:
    """Every answer of a statement, through the raw driver."""
    found = []
    with server_of(url).connected() as held:
        cursor = held.cursor()
        cursor.execute(statement)
        while True:
            if cursor.description:
                found.append([tuple(row) for row in cursor.fetchall()])
            if not cursor.nextset():
                return found


def is_babelfish(url: str) -> bool:
    found = ask(url, "SELECT CAST(SERVERPROPERTY('BabelfishVersion') AS NVARCHAR(9)) AS Version")
    return found[0]["Version"] is not None


# DatabaseConnection


def test_the_six_arguments_by_their_places(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """The class takes the six in the architecture's order; the driver's name earns a warning.

    What cannot be (a certificate nobody vouches for) is False and a line, never an exception.
    """
    to = SqlServerAddress.parse(url)
    with caplog.at_level(logging.WARNING):
        held = DatabaseConnection(
            to.server,
            to.database,
            to.username,
            PASSWORD,
            "ODBC Driver 18 for SQL Server",
            False,
        )
        connected = held.connect()
    (warned, *errors) = caplog.records
    assert warned.levelname == "WARNING" and "the bundled ODBC driver serves" in warned.message
    if not connected:
        assert len(errors) == 1 and "its certificate is not trusted" in errors[0].message
    held.disconnect()
    held.disconnect()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"password": "wrong"}, "it refuses the login"),
        ({"database": "no_such_database_there"}, "there is no such database"),
        ({"server": "127.0.0.1,1", "login_timeout": "2"}, "nothing answers there"),
        ({"server": "not a host"}, "host must be a name"),
    ],
)
def test_what_cannot_connect_says_so(
    url: str, caplog: pytest.LogCaptureFixture, changed: dict[str, str], said: str
) -> None:
    """A wrong password, database or server is False and one ERROR line, and asks for nothing."""
    held = connection_to(url, driver=None, **changed)
    with caplog.at_level(logging.ERROR):
        assert held.connect() is False
        assert said in caplog.records[-1].message
        assert held.call_stored_procedure("iot.usp_Channels") is None
        assert held.insert_sensor_readings(9, [FEED]) is None
        assert held.upsert_channel(CHANNEL) is False
    assert {record.levelname for record in caplog.records} == {"ERROR"}
    assert not any(str(PASSWORD) in record.message for record in caplog.records)


def test_the_architectures_run(connection: DatabaseConnection, url: str) -> None:
    """The data flow of the architecture, call by call, on its own example."""
    assert connection.upsert_channel(CHANNEL) is True
    assert connection.upsert_channel({**CHANNEL, "name": "Renamed"}) is True
    assert connection.insert_sensor_readings(9, [FEED]) == 1
    assert connection.insert_sensor_readings(9, [FEED]) == 0
    (reading,) = ask(url, "SELECT * FROM iot.SensorReadings")
    assert isinstance(reading["ReadingID"], int)
    assert (reading["ChannelID"], reading["EntryID"]) == (9, 12345)
    assert reading["CreatedAt"] == datetime(2024, 11, 24, 12)
    assert reading["Field1"] == Decimal("23.500000")
    assert (reading["Field2"], reading["Field3"], reading["Field4"]) == (None, None, None)
    assert reading["Latitude"] == Decimal("52.37")
    assert abs(reading["ImportedAt"] - datetime.now(UTC).replace(tzinfo=None)) < timedelta(hours=1)
    texts = ask(url, "SELECT ColumnName, RawValue, Reason FROM iot.RawValues ORDER BY ColumnName")
    assert [tuple(text.values()) for text in texts] == [
        ("Field2", "", "empty"),
        ("Field3", "invalid", "unparseable"),
    ]
    (channel,) = ask(url, "SELECT * FROM iot.Channels")
    assert (channel["ChannelName"], channel["Field2Name"]) == ("Renamed", "Humidity")
    assert channel["IsActive"] and channel["Latitude"] == Decimal("52.37")


def test_the_procedures_of_the_architectures_run(connection: DatabaseConnection, url: str) -> None:
    """Aggregation of the last seven days and today's quality, by position, NULLs as in the text."""
    now = datetime.now(UTC)
    feeds = [
        {"created_at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "entry_id": n, "field1": str(20 + n)}
        for n, at in enumerate([now - timedelta(days=8), now - timedelta(days=2), now], 1)
    ]
    assert connection.insert_sensor_readings(9, feeds) == 3
    for kind in ("HOURLY", "DAILY"):
        rows = connection.call_stored_procedure(
            "iot.usp_ProcessSensorReadings", params=(9, kind, None, None)
        )
        assert rows == [{"Periods": 2}]
    held = ask(url, "SELECT AggregationType, Field1Avg FROM iot.AggregatedData")
    found = sorted((one["AggregationType"], one["Field1Avg"]) for one in held)
    assert found == [("DAILY", 22.0), ("DAILY", 23.0), ("HOURLY", 22.0), ("HOURLY", 23.0)]
    rows = connection.call_stored_procedure("iot.usp_CalculateDataQuality", params=(9, None)) or []
    assert [one["CheckDate"] for one in rows] == [datetime.now(UTC).date()]
    assert rows[0]["QualityScore"] in (0.0, 100.0)  # midnight may have passed meanwhile
    rows = connection.call_stored_procedure("iot.usp_CalculateDataQuality", (9, now.date())) or []
    assert (rows[0]["TotalReadings"], rows[0]["QualityScore"]) == (1, 100.0)
    assert len(ask(url, "SELECT CheckDate FROM iot.DataQuality")) in (1, 2)


def test_a_procedure_that_fails_is_a_line(
    connection: DatabaseConnection, caplog: pytest.LogCaptureFixture
) -> None:
    """What a procedure refuses, and one that is not there, is None and an ERROR line."""
    with caplog.at_level(logging.ERROR):
        wrong = (9, "MONTHLY", None, None)
        assert connection.call_stored_procedure("iot.usp_ProcessSensorReadings", wrong) is None
        assert "HOURLY, DAILY and WEEKLY" in caplog.records[-1].message
        assert connection.call_stored_procedure("iot.usp_CalculateDataQuality", (7, None)) is None
        assert "channel 7 is not in the warehouse" in caplog.records[-1].message
        assert connection.call_stored_procedure("iot.usp_NotThere") is None
    assert len(caplog.records) == 3


def test_all_of_a_batch_or_nothing(
    connection: DatabaseConnection, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A feed with an entry that contradicts what is held inserts nothing of it."""
    assert connection.insert_sensor_readings(9, [FEED]) == 1
    moved = {**FEED, "created_at": "2024-11-25T12:00:00Z"}
    with caplog.at_level(logging.ERROR):
        assert connection.insert_sensor_readings(9, [{**FEED, "entry_id": 1}, moved]) is None
    assert "entry 12345 of channel 9" in caplog.records[-1].message
    assert ask(url, "SELECT COUNT(*) AS N FROM iot.SensorReadings") == [{"N": 1}]


# Procedures by hand, and the queries


@pytest.fixture
def week(connection: DatabaseConnection) -> DatabaseConnection:
    """Five days of readings to the present, a far-off one among them."""
    now = datetime.now(UTC)
    feeds = [
        {
            "created_at": f"{now - timedelta(hours=n):%Y-%m-%dT%H:%M:%SZ}",
            "entry_id": 200 - n,
            "field1": "99" if n == 5 else str(20 + n % 3),
        }
        for n in range(1, 120)
    ]
    assert connection.upsert_channel(CHANNEL)
    assert connection.insert_sensor_readings(9, feeds) == 119
    return connection


@pytest.mark.parametrize(
    "call",
    [
        "iot.usp_ProcessSensorReadings @ChannelID=9, @AggregationType='HOURLY'",
        "iot.usp_ProcessSensorReadings @ChannelID=9, @AggregationType='DAILY'",
        "iot.usp_ProcessSensorReadings @ChannelID=9",
        "iot.usp_CalculateDataQuality @ChannelID=9",
        "iot.usp_DetectAnomalies @ChannelID=9, @FieldNumber=1",
        "iot.usp_DetectAnomalies @ChannelID=9, @FieldNumber=1, @ThresholdStdDev=3.0,"
        " @LookbackDays=30",
        "iot.usp_DetectAnomalies @ChannelID=9, @FieldNumber=1, @Method='MAD'",
        "iot.usp_GetTrendAnalysis @ChannelID=9, @FieldNumber=1, @Days=30",
        "iot.usp_GetTrendAnalysis @ChannelID=9, @FieldNumber=1",
    ],
)
def test_a_procedure_by_hand(week: DatabaseConnection, url: str, call: str) -> None:
    """Executed by hand it answers rows, and its return code is 0."""
    (rows,) = answers(url, f"EXEC {call}")
    assert rows
    *_, code = answers(url, f"DECLARE @r INT; EXEC @r = {call}; SELECT @r AS ReturnCode")
    assert code == [(0,)]
    if "Anomalies" in call:
        assert [float(row[4]) for row in rows] == [99.0]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            "iot.usp_ProcessSensorReadings @ChannelID=9, @AggregationType='MONTHLY'",
            "the aggregation types are HOURLY, DAILY and WEEKLY",
        ),
        ("iot.usp_CalculateDataQuality @ChannelID=7", "channel 7 is not in the warehouse"),
        (
            "iot.usp_DetectAnomalies @ChannelID=9, @FieldNumber=9",
            "fields are numbered 1 to 8",
        ),
        (
            "iot.usp_DetectAnomalies @ChannelID=9, @FieldNumber=1, @Method='IQR'",
            "the methods are ZSCORE and MAD",
        ),
        ("iot.usp_GetTrendAnalysis @ChannelID=9, @FieldNumber=0", "fields are numbered 1 to 8"),
    ],
)
def test_what_a_procedure_refuses_by_hand(url: str, call: str, said: str) -> None:
    """What makes no sense is error 51001 with a line that says what would."""
    caught = (
        f"BEGIN TRY EXEC {call}; END TRY"
        " BEGIN CATCH SELECT ERROR_NUMBER() AS Number, ERROR_MESSAGE() AS Said; END CATCH"
    )
    assert answers(url, caught)[-1] == [(51001, said)]
    with pytest.raises(FieldhouseError, match=said), server_of(url).connected() as held:
        held.cursor().execute(f"EXEC {call}")


def test_the_two_queries_say_the_same(connection: DatabaseConnection, url: str) -> None:
    """The slow query over readings and the quick one over aggregates, as they stand, agree."""
    feeds = [
        {"created_at": f"2024-01-{1 + n // 9:02}T0{n % 9}:30:00Z", "entry_id": n, "field1": n % 7}
        for n in range(1, 99)
    ]
    assert connection.insert_sensor_readings(9, feeds) == 98
    span = (9, "DAILY", datetime(2024, 1, 1), datetime(2024, 2, 1))
    assert connection.call_stored_procedure("iot.usp_ProcessSensorReadings", span)
    (slow,) = answers(
        url,
        """
SELECT
    CAST(CreatedAt AS DATE) AS Date,
    AVG(Field1), MIN(Field1), MAX(Field1), STDEV(Field1)
FROM iot.SensorReadings
WHERE ChannelID = 9
    AND CreatedAt >= '2024-01-01'
GROUP BY CAST(CreatedAt AS DATE)
ORDER BY Date DESC;""",
    )
    (quick,) = answers(
        url,
        """
SELECT
    PeriodStart,
    Field1Avg, Field1Min, Field1Max, Field1StdDev
FROM iot.AggregatedData
WHERE ChannelID = 9
    AND AggregationType = 'DAILY'
    AND PeriodStart >= '2024-01-01'
ORDER BY PeriodStart DESC;""",
    )
    assert len(slow) == len(quick) == 11
    for (day, *measured), (start, *stored) in zip(slow, quick, strict=True):
        assert datetime(day.year, day.month, day.day) == start
        assert [float(v) for v in measured] == pytest.approx([float(v) for v in stored], abs=1e-6)


def test_the_query_of_the_index(connection: DatabaseConnection, url: str) -> None:
    """The query that the architecture's index serves has its rows, the newest first."""
    days = ["2024-10-31", "2024-11-24", "2024-11-01", "2024-11-30"]
    feeds = [{**FEED, "entry_id": n, "created_at": f"{d}T00:00:00Z"} for n, d in enumerate(days, 1)]
    assert connection.insert_sensor_readings(9, feeds) == 4
    rows = ask(
        url,
        """
SELECT * FROM iot.SensorReadings
WHERE ChannelID = 9
    AND CreatedAt >= '2024-11-01'
ORDER BY CreatedAt DESC;""",
    )
    found = [one["CreatedAt"].date() for one in rows]
    assert found == [date(2024, 11, 30), date(2024, 11, 24), date(2024, 11, 1)]


# The catalogue

FIELDS = " ".join(f"Field{n}" for n in range(1, 9))
COLUMNS = {
    "Channels": "ChannelID ChannelName Description Latitude Longitude CreatedAt UpdatedAt IsActive "
    + " ".join(f"Field{n}Name" for n in range(1, 9)),
    "SensorReadings": f"ReadingID ChannelID EntryID CreatedAt {FIELDS} Latitude Longitude Elevation"
    " Status ImportedAt",
    "AggregatedData": "AggregationID ChannelID AggregationType PeriodStart PeriodEnd ReadingCount"
    " CreatedAt "
    + " ".join(f"Field{n}{m}" for n in range(1, 5) for m in ("Avg", "Min", "Max", "StdDev")),
    "DataQuality": "QualityID ChannelID CheckDate TotalReadings MissingReadings OutOfRangeReadings"
    " AnomaliesDetected QualityScore Notes CreatedAt",
}
KEYS = {
    "Channels": "ChannelID",
    "SensorReadings": "ReadingID",
    "AggregatedData": "AggregationID",
    "DataQuality": "QualityID",
}
INDEXES = {
    "UQ_ChannelEntry": ("SensorReadings", "ChannelID EntryID"),
    "UQ_Aggregation": ("AggregatedData", "ChannelID AggregationType PeriodStart"),
    "IX_SensorReadings_ChannelID_CreatedAt": ("SensorReadings", "ChannelID -CreatedAt"),
    "IX_SensorReadings_CreatedAt": ("SensorReadings", "-CreatedAt"),
    "IX_AggregatedData_ChannelID_Type_Period": (
        "AggregatedData",
        "ChannelID AggregationType -PeriodStart",
    ),
}
"""Each with its table and columns; a minus is a descending one. Keys also have our Epoch."""


class Names(str):
    """A name of the catalogue, told by its letters: Babelfish keeps them small."""

    def __new__(cls, name: str) -> "Names":
        return super().__new__(cls, name.lower())


def names(rows: Rows) -> list[Names]:
    return [Names(one["Name"]) for one in rows]


def test_tables_and_columns_have_their_names(url: str) -> None:
    """The four tables in schema iot, and every column that the architecture draws."""
    for table, columns in COLUMNS.items():
        found = ask(
            url,
            "SELECT c.name AS Name FROM sys.tables AS t"
            " JOIN sys.schemas AS s ON s.schema_id = t.schema_id"
            " JOIN sys.columns AS c ON c.object_id = t.object_id"
            " WHERE s.name = N'iot' AND t.name = ?",
            table,
        )
        assert {Names(name) for name in columns.split()} <= set(names(found)), table


def test_columns_have_their_types(url: str) -> None:
    """Keys are counted up by the server, numbers are exact, times have fractions of a second."""
    found = ask(
        url,
        "SELECT CONCAT(OBJECT_NAME(c.object_id), N'.', c.name) AS Name, t.name AS Type,"
        " CAST(c.precision AS INT) AS Digits, CAST(c.scale AS INT) AS Decimals,"
        " c.is_identity AS IsCounted FROM sys.columns AS c"
        " JOIN sys.types AS t ON t.user_type_id = c.user_type_id"
        " WHERE OBJECT_SCHEMA_NAME(c.object_id) = N'iot'",
    )
    held = {Names(one["Name"]): one for one in found}
    for table, key in KEYS.items():
        one = held[Names(f"{table}.{key}")]
        counted = table != "Channels"
        assert one["Type"] == ("bigint" if counted else "int") and one["IsCounted"] is counted
        assert held[Names(f"{table}.ChannelID")]["Type"] == "int"
        assert held[Names(f"{table}.CreatedAt")]["Type"] == "datetime2"
    for column in FIELDS.split():
        one = held[Names(f"SensorReadings.{column}")]
        assert (one["Type"], one["Digits"], one["Decimals"]) == ("decimal", 18, 6)
    assert held[Names("SensorReadings.EntryID")]["Type"] == "bigint"
    assert held[Names("AggregatedData.AggregationType")]["Type"] == "nvarchar"


@pytest.mark.parametrize("index", INDEXES)
def test_indexes_and_unique_constraints_have_their_names(url: str, index: str) -> None:
    """Each index is on the table's columns in their order; Babelfish appends a hash to a name."""
    table, columns = INDEXES[index]
    found = ask(
        url,
        "SELECT i.name AS Name, c.name AS ColumnName, i.is_unique AS IsUnique,"
        " ic.is_descending_key AS Falls FROM sys.indexes AS i"
        " JOIN sys.index_columns AS ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id"
        " JOIN sys.columns AS c ON c.object_id = i.object_id AND c.column_id = ic.column_id"
        " WHERE i.object_id = OBJECT_ID(?) AND ic.is_included_column = 0"
        " ORDER BY i.name, ic.key_ordinal",
        f"iot.{table}",
    )
    shown = Names(index)
    if is_babelfish(url) and index.startswith("IX_"):
        shown = Names(index[:25])
        others = [Names(name[:25]) for name in INDEXES]
        assert others.count(shown) == 1
    of_it = [one for one in found if Names(one["Name"]).startswith(shown)]
    held = [("-" if one["Falls"] else "") + Names(one["ColumnName"]) for one in of_it]
    wanted = columns.lower().split()
    assert [name for name in held if name != "epoch"] == wanted
    assert {one["IsUnique"] for one in of_it} == {index.startswith("UQ_")}


def test_constraints_have_their_names(url: str) -> None:
    """The three foreign keys, the primary keys, and the checks that the architecture could add."""
    foreign = ask(
        url,
        "SELECT CONCAT(f.name, N' ', OBJECT_NAME(f.parent_object_id), N' ',"
        " OBJECT_NAME(f.referenced_object_id)) AS Name FROM sys.foreign_keys AS f",
    )
    wanted = {
        Names(f"FK_{table}_Channels {table} Channels") for table in COLUMNS if table != "Channels"
    }
    assert wanted <= set(names(foreign))
    primary = ask(url, "SELECT k.name AS Name FROM sys.key_constraints AS k WHERE k.type = 'PK'")
    assert {Names(f"PK_{table}") for table in COLUMNS} <= set(names(primary))
    checks = ask(url, "SELECT c.name AS Name FROM sys.check_constraints AS c")
    checked = {Names("CK_DataQuality_Score"), Names("CK_AggregatedData_Type")}
    assert checked <= set(names(checks))


def test_procedures_have_their_names(url: str) -> None:
    """The four procedures are in schema iot."""
    found = ask(
        url,
        "SELECT p.name AS Name FROM sys.procedures AS p WHERE SCHEMA_NAME(p.schema_id) = N'iot'",
    )
    four = "ProcessSensorReadings DetectAnomalies CalculateDataQuality GetTrendAnalysis"
    assert {Names(f"usp_{name}") for name in four.split()} <= set(names(found))


def test_constraints_hold(connection: DatabaseConnection, url: str) -> None:
    """What breaks a key, a reference or a check is refused by the table itself."""
    assert connection.insert_sensor_readings(9, [FEED]) == 1
    reading = "INSERT INTO iot.SensorReadings (ChannelID, Epoch, EntryID, CreatedAt) VALUES"
    period = (
        "INSERT INTO iot.AggregatedData (ChannelID, AggregationType, PeriodStart, PeriodEnd,"
        f" ReadingCount, {', '.join(f'Field{n}Count' for n in range(1, 9))}) VALUES"
    )
    day = (
        "INSERT INTO iot.DataQuality (ChannelID, CheckDate, TotalReadings, MissingReadings,"
        " OutOfRangeReadings, AnomaliesDetected, QualityScore, RangesConfigured, AsOfTime) VALUES"
    )
    noon, counts = "'2024-11-24T12:00:00'", "0, " * 8 + "0"
    hour = f"(9, N'HOURLY', {noon}, {noon}, {counts})"
    with server_of(url).connected() as held:
        for statement in (
            f"{reading} (9, 1, 12345, {noon})",
            f"{reading} (8, 1, 1, {noon})",
            f"{period} {hour}, {hour}",
            f"{period} (8, N'HOURLY', {noon}, {noon}, {counts})",
            f"{period} (9, N'MONTHLY', {noon}, {noon}, {counts})",
            f"{day} (9, '2024-11-24', 1, 0, 0, 0, 100.5, 1, {noon})",
            f"{day} (8, '2024-11-24', 1, 0, 0, 0, 100, 1, {noon})",
        ):
            with pytest.raises(mssql_python.Error, match=r"(?i)constraint|duplicate"):
                answer(held, statement)
        answer(held, f"{reading} (9, 1, 12346, {noon})")
        answer(held, f"{period} {hour}")
        answer(held, f"{day} (9, '2024-11-24', 1, 0, 0, 0, 100, 1, {noon})")


def test_the_default_database_is_the_architectures() -> None:
    """Without a name the database is IoTSensorDB, and nothing is opened before ``connect``."""
    held = DatabaseConnection("localhost")
    assert (held.database, held.connection) == ("IoTSensorDB", None)
