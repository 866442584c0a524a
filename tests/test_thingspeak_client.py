"""The seed's client: its names, its contract."""

import logging
from datetime import timedelta
from typing import Any

import pytest

from fieldhouse import ThingSpeakClient
from fieldhouse.simulator import Fault, Simulator, World


@pytest.fixture
def client(world: World, simulator: Simulator) -> ThingSpeakClient:
    """The seed's client of channel 9, which has two entries."""
    channel = world.add_channel(
        id=9, name="Weather Station", fields={1: "Temperature", 2: "Humidity"}
    )
    now = world.clock.now()
    channel.write(created_at=now - timedelta(minutes=1), fields={1: "23.5", 2: "65.2"})
    channel.write(created_at=now, fields={1: "24.0", 2: ""})
    return ThingSpeakClient(9, rate_limit_delay=0, base_url=simulator.url)


def test_the_four_methods_return_decoded_json(client: ThingSpeakClient) -> None:
    """As the seed shows them: a feed, the channel, the last entry, one field."""
    feed = client.get_channel_feed(results=1)
    assert feed is not None
    assert feed["channel"]["field1"] == "Temperature"
    assert feed["feeds"][0]["field2"] == ""
    info = client.get_channel_info()
    assert info is not None
    assert info["name"] == "Weather Station"
    last = client.get_last_entry()
    assert last is not None
    assert last["entry_id"] == 2
    field = client.get_field_data(1, results=2)
    assert field is not None
    assert [entry["field1"] for entry in field["feeds"]] == ["23.5", "24.0"]


@pytest.mark.parametrize("results", [-5, 9000, "abc", None, 1.5])
def test_bad_results_are_one_error_line(
    client: ThingSpeakClient, caplog: pytest.LogCaptureFixture, results: Any
) -> None:
    """Nothing is asked, nothing is raised; the line says what would be right."""
    assert client.get_channel_feed(results) is None
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "results must be 0 to 8000" in record.message


@pytest.mark.parametrize("field_number", [0, 9, "x"])
def test_a_bad_field_number_is_one_error_line(
    client: ThingSpeakClient, caplog: pytest.LogCaptureFixture, field_number: Any
) -> None:
    """As for results."""
    assert client.get_field_data(field_number) is None
    assert "field_number must be 1 to 8" in caplog.text


def test_a_failure_is_none_and_one_error_line(
    client: ThingSpeakClient, simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """It never raises for what the network or ThingSpeak does."""
    simulator.faults.add(Fault("404", times=None))
    assert client.get_channel_feed() is None
    assert [
        record.levelname for record in caplog.records if record.name.startswith("fieldhouse")
    ] == ["ERROR"]


def test_an_empty_or_private_channel_has_no_last_entry(
    world: World, simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """ThingSpeak answers ``-1`` to both; the caller gets None."""
    world.add_channel(id=10, name="Empty", fields={1: "T"})
    empty = ThingSpeakClient(10, rate_limit_delay=0, base_url=simulator.url)
    assert empty.get_last_entry() is None
    assert "no entry there" in caplog.text


def test_the_repr_has_no_key() -> None:
    """What a debugger or a log may print of a client does not give its key away."""
    assert "KEY" not in repr(ThingSpeakClient(9, "KEYKEYKEYKEYKEYK"))
