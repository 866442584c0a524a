"""Hints become readings: over a real broker, a real warehouse, and ThingSpeak's stand-in."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from broker_kit import Mosquitto, free_port, mosquitto, told, until

from fieldhouse.errors import ConfigurationError
from fieldhouse.parts import Parts, build
from fieldhouse.settings import load_settings
from fieldhouse.simulator import Clock, Entry, Fault, Simulator, World
from fieldhouse.sources.thingspeak.stream import Ear
from fieldhouse.web import jobs
from fieldhouse.web.broadcast import Broadcast
from fieldhouse.web.jobs import Job, Jobs
from fieldhouse.web.listening import Hints, listening

NOW = datetime(2026, 5, 1, 12)
SPAN = timedelta(minutes=5)


@pytest.fixture(autouse=True)
def clockwork(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clocks of these tests are moved by hand: it is looked at them more than once a second."""
    monkeypatch.setattr(jobs, "_TICK", 0.1)


@dataclass(frozen=True, slots=True)
class Kept:
    """A warehouse that is kept current from a world."""

    world: World
    simulator: Simulator
    parts: Parts
    jobs: Jobs
    heard: Broadcast

    def entries(self, channel_id: int) -> int:
        """How many readings of a channel are in the warehouse."""
        count = f"SELECT count(*) AS n FROM iot.SensorReadings WHERE ChannelID = {channel_id}"
        return int(self.parts.warehouse.sql(count)["n"][0].as_py())

    def kinds(self) -> list[str]:
        """The kinds of the jobs, in their order."""
        return [job.kind for job in reversed(self.jobs.all())]

    def polled(self) -> Counter[int]:
        """How often each channel was polled."""
        return Counter(run.channel_id for job in self.ended("poll") for run in job.runs)

    def moves_on(self, seconds: float) -> bool:
        """Let the clock go on; True never."""
        self.world.clock.advance(seconds)
        return False

    def looks_twice(self) -> None:
        """Wait until the schedule has looked twice what is due: what was, has begun."""
        for _ in range(2):
            self.world.clock.advance(6)
            now = self.parts.clock()
            until(lambda now=now: self.jobs._looked >= now and not self.jobs.busy())  # type: ignore[misc]

    def ended(self, kind: str) -> list[Job]:
        return [job for job in self.jobs.all() if job.kind == kind and job.ended_at]


@contextmanager
def kept(
    folder: Path, channels: int, broker: str = "", every: timedelta | None = None
) -> Iterator[Kept]:
    """Channels 1 … are configured; the clock of all stands at NOW until it is moved."""
    world = World(clock=Clock(NOW), write_interval=0)
    for number in range(1, channels + 1):
        world.add_channel(number).write(fields={1: "0"})
    named = "".join(f"[channels.{number}]\n" for number in world.channels)
    mqtt = f'[mqtt]\nbroker = "{broker}"\n' if broker else ""
    rhythm = f'[schedule]\nlongest = "{SPAN.total_seconds():g}s"\n'
    (folder / "fieldhouse.toml").write_text(named + mqtt + rhythm)
    heard = Broadcast()

    def now() -> datetime:
        return world.clock.now().replace(tzinfo=None)

    with Simulator(world) as simulator:
        given: dict[str, Any] = {"base_url": simulator.url, "rate_limit_delay": 0}
        settings = load_settings(given, directory=folder, environ={})
        settings = settings.model_copy(
            update={"warehouse_url": f"duckdb:///{folder / 'fieldhouse.duckdb'}"}
        )
        with (
            build(settings, own=True, observe=heard, clock=now) as parts,
            Jobs(parts, every=every) as jobs,
        ):
            yield Kept(world, simulator, parts, jobs, heard)


@contextmanager
def hinted(folder: Path, channels: int, *, spacing: float) -> Iterator[tuple[Kept, Hints]]:
    """The same, with hints that the test gives."""
    with (
        kept(folder, channels) as house,
        Hints(house.jobs, spacing=spacing) as hints,
        house.heard.heard_by(hints.observe),
    ):
        yield house, hints


@contextmanager
def listened(
    folder: Path, channels: int, every: timedelta | None = None
) -> Iterator[tuple[Kept, Ear, Mosquitto]]:
    """The same, with a broker that is told what is written, and listened to."""
    with (
        mosquitto(folder) as broker,
        kept(folder, channels, f"mqtt://127.0.0.1:{broker.port}", every) as house,
        told(house.world, broker),
        listening(house.parts, house.jobs, house.heard) as ear,
    ):
        yield house, ear, broker


def test_a_message_brings_its_entry(tmp_path: Path) -> None:
    """Nothing is polled; an entry that one of three channels gets is there all the same."""
    with listened(tmp_path, 3) as (house, ear, _):
        until(lambda: ear.heard.keys() == {1, 2, 3})
        house.world.channels[2].write(fields={1: "21.5"})
        until(lambda: house.entries(2) == 2)
        assert house.kinds() == ["hint"]
        assert house.entries(1) == house.entries(3) == 0


def test_a_burst_is_read_once(tmp_path: Path) -> None:
    """Fifty messages of one channel make one reading, of two channels one job."""
    with hinted(tmp_path, 2, spacing=3600) as (house, hints):
        for _ in range(50):
            hints(1)
            hints(2)
        until(lambda: house.ended("hint"))
        (job,) = house.jobs.all()
        assert job.channel_ids == (1, 2)


def test_what_is_told_while_a_channel_is_read_is_read_after_it(tmp_path: Path) -> None:
    """The answer on its way may be older than the hint: one more reading, and then no other."""
    with hinted(tmp_path, 1, spacing=0) as (house, hints):

        def meanwhile(_: World) -> None:
            hints(1)
            hints(1)

        house.simulator.faults.add(Fault("call", channel_id=1, action=meanwhile))
        hints(1)
        until(lambda: len(house.ended("hint")) == 2)
        assert not hints._waiting


def test_many_hints_leave_room_for_others_jobs(tmp_path: Path) -> None:
    """However slowly ThingSpeak answers, hints take two jobs and gather; a run can be begun."""
    with hinted(tmp_path, 40, spacing=0) as (house, hints):
        house.simulator.faults.add(Fault("stall", times=None, seconds=30))
        for number in range(1, 41):
            hints(number)
            until(lambda: not hints._waiting or len(house.jobs.all()) == 2)
        assert house.kinds() == ["hint", "hint"]
        house.jobs.start([40]).stop()
        for job in house.jobs.all():
            job.stop()


def test_polls_go_on_more_rarely_and_as_ever_while_nobody_is_heard(tmp_path: Path) -> None:
    """Heard: polled once an hour. The broker gone: every five minutes, and nothing is lost.

    Back: one more poll at the usual pace, for what was missed, and then the hour again.
    """
    with listened(tmp_path, 2, every=SPAN) as (house, ear, broker):

        def passes(seconds: float, *, polled: bool) -> None:
            """Time passes, and each channel is polled; or none is."""
            house.looks_twice()
            before = house.polled()
            house.world.clock.advance(seconds)
            if polled:
                until(lambda: all(house.polled()[n] > before[n] for n in (1, 2)))
            else:
                house.looks_twice()
                assert house.polled() == before

        until(lambda: ear.heard.keys() == {1, 2})
        until(lambda: house.polled().keys() == {1, 2} or house.moves_on(100))
        house.moves_on(301)  # what was begun before it was heard is polled once more
        passes(301, polled=False)
        broker.kill()
        until(lambda: not ear.heard)
        house.world.channels[1].write(fields={1: "1"})
        passes(301, polled=True)
        assert house.entries(1) == 2
        broker.start()
        until(lambda: ear.heard.keys() == {1, 2})
        passes(301, polled=True)
        bulk = Entry(2, house.world.clock.unix(), ("2", *(None,) * 7))
        house.world.channels[2].write_many([bulk])  # which is not told
        passes(3000, polled=False)
        passes(901, polled=True)
        assert house.entries(2) == 2


def test_a_hint_in_vain_is_asked_for_again(tmp_path: Path) -> None:
    """A reading that failed, or brought nothing, does not pass for a channel that is up to date."""
    with listened(tmp_path, 1, every=SPAN) as (house, ear, _):
        until(lambda: ear.heard.keys() == {1} and house.ended("poll"))
        house.world.clock.advance(301)
        until(lambda: len(house.ended("poll")) == 2)
        fault = Fault("minus_one", channel_id=1, times=None)
        house.simulator.faults.add(fault)
        house.world.channels[1].write(fields={1: "1"})
        until(lambda: house.ended("hint"))
        assert house.ended("hint")[0].runs[0].outcome == "failed"
        house.simulator.faults.clear()
        house.world.clock.advance(301)
        until(lambda: house.entries(1) == 2)


def test_a_device_of_thingspeaks_is_complete_or_refused(tmp_path: Path) -> None:
    """Listening to ThingSpeak's own broker without its secrets is one line that names them."""
    with (
        kept(tmp_path, 1) as house,
        pytest.raises(ConfigurationError) as refused,
        listening(house.parts, house.jobs, house.heard),
    ):
        pass
    assert str(refused.value) == (
        "[mqtt] needs client_id, username, password of ThingSpeak's MQTT device, "
        "each by reference to a secret"
    )


def test_nobody_at_the_brokers_port_disturbs_nothing(tmp_path: Path) -> None:
    """Without a broker channels are polled as if there were no [mqtt]."""
    with (
        kept(tmp_path, 1, f"mqtt://127.0.0.1:{free_port()}", SPAN) as house,
        listening(house.parts, house.jobs, house.heard) as ear,
    ):
        until(lambda: house.entries(1) == 1)
        assert not ear.heard
