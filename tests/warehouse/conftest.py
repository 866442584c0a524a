"""A warehouse of every engine that the contract is checked on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from warehouse_kit import ENGINES

from fieldhouse.warehouse import Warehouse, open_warehouse


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """An engine's name."""
    name: str = request.param
    return name


@pytest.fixture
def url(engine: str, tmp_path: Path) -> str:
    """Where an empty warehouse may be made."""
    return ENGINES[engine](tmp_path)


@pytest.fixture
def warehouse(url: str) -> Iterator[Warehouse]:
    """An empty warehouse of this version's schema."""
    opened = open_warehouse(url)
    opened.migrate()
    yield opened
    opened.close()
