"""What a caller waits for and takes of an answer: a deadline and a row limit, in every engine."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from clickhouse_kit import run_on_clickhouse
from sqlserver_kit import run_on
from warehouse_kit import REMOTE, T0, batch, is_babelfish, opened, row

from fieldhouse.errors import ConfigurationError, DeadlinePassed, FieldhouseError
from fieldhouse.warehouse import Limits, Warehouse, open_warehouse
from fieldhouse.warehouse.engines.duckdb.watching import Watch

ENDLESS = {
    "duckdb": "SELECT r.EntryID FROM iot.SensorReadings AS r, range(100000), range(100000) AS b",
    "sqlserver": "SELECT a.name FROM sys.all_columns AS a CROSS JOIN sys.all_columns AS b"
    " CROSS JOIN sys.all_columns AS c",
    "clickhouse": "SELECT r.EntryID FROM iot.SensorReadings AS r, numbers(100000) AS a,"
    " numbers(100000) AS b",
}
ENDLESS[REMOTE] = ENDLESS["duckdb"]
"""Rows whose end nobody sees."""
ON_BABELFISH = (
    "SELECT a.name FROM (SELECT TOP (1000) x.name FROM sys.all_columns AS x) AS a"
    " CROSS JOIN (SELECT TOP ({}) y.name FROM sys.all_columns AS y) AS b"
    " CROSS JOIN (SELECT TOP (10) z.name FROM sys.all_columns AS z) AS c"
)
"""Some rows: Babelfish heeds no time-out, and ends what it has begun."""
SLOW = {
    "duckdb": [
        "CREATE OR REPLACE VIEW iot.AllReadings AS"
        " SELECT r.* FROM iot.SensorReadings AS r, range(100000), range(100000) AS b"
    ],
    "sqlserver": [
        "DROP PROCEDURE iot.usp_DuplicateAudit",
        """
        CREATE PROCEDURE iot.usp_DuplicateAudit AS
        BEGIN
            DECLARE @until DATETIME2(6) = DATEADD(SECOND, 4, SYSUTCDATETIME()), @n BIGINT = 0;
            WHILE SYSUTCDATETIME() < @until SET @n += 1;
            SELECT r.ChannelID, r.Epoch, r.EntryID, @n AS Readings FROM iot.SensorReadings AS r;
        END""",
    ],
    "clickhouse": [
        "CREATE OR REPLACE VIEW AllReadings AS SELECT r.*"
        " FROM Rows AS r, numbers(100000) AS a, numbers(100000) AS b WHERE r.Kind = 1"
    ],
}
"""What makes the question duplicate_audit take some seconds at the least."""


_made: dict[str, str] = {}


@pytest.fixture
def slow(engine: str, fresh_url: str) -> Iterator[Warehouse]:
    """A warehouse whose duplicate_audit is slow; made once."""
    if engine == REMOTE:
        yield from _slow_at_its_owner(fresh_url)
        return
    if engine not in _made:
        with closing(opened(fresh_url)) as warehouse:
            warehouse.migrate()
            warehouse.load([batch([row(n, Field1=n) for n in range(1, 2000)])])
        _slow_down(engine, fresh_url)
        _made[engine] = fresh_url
    with closing(opened(_made[engine])) as warehouse:
        yield warehouse


def _slow_at_its_owner(url: str) -> Iterator[Warehouse]:
    with closing(opened(url)) as warehouse:
        warehouse.migrate()
        warehouse.load([batch([row(n, Field1=n) for n in range(1, 2000)])])
        with closing(open_warehouse(url.removeprefix(f"{REMOTE}:"))) as here:
            for statement in SLOW["duckdb"]:
                here._connection.execute(statement)  # type: ignore[attr-defined]
        yield warehouse


def _slow_down(engine: str, url: str) -> None:
    if engine == "sqlserver":
        return run_on(url, *SLOW[engine])
    if engine == "clickhouse":
        return run_on_clickhouse(url, *SLOW[engine])
    import duckdb

    with duckdb.connect(url.removeprefix("duckdb:///")) as connection:
        for statement in SLOW[engine]:
            connection.execute(statement)
    return None


def endless(warehouse: Warehouse, engine: str, *, size: int = 20) -> str:
    """A SELECT of more rows than anybody wants; of ``size`` on Babelfish."""
    return ON_BABELFISH.format(size) if is_babelfish(warehouse) else ENDLESS[engine]


def given_up(work: Callable[[], object], within: float) -> None:
    """The one error of a deadline, soon after it."""
    begun = time.monotonic()
    with pytest.raises(DeadlinePassed) as told:
        work()
    assert told.value.transient
    assert "no answer within" in str(told.value) and "\n" not in str(told.value)
    assert time.monotonic() - begun < within + 10


def working() -> int:
    """Threads that work; some wait for work, and one of a warehouse's looks at deadlines."""
    waiting = ("AnyIO", "deadlines")
    return sum(not thread.name.startswith(waiting) for thread in threading.enumerate())


def assert_idle(warehouse: Warehouse, before: int) -> None:
    """No more work than before; what an owner gives up it may learn a moment later."""
    for _ in range(1000):
        if working() <= before:
            break
        warehouse.query("channels")
    assert working() <= before
    watches = [one for one in gc.get_objects() if isinstance(one, Watch)]
    assert not any(map(len, watches)), "a statement is still looked after"


def test_what_takes_longer_is_given_up(slow: Warehouse) -> None:
    """A question past its deadline ends in one error of ours, and the warehouse serves on."""
    given_up(lambda: slow.query("duplicate_audit", Limits(seconds=0.5)), 1)
    given_up(lambda: slow.query("duplicate_audit", Limits(seconds=0.5, rows=1)), 1)
    given_up(lambda: slow.scan("duplicate_audit", Limits(seconds=0.5)).read_all(), 1)
    assert slow.query("channels", Limits(seconds=60)).num_rows == 1
    assert slow.load([batch([row(10_000)])])[9].inserted == 1


def test_a_users_own_statement_is_given_up_too(slow: Warehouse, engine: str) -> None:
    """A SELECT of anybody's, while it is computed or while its rows are read."""
    counted = f"SELECT COUNT(*) AS n FROM ({endless(slow, engine, size=1000)}) AS x"
    given_up(lambda: _read(slow, counted), 1)
    given_up(lambda: _read(slow, endless(slow, engine)), 1)


def _read(warehouse: Warehouse, statement: str) -> None:
    for _ in warehouse.stream(statement, Limits(seconds=0.5)):
        time.sleep(0.3)


def test_a_deadline_harms_no_other_reader(slow: Warehouse) -> None:
    """While one question is given up others are answered; no thread is left behind."""
    before = working()
    threads = [
        threading.Thread(
            target=lambda: given_up(lambda: slow.query("duplicate_audit", Limits(seconds=0.5)), 1)
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert slow.query("channels", Limits(seconds=60)).num_rows == 1
    for thread in threads:
        thread.join()
    assert_idle(slow, before)


def test_questions_share_a_deadline(slow: Warehouse) -> None:
    """Limits count from when they were made: a later question has what the others left."""
    limits = Limits(seconds=0.2)
    time.sleep(0.25)
    assert limits.left == 0
    given_up(lambda: slow.query("channels", limits), 0)
    given_up(lambda: slow.scan("channels", limits).read_all(), 0)
    given_up(lambda: slow.stream("SELECT 1 AS n", limits).read_all(), 0)


def test_what_goes_wrong_before_the_deadline_is_told_as_ever(slow: Warehouse) -> None:
    """A deadline that has not passed hides no other error."""
    slow.close()
    with pytest.raises(FieldhouseError, match="open it again") as told:
        slow.query("channels", Limits(seconds=60))
    assert not isinstance(told.value, DeadlinePassed)


@pytest.mark.parametrize("rows", [0, 1, 3, 250, 10_000])
def test_the_first_rows_are_taken(warehouse: Warehouse, rows: int) -> None:
    """A row limit gives the first rows in the question's own order, in the declared columns."""
    warehouse.load([batch([row(n, Field1=n) for n in range(1, 301)])])
    whole = warehouse.query("readings", channel_id=9)
    for answer in (
        warehouse.query("readings", Limits(rows=rows), channel_id=9),
        warehouse.scan("readings", Limits(rows=rows, seconds=60), channel_id=9).read_all(),
    ):
        assert answer.equals(whole.slice(0, rows))
    statement = "SELECT EntryID FROM iot.SensorReadings ORDER BY EntryID"
    found = warehouse.stream(statement, Limits(rows=rows)).read_all()
    assert found["EntryID"].to_pylist() == list(range(1, min(rows, 300) + 1))


def test_no_more_is_read_than_is_wanted(slow: Warehouse, engine: str) -> None:
    """The first rows of an answer without end are there at once."""
    limits = Limits(rows=5, seconds=60)
    assert slow.stream(endless(slow, engine), limits).read_all().num_rows == 5


@pytest.mark.parametrize("limits", [{"seconds": 0}, {"seconds": -1.0}, {"rows": -1}])
def test_limits_that_no_answer_could_keep_are_refused(limits: dict[str, int]) -> None:
    """A deadline is above 0, a row limit is not below."""
    with pytest.raises(ConfigurationError, match=r"a (deadline|row limit) is"):
        Limits(**limits)
    with pytest.raises(ConfigurationError):
        Limits(seconds=float("nan"))


def test_a_reader_that_is_not_read_keeps_nothing_running(warehouse: Warehouse) -> None:
    """A scan with a deadline that is opened and let go leaves no thread."""
    warehouse.load([batch([row(1, T0)])])
    before = working()
    for _ in range(5):
        warehouse.scan("readings", Limits(seconds=60), channel_id=9)
    assert_idle(warehouse, before)
