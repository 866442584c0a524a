"""The engines that there are, by the scheme of their URLs; none is imported before it is opened.

A new engine is a folder under ``engines/`` and a line here. The settings check URLs and may not
know the warehouse: ``settings.kinds.ENGINES`` has its scheme too, and a test holds both equal.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from fieldhouse.errors import ConfigurationError
from fieldhouse.events import Observer

__all__ = ["ENGINES", "IN_PROCESS", "SERVED", "Engine", "Opening", "engine_of"]


@dataclass(frozen=True, slots=True)
class Opening:
    """How a warehouse is to be opened; an engine takes what concerns it, and reads its own URL."""

    url: str
    password: str | None = field(default=None, repr=False)
    read_only: bool = False
    create: bool = False
    wait: float = 0.0
    """Seconds to wait for another process that holds what is to be opened."""
    observe: Observer | None = field(default=None, repr=False)
    elsewhere: Callable[[str], Any] | None = field(default=None, repr=False)
    """Opens a file through the process that serves it; None where none does, or none may."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Where an engine's class is, whose ``open`` takes an Opening; and what it needs.

    ``url`` shows how its URLs look. Without the module ``driver`` the ``extra`` is to be installed.
    ``objects`` are the folders of its SQL whose files a migration runs again when their text has
    changed, in order; with each the kind of object that a file makes, and that goes with its file.
    """

    name: str
    url: str
    home: str
    objects: Mapping[str, str | None]
    driver: str
    extra: str | None = None

    def load(self) -> Any:
        """The engine's class. Raises ConfigurationError if its driver is not installed."""
        module, _, name = self.home.partition(":")
        try:
            return getattr(import_module(f"fieldhouse.warehouse.engines.{module}"), name)
        except ModuleNotFoundError as error:
            if error.name != self.driver:
                raise
            where = f"'.[{self.extra}]'" if self.extra else "."
            raise ConfigurationError(
                f"{self.name}'s driver is missing: pip install {where} in a checkout"
            ) from None


ENGINES = {
    "duckdb": Engine(
        "DuckDB",
        "duckdb:///file.duckdb",
        "duckdb.warehouse:DuckDBWarehouse",
        objects={"views": "VIEW", "functions": "MACRO", "procedures": "MACRO TABLE"},
        driver="duckdb",
    ),
    "sqlserver": Engine(
        "SQL Server",
        "sqlserver://user@host/database",
        "sqlserver.warehouse:SQLServerWarehouse",
        objects={
            "views": "VIEW",
            "functions": "FUNCTION",
            "procedures": "PROCEDURE",
            "queries": "PROCEDURE",
            "calls": "PROCEDURE",
            "security": None,
        },
        driver="mssql_python",
        extra="sqlserver",
    ),
    "clickhouse": Engine(
        "ClickHouse",
        "clickhouse://user@host/database",
        "clickhouse.warehouse:ClickHouseWarehouse",
        objects={"views": "VIEW", "procedures": "VIEW"},
        driver="clickhouse_connect",
        extra="clickhouse",
    ),
}

IN_PROCESS = {"chdb": "clickhouse"}
"""Schemes of engines that run in this process, where else a server does: chdb:///folder."""

SERVED = Engine(
    "A warehouse of another process's",
    "",
    "remote.warehouse:RemoteWarehouse",
    objects={},
    driver="httpx2",
)
"""What opens a file that `fieldhouse serve` owns; no URL names it."""


def engine_of(url: str) -> Engine:
    """The engine that a URL names; a bare path is a DuckDB file. Raises ConfigurationError."""
    scheme = urlsplit(url).scheme if "://" in url else "duckdb"
    scheme = IN_PROCESS.get(scheme, scheme)
    if scheme not in ENGINES:
        known = " and ".join(engine.url for engine in ENGINES.values())
        raise ConfigurationError(f"no warehouse engine for {scheme}://: this version knows {known}")
    return ENGINES[scheme]
