"""A warehouse of every engine that the contract is checked on."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from clickhouse_kit import InProcess, warehouses
from sqlserver_kit import ON_SERVER, Databases
from warehouse_kit import ENGINES, REMOTE, opened, owner_of

from fieldhouse.warehouse import Warehouse


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """Databases on the SQL Server that the environment names."""
    held = Databases()
    yield held
    held.drop()


@pytest.fixture(scope="session")
def in_process() -> Iterator[InProcess]:
    """ClickHouse in this process, or on the server that the environment names."""
    held = warehouses()
    yield held
    held.drop()


FIRST_KEPT = 100
"""The numbers of places from here on are those of warehouses that are filled once."""
THROUGH_AN_OWNER = {"test_leases_contract", "test_limits", "test_load_contract"}
"""Suites that check the contract through another process's warehouse as well."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test of the contract on each engine."""
    if "engine" in metafunc.fixturenames:
        engines = [*ENGINES, *([REMOTE] if metafunc.module.__name__ in THROUGH_AN_OWNER else [])]
        marked = [pytest.param(e, marks=[ON_SERVER] if e == "sqlserver" else []) for e in engines]
        metafunc.parametrize("engine", marked, indirect=True)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty file of this version's schema, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "fieldhouse.duckdb"
    with closing(opened(str(file))) as house:
        house.migrate()
    return file


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """An engine's name."""
    name: str = request.param
    return name


@pytest.fixture
def owners() -> Iterator[ExitStack]:
    """Owners of files, until the test has ended."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def place(
    engine: str,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
    owners: ExitStack,
) -> Callable[[int], str]:
    """Where empty warehouses may be made: a URL for each number, emptied when it is asked for."""
    if engine == "sqlserver":
        databases: Databases = request.getfixturevalue("databases")
        return databases.empty
    if engine == "clickhouse":
        clickhouse: InProcess = request.getfixturevalue("in_process")
        return clickhouse.empty

    def empty(_: int) -> str:
        file = str(tmp_path_factory.mktemp("place") / "fieldhouse.duckdb")
        shutil.copy(request.getfixturevalue("migrated"), file)
        return f"duckdb:///{file}" if engine != REMOTE else _owned(file, owners)

    return empty


def _owned(file: str, owners: ExitStack) -> str:
    owners.enter_context(owner_of(file))
    return f"{REMOTE}:{file}"


@pytest.fixture
def url(place: Callable[[int], str]) -> str:
    """Where an empty warehouse may be made."""
    return place(0)


@pytest.fixture(scope="session")
def kept() -> dict[str, str]:
    """Where the warehouses are that were filled once."""
    return {}


@pytest.fixture
def filled_once(
    engine: str, place: Callable[[int], str], kept: dict[str, str]
) -> Iterator[Callable[[Callable[[Warehouse], object]], Warehouse]]:
    """A warehouse that a function has filled, once for all tests: they only read it."""
    with ExitStack() as stack:

        def made(fill: Callable[[Warehouse], object]) -> Warehouse:
            name = f"{engine} {fill.__module__}.{fill.__qualname__}"
            if name not in kept:
                url = place(FIRST_KEPT + len(kept))
                with closing(opened(url)) as house:
                    fill(house)
                kept[name] = url
            return stack.enter_context(closing(opened(kept[name])))

        yield made


@pytest.fixture
def left_url(url: str, engine: str, request: pytest.FixtureRequest) -> str:
    """The same, held by nothing in this process: for others."""
    if engine == "clickhouse":
        clickhouse: InProcess = request.getfixturevalue("in_process")
        clickhouse.let_go()
    return url


@pytest.fixture
def fresh_url(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest, owners: ExitStack
) -> str:
    """Where there is nothing yet, not even a schema."""
    if engine == "sqlserver":
        databases: Databases = request.getfixturevalue("databases")
        return databases.fresh()
    if engine == "clickhouse":
        clickhouse: InProcess = request.getfixturevalue("in_process")
        return clickhouse.fresh()
    file = str(tmp_path / "fresh.duckdb")
    return f"duckdb:///{file}" if engine != REMOTE else _owned(file, owners)


@pytest.fixture
def warehouse(url: str) -> Iterator[Warehouse]:
    """An empty warehouse of this version's schema."""
    with closing(opened(url)) as held:
        yield held
