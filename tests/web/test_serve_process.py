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
from web_kit import HOSTILE, WEATHER, a_world

from fieldhouse.simulator import Fault, Simulator
from fieldhouse.warehouse import open_warehouse

SLOW = "SELECT sum(a.range * b.range) AS s FROM range(1000000) AS a, range(1000000) AS b"
LONG = "SELECT range AS n, repeat('x', 500) AS x FROM range(3000000)"
Serving = Callable[..., "subprocess.Popen[str]"]
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
def fieldhouse(tmp_path: Path, environment: dict[str, str]) -> Run:
    """Run a command to its end."""

    def run(*arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "fieldhouse", *arguments],
            env={**environment, **more},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


@contextmanager
def served(
    folder: Path, environment: dict[str, str], *options: str
) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """The process, and the address that it prints; killed at the end, if it still runs."""
    command = [sys.executable, "-m", "fieldhouse", "serve", "--port", "0", *options]
    with subprocess.Popen(
        command, env=environment, cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            assert process.stderr
            line = process.stderr.readline()
            assert line.startswith("Fieldhouse is at http"), line + process.stderr.read()
            yield process, line.split()[3]
        finally:
            if process.poll() is None:
                process.kill()


def client(url: str, verify: ssl.SSLContext | bool = False) -> httpx2.Client:
    return httpx2.Client(base_url=url, trust_env=False, timeout=30, verify=verify)


def end(process: "subprocess.Popen[str]", how: signal.Signals) -> str:
    """Tell a process to stop; what it said last."""
    process.send_signal(how)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130, said
    return said


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_in_the_middle_of_everything(
    tmp_path: Path, environment: dict[str, str], simulated: Simulator, how: signal.Signals
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
            said = end(process, how)
    assert said.splitlines()[-1] == "fieldhouse: stopped; what was read is kept"
    assert "Traceback" not in said and "Exception" not in said
    with open_warehouse(tmp_path / "fieldhouse.duckdb") as house:
        assert house.query("duplicate_audit").num_rows == 0
        marks = house.sql("SELECT count(*) AS n FROM iot.PeriodMarks").to_pylist()
        loaded = {r["ChannelID"]: r["Readings"] for r in house.query("status").to_pylist()}
        runs = {r["ChannelID"]: r["Outcome"] for r in house.query("runs").to_pylist()}
    assert loaded.get(WEATHER, 0) in (0, 8_613) or runs.get(WEATHER) == "interrupted"
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
