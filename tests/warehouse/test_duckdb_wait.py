"""A DuckDB file that another process holds is waited for, so long and no longer."""

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fieldhouse import events
from fieldhouse.errors import WarehouseLocked, WarehouseUnusable
from fieldhouse.warehouse import open_warehouse

HOLD = """
    import sys, time
    from fieldhouse.warehouse import open_warehouse
    warehouse = open_warehouse(sys.argv[1])
    warehouse.migrate()
    print("held", flush=True)
    sys.stdin.readline()
    warehouse.close()
    print("free", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "fieldhouse.duckdb"


@contextmanager
def holder(file: Path) -> "Iterator[subprocess.Popen[str]]":
    """A process that holds the file until it is told a line; killed afterwards."""
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLD), str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def let_go(process: "subprocess.Popen[str]") -> None:
    assert process.stdin
    process.stdin.write("go\n")
    process.stdin.flush()


@pytest.mark.parametrize("read_only", [False, True])
def test_a_held_file_is_opened_once_it_is_free(file: Path, read_only: bool) -> None:
    """For writing and for reading; whoever observes is told who holds it, once."""
    seen: list[events.Event] = []

    def observe(event: events.Event) -> None:
        seen.append(event)
        let_go(process)

    with holder(file) as process:
        house = open_warehouse(str(file), read_only=read_only, wait=60, observe=observe)
        house.close()
    assert seen == [
        events.WarehouseAwaited(f"waiting for process {process.pid}, which holds {file}")
    ]


def test_a_short_wait_says_nothing(file: Path) -> None:
    """Within the first second nobody is told."""
    seen: list[events.Event] = []
    with holder(file) as process:
        let_go(process)
        open_warehouse(str(file), wait=60, observe=seen.append).close()
    assert not seen


def test_the_wait_has_an_end(file: Path) -> None:
    """After so many seconds it is the same error as without a wait, and names the process."""
    with holder(file) as process:
        began = time.monotonic()
        with pytest.raises(WarehouseLocked, match=f"{file} is in use by process {process.pid}"):
            open_warehouse(str(file), wait=1.5)
        assert time.monotonic() - began >= 1.5
        with pytest.raises(WarehouseLocked):
            open_warehouse(str(file))
        assert not house_files(file) - {file.name, f"{file.name}.wal"}


def house_files(file: Path) -> set[str]:
    return {path.name for path in file.parent.iterdir()}


def test_what_is_no_lock_is_not_waited_for(tmp_path: Path) -> None:
    """A file that is no warehouse is told at once, however long one would wait."""
    file = tmp_path / "x.duckdb"
    file.write_bytes(b"no database" * 900)
    for path in (file, tmp_path / "none" / "x.duckdb"):
        with pytest.raises(WarehouseUnusable):
            open_warehouse(str(path), wait=3600)


def test_one_process_does_not_wait_for_itself(file: Path) -> None:
    """Opened twice in one process the file is shared."""
    first = open_warehouse(str(file), wait=3600)
    open_warehouse(str(file), wait=3600).close()
    first.close()
