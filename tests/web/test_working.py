"""Jobs beside the answering: begun, watched, stopped, failing; and the turns of the schedule."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from web_kit import EMPTY, HOSTILE, NO_RULES, NOW, PAUSED, Scope, Site, a_world, fill, serving

from fieldhouse import events
from fieldhouse.errors import ConfigurationError, WarehouseError, WarehouseUnavailable
from fieldhouse.parts import build
from fieldhouse.scheduling.fleet import run_fleet
from fieldhouse.settings import Settings
from fieldhouse.simulator import Clock, Fault, Simulator, World
from fieldhouse.warehouse.engines.duckdb.warehouse import DuckDBWarehouse
from fieldhouse.web import jobs
from fieldhouse.web.broadcast import Broadcast
from fieldhouse.web.jobs import Jobs
from fieldhouse.web.limits.heard import Heard
from fieldhouse.web.serving import Address, serve


@contextmanager
def held_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Jobs whose turns wait until they are let go, or told to stop."""
    go_on = threading.Event()

    def waiting(parts: Any, *given: Any, **options: Any) -> Any:
        while not go_on.wait(0.01) and not parts.stop.is_set():
            pass
        return run_fleet(parts, *given, **options)

    monkeypatch.setattr(jobs, "run_fleet", waiting)
    try:
        yield go_on
    finally:
        go_on.set()


def naive(world: World) -> datetime:
    """What time it is there, UTC."""
    return world.clock.now().replace(tzinfo=None)


def until(is_so: Callable[[], object]) -> None:
    """Wait for it, for a minute."""
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end, "it does not become so"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A small site, whose jobs end with each test."""
    with serving(tmp_path_factory.mktemp("small"), a_world(days=0)) as made:
        fill(made.served, [HOSTILE, EMPTY, PAUSED])
        yield made


def test_a_job_from_its_begin_to_its_end(small: Site) -> None:
    """A run is begun, told under its number, and says what came of each channel."""
    with small.client(small.token(Scope.READ, Scope.OPERATE)) as client:
        begun = client.post("/api/jobs", json={"channels": [str(HOSTILE), "11"]})
        assert begun.status_code == 202
        number = begun.json()["number"]
        found = next(job for job in small.served.jobs.all() if job.number == number)
        assert found.wait(60)
        told = client.get(f"/api/jobs/{number}").json()
        assert [run["outcome"] for run in told["runs"]] == ["success", "success"]
        assert told["ended_at"] == f"{NOW.isoformat()}Z" and told["error"] is None
        assert told == client.get("/api/jobs").json()[0]
    with small.client(small.token()) as reader:
        assert reader.get("/api/jobs").status_code == 200
        for method, path in (("POST", "/api/jobs"), ("DELETE", f"/api/jobs/{number}")):
            assert reader.request(method, path, json={}).status_code == 403


def test_a_backfill_reads_a_span_again(small: Site) -> None:
    """What a backfill of a span finds changed at the source replaces ours."""
    with small.world.lock:
        channel = small.world.channels[HOSTILE]
    assert small.served.warehouse.query("readings", channel_id=HOSTILE).num_rows == 200
    with small.client() as client:
        begun = client.post(
            "/api/jobs",
            json={"kind": "backfill", "channels": [str(HOSTILE)], "from": "2024-02-28",
                  "to": "2024-02-28"},
        )  # fmt: skip
        number = begun.json()["number"]
        assert next(j for j in small.served.jobs.all() if j.number == number).wait(60)
        (run,) = client.get(f"/api/jobs/{number}").json()["runs"]
    on_the_day = sum(
        entry.created_at < channel.entries[0].created_at + 43_200 for entry in channel.entries
    )
    assert run["outcome"] == "success" and run["fetched"] >= on_the_day


@pytest.mark.parametrize(
    "given",
    [
        {"channels": []},
        {"channels": ["nobody"]},
        {"channels": ["-5"]},
        {"channels": ["9" * 30]},
        {"kind": "run", "from": "2024"},
        {"kind": "backfill", "from": "x"},
        {"kind": "backfill", "from": "2024-02-02", "to": "2024-02-01"},
        {"kind": "poll"},
        {"unknown": 1},
        {"channels": 9},
        [],
    ],
)
def test_a_wrong_job_is_refused(small: Site, given: Any) -> None:
    """What cannot be meant begins nothing, and is one line."""
    before = len(small.served.jobs.all())
    with small.client() as client:
        answer = client.post("/api/jobs", json=given)
    assert answer.status_code in (400, 422) and "\n" not in answer.json()["detail"]
    assert len(small.served.jobs.all()) == before


def test_a_job_that_fails_says_so(small: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of ours is its line; one of the program's names its kind; the server goes on."""
    raised: list[Exception] = [
        ConfigurationError("the key of 9 is not set"),
        RuntimeError("secret"),
    ]

    def failing(*_: Any, **__: Any) -> Any:
        raise raised.pop(0)

    monkeypatch.setattr(jobs, "run_fleet", failing)
    told = []
    with small.client() as client:
        for _ in range(2):
            number = client.post("/api/jobs", json={"channels": ["11"]}).json()["number"]
            assert next(j for j in small.served.jobs.all() if j.number == number).wait(20)
            told.append(client.get(f"/api/jobs/{number}").json())
    assert [job["error"] for job in told] == [
        "the key of 9 is not set",
        "unexpected RuntimeError: the log has more",
    ]
    assert all(job["ended_at"] for job in told)


def test_a_source_that_fails_is_told(small: Site) -> None:
    """A channel that is not there, or whose source is down, has a run that says why."""
    job = small.served.jobs.start([404404, EMPTY])
    assert job.wait(60)
    outcomes = {run.channel_id: run.outcome for run in job.runs}
    assert outcomes == {404404: "failed", EMPTY: "success"} and job.error is None
    assert "404404" in (job.runs[0].error or "")


def test_a_job_is_stopped(small: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told to stop, it ends soon; its channels are free again."""
    with held_up(monkeypatch), small.client() as client:
        number = client.post("/api/jobs", json={"channels": ["11", "12"]}).json()["number"]
        assert small.served.jobs.busy() == {11, 12}
        stopped = client.delete(f"/api/jobs/{number}")
        assert stopped.status_code == 202
        assert next(j for j in small.served.jobs.all() if j.number == number).wait(20)
        assert small.served.jobs.busy() == set()
        assert client.delete("/api/jobs/424242").status_code == 404


def test_jobs_are_few_at_a_time(own: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight go on at a time; a ninth is asked to come again; fifty that ended are remembered."""
    with held_up(monkeypatch) as go_on, own.client() as client:
        begun = [client.post("/api/jobs", json={"channels": ["11"]}) for _ in range(9)]
        assert [answer.status_code for answer in begun] == [202] * 8 + [503]
        assert begun[-1].headers["Retry-After"]
        assert "8 jobs go on already" in begun[-1].json()["detail"]
        go_on.set()
        assert all(job.wait(60) for job in own.served.jobs.all())
    monkeypatch.setattr(jobs, "run_fleet", lambda *_, **__: [])
    for _ in range(60):
        assert own.served.jobs.start([EMPTY]).wait(60)
    assert len(own.served.jobs.all()) == 51
    own.served.jobs.stop()
    with pytest.raises(WarehouseUnavailable, match="stopping"):
        own.served.jobs.start([EMPTY])


def test_a_job_without_a_thread(small: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no thread left, the job is told as failed, and holds no channel."""

    class NoThread(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(jobs.threading, "Thread", NoThread)
    with pytest.raises(WarehouseUnavailable, match="too much goes on"):
        small.served.jobs.start([EMPTY])
    monkeypatch.undo()
    job = small.served.jobs.all()[0]
    assert job.ended_at and job.error == "no thread could be begun" and job.wait(0)
    assert EMPTY not in small.served.jobs.busy()
    assert small.served.jobs.start([EMPTY]).wait(60)


def test_the_schedule_takes_up_what_is_due(tmp_path: Path) -> None:
    """With a time between turns polled channels are read when it has passed, paused ones never."""
    heard = threading.Event()
    world = a_world(days=0)
    with serving(tmp_path, world, every=timedelta(hours=1)) as site:
        fill(site.served, [HOSTILE, EMPTY, PAUSED])
        before = len(site.served.jobs.all())
        seen: list[int] = []

        def hear(event: events.Event) -> None:
            if isinstance(event, events.RunEnded):
                seen.append(event.run.channel_id)
                if {HOSTILE, EMPTY} <= set(seen):
                    heard.set()

        with site.served.heard.heard_by(hear):
            world.clock.advance(3601)
            assert heard.wait(30)
        assert PAUSED not in seen and len(site.served.jobs.all()) == before + 1
        assert site.served.jobs.all()[0].kind == "poll"


def test_many_new_channels_come_in_few_jobs(tmp_path: Path) -> None:
    """Of forty one takes long: the others of its job are through, and are read again meanwhile."""
    world, go_on = World(clock=Clock(NOW)), threading.Event()
    for number in range(1, 41):
        world.add_channel(number).write(fields={1: "1"})
    with Simulator(world) as simulator:
        simulator.faults.add(Fault("call", channel_id=7, action=lambda _: go_on.wait(60)))
        settings = Settings(
            warehouse_url=str(tmp_path / "w.duckdb"),
            base_url=simulator.url,
            rate_limit_delay=0,
            channels={number: {} for number in world.channels},  # type: ignore[dict-item]
        )
        with (
            build(settings, observe=Broadcast(), clock=lambda: naive(world)) as parts,
            Jobs(parts, every=timedelta(minutes=5)) as going,
        ):
            until(lambda: going.all() and going.busy() == {7})
            assert len(going.all()) == 2
            world.clock.advance(700)
            until(lambda: len(going.all()) > 2)
            assert 7 not in going.all()[0].channel_ids and len(going.all()[0].channel_ids) > 20
            go_on.set()
            until(lambda: not going.busy())
        assert all(job.error is None for job in going.all())


def test_a_job_hears_of_its_own_channels(small: Site) -> None:
    """An observer of a job is told what concerns its channels, and its own failing harms nobody."""
    seen: list[events.Event] = []

    def hear(event: events.Event) -> None:
        seen.append(event)
        raise RuntimeError("an observer fails")

    job = small.served.jobs.start([HOSTILE], observe=hear)
    other = small.served.jobs.start([EMPTY])
    assert job.wait(60) and other.wait(60) and job.error is None
    of = {e.run.channel_id if isinstance(e, events.RunEnded) else getattr(e, "channel_id", HOSTILE)
          for e in seen}  # fmt: skip
    assert of <= {HOSTILE, None} and any(isinstance(e, events.RunEnded) for e in seen)


def test_what_devices_write_is_analysed_at_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A warehouse that is away for a moment, or a server that stops, leaves no channel behind."""
    analysed: list[list[int]] = []
    again = threading.Event()

    def analyse(_: object, channel_ids: list[int]) -> None:
        analysed.append(channel_ids)
        if len(analysed) == 1:
            raise WarehouseUnavailable("away")
        again.set()

    monkeypatch.setattr(jobs, "_TICK", 0.01)
    monkeypatch.setattr(jobs, "analyse", analyse)
    with serving(tmp_path, a_world(days=0)) as site:
        site.served.jobs.analyse_soon(-1)
        assert again.wait(30)
        monkeypatch.setattr(jobs, "_TICK", 3600)
        site.served.jobs.analyse_soon(-2)
    assert analysed == [[-1], [-1], [-2]]


def test_nobody_waits_for_who_has_gone() -> None:
    """Who hangs up amid more events than are kept leaves no thread behind that waits for him."""
    stop, ended = threading.Event(), threading.Event()
    heard = Heard(stop)
    before = set(threading.enumerate())
    told = heard.until(lambda: ended.wait(30))
    event = events.FleetStarted(1)
    heard.put(event)
    assert next(told) == event
    new = set(threading.enumerate()) - before
    (waiting,) = (thread for thread in new if thread.name == "end of a job")
    for _ in range(10_001):
        heard.put(event)
    stop.set()
    ended.set()
    waiting.join(30)
    assert not waiting.is_alive()


def test_a_writer_that_dies_ends_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its error, so that whoever began the process begins it anew: it could never write."""

    class Panic(BaseException):
        """As a driver's, which is no Exception."""

    def panic(*_: object) -> None:
        raise Panic

    world = World(clock=Clock())
    world.add_channel(9).write(fields={1: "1"})
    with Simulator(world) as simulator:
        settings = Settings(
            warehouse_url=str(tmp_path / "w.duckdb"),
            base_url=simulator.url,
            rate_limit_delay=0,
            channels={9: {}},  # type: ignore[dict-item]
        )
        monkeypatch.setattr(DuckDBWarehouse, "load", panic)
        late = threading.Timer(100, os.kill, (os.getpid(), signal.SIGINT))
        late.start()
        with pytest.raises(WarehouseError, match="the writer ended unexpectedly"):
            serve(settings, NO_RULES, Address("127.0.0.1", 0), every=timedelta(minutes=5))
        assert late.is_alive()
        late.cancel()
