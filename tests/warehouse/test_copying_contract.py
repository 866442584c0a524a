"""Contract of every engine: a whole warehouse comes and goes as it is, whatever happens."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest
from copying_kit import NOW, contents, fill
from warehouse_kit import (
    DAY,
    HOUR,
    MINUTE,
    T0,
    batch,
    owner_of,
    refresh,
    row,
    rows_of,
    through_owner,
)

from fieldhouse import moving, open_warehouse
from fieldhouse.errors import ConfigurationError, WarehouseError
from fieldhouse.warehouse import Part, Warehouse
from fieldhouse.warehouse.kept import KEPT

ENGINES_OWN = {
    "AuditTrail",
    "ReadingCounts",
    "SchemaMigrations",
    "StagedLoads",
    "StagedReadings",
}
"""Tables that an engine keeps for itself; their columns it makes of others are below."""
OF_THE_WATCH = {"Alerts", "AlertNotices", "AlertSilences", "ApiCalls"}
OF_WORKERS = {"Leases", "Workers"}
"""What the processes that work on a warehouse hold of it, as long as they do."""
DERIVED = {
    ("RawValues", "RawHash"),
    ("RejectedEntries", "EntryHash"),
    ("AggregatedData", "AggregationID"),
    ("DerivedMarks", "IsTaken"),
    ("DataQuality", "QualityID"),
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file in which every kept table has rows."""
    file = str(tmp_path_factory.mktemp("filled") / "full.duckdb")
    with closing(open_warehouse(file)) as house:
        house.migrate()
        fill(house)
        held = contents(house)
        assert [name for name, rows in held.items() if not rows] == []
    return file


@pytest.fixture
def source(filled: str) -> Iterator[Warehouse]:
    """The full warehouse."""
    with closing(open_warehouse(filled, read_only=True)) as house:
        yield house


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Parts so small that channels, months and days are cut; on a file, where parts cost least."""
    if "engine" not in request.fixturenames or request.getfixturevalue("engine") == "duckdb":
        monkeypatch.setattr(moving, "_PART", 60)


def copied(source: Warehouse, target: Warehouse, origin: str = "here") -> dict[str, moving.Moved]:
    """A copy carried out; how far it came, by table."""
    return {moved.table: moved for moved in moving.copy(source, target, origin=origin)}


def empty(file: Path) -> Warehouse:
    house = open_warehouse(file)
    house.migrate()
    return house


def test_everything_arrives_and_comes_back(
    source: Warehouse, warehouse: Warehouse, tmp_path: Path
) -> None:
    """From a file to any engine and from there to another file: every row of every table."""
    wanted = contents(source)
    there = copied(source, warehouse)
    assert {name: moved.rows for name, moved in there.items()} == {
        name: len(rows) for name, rows in wanted.items()
    }
    assert contents(warehouse) == wanted
    with closing(empty(tmp_path / "back.duckdb")) as back:
        copied(warehouse, back)
        assert contents(back) == wanted


def test_life_goes_on_in_a_copy(source: Warehouse, warehouse: Warehouse) -> None:
    """What comes later gets numbers of its own, and is aggregated and judged beside what came."""
    copied(source, warehouse)
    greatest = max(_numbers(warehouse, "SensorReadings"))
    warehouse.load([batch([row(9000, NOW + DAY, Field1=95, Field2=5)], channel_id=1)])
    refresh(warehouse)
    warehouse.call("refresh_quality", as_of=NOW + 2 * DAY)
    for name, column in {"AggregatedData": "AggregationID", "DataQuality": "QualityID"}.items():
        rows = rows_of(warehouse, f"SELECT {column} AS n FROM iot.{name}")
        assert len({each["n"] for each in rows}) == len(rows)
    readings = _numbers(warehouse, "SensorReadings")
    assert len(set(readings)) == len(readings)
    assert max(readings) > greatest
    assert not set(readings) & set(_numbers(warehouse, "SensorReadings_Archive"))
    (counted,) = (
        r for r in warehouse.query("status", as_of=NOW + 2 * DAY).to_pylist() if r["ChannelID"] == 1
    )
    held = rows_of(warehouse, "SELECT COUNT(*) AS n FROM iot.AllReadings WHERE ChannelID = 1")
    assert counted["Readings"] == held[0]["n"]
    late = warehouse.query("readings", channel_id=1, start_at=NOW).to_pylist()
    assert [(r["Field1"], r["Field2"]) for r in late] == [
        (None, 5)
    ]  # the rule that came along covers it


def test_what_is_unusual_goes_on_in_a_copy(
    filled: str, source: Warehouse, warehouse: Warehouse, tmp_path: Path
) -> None:
    """Models come along: days that come later are judged in a copy as they are where it is from."""
    other = tmp_path / "other.duckdb"
    copied(source, warehouse)
    shutil.copy(filled, other)
    found, after = [], T0 + 32 * DAY  # what lies before is archived
    with closing(open_warehouse(str(other))) as there:
        for house in (there, warehouse):
            later = [
                row(9100 + n, after + n * HOUR, Field2=900 if n == 30 else n % 9, Field7=5)
                for n in range(1, 72)
            ]
            house.load([batch(later, channel_id=5)])
            refresh(house)
            assert house.call("refresh_anomalies", as_of=NOW)["Days"][0].as_py() >= 3
            told = house.query("anomalies_kept", channel_ids=[5], young=True).to_pylist()
            found.append([{k: v for k, v in one.items() if k not in ROUNDED} for one in told])
    assert found[0] == found[1] and {one["IsReal"] for one in found[0]} == {None, True, False}
    assert any(one["StartedAt"] > after for one in found[0])


ROUNDED = ("Score", "Expected", "Spread")
"""What may differ in its last digit from one engine to another."""


def _numbers(house: Warehouse, name: str) -> list[int]:
    rows = rows_of(house, f"SELECT {KEPT[name].numbers} AS number FROM iot.{name}")
    return [each["number"] for each in rows]


def test_what_is_declared_is_what_there_is(warehouse: Warehouse) -> None:
    """A table or a column that a copy would leave out is an engine's own, and is named here."""
    if type(warehouse).__name__ == "ClickHouseWarehouse":
        pytest.skip("its tables are views of others")
    rows = rows_of(
        warehouse,
        "SELECT c.TABLE_NAME AS t, c.COLUMN_NAME AS c FROM INFORMATION_SCHEMA.COLUMNS AS c"
        " JOIN INFORMATION_SCHEMA.TABLES AS t"
        " ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME"
        " WHERE c.TABLE_SCHEMA = 'iot' AND t.TABLE_TYPE = 'BASE TABLE'",
    )
    others = ENGINES_OWN | OF_THE_WATCH | OF_WORKERS
    there = {(r["t"], r["c"]) for r in rows if r["t"] not in others}
    declared = {(name, column) for name, kept in KEPT.items() for column in kept.columns.names}
    assert {(t.lower(), c.lower()) for t, c in there - DERIVED} >= {
        (t.lower(), c.lower()) for t, c in declared
    }
    assert {(t, c) for t, c in there - DERIVED if (t, c) not in declared} == set()


def test_a_part_is_replaced_whole_or_not_at_all(source: Warehouse, warehouse: Warehouse) -> None:
    """One row that can't be kept, and the part stays what it was; the others are untouched."""
    copied(source, warehouse)
    wanted, table = contents(warehouse), KEPT["ChannelTags"]
    rows = pa.Table.from_pylist([{"ChannelID": 7, "Tag": "farm"}], table.columns)
    if type(warehouse).__name__ != "ClickHouseWarehouse":  # which has no keys to break
        with pytest.raises(WarehouseError):
            warehouse.replace("ChannelTags", Part(7, 7), pa.concat_tables([rows, rows]))
        assert contents(warehouse) == wanted
    warehouse.replace("ChannelTags", Part(7, 7), rows)
    left = contents(warehouse)
    assert len(left["ChannelTags"]) == len(wanted["ChannelTags"]) - 1
    assert {**left, "ChannelTags": []} == {**wanted, "ChannelTags": []}


@pytest.mark.parametrize("steps", [3, 30])
def test_an_interrupted_copy_goes_on(source: Warehouse, warehouse: Warehouse, steps: int) -> None:
    """Given up anywhere, with what arrived spoilt: the same copy ends it, and puts in no more."""
    wanted = contents(source)
    with closing(moving.copy(source, warehouse, origin="here")) as going:
        for _ in range(steps):
            next(going)
    with pytest.raises(ConfigurationError, match="unfinished copy of here, not of there"):
        copied(source, warehouse, "there")
    with pytest.raises(ConfigurationError, match="itself an unfinished copy"):
        copied(warehouse, source)
    channels = KEPT["Channels"]
    rows = warehouse.sql("SELECT * FROM iot.Channels").select(channels.columns.names)
    spoilt = rows.cast(channels.columns).to_pylist()
    changed = pa.Table.from_pylist([{**r, "ChannelName": "?"} for r in spoilt], channels.columns)
    warehouse.replace("Channels", Part(), changed)
    done = copied(source, warehouse)
    assert contents(warehouse) == wanted
    assert done["Channels"].written == len(wanted["Channels"])
    if steps == 30:
        assert sum(m.written for m in done.values()) < sum(m.rows for m in done.values())
    with pytest.raises(ConfigurationError, match="holds something already"):
        copied(source, warehouse)


def test_a_source_that_changes_is_looked_at_again(filled: str, tmp_path: Path) -> None:
    """What comes while others are copied is there in the end; if it never ends, that is told."""
    with closing(empty(tmp_path / "a.duckdb")) as source:
        with closing(open_warehouse(filled, read_only=True)) as full:
            copied(full, source)
        ids = iter(range(20_000, 30_000))

        def moves(target: Warehouse, most: int) -> None:
            """Copy; as long as there are few of them, a reading comes when all have been read."""
            for moved in moving.copy(source, target, origin="a"):
                is_read = moved.table == "SensorReadings" and moved.rows == moved.total
                if is_read and (n := next(ids)) < most:
                    source.load([batch([row(n, NOW + n * MINUTE, Field1=n)], channel_id=4)])

        with closing(empty(tmp_path / "b.duckdb")) as target:
            moves(target, 20_001)
            assert contents(target) == contents(source)
        with (
            closing(empty(tmp_path / "c.duckdb")) as target,
            pytest.raises(WarehouseError, match="changes while it is copied"),
        ):
            moves(target, 30_000)


def test_a_copy_through_the_owner_of_a_file(source: Warehouse, tmp_path: Path) -> None:
    """A file that another process serves is a source and a target as others are."""
    file = str(tmp_path / "owned.duckdb")
    empty(Path(file)).close()
    with owner_of(file), closing(through_owner(file)) as theirs:
        copied(source, theirs)
        assert contents(theirs) == contents(source)
        with closing(empty(tmp_path / "back.duckdb")) as back:
            copied(theirs, back)
            assert contents(back) == contents(source)


def test_nothing_is_copied_onto_itself(tmp_path: Path) -> None:
    """However it is called: a mark that is put into the target is seen in the source."""
    file = str(tmp_path / "one.duckdb")
    empty(Path(file)).close()
    with owner_of(file) as house, closing(through_owner(file)) as same:
        with pytest.raises(ConfigurationError, match="onto itself"):
            copied(house, same)
        assert house.query("saved_queries").num_rows == 0


def test_an_older_source_is_told(tmp_path: Path) -> None:
    """A schema that lacks a column says which command brings it up."""
    import duckdb

    file = str(tmp_path / "old.duckdb")
    empty(Path(file)).close()
    with closing(duckdb.connect(file)) as connection:
        connection.execute("ALTER TABLE iot.PipelineRuns DROP COLUMN Source")
    with closing(open_warehouse(file)) as old, closing(empty(tmp_path / "new.duckdb")) as target:
        with pytest.raises(ConfigurationError, match="fieldhouse migrate -w"):
            copied(old, target)
        assert target.query("saved_queries").num_rows == 0


KILLED = """
import os, signal, sys
from fieldhouse import moving, open_warehouse
moving._PART = 60
source, target = open_warehouse(sys.argv[1], read_only=True), open_warehouse(sys.argv[2])
target.migrate()
for number, moved in enumerate(moving.copy(source, target, origin="here")):
    if number == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_copy_that_is_killed_goes_on(filled: str, tmp_path: Path) -> None:
    """By signal 9, three times in a row, each time later: what is there in the end is all."""
    target = tmp_path / "killed.duckdb"
    for step in (1, 30, 50):
        done = subprocess.run([sys.executable, "-c", KILLED, filled, str(target), str(step)])
        assert done.returncode == -9
    whole = closing(open_warehouse(filled, read_only=True))
    with whole as source, closing(open_warehouse(target)) as house:
        moved = copied(source, house)
        assert contents(house) == contents(source)
        assert moved["Channels"].written == 0
