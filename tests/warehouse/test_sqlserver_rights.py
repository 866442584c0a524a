"""SQL Server: who may do what, by the roles that the migrations make."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from sqlserver_kit import ON_SERVER, Databases, run_on, server_of, url_of
from warehouse_kit import T0, batch, is_babelfish, opened, refresh, row, rows_of

from fieldhouse.errors import ConfigurationError, FieldhouseError, WarehouseUnusable
from fieldhouse.warehouse import Warehouse, open_warehouse
from fieldhouse.warehouse.engines.sqlserver.session import answer

pytestmark = ON_SERVER
WORD = f"Rights-{uuid.uuid4().hex[:12]}"
READS_LEDGER = (
    # a procedure has its caller's rights there, and the ledger is read whenever one connects
    "IF SERVERPROPERTY('BabelfishVersion') IS NOT NULL"
    " GRANT SELECT ON iot.SchemaMigrations TO iot_loader",
)


@pytest.fixture
def url(databases: Databases) -> str:
    return databases.empty()


@pytest.fixture
def member(url: str) -> Iterator[Callable[[str], Warehouse]]:
    """The warehouse as a member of a role sees it; the login is dropped afterwards."""
    made: list[str] = []
    held: list[Warehouse] = []

    def member_of(role: str) -> Warehouse:
        name = f"fieldhouse_{uuid.uuid4().hex[:8]}"
        made.append(name)
        run_on(
            url,
            f"CREATE LOGIN {name} WITH PASSWORD = '{WORD}'",
            f"CREATE USER {name} FOR LOGIN {name}",
            f"ALTER ROLE {role} ADD MEMBER {name}",
            *READS_LEDGER,
        )
        database = url.rpartition("/")[2].partition("?")[0]
        theirs = url_of(database).replace(url_of("x").split("//")[1].split("@")[0], name, 1)
        held.append(open_warehouse(theirs, password=WORD))
        return held[-1]

    yield member_of
    for each in held:
        each.close()
    for name in made:
        run_on(url, f"DROP USER {name}")
        with suppress(FieldhouseError):  # its pooled session may be there still
            run_on(url, f"DROP LOGIN {name}")


def refused(work: Callable[[], object]) -> None:
    """A right is lacking, and the line says so."""
    with pytest.raises((WarehouseUnusable, ConfigurationError), match=r"(?i)permission|right"):
        work()


def test_the_loader_has_no_right_on_a_table(url: str, member: Callable[[str], Warehouse]) -> None:
    """Role iot_loader reads and writes no table directly, but the heap that bulk copy fills."""
    with_rows = opened(url)
    with_rows.load([batch([row(1, Field1=1)])])
    loader = member("iot_loader")
    for table in ("SensorReadings", "Channels", "AggregatedData", "AuditTrail"):
        refused(lambda table=table: rows_of(loader, f"SELECT * FROM iot.{table}"))
    assert rows_of(loader, "SELECT LoadID = StagingID FROM iot.StagedReadings") == []
    refused(lambda: loader.call("archive_readings", before=T0))
    with_rows.close()


def test_the_loader_runs_the_pipeline(url: str, member: Callable[[str], Warehouse]) -> None:
    """With EXECUTE alone it loads, aggregates, judges and asks all that a run asks.

    On Babelfish a procedure has its caller's rights, not its owner's: there the loader is refused,
    which shows that it had no right on the tables.
    """
    loader = member("iot_loader")
    work: list[Callable[[], object]] = [
        lambda: loader.load([batch([row(n, Field1=n) for n in range(1, 100)])]),
        lambda: refresh(loader),
        lambda: loader.call("refresh_quality"),
        lambda: loader.query("channel_state", channel_ids=[9]),
        lambda: loader.query("usp_DetectAnomalies", channel_id=9, field_number=1),
        lambda: loader.query("status"),
    ]
    with_all = opened(url)
    for step in work:
        if is_babelfish(with_all):
            refused(step)
        else:
            step()
    with_all.close()


def test_the_reader_reads_and_writes_nothing(url: str, member: Callable[[str], Warehouse]) -> None:
    """Role iot_reader asks whatever it likes, and executes nothing that writes."""
    with_rows = opened(url)
    with_rows.load([batch([row(n, Field1=n) for n in range(1, 100)])])
    reader = member("iot_reader")
    assert rows_of(reader, "SELECT COUNT(*) AS n FROM iot.SensorReadings") == [{"n": 99}]
    assert reader.query("status").num_rows == 1
    anomalies = {"channel_id": 9, "field_number": 1, "threshold_stddev": 0.5}
    assert reader.query("usp_DetectAnomalies", **anomalies, as_of=None).num_rows == 0
    refused(lambda: reader.load([batch([row(500)])]))
    refused(lambda: reader.call("refresh_aggregates", aggregation_type="DAILY"))
    with_rows.close()


def test_who_may_not_migrate_need_not(url: str, member: Callable[[str], Warehouse]) -> None:
    """Where nothing is to be done, migrate does nothing, whatever the login may do."""
    assert member("iot_loader").migrate() == []


def test_every_change_is_in_the_audit_trail(url: str) -> None:
    """Who changed what: the login, the host, the procedure, the channel and how much."""
    held = opened(url)
    held.load([batch([row(1, Field1=1), row(2)])])
    held.load([batch([row(1, Field1=2)])])
    held.call("refresh_aggregates", aggregation_type="DAILY")
    held.call("open_epoch", channel_id=9, number=2, started_at=T0)
    found = rows_of(
        held,
        "SELECT Action, ChannelID, Inserted, Updated, RawTexts, LoginName FROM iot.AuditTrail"
        " ORDER BY AuditID",
    )
    assert [tuple(r.values())[:5] for r in found] == [
        ("usp_LoadReadings", 9, 2, 0, 0),
        ("usp_LoadReadings", 9, 0, 1, 1),
        ("usp_RecomputeTaken", 9, None, 1, None),
        ("usp_RecomputeTaken", 9, None, 1, None),  # a day, and the hour that it is made of
        ("usp_OpenEpoch", 9, None, None, None),
    ]
    with server_of(url).connected() as connection:
        (me,) = answer(connection, "SELECT SUSER_SNAME() AS Me")["Me"].to_pylist()
    assert {r["LoginName"] for r in found} == {me}
    held.close()


def test_an_unknown_role_is_an_error_of_ours(url: str) -> None:
    """Whatever the server refuses is an error of ours."""
    with pytest.raises(FieldhouseError):
        run_on(url, "ALTER ROLE iot_nothing ADD MEMBER nobody")
