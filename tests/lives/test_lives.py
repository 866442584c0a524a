"""Thousands of lives of a channel: whatever happens, the house ends equal to the source.

`FIELDHOUSE_LIVES`, `FIELDHOUSE_LIVES_DUCKDB` and `FIELDHOUSE_LIVES_SQLSERVER` say how many lives
are lived on the pure history, over DuckDB, and on the server that `FIELDHOUSE_TEST_SQLSERVER`
names, by default 2,000, 50 and 100, in ten parts each that `pytest -n 2` shares out. They are the
same lives each time (`drawing.py`), chosen by `FIELDHOUSE_LIVES_SEED`: a number, or `random` as in
`make test-long`. A failure prints how to live that very life again.
"""

import gc
import os
import random

import pytest
from drawing import lives_of
from duck import OverDuckDB
from hypothesis import HealthCheck, reproduce_failure, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from machine import Lives
from onserver import SqlServerHouse
from snapshot import SnapshotHouse
from sqlserver_kit import ON_SERVER

PARTS = 10
STEPS = 30
LIVES = int(os.environ.get("FIELDHOUSE_LIVES", "2000"))
OVER_DUCKDB = int(os.environ.get("FIELDHOUSE_LIVES_DUCKDB", "50"))
ON_SQL_SERVER = int(os.environ.get("FIELDHOUSE_LIVES_SQLSERVER", "100"))


class OfSnapshots(Lives):
    """A life that is read whole at every run."""

    make = SnapshotHouse


class OnSqlServer(Lives):
    """A life over real HTTP and a database of SQL Server's."""

    make = SqlServerHouse


def live(machine: type[Lives], lives: int, part: int) -> None:
    """So many lives; those of a part are the same each time, unless FIELDHOUSE_LIVES_SEED says."""
    chosen = os.environ.get("FIELDHOUSE_LIVES_SEED", "0")
    first = random.SystemRandom().randrange(2**32) if chosen == "random" else int(chosen)
    number = first + part
    test = type(machine.__name__, (machine,), {})
    if again := os.environ.get("FIELDHOUSE_LIFE"):
        version, blob = again.split(":")
        test = reproduce_failure(version, blob.encode())(test)
    else:
        test = seed(number)(test)
    collected = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)  # much garbage and few cycles: a fifth of the time else
    try:
        run_state_machine_as_test(
            test,
            settings=settings(
                backend=lives_of(number),
                max_examples=lives,
                stateful_step_count=STEPS,
                deadline=None,
                database=None,  # the same lives each time, whatever failed before
                print_blob=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
    except BaseException as error:
        error.add_note(
            f"The lives were those of FIELDHOUSE_LIVES_SEED={number - part}, part {part}. To live "
            "this one again, take version and blob of @reproduce_failure above:\n"
            "    FIELDHOUSE_LIFE=VERSION:BLOB pytest -n 0 'tests/lives/test_lives.py::"
            f"{_TESTS[machine]}[{part}]'"
        )
        raise
    finally:
        gc.set_threshold(*collected)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(PARTS))
def test_lives(part: int) -> None:
    """A house on the pure history equals the source once it is quiet."""
    live(Lives, max(1, LIVES // PARTS), part)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(PARTS))
def test_lives_over_duckdb(part: int) -> None:
    """The house as it is, over real HTTP and DuckDB, equals the source once it is quiet."""
    live(OverDuckDB, max(1, OVER_DUCKDB // PARTS), part)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", [1])
def test_lives_of_snapshots(part: int) -> None:
    """What the judge asks for can be done: by a house that reads everything, again and again."""
    live(OfSnapshots, max(1, LIVES // 40), part)


@ON_SERVER
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(PARTS))
def test_lives_on_sql_server(part: int) -> None:
    """The same on SQL Server."""
    live(OnSqlServer, max(1, ON_SQL_SERVER // PARTS), part)


_TESTS = {
    Lives: "test_lives",
    OverDuckDB: "test_lives_over_duckdb",
    OfSnapshots: "test_lives_of_snapshots",
    OnSqlServer: "test_lives_on_sql_server",
}
