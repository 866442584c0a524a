"""What the tests share: a simulator over real HTTP, and a client of it without politeness."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from fieldhouse.simulator import Clock, Simulator, World
from fieldhouse.sources.thingspeak.api import ThingSpeak
from fieldhouse.sources.thingspeak.pacing import Pacer

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")  # a busy machine is no defect

RECORDED = Path(__file__).resolve().parents[2] / "shared" / "data"
"""Recorded responses of ThingSpeak's; not part of the project."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What may take long comes first, so that no worker is left with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)


@pytest.fixture(autouse=True)
def directly(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulator is on this machine: no proxy of the developer's stands between."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(autouse=True)
def everything_logged() -> None:
    """What a command that ran in this process has set of the log is not the next test's."""
    logging.getLogger("fieldhouse").setLevel(logging.NOTSET)


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The folder of recorded responses; without it the test is skipped."""
    if not RECORDED.is_dir():
        pytest.skip("the recorded responses are not beside this checkout")
    return RECORDED


@pytest.fixture
def world() -> World:
    """An empty simulated ThingSpeak with a clock that a test can move."""
    return World(clock=Clock())


@pytest.fixture
def simulator(world: World) -> Iterator[Simulator]:
    """The world, served."""
    with Simulator(world) as server:
        yield server


@pytest.fixture
def thingspeak(simulator: Simulator) -> Iterator[ThingSpeak]:
    """A client of the simulator that waits for nothing."""
    with ThingSpeak(simulator.url, pacer=Pacer(0), backoff=0.01, timeout=2.0) as server:
        yield server
