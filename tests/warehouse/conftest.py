"""A warehouse of every engine that the contract is checked on."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlserver_kit import ON_SERVER, Databases
from warehouse_kit import ENGINES, opened

from fieldhouse.warehouse import Warehouse


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """Databases on the SQL Server that the environment names."""
    held = Databases()
    yield held
    held.drop()


@pytest.fixture(
    params=[pytest.param(e, marks=[ON_SERVER] if e == "sqlserver" else []) for e in ENGINES]
)
def engine(request: pytest.FixtureRequest) -> str:
    """An engine's name."""
    name: str = request.param
    return name


@pytest.fixture
def place(
    engine: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Callable[[int], str]:
    """Where empty warehouses may be made: a URL for each number, emptied when it is asked for."""
    if engine == "sqlserver":
        databases: Databases = request.getfixturevalue("databases")
        return databases.empty
    return lambda _: f"duckdb:///{tmp_path_factory.mktemp('place') / 'fieldhouse.duckdb'}"


@pytest.fixture
def url(place: Callable[[int], str]) -> str:
    """Where an empty warehouse may be made."""
    return place(0)


@pytest.fixture
def fresh_url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Where there is nothing yet, not even a schema."""
    if engine == "sqlserver":
        databases: Databases = request.getfixturevalue("databases")
        return databases.fresh()
    return f"duckdb:///{tmp_path / 'fresh.duckdb'}"


@pytest.fixture
def warehouse(url: str) -> Iterator[Warehouse]:
    """An empty warehouse of this version's schema."""
    held = opened(url)
    held.migrate()
    yield held
    held.close()
