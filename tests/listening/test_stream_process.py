"""`fieldhouse stream` and `simulate --mqtt` as processes, over a real broker and real HTTP."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from broker_kit import free_port, mosquitto, told, until
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from fieldhouse.simulator import Simulator, World

SECRET = "Hush-4711-Hush"


def environment(**more: str) -> dict[str, str]:
    path = os.pathsep.join(path for path in sys.path if path.endswith("src"))
    return {"PATH": os.environ["PATH"], "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **more}


@contextmanager
def going_on(folder: Path, given: dict[str, str], *words: str) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-m", "fieldhouse", *words],
        env=given, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def run(folder: Path, given: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "fieldhouse", *words]
    return subprocess.run(
        command, env=given, cwd=folder, capture_output=True, text=True, timeout=120
    )


def test_stream_brings_an_entry_and_stops_cleanly(tmp_path: Path) -> None:
    """The entry comes by its message; meanwhile other commands work; Ctrl-C ends it with 130."""
    world = World(write_interval=0)
    channel = world.add_channel(5, fields={1: "Level"})
    channel.write(fields={1: "1"})
    with (
        mosquitto(tmp_path) as broker,
        Simulator(world) as simulator,
        told(world, broker),
    ):
        (tmp_path / "fieldhouse.toml").write_text(
            f'[channels.5]\n[mqtt]\nbroker = "mqtt://127.0.0.1:{broker.port}"\n'
            'username = { env = "DEVICE" }\npassword = { env = "DEVICE_PASSWORD" }\n'
        )
        given = environment(
            THINGSPEAK_BASE_URL=simulator.url,
            THINGSPEAK_RATE_LIMIT_DELAY="0",
            DEVICE="device",
            DEVICE_PASSWORD=SECRET,
        )
        with going_on(tmp_path, given, "stream", "--every", "0", "--verbose") as process:
            assert process.stdout and process.stderr
            assert process.stdout.readline() == (
                f"listening to 127.0.0.1:{broker.port}, Ctrl-C stops\n"
            )
            heard = next(line for line in process.stderr if "listening to 1 channels" in line)
            said = [heard]
            reading = threading.Thread(target=lambda: said.extend(process.stderr or ()))
            reading.start()
            channel.write(fields={1: "2"})
            until(lambda: any("channel 5: stored, 2 new" in line for line in said))
            counted = "SELECT count(*) AS n FROM iot.SensorReadings"
            asked = run(tmp_path, given, "query", "--csv", counted)
            assert (asked.returncode, asked.stdout.split()) == (0, ["n", "2"]), asked.stderr
            checked = run(tmp_path, given, "doctor", "--json")
            findings = {row["check"]: row for row in json.loads(checked.stdout)}
            assert findings["MQTT"]["finding"] == f"mqtt://127.0.0.1:{broker.port} lets us listen"
            process.send_signal(signal.SIGINT)
            reading.join(60)
            assert process.wait(60) == 130
        assert said[-1] == "fieldhouse: stopped; what was read is kept\n"
        assert SECRET not in "".join(said)


def test_stream_without_its_settings(tmp_path: Path) -> None:
    """Without [mqtt], or with a secret that is not there: exit code 2 and one line that says so."""
    given = environment(THINGSPEAK_CHANNEL_ID="9")
    done = run(tmp_path, given, "stream")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "[mqtt] needs client_id, username, password" in done.stderr
    (tmp_path / "fieldhouse.toml").write_text('[mqtt]\npassword = { env = "NOT_THERE" }\n')
    done = run(tmp_path, given, "stream")
    assert (done.returncode, done.stderr) == (
        2,
        "fieldhouse: fieldhouse.toml: [mqtt] password: the variable NOT_THERE is not set\n",
    )


def test_doctor_finds_that_nobody_answers(tmp_path: Path) -> None:
    """A broker that is not there is one finding of its own, with the reason."""
    port = free_port()
    (tmp_path / "fieldhouse.toml").write_text(f'[mqtt]\nbroker = "mqtt://127.0.0.1:{port}"\n')
    given = environment(THINGSPEAK_BASE_URL=f"http://127.0.0.1:{port}")
    done = run(tmp_path, given, "doctor", "--json")
    (found,) = [row for row in json.loads(done.stdout) if row["check"] == "MQTT"]
    assert not found["ok"] and done.returncode == 1
    assert found["finding"] == f"MQTT: 127.0.0.1:{port} cannot be reached: Connection refused"


def test_simulate_tells_a_broker(tmp_path: Path) -> None:
    """What a device writes over HTTP is a message with its values on the channel's topic; TERM
    ends it as Ctrl-C does."""
    messages: list[tuple[str, bytes]] = []
    with mosquitto(tmp_path) as broker:
        address = f"127.0.0.1:{broker.port}"
        with going_on(
            tmp_path, environment(), "simulate", "--port", "0", "--mqtt", address
        ) as process:
            assert process.stdout
            line = next(line for line in process.stdout if "write to 12003" in line)
            found = re.search(r"api_key=(\w+)&field1=21.5' (http://[\d.:]+)/update", line)
            assert found
            client = Client(CallbackAPIVersion.VERSION2)
            client.on_message = lambda *given: messages.append((given[2].topic, given[2].payload))
            client.connect("127.0.0.1", broker.port)
            client.subscribe("channels/12003/#")
            client.loop_start()
            until(lambda: broker.lines("SUBSCRIBE"))
            key, url = found.groups()
            answer = httpx2.post(
                f"{url}/update.json", data={"api_key": key, "field1": "7", "field5": "ON"}
            ).json()
            until(lambda: ("channels/12003/subscribe/fields/field5", b"ON") in messages)
            client.disconnect()
            client.loop_stop()
            assert answer["channel_id"] == 12003
            process.terminate()
            *_, last = process.communicate(timeout=60)
            assert (process.returncode, last) == (
                130,
                "fieldhouse: stopped; what was written to it is gone with it\n",
            )
    entries = [told for topic, told in messages if topic == "channels/12003/subscribe"]
    assert any(b'"field1": "7"' in told for told in entries)  # its own, on the minute, come too


@pytest.mark.parametrize(
    ("address", "line"),
    [
        ("localhost", "a broker's address as localhost:1883"),
        ("127.0.0.1:{free}", "no broker answers there: Connection refused"),
    ],
)
def test_simulate_without_a_broker(tmp_path: Path, address: str, line: str) -> None:
    """A broker that is none, or does not answer, is one line and exit code 2."""
    named = address.format(free=free_port())
    done = run(tmp_path, environment(), "simulate", "--port", "0", "--mqtt", named)
    assert (done.returncode, done.stderr) == (2, f"fieldhouse: --mqtt {named}: {line}\n")
