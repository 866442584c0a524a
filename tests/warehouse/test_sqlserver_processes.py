"""SQL Server's own: many processes at once on one database, some of them killed with kill -9.

Each function of this module that a test starts by its name is the work of one process.
"""

import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlserver_kit import HOW, IS_SET, Databases, run_on
from warehouse_kit import (
    DAY,
    HOUR,
    MINUTE,
    T0,
    aggregates,
    batch,
    marks,
    opened,
    refresh,
    row,
    rows_of,
    tables,
)

from fieldhouse.readings import Batch
from fieldhouse.state import Span
from fieldhouse.warehouse import Warehouse
from fieldhouse.warehouse.engines.sqlserver.load import ONE_CALL

pytestmark = pytest.mark.skipif(not IS_SET, reason=HOW)

KINDS = ("HOURLY", "DAILY", "WEEKLY")
RUN = """
import logging, sys, test_sqlserver_processes as work
logging.basicConfig(level=logging.ERROR)  # a deadlock's victim tries again, and warns that it does
getattr(work, sys.argv[1])(*sys.argv[2:])
"""


@dataclass(slots=True)
class Run:
    """One process: a function of this module, what it printed, and what it complained of."""

    folder: Path
    work: str
    arguments: tuple[object, ...]
    process: "subprocess.Popen[bytes]" = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", RUN, self.work, *map(str, self.arguments)]
        with self._file("out").open("wb") as out, self._file("err").open("wb") as err:
            self.process = subprocess.Popen(command, stdout=out, stderr=err, env=environment)

    @property
    def lines(self) -> list[str]:
        """The whole lines that it has printed."""
        said = self._file("out").read_text()
        return said[: said.rfind("\n") + 1].splitlines()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def reaches(self, line: str) -> None:
        """Wait until it has printed a line."""
        until(lambda: line in self.lines or not self.alive)
        assert line in self.lines, self._file("err").read_text()

    def kill(self) -> None:
        """Kill -9."""
        self.process.kill()
        self.process.wait()

    def check(self) -> None:
        """It ended, killed or well, and complained of nothing."""
        self.process.wait(timeout=120)
        complaint = self._file("err").read_text()
        assert complaint == ""
        assert self.process.returncode in (0, -9)

    def end(self) -> list[str]:
        """Wait until it has ended well; what it printed."""
        self.check()
        assert self.process.returncode == 0
        return self.lines

    def _file(self, name: str) -> Path:
        return self.folder / name


Start = Callable[..., Run]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a process by the name of its function; what still runs is killed afterwards."""
    runs: list[Run] = []

    def started(work: str, *arguments: object) -> Run:
        runs.append(Run(tmp_path / f"run{len(runs)}", work, arguments))
        return runs[-1]

    yield started
    for run in runs:
        run.kill()


def until(is_so: Callable[[], bool], seconds: float = 120) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.01)


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def held(warehouse: Warehouse, table: str) -> list[tuple[int, int]]:
    """The channel and entry of every reading in a table."""
    found = rows_of(warehouse, f"SELECT ChannelID, EntryID FROM iot.{table}")
    return sorted((each["ChannelID"], each["EntryID"]) for each in found)


def total(runs: list[Run]) -> int:
    """The sum of all that they printed, once they have ended well."""
    return sum(int(line) for run in runs for line in run.end())


# Eight processes load overlapping pages

PROCESSES, LOADS, ENTRIES = 8, 8, 6_000
SHARED, OTHERS = 8100, (8101, 8102, 8103, 8104)
DEATHS = {0: 2, 1: 1, 3: 1}
"""Which process is killed, and how often."""


def page(channel_id: int, first: int, size: int, *, filled: bool) -> Batch:
    """A page of a channel: the same entries always; only ``filled`` has every tenth's Field2."""
    ids = range(first, first + size)
    rows = [
        row(
            n,
            Field1=(n * 7919 + channel_id) % 1009 / 8,
            Field2=n % 50 if filled or n % 10 else None,
            Status=f"é{n}" if n % 25 == 0 else None,
        )
        for n in ids
    ]
    texts = [
        {"EntryID": n, "ColumnName": "Field3", "RawValue": f"n/a {n}", "Reason": "unparseable"}
        for n in ids
        if n % 40 == 0
    ]
    span = Span(T0 + first * MINUTE, T0 + (first + size) * MINUTE)
    return batch(rows, channel_id=channel_id, raw=texts, covered=(span,))


def pages(number: int) -> Iterator[list[Batch]]:
    """The loads of a process, always the same: of one channel, of two, and one to be staged."""
    chance = random.Random(number)
    own = OTHERS[number % len(OTHERS)]
    for n in range(LOADS):
        large = n == number
        size = ONE_CALL + 300 if large else chance.randint(50, 400)
        channels = chance.choice([(SHARED,), (SHARED,), (own,), (own, SHARED)]) if n else (own,)
        yield [
            page(channel_id, chance.randint(1, ENTRIES - size), size, filled=chance.random() < 0.3)
            for channel_id in (channels[:1] if large else channels)
        ]


def load_pages(url: str, number: str, first: str) -> None:
    """Load the pages of a process from a load on, and refresh now and then."""
    warehouse = opened(url)
    for n, load in enumerate(pages(int(number))):
        if n >= int(first):
            counts = warehouse.load(load)
            say(n, sum(count.inserted for count in counts.values()))
        if number in "16":
            warehouse.call("refresh_aggregates", aggregation_type=KINDS[n % len(KINDS)])
        if number == "3" and n % 2 == 0:
            warehouse.call("refresh_quality")
    warehouse.close()


@dataclass(slots=True)
class Loader:
    """One of the processes, through all its lives."""

    start: Start
    url: str
    number: int
    lives: list[Run] = field(default_factory=list)

    @property
    def acknowledged(self) -> dict[int, int]:
        """What its loads inserted, by their numbers, as far as it was told."""
        said = [tuple(map(int, line.split())) for run in self.lives for line in run.lines]
        return dict(said)

    def begin(self) -> None:
        first = max(self.acknowledged, default=-1) + 1
        self.lives.append(self.start("load_pages", self.url, self.number, first))

    def live(self, deaths: list[tuple[int, float]]) -> Iterator[None]:
        """Die some time after so many loads, be born again, and end well."""
        self.begin()
        for loads, seconds in deaths:
            while self.lives[-1].alive and len(self.acknowledged) < loads:
                yield
            due = time.monotonic() + seconds
            while self.lives[-1].alive and time.monotonic() < due:
                yield
            self.lives[-1].kill()
            self.begin()
        while self.lives[-1].alive:
            yield


def side_by_side(lives: Iterable[Iterator[None]]) -> None:
    """Let all go on until all have ended."""
    going = list(lives)
    while going:
        going = [life for life in going if next(life, going) is not going]
        time.sleep(0.005)


def all_aggregates(warehouse: Warehouse) -> dict[str, Any]:
    """Every value of every stored period."""
    return {
        f"{channel_id} {kind} {period} {name}": value
        for channel_id in (SHARED, *OTHERS)
        for kind in KINDS
        for period, held in aggregates(warehouse, kind, channel_id).items()
        for name, value in held.items()
    }


def near(value: object) -> Any:
    """What equals a value, a floating point number to 1e-9."""
    return pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value


def judged(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    """What was counted of each judged day."""
    found = rows_of(
        warehouse,
        "SELECT ChannelID, CheckDate, TotalReadings, MissingReadings FROM iot.DataQuality"
        " WHERE CheckDate < '2025-01-01' ORDER BY ChannelID, CheckDate",
    )
    return [tuple(day.values()) for day in found]


def keys(loads: Iterable[list[Batch]], *, with_value: bool = False) -> set[tuple[int, int]]:
    """The channel and entry of every reading, or of those that have a value in Field2."""
    return {
        (part.channel_id, reading["EntryID"])
        for load in loads
        for part in load
        for reading in part.readings.select(["EntryID", "Field2"]).to_pylist()
        if not with_value or reading["Field2"] is not None
    }


def settled(warehouse: Warehouse) -> dict[str, Any]:
    """What a warehouse holds after a pass of all pages and a refresh of everything."""
    for number in range(PROCESSES):
        for load in pages(number):
            warehouse.load(load)
    refresh(warehouse)
    warehouse.call("refresh_quality")
    computed_of = {"AggregatedData": all_aggregates(warehouse), "DataQuality": judged(warehouse)}
    return tables(warehouse) | computed_of


def test_eight_processes_load_overlapping_pages(databases: Databases, start: Start) -> None:
    """Killed at any time and started again, they lose nothing, double nothing, and never fail.

    In the end the warehouse is what one process makes of the same pages.
    """
    url, alone = databases.empty(0), databases.empty(1)
    chance = random.Random(8)
    loaders = [Loader(start, url, number) for number in range(PROCESSES)]
    deaths = {
        number: [
            (n, chance.uniform(0, 0.2)) for n in sorted(chance.sample(range(LOADS - 2), times))
        ]
        for number, times in DEATHS.items()
    }
    side_by_side(loader.live(deaths.get(loader.number, [])) for loader in loaders)
    lives = [run for loader in loaders for run in loader.lives]
    for run in lives:
        run.check()
    assert all(loader.lives[-1].process.returncode == 0 for loader in loaders)
    killed = sum(run.process.returncode == -9 for run in lives)
    assert killed >= len(DEATHS)

    warehouse = opened(url)
    readings = held(warehouse, "SensorReadings")
    acknowledged = [
        load
        for loader in loaders
        for n, load in enumerate(pages(loader.number))
        if n in loader.acknowledged
    ]
    inserted = sum(count for loader in loaders for count in loader.acknowledged.values())
    assert len(acknowledged) >= PROCESSES * LOADS - killed
    assert keys(acknowledged) <= set(readings)
    assert 0 < inserted <= len(readings)
    assert warehouse.query("duplicate_audit").num_rows == 0

    run_on(url, "UPDATE iot.StagedLoads SET StagedAt = '2024-01-01'")  # what the killed have left
    with_pages, by_one = settled(warehouse), settled(one := opened(alone))
    assert with_pages.keys() == by_one.keys() >= {"SensorReadings", "Coverage", "Epochs"}
    expected = {name: near(value) for name, value in by_one.pop("AggregatedData").items()}
    assert with_pages.pop("AggregatedData") == expected
    for name, rows in with_pages.items():
        assert rows == by_one[name], name
    assert with_pages["PeriodMarks"] == []
    assert warehouse.query("duplicate_audit").num_rows == 0
    for table in ("StagedReadings", "StagedLoads"):
        assert rows_of(warehouse, f"SELECT StagingID FROM iot.{table}") == []
    warehouse.close()
    one.close()


# Several migrate at once


def migrate(url: str, beginning: str) -> None:
    """Make the database and migrate it, not before an instant."""
    say("ready")
    time.sleep(max(0.0, float(beginning) - time.time()))
    warehouse = opened(url)
    say(len(warehouse.migrate()))
    warehouse.close()


@pytest.mark.parametrize("processes", [2, 4])
def test_several_migrate_at_once(databases: Databases, start: Start, processes: int) -> None:
    """On a server without the database all succeed; one has applied the scripts, each once."""
    url = databases.fresh()
    beginning = time.time() + 1 + processes / 2
    runs = [start("migrate", url, beginning) for _ in range(processes)]
    applied = sorted(int(run.end()[-1]) for run in runs)
    warehouse = opened(url)
    ledger = [r["ScriptName"] for r in rows_of(warehouse, "SELECT * FROM iot.SchemaMigrations")]
    assert applied == [0] * (processes - 1) + [len(ledger)]
    assert len(ledger) == len(set(ledger)) > 40
    assert warehouse.migrate() == []
    warehouse.close()


# The planning lock


def hold(url: str, channel_id: str) -> None:
    """Hold a channel until killed."""
    warehouse = opened(url)
    say("asks")
    with warehouse.lock(int(channel_id)):
        say("holds")
        time.sleep(600)


def test_the_planning_lock_excludes_processes(databases: Databases, start: Start) -> None:
    """While one process holds a channel others wait; killed with kill -9, it lets the next go on.

    Another channel can be had meanwhile.
    """
    url = databases.empty(0)
    first = start("hold", url, 7001)
    first.reaches("holds")
    others = [start("hold", url, 7001) for _ in range(2)]
    for other in others:
        other.reaches("asks")
    start("hold", url, 7002).reaches("holds")
    time.sleep(1)
    assert [other.lines for other in others] == [["asks"], ["asks"]]
    for _ in range(2):
        first.kill()
        until(lambda: any("holds" in other.lines for other in others))
        time.sleep(0.5)
        (first,) = (other for other in others if "holds" in other.lines)
        others.remove(first)
        assert all(other.alive for other in others)
    for run in (first, *others):
        run.kill()
        run.check()


# Loads mark what is being refreshed

LATE, LATE_CHANNEL = 120, 8200


def load_late(url: str, first: str) -> None:
    """Load single readings, every second one, all within the same few hours."""
    warehouse = opened(url)
    for n in range(int(first), LATE, 2):
        at = T0 + (n * 37 % 300) * MINUTE
        late = row(n + 1, at, Field1=n * 7919 % 1009 / 8)
        say(warehouse.load([batch([late], channel_id=LATE_CHANNEL)])[LATE_CHANNEL].inserted)
    warehouse.close()


def refresh_always(url: str, stop: str) -> None:
    """Refresh until there is a file."""
    warehouse = opened(url)
    while not Path(stop).exists():
        say(refresh(warehouse))
        warehouse.call("refresh_quality")
    warehouse.close()


def computed(readings: Iterable[tuple[datetime, Decimal]], hours: int) -> dict[datetime, Any]:
    """Periods by plain arithmetic: how many, average, minimum, maximum, deviation."""
    parts: dict[datetime, list[Decimal]] = {}
    for at, value in readings:
        start = T0 + (at - T0) // (hours * HOUR) * (hours * HOUR)
        parts.setdefault(start, []).append(value)
    return {
        start: {
            "ReadingCount": len(values),
            "Field1Avg": near(float(sum(values)) / len(values)),
            "Field1Min": min(values),
            "Field1Max": max(values),
            "Field1StdDev": near(float(statistics.stdev(values)) if len(values) > 1 else None),
        }
        for start, values in parts.items()
    }


def some(period: Mapping[str, Any]) -> dict[str, Any]:
    names = ("ReadingCount", "Field1Avg", "Field1Min", "Field1Max", "Field1StdDev")
    return {name: period[name] for name in names}


def test_a_refresh_loses_no_mark(databases: Databases, start: Start, tmp_path: Path) -> None:
    """Loads that mark what is being refreshed are never forgotten: one more refresh finds all."""
    url, stop = databases.empty(0), tmp_path / "stop"
    refresher = start("refresh_always", url, stop)
    until(lambda: bool(refresher.lines))
    assert total([start("load_late", url, first) for first in (0, 1)]) == LATE
    stop.touch()
    rounds = [int(periods) for periods in refresher.end()]
    assert len([periods for periods in rounds if periods]) > 5

    warehouse = opened(url)
    refresh(warehouse)
    warehouse.call("refresh_quality")
    assert marks(warehouse) == []
    readings = rows_of(warehouse, "SELECT CreatedAt, Field1 FROM iot.SensorReadings")
    assert len(readings) == LATE
    stored = {kind: aggregates(warehouse, kind, LATE_CHANNEL) for kind in KINDS}
    for kind, hours in zip(KINDS, (1, 24, 168), strict=True):
        found = {start: some(period) for start, period in stored[kind].items()}
        assert found == computed((tuple(r.values()) for r in readings), hours)
        whole = {"aggregation_type": kind, "start_date": T0 - 14 * DAY, "end_date": T0 + 14 * DAY}
        warehouse.call("usp_ProcessSensorReadings", channel_id=LATE_CHANNEL, **whole)
        assert aggregates(warehouse, kind, LATE_CHANNEL) == stored[kind]
    assert [day[2] for day in judged(warehouse)] == [LATE]
    warehouse.close()


# The archive is filled while loads go on

DAYS, FIRST, SECOND = 10, 8301, 8302


def archive_days(url: str, first: str) -> None:
    """Archive to one instant after the other; how many readings moved."""
    warehouse = opened(url)
    for hour in range(int(first), DAYS * 24, 6):
        moved = warehouse.call("archive_readings", before=T0 + hour * HOUR)
        say(moved["Readings"][0].as_py())
    warehouse.close()


def day_pages(number: int) -> Iterator[list[Batch]]:
    """Pages of two channels, each with what the page before it had and with later entries."""
    chance = random.Random(number)
    for last in range(360, DAYS * 1440 + 360, 360):
        size, filled = chance.randint(min(360, last), min(720, last)), chance.random() < 0.5
        yield [
            page(channel_id, last - size + 1, size, filled=filled) for channel_id in (FIRST, SECOND)
        ]


def load_days(url: str, number: str) -> None:
    """Load pages that overlap, across what is being archived."""
    warehouse = opened(url)
    for load in day_pages(int(number)):
        say(sum(count.inserted for count in warehouse.load(load).values()))
    warehouse.close()


def test_archivings_and_loads_at_once(databases: Databases, start: Start) -> None:
    """Two archivings and two loads at once neither lose a reading nor have one in both places."""
    url = databases.empty(0)
    loads = [start("load_days", url, number) for number in (0, 1)]
    archivings = [start("archive_days", url, first) for first in (0, 3)]
    inserted, moved = total(loads), total(archivings)
    warehouse = opened(url)
    last = warehouse.call("archive_readings", before=T0 + DAYS * DAY)["Readings"][0].as_py()
    assert warehouse.query("duplicate_audit").num_rows == 0
    current, archived = held(warehouse, "SensorReadings"), held(warehouse, "SensorReadings_Archive")
    assert moved > 0
    assert (inserted, moved + last) == (len(current) + len(archived), len(archived))
    assert current == [(FIRST, DAYS * 1440), (SECOND, DAYS * 1440)]
    assert archived == [(c, n) for c in (FIRST, SECOND) for n in range(1, DAYS * 1440)]
    filled = keys((*day_pages(0), *day_pages(1)), with_value=True)
    assert held(warehouse, "AllReadings WHERE Field2 IS NOT NULL") == sorted(filled)
    warehouse.close()
