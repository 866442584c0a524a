"""SQL Server: texts from outside are data, wherever they arrive; nothing of them is ever run."""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pytest
from sqlserver_kit import ON_SERVER, PASSWORD, Databases, run_on, server_of, url_of
from warehouse_kit import DAY, T0, batch, opened, row, rows_of

from fieldhouse.database import DatabaseConnection
from fieldhouse.errors import ConfigurationError, FieldhouseError, WarehouseUnusable
from fieldhouse.settings.sqlserver import SqlServerAddress
from fieldhouse.state import Gap, Run, Span
from fieldhouse.warehouse import Warehouse, open_warehouse
from fieldhouse.warehouse.engines.sqlserver.session import answer, quoted

pytestmark = ON_SERVER

EVIL = (
    "'; DROP TABLE iot.Canary; --",
    "'); DROP TABLE iot.Canary; --",
    "''; DROP TABLE iot.Canary; --",
    "\\'; DROP TABLE iot.Canary; --",
    "]; DROP TABLE iot.Canary; --",
    '"; DROP TABLE iot.Canary; --',
    "1; DROP TABLE iot.Canary; --",
    "9); DELETE FROM iot.Canary; --",
    "' OR '1' = '1",
    "9 OR 1 = 1",
    "0 UNION ALL SELECT 1, 2, 3 FROM iot.Canary",
    "N'x' + (SELECT TOP (1) Text FROM iot.Canary)",
    "x\nGO\nDROP TABLE iot.Canary\nGO\n",
    "/* */ DROP TABLE iot.Canary; /*",
    "'; EXEC sp_executesql N'CREATE TABLE iot.Planted (X INT)'; --",
    "'; WAITFOR DELAY '0:0:5'; --",
    '","Batch":99,"RawValue":"x"}]',
    '{"Batch":0}',
    "\\u0027; DROP TABLE iot.Canary; --",
    "\u02bc; DROP TABLE iot.Canary; --",  # a quote in many a code page, as the next two are
    "\uff07; DROP TABLE iot.Canary; --",
    "\u2019; DROP TABLE iot.Canary; --",
    "? @ChannelID @said %s {0} ${x} $(x) :x",
    "}; Server=evil; {",
    "NULL",
    "",
)


def objects(url: str) -> set[tuple[str, ...]]:
    """Every object of the database that is no temporary one."""
    statement = (
        "SELECT COALESCE(SCHEMA_NAME(o.schema_id), N'') AS Owner, o.name AS Name, o.type AS Kind"
        " FROM sys.objects AS o WHERE o.is_ms_shipped = 0"
    )
    with server_of(url).connected() as connection:
        found = answer(connection, statement).to_pylist()
    return {tuple(str(value).strip() for value in one.values()) for one in found}


@dataclass(frozen=True, slots=True)
class Watched:
    """A database with a canary in it, and the warehouse there."""

    url: str
    warehouse: Warehouse

    def connection(self) -> DatabaseConnection:
        """The seed's class, connected to it."""
        to = SqlServerAddress.parse(self.url)
        trust = "yes" if to.trust_server_certificate else "no"
        held = DatabaseConnection(
            to.server,
            to.database,
            to.username,
            PASSWORD,
            encrypt=to.encrypt,
            trust_server_certificate=trust,
        )
        assert held.connect()
        return held


@pytest.fixture
def watched(databases: Databases) -> Iterator[Watched]:
    """A warehouse; after the test its canary is there with its rows, and no object has come."""
    url = databases.empty(30)
    run_on(
        url,
        "DROP TABLE IF EXISTS iot.Canary",
        "CREATE TABLE iot.Canary (Number INT NOT NULL, Text NVARCHAR(40) NOT NULL)",
        "INSERT INTO iot.Canary (Number, Text) VALUES (1, N'alive'), (2, N'and well')",
    )
    before = objects(url)
    with closing(opened(url)) as warehouse:
        yield Watched(url, warehouse)
    assert objects(url) == before
    with server_of(url).connected() as connection:
        rows = answer(connection, "SELECT Number, Text FROM iot.Canary ORDER BY Number")
    assert rows.to_pylist() == [{"Number": 1, "Text": "alive"}, {"Number": 2, "Text": "and well"}]
    run_on(url, "DROP TABLE iot.Canary")


NAMES = ("ChannelName", "Description", "Elevation", *(f"Field{n}Name" for n in range(1, 9)))


def metadata(channel_id: int, text: str) -> dict[str, Any]:
    labels = {f"field{n}": f"{n}{text}" for n in range(1, 9)}
    own = {"name": text, "description": text * 2, "elevation": text + "x"}
    return {"channel_id": channel_id, "latitude": text[:40], **own, **labels}


def kept(text: str) -> dict[str, Any]:
    labels = {f"Field{n}Name": f"{n}{text}" for n in range(1, 9)}
    own = {"ChannelName": text, "Description": text * 2, "Elevation": text + "x"}
    return {"Latitude": None, **own, **labels}


@pytest.mark.parametrize("by_load", [False, True])
def test_metadata_comes_back_exactly(watched: Watched, by_load: bool) -> None:
    """Names, descriptions and labels are kept letter by letter, whichever way they come."""
    for number, text in enumerate(EVIL, 1):
        for channel in (metadata(number, "before"), metadata(number, text)):
            if by_load:
                offered = replace(batch(channel_id=number), metadata=channel)
                watched.warehouse.load([offered])
            else:  # where a latitude is no text
                watched.warehouse.call("upsert_channel", **channel | {"latitude": None})
    found = {held["ChannelID"]: held for held in watched.warehouse.query("channels").to_pylist()}
    assert len(found) == len(EVIL)
    for number, text in enumerate(EVIL, 1):
        assert {name: found[number][name] for name in ("Latitude", *NAMES)} == kept(text)


@pytest.mark.parametrize("rows", [0, 5100])
def test_texts_of_readings_come_back_exactly(watched: Watched, rows: int) -> None:
    """A status, a raw value and a rejected entry are kept letter by letter, staged or not."""
    numbered = list(enumerate(EVIL, 1))
    readings = [row(number, Status=text) for number, text in numbered]
    readings += [row(number) for number in range(1000, 1000 + rows)]
    raw = [
        {"EntryID": number, "ColumnName": "Field1", "RawValue": text, "Reason": "unparseable"}
        for number, text in numbered
    ]
    rejected = [{"EntryText": text, "Reason": f"{text}!"} for text in EVIL]
    counts = watched.warehouse.load([batch(readings, raw=raw, rejected=rejected)])[9]
    assert (counts.inserted, counts.raw) == (len(EVIL) + rows, len(EVIL))
    held = rows_of(
        watched.warehouse, "SELECT EntryID, Status FROM iot.SensorReadings WHERE EntryID < 1000"
    )
    assert {one["EntryID"]: one["Status"] for one in held} == dict(numbered)
    held = rows_of(watched.warehouse, "SELECT EntryID, RawValue FROM iot.RawValues")
    assert {one["EntryID"]: one["RawValue"] for one in held} == dict(numbered)
    held = rows_of(watched.warehouse, "SELECT EntryText, Reason FROM iot.RejectedEntries")
    assert {one["EntryText"]: one["Reason"] for one in held} == {text: f"{text}!" for text in EVIL}


def test_replaced_texts_come_back_exactly(watched: Watched) -> None:
    """A status that another replaces is kept letter by letter."""
    for text in EVIL:
        watched.warehouse.load([batch([row(1, Status=text)])])
    watched.warehouse.load([batch([row(1, Status="last")])])
    held = rows_of(watched.warehouse, "SELECT RawValue, Reason FROM iot.RawValues")
    assert {(one["RawValue"], one["Reason"]) for one in held} == {
        (text, "replaced") for text in EVIL
    }


def test_feeds_come_back_exactly(watched: Watched) -> None:
    """Through the seed's class: what is no number stands in RawValues, a status in its column."""
    connection = watched.connection()
    for number, text in enumerate(EVIL, 1):
        assert connection.upsert_channel({"id": number, "name": text, "field1": text})
        feed = {"created_at": "2024-11-24T12:00:00Z", "entry_id": 1, "field1": text, "status": text}
        no_id = {"created_at": text, "entry_id": text, "field1": text}
        assert connection.insert_sensor_readings(number, [feed, no_id]) == 1
    connection.disconnect()
    held = rows_of(watched.warehouse, "SELECT ChannelID, Status, Field1 FROM iot.SensorReadings")
    assert [one["Field1"] for one in held] == [None] * len(EVIL)
    assert {one["ChannelID"]: one["Status"] for one in held} == dict(enumerate(EVIL, 1))
    held = rows_of(watched.warehouse, "SELECT ChannelID, RawValue FROM iot.RawValues")
    assert {one["ChannelID"]: one["RawValue"] for one in held} == dict(enumerate(EVIL, 1))
    names = watched.warehouse.query("channels").to_pylist()
    assert [(one["ChannelName"], one["Field1Name"]) for one in names] == [(t, t) for t in EVIL]
    assert len(rows_of(watched.warehouse, "SELECT EntryText FROM iot.RejectedEntries")) == len(EVIL)


def test_errors_of_runs_come_back_exactly(watched: Watched) -> None:
    """The text of a failed run is kept letter by letter."""
    failed = Run(channel_id=9, started_at=T0, outcome="failed")
    runs = [replace(failed, channel_id=n, error=text) for n, text in enumerate(EVIL, 1)]
    watched.warehouse.call("record_runs", runs=[asdict(run) for run in runs])
    held = watched.warehouse.query("runs").to_pylist()
    assert {one["ChannelID"]: one["Error"] for one in held} == dict(enumerate(EVIL, 1))


NO_NUMBERS = [text for text in EVIL if text]


def test_what_should_be_a_number_or_a_date_is_refused(watched: Watched) -> None:
    """A text for a number, a date or a threshold is an error of ours, or no such thing is found."""
    warehouse = watched.warehouse
    warehouse.load([batch([row(n, Field1=n) for n in range(1, 30)])])
    anomalies = {"channel_id": 9, "field_number": 1, "as_of": datetime(2024, 1, 2)}
    question = {"channel_id": 9, "epoch": 1, "above": 0, "upto": 9}
    for text in NO_NUMBERS:
        for name in ("channel_id", "field_number", "threshold_stddev", "lookback_days", "as_of"):
            refused(
                lambda n=name, t=text: warehouse.query("usp_DetectAnomalies", **anomalies | {n: t})
            )
        for name in question:
            refused(lambda n=name, t=text: warehouse.query("missing_ids", **question | {n: t}))
        refused(lambda t=text: warehouse.query("requests_on", day=t))
        refused(lambda t=text: warehouse.query("readings", channel_id=9, start_at=t))
        refused(lambda t=text: warehouse.query("usp_GetTrendAnalysis", **anomalies | {"days": t}))


def test_what_should_be_one_of_a_few_words_is_refused(watched: Watched) -> None:
    """An aggregation type and a method are refused with those that there are."""
    warehouse = watched.warehouse
    warehouse.load([batch([row(1, Field1=1)])])
    for text in EVIL:
        for call in ("refresh_aggregates", "usp_ProcessSensorReadings"):
            given = {} if call == "refresh_aggregates" else {"channel_id": 9}
            with pytest.raises(ConfigurationError, match="HOURLY, DAILY and WEEKLY"):
                warehouse.call(call, aggregation_type=text, **given)
        with pytest.raises(ConfigurationError, match="ZSCORE and MAD"):
            warehouse.query("usp_DetectAnomalies", channel_id=9, field_number=1, method=text)
        asked = {"channel_id": 9, "aggregation_type": text, "start_at": None, "end_at": None}
        with suppress(ConfigurationError):
            assert warehouse.query("aggregates", **asked).num_rows == 0


def test_lists_of_numbers_hold_numbers_only(watched: Watched) -> None:
    """A text in a list of channels, entries or bounds is an error of ours, or finds nothing."""
    warehouse = watched.warehouse
    warehouse.load([batch([row(1, Field1=1)], covered=(Span(T0, T0 + DAY),), gaps=(Gap(2, 3),))])
    ranges = {"channel_ids": [9], "field_numbers": [1], "minima": [0], "maxima": [1]}
    for text in NO_NUMBERS:
        for name in ("coverage", "gaps", "channel_state"):
            harmless(lambda n=name, t=text: warehouse.query(n, channel_ids=[t]))
        harmless(lambda t=text: warehouse.query("known_entries", channel_id=9, entry_ids=[t]))
        harmless(lambda t=text: warehouse.call("refresh_quality", channel_ids=[t]))
        for name in ranges:
            refused(lambda n=name, t=text: warehouse.call("sync_field_ranges", **ranges | {n: [t]}))


def harmless(work: Callable[[], pa.Table]) -> None:
    """An error of ours, or no row."""
    with suppress(FieldhouseError):
        assert work().num_rows == 0


def refused(work: Callable[[], object]) -> None:
    """An error of ours, in one line."""
    with pytest.raises(FieldhouseError) as told:
        work()
    assert "\n" not in str(told.value)


def test_no_name_of_a_statement_or_parameter_is_run(watched: Watched) -> None:
    """What is no name of ours is refused before anything is sent."""
    for text in EVIL:
        for ask in (watched.warehouse.query, watched.warehouse.call):
            with pytest.raises(ConfigurationError):
                ask(text)
            with pytest.raises(ConfigurationError):
                ask(f"usp_Channels {text}")
        with pytest.raises(ConfigurationError, match="takes no"):
            watched.warehouse.query("coverage", **{f"channel_ids{text}x": 1})


PROCEDURES = [
    *EVIL,
    *(f"iot.usp_Channels{text}" for text in EVIL if text),
    *(f"iot.[usp_Channels{text}]" for text in EVIL if text),
    *(f"[iot].[{text.replace(']', ']]')}]" for text in EVIL),
    "iot.usp_Channels; DROP TABLE iot.Canary",
    "iot.usp_Channels DROP TABLE iot.Canary",
    "iot.[usp_Channels]; DROP TABLE iot.Canary; --]",
    "(SELECT 1)",
    "iot..usp_Channels.x",
    "@x",
]


def test_no_name_of_a_procedure_is_run_as_a_statement(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    """``call_stored_procedure`` takes a name, quotes it, and finds no such procedure."""
    connection = watched.connection()
    with caplog.at_level(logging.ERROR):
        for number, name in enumerate(PROCEDURES, 1):
            assert connection.call_stored_procedure(name) is None, name
            assert connection.call_stored_procedure(name, (9, "'; --")) is None, name
            assert len(caplog.records) == 2 * number
    for name in ("iot.usp_Channels", "[iot].[usp_Channels]", "iot.[usp_Channels]"):
        assert connection.call_stored_procedure(name) == []
    connection.disconnect()


def test_parameters_of_procedures_are_data(watched: Watched) -> None:
    """The values given to ``call_stored_procedure`` arrive as they are, or are refused."""
    connection = watched.connection()
    for number, text in enumerate(EVIL, 1):
        assert connection.call_stored_procedure("iot.usp_UpsertChannel", (number, text)) == []
        assert connection.call_stored_procedure("iot.usp_RequestsOn", (text or "x",)) is None
        kind = ("iot.usp_ProcessSensorReadings", (number, text, None, None))
        assert connection.call_stored_procedure(*kind) is None
    rows = connection.call_stored_procedure("iot.usp_Channels") or []
    assert [one["ChannelName"] for one in rows] == list(EVIL)
    connection.disconnect()


DATABASES = (
    "x]; DROP DATABASE y;--",
    "x'; DROP DATABASE y;--",
    "it's",
    'say "so"',
    "a b",
    "[x]",
    "]",
    "}x{",
    "a;b=c",
    "x--",
    "/* x",
    "50%",
    "ünïcødé 日本",
    "x.y",
)


def on_master(question: str, *values: str) -> Any:
    """The one value that the server answers, asked in its own database."""
    with server_of(url_of("master")).connected() as connection:
        (found,) = answer(connection, f"SELECT {question} AS Found", values).to_pylist()
    return found["Found"]


@pytest.mark.parametrize("name", DATABASES)
def test_the_name_of_a_database_is_a_name(databases: Databases, name: str) -> None:
    """A database of any name is made under it, is the one connected to, and no other is touched.

    Babelfish folds a name's case, and cannot parse a quoted name with a bracket in it.
    """
    bystander = f"{databases.prefix}_y"
    whole = f"{databases.prefix[-6:]} {name}".replace("DATABASE y", f"DATABASE {bystander}")
    url = url_of(whole)
    babelfish = on_master("CAST(SERVERPROPERTY('BabelfishVersion') AS NVARCHAR(9))")
    run_on(url_of("master"), f"CREATE DATABASE {quoted(bystander)}")
    try:
        if babelfish and "]" in whole:
            refused(lambda: open_warehouse(url, password=PASSWORD, create=True))
        else:
            with closing(open_warehouse(url, password=PASSWORD, create=True)) as warehouse:
                (held,) = rows_of(warehouse, "SELECT DB_NAME() AS Name")
            assert held["Name"] == (whole.lower() if babelfish else whole)
            assert on_master("DB_ID(?)", whole)
        assert on_master("DB_ID(?)", bystander)
    finally:
        for made in (whole, bystander):
            with suppress(FieldhouseError):  # where a pooled session is there still
                run_on(url_of("master"), f"DROP DATABASE IF EXISTS {quoted(made)}")


USERS = (
    "nobody'; DROP DATABASE x; --",
    "nobody;Trusted_Connection=yes",
    "nobody};Server=127.0.0.2;UID={sa",
    "nobody}",
    "{nobody",
    "no body",
    "nobody=x",
    "ñobódy😀",
    "]nobody[",
)


@pytest.mark.parametrize("user", USERS)
def test_the_name_of_a_user_is_a_name(user: str) -> None:
    """A user and a password of any letters are a login that is refused, and no word more."""
    _, _, place = url_of("master").rpartition("@")
    url = f"sqlserver://{quote(user, safe='')}@{place}"
    assert SqlServerAddress.parse(url).username == user
    for password in ("wrong", user, "x};Trusted_Connection={yes"):
        with pytest.raises(WarehouseUnusable, match="login"):
            open_warehouse(url, password=password)
