"""`fieldhouse serve` as a process: how it begins, what it says, how it ends, with nothing lost."""

import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
import trustme
from web_kit import HOSTILE, WEATHER, a_world

from command_kit import Command, begin_command
from fieldhouse.cli import main
from fieldhouse.simulator import Fault, Simulator
from fieldhouse.warehouse import open_warehouse

SLOW = "SELECT sum(a.range * b.range) AS s FROM range(1000000) AS a, range(1000000) AS b"
LONG = "SELECT range AS n, repeat('x', 500) AS x FROM range(3000000)"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def simulated() -> Iterator[Simulator]:
    """The kit's world, served."""
    with Simulator(a_world()) as server:
        yield server


@pytest.fixture(autouse=True)
def no_faults(simulated: Simulator) -> Iterator[None]:
    """What a test has go wrong goes wrong for itself alone."""
    yield
    simulated.faults.clear()


@pytest.fixture
def environment(tmp_path: Path, simulated: Simulator) -> dict[str, str]:
    """As a person's who has set nothing but where ThingSpeak is."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path.endswith("src")),
        "THINGSPEAK_BASE_URL": simulated.url,
        "THINGSPEAK_RATE_LIMIT_DELAY": "0",
    }


@pytest.fixture
def fieldhouse(
    tmp_path: Path,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Iterator[Run]:
    """Run a command to its end, in this process."""
    handler = signal.getsignal(signal.SIGTERM)
    monkeypatch.chdir(tmp_path)
    for name, text in environment.items():
        monkeypatch.setenv(name, text)

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        monkeypatch.setattr(sys, "argv", ["fieldhouse", *arguments])
        capfd.readouterr()
        try:
            main()
            code: object = 0
        except SystemExit as ended:
            code = ended.code or 0
        said = capfd.readouterr()
        assert isinstance(code, int)
        return subprocess.CompletedProcess(arguments, code, said.out, said.err)

    yield run
    signal.signal(signal.SIGTERM, handler)


@contextmanager
def served(
    folder: Path, environment: dict[str, str], *options: str
) -> Iterator[tuple[Command, str]]:
    """The process, and the address that it prints; killed at the end, if it still runs."""
    command = ("serve", "--port", "0", *options)
    with begin_command(*command, env=environment, cwd=folder) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line.startswith("Fieldhouse is at http"), line
            yield process, line.split()[3]
        finally:
            process.kill()


def client(url: str, verify: ssl.SSLContext | bool = False) -> httpx2.Client:
    return httpx2.Client(base_url=url, trust_env=False, timeout=30, verify=verify)


def end(process: Command, how: signal.Signals) -> str:
    """Tell a process to stop; what it said last."""
    process.send_signal(how)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130, said
    return said


def test_it_stops_in_the_middle_of_everything(
    tmp_path: Path, environment: dict[str, str], simulated: Simulator
) -> None:
    """Amid a slow question, a long download and a job, it stops, and what was read is there."""
    simulated.faults.add(Fault("stall", channel_id=HOSTILE, times=None, seconds=20))
    with served(tmp_path, environment, "--every", "0") as (process, url), client(url) as web:
        job = web.post("/api/jobs", json={"channels": [str(WEATHER), str(HOSTILE)]})
        assert job.status_code == 202
        slow = _asked(url, SLOW)
        asked = {"sql": LONG, "limit": 1_000_000}
        with web.stream("POST", "/api/query", json=asked) as answer, slow:
            next(answer.iter_bytes())
            said = end(process, signal.SIGTERM)
    assert said.splitlines()[-1] == "fieldhouse: stopped; what was read is kept"
    assert "Traceback" not in said and "Exception" not in said
    with open_warehouse(tmp_path / "fieldhouse.duckdb") as house:
        assert house.query("duplicate_audit").num_rows == 0
        marks = house.sql("SELECT count(*) AS n FROM iot.PeriodMarks").to_pylist()
        loaded = {r["ChannelID"]: r["Readings"] for r in house.query("status").to_pylist()}
        runs = {r["ChannelID"]: r["Outcome"] for r in house.query("runs").to_pylist()}
    there = len(simulated.world.channels[WEATHER].entries)
    assert loaded.get(WEATHER, 0) in (0, there) or runs.get(WEATHER) == "interrupted"
    assert marks[0]["n"] == 0 or "interrupted" in runs.values()


def _asked(url: str, statement: str) -> socket.socket:
    """A question whose answer is not waited for."""
    import json

    host, _, port = url.removeprefix("http://").rpartition(":")
    body = json.dumps({"sql": statement})
    raw = socket.create_connection((host, int(port)), timeout=30)
    head = f"POST /api/query HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    raw.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
    return raw


def test_what_it_cannot_do_is_one_line(
    fieldhouse: Run, tmp_path: Path, environment: dict[str, str]
) -> None:
    """A port in use, a certificate that is none, and options that contradict: one line, exit 2."""
    (tmp_path / "no.pem").write_text("this is no certificate")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for options, said in (
            (["--port", str(port)], f"127.0.0.1 port {port} cannot be listened at"),
            (["--host", "203.0.113.1"], "203.0.113.1 port 8321 cannot be listened at"),
            (["--host", "no.such.name.invalid"], "no.such.name.invalid port 8321 cannot"),
            (["--certificate", "no.pem"], "no.pem is no certificate with its key"),
            (["--certificate", "absent.pem"], "absent.pem is no certificate with its key"),
            (["--key", "no.pem"], "--key is a certificate's"),
            (["--user-header", "X-User"], "--user-header is believed from a --proxy only"),
            (["--tiles", "tile.example.org"], "--tiles is an address as https://"),
            (["--every", "1mo"], "--every 1mo: a time as 5min or 1h"),
            (["--every", "soon"], "'soon' is no length of time"),
            (["--port", "99999"], "the greatest is 65535"),
        ):
            ended = fieldhouse("serve", *options)
            assert ended.returncode == 2 and said in ended.stderr, (options, ended)
            assert "Traceback" not in ended.stderr and not ended.stdout
    assert not (tmp_path / "fieldhouse.duckdb").exists()


def test_without_its_extra_it_says_what_is_needed(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """Where FastAPI is not installed, the line says how to have it; exit 2."""
    (tmp_path / "fastapi.py").write_text("raise ModuleNotFoundError('gone', name='fastapi')")
    given = {**environment, "PYTHONPATH": f"{tmp_path}{os.pathsep}{environment['PYTHONPATH']}"}
    ended = subprocess.run(
        [sys.executable, "-m", "fieldhouse", "serve"],
        env=given, cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 2
    assert ended.stderr == "fieldhouse: serve needs fastapi: pip install '.[web]' in a checkout\n"


def test_https_by_certificate_files(tmp_path: Path, environment: dict[str, str]) -> None:
    """With a certificate it answers HTTPS alone, with cookies for HTTPS and HSTS."""
    authority = trustme.CA()
    leaf = authority.issue_cert("127.0.0.1", "localhost")
    leaf.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "both.pem"))
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    options = "--certificate", "both.pem", "--every", "0"
    with served(tmp_path, environment, *options) as (process, url), client(url, trusted) as web:
        assert url.startswith("https://127.0.0.1:")
        answer = web.get("/readyz")
        assert answer.text == "ready\n"
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        with pytest.raises(httpx2.HTTPError):
            client(url.replace("https", "http")).get("/readyz")
        with pytest.raises(httpx2.ConnectError):
            client(url, ssl.create_default_context()).get("/readyz")
        end(process, signal.SIGTERM)


def _has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6 loopback")
def test_ipv6_and_everywhere(tmp_path: Path, environment: dict[str, str]) -> None:
    """It listens at ::1, prints an address that a browser takes, and trusts this machine there."""
    options = "--host", "::1", "--every", "0"
    with served(tmp_path, environment, *options) as (process, url), client(url) as web:
        assert url.startswith("http://[::1]:")
        assert web.get("/api/channels").json() == []
        end(process, signal.SIGINT)


def test_tokens_are_made_listed_and_revoked(
    fieldhouse: Run, tmp_path: Path, environment: dict[str, str]
) -> None:
    """A token is shown once, lets in, is listed without its secret, and is revoked."""
    made = fieldhouse("tokens", "make", "Ada's tablet", "--scope", "read", "--lasts", "90d")
    assert made.returncode == 0 and "not shown again" in made.stderr
    token = made.stdout.strip()
    other = fieldhouse("tokens", "make", "greenhouse", "--scope", "write").stdout.strip()
    listed = fieldhouse("tokens", "list")
    assert "Ada's tablet" in listed.stdout and token.split("_", 2)[2] not in listed.stdout
    options = "--token-always", "--every", "0"
    with served(tmp_path, environment, *options) as (process, url), client(url) as web:
        codes = [
            web.get("/api/channels", headers={"Authorization": f"Bearer {one}"}).status_code
            for one in (token, other, token + "x")
        ]
        assert codes == [200, 403, 401] and web.get("/api/channels").status_code == 401
        said = end(process, signal.SIGTERM)
    assert token.split("_", 2)[2] not in said
    assert fieldhouse("tokens", "revoke", token).returncode == 0
    again = fieldhouse("tokens", "revoke", token)
    assert again.returncode == 2 and token.split("_", 2)[2] not in again.stderr
    for wrong in (["make", ""], ["make", "x", "--scope", "all"], ["make", "x", "--lasts", "ever"]):
        ended = fieldhouse("tokens", *wrong)
        assert ended.returncode == 2 and ended.stderr.count("\n") == 1, ended
    states = fieldhouse("tokens", "list", "--json")
    assert '"revoked"' in states.stdout


def test_a_file_in_use_is_one_line(
    fieldhouse: Run, tmp_path: Path, environment: dict[str, str]
) -> None:
    """A second owner of the file is told who has it; the first goes on."""
    with served(tmp_path, environment, "--every", "0") as (process, url), client(url) as web:
        ended = fieldhouse("serve", "--port", "0")
        assert ended.returncode == 1 and "a file has one owner" in ended.stderr, ended
        assert ended.stderr.count("\n") == 1
        assert web.get("/readyz").status_code == 200
        end(process, signal.SIGINT)
