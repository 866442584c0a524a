"""DuckDB's own: the file, who may open it, what is said when it cannot be, and what survives."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pytest
from warehouse_kit import DAY, HOUR, MINUTE, T0, batch, marks, row, rows_of, tables

from fieldhouse.errors import (
    ConfigurationError,
    WarehouseError,
    WarehouseLocked,
    WarehouseUnusable,
)
from fieldhouse.warehouse import Warehouse, open_warehouse
from fieldhouse.warehouse.engines.duckdb.errors import translated
from fieldhouse.warehouse.engines.duckdb.warehouse import DuckDBWarehouse


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "fieldhouse.duckdb"


@pytest.fixture
def warehouse(file: Path) -> Iterator[Warehouse]:
    opened = open_warehouse(str(file))
    opened.migrate()
    yield opened
    opened.close()


def child(code: str, *arguments: object) -> "subprocess.Popen[str]":
    """Another Python with this one's paths, its output lines to be read."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


HOLD = """
    import sys
    from fieldhouse.warehouse import open_warehouse
    warehouse = open_warehouse(sys.argv[1])
    print("held", flush=True)
    __import__("time").sleep(60)
"""


def test_a_held_file_names_its_holder(file: Path) -> None:
    """A file that another process holds is locked, transiently, by a process of a number."""
    with child(HOLD, file) as other:
        assert other.stdout and other.stdout.readline() == "held\n"
        for read_only in (False, True):
            with pytest.raises(WarehouseLocked, match=f"{file} is in use by process {other.pid}"):
                open_warehouse(str(file), read_only=read_only)
        other.kill()
    open_warehouse(str(file)).close()


def test_a_missing_file_is_not_made_for_reading(file: Path) -> None:
    """Opened read-only, a missing file is named and not created."""
    with pytest.raises(WarehouseUnusable, match=f"{file}: there is no such file"):
        open_warehouse(str(file), read_only=True)
    assert not file.exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "an empty file, no warehouse"), (b"not a database" * 900, "not a DuckDB file")],
)
def test_another_kind_of_file_is_named(file: Path, content: bytes, told: str) -> None:
    """A file that is no DuckDB database is said to be none, and stays as it is."""
    file.write_bytes(content)
    with pytest.raises(WarehouseUnusable, match=f"{file}: {told}"):
        open_warehouse(str(file))
    assert file.read_bytes() == content


@pytest.mark.parametrize("keep", [None, 9000])
def test_a_corrupt_file_is_named(file: Path, warehouse: Warehouse, keep: int | None) -> None:
    """A file with a damaged header, or cut short, is said to be corrupt."""
    warehouse.close()
    content = bytearray(file.read_bytes())
    for place in (5000, 9000):
        content[place] ^= 255
    file.write_bytes(content[:keep])
    with pytest.raises(WarehouseUnusable, match=f"{file}: corrupt"):
        open_warehouse(str(file))


def test_a_newer_duckdbs_file_is_named() -> None:
    """A file that a newer DuckDB wrote says so, and what to upgrade."""
    with (
        pytest.raises(WarehouseUnusable, match=r"x\.duckdb: written by a newer DuckDB"),
        translated("x.duckdb"),
    ):
        raise duckdb.IOException(
            "IO Error: Trying to read a database file with version number 999, but we can only"
            " read versions between 64 and 69.\nThe database file was created with a newer version"
        )


def test_a_folder_that_is_not_there_or_not_a_file(tmp_path: Path) -> None:
    """A path whose folder is missing, and a folder, are told apart."""
    with pytest.raises(WarehouseUnusable, match="its folder does not exist"):
        open_warehouse(str(tmp_path / "none" / "x.duckdb"))
    with pytest.raises(WarehouseUnusable, match="a folder, not a file"):
        open_warehouse(str(tmp_path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    """Where nothing may be written, the permissions are named."""
    tmp_path.chmod(0o500)
    with pytest.raises(WarehouseUnusable, match="permissions"):
        open_warehouse(str(tmp_path / "x.duckdb"))


def test_without_migration_it_says_so(file: Path) -> None:
    """A warehouse without its schema says what to do."""
    opened = open_warehouse(str(file))
    for ask in (lambda: opened.query("channels"), lambda: opened.load([batch([row(1)])])):
        with pytest.raises(WarehouseUnusable, match="migrate it first"):
            ask()
    opened.close()


def test_read_only_is_kept(file: Path, warehouse: Warehouse) -> None:
    """Opened read-only a warehouse answers, and refuses to load."""
    warehouse.load([batch([row(1)])])
    warehouse.close()
    opened = open_warehouse(str(file), read_only=True)
    assert opened.query("status")["Readings"].to_pylist() == [1]
    with pytest.raises(WarehouseUnusable, match="opened read-only"):
        opened.load([batch([row(2)])])
    opened.close()


@pytest.mark.parametrize("url", ["~/x.duckdb", "duckdb:///~/x.duckdb"])
def test_a_file_at_home_is_there(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tilde is the user's home, in a program as in a shell."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    with open_warehouse(url) as house:
        house.migrate()
    assert (tmp_path / "x.duckdb").exists()


@pytest.mark.parametrize("url", [None, "", " "])
def test_a_warehouse_has_a_name(url: Any) -> None:
    """Nothing at all is no file called None."""
    with pytest.raises(ConfigurationError, match="no warehouse is named"):
        open_warehouse(url)


def test_closed_is_said(warehouse: Warehouse) -> None:
    """Closing twice is allowed; a closed warehouse says that it is."""
    warehouse.close()
    warehouse.close()
    with pytest.raises(WarehouseUnusable, match="closed"):
        warehouse.query("channels")


def test_the_same_file_twice_in_one_process(file: Path, warehouse: Warehouse) -> None:
    """Two handles of one process share the file and see each other's loads."""
    second = open_warehouse(str(file))
    warehouse.load([batch([row(1)])])
    assert second.load([batch([row(1), row(2)])])[9].duplicates == 1
    second.close()
    assert warehouse.query("status")["Readings"].to_pylist() == [2]


FULL = """
    import resource, signal, sys
    from warehouse_kit import batch, row
    from fieldhouse.errors import WarehouseUnusable
    from fieldhouse.warehouse import open_warehouse
    warehouse = open_warehouse(sys.argv[1])
    warehouse.migrate()
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, resource.RLIM_INFINITY))
    first = 1
    try:
        while True:
            some = range(first, first + 1000)
            rows = [row(n, Field1=n * 7919 % 10007, Status=str(n * 7919)) for n in some]
            warehouse.load([batch(rows)])
            first += 1000
    except WarehouseUnusable as error:
        print(first - 1, error, flush=True)
"""


def test_a_full_disk_keeps_what_was_committed(file: Path) -> None:
    """When no space is left the load says so and leaves nothing; all before it is there."""
    with child(FULL, file) as other:
        assert other.stdout
        held, _, said = other.stdout.readline().partition(" ")
    assert said == f"{file}: no space left on its disk: free some, then run again\n"
    opened = open_warehouse(str(file))
    assert opened.query("status")["Readings"].to_pylist() == [int(held)]
    opened.close()


LOADS = """
    import sys
    from warehouse_kit import T0, MINUTE, batch, refresh, row
    from fieldhouse.state import Span
    from fieldhouse.warehouse import open_warehouse
    warehouse = open_warehouse(sys.argv[1])
    warehouse.migrate()
    first = 1 + sum(warehouse.query("status")["Readings"].to_pylist())
    while True:
        rows = [row(n, Field1=n % 50) for n in range(first, first + 500)]
        span = Span(T0 + first * MINUTE, T0 + (first + 500) * MINUTE)
        warehouse.load([batch(rows, covered=(span,), ids_checked_to=first + 499)])
        first += 500
        print(first - 1, flush=True)
        if first % 3000 == 1:
            refresh(warehouse)
"""


def test_killed_at_any_time(file: Path) -> None:
    """A process killed during its loads leaves whole loads: rows, coverage, numbers and marks."""
    for loads in (1, 4, 9):
        with child(LOADS, file) as other:
            assert other.stdout
            for _ in range(loads):
                acknowledged = int(other.stdout.readline())
            other.kill()
        opened = open_warehouse(str(file))
        (state,) = opened.query("channel_state", channel_ids=[9]).to_pylist()
        (span,) = opened.query("coverage", channel_ids=[9]).to_pylist()
        held = opened.query("status")["Readings"].to_pylist()[0]
        assert held >= acknowledged and held % 500 == 0
        assert state["HighestEntryID"] == state["IDsCheckedTo"] == state["NewestEntryID"] == held
        assert (span["SpanEnd"] - T0).total_seconds() / 60 == held + 1
        assert opened.query("duplicate_audit").num_rows == 0
        opened.close()


def test_a_users_select_is_answered_in_batches(warehouse: Warehouse) -> None:
    """An answer larger than one batch comes in several, and may be left half read."""
    reader = warehouse.stream("SELECT range AS n FROM range(200_000)")
    first = next(iter(reader))
    assert 0 < first.num_rows < 200_000
    del reader
    assert rows_of(warehouse, "EXPLAIN SELECT 1")
    assert rows_of(warehouse, "WITH t AS (SELECT 1 AS n) FROM t") == [{"n": 1}]


def test_loads_go_on_while_an_answer_is_read(warehouse: Warehouse) -> None:
    """A half-read answer neither stops a load nor sees it."""
    warehouse.load([batch(row(n) for n in range(1, 5001))])
    reader = warehouse.stream("SELECT a.EntryID FROM iot.SensorReadings AS a, range(100)")
    next(iter(reader))
    warehouse.load([batch([row(9001)])])
    assert reader.read_all().num_rows < 500_000
    assert warehouse.query("status")["Readings"].to_pylist() == [5001]


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE iot.Channels",
        "DELETE FROM iot.SensorReadings",
        "SELECT 1; DELETE FROM iot.SensorReadings",
        "EXPLAIN ANALYZE DELETE FROM iot.SensorReadings",
        "WITH t AS (DELETE FROM iot.SensorReadings RETURNING *) FROM t",
        "INSERT INTO iot.Channels (ChannelID) VALUES (1) RETURNING *",
        "SELECT nextval('iot.ReadingIDs')",
        "COPY iot.Channels TO 'stolen.csv'",
        "SELECT * FROM read_csv('/etc/hostname')",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM '/etc/hostname.csv'",
        "ATTACH 'other.duckdb'",
        "SET enable_external_access = true",
        "PRAGMA enable_profiling",
        "CALL pragma_version()",
        "INSTALL httpfs",
        "BEGIN",
        "",
        "SELEC 1",
        "SELECT * FROM nothing",
        "SELECT 1 / CAST('x' AS INTEGER)",
    ],
)
def test_a_users_statement_can_only_read(warehouse: Warehouse, statement: str) -> None:
    """What would write, touch another file, or cannot be understood, is refused in one line."""
    warehouse.load([batch([row(1)])])
    before = tables(warehouse)
    with pytest.raises(ConfigurationError) as refused:
        warehouse.stream(statement).read_all()
    assert "\n" not in str(refused.value)
    assert tables(warehouse) == before


def test_the_procedures_are_at_hand_in_sql(warehouse: Warehouse) -> None:
    """The architecture's four procedures answer in a SELECT, by position and by name."""
    warehouse.load([batch([row(n, Field1=n) for n in range(1, 100)])])
    for call, rows in {
        "iot.usp_DetectAnomalies(9, 1)": 0,
        "iot.usp_DetectAnomalies(9, 1, ThresholdStdDev := 0.5, LookbackDays := 20000)": 70,
        "iot.usp_DetectAnomalies(ChannelID := 9, FieldNumber := 1, Method := 'MAD')": 0,
        "iot.usp_GetTrendAnalysis(9, 1)": 0,
        "iot.usp_GetTrendAnalysis(9, 1, Days := 20000)": 1,
        "iot.usp_ProcessSensorReadings(9)": 0,
        "iot.usp_ProcessSensorReadings(9, 'DAILY', StartDate := '2024-01-01')": 1,
        "iot.usp_CalculateDataQuality(9)": 1,
        "iot.usp_CalculateDataQuality(9, CheckDate := '2024-01-01')": 1,
    }.items():
        assert len(rows_of(warehouse, f"FROM {call}")) == rows, call


def test_what_the_procedure_shows_is_what_is_stored(warehouse: Warehouse) -> None:
    """The aggregation shown by SELECT and the one stored by call are the same."""
    warehouse.load([batch([row(n, Field1=n, Field5=n % 3) for n in range(1, 5000)])])
    day = {"channel_id": 9, "aggregation_type": "HOURLY", "start_date": T0}
    warehouse.call("usp_ProcessSensorReadings", **day)
    shown = "FROM iot.usp_ProcessSensorReadings(9, 'HOURLY', StartDate := '2024-01-01')"
    stored = (
        "SELECT * EXCLUDE (AggregationID, CreatedAt) FROM iot.AggregatedData"
        " WHERE AggregationType = 'HOURLY' ORDER BY PeriodStart"
    )
    found, kept = rows_of(warehouse, shown), rows_of(warehouse, stored)
    assert len(found) == 84
    assert found == [
        {k: pytest.approx(v, rel=1e-12) if isinstance(v, float) else v for k, v in period.items()}
        for period in kept
    ]


@pytest.mark.parametrize("kind", ["HOURLY", "DAILY", "WEEKLY"])
def test_by_hand_is_what_the_readings_say(warehouse: Warehouse, kind: str) -> None:
    """Days and weeks that are merged from hours are those that the readings themselves make."""
    rows = [row(n, T0 + n * 7 * MINUTE, Field1=n * n % 97, Field5=n % 3) for n in range(1, 5000)]
    warehouse.load([batch(rows)])
    warehouse.call("usp_ProcessSensorReadings", channel_id=9, aggregation_type=kind, start_date=T0)
    shown = f"FROM iot.usp_ProcessSensorReadings(9, '{kind}', StartDate := '2024-01-01')"
    stored = (
        "SELECT * EXCLUDE (AggregationID, CreatedAt) FROM iot.AggregatedData"
        f" WHERE AggregationType = '{kind}' ORDER BY PeriodStart"
    )
    assert rows_of(warehouse, shown) == [
        {k: pytest.approx(v, rel=1e-12) if isinstance(v, float) else v for k, v in period.items()}
        for period in rows_of(warehouse, stored)
    ]


MANY_HOURS = [row(n, T0 - n * HOUR, Field1=n % 100) for n in range(1, 120_001)]


def test_a_refresh_lets_others_write(warehouse: Warehouse) -> None:
    """While many periods are refreshed, loads wait for a turn of it, not for all."""
    warehouse.load([batch(MANY_HOURS)])
    with ThreadPoolExecutor(1) as other:
        refreshing = other.submit(warehouse.call, "refresh_aggregates", aggregation_type="HOURLY")
        loads = 0
        while not refreshing.done():
            loads += 1
            warehouse.load([batch([row(loads, T0 + DAY, Field1=1)], channel_id=1000 + loads)])
    assert refreshing.result()["Periods"][0].as_py() >= 120_000
    assert loads > 2  # or the first one had to wait until the end
    warehouse.call("refresh_aggregates")
    hours = "SELECT count(*) AS n, sum(ReadingCount) AS r FROM iot.AggregatedData"
    (found,) = rows_of(warehouse, f"{hours} WHERE AggregationType = 'HOURLY'")
    assert (found["n"], found["r"]) == (120_000 + loads, 120_000 + loads)


def test_a_refresh_that_ends_between_two_turns_goes_on(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a refresh did not come to keeps its marks: the next one takes up there."""
    warehouse.load([batch(MANY_HOURS)])
    turns, begin = count(1), DuckDBWarehouse._writing_with

    def interrupted(held: DuckDBWarehouse, cursor: Any) -> Any:
        if next(turns) > 2:
            raise KeyboardInterrupt
        return begin(held, cursor)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(DuckDBWarehouse, "_writing_with", interrupted)
        warehouse.call("refresh_aggregates")
    assert len(marks(warehouse, "HOURLY")) == 20_000
    assert len(marks(warehouse, "DAILY")) == 5_000  # none is taken before all hours are there
    warehouse.call("refresh_aggregates")
    whole = "SELECT sum(ReadingCount) AS n FROM iot.AggregatedData GROUP BY AggregationType"
    assert [found["n"] for found in rows_of(warehouse, whole)] == [120_000] * 3


def test_a_warehouse_of_the_release_before_is_brought_up_to_date(
    file: Path, warehouse: Warehouse
) -> None:
    """Old aggregates, which lack their sums, are marked by the migration and then recomputed."""
    warehouse.load([batch([row(n, T0 + n * HOUR, Field1=n) for n in range(1000)])])
    warehouse.call("refresh_aggregates")
    warehouse.close()
    with duckdb.connect(str(file)) as connection:
        for n in range(1, 9):
            connection.execute(f"ALTER TABLE iot.AggregatedData DROP COLUMN Field{n}Sum")
        connection.execute("DELETE FROM iot.SchemaMigrations WHERE ScriptName LIKE '%0004_sums'")
        connection.execute("UPDATE iot.Channels SET ArchivedBefore = '2024-01-15'")
    warehouse = open_warehouse(str(file))
    assert warehouse.migrate() == ["migrations/0004_sums"]
    assert min(at for *_, at in marks(warehouse, "DAILY")) == datetime(2024, 1, 15)
    warehouse.load([batch([row(2000, T0 + 20 * DAY + MINUTE, Field1=1000)])])
    warehouse.call("refresh_aggregates")
    found = "SELECT Field1Sum AS s, Field1Count AS n FROM iot.AggregatedData WHERE PeriodStart = "
    (day,) = rows_of(warehouse, f"{found}'2024-01-21' AND AggregationType = 'DAILY'")
    assert day == {"s": sum(range(480, 504)) + 1000, "n": 25}
    assert [day["s"] for day in rows_of(warehouse, f"{found}'2024-01-02'")] == [None] * 2
    warehouse.close()


def test_now_does_not_depend_on_the_hosts_zone(file: Path) -> None:
    """now() in a user's statement is UTC, wherever the host stands."""
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(ASK_NOW), str(file)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TZ": "Asia/Tokyo"},
    ) as other:
        assert other.stdout and other.stdout.read() == "0 UTC\n"


ASK_NOW = """
    import sys
    from datetime import UTC, datetime
    from fieldhouse.warehouse import open_warehouse
    asked = "SELECT now()::TIMESTAMP AS t, current_setting('TimeZone') AS zone"
    [row] = open_warehouse(sys.argv[1]).stream(asked).read_all().to_pylist()
    now = datetime.now(UTC).replace(tzinfo=None)
    print(round((now - row["t"]).total_seconds() / 60), row["zone"])
"""


def test_no_exception_of_duckdbs_leaves(warehouse: Warehouse) -> None:
    """A parameter that DuckDB can make nothing of is an error of ours, in one line."""
    with pytest.raises(WarehouseError) as refused:
        warehouse.query("missing_ids", channel_id=9, epoch=1, above=0, upto=2**63 - 1)
    assert "\n" not in str(refused.value)


def test_unknown_names_and_parameters_are_named(warehouse: Warehouse) -> None:
    """A name that is no file, and a parameter that a file does not take, are said."""
    with pytest.raises(ConfigurationError, match="no 'nothing' among the queries"):
        warehouse.query("nothing")
    with pytest.raises(ConfigurationError, match="channels takes no limit"):
        warehouse.query("channels", limit=3)
    with pytest.raises(ConfigurationError, match="among the calls"):
        warehouse.call("../queries/channels")
