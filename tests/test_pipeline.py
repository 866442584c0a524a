"""The seed's pipeline, and the fleet: five steps, early returns, log lines, run records."""

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fieldhouse import IoTDataPipeline, Settings, events
from fieldhouse.pipeline import Parts, build, copy_channel
from fieldhouse.readings import RAW, READINGS, REJECTED, Batch
from fieldhouse.scheduling.fleet import run_fleet
from fieldhouse.simulator import Channel, Entry, Fault, Simulator, World
from fieldhouse.state import Gap, Progress, Run
from fieldhouse.warehouse import open_warehouse


def entries(world: World, count: int, *, step: int = 60) -> list[Entry]:
    """Entries up to now, a minute apart."""
    now = int(world.clock.now().timestamp())
    return [
        Entry(id=i + 1, created_at=now - step * (count - i), fields=(f"{i % 10}", *(None,) * 7))
        for i in range(count)
    ]


@pytest.fixture
def channel(world: World) -> Channel:
    """Channel 9 with 1,000 entries."""
    made = world.add_channel(id=9, name="Weather Station", fields={1: "Temperature"})
    made.write_many(entries(world, 1000))
    return made


@pytest.fixture
def settings(simulator: Simulator, tmp_path: Path) -> Settings:
    """Settings for the simulator and a file of this test's own."""
    return Settings(
        warehouse_url=f"duckdb:///{tmp_path / 'w.duckdb'}",
        base_url=simulator.url,
        rate_limit_delay=0.0,
        channel_id=9,
    )


def ask(settings: Settings, statement: str) -> list[dict[str, Any]]:
    """What a SELECT answers, after the pipeline has let go of the file."""
    warehouse = open_warehouse(settings.warehouse_url, read_only=True)
    try:
        rows: list[dict[str, Any]] = warehouse.stream(statement).read_all().to_pylist()
        return rows
    finally:
        warehouse.close()


@pytest.mark.usefixtures("channel")
def test_the_five_steps_in_the_seeds_words(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """A full run logs what the seed's run logs, stores, aggregates, scores and records itself."""
    caplog.set_level(logging.INFO, logger="fieldhouse")
    IoTDataPipeline(settings).run_full_pipeline(fetch_results=100)
    lines = [record.message for record in caplog.records if record.name == "fieldhouse.pipeline"]
    assert lines == [
        "Starting IoT Data Pipeline",
        "Successfully fetched 1000 records from channel 9",
        "Inserted 1000 sensor readings for channel 9",
        "Executed stored procedure iot.usp_ProcessSensorReadings",
        "Executed stored procedure iot.usp_ProcessSensorReadings",
        "Executed stored procedure iot.usp_ProcessSensorReadings",
        "Executed stored procedure iot.usp_CalculateDataQuality",
        "Pipeline completed successfully",
    ]
    (run,) = ask(settings, "SELECT * FROM iot.PipelineRuns")
    assert (run["Outcome"], run["Inserted"], run["Error"]) == ("success", 1000, None)
    assert run["QualityScore"] is not None
    assert ask(settings, "SELECT Field1Name FROM iot.Channels") == [{"Field1Name": "Temperature"}]


def test_the_steps_one_by_one_as_in_the_seed(settings: Settings, channel: Channel) -> None:
    """Each method returns what the seed's does, and a second fetch inserts nothing."""
    pipeline = IoTDataPipeline(settings)
    assert pipeline.initialize()
    assert pipeline.sync_channel_metadata()
    assert pipeline.fetch_and_store_data() == 1000
    assert pipeline.fetch_and_store_data(results=100) == 0
    channel.write(fields={1: "5"})
    assert pipeline.fetch_and_store_data(results=1) == 1
    assert pipeline.process_aggregations("HOURLY")
    assert pipeline.process_aggregations("DAILY")
    assert not pipeline.process_aggregations("MONTHLY")
    quality = pipeline.calculate_data_quality()
    assert quality is not None
    assert 0 <= quality["QualityScore"] <= 100
    pipeline.close()
    pipeline.close()


def test_steps_before_initialize_say_so(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """No step raises for having been called too early."""
    pipeline = IoTDataPipeline(settings)
    assert not pipeline.sync_channel_metadata()
    assert pipeline.fetch_and_store_data() == 0
    assert pipeline.calculate_data_quality() is None
    assert caplog.text.count("initialize() first") == 3


@pytest.mark.usefixtures("channel")
def test_a_metadata_failure_ends_the_run_early(
    settings: Settings, simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """As in the seed: without metadata nothing is fetched; the failed run is recorded."""
    simulator.faults.add(Fault("minus_one", times=None))
    IoTDataPipeline(settings).run_full_pipeline()
    assert "Metadata sync failed: channel 9 is private" in caplog.text
    assert len(simulator.requests) == 1
    (run,) = ask(settings, "SELECT Outcome, Error FROM iot.PipelineRuns")
    assert run["Outcome"] == "failed"
    assert "private" in run["Error"]


def test_without_a_channel_or_a_warehouse_it_says_so(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Initialization fails with one ERROR line and False."""
    assert not IoTDataPipeline(settings.model_copy(update={"channel_id": None})).initialize()
    nowhere = f"duckdb:///{tmp_path / 'no' / 'such' / 'folder.duckdb'}"
    assert not IoTDataPipeline(settings.model_copy(update={"warehouse_url": nowhere})).initialize()
    assert "THINGSPEAK_CHANNEL_ID" in caplog.text
    assert "Initialization failed" in caplog.text


@pytest.fixture
def parts(settings: Settings) -> Iterator[Parts]:
    """A pipeline's parts."""
    with build(settings) as built:
        yield built


def test_a_fleet_goes_on_when_one_channel_fails(
    parts: Parts, world: World, channel: Channel
) -> None:
    """The failed one says why; the others are complete; every run is recorded."""
    for number in (10, 11):
        made = world.add_channel(id=number, name="x", fields={1: "T"}, private=number == 10)
        made.write(fields={1: "1"})
    runs = {run.channel_id: run for run in run_fleet(parts, [9, 10, 11, 404, 9])}
    assert {number: run.outcome for number, run in runs.items()} == {
        9: "success",
        10: "failed",
        11: "success",
        404: "failed",
    }
    assert "private" in str(runs[10].error)
    recorded = parts.warehouse.query("runs", channel_id=None, limit=10).to_pylist()
    assert len(recorded) == 4
    assert runs[9].inserted == len(channel.entries)


@pytest.mark.usefixtures("channel")
def test_requests_are_counted_against_the_least_possible(
    parts: Parts, simulator: Simulator
) -> None:
    """A run records how many requests it made, and with how many it could have been done."""
    (first,) = run_fleet(parts, [9])
    (second,) = run_fleet(parts, [9])
    assert (first.requests, first.requests_needed) == (1, 1)
    assert (second.requests, second.requests_needed) == (1, 1)
    assert len(simulator.requests) == 2


@pytest.mark.parametrize(
    "read",
    [lambda parts: run_fleet(parts, [9])[0], lambda parts: copy_channel(parts, 9)],
    ids=["looked up beforehand", "looked up at once"],
)
def test_a_channel_that_another_session_moves_on_is_planned_anew(
    parts: Parts, simulator: Simulator, channel: Channel, read: Callable[[Parts], Run]
) -> None:
    """What the other one has found out since, of a gap, is not overwritten by an older plan."""
    channel.last_entry_id = 1010
    channel.write(fields={1: "7"})
    run_fleet(parts, [9])

    def move_on(_: World) -> None:
        gap = Progress(gaps=(Gap(1001, 1010, "absent"),))
        nothing = (READINGS.empty_table(), RAW.empty_table(), REJECTED.empty_table())
        parts.warehouse.load([Batch(9, 1, *nothing, gap, datetime(2040, 1, 1))])

    channel.last_entry_id = 1020
    channel.write(fields={1: "7"})
    simulator.faults.add(Fault("call", action=move_on))
    run = read(parts)
    assert (run.outcome, run.inserted) == ("success", 1)
    found = parts.warehouse.query("gaps", channel_ids=[9]).to_pylist()
    gaps = [(row["FirstEntryID"], row["State"]) for row in found]
    assert gaps == [(1001, "absent"), (1012, "open")]


def test_metadata_is_renewed_from_a_page_when_it_is_old(
    settings: Settings, world: World, channel: Channel
) -> None:
    """New labels come with the page that is fetched anyway, once the old ones are out of date."""
    with build(settings) as parts:
        run_fleet(parts, [9])
        channel.relabel({1: "Celsius"})
        run_fleet(parts, [9])
    assert ask(settings, "SELECT Field1Name AS n FROM iot.Channels") == [{"n": "Temperature"}]
    fresh = settings.model_copy(update={"metadata_ttl": timedelta(0)})
    with build(fresh) as parts:
        run_fleet(parts, [9])
    assert ask(settings, "SELECT Field1Name AS n FROM iot.Channels") == [{"n": "Celsius"}]


def test_a_stop_ends_between_two_pages_and_the_next_run_carries_on(
    settings: Settings, world: World, channel: Channel
) -> None:
    """What was read is written, aggregated and recorded as interrupted."""
    channel.write_many(
        Entry(id=e.id + 1000, created_at=e.created_at - 90_000, fields=e.fields)
        for e in entries(world, 1000)
    )
    small = settings.model_copy(update={"page_size": 100})
    seen = threading.Event()

    def watch(event: events.Event) -> None:
        if isinstance(event, events.PageRead):
            seen.set()

    with build(small, observe=watch) as parts:
        thread = threading.Thread(target=lambda: (seen.wait(), parts.stop.set()))
        thread.start()
        (run,) = run_fleet(parts, [9])
        thread.join()
    assert run.outcome == "interrupted"
    held = ask(settings, "SELECT count(*) AS n FROM iot.SensorReadings")[0]["n"]
    assert 0 < held < 2000
    assert run.inserted == held
    with build(small) as parts:
        (run,) = run_fleet(parts, [9])
    assert run.outcome == "success"
    assert ask(settings, "SELECT count(*) AS n FROM iot.SensorReadings") == [{"n": 2000}]


@pytest.mark.usefixtures("channel")
def test_the_daily_budget_outlives_the_process(settings: Settings, simulator: Simulator) -> None:
    """It is counted in the warehouse: a second process has what the first one left."""
    frugal = settings.model_copy(update={"daily_budget": 3})
    outcomes = []
    for _ in range(4):
        with build(frugal) as parts:
            outcomes += [run.outcome for run in run_fleet(parts, [9])]
    assert outcomes == ["success"] * 3 + ["failed"]
    assert len(simulator.requests) == 3


def test_ranges_of_the_configuration_judge_the_quality(
    settings: Settings, channel: Channel
) -> None:
    """A value outside its range, or that of all fields, counts; without a range none does."""
    channel.write(fields={1: "-5"})
    with build(settings) as parts:
        run_fleet(parts, [9])
        assert out_of_range(parts) == 0
    for own, count in (({"default_range": (0, None)}, 1), ({"ranges": {1: [-10, 5]}}, None)):
        given = {**settings.model_dump(exclude_defaults=True), "channels": {9: own}}
        with build(settings.model_validate(given)) as parts:
            today = parts.warehouse.stream(
                "SELECT count(*) AS n FROM iot.SensorReadings "
                "WHERE Field1 > 5 AND CreatedAt::DATE = now()::DATE"
            ).read_all()
            wanted = today["n"][0].as_py() if count is None else count
            assert out_of_range(parts) == wanted
    with build(settings) as parts:
        assert out_of_range(parts) == 0, "ranges that were taken out still judge"


def out_of_range(parts: Parts) -> int:
    """How many of today's readings of channel 9 are."""
    judged = parts.warehouse.call("usp_CalculateDataQuality", channel_id=9)
    return int(judged["OutOfRangeReadings"][0].as_py())


@pytest.mark.usefixtures("channel")
def test_the_seeds_client_of_a_pipeline_shares_its_budget(
    settings: Settings, simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """What it asks is counted with what the pipeline asks, and refused when that is used up."""
    pipeline = IoTDataPipeline(settings.model_copy(update={"daily_budget": 3}))
    assert pipeline.initialize()
    client = pipeline.thingspeak_client
    assert client is not None
    assert [client.get_channel_feed(1) is not None for _ in range(5)] == [True] * 3 + [False] * 2
    assert pipeline.fetch_and_store_data() == 0
    pipeline.close()
    assert "daily budget" in caplog.text
    assert len(simulator.requests) == 3
    assert ask(settings, "SELECT Requests AS n FROM iot.RequestBudget") == [{"n": 3}]


def test_late_data_changes_exactly_the_periods_it_touches(
    settings: Settings, world: World, channel: Channel
) -> None:
    """After a late entry the periods that hold it are new, and no other row was written."""
    with build(settings) as parts:
        run_fleet(parts, [9])
    before = ask(settings, "SELECT * FROM iot.AggregatedData ORDER BY ALL")
    late = world.clock.now() - timedelta(minutes=400)
    channel.write(created_at=late, fields={1: "1000"})
    with build(settings) as parts:
        (run,) = run_fleet(parts, [9])
    assert run.inserted == 1
    after = ask(settings, "SELECT * FROM iot.AggregatedData ORDER BY ALL")
    same = [row for row in after if row in before]
    changed = [row for row in after if row not in before]
    assert {row["AggregationType"] for row in changed} == {"HOURLY", "DAILY", "WEEKLY"}
    assert len(changed) == 3
    assert len(same) == len(before) - 3
    assert all(
        row["PeriodStart"] <= late.replace(tzinfo=None) < row["PeriodEnd"] for row in changed
    )
    assert {float(row["Field1Max"]) for row in changed} == {1000.0}
