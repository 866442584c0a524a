"""The registry: which engine a URL opens, imported when it is opened and not before."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from warehouse_kit import ENGINES, T0, batch, row

import fieldhouse.warehouse
from fieldhouse.errors import ConfigurationError
from fieldhouse.settings import kinds, model
from fieldhouse.warehouse import open_warehouse, registry, sqlfiles

HERE = Path(fieldhouse.warehouse.__file__).parent


def test_the_engines_are_listed_alike() -> None:
    """An engine is a folder, a line of the registry, one of the settings, and in the contract.

    What is reached through its owner has a folder, but no URL and no SQL of its own.
    """
    assert {scheme: engine.url for scheme, engine in registry.ENGINES.items()} == kinds.ENGINES
    folders = {path.parent.name for path in (HERE / "engines").glob("*/__init__.py")}
    folders.remove(registry.SERVED.home.partition(".")[0])
    assert {engine.home.partition(".")[0] for engine in registry.ENGINES.values()} == folders
    assert set(ENGINES) == folders == {path.name for path in (HERE / "sql").iterdir()}
    assert model.DEFAULT_WAREHOUSE.partition("://")[0] in registry.ENGINES
    for name, engine in registry.ENGINES.items():
        assert all(sqlfiles.names(name, folder) for folder in ("migrations", *engine.objects))


def test_a_file_is_named_in_any_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL, a bare path or anything that is one, absolute or not: the same DuckDB file."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "a b.duckdb"
    with closing(open_warehouse(file)) as warehouse:
        warehouse.migrate()
        warehouse.load([batch([row(1, T0)])])
    with os.scandir() as folder:
        found = next(entry for entry in folder if entry.name == file.name)
    for place in (
        Path("a b.duckdb"),
        found,
        "a b.duckdb",
        str(file),
        "duckdb:///a b.duckdb",
        f"duckdb:///{file}",
    ):
        with closing(open_warehouse(place, read_only=True)) as warehouse:
            assert warehouse.query("status")["Readings"].to_pylist() == [1], place


@pytest.mark.parametrize("place", [3, ["a.duckdb"], {}, object(), "a\0b", Path, 1.5, False])
def test_what_is_no_path_makes_no_file(
    place: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line, and no file that is called as Python shows the value."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match="no warehouse is named: give a path"):
        open_warehouse(place)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["oracle://host/db", "http://host", "://", "Duck://x"])
def test_a_url_of_no_engine_is_refused(url: str) -> None:
    """One line says which engines there are, and how their URLs look."""
    with pytest.raises(ConfigurationError) as refused:
        open_warehouse(url)
    assert str(refused.value).endswith(
        ": this version knows duckdb:///file.duckdb and sqlserver://user@host/database"
        " and clickhouse://user@host/database"
    )


def test_a_driver_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine whose driver is not installed says what to install; another error is not hidden."""
    for module in [name for name in sys.modules if ".engines.sqlserver" in name]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "mssql_python", None)
    with pytest.raises(ConfigurationError) as refused:
        open_warehouse("sqlserver://u@host/db", password="x")
    assert str(refused.value) == (
        "SQL Server's driver is missing: pip install '.[sqlserver]' in a checkout"
    )
    broken = registry.Engine("Broken", "x://", "duckdb.nothing:Nothing", (), "duckdb")
    with pytest.raises(ModuleNotFoundError):
        broken.load()


def test_a_password_is_in_no_repr() -> None:
    """How a warehouse is to be opened can be shown; the password is not."""
    assert "secret" not in repr(registry.Opening("sqlserver://u@host/db", "secret"))


def test_no_engine_is_imported_before_it_is_opened(tmp_path: Path) -> None:
    """The seam imports no engine, and opening one imports no other."""
    program = (
        "import sys; from fieldhouse.warehouse import open_warehouse;"
        "names = ('fieldhouse.warehouse.engines.', 'duckdb', 'mssql_python');"
        "found = lambda: [m for m in sys.modules if any(name in m for name in names)];"
        "assert not found(), found();"
        f"open_warehouse({str(tmp_path / 'x.duckdb')!r}).close();"
        "assert not [m for m in found() if 'sqlserver' in m or 'mssql' in m], found()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
