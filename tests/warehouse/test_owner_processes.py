"""A DuckDB file that another process owns is worked through that one, and survives its death."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from warehouse_kit import batch, owner_of, row

from fieldhouse import events, read
from fieldhouse.errors import WarehouseLocked, WarehouseUnavailable
from fieldhouse.warehouse import Warehouse, open_warehouse
from fieldhouse.warehouse.engines.remote.warehouse import RemoteWarehouse
from fieldhouse.warehouse.owner import Note, left, note_of, place_of

OWNING = Path(__file__).with_name("owning_process.py")

Process = subprocess.Popen[str]


@pytest.fixture
def file(tmp_path: Path, migrated: Path) -> str:
    """A file of this version's schema."""
    file = tmp_path / "fieldhouse.duckdb"
    file.write_bytes(migrated.read_bytes())
    return str(file)


@contextmanager
def owning(file: str, *options: str, says: str = "owned") -> Iterator[Process]:
    """Another process that owns a file; killed in the end, unless it has ended by itself."""
    command = [sys.executable, str(OWNING), file, *options]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout and process.stdout.readline() == f"{says}\n"
            yield process
        finally:
            process.kill()


def ended(process: Process) -> int:
    """Have an owner end as it should."""
    assert process.stdin
    process.stdin.close()
    return process.wait(60)


def readings(house: Warehouse) -> int:
    count: int = house.sql("SELECT COUNT(*) AS n FROM iot.SensorReadings")["n"][0].as_py()
    return count


def test_a_served_file_is_worked_through_its_owner(file: str) -> None:
    """Without being told: to write, to read, in `read()`; a second owner is refused at once."""
    with owning(file) as process:
        with closing(open_warehouse(file)) as house:
            assert isinstance(house, RemoteWarehouse)
            house.load([batch([row(n, Field1=n) for n in range(1, 9)])])
            house.call("upsert_channel", channel_id=9, name="x", field1="Temperature")
        frame = read(9, "temperature", warehouse=file)
        assert frame["Temperature"].to_pylist() == [float(n) for n in range(1, 9)]
        with pytest.raises(WarehouseLocked) as refused:
            open_warehouse(file, own=True, wait=3600)
        assert str(refused.value) == (
            f"{file} is served by process {process.pid}: a file has one owner"
        )
        assert ended(process) == 0
    assert not place_of(file).exists()
    with closing(open_warehouse(file)) as house:
        assert not isinstance(house, RemoteWarehouse)
        assert readings(house) == 8


def test_who_waits_gets_through_once_a_file_is_served(file: str) -> None:
    """A command that began to wait for a process works through it when it begins to serve."""
    seen: list[events.Event] = []

    def observe(event: events.Event) -> None:
        seen.append(event)
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()

    with owning(file, "--late", says="held") as process:
        with pytest.raises(WarehouseLocked, match="in use by process"):
            open_warehouse(file)
        with closing(open_warehouse(file, wait=60, observe=observe)) as house:
            assert isinstance(house, RemoteWarehouse)
    assert len(seen) == 1


def test_a_stale_note_is_passed_over(file: str) -> None:
    """What a killed owner left leads nobody astray, and the next owner writes its own."""
    with owning(file) as process:
        process.kill()
        process.wait()
        stale = note_of(file)
        assert stale and stale.pid == process.pid
    with closing(open_warehouse(file)) as house:
        assert not isinstance(house, RemoteWarehouse)
    with owning(file, "--late", says="held"), pytest.raises(WarehouseLocked):
        open_warehouse(file)
    with owner_of(file):
        assert note_of(file) not in (None, stale)
    assert note_of(file) is None


def test_a_note_with_another_address_is_passed_over(file: str) -> None:
    """Nobody at the address that a note names: the file is in use, as without a note."""
    nobody = Note("http://127.0.0.1:9", "x" * 40, 1)
    told = pytest.raises(WarehouseLocked, match="in use by process")
    with owning(file, "--late", says="held"), left(file, nobody), told:
        open_warehouse(file)


@pytest.mark.parametrize("piece", [1, 3, 6])
def test_nothing_is_lost_with_an_owner_that_is_killed(file: str, piece: int) -> None:
    """Killed with the signal 9 in the midst of any answer: one line, and what was said is true.

    The same work done again through the file itself ends in the same rows.
    """
    loads = [[batch([row(n, Field1=n) for n in range(k, k + 500)])] for k in (1, 501)]
    told: list[str] = []
    loaded = 0
    with owning(file, "--die-at", str(piece)) as process:
        with closing(open_warehouse(file)) as house:
            try:
                for each in loads:
                    loaded += house.load(each)[9].inserted
                    house.call("refresh_aggregates", aggregation_type="HOURLY")
                    assert house.scan("readings", channel_id=9).read_all().num_rows == loaded
                    house.query("channels")
            except WarehouseUnavailable as error:
                told.append(str(error))
        process.wait(60)
    assert told == [f"{file}: process {process.pid}, which serves it, is gone; try again"]
    with closing(open_warehouse(file)) as house:
        assert not isinstance(house, RemoteWarehouse)
        assert readings(house) >= loaded
        for each in loads:
            house.load(each)
        assert readings(house) == 1000
        assert house.query("duplicate_audit").num_rows == 0


WORKING = """
    import sys
    from fieldhouse.warehouse import open_warehouse
    house = open_warehouse(sys.argv[1])
    with house.lock(9):
        print("locked", flush=True)
        house.stream("SELECT COUNT(*) AS n FROM range(100000) AS a, range(100000000) AS b")
"""


def test_who_is_killed_leaves_nothing_with_the_owner(file: str) -> None:
    """A client that is killed holds no lock and computes no answer any longer."""
    from test_remote import assert_given_up, watching

    with owner_of(file) as house:
        program = "\n".join(line[4:] for line in WORKING.splitlines())
        with subprocess.Popen(
            [sys.executable, "-c", program, file], stdout=subprocess.PIPE, text=True
        ) as client:
            assert client.stdout and client.stdout.readline() == "locked\n"
            while not watching(house):
                house.query("channels")
            client.kill()
        assert_given_up(house)
        with house.lock(9):
            pass


READING = """
    import resource, sys
    from fieldhouse.warehouse import open_warehouse
    columns = ", ".join(f"hash(range + {n}) AS c{n}" for n in range(12))
    with open_warehouse(sys.argv[1]) as house:
        house.query("channels")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        rows = sum(each.num_rows for each in house.stream(f"SELECT {columns} FROM range(5000000)"))
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert rows == 5_000_000, rows
    assert after - before < 200_000, f"{after - before} KB for {rows} rows of 96 bytes"
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
def test_a_long_answer_needs_little_memory(file: str) -> None:
    """Five million rows, half a gigabyte, pass through: neither side ever holds more than some."""
    program = "\n".join(line[4:] for line in READING.splitlines())
    with owning(file) as process:
        done = subprocess.run([sys.executable, "-c", program, file], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        peak = Path(f"/proc/{process.pid}/status").read_text().partition("VmHWM:")[2].split()[0]
        assert int(peak) < 450_000, f"{peak} KB"
