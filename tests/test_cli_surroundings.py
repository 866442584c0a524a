"""The command line amid a machine's settings: proxies, certificates, a warehouse that is in use."""

import json
import os
import pty
import select
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from command_kit import run_command
from fieldhouse.cli import app
from fieldhouse.simulator import Simulator, World

Run = Callable[..., "subprocess.CompletedProcess[str]"]

HOLD = """
    import sys
    from fieldhouse.warehouse import open_warehouse
    warehouse = open_warehouse("fieldhouse.duckdb")
    warehouse.migrate()
    print("held", flush=True)
    sys.stdin.readline()
    warehouse.close()
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder in which the commands are run."""
    return tmp_path


@pytest.fixture
def environment(home: Path, simulator: Simulator, world: World) -> dict[str, str]:
    """As a person's who has no settings; channel 9 has an entry."""
    world.add_channel(id=9, name="Weather", fields={1: "T"}).write(fields={1: "20.5"})
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "THINGSPEAK_BASE_URL": simulator.url,
        "THINGSPEAK_RATE_LIMIT_DELAY": "0",
        "THINGSPEAK_TIMEOUT": "2",
    }


@pytest.fixture
def fieldhouse(home: Path, environment: dict[str, str]) -> Run:
    """Run the command line in a process of its own."""

    def run(*arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        return run_command(*arguments, env={**environment, **more}, cwd=home)

    return run


@pytest.fixture
def holder(home: Path, environment: dict[str, str]) -> "Iterator[subprocess.Popen[str]]":
    """A process that holds the warehouse until it is told a line."""
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=home,
        env=environment,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def one_line(done: "subprocess.CompletedProcess[str]", code: int, *words: str) -> str:
    """One clear line on standard error, with these words, and this exit code."""
    assert done.returncode == code, done.stderr + done.stdout
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("fieldhouse: ")
    assert not [word for word in words if word not in lines[0]], lines[0]
    return lines[0]


# Proxies and certificates


def test_a_proxy_that_cannot_be_used_ends_a_run_in_one_line(fieldhouse: Run, home: Path) -> None:
    """The variable is named and what would be right, before anything runs; the password is not."""
    login = "worker:secret@"
    done = fieldhouse("run", "9", HTTP_PROXY=f"socks4://{login}127.0.0.1:1080/")
    assert "secret" not in one_line(done, 2, "HTTP_PROXY", "socks5://")
    done = fieldhouse("channels", "search", ALL_PROXY=f"ftp://{login}127.0.0.1:1/")
    assert "secret" not in one_line(done, 2, "ALL_PROXY must be the address of a proxy")


def test_proxies_can_be_switched_off(fieldhouse: Run, home: Path) -> None:
    """By a variable, or in fieldhouse.toml."""
    proxy = {"HTTP_PROXY": "http://127.0.0.1:1"}
    assert fieldhouse("channels", "search", THINGSPEAK_PROXIES="no", **proxy).returncode == 0
    (home / "fieldhouse.toml").write_text("[thingspeak]\nproxies = false\n")
    assert fieldhouse("run", "9", **proxy).returncode == 0
    (home / "fieldhouse.toml").write_text('[thingspeak]\nproxies = "none"\n')
    one_line(fieldhouse("run", "9"), 2, "[thingspeak] proxies must be")


def test_a_certificate_file_that_is_missing_ends_in_one_line(fieldhouse: Run) -> None:
    """Before anything is asked, where the server is an https:// one."""
    done = fieldhouse(
        "channels",
        "search",
        THINGSPEAK_BASE_URL="https://127.0.0.1:1",
        REQUESTS_CA_BUNDLE="/no/such/file",
    )
    one_line(done, 2, "REQUESTS_CA_BUNDLE: /no/such/file: there is no such file")


def test_doctor_tells_each_variable_and_whether_it_is_used(fieldhouse: Run) -> None:
    """Nothing is said of what is not set; a password is never shown."""
    assert not rows(fieldhouse("doctor", "--json")).keys() & {"HTTP_PROXY", "SSL_CERT_FILE"}
    done = fieldhouse(
        "doctor",
        "--json",
        HTTP_PROXY="http://worker:secret@127.0.0.1:1",
        HTTPS_PROXY="http://127.0.0.1:1",
        NO_PROXY="127.0.0.1",
        SSL_CERT_FILE="/no/such/file",
    )
    told = rows(done)
    assert told["HTTP_PROXY"] == (True, "not used: NO_PROXY names 127.0.0.1")
    assert told["NO_PROXY"] == (True, "used: 127.0.0.1 is asked directly")
    assert told["HTTPS_PROXY"][1].startswith("not used: it is for https://")
    assert told["SSL_CERT_FILE"][1].startswith("not used: http://127.0.0.1")
    assert done.returncode == 0
    assert "secret" not in done.stdout


def test_doctor_fails_for_what_would_fail_a_run(fieldhouse: Run) -> None:
    """The variable's row has the same line as a run, and the exit code is 1."""
    done = fieldhouse("doctor", "--json", ALL_PROXY="socks4://127.0.0.1:1")
    assert done.returncode == 1
    assert not rows(done)["ALL_PROXY"][0]
    assert "SOCKS 4" in rows(done)["ALL_PROXY"][1]
    done = fieldhouse("doctor", "--json", HTTP_PROXY="http://127.0.0.1:1")
    assert rows(done)["HTTP_PROXY"] == (True, "used: http://127.0.0.1:1")
    assert "HTTP_PROXY" in rows(done)["ThingSpeak"][1]


def test_doctor_leaves_no_database_where_it_stands(fieldhouse: Run, home: Path) -> None:
    """A warehouse that is not there yet is no fault, and not made; one that is there is read."""
    done = fieldhouse("doctor", "--json")
    assert done.returncode == 0, done.stdout
    assert rows(done)["warehouse"] == (
        True,
        "duckdb:///fieldhouse.duckdb: not there yet; the first run makes it",
    )
    assert not list(home.glob("*.duckdb*"))
    done = fieldhouse("doctor", "--json", "-w", str(home / "none" / "x.duckdb"))
    assert rows(done)["warehouse"][0] is False
    assert "folder does not exist" in rows(done)["warehouse"][1]
    fieldhouse("run", "9")
    before = (home / "fieldhouse.duckdb").read_bytes()
    assert "1 channels" in rows(fieldhouse("doctor", "--json"))["warehouse"][1]
    assert (home / "fieldhouse.duckdb").read_bytes() == before


def rows(done: "subprocess.CompletedProcess[str]") -> dict[str, tuple[bool, str]]:
    return {row["check"]: (row["ok"], row["finding"]) for row in json.loads(done.stdout)}


# A network that is down


def test_a_server_that_is_not_there_is_told_at_once(
    home: Path, environment: dict[str, str]
) -> None:
    """On a terminal the first failure stands there while it is asked again."""
    environment["THINGSPEAK_BASE_URL"] = "http://127.0.0.1:9"
    line = "http://127.0.0.1:9 cannot be reached"
    screen = on_a_terminal(["run", "9"], home, environment, until=line, seconds=15)
    assert "again" in screen


# A warehouse that is in use


def test_every_command_that_opens_the_warehouse_can_wait() -> None:
    """Whoever takes --warehouse takes --wait, but for what only reads settings; so does copy."""
    commands = dict(_commands(typer.main.get_command(app)))
    options = {name: {each.name for each in one.params} for name, one in commands.items()}
    opening = {name for name, own in options.items() if "warehouse" in own}
    waiting = {name for name, own in options.items() if "wait" in own}
    assert waiting == opening - {"config"} | {"copy"}
    assert len(opening) > 12


def _commands(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if inner := getattr(command, "commands", None):
        for each, one in inner.items():
            yield from _commands(one, f"{name} {each}".strip())
    else:
        yield name, command


def test_a_command_that_waited_in_vain_says_who_holds_it(
    fieldhouse: Run, holder: "subprocess.Popen[str]"
) -> None:
    """One line, exit code 1; doctor has it in its table."""
    for command in (["run", "9"], ["status"], ["channels", "add", "9"]):
        one_line(fieldhouse(*command, "--wait", "0.1s"), 1, f"in use by process {holder.pid}")
    done = fieldhouse("doctor", "--json", FIELDHOUSE_WAIT="0")
    assert done.returncode == 1
    assert f"in use by process {holder.pid}" in rows(done)["warehouse"][1]
    one_line(fieldhouse("status", "--wait", "soon"), 2, "wait must be a number of seconds")


@pytest.mark.parametrize(
    ("command", "outcome"),
    [(["run", "9"], "1 of 1 channels up to date"), (["status"], "no channel is in the warehouse")],
)
def test_a_command_begins_when_the_notebook_lets_go(
    home: Path,
    environment: dict[str, str],
    holder: "subprocess.Popen[str]",
    command: list[str],
    outcome: str,
) -> None:
    """By default too, for some seconds; on a terminal a line says who is waited for."""
    assert holder.stdin

    def let_go() -> None:
        assert holder.stdin
        holder.stdin.write("go\n")
        holder.stdin.flush()

    line = f"waiting for process {holder.pid}, which holds fieldhouse.duckdb"
    screen = on_a_terminal(command, home, environment, until=line, seconds=60, then=let_go)
    assert outcome in screen


def on_a_terminal(
    arguments: list[str],
    home: Path,
    environment: dict[str, str],
    *,
    until: str,
    seconds: float,
    then: Callable[[], None] | None = None,
) -> str:
    """What stands on a terminal once a text appears there; with ``then``, once the command ended.

    Fails if the text does not appear in time.
    """
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "fieldhouse", *arguments]
    environment = {**environment, "COLUMNS": "200", "TERM": "xterm"}
    screen, deadline = b"", time.monotonic() + seconds
    with subprocess.Popen(
        command, cwd=home, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        try:
            while chunk := _read(ours, deadline):
                screen += chunk
                if until in _flat(screen):
                    if then is None:
                        break
                    then()
                    then = _nothing
            assert until in _flat(screen), screen.decode()
            return _flat(screen)
        finally:
            process.kill()
            os.close(ours)


def _nothing() -> None:
    pass


def _read(terminal: int, deadline: float) -> bytes:
    if not select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))[0]:
        return b""
    try:
        return os.read(terminal, 65_536)
    except OSError:  # the command ended
        return b""


def _flat(screen: bytes) -> str:
    """The screen's text as one line, wherever the terminal wrapped it."""
    return " ".join(screen.decode(errors="replace").split())
