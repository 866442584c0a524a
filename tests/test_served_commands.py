"""The commands while `fieldhouse serve` owns the file: the same answers, and its death survived."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from command_kit import Command, begin_command, run_command
from fieldhouse import read
from fieldhouse.cli import app
from fieldhouse.errors import FieldhouseError
from fieldhouse.simulator import Entry, Fault, Simulator, World
from fieldhouse.warehouse import HasOwner, open_warehouse
from fieldhouse.warehouse.owner import note_of

FILE = "fieldhouse.duckdb"
FEEDS = "created_at,entry_id,field1,field2\n2030-01-01T00:00:00Z,9001,1.5,x\n"
Run = Callable[..., str]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own, and settings as a user has them."""
    for name in [name for name in os.environ if name.startswith(("FIELDHOUSE_", "THINGSPEAK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("THINGSPEAK_BASE_URL", simulator.url)
    monkeypatch.setenv("THINGSPEAK_RATE_LIMIT_DELAY", "0")
    monkeypatch.setenv("THINGSPEAK_TIMEOUT", "5")
    return tmp_path


@pytest.fixture(autouse=True)
def channels(world: World) -> None:
    """Channels 9 and 10 with some days of entries each."""
    for number, name in ((9, "Weather"), (10, "Greenhouse")):
        channel = world.add_channel(id=number, name=name, fields={1: "Temperature", 2: "Door"})
        begin = int((world.clock.now() - timedelta(days=4)).timestamp())
        channel.write_many(
            Entry(
                id=i + 1,
                created_at=begin + 600 * i,
                fields=(f"{20 + i % 7 / 10}" if i % 100 else "99", "open", *(None,) * 6),
            )
            for i in range(500)
        )


@contextmanager
def serving(*options: str) -> Iterator[Command]:
    """`fieldhouse serve` in the folder that we are in; killed in the end."""
    command = ["serve", "--port", "0", "--every", "0", *options]
    with begin_command(*command, env=os.environ, cwd=Path.cwd(), merged=True) as served:
        try:
            assert served.stdout
            assert "Fieldhouse is at http://" in served.stdout.readline()
            yield served
        finally:
            served.kill()


@pytest.fixture
def fieldhouse(capsys: pytest.CaptureFixture[str]) -> Run:
    """A command in this process, which succeeds; what it prints."""

    def run(*words: str) -> str:
        capsys.readouterr()
        assert not app([*words], standalone_mode=False)
        return str(capsys.readouterr().out)

    return run


def apart(*words: str) -> "subprocess.CompletedProcess[str]":
    """A command in a process of its own, which succeeds."""
    done = run_command(*words, env=os.environ, cwd=Path.cwd())
    assert done.returncode == 0, done.stderr
    return done


READING = [
    ["status", "--json"],
    ["runs"],
    ["anomalies", "9", "1", "--as-of", "latest"],
    ["trend", "9", "temperature", "--as-of", "latest"],
    ["query", "SELECT ChannelID, COUNT(*) AS n FROM iot.CurrentReadings GROUP BY ALL ORDER BY ALL"],
    ["query", "--json", "SELECT * FROM iot.AggregatedData ORDER BY ALL LIMIT 50"],
    ["lives", "9"],
    ["plot", "9", "--from", "2000", "--to", "2031"],
    ["export", "9", "10", "--labels", "--output", "-"],
    ["channels", "list"],
    ["corrections", "list"],
    ["exclude", "9", "1", "--where", "value > 60", "--dry-run"],
    ["import", "feeds.csv", "--channel", "10", "--dry-run"],
    ["migrate"],
]
WRITING = [
    ["run", "9", "--quiet"],
    ["run", "--quiet", "9", "10"],
    ["backfill", "9", "--from", "2020-01-01", "--quiet"],
    ["channels", "tag", "farm", "9", "10"],
    ["exclude", "9", "1", "--where", "value > 60", "--reason", "no such heat"],
    ["aggregate", "9", "--type", "daily"],
    ["quality", "9", "--as-of", "latest"],
    ["channels", "pause", "10"],
    ["import", "feeds.csv", "--channel", "10"],
]


def answers(fieldhouse: Run, commands: Sequence[Sequence[str]]) -> list[str]:
    """What commands print, less what names the moment at which they were asked."""
    return [
        re.sub(r"\d+ (s|min|h|seconds?) ago|\d+ (s|min)\b", "…", fieldhouse(*each))
        for each in commands
    ]


def test_every_command_answers_as_without_it(fieldhouse: Run, home: Path) -> None:
    """Those that write leave what they leave on the file itself; those that read say the same."""
    (home / "feeds.csv").write_text(FEEDS)
    (home / "alone").mkdir()
    with serving() as served:
        for each in WRITING:
            fieldhouse(*each)
        through_owner = answers(fieldhouse, READING)
        frame = read([9, 10], every="1h")
        with closing(open_warehouse(FILE)) as house:
            assert isinstance(house, HasOwner)
        served.send_signal(signal.SIGTERM)
        served.wait(60)
    assert not note_of(FILE)
    for command, here, there in zip(
        READING, answers(fieldhouse, READING), through_owner, strict=True
    ):
        assert here == there, command
    assert read([9, 10], every="1h").equals(frame.table)
    held = _held(FILE)
    for each in WRITING:
        fieldhouse(*each, "-w", "alone/fieldhouse.duckdb")
    assert _held("alone/fieldhouse.duckdb") == held


def _held(file: str) -> object:
    columns = "ChannelID, Epoch, EntryID, CreatedAt, Field1, Field2, CorrectedAt IS NULL AS x"
    with closing(open_warehouse(file, read_only=True)) as house:
        return house.sql(f"SELECT {columns} FROM iot.SensorReadings ORDER BY ALL").to_pylist()


def test_a_run_is_the_owners(fieldhouse: Run, home: Path) -> None:
    """The owner asks ThingSpeak, and what happens is told as it happens.

    Who is configured otherwise does the work itself, through the owner; but the ranges by which
    qualities are judged stay the owner's, and that is said.
    """
    (home / "fieldhouse.toml").write_text("[channels.9]\nranges.field1 = [0, 60]\n")
    (home / "other.toml").write_text("[channels.9]\nranges.field1 = [-5, 5]\n")
    line = "ranges are those of the process that serves the warehouse, not the ones set here"
    ranges = "SELECT MinValue, MaxValue FROM iot.FieldRanges"
    with serving():
        done = apart("run", "9", "10", "--json", "--verbose")
        runs = json.loads(done.stdout)
        assert [(run["channel_id"], run["inserted"]) for run in runs] == [(9, 500), (10, 500)]
        for word in ("2 channels to bring", "channel 9: 500 entries read", "stored, 500 new"):
            assert word in done.stderr
        assert line not in done.stderr
        before = fieldhouse("query", ranges)
        done = apart("run", "9", "-c", "other.toml", "--json")
        assert [(run["outcome"], run["inserted"]) for run in json.loads(done.stdout)] == [
            ("success", 0)
        ]
        assert line in done.stderr
        assert fieldhouse("query", ranges) == before and "60" in before
        assert fieldhouse("runs").count("success") == 3


OWNING = Path(__file__).parent / "warehouse" / "owning_process.py"


@pytest.mark.parametrize(
    ("command", "piece"),
    [
        (["run", "9", "--quiet"], 9),
        (["import", "feeds.csv", "--channel", "10"], 20),
        (["export", "9", "--output", "out.csv"], 9),
    ],
)
def test_a_command_survives_its_owner(
    fieldhouse: Run, home: Path, capsys: pytest.CaptureFixture[str], command: list[str], piece: int
) -> None:
    """Its owner is killed with the signal 9 in the midst: one line, and the next command works."""
    (home / "feeds.csv").write_text(FEEDS)
    fieldhouse("run", "10", *(["9"] if command[0] != "run" else []), "--quiet")
    owning = [sys.executable, str(OWNING), FILE, "--die-at", str(piece)]
    with subprocess.Popen(
        owning, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as served:
        assert served.stdout and served.stdout.readline() == "owned\n"
        capsys.readouterr()
        try:
            assert app(command, standalone_mode=False) == 1
            told = capsys.readouterr().err.removeprefix("fieldhouse: ").strip()
        except FieldhouseError as error:
            told = str(error)
        assert served.wait(60) == -signal.SIGKILL
    assert f"process {served.pid}, which serves it, is gone" in told and "\n" not in told
    assert not (home / "out.csv").exists()
    fieldhouse(*command)
    counted = fieldhouse("query", "--csv", "SELECT COUNT(*) AS n FROM iot.SensorReadings")
    assert counted.split()[-1] == ("1001" if command[0] == "import" else "1000")
    with closing(open_warehouse(FILE)) as house:
        assert house.query("duplicate_audit").num_rows == 0


def test_ctrl_c_stops_the_owners_work(
    fieldhouse: Run, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job ends at the owner, what was read is kept and recorded, and the command says so."""
    monkeypatch.setenv("THINGSPEAK_PAGE_SIZE", "50")
    simulator.faults.add(Fault("stall", channel_id=9, after=3, seconds=600))
    with serving():
        command = ("run", "9", "--verbose")
        with begin_command(*command, env=os.environ, cwd=Path.cwd()) as running:
            assert running.stderr
            for line in running.stderr:
                if "50 entries read" in line:
                    running.send_signal(signal.SIGINT)
                    break
            rest = running.stderr.read()
            assert running.wait(60) == 130
        assert "interrupted; what was read is kept, the next run carries on" in rest
        simulator.faults.clear()
        runs = json.loads(fieldhouse("runs", "--json"))
        assert [run["Outcome"] for run in runs] == ["interrupted"]
        assert fieldhouse("run", "9", "--quiet") == ""
        counted = fieldhouse("query", "--csv", "SELECT COUNT(*) AS n FROM iot.SensorReadings")
        assert counted.split()[-1] == "500"
