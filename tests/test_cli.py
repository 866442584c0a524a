"""The command line as a person uses it, and the mistakes a person makes."""

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from command_kit import begin_command, run_command
from fieldhouse.simulator import Entry, Simulator, World
from fieldhouse.warehouse import open_warehouse

SECRET = "S3CRETKEYS3CRETK"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder in which the commands are run."""
    return tmp_path


@pytest.fixture
def fieldhouse(home: Path, simulator: Simulator) -> Run:
    """Run the command line in a process of its own, against the simulator."""

    def run(
        *arguments: str, attempts: int | None = None, **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        settings = {
            "THINGSPEAK_BASE_URL": simulator.url,
            "THINGSPEAK_RATE_LIMIT_DELAY": "0",
            "THINGSPEAK_TIMEOUT": "2",
        }
        own = {"PATH": os.environ["PATH"], "HOME": str(home)}
        given = {**own, **settings, **environment}
        return run_command(*arguments, env=given, cwd=home, attempts=attempts)

    return run


@pytest.fixture(autouse=True)
def channels(world: World) -> None:
    """Channel 9 has two days of entries, channel 10 is private, channel 11 is empty."""
    weather = world.add_channel(id=9, name="Weather", fields={1: "Temperature", 2: "Door"})
    begin = int((world.clock.now() - timedelta(days=2)).timestamp())
    weather.write_many(
        Entry(
            id=i + 1,
            created_at=begin + 600 * i,
            fields=(f"{20 + i % 7 / 10}" if i != 200 else "99", "open", *(None,) * 6),
        )
        for i in range(288)
    )
    world.add_channel(id=10, name="Private", fields={1: "T"}, private=True, read_key=SECRET)
    world.add_channel(id=11, name="Empty", fields={1: "T"})


def one_line(done: "subprocess.CompletedProcess[str]", code: int, *words: str) -> None:
    """One clear line on standard error, with these words, and this exit code."""
    assert done.returncode == code, done.stderr + done.stdout
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("fieldhouse: ")
    for word in words:
        assert word in lines[0]
    assert "Traceback" not in done.stderr


def test_run_copies_aggregates_and_scores(fieldhouse: Run) -> None:
    """The main job: exit code 0, and the summary says what was done and where it is."""
    done = fieldhouse("run", "9")
    assert done.returncode == 0, done.stderr
    assert "288" in done.stdout
    assert "fieldhouse.duckdb" in done.stdout
    again = json.loads(fieldhouse("run", "9", "--json").stdout)
    assert [(run["inserted"], run["requests"]) for run in again] == [(0, 1)]


def test_run_without_names_takes_what_is_configured_and_added(fieldhouse: Run, home: Path) -> None:
    """The variable of the seed, the channels of the file, and those added to the warehouse."""
    one_line(fieldhouse("run"), 2, "no channel is named", "THINGSPEAK_CHANNEL_ID")
    assert "Empty" in fieldhouse("channels", "add", "11").stdout
    assert [r["channel_id"] for r in json.loads(fieldhouse("run", "--json").stdout)] == [11]
    (home / "fieldhouse.toml").write_text('[channels.10]\napi_key = { env = "KEY" }\n')
    done = fieldhouse("run", "--json", THINGSPEAK_CHANNEL_ID="9", KEY=SECRET)
    assert [run["channel_id"] for run in json.loads(done.stdout)] == [9, 10, 11]


@pytest.mark.parametrize("added", [("11",), ("11", "9"), ("10",)])
def test_run_takes_the_files_channels_and_the_added_ones(
    fieldhouse: Run, home: Path, added: tuple[str, ...]
) -> None:
    """Each once, whatever came first; with numbers only those that are named."""
    for number in added:
        fieldhouse("channels", "add", number, THINGSPEAK_CHANNEL_ID="10", THINGSPEAK_API_KEY=SECRET)
    keys = '[channels.9]\n[channels.10]\napi_key = { env = "KEY" }\n'
    (home / "fieldhouse.toml").write_text(keys)
    for command in ("run", "backfill"):
        done = json.loads(fieldhouse(command, "--json", KEY=SECRET).stdout)
        ids = [run["channel_id"] for run in done]
        assert sorted(ids) == sorted({9, 10, *map(int, added)})
        assert {run["outcome"] for run in done} == {"success"}
        (one,) = json.loads(fieldhouse(command, "9", "--json", KEY=SECRET).stdout)
        assert one["channel_id"] == 9


def test_a_simulated_run_is_a_try_and_no_more(fieldhouse: Run) -> None:
    """Its requests cost no budget, and it leaves no channel that a run asks ThingSpeak for.

    A desktop's proxies, broken ones too, and a missing CA file do not concern it.
    """
    surroundings = {
        "HTTP_PROXY": "socks4://127.0.0.1:1",
        "ALL_PROXY": "socks://127.0.0.1:1/",
        "SSL_CERT_FILE": "/no/such/file",
    }
    done = fieldhouse("run", "--simulated", THINGSPEAK_DAILY_BUDGET="1", **surroundings)
    assert done.returncode == 0, done.stderr
    assert "1 of 1 channels up to date" in done.stdout
    counted = fieldhouse("query", "SELECT * FROM iot.RequestBudget", "--json")
    assert json.loads(counted.stdout) == []
    one_line(fieldhouse("run"), 2, "no channel is named")
    (run,) = json.loads(fieldhouse("run", "--json", THINGSPEAK_CHANNEL_ID="9").stdout)
    assert run["channel_id"] == 9


def test_ranges_that_were_taken_out_judge_no_more(fieldhouse: Run, home: Path) -> None:
    """From the next run of any channel on, whether the channel has still a table or not."""
    file = home / "fieldhouse.toml"
    found: list[list[tuple[int, int]]] = []
    for text in (
        "[channels.9]\nranges.field1 = [0, 5]\nranges.field2 = [0, 1]\n"
        "[channels.11]\nranges.field1 = [1, 2]\n",
        "[channels.9]\nranges.field1 = [0, 5]\n[channels.11]\n",
        "[channels.11]\nranges.field8 = [-inf, 5]\n",
        "",
    ):
        file.write_text(text)
        assert fieldhouse("run", "9", "--quiet").returncode == 0
        held = fieldhouse("query", "SELECT ChannelID, FieldNumber FROM iot.FieldRanges", "--json")
        found.append(sorted(tuple(row.values()) for row in json.loads(held.stdout)))
    assert found == [[(9, 1), (9, 2), (11, 1)], [(9, 1)], [(11, 8)], []]


def test_quality_judges_by_the_ranges_of_the_configuration(fieldhouse: Run, home: Path) -> None:
    """As it is when it is asked, not as it was at the last run."""
    file = home / "fieldhouse.toml"
    judged = []
    for text in ("[channels.9]\nranges.field1 = [1000, 2000]\n", ""):
        file.write_text(text)
        if not judged:
            assert fieldhouse("run", "9", "--quiet").returncode == 0
        [row] = json.loads(fieldhouse("quality", "9", "--as-of", "latest", "--json").stdout)
        judged.append((row["OutOfRangeReadings"] > 0, row["RangesConfigured"]))
    assert judged == [(True, True), (False, False)]


def test_every_request_counts_against_the_budget(
    fieldhouse: Run, simulator: Simulator, world: World, home: Path
) -> None:
    """Whichever command makes it; and what one has used, another no longer has."""
    (home / "fieldhouse.toml").write_text("[thingspeak]\ndaily_budget = 500\n[channels.9]\n")
    key = {"THINGSPEAK_USER_API_KEY": world.user_key("fieldhouse")}
    for command in (
        ("channels", "search"),
        ("channels", "search", "--user", "fieldhouse"),
        ("channels", "list", "--mine"),
        ("channels", "add", "11"),
        ("doctor",),
        ("run",),
        ("backfill", "9", "--from", "2020-01-01"),
    ):
        before = len(simulator.requests)
        assert fieldhouse(*command, **key).returncode == 0
        assert len(simulator.requests) > before
        counted = fieldhouse(
            "query", "SELECT sum(Requests)::INT AS n FROM iot.RequestBudget", "--json"
        )
        assert json.loads(counted.stdout) == [{"n": len(simulator.requests)}]
    spent = len(simulator.requests)
    for command in (("channels", "search"), ("channels", "add", "11"), ("run", "9", "11")):
        done = fieldhouse(*command, THINGSPEAK_DAILY_BUDGET=str(spent))
        one_line(done, 1, "daily budget", "midnight UTC")
    failed = json.loads(fieldhouse("doctor", "--json", THINGSPEAK_DAILY_BUDGET=str(spent)).stdout)
    assert [row["check"] for row in failed if not row["ok"]] == ["ThingSpeak", "channel 9"]
    assert len(simulator.requests) == spent


def test_one_channels_failure_does_not_stop_the_others(fieldhouse: Run) -> None:
    """Exit code 1, one line for the one that failed, and the other one's data is there."""
    done = fieldhouse("run", "10", "9", "404")
    assert done.returncode == 1
    assert sorted(line.split()[2].rstrip(":") for line in done.stderr.strip().splitlines()) == [
        "10",
        "404",
    ]
    assert "288" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_kill_keep_what_was_read(
    home: Path, simulator: Simulator, world: World, number: signal.Signals
) -> None:
    """Code 130 and one line; the next run carries on to the end."""
    now = int(world.clock.now().timestamp())
    world.add_channel(id=13, name="Long", fields={1: "x"}).write_many(
        Entry(id=i + 1, created_at=now - 60 * (9_000 - i), fields=("1", *(None,) * 7))
        for i in range(9_000)
    )
    environment = {
        "PATH": os.environ["PATH"],
        "THINGSPEAK_BASE_URL": simulator.url,
        "THINGSPEAK_RATE_LIMIT_DELAY": "0.05",
        "THINGSPEAK_PAGE_SIZE": "100",
    }
    with begin_command("run", "13", env=environment, cwd=home) as run:
        while len(simulator.requests) < 10:
            assert run.poll() is None
        run.send_signal(number)
        output, complaint = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "interrupted" in output
    assert complaint.strip().splitlines() == [
        "fieldhouse: interrupted; what was read is kept, the next run carries on"
    ]
    environment["THINGSPEAK_PAGE_SIZE"] = "8000"
    assert run_command("run", "13", env=environment, cwd=home).returncode == 0
    held = open_warehouse(str(home / "fieldhouse.duckdb"), read_only=True)
    assert held.query("status", as_of=None)["Readings"].to_pylist() == [9_000]
    held.close()


def test_the_last_second_that_there_is_has_its_periods(
    fieldhouse: Run, simulator: Simulator, world: World
) -> None:
    """A row dated at the end of the year 9999 is stored, aggregated and shown like any other."""
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    world.add_channel(id=13, name="Late", fields={1: "x"}).write(created_at=last, fields={1: "5"})
    assert fieldhouse("run", "13").returncode == 0
    periods = fieldhouse("query", "SELECT PeriodEnd FROM iot.AggregatedData", "--json")
    assert len(json.loads(periods.stdout)) == 3, periods.stderr


def test_run_is_quiet_in_cron(fieldhouse: Run) -> None:
    """Nothing is printed when nothing went wrong."""
    done = fieldhouse("run", "9", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("results", ["0", "9000", "-5", "abc"])
def test_results_out_of_range(fieldhouse: Run, results: str) -> None:
    """A usage error, before anything runs."""
    one_line(fieldhouse("run", "9", "--results", results), 2, "--results")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("anomalies", "9", "9"), ("'9'", "1 'Temperature'")),
        (("trend", "9", "Lihgt"), ("channel 9", "'Lihgt'", "1 'Temperature'")),
        (("trend", "9", "1", "--tz", "Mars/Olympus"), ("--tz", "Mars/Olympus", "Europe/Zurich")),
        (("trend", "9", "1", "--as-of", "soon"), ("'soon'", "yesterday")),
        (("backfill", "9", "--from", "someday"), ("someday", "2026-11-24")),
        (("backfill", "9", "--from", "2024-02-01", "--to", "2024-01-01"), ("--from", "--to")),
        (("quality", "9", "--date", "2024-13-01"), ("2024-13-01",)),
        (("run", "nine"), ("nine", "is no channel")),
        (("run", "-w", "oracle://x/y"), ("duckdb",)),
        (("run", "9", "--config", "missing.toml"), ("missing.toml",)),
        (("export", "9", "-o", "x.doc"), (".parquet",)),
        (
            ("export", "9", "-o", "x.csv", "--from", "2026-11-01", "--to", "2026-10-01"),
            ("--from 2026-11-01", "--to 2026-10-01"),
        ),
        (("frobnicate",), ("frobnicate",)),
    ],
)
def test_bad_usage_is_one_line_and_code_2(
    fieldhouse: Run, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    """What a person may mistype says what is wrong and what would be right."""
    if arguments[0] in ("export", "anomalies", "trend"):
        fieldhouse("run", "9")
    one_line(fieldhouse(*arguments), 2, *words)


def test_a_wrong_key_in_the_file_is_named(fieldhouse: Run, home: Path) -> None:
    """File, table, key, and the key that was meant."""
    (home / "fieldhouse.toml").write_text("[thingspeak]\nrate_limit_dely = 2\n")
    one_line(fieldhouse("run", "9"), 2, "fieldhouse.toml", "rate_limit_dely", "rate_limit_delay")


def test_what_thingspeak_refuses_is_one_line_and_code_1(fieldhouse: Run, home: Path) -> None:
    """No network, no such channel, no key, a wrong key: each says what to do; no key is shown."""
    (home / "my.toml").touch()
    nowhere = {"THINGSPEAK_BASE_URL": "http://127.0.0.1:9"}
    nobody = fieldhouse("channels", "search", attempts=1, **nowhere)
    assert nobody.returncode == 1
    assert "http://127.0.0.1:9 cannot be reached" in nobody.stderr
    for arguments, environment, word in (
        (("channels", "add", "404"), {}, "404"),
        (("channels", "add", "10"), {}, "two lines into fieldhouse.toml, [channels.10]"),
        (("channels", "add", "10", "-c", "my.toml"), {}, "two lines into my.toml, [channels.10]"),
        (
            ("channels", "add", "10"),
            {"THINGSPEAK_CHANNEL_ID": "10", "THINGSPEAK_API_KEY": "WRONGKEYWRONGKEY"},
            "does not accept the key",
        ),
    ):
        done = fieldhouse(*arguments, **environment)
        one_line(done, 1, word)
        assert "WRONGKEY" not in done.stderr + done.stdout


def test_questions_before_any_run_say_that_there_is_no_warehouse(
    fieldhouse: Run, home: Path
) -> None:
    """Asking creates nothing."""
    for arguments in (
        ("status",),
        ("query", "SELECT 1"),
        ("anomalies", "9", "1"),
        ("archive", "--before", "2020-01-01"),
    ):
        one_line(fieldhouse(*arguments), 1, "fieldhouse.duckdb")
    assert list(home.iterdir()) == []


def test_a_corrupt_warehouse_is_one_line(fieldhouse: Run, home: Path) -> None:
    """A file that is no warehouse is named, and left as it is."""
    (home / "fieldhouse.duckdb").write_bytes(b"not a database" * 1000)
    one_line(fieldhouse("run", "9"), 1, "fieldhouse.duckdb")
    assert (home / "fieldhouse.duckdb").read_bytes() == b"not a database" * 1000


def test_a_locked_warehouse_is_one_line(fieldhouse: Run, home: Path) -> None:
    """Another process that has the file is named by its number."""
    held = open_warehouse(str(home / "fieldhouse.duckdb"))
    held.migrate()
    try:
        one_line(fieldhouse("run", "9"), 1, "fieldhouse.duckdb", str(os.getpid()))
    finally:
        held.close()


@contextlib.contextmanager
def tmpfs(path: Path, size: str) -> Iterator[None]:
    """A small disk of its own; the test is skipped where none may be made."""
    path.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path], capture_output=True
    )
    if made.returncode:
        pytest.skip("a small disk can be made by root only: run the tests as root to include this")
    try:
        yield
    finally:
        subprocess.run(["umount", path], check=True)


def test_a_full_disk_is_one_line_and_loses_nothing(
    fieldhouse: Run, home: Path, world: World
) -> None:
    """The run ends with one line; with room again the next one completes the history."""
    big = world.add_channel(id=12, name="Big", fields=dict.fromkeys(range(1, 9), "x"))
    now = int(world.clock.now().timestamp())
    big.write_many(
        Entry(
            id=i + 1,
            created_at=now - 60 * i,
            fields=tuple(f"{i * 7919 * n % 999983}.{n}" for n in range(1, 9)),
        )
        for i in range(120_000)
    )
    with tmpfs(home / "small", "6m"):
        target = str(home / "small" / "w.duckdb")
        done = fieldhouse("run", "12", "-w", target)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "no space" in done.stderr
        assert "Traceback" not in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr + done.stdout
        subprocess.run(["mount", "-o", "remount,size=200m", home / "small"], check=True)
        assert fieldhouse("run", "12", "-w", target).returncode == 0
        counted = fieldhouse(
            "query", "SELECT count(*) AS n FROM iot.SensorReadings", "-w", target, "--json"
        )
        assert json.loads(counted.stdout) == [{"n": 120_000}]


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0, reason="run as root to try it as somebody else"
)
def test_a_read_only_folder_is_one_line(simulator: Simulator) -> None:
    """An ordinary user who may not write there is told where."""
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to others
        Path(folder).chmod(0o555)
        done = run_as_somebody(Path(folder), simulator)
    one_line(done, 1, "fieldhouse.duckdb")


def run_as_somebody(home: Path, simulator: Simulator) -> "subprocess.CompletedProcess[str]":
    """``fieldhouse run 9`` as a user without rights, its modules read beforehand."""
    as_somebody = (
        "import os, sys, fieldhouse.cli, fieldhouse.scheduling.fleet;"
        "import fieldhouse.warehouse.engines.duckdb.warehouse;"
        "import rich.progress; os.setuid(65534); sys.argv = ['fieldhouse', 'run', '9'];"
        "fieldhouse.cli.main()"
    )
    return subprocess.run(
        [sys.executable, "-c", as_somebody],
        env={"PATH": os.environ["PATH"], "HOME": "/", "THINGSPEAK_BASE_URL": simulator.url},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], "CHANNEL"),
        (["label", "9-1-v1", "--ok"], "there is no 9-1-v1"),
        (["label", "9-1-v1", "--ok", "--real"], "--ok or --real, not both"),
        (["9", "--method", "mad"], "name a field"),
    ],
)
def test_anomalies_asked_for_wrongly(
    fieldhouse: Run, home: Path, words: list[str], line: str
) -> None:
    """What is missing, or contradicts itself, is one line that says so."""
    fieldhouse("run", "9")
    done = fieldhouse("anomalies", *words)
    assert done.returncode == 2 and line in done.stderr and done.stderr.count("\n") == 1


def test_the_warehouse_is_questioned(fieldhouse: Run, home: Path) -> None:
    """Every asking command answers, on a terminal and as JSON."""
    fieldhouse("run", "9")
    (found,) = json.loads(fieldhouse("anomalies", "9", "1", "--method", "zscore", "--json").stdout)
    assert found["EntryID"] == 201
    assert fieldhouse("anomalies", "9", "1", "--method", "mad").returncode == 0
    days = json.loads(fieldhouse("trend", "9", "1", "--json").stdout)
    assert len(days) == 2  # and not what has passed of today
    assert json.loads(fieldhouse("trend", "9", "1", "--tests", "--json").stdout) == []  # of two
    (score,) = json.loads(fieldhouse("quality", "9", "--as-of", "latest", "--json").stdout)
    assert 0 <= score["QualityScore"] <= 100
    ways = json.loads(fieldhouse("quality", "9", "--dimensions", "--json").stdout)
    (valid,) = (w for w in ways if w["Dimension"] == "VALIDITY" and w["FieldNumber"] == 0)
    assert (valid["Share"], valid["Untyped"]) == (0.5, 288)
    assert "288 no number" in fieldhouse("quality", "9", "--dimensions").stdout
    (state,) = json.loads(fieldhouse("status", "--json").stdout)
    assert state["Readings"] == 288
    assert fieldhouse("aggregate", "9", "--type", "daily").returncode == 0
    count = fieldhouse("query", "SELECT count(*) AS n FROM iot.RawValues", "--json")
    assert json.loads(count.stdout) == [{"n": 288}]


def test_latest_is_never_later_than_now(fieldhouse: Run, world: World) -> None:
    """A row of a clock that runs ahead is not the latest, but the newest one before now."""
    now = world.clock.now().replace(microsecond=0)
    ahead, newest = now + timedelta(hours=20), now - timedelta(hours=3)
    world.add_channel(id=16, name="Ahead", fields={1: "x"}).write_many(
        Entry(id=n, created_at=int(at.timestamp()), fields=("1", *(None,) * 7))
        for n, at in enumerate((now - timedelta(days=2), newest, ahead), 1)
    )
    assert fieldhouse("run", "16").returncode == 0
    (score,) = json.loads(fieldhouse("quality", "16", "--as-of", "latest", "--json").stdout)
    latest = newest + timedelta(seconds=1)
    assert score["AsOfTime"] == f"{latest:%Y-%m-%dT%H:%M:%SZ}"
    days = json.loads(fieldhouse("trend", "16", "1", "--as-of", "latest", "--json").stdout)
    assert max(day["ReadingDate"] for day in days) < f"{now:%Y-%m-%d}"


def test_a_day_before_the_channel_was_there_is_not_judged(fieldhouse: Run) -> None:
    """A date before the first reading is refused in one line, which says when that was."""
    fieldhouse("run", "9", "--quiet")
    judged = fieldhouse("query", "SELECT count(*) FROM iot.DataQuality", "--json").stdout
    refused = fieldhouse("quality", "9", "--date", "2020-01-01")
    one_line(refused, 2, "channel 9 has nothing to judge on 2020-01-01", "its first reading is of")
    assert fieldhouse("query", "SELECT count(*) FROM iot.DataQuality", "--json").stdout == judged
    one_line(fieldhouse("quality", "11", "--date", "2020-01-01"), 2, "channel 11")


def test_a_channel_that_was_never_copied_is_named(fieldhouse: Run) -> None:
    """An empty answer would be a lie; an empty warehouse says what to do first."""
    fieldhouse("migrate")
    assert "fieldhouse run 9" in fieldhouse("status").stdout
    for arguments in (
        ("anomalies", "9", "1"),
        ("trend", "9", "1"),
        ("quality", "9"),
        ("aggregate", "9"),
        ("export", "9", "-o", "x.parquet"),
    ):
        one_line(fieldhouse(*arguments), 2, "channel 9", "fieldhouse run 9")


def test_what_a_cell_holds_is_text(fieldhouse: Run) -> None:
    """Brackets in a value, a label or a column's name are printed as they are, and end nothing."""
    fieldhouse("run", "9", "--quiet")
    done = fieldhouse("query", "SELECT '[/attic] [red]x [hPa]' AS \"[b]\"")
    assert done.returncode == 0, done.stderr
    assert "[/attic] [red]x [hPa]" in done.stdout and "[b]" in done.stdout


def test_columns_of_one_name_are_told_apart(fieldhouse: Run) -> None:
    """Printed by position; as JSON, where a name stands once, they are refused by name."""
    fieldhouse("run", "9", "--quiet")
    done = fieldhouse("query", "SELECT 111 AS a, 222 AS a")
    assert "111" in done.stdout and "222" in done.stdout
    done = fieldhouse("query", "SELECT 1 AS a, 2 AS a", "--json")
    assert done.returncode == 2 and "two columns are called 'a'" in done.stderr


def test_a_day_to_come_is_not_judged(fieldhouse: Run) -> None:
    """A date after today is refused, and leaves no score behind."""
    fieldhouse("run", "9", "--quiet")
    done = fieldhouse("quality", "9", "--date", "2099-11-20")
    assert done.returncode == 2 and "2099-11-20 has not come yet" in done.stderr
    assert "2099" not in fieldhouse("status", "--json").stdout


def test_init_writes_no_password(fieldhouse: Run, home: Path) -> None:
    """A URL with a password, or one that no engine answers to, is refused before it is written."""
    for url, said in {
        "sqlserver://me:geheim@host/db": "a password is never written",
        "rubbish://host": "sqlserver://user@host/database",
    }.items():
        done = fieldhouse("init", "--warehouse", url)
        assert done.returncode == 2 and said in done.stderr and "geheim" not in done.stderr
        assert not (home / "fieldhouse.toml").exists()


def test_a_query_can_change_nothing(fieldhouse: Run) -> None:
    """Only a SELECT is answered; a statement that writes, or a wrong one, is one line."""
    fieldhouse("run", "9")
    for statement in (
        "DELETE FROM iot.SensorReadings",
        "DROP SCHEMA iot CASCADE",
        "SELECT 1; DROP TABLE iot.Channels",
    ):
        one_line(fieldhouse("query", statement), 2, "SELECT")
    one_line(fieldhouse("query", "SELECT nothing FROM nowhere"), 2, "nowhere")
    counted = fieldhouse("query", "SELECT count(*) AS n FROM iot.SensorReadings", "--json")
    assert json.loads(counted.stdout) == [{"n": 288}]


def test_a_query_replaces_no_file_unasked(fieldhouse: Run, home: Path) -> None:
    """A file that is there stays as it is, unless --overwrite says that it may go."""
    fieldhouse("run", "9")
    kept = home / "kept.csv"
    kept.write_text("mine")
    asked = ("query", "SELECT 1 AS one", "-o", "kept.csv")
    one_line(fieldhouse(*asked), 2, "kept.csv", "--overwrite")
    assert kept.read_text() == "mine"
    assert "1 rows" in fieldhouse(*asked, "--overwrite").stdout
    assert kept.read_text().split() == ['"one"', "1"]


def test_exports(fieldhouse: Run, home: Path) -> None:
    """Readings and periods, as Parquet and as CSV, whole or within bounds."""
    fieldhouse("run", "9")
    assert "288 rows" in fieldhouse("export", "9", "-o", "all.parquet").stdout
    assert pq.read_table(home / "all.parquet").num_rows == 288
    fieldhouse("export", "9", "-o", "daily.csv", "--table", "daily")
    with (home / "daily.csv").open() as file:
        assert len(list(csv.DictReader(file))) in (2, 3)
    one_line(fieldhouse("export", "9", "-o", "no/such/folder/x.csv"), 1, "no/such/folder")
    assert not list(home.glob(".*partial"))


@pytest.fixture
def months(fieldhouse: Run, world: World) -> tuple[date, int]:
    """Half a year of channel 14, copied: the day to archive before, and how many that are."""
    end = world.clock.now()
    first = (end - timedelta(days=62)).date().replace(day=1)
    times = [end - timedelta(hours=6 * n) for n in range(720, 0, -1)]
    world.add_channel(id=14, name="Old", fields={1: "x"}).write_many(
        Entry(id=n, created_at=int(at.timestamp()), fields=("1", *(None,) * 7))
        for n, at in enumerate(times, 1)
    )
    assert fieldhouse("run", "14").returncode == 0
    return first, sum(at.date() < first for at in times)


def test_archive_loses_nothing(fieldhouse: Run, months: tuple[date, int]) -> None:
    """One line says how many; runs, status and export know them as before; again moves none."""
    first, old = months
    done = fieldhouse("archive", "--before", str(first))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{old} readings from before {first} archived\n"
    assert fieldhouse("archive", "--before", str(first)).stdout.startswith("0 readings")
    left = fieldhouse("query", "SELECT count(*) AS n FROM iot.SensorReadings", "--json")
    assert json.loads(left.stdout) == [{"n": 720 - old}]
    (run,) = json.loads(fieldhouse("backfill", "14", "--from", "2000-01-01", "--json").stdout)
    assert (run["outcome"], run["inserted"], run["updated"]) == ("success", 0, 0)
    (state,) = json.loads(fieldhouse("status", "--json").stdout)
    assert state["Readings"] == 720
    assert "720 rows" in fieldhouse("export", "14", "-o", "all.csv").stdout


def test_archive_exports_first(fieldhouse: Run, home: Path, months: tuple[date, int]) -> None:
    """The months that go are Parquet files; one that is there already is kept unless told."""
    first, old = months
    archive = ("archive", "--before", str(first), "--export", "cold")
    last = home / "cold" / f"readings_{first - timedelta(days=1):%Y-%m}.parquet"
    last.parent.mkdir()
    last.touch()
    one_line(fieldhouse(*archive), 2, f"cold/{last.name} is there already", "--overwrite")
    assert list(last.parent.iterdir()) == [last]
    done = fieldhouse(*archive, "--overwrite")
    files = sorted(last.parent.iterdir())
    assert done.stdout == (
        f"{old} readings from before {first} archived, {len(files)} months written to cold\n"
    )
    assert sum(pq.read_table(file).num_rows for file in files) == old


def test_archive_asks_for_a_months_first_day(fieldhouse: Run) -> None:
    """A day within a month, and one too near, are one line each that names what would do."""
    fieldhouse("migrate")
    one_line(fieldhouse("archive", "--before", "2024-02-29"), 2, "archive before 2024-02-01")
    one_line(fieldhouse("archive", "--before", "9999-12-01"), 2, "62 days", "archive before 20")
    one_line(fieldhouse("archive"), 2, "--before")


def test_init_doctor_config_migrate(fieldhouse: Run, home: Path) -> None:
    """A first day: settings are written once, checked, shown without secrets; the file is made."""
    assert fieldhouse("init").returncode == 0
    one_line(fieldhouse("init"), 2, "there already")
    assert "up to date" in fieldhouse("migrate").stdout
    checked = fieldhouse("doctor", "--json", THINGSPEAK_CHANNEL_ID="10", THINGSPEAK_API_KEY=SECRET)
    assert checked.returncode == 0, checked.stdout
    assert all(row["ok"] for row in json.loads(checked.stdout))
    assert fieldhouse("doctor", THINGSPEAK_BASE_URL="http://127.0.0.1:9").returncode == 1
    shown = fieldhouse("config", THINGSPEAK_API_KEY=SECRET, THINGSPEAK_CHANNEL_ID="10").stdout
    assert SECRET not in shown
    assert "environment THINGSPEAK_CHANNEL_ID" in shown


def test_channels_are_listed_and_searched(fieldhouse: Run, world: World) -> None:
    """Those in the warehouse, public ones, one's own."""
    assert "Weather" in fieldhouse("channels", "search").stdout
    assert "Weather" in fieldhouse("channels", "search", "--user", "fieldhouse").stdout
    one_line(fieldhouse("channels", "list", "--mine"), 2, "THINGSPEAK_USER_API_KEY")
    mine = fieldhouse(
        "channels", "list", "--mine", THINGSPEAK_USER_API_KEY=world.user_key("fieldhouse")
    )
    assert "Private" in mine.stdout
    fieldhouse("channels", "add", "9")
    assert "Weather" in fieldhouse("channels", "list").stdout


def test_help_names_every_command_and_is_quick_to_import(fieldhouse: Run) -> None:
    """Help needs none of the heavy libraries."""
    assert "backfill" in fieldhouse("--help").stdout
    heavy = "('duckdb', 'httpx2', 'pyarrow')"
    code = f"import sys, fieldhouse.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_warehouse_is_copied(fieldhouse: Run, home: Path) -> None:
    """Into a new file, and what was copied is said; onto itself or another, it is refused."""
    fieldhouse("run", "9")
    done = fieldhouse("copy", "fieldhouse.duckdb", "other.duckdb")
    assert done.returncode == 0, done.stderr
    table = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()[2:]}
    assert table["iot.SensorReadings"] == ["288", "288"]
    assert "the same in both" in done.stdout.splitlines()[-1]
    asked = ("query", "SELECT count(*), sum(Field1) FROM iot.CurrentReadings")
    assert fieldhouse(*asked).stdout == fieldhouse(*asked, "-w", "other.duckdb").stdout
    said = fieldhouse("copy", "fieldhouse.duckdb", "third.duckdb", "--json").stdout
    rows = {each["table"]: each["rows"] for each in json.loads(said)}
    assert rows["iot.SensorReadings"] == 288
    one_line(fieldhouse("copy", "fieldhouse.duckdb", "./fieldhouse.duckdb"), 2, "onto itself")
    one_line(fieldhouse("copy", "fieldhouse.duckdb", "other.duckdb"), 2, "empty warehouse")
    one_line(fieldhouse("copy", "nothing.duckdb", "new.duckdb"), 1, "nothing.duckdb")
    one_line(
        fieldhouse("copy", "fieldhouse.duckdb", "new.duckdb", "--to-password", "NO_SUCH"),
        2,
        "NO_SUCH",
    )
    assert not (home / "new.duckdb").exists()


def test_the_begin_of_all_time_ends_no_command_in_a_traceback(fieldhouse: Run) -> None:
    """What looks back from there finds nothing; what is longer than any time is told in a line."""
    fieldhouse("run", "9")
    for line in (
        "anomalies 9 1 --as-of 0001-01-01",
        "trend 9 1 --as-of 0001-01-01 --tz America/New_York",
        "relate 9 1 2 --as-of 0001-01-05",
        "forecast 9 1 --as-of 0001-01-01",
        "plot 9 --to 0001-01-01T00:30",
    ):
        done = fieldhouse(*line.split())
        assert (done.returncode, done.stderr) == (0, ""), line
    one_line(fieldhouse("forecast", "9", "1", "--for", "9000y"), 2, "1h to 366d")
