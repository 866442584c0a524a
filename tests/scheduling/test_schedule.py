"""A schedule over a simulated ThingSpeak: polls on and on, stops at once, rests when it must."""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from leases_kit import until

from fieldhouse import Settings, events
from fieldhouse.errors import WarehouseError
from fieldhouse.parts import Parts, build
from fieldhouse.scheduling import crew
from fieldhouse.scheduling.leases import Alone, Holding
from fieldhouse.scheduling.schedule import Schedule, rhythms_of
from fieldhouse.scheduling.timetable import Bounds, distance
from fieldhouse.settings.schedule import ScheduleSettings
from fieldhouse.simulator import Entry, Fault, Simulator, World

COUNT = 12


class Clock:
    """Our clock and the server's alike, as a test sets them."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self) -> datetime:
        return self._world.clock.now().replace(tzinfo=None)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has been read is recorded soon: nobody else comes for whom to wait for seconds."""
    monkeypatch.setattr(crew, "_LINGER", 0.1)


@pytest.fixture(autouse=True)
def channels(world: World) -> None:
    """Channels 1 to 12, which send every five minutes."""
    now = int(world.clock.now().timestamp())
    for number in range(1, COUNT + 1):
        world.add_channel(number, fields={1: "T"}).write_many(
            Entry(n, now - 900 - 300 * (24 - n), (f"{n}", *(None,) * 7)) for n in range(1, 24)
        )


@pytest.fixture
def ended() -> Counter[int]:
    """How often each channel was recorded."""
    return Counter()


@pytest.fixture
def parts(
    simulator: Simulator, world: World, tmp_path: Path, ended: Counter[int]
) -> Iterator[Parts]:
    """A process's parts, with the simulator's clock."""

    def observe(event: events.Event) -> None:
        if isinstance(event, events.RunEnded):
            ended[event.run.channel_id] += 1

    settings = Settings(
        warehouse_url=f"duckdb:///{tmp_path / 'w.duckdb'}",
        base_url=simulator.url,
        rate_limit_delay=0.0,
        channels={number: {} for number in range(1, COUNT + 1)},  # type: ignore[misc]
        schedule=ScheduleSettings(longest=timedelta(minutes=5)),  # silent or not
    )
    with build(settings, observe=observe, clock=Clock(world)) as built:
        yield built


@contextmanager
def running(parts: Parts, holding: Holding | None = None) -> Iterator[Schedule]:
    """A schedule in a thread, for the time of a ``with``."""
    schedule = Schedule(parts, holding)
    thread = threading.Thread(target=schedule.run, name="schedule")
    thread.start()
    try:
        yield schedule
    finally:
        parts.stop.set()
        thread.join(60)
        assert not thread.is_alive()


def everyone(ended: Counter[int], times: int) -> Callable[[], bool]:
    """Whether all channels were recorded so often."""
    return lambda: len(ended) == COUNT and min(ended.values()) >= times


def test_each_channel_is_read_once_in_each_of_its_distances(
    parts: Parts, world: World, simulator: Simulator, ended: Counter[int]
) -> None:
    """New channels are read at once; then as their readings come, and no more often."""
    with running(parts):
        began = parts.clock()
        until(everyone(ended, 1))
        for turn in range(2, 5):
            world.clock.advance(300)
            until(everyone(ended, turn))
        most = (parts.clock() - began) / timedelta(minutes=5) + 2
        assert max(ended.values()) <= most
        assert len(simulator.requests) <= most * COUNT


def test_what_is_hinted_at_is_read_at_once(
    simulator: Simulator, world: World, tmp_path: Path
) -> None:
    """A channel that is said to have something new does not wait for its time, hours away."""
    settings = Settings(
        warehouse_url=f"duckdb:///{tmp_path / 'h.duckdb'}",
        base_url=simulator.url,
        rate_limit_delay=0.0,
        channels={3: {}, 4: {}},  # type: ignore[dict-item]
        schedule=ScheduleSettings(shortest=timedelta(hours=12)),
    )
    with build(settings, clock=Clock(world)) as parts, running(parts) as schedule:
        until(lambda: parts.warehouse.query("runs", limit=9).num_rows == 2)
        world.channels[3].write(None, {1: "77"})
        first = len(simulator.requests)
        schedule.hint(3)
        new = "SELECT ChannelID AS n FROM iot.SensorReadings WHERE Field1 = 77"
        until(lambda: parts.warehouse.sql(new)["n"].to_pylist() == [3])
        assert all("/channels/3/" in seen.path for seen in simulator.requests[first:])


def test_a_stop_ends_all_and_loses_nothing(
    parts: Parts, simulator: Simulator, ended: Counter[int]
) -> None:
    """With every channel on its way a stop is obeyed, and what was read is recorded."""
    simulator.faults.add(Fault("stall", times=None, seconds=0.3))
    with running(parts):
        until(lambda: len(simulator.requests) >= COUNT // 2)
    recorded = parts.warehouse.query("runs", limit=1000).to_pylist()
    assert len(recorded) == sum(ended.values()) > 0
    assert {row["Outcome"] for row in recorded} <= {"success", "interrupted"}


def test_a_writer_that_dies_ends_the_schedule(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its error, so that whoever started the process begins it anew: it could never write."""

    class Panic(BaseException):
        """As a driver's, which is no Exception."""

    def panic(*_: object) -> None:
        raise Panic

    monkeypatch.setattr(parts.warehouse, "load", panic)
    late = threading.Timer(100, parts.stop.set)
    late.start()
    with pytest.raises(WarehouseError, match="the writer ended unexpectedly"):
        Schedule(parts).run()
    assert late.is_alive()
    late.cancel()


def test_paused_channels_are_not_read_and_added_ones_are(
    parts: Parts, world: World, ended: Counter[int]
) -> None:
    """Who is polled is looked up again each minute, while the schedule runs."""
    world.add_channel(99, fields={1: "T"}).write(None, {1: "1"})
    with running(parts):
        until(everyone(ended, 1))
        parts.warehouse.call("set_polled", channel_ids=[5], is_active=True, paused_at=parts.clock())
        parts.warehouse.call(
            "upsert_channel", channel_id=99, name="new", refreshed_at=parts.clock()
        )
        world.clock.advance(301)
        until(lambda: ended[99] > 0 and ended[6] > 1)
        before = ended[5]
        for turn in range(3, 5):
            world.clock.advance(300)
            until(lambda turn=turn: ended[6] >= turn)
        assert ended[5] == before


def test_a_used_up_budget_is_rested_upon(
    simulator: Simulator, world: World, tmp_path: Path
) -> None:
    """No more than the budget is asked, nothing fails again and again, and midnight goes on."""
    settings = Settings(
        warehouse_url=f"duckdb:///{tmp_path / 'b.duckdb'}",
        base_url=simulator.url,
        rate_limit_delay=0.0,
        daily_budget=5,
        channels={number: {} for number in range(1, COUNT + 1)},  # type: ignore[misc]
    )
    with build(settings, clock=Clock(world)) as parts, running(parts):
        until(lambda: len(simulator.requests) == 5)
        until(lambda: parts.warehouse.query("runs", limit=1000, failed=True).num_rows > 0)
        world.clock.advance(3600)
        failed = parts.warehouse.query("runs", limit=1000, failed=True).num_rows
        assert failed <= COUNT and len(simulator.requests) == 5
        world.clock.advance(24 * 3600)
        until(lambda: len(simulator.requests) == 10)


class Losing(Alone):
    """A holding that is lost when a test says so, and had again."""

    every = 0.05

    def __init__(self) -> None:
        self.is_lost = False

    def renew(self, channel_ids: Sequence[int], busy: Collection[int]) -> Collection[int]:
        return () if self.is_lost else channel_ids

    def may_ask(self, channel_id: int) -> bool:
        return not self.is_lost


def test_what_is_not_held_is_not_asked_and_is_taken_up_again(
    parts: Parts, world: World, simulator: Simulator, ended: Counter[int]
) -> None:
    """With its leases gone a worker asks nothing, however much is due; with them it goes on."""
    holding = Losing()
    with running(parts, holding):
        until(everyone(ended, 1))
        holding.is_lost = True
        world.clock.advance(400)
        first = len(simulator.requests)
        threading.Event().wait(1.0)
        assert len(simulator.requests) == first
        holding.is_lost = False
        world.clock.advance(400)
        until(everyone(ended, 2))


def test_the_warehouse_knows_the_rhythm(parts: Parts, ended: Counter[int]) -> None:
    """The usual distance, when a channel last sent and was asked, and its failures are learnt."""
    with running(parts):
        until(everyone(ended, 1))
    known = rhythms_of(parts, [3, 500])
    assert known[3].usual == timedelta(minutes=5) and known[3].is_whole
    assert known[3].since and known[3].begun and not known[3].failures
    bounds = Bounds(timedelta(minutes=1), timedelta(days=1))
    assert distance(known[3], parts.clock(), bounds) == timedelta(minutes=5)
    assert known[500].begun is None and not known[500].is_whole
