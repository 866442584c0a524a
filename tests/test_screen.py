"""The command line on a screen and in a pipe, and the mistakes a person makes with it."""

import contextlib
import io
import json
import os
import pty
import re
import select
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pytest

from fieldhouse.cli import main
from fieldhouse.cli.completing import complete_channels, complete_fields, complete_tags
from fieldhouse.readings import RAW, READINGS, REJECTED, Batch
from fieldhouse.simulator import Clock, Entry, Simulator, World
from fieldhouse.state import Progress, Span
from fieldhouse.warehouse import open_warehouse

SECRET = "S3CRETKEYS3CRETK"
ODD = (
    'a "quoted" 🌡',
    "'; DROP TABLE iot.Channels; --",
    "\u202e\u05d4\u05e4\u05d5\u05da",
    "x\ty\n[red]",
)


class Done(NamedTuple):
    code: int
    out: str
    err: str


Tell = Callable[..., Done]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, World]]:
    """A folder with a warehouse of channels 9 and 12, the address of a simulator, its world."""
    home = tmp_path_factory.mktemp("home")
    world = World(clock=Clock())
    weather = world.add_channel(id=9, name="Weather", fields={1: "Temperature", 2: "Door"})
    odd = world.add_channel(id=12, name="Odd", fields=dict(enumerate(ODD, 1)))
    begin = int((world.clock.now() - timedelta(days=2)).timestamp())
    for channel in (weather, odd):
        channel.write_many(
            Entry(
                id=i + 1,
                created_at=begin + 600 * i,
                fields=(f"{12345678 + i % 7 / 10}", "1", "2", "0.000123", *(None,) * 4),
            )
            for i in range(287)
        )
    world.add_channel(id=10, name="Private", fields={1: "T"}, private=True, read_key=SECRET)
    world.add_channel(id=11, name="Empty", fields={1: "T"})
    with Simulator(world) as simulator, pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        for name, value in settings(simulator.url).items():
            patch.setenv(name, value)
        assert tell_now("run", "9", "12", "--quiet").code == 0
        yield home, simulator.url, world


def settings(url: str) -> dict[str, str]:
    return {
        "THINGSPEAK_BASE_URL": url,
        "THINGSPEAK_RATE_LIMIT_DELAY": "0",
        "THINGSPEAK_TIMEOUT": "2",
    }


def tell_now(*arguments: str) -> Done:
    """The command line, in this process, with streams of its own."""
    streams = [io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["fieldhouse", *arguments])
        patch.setattr(sys, "stdout", streams[0])
        patch.setattr(sys, "stderr", streams[1])
        try:
            main()
        except SystemExit as done:
            code = done.code
    for stream in streams:
        stream.flush()
    out, err = (stream.buffer.getvalue().decode() for stream in streams)  # type: ignore[attr-defined]
    return Done(int(code or 0), out, err)


@pytest.fixture
def tell(place: tuple[Path, str, World], monkeypatch: pytest.MonkeyPatch) -> Tell:
    """Use the command line beside the warehouse."""
    home, url, _ = place
    monkeypatch.chdir(home)
    for name, value in settings(url).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(home))
    return tell_now


MISTAKES = {
    "run": (
        "9 -w :memory:",
        "9 -w duckdb:///",
        "9 -w duckdb:x.duckdb",
        "9 -w /dev/null",
        "nine",
        "9x",
        "0",
        "20200-20001",
        "--workers 0",
        "--results 0",
        "-w a.parquet 9",
    ),
    "backfill": (
        "9 --from never",
        "9 --from ''",
        "9 --to 2026-13-01",
        "9 --from 2026-02-01 --to 2026-01-01",
    ),
    "status": ("9", "--tz Mars/Base", "-w missing.duckdb", "-w nowhere://x", "--config none.toml"),
    "runs": ("nine", "--since later", "--limit 0", "9 9"),
    "tables": ("nothing", "iot.sensorreading", "a b"),
    "query": (
        "",
        "''",
        "-f missing.sql",
        "-f .",
        "'SELECT 1' -f x.sql",
        "'SELECT 1' --json --csv",
        "'SELECT 1' -o x.docx",
        "'DELETE FROM iot.Channels'",
        "'SELECT 1; SELECT 2'",
        "'-- of yesterday'",
        "'WITH gone AS (DELETE FROM iot.Channels RETURNING *) SELECT * FROM gone'",
        "'EXPLAIN ANALYZE DELETE FROM iot.Channels'",
        "'SELECT \udcff'",
        "'SELECT [1, 2] AS l' -o x.csv",
        "'SELECT INTERVAL 3 MONTH AS i' -o x.parquet",
        "'SELECT DATE \"infinity\" AS d' -o x.xlsx".replace('"', "'\"'\"'"),
        "SELEC",
        "'SELECT x FROM iot.Channels'",
        "'SELECT * FROM SensorReading'",
        "--json 'SELECT 1 AS a, 2 AS a'",
    ),
    "anomalies": ("frobnicate",),
    "anomalies list": (
        "",
        "9 9",
        "404 1",
        "9 Temprature",
        "9 1 --days 0",
        "9 1 --days 36500000",
        "9 1 --method odd",
        "9 --method mad",
    ),
    "anomalies label": ("", "404-1-v1764000000 --ok", "x --ok --real"),
    "quality": (
        "",
        "404",
        "9 --date 2026-13-01",
        "9 --date 2099-01-01",
        "9 --from 2024-01-01",
        "9 --dimensions --date 2024-01-01",
        "9 --dimensions --from soon",
        "404 --dimensions",
    ),
    "trend": ("9", "9 0", "404 1", "9 1 --as-of soon", "9 1 --days 99999999999"),
    "forecast": (
        "9",
        "9 0",
        "404 1",
        "9 1 --for soon",
        "9 1 --for 2y",
        "9 1 --for 5min",
        "9 1 --until-below x",
        "9 1 --until-below 1 --until-above 2",
    ),
    "aggregate": ("404", "9 --type yearly", "9 --from never"),
    "export": (
        "9",
        "404 -o x.csv",
        "9 -o x.docx",
        "9 -o no/such/x.csv",
        "9 -o x.csv --fields ''",
        "9 -o x.csv --every 1d --statistics ,",
        "9 -o x.csv --fields nothing",
    ),
    "archive": ("", "--before 2024-02-29", "--before never"),
    "lives": ("", "404", "nine", "9 --settle odd"),
    "channels": ("frobnicate",),
    "plot": ("", "404", "9 nothing"),
    "report": ("404 -o x.html",),
    "exclude": ("", "404", "9"),
    "correct": ("", "404", "9"),
    "corrections": ("frobnicate",),
    "import": ("", "missing.csv --channel 9"),
    "channels list": ("404", "nowhere", "--mine", "--account home"),
    "channels show": ("", "404", "9 12"),
    "channels add": ("", "abc", "404", "--user ''", "--as 9x 9", "--mine", "--limit 0 9"),
    "channels remove": ("", "404", "9 --forget", "nowhere"),
    "channels pause": ("", "404", "nowhere"),
    "channels resume": ("", "404"),
    "channels tag": ("", "farm", "9x 9", "farm 404", "'a b' 9"),
    "channels untag": ("", "farm 404"),
    "channels search": ("--page 0", "a b"),
    "config": ("--config none.toml", "x"),
    "migrate": ("-w a.csv", "-w no/such/folder/x.duckdb", "x"),
    "doctor": ("x", "--config none.toml"),
    "init": ("--warehouse x://y", "a b"),
    "simulate": ("--port 70000", "--fleet -1"),
    "serve": (
        "9",
        "--port 70000",
        "--every soon",
        "--every 1mo",
        "--every 9999999999d",
        "--host nowhere.invalid",
        "--host-name 'a b'",
        "--host-name ''",
        "--certificate none.pem",
        "--key none.pem",
        "--user-header X-User",
        "--user-header X-User --proxy proxy.lan",
        "--tiles tiles",
        "-w a.csv",
    ),
    "copy": (
        "",
        "fieldhouse.duckdb",
        "fieldhouse.duckdb ./fieldhouse.duckdb",
        "missing.duckdb x.duckdb",
        "fieldhouse.duckdb nowhere://x",
        "fieldhouse.duckdb x.csv",
    ),
    "derive": (
        "",
        "9",
        "404 K 'field1 + 1'",
        "9 K 'field1 +'",
        "9 K 'nosuch + 1'",
        "9 K 1",
        "9 '' field1",
        "9 K 'field1; DROP TABLE x'",
        "9 K 'pow(field1)'",
        "9 K 'field1@404'",
        "9 K field1 --within soon",
        "9 K field1 --within 2y",
    ),
    "derived": ("frobnicate",),
    "derived list": ("x", "-w missing.duckdb"),
    "derived remove": ("", "404 1", "9 1"),
    "relate": (
        "",
        "9",
        "9 1",
        "404 1 2",
        "9 nosuch 2",
        "9 1 404 1",
        "9 1 9 1 7",
        "9 1 2 --neighbours 3km",
        "9 1 --neighbours far",
        "9 1 --neighbours -3km",
        "9 1 2 --lags soon",
        "9 1 2 --lags 90min",
        "9 1 2 --lags 900h",
        "9 1 2 --as-of whenever",
        "9 1 2 -w missing.duckdb",
    ),
    "hours": (
        "",
        "9",
        "404 1",
        "9 nosuch",
        "9 1 --above much",
        "9 1 --above 5 --below 3",
        "9 1 --by hour",
        "9 1 --days 0",
        "9 1 -w missing.duckdb",
    ),
    "schedule": ("nine", "--shard 5/4", "--shard x", "--metrics-port 70000", "-w a.csv"),
    "workers": ("", "x", "--tz Mars/Base"),
    "stream": ("", "x", "--every soon"),
    "alerts": ("frobnicate", "-w missing.duckdb", "--config none.toml"),
    "alerts list": ("x", "--since soon", "-w missing.duckdb"),
    "alerts silence": (
        "",
        "--all 9",
        "--all --rule silent",
        "404",
        "--for soon",
        "--for 99999999d",
        "--rule odd",
        "--end 7",
    ),
    "alerts ack": ("x", "7"),
    "alerts test": ("", "odd"),
    "alerts rules": ("x", "--config none.toml"),
    "ranges": ("frobnicate",),
    "ranges suggest": ("", "404", "nine", "9 9"),
    "tokens": ("frobnicate",),
    "tokens make": ("", "''", "a b", "me --scope all", "me --lasts soon", "me --lasts 9999y"),
    "tokens list": ("x",),
    "tokens revoke": ("", "fh_12345678", "x"),
    "frobnicate": ("",),
}


@pytest.mark.parametrize(
    ("command", "mistake"), [(each, m) for each, made in MISTAKES.items() for m in made]
)
def test_a_mistake_is_one_line(tell: Tell, command: str, mistake: str) -> None:
    """Code 1 or 2, one line on standard error that a person can act on, nothing on the other."""
    done = tell(*command.split(), *shlex.split(mistake))
    assert done.code in (1, 2), done
    (line,) = done.err.splitlines()
    assert line.startswith("fieldhouse: ") and "Traceback" not in line and "  " not in line
    assert "Error(" not in line and not re.search(r"0x[0-9a-f]{6}", line)
    assert done.out == ""
    assert sorted(path.name for path in Path().iterdir()) == ["fieldhouse.duckdb"]


def test_every_command_has_its_mistakes(tell: Tell) -> None:
    """The table above leaves no command out."""
    for group, least in (
        ("", 30),
        ("channels", 8),
        ("anomalies", 2),
        ("alerts", 5),
        ("tokens", 3),
        ("derived", 2),
    ):
        shown = tell(*group.split(), "--help").out
        names = re.findall(r"^\W*([a-z]+)  +\S", shown.split("Commands")[1], re.MULTILINE)
        assert len(names) >= least
        assert [name for name in names if f"{group} {name}".strip() not in MISTAKES] == []


GROUPS = ("frobnicate", "anomalies", "channels", "corrections", "derived", "ranges", "tokens")
"""What is no command of its own."""


def test_every_help_shows_an_example(tell: Tell) -> None:
    """Who asks a command for help sees how it is typed."""
    for command in MISTAKES:
        if command in GROUPS:
            continue
        shown = tell(*command.split(), "--help").out
        typed = command.replace("anomalies list", "anomalies")  # which need not be named
        assert f"fieldhouse {typed}" in shown.split("\n", 3)[3], command


def test_a_runs_summary_says_its_numbers_and_labels_whole(tell: Tell) -> None:
    """A small mean is not 0.00 and a large one keeps its digits; no label moves the cursor."""
    shown = tell("run", "12").out
    assert re.search(r"12345678\.\d+ [▁-█]", shown)
    assert re.search(r" 0\.000123 [▁-█]+ 0\.000123\n", shown)
    assert "x\\ty\\n[red]" in shown and "\t" not in shown and "\u202e" not in shown


# In a pipe


def test_a_hint_of_the_engine_is_kept(tell: Tell) -> None:
    """What the author of a statement may have meant, and in which line it is wrong."""
    assert 'Did you mean "iot.SensorReadings"?' in tell("query", "SELECT * FROM SensorReading").err
    wrong = tell("query", "SELECT 1\nFROM iot.Channels\nGROUP WHERE").err
    assert wrong.endswith("(line 3)\n")
    for statement, hint in {
        "SELECT Feild1 FROM iot.SensorReadings": '"Field1"',
        "SELECT coutn(*) FROM iot.Channels": 'Did you mean "count"?',
        "SELECT Field1 FROM iot.SensorReadings GROUP BY EntryID": 'ANY_VALUE("Field1")',
    }.items():
        assert hint in tell("query", statement).err


def test_a_pipe_is_parseable_and_exact(tell: Tell) -> None:
    """Tab-separated with a header and every digit; CSV likewise, NULL apart from an empty text."""
    statement = (
        "SELECT 0.1::DOUBLE + 0.2 AS f, 12345678.900000 AS d, 'a\tb' AS t, NULL AS n, '' AS e"
    )
    assert tell("query", statement).out == (
        'f\td\tt\tn\te\n0.30000000000000004\t12345678.9\t"a\tb"\t\t""\n'
    )
    assert tell("query", "--csv", "SELECT 'a,b' AS \"x,y\", TIMESTAMP '2024-01-01' AS t").out == (
        '"x,y",t\n"a,b",2024-01-01 00:00:00\n'
    )
    statement = "SELECT 0::DECIMAL(38, 12) AS a, 0.00000012::DECIMAL(38, 12) AS b"
    assert tell("query", statement).out == "a\tb\n0\t0.00000012\n"
    assert tell("query", "SELECT 1 AS a WHERE false").out == "a\n"
    assert json.loads(tell("query", "--json", "SELECT 1 AS a WHERE false").out) == []


def test_a_statement_comes_from_a_file_or_standard_input(
    tell: Tell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is typed there, in UTF-8 with or without a mark."""
    (tmp_path / "q.sql").write_text("\ufeffSELECT 'ü' AS a -- so\n", "utf-8")
    assert tell("query", "-f", str(tmp_path / "q.sql")).out == "a\nü\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO("SELECT 2 AS a"))
    assert tell("query", "-").out == "a\n2\n"
    assert tell("query", "-- begun by a comment\nSELECT 3 AS a;").out == "a\n3\n"


def test_times_in_json_have_the_zones_that_they_have(tell: Tell) -> None:
    """A local time gets no Z, a zoned one its offset once; what we answer ourselves is UTC."""
    statement = (
        "SELECT TIMESTAMPTZ '2024-01-01 00:00:00+02' AS z, TIMESTAMP '2024-01-01' AS l,"
        " 12345678901234567890.123456::DECIMAL(38, 6) AS d, 'nan'::DOUBLE AS n"
    )
    done = tell("query", "--json", statement).out
    assert done == (
        '[{"z":"2023-12-31T22:00:00Z","l":"2024-01-01T00:00:00",'
        '"d":12345678901234567890.123456,"n":"NaN"}]\n'
    )
    (run, *_) = json.loads(tell("runs", "--json").out)
    assert run["StartedAt"].endswith("Z") and "+" not in run["StartedAt"]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
def test_now_is_utc_wherever_the_host_stands(place: tuple[Path, str, World], zone: str) -> None:
    """A day of a query does not depend on the machine."""
    home, _, _ = place
    statement = "SELECT current_setting('TimeZone') AS z, date_part('timezone', now()) AS o"
    done = subprocess.run(
        [sys.executable, "-m", "fieldhouse", "query", statement],
        env={**os.environ, "TZ": zone},
        cwd=home,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "z\to\nUTC\t0\n"


def test_any_label_is_nothing_but_a_name(tell: Tell) -> None:
    """Quotes, an emoji, a right-to-left text, SQL: as a column's name, in each form."""
    for label in ODD:
        quoted = label.replace('"', '""')
        statement = f'SELECT Field1 AS "{quoted}" FROM iot.SensorReadings WHERE EntryID = 1'
        statement += " AND ChannelID = 12"
        assert json.loads(tell("query", "--json", statement).out) == [{label: 12345678}]
        header, row = tell("query", "--csv", statement).out.rsplit("\n", 2)[:2]
        assert row == "12345678" and header in (label, f'"{quoted}"')
        assert tell("trend", "12", label).code == 0
    assert tell("query", "SELECT count(*) AS n FROM iot.Channels").out == "n\n2\n"


def test_a_windows_redirect_takes_a_run(place: tuple[Path, str, World]) -> None:
    """Curves, labels and lines of any sign end in code 0, whatever the code page has."""
    home, _, _ = place
    done = subprocess.run(
        [sys.executable, "-m", "fieldhouse", "run", "9", "12"],
        env={**os.environ, "PYTHONIOENCODING": "cp1252", **settings(place[1])},
        cwd=home,
        capture_output=True,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"2 of 2 channels up to date" in done.stdout and b"\\U0001f321" in done.stdout


@pytest.mark.parametrize(
    ("typed", "code", "line"),
    [
        ("query 'SELECT 1' > /dev/full", 1, "standard output cannot be written: No space left on"),
        ("query - <&-", 2, "the statement is empty"),
        ("status >&- 2>&-", 0, ""),
    ],
)
def test_a_stream_that_is_closed_or_full_is_no_defect(
    place: tuple[Path, str, World], typed: str, code: int, line: str
) -> None:
    """A full disk behind a redirect is one line; what a daemon starts may have no streams."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no device that is always full")
    shell = ["sh", "-c", f"exec {shlex.quote(sys.executable)} -m fieldhouse {typed}"]
    done = subprocess.run(shell, cwd=place[0], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(f"fieldhouse: {line}" if line else "")
    assert done.stderr.count("\n") == bool(line)


def test_a_word_for_channels_before_there_is_a_warehouse(
    tell: Tell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A range says how its channels are added; a file that is no warehouse is what is told."""
    monkeypatch.chdir(tmp_path)
    assert "there is no warehouse yet" in (line := tell("run", "20001-20200").err)
    assert line.endswith(": fieldhouse channels add 20001-20200\n")
    assert "write a number, as 9" in tell("run", "garden").err
    (tmp_path / "fieldhouse.duckdb").write_text("a text")
    assert tell("run", "garden").err == "fieldhouse: fieldhouse.duckdb: not a DuckDB file\n"


def test_ctrl_c_while_it_is_still_loaded_is_one_line() -> None:
    """Which takes a second on a slow machine: no traceback then either, and code 130."""
    code = """
        import runpy, sys

        class Impatient:
            def find_spec(self, name, *_):
                if name == "typer":
                    raise KeyboardInterrupt

        sys.meta_path.insert(0, Impatient())
        runpy.run_module("fieldhouse", run_name="__main__")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "fieldhouse: interrupted\n")


# On a terminal


def on_terminal(home: Path, columns: int, *arguments: str, **more: str) -> str:
    """What a command prints on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "LINES": "24", "TERM": "dumb", **more}
    with subprocess.Popen(
        [sys.executable, "-m", "fieldhouse", *arguments],
        env=environment,
        cwd=home,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as command:
        os.close(theirs)
        said = b""
        with contextlib.suppress(OSError):  # the other end is closed
            while select.select([ours], [], [], 60)[0] and (part := os.read(ours, 65536)):
                said += part
    os.close(ours)
    assert command.returncode == 0, said.decode()
    return said.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("trend", "9", "1"),
        ("lives", "9"),
        ("query", "SELECT * FROM iot.AllReadings LIMIT 3"),
    ],
    ids=lambda each: each[0],
)
def test_eighty_columns_cut_no_number(
    place: tuple[Path, str, World], arguments: tuple[str, ...]
) -> None:
    """Headers and numbers stand there whole in 80 columns, or are named below."""
    said = on_terminal(place[0], 80, *arguments)
    lines = said.splitlines()
    assert all(len(line) <= 80 for line in lines if not line.startswith("no room for"))
    header, cells = lines[0].split(), [cell for line in lines[2:] for cell in line.split()]
    assert not any("…" in cell for cell in header)
    assert not any(re.search(r"[0-9]…", cell) for cell in cells)
    if arguments[0] == "trend":
        assert "12345678.2" in said and "e+07" not in said


def test_a_long_answer_goes_through_the_pager(
    place: tuple[Path, str, World], tmp_path: Path
) -> None:
    """All of it, row by row as it comes, and who leaves the pager early sees no error."""
    statement = "SELECT range AS n FROM range(100000)"
    seen = tmp_path / "seen"
    pager = tmp_path / "pager"
    pager.write_text(f"#!/bin/sh\ncat > {seen}\n")
    pager.chmod(0o755)
    assert on_terminal(place[0], 80, "query", statement, PAGER=str(pager)) == ""
    assert len(seen.read_text().splitlines()) == 100_002
    pager.write_text("#!/bin/sh\nhead -n 1\n")
    endless = "SELECT range AS n FROM range(1000000000000)"
    assert on_terminal(place[0], 80, "query", endless, PAGER=str(pager)).strip() == "n"


# The state of the work


def test_status_knows_channels_that_never_succeeded(
    tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is only configured, and one that only failed, are there for a filter to see."""
    monkeypatch.setenv("THINGSPEAK_CHANNEL_ID", "10")
    assert tell("run", "404", "--quiet").code == 1
    failed = json.loads(tell("status", "--failed", "--json").out)
    assert [(row["ChannelID"], row["State"]) for row in failed] == [
        (404, "never read"),
        (10, "never read"),
    ]
    shown = tell("status", "--failed").out
    assert "channel 404: " in shown and "404" in shown
    (run,) = json.loads(tell("runs", "404", "--failed", "--since", "1d", "--json").out)
    assert run["Outcome"] == "failed" and "404" in run["Error"]
    assert json.loads(tell("runs", "9", "--failed", "--json").out) == []


def test_an_interrupted_backfill_says_what_is_missing(
    tell: Tell, place: tuple[Path, str, World], tmp_path: Path
) -> None:
    """Not "gaps 0" with two thirds missing, but the share that is there."""
    t0 = datetime(2024, 1, 1)
    rows = [{"EntryID": n, "CreatedAt": t0 + timedelta(minutes=n)} for n in range(67, 101)]
    file = tmp_path / "part.duckdb"
    with open_warehouse(file) as warehouse:
        warehouse.migrate()
        tables = (pa.Table.from_pylist(each, kind) for each, kind in ((rows, READINGS), ([], RAW)))
        readings, raw = tables
        covered = (Span(t0 + timedelta(minutes=67), t0 + timedelta(minutes=101)),)
        progress = Progress(last_entry_id=100, covered=covered)
        none = pa.Table.from_pylist([], REJECTED)
        warehouse.load([Batch(9, 1, readings, raw, none, progress, datetime(2030, 1, 1))])
    shown = tell("status", "-w", str(file)).out
    assert "incomplete" in shown and "34 % of it is read" in shown


def test_advice_for_a_private_channel_works_as_it_is_printed(
    tell: Tell, place: tuple[Path, str, World], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who does what the line says has the channel."""
    monkeypatch.chdir(tmp_path)
    advice = tell("channels", "add", "10").err
    (variable,) = re.findall(r"into \.env, (\w+)=…", advice)
    table, key = re.findall(r"fieldhouse\.toml, (\[.+?\]) and (api_key = \{.+?\})", advice)[0]
    (tmp_path / ".env").write_text(f"{variable}={SECRET}\n")
    (tmp_path / "fieldhouse.toml").write_text(f"{table}\n{key}\n")
    assert "channel 10 added: Private" in tell("channels", "add", "10").out
    assert tell("run").code == 0


def test_channels_are_managed(tell: Tell, place: tuple[Path, str, World], tmp_path: Path) -> None:
    """Added from a list, tagged, paused, resumed, removed, forgotten: runs do as they are told."""
    file = ("-w", str(tmp_path / "w.duckdb"))

    def ran(*words: str) -> list[int]:
        done = tell("run", "--json", *words, *file)
        assert done.code == 0, done
        return [run["channel_id"] for run in json.loads(done.out)]

    added = tell("channels", "add", "--user", "fieldhouse", "--as", "Farm", *file)
    assert added.code == 0 and "channel 12 added" in added.out
    assert ran() == [9, 11, 12]
    assert ran("farm") == ran("9-12") == [9, 11, 12]
    assert tell("channels", "add", "11-12", *file).out.count("added") == 2
    for word in ("12-11", "1-20000"):
        assert tell("channels", "add", word, *file).code == 2
    assert tell("channels", "untag", "farm", "11", *file).code == 0
    assert ran("FARM") == [9, 12]
    assert tell("channels", "pause", "farm", *file).code == 0
    assert ran() == [11] and ran("9") == [9]
    states = {r["ChannelID"]: r["State"] for r in json.loads(tell("status", "--json", *file).out)}
    assert states == {9: "paused", 11: "empty", 12: "paused"}
    assert tell("channels", "pause", "11", *file).code == 0
    refused = tell("run", *file)
    assert refused.code == 2 and "channels resume" in refused.err
    assert tell("channels", "resume", "9", *file).code == 0
    assert tell("channels", "remove", "12", *file).code == 0
    assert ran() == [9]
    (shown,) = json.loads(tell("channels", "show", "12", "--json", *file).out)
    assert (shown["IsActive"], shown["Readings"], shown["Tags"]) == (False, 287, ["farm"])
    assert tell("channels", "remove", "12", "--forget", "--yes", *file).code == 0
    assert tell("channels", "show", "12", *file).code == 2
    assert ran("12") == [12]
    assert tell("run", "404", *file).code == 1 and "404" in tell("status", *file).out
    assert tell("channels", "remove", "404", *file).code == 0
    assert "404" not in tell("status", *file).out


def test_an_account_lists_its_channels(
    tell: Tell, place: tuple[Path, str, World], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several accounts stand in the settings, each key by reference; an unknown one is told."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME_KEY", place[2].user_key("fieldhouse"))
    accounts = '[accounts.home]\nuser_api_key = { env = "HOME_KEY" }\n'
    (tmp_path / "fieldhouse.toml").write_text(accounts)
    mine = json.loads(tell("channels", "list", "--account", "home", "--json").out)
    assert {9, 10} <= {channel["id"] for channel in mine}
    assert "there is home" in tell("channels", "list", "--account", "work").err
    shown = tell("config").out
    assert "accounts.home.user_api_key" in shown and place[2].user_key("fieldhouse") not in shown


def test_a_file_of_settings_means_the_same_wherever_it_is_named(
    tell: Tell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative warehouse lies beside the file, not where one happens to stand."""
    (tmp_path / "srv").mkdir()
    file = tmp_path / "srv" / "x.toml"
    for url in ("duckdb:///w.duckdb", "w.duckdb"):
        file.write_text(f'[warehouse]\nurl = "{url}"\n')
        monkeypatch.chdir(tmp_path)
        assert tell("migrate", "-c", "srv/x.toml").code == 0
        assert (tmp_path / "srv" / "w.duckdb").exists() and not (tmp_path / "w.duckdb").exists()
        (tmp_path / "srv" / "w.duckdb").unlink()


def test_verbose_says_each_step_with_its_time(tell: Tell) -> None:
    """Requests, pages, rows, the outcome: a line each, and when."""
    done = subprocess.run(
        [sys.executable, "-m", "fieldhouse", "run", "9", "-v"],
        env=dict(os.environ),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    lines = done.stderr.splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - ", line) for line in lines)
    for word in ("channel 9: begins", "answered 200 in", "aggregating", "channel 9: success in"):
        assert any(word in line for line in lines), word


def test_the_shell_completes_what_the_warehouse_has(tell: Tell) -> None:
    """Channels with their names, and fields by their labels; without a warehouse nothing."""
    assert complete_channels("1") == [("12", "Odd")]
    assert ("Temperature", "field 1 of channel 9") in complete_fields("tem")
    assert tell("channels", "tag", "greenhouse", "9").code == 0
    assert complete_tags("GR") == [("greenhouse", "a tag")]
    with contextlib.chdir("/"):
        assert complete_channels("") == []


def test_each_column_of_the_warehouse_is_described(tell: Tell) -> None:
    """What there is to query says what it is."""
    tables = json.loads(tell("tables", "--json").out)
    assert len(tables) > 15 and all(row["holds"] for row in tables)
    for table in tables:
        for row in json.loads(tell("tables", table["table"], "--json").out):
            assert row["holds"], (table["table"], row["column"])


def test_the_pages_queries_of_monitoring_are_answered(tell: Tell, tmp_path: Path) -> None:
    """What operations.md asks of DuckDB is DuckDB's SQL."""
    page = Path(__file__).resolve().parents[1] / "docs" / "operations.md"
    found = re.findall(r"```sql\n(-- DuckDB.*?)```", page.read_text("utf-8"), re.DOTALL)
    assert len(found) == 4
    for statement in found:
        (tmp_path / "q.sql").write_text(statement, "utf-8")
        assert tell("query", "-f", str(tmp_path / "q.sql")).code == 0, statement


def test_a_group_lists_by_itself(tell: Tell) -> None:
    """Bare, a group of commands says what its `list` does: no page of help, no error."""
    for group in ("channels", "corrections", "derived", "tokens"):
        bare = tell(group)
        assert bare.code == 0
        assert bare.out == tell(group, "list").out != ""
