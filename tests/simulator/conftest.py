from collections.abc import Iterator
from datetime import UTC, datetime

import httpx2
import pytest

from fieldhouse.simulator import Clock, Simulator, World

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    """An empty world whose clock stands at noon, 2024-05-01 UTC."""
    return World(Clock(frozen=NOON))


@pytest.fixture
def simulator(world: World) -> Iterator[Simulator]:
    with Simulator(world) as running:
        yield running


@pytest.fixture
def http(simulator: Simulator) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=simulator.url, timeout=5) as client:
        yield client
