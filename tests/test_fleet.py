"""Many channels: each finishes by itself, what fails costs one, and a stop loses nothing."""

import _thread
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from fieldhouse import IoTDataPipeline, Settings, events
from fieldhouse.errors import WarehouseError, WarehouseUnavailable
from fieldhouse.parts import Parts, build
from fieldhouse.scheduling.fleet import run_fleet
from fieldhouse.simulator import Entry, Fault, Simulator, World
from fieldhouse.state import Run
from fieldhouse.warehouse import open_warehouse

COUNT = 30


@pytest.fixture(autouse=True)
def channels(world: World) -> None:
    """Channels 1 to 30 with five entries each."""
    now = int(world.clock.now().timestamp())
    for number in range(1, COUNT + 1):
        made = world.add_channel(id=number, name=f"Channel {number}", fields={1: "T"})
        made.write_many(
            Entry(id=n, created_at=now - 600 * (6 - n), fields=(f"{n}", *(None,) * 7))
            for n in range(1, 6)
        )


@pytest.fixture
def settings(simulator: Simulator, tmp_path: Path) -> Settings:
    """Settings for the simulator and a file of this test's own."""
    return Settings(
        warehouse_url=f"duckdb:///{tmp_path / 'w.duckdb'}",
        base_url=simulator.url,
        rate_limit_delay=0.0,
    )


@pytest.fixture
def seen() -> list[events.Event]:
    """What an observer was told."""
    return []


@pytest.fixture
def parts(settings: Settings, seen: list[events.Event]) -> Iterator[Parts]:
    """A process's parts."""
    with build(settings, observe=seen.append) as built:
        yield built


def recorded(parts: Parts) -> dict[int, str]:
    """The outcome of each channel in the table of runs."""
    rows = parts.warehouse.query("runs", limit=1000).to_pylist()
    return {row["ChannelID"]: row["Outcome"] for row in rows}


def ask(settings: Settings, statement: str) -> list[dict[str, Any]]:
    """What a SELECT answers, after the parts have let go of the file."""
    warehouse = open_warehouse(settings.warehouse_url, read_only=True)
    try:
        rows: list[dict[str, Any]] = warehouse.stream(statement).read_all().to_pylist()
        return rows
    finally:
        warehouse.close()


class Failing:
    """The writer, but for calls that fail as a test wants them to."""

    def __init__(
        self, parts: Parts, why: Callable[[str, dict[str, Any]], Exception | None]
    ) -> None:
        self._writer, self._why = parts.writer, why
        self.put, self.query = parts.writer.put, parts.writer.query
        self.calls: list[str] = []

    def call(self, name: str, /, **parameters: Any) -> pa.Table:
        """As the writer's, or the failure."""
        self.calls.append(name)
        if error := self._why(name, parameters):
            raise error
        return self._writer.call(name, **parameters)


def failing(parts: Parts, why: Callable[[str, dict[str, Any]], Exception | None]) -> Parts:
    """The parts with such a writer."""
    return replace(parts, writer=Failing(parts, why))  # type: ignore[arg-type]


DATABASES, OURS = WarehouseError("numbers too odd"), ZeroDivisionError("a defect")


@pytest.mark.parametrize(
    ("step", "odd", "error"),
    [
        ("refresh_aggregates", {17}, DATABASES),
        ("refresh_aggregates", {1, 30}, OURS),
        ("refresh_aggregates", {5, 6, 7}, DATABASES),
        ("refresh_quality", {17}, OURS),
        ("refresh_quality", {1, 30}, DATABASES),
        ("refresh_quality", {5, 6, 7}, OURS),
    ],
)
def test_what_cant_be_analysed_costs_its_own_channel(
    parts: Parts, error: Exception, step: str, odd: set[int]
) -> None:
    """All others are scored and recorded, and the one that failed is recorded with the reason."""

    def why(name: str, given: dict[str, Any]) -> Exception | None:
        return error if name == step and odd & set(given["channel_ids"]) else None

    runs = run_fleet(failing(parts, why), range(1, COUNT + 1))
    assert [run.channel_id for run in runs] == list(range(1, COUNT + 1))
    assert {run.channel_id for run in runs if run.outcome == "failed"} == odd
    for run in runs:
        assert (run.inserted, run.quality_score is None) == (5, run.channel_id in odd)
        assert ("was not analysed" in str(run.error)) == (run.channel_id in odd)
    assert recorded(parts) == {run.channel_id: run.outcome for run in runs}


def test_what_cant_be_recorded_costs_its_own_channel(
    parts: Parts, seen: list[events.Event]
) -> None:
    """Its run has failed, and whoever observes is told of every end once."""

    def why(name: str, given: dict[str, Any]) -> Exception | None:
        odd = name == "record_runs" and 17 in given["runs"]["channel_id"].to_pylist()
        return WarehouseError("no such text") if odd else None

    runs = run_fleet(failing(parts, why), range(1, COUNT + 1))
    assert [run.channel_id for run in runs if run.outcome != "success"] == [17]
    assert "was not recorded: no such text" in str(runs[16].error)
    assert set(recorded(parts)) == set(range(1, COUNT + 1)) - {17}
    ends = [event.run.channel_id for event in seen if isinstance(event, events.RunEnded)]
    assert sorted(ends) == list(range(1, COUNT + 1))


def test_a_warehouse_that_goes_away_is_not_analysed_channel_by_channel(parts: Parts) -> None:
    """One refusal serves for all that are analysed together."""
    gone = WarehouseUnavailable("nothing answers there")
    away = failing(parts, lambda name, _: gone if name.startswith("refresh") else None)
    runs = run_fleet(away, range(1, COUNT + 1))
    assert {run.error for run in runs} == {"not analysed: nothing answers there"}
    assert recorded(parts) == dict.fromkeys(range(1, COUNT + 1), "failed")
    assert len(away.writer.calls) <= 2 * COUNT / 3  # type: ignore[attr-defined]


class Away:
    """A warehouse that nobody reaches; it counts who tried."""

    def __init__(self, parts: Parts) -> None:
        self._warehouse = parts.warehouse
        self.tried = 0

    def query(self, name: str, /, **_: Any) -> pa.Table:
        """Nothing."""
        self.tried += 1
        raise WarehouseUnavailable("nothing answers there")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._warehouse, name)


def test_a_warehouse_that_is_away_is_not_tried_channel_by_channel(parts: Parts) -> None:
    """As many as are read at a time find it out; the others fail at once, with its error."""
    away = Away(parts)
    runs = run_fleet(replace(parts, warehouse=away), range(1, COUNT + 1), workers=4)  # type: ignore[arg-type]
    assert {(run.outcome, run.error) for run in runs} == {("failed", "nothing answers there")}
    assert len(runs) == COUNT
    assert away.tried < 8


def test_channels_are_recorded_while_others_are_read(
    settings: Settings, simulator: Simulator
) -> None:
    """One that takes its time holds up nobody: those that are done are analysed and recorded."""
    done, late = threading.Event(), []

    def watch(event: events.Event) -> None:
        if isinstance(event, events.RunEnded) and event.run.channel_id != 1:
            done.set()

    def hold(_: World) -> None:
        late.append(done.wait(9))

    simulator.faults.add(Fault("call", channel_id=1, action=hold))
    with build(settings, observe=watch) as parts:
        runs = run_fleet(parts, [1, 2], workers=2)
        assert [run.outcome for run in runs] == ["success"] * 2
        assert all(run.quality_score is not None for run in runs)
    assert late == [True]


def test_every_channel_is_told_to_have_begun_and_ended(
    parts: Parts, seen: list[events.Event]
) -> None:
    """Once each, in groups that are analysed between; and first of all how many there are."""
    run_fleet(parts, [*range(1, COUNT + 1), 1, 2])
    kinds: dict[type, list[int]] = {events.RunStarted: [], events.RunEnded: []}
    analysed: list[int] = []
    for event in seen:
        match event:
            case events.RunStarted(channel_id):
                kinds[events.RunStarted].append(channel_id)
            case events.AnalysisStarted(channel_ids):
                analysed += channel_ids
            case events.RunEnded(run):
                kinds[events.RunEnded].append(run.channel_id)
            case _:
                pass
    assert seen[0] == events.FleetStarted(COUNT)
    for told in (*kinds.values(), analysed):
        assert sorted(told) == list(range(1, COUNT + 1))


def test_polls_that_find_nothing_leave_no_row(
    parts: Parts, simulator: Simulator, world: World
) -> None:
    """From the second on: no table has a row more, and nothing is computed anew. Nor of entries
    that have no time, however often they are shown again."""
    simulator.faults.add(Fault("no_time", channel_id=4, times=None, entry_ids={2, 4, 5}))
    every = "SELECT table_name AS t FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
    tables = parts.warehouse.stream(every).read_all()["t"].to_pylist()
    counted: list[list[int]] = []
    for _ in range(4):
        runs = run_fleet(parts, range(1, COUNT + 1))
        assert {(run.outcome, run.quality_score is None) for run in runs} == {("success", False)}
        asked = " UNION ALL ".join(f"SELECT count(*) AS n FROM iot.{table}" for table in tables)
        counted.append(parts.warehouse.stream(asked).read_all()["n"].to_pylist())
    assert counted[1] == counted[2] == counted[3]
    judged = "SELECT DISTINCT AsOfTime AS t FROM iot.DataQuality"
    before = parts.warehouse.stream(judged).read_all()
    world.channels[3].write(fields={1: "7"})
    runs = run_fleet(parts, range(1, COUNT + 1))
    assert [run.inserted for run in runs] == [int(run.channel_id == 3) for run in runs]
    after = parts.warehouse.stream(judged).read_all()
    assert len(after) == len(before) + 1


@pytest.mark.parametrize(
    "fault", [Fault("429", retry_after=25, times=None), Fault("503", times=None)]
)
def test_a_stop_ends_what_waits_to_ask_again(
    settings: Settings, simulator: Simulator, fault: Fault
) -> None:
    """At once: the pauses that were told of are not waited for, nor is anything asked any more."""
    simulator.faults.add(fault)

    def watch(event: events.Event) -> None:
        if isinstance(event, events.AskingAgain):
            built[0].stop.set()

    built: list[Parts] = []
    with build(settings, observe=watch) as parts:
        built.append(parts)
        runs = run_fleet(parts, range(1, COUNT + 1), workers=3)
        assert {run.outcome for run in runs} == {"interrupted"}
        assert set(recorded(parts)) == {run.channel_id for run in runs}
    assert len(runs) <= 3
    assert len(simulator.requests) <= 3


@pytest.mark.parametrize("page_size", [2, 8000])
def test_a_page_that_comes_after_the_stop_is_kept(
    settings: Settings, simulator: Simulator, page_size: int
) -> None:
    """It was asked for before: it is written and aggregated, its run recorded as interrupted."""
    built: list[Parts] = []
    simulator.faults.add(Fault("call", action=lambda _: built[0].stop.set()))
    small = settings.model_copy(update={"page_size": page_size})
    with build(small) as parts:
        built.append(parts)
        (run,) = run_fleet(parts, [1, 2, 3], workers=1)
        (row,) = parts.warehouse.query("runs").to_pylist()
    assert len(simulator.requests) == 1
    assert run.inserted == row["Inserted"] == min(page_size, 5)
    assert ask(settings, "SELECT count(*) AS n FROM iot.SensorReadings") == [{"n": run.inserted}]
    assert ask(settings, "SELECT count(*) > 0 AS y FROM iot.AggregatedData") == [{"y": True}]


def test_ctrl_c_ends_the_waits_of_all_threads(settings: Settings, simulator: Simulator) -> None:
    """In whichever of them it strikes; the channels that were begun are recorded as interrupted."""
    simulator.faults.add(Fault("429", retry_after=60, times=None))
    pressed: list[int] = []

    def watch(event: events.Event) -> None:
        if isinstance(event, events.AskingAgain) and not pressed:
            pressed.append(1)
            _thread.interrupt_main()

    began = time.monotonic()
    with build(settings, observe=watch) as parts:
        runs = run_fleet(parts, range(1, COUNT + 1), workers=4)
        assert parts.stop.is_set()
        assert {run.outcome for run in runs} == {"interrupted"}
        assert recorded(parts) == {run.channel_id: "interrupted" for run in runs}
    assert time.monotonic() - began < 50


def test_two_jobs_of_a_process_are_stopped_apart(
    settings: Settings, simulator: Simulator, world: World
) -> None:
    """They share the warehouse, the client and the writer; a stop is of one of them alone."""
    jobs: list[Parts] = []
    runs: dict[int, list[Run]] = {}
    simulator.faults.add(Fault("call", channel_id=1, action=lambda _: jobs[0].stop.set()))
    small = settings.model_copy(update={"page_size": 2})
    with build(small) as parts:
        jobs += [parts.job(), parts.job()]

        def work(number: int) -> None:
            runs[number] = run_fleet(jobs[number], [number + 1])

        threads = [threading.Thread(target=work, args=(number,)) for number in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not parts.stop.is_set()
    assert [runs[number][0].outcome for number in (0, 1)] == ["interrupted", "success"]
    assert runs[1][0].inserted == 5


def test_the_seeds_pipeline_that_is_interrupted_says_so(
    settings: Settings, simulator: Simulator
) -> None:
    """Ctrl-C in a script: what was read is there, and its run is recorded as interrupted."""
    simulator.faults.add(
        Fault("call", after=1, action=lambda _: (_thread.interrupt_main(), time.sleep(0.2)))
    )
    small = settings.model_copy(update={"page_size": 2, "channel_id": 1})
    with suppress(KeyboardInterrupt):
        IoTDataPipeline(small).run_full_pipeline(fetch_results=2)
        raise AssertionError("it was not interrupted")
    (run,) = ask(settings, "SELECT Outcome, Inserted FROM iot.PipelineRuns")
    assert run["Outcome"] == "interrupted"
    held = ask(settings, "SELECT count(*) AS n FROM iot.SensorReadings")[0]["n"]
    assert held == run["Inserted"] < 5


def test_used_up_budget_is_told_by_every_channel_and_no_more_is_asked(
    settings: Settings, simulator: Simulator
) -> None:
    """What was made before stays made; the rest waits for the next day."""
    frugal = settings.model_copy(update={"daily_budget": 10})
    with build(frugal) as parts:
        runs = run_fleet(parts, range(1, COUNT + 1))
    assert [run.outcome for run in runs].count("success") == len(simulator.requests) == 10
    assert ask(settings, "SELECT Requests AS n FROM iot.RequestBudget") == [{"n": 10}]
    richer = settings.model_copy(update={"daily_budget": 25})
    with build(richer) as parts:
        run_fleet(parts, range(1, COUNT + 1))
    assert len(simulator.requests) == 25
