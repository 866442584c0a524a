"""Fieldhouse from Python, as a notebook uses it."""

import doctest
import importlib
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import fieldhouse
from fieldhouse import IoTDataPipeline, Settings, ThingSpeakClient, load_settings, open_warehouse
from fieldhouse.errors import ConfigurationError, FieldhouseError, WarehouseUnusable
from fieldhouse.simulator import Clock, Simulator, World


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which channel 12001 has been copied once."""
    world = World(clock=Clock())
    station = world.add_channel(id=12001, name="Weather station", fields={1: "Temperature"})
    for value in ("20", "21", "22"):
        station.write(fields={1: value})
    world.add_channel(id=12002, name="Beside it", fields={1: "x"}).write(fields={1: "1"})
    home = tmp_path_factory.mktemp("notebook")
    with Simulator(world) as simulator, pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        patch.setenv("THINGSPEAK_BASE_URL", simulator.url)
        patch.setenv("THINGSPEAK_RATE_LIMIT_DELAY", "0")
        yield home


@pytest.fixture
def copied(place: Path) -> Path:
    """The warehouse of that folder."""
    file = place / "fieldhouse.duckdb"
    if not file.exists():
        run = IoTDataPipeline(12001).run_full_pipeline()
        assert run and run.outcome == "success"
    return file


@pytest.mark.parametrize("name", ["pipeline", "warehouse", "thingspeak_client", "names"])
def test_the_docstrings_examples_are_true(place: Path, name: str) -> None:
    """What a docstring shows is what happens, in a folder that begins empty."""
    if name == "warehouse":
        IoTDataPipeline(12001).run_full_pipeline()
    module = importlib.import_module(f"fieldhouse.{name}")
    found = doctest.testmod(module)
    assert found.attempted and not found.failed


def test_a_pipeline_takes_its_channel_as_it_comes(place: Path) -> None:
    """A number, or its text; settings alone as before; what is no number is one line."""
    for given in (12001, "12001", " 12001 "):
        assert IoTDataPipeline(given).channel_id == 12001
    assert IoTDataPipeline(channel_id="12002").channel_id == 12002
    settings = load_settings({"channel_id": 7})
    assert IoTDataPipeline(settings).channel_id == 7
    assert IoTDataPipeline(9, settings).channel_id == 9
    assert IoTDataPipeline(settings=settings).settings is settings
    for wrong in ("abc", "", -1, 0, 2**31, 2**40, 1.5):
        with pytest.raises(ConfigurationError, match="a whole number from 1 to 2147483647"):
            IoTDataPipeline(wrong)  # type: ignore[arg-type]
    for odd in ("x", {}, 9):
        with pytest.raises(ConfigurationError, match="settings are made by"):
            IoTDataPipeline(None, odd)  # type: ignore[arg-type]


def test_a_pipeline_says_what_came_of_it(copied: Path) -> None:
    """The run, as it is recorded: also of a failure."""
    run = IoTDataPipeline("12002").run_full_pipeline()
    assert run is not None
    assert (run.channel_id, run.outcome, run.error) == (12002, "success", None)
    with IoTDataPipeline(404) as pipeline:
        failed = pipeline.run_full_pipeline()
    assert failed is not None and failed == pipeline.last_run
    assert failed.outcome == "failed" and failed.error and "404" in failed.error
    assert (
        IoTDataPipeline(
            Settings(warehouse_url="/no/such/folder/w.duckdb", channel_id=1)
        ).run_full_pipeline()
        is None
    )


def test_what_is_opened_is_closed_by_with(copied: Path) -> None:
    """A warehouse, and a client, which a second close does not harm."""
    with open_warehouse(copied, read_only=True) as warehouse:
        assert warehouse.query("channels").num_rows
    warehouse.close()
    with pytest.raises(WarehouseUnusable, match="closed"):
        warehouse.query("channels")
    with ThingSpeakClient(12001) as client:
        assert client.get_last_entry()
    client.close()


def test_a_clients_server_is_its_owners_to_close(place: Path) -> None:
    """One that was given goes on."""
    from fieldhouse.sources.thingspeak.api import ThingSpeak

    with ThingSpeak(load_settings().base_url) as server:
        with ThingSpeakClient(12001, server=server) as client:
            assert client.get_last_entry()
        connection = server._connection
        assert connection is not None


def test_sql_takes_parameters_and_can_change_nothing(copied: Path) -> None:
    """Values stand in for question marks, whatever is in them; only a SELECT is answered."""
    with open_warehouse(copied) as warehouse:
        odd = "'; DROP TABLE iot.Channels; --"
        statement = (
            "SELECT ? AS a, ? AS b, count(*) AS n FROM iot.SensorReadings WHERE ChannelID = ?"
        )
        assert warehouse.sql(statement, [odd, None, 12001]).to_pylist() == [
            {"a": odd, "b": None, "n": 3}
        ]
        for wrong, said in {
            "DELETE FROM iot.Channels": "a SELECT",
            "SELECT * FROM SensorReading": 'Did you mean "iot.SensorReadings"',
            "SELECT ?": "parameter",
        }.items():
            with pytest.raises(ConfigurationError, match=said):
                warehouse.sql(wrong)


@pytest.mark.parametrize("name", ["a.parquet", "a.CSV", "a.json", "a.duckdb.bak"])
def test_a_file_of_another_kind_is_no_warehouse(tmp_path: Path, name: str) -> None:
    """DuckDB would open it as something else, and keep nothing; it is neither made nor touched."""
    with pytest.raises(ConfigurationError, match=r"no warehouse's name ends in .* a\.duckdb$"):
        open_warehouse(tmp_path / name)
    (tmp_path / "kept").write_bytes(b"PAR1" + bytes(100))
    with pytest.raises(WarehouseUnusable, match="not a DuckDB file"):
        open_warehouse(tmp_path / "kept")
    assert [file.name for file in tmp_path.iterdir()] == ["kept"]


def test_a_question_without_what_it_needs_is_refused(copied: Path) -> None:
    """No empty table for readings of no channel."""
    with (
        open_warehouse(copied, read_only=True) as warehouse,
        pytest.raises(ConfigurationError, match="readings needs channel_id"),
    ):
        warehouse.query("readings")


def test_what_is_asked_again_is_told_in_our_words() -> None:
    """In a program that has set up no log, one line of ours an attempt, and none of a library's."""
    program = (
        "from fieldhouse import ThingSpeakClient\n"
        "from fieldhouse.sources.thingspeak.api import ThingSpeak\n"
        "from fieldhouse.sources.thingspeak.pacing import Pacer\n"
        "server = ThingSpeak('http://127.0.0.1:9', pacer=Pacer(0), attempts=3, backoff=0.01)\n"
        "assert ThingSpeakClient(1, server=server).get_last_entry() is None\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    again, twice, gave_up = done.stderr.splitlines()
    for line in (again, twice):
        assert "http://127.0.0.1:9 cannot be reached" in line and "asking again in" in line
    assert gave_up.startswith("Error fetching channel 1: ")


def test_others_retries_are_theirs_to_tell(caplog: pytest.LogCaptureFixture) -> None:
    """The library's own line is kept from ours only."""
    import stamina

    calls = []

    @stamina.retry(on=ValueError, attempts=2, wait_initial=0.001, wait_max=0.001)
    def fails_once() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError

    with caplog.at_level(logging.WARNING, logger="stamina"):
        fails_once()
    assert [record.name for record in caplog.records] == ["stamina"]


def test_the_version_is_said() -> None:
    """As the package has it."""
    from importlib.metadata import version

    assert fieldhouse.__version__ == version("fieldhouse")
    assert issubclass(ConfigurationError, FieldhouseError)
