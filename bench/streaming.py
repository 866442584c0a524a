"""The part on MQTT: from a message to its entry in the warehouse, and what an outage costs."""

import shutil
import socket
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from bench.processes import fresh
from bench.report import Figure
from bench.shared import Bench
from fieldhouse import events
from fieldhouse.parts import build
from fieldhouse.settings import Settings
from fieldhouse.settings.mqtt import MqttSettings
from fieldhouse.simulator import Publisher, Simulator, World
from fieldhouse.web.broadcast import Broadcast
from fieldhouse.web.jobs import Jobs
from fieldhouse.web.listening import listening

_CHANNELS = 1_000
_MESSAGES = 100
_GOAL = 2.0
_EVERY = timedelta(minutes=5)
Process = subprocess.Popen[bytes]


def streaming(bench: Bench) -> Iterator[Figure]:
    """A thousand channels on one connection; each message is one of them, a moment apart."""
    if not (program := shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")):
        yield Figure("not measured", "", "mosquitto is not installed: apt install mosquitto")
        return
    waits, missed, asked = fresh(_told, bench.folder, program)
    waits.sort()
    yield Figure(
        "from message to row, the longest",
        f"{waits[-1]:.2f} s",
        f"{_MESSAGES} messages of {_CHANNELS:,} channels, median {statistics.median(waits):.2f} s;"
        " broker, ThingSpeak's stand-in and warehouse on the same cores",
        goal=f"≤ {_GOAL:g} s",
        reached=waits[-1] <= _GOAL,
    )
    yield Figure(
        "lost by the broker's absence",
        f"{missed}",
        f"of {_CHANNELS} entries that were written while it was gone, one in each channel",
        goal="0",
        reached=missed == 0,
    )
    yield Figure(
        "requests for that",
        f"{asked / _CHANNELS:.2f}",
        "a channel, from the broker's end until all had been heard and polled again",
        goal="≤ 2",
        reached=asked <= 2 * _CHANNELS,
    )


def _told(folder: Path, program: str) -> tuple[list[float], int, int]:
    """Seconds that each message took; entries that were lost; requests of an outage."""
    world, heard, loaded = World(), Broadcast(), dict[int, float]()
    for number in range(1, _CHANNELS + 1):
        world.add_channel(number).write(fields={1: "0"})

    def note(event: events.Event) -> None:
        if isinstance(event, events.RowsLoaded):
            loaded[event.channel_id] = time.perf_counter()

    port = _free_port()
    with _broker(program, folder, port) as start, Simulator(world) as simulator:
        settings = Settings(
            warehouse_url=f"duckdb:///{folder / 'streamed.duckdb'}",
            base_url=simulator.url,
            rate_limit_delay=0,
            proxies=False,
            mqtt=MqttSettings(broker=f"mqtt://127.0.0.1:{port}"),
            channels={number: {} for number in world.channels},  # type: ignore[dict-item]
        )
        broker = start()
        with (
            Publisher("127.0.0.1", port) as publisher,
            build(settings, own=True, observe=heard, clock=lambda: _now(world)) as parts,
            heard.heard_by(note),
            Jobs(parts, every=_EVERY) as jobs,
            listening(parts, jobs, heard) as ear,
        ):
            world.listeners.append(publisher)
            _until(lambda: len(ear.heard) == len(loaded) == _CHANNELS and not jobs.busy())
            waits = []
            for number in range(1, _MESSAGES + 1):
                loaded.pop(number)
                began = time.perf_counter()
                world.channels[number].write(fields={1: "1"})
                _until(lambda number=number: number in loaded, glance=0.005)  # type: ignore[misc]
                waits.append(loaded[number] - began)
            broker.kill()
            broker.wait()
            _until(lambda: not ear.heard)
            loaded.clear()
            before = len(simulator.requests)
            for channel in world.channels.values():
                channel.write(fields={1: "2"})
            world.clock.advance(_EVERY.total_seconds() + 1)
            _until(lambda: len(loaded) == _CHANNELS and not jobs.busy())
            start()
            _until(lambda: len(ear.heard) == _CHANNELS)
            world.clock.advance(_EVERY.total_seconds() + 1)
            _until(lambda: _rests(jobs))
            asked = len(simulator.requests) - before
            counted = "SELECT count(*) AS n FROM iot.SensorReadings"
            held = parts.warehouse.sql(counted)["n"][0].as_py()
    return waits, 2 * _CHANNELS + _MESSAGES - held, asked


def _rests(jobs: Jobs) -> bool:
    """Whether nothing is read, nor begun while it is looked a few times what is due."""
    for _ in range(30):
        if jobs.busy():
            return False
        time.sleep(0.1)
    return True


def _now(world: World) -> datetime:
    return world.clock.now().replace(tzinfo=None)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def _broker(
    program: str, folder: Path, port: int
) -> Iterator[Callable[[], "subprocess.Popen[bytes]"]]:
    """A function that starts the broker; the last one that it started ends with the ``with``."""
    file = folder / "mosquitto.conf"
    file.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    running: list[Process] = []

    def start() -> Process:
        running.append(subprocess.Popen([program, "-c", str(file)], stderr=subprocess.DEVNULL))
        _until(lambda: _answers(port))
        return running[-1]

    try:
        yield start
    finally:
        for process in running:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _until(true: Callable[[], object], seconds: float = 600, glance: float = 0.1) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise RuntimeError("what was waited for did not come")
        time.sleep(glance)
