"""Secrets in every setting that takes one: what is said, written and kept holds none."""

import os
import re
import shlex
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from command_kit import begin_command, run_command
from fieldhouse import open_warehouse
from fieldhouse.simulator import Clock, Simulator, World

TOML = """
[channels.9]
api_key = { env = "KEY_OF_9" }
[accounts.mine]
user_api_key = { env = "KEY_OF_MINE" }
[alerts.receivers.team]
url = { env = "TEAM_URL" }
[alerts.rules.hot]
kind = "above"
field = 1
limit = 0.5
[mqtt]
broker = "mqtt://127.0.0.1:1"
client_id = { env = "MQTT_CLIENT" }
username = { env = "MQTT_USER" }
password = { env = "MQTT_PASSWORD" }
[schedule]
leases = "redis://127.0.0.1:1/0"
redis_password = { env = "REDIS_PASSWORD" }
"""
SECRETS = {
    "KEY_OF_9": "CANARYKEY0000009",
    "KEY_OF_MINE": "CANARYUSERKEY001",
    "TEAM_URL": "json://canary-name:canary-word@127.0.0.1:1/canary-path",
    "MQTT_CLIENT": "canary-client",
    "MQTT_USER": "canary-user",
    "MQTT_PASSWORD": "canary-mqtt-password",
    "REDIS_PASSWORD": "canary-redis-password",
    "THINGSPEAK_API_KEY": "CANARYOWNKEY0010",
    "THINGSPEAK_USER_API_KEY": "CANARYUSERKEY002",
    "THINGSPEAK_CHANNEL_ID": "10",
    "DB_PASSWORD": "canary-db-password",
}
COMMANDS = (
    "config",
    "config --json",
    "doctor",
    "doctor --json",
    "run --verbose",
    "run 9 404404 --verbose",
    "backfill 9 --verbose",
    "status",
    "status --json",
    "channels list",
    "channels show 9",
    "channels add --mine --account mine",
    "channels search canary-nothing-of-ours",
    "runs --json",
    "alerts",
    "alerts --json",
    "alerts list --json",
    "alerts test",
    "workers",
    "schedule --verbose",
    "stream --verbose",
    "query 'SELECT 1'",
    "report 9 -o report.html",
    "export 9 -o out.csv",
    "copy fieldhouse.duckdb clickhouse://canary@127.0.0.1:1/x --to-password DB_PASSWORD",
    "status -w clickhouse://someone@127.0.0.1:1/x",
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder with all of it configured, and a private channel to read."""
    home = tmp_path_factory.mktemp("canaries")
    (home / "fieldhouse.toml").write_text(TOML)
    world = World(clock=Clock())
    for number, key in ((9, SECRETS["KEY_OF_9"]), (10, SECRETS["THINGSPEAK_API_KEY"])):
        channel = world.add_channel(number, name="A", fields={1: "T"}, private=True, read_key=key)
        channel.write(fields={1: "1"})
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    with Simulator(world) as simulator:
        yield (
            home,
            {
                **kept,
                **SECRETS,
                "HOME": str(home),
                "THINGSPEAK_BASE_URL": simulator.url,
                "THINGSPEAK_RATE_LIMIT_DELAY": "0",
                "THINGSPEAK_TIMEOUT": "2",
            },
        )


def found_in(text: str) -> list[str]:
    """Where a canary sings; one that a person typed on the command line is theirs."""
    theirs = text.replace("canary-nothing-of-ours", "").replace("canary@127.0.0.1", "")
    return re.findall(r".{0,60}canary.{0,40}", theirs, re.IGNORECASE)


def test_no_command_tells_a_secret(place: tuple[Path, dict[str, str]]) -> None:
    """Nor its failures: a broker, a Redis, a receiver and a server that are not there."""
    home, environment = place
    read = run_command("run", "9", "10", env=environment, cwd=home)
    assert "2 of 2 channels up to date" in read.stdout, read.stderr
    for command in COMMANDS:
        told = _told(command, environment, home)
        assert "Traceback" not in told, told
        assert found_in(told) == [], command


def _told(command: str, environment: dict[str, str], home: Path) -> str:
    words = shlex.split(command)
    if words[0] != "stream":  # which goes on without its broker
        done = run_command(*words, env=environment, cwd=home)
        return done.stdout + done.stderr
    with begin_command(*words, env=environment, cwd=home, merged=True) as going:
        assert going.stdout
        first = going.stdout.readline() + going.stdout.readline()
        going.send_signal(signal.SIGINT)
        return first + going.communicate(timeout=120)[0]


def test_nothing_that_is_kept_holds_a_secret(place: tuple[Path, dict[str, str]]) -> None:
    """No table of the warehouse, no report, no file beside it."""
    home, environment = place
    run_command("run", "9", env=environment, cwd=home)
    run_command("alerts", env=environment, cwd=home)
    run_command("report", "9", "-o", "kept.html", env=environment, cwd=home)
    with closing(open_warehouse(str(home / "fieldhouse.duckdb"), read_only=True)) as house:
        tables = house.sql(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'iot'"
        )["table_name"].to_pylist()
        for table in tables:
            rows = house.sql(f'SELECT * FROM iot."{table}"').to_pylist()
            assert found_in(repr(rows)) == [], table
    assert len(tables) > 20
    files = [file for file in home.rglob("*") if file.is_file()]
    assert any(file.name == "kept.html" for file in files)
    for file in files:
        assert found_in(file.read_bytes().decode("latin-1")) == [], file


def test_an_address_with_a_password_is_refused_without_it(
    place: tuple[Path, dict[str, str]],
) -> None:
    """In every setting that takes an address; the line shows no part of it."""
    home, environment = place
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for name, given in {
        "FIELDHOUSE_WAREHOUSE": "sqlserver://someone:canary-word@127.0.0.1/x",
        "THINGSPEAK_BASE_URL": f"http://someone:canary-word@127.0.0.1:{port}",
        "HTTP_PROXY": "http://someone:canary-word@127.0.0.1:1",
        "HTTPS_PROXY": "http://someone:canary-word@127.0.0.1:1",
        "ALL_PROXY": "socks5://someone:canary-word@127.0.0.1:1",
    }.items():
        more = {"THINGSPEAK_BASE_URL": "http://example.invalid"} if "PROXY" in name else {}
        for command in (["doctor"], ["config"]):
            done = run_command(*command, env={**environment, **more, name: given}, cwd=home)
            assert "Traceback" not in done.stderr
            assert found_in(done.stdout + done.stderr) == [], (name, command)
