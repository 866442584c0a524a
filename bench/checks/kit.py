"""What the checks share: findings, sizes, and databases and logins of their own on the server."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from sqlserver_kit import PASSWORD, Databases, run_on, server_of, url_of

from bench.history import Channel
from bench.sqlserver.sql import statement
from fieldhouse.errors import FieldhouseError
from fieldhouse.warehouse.engines.sqlserver.session import answer
from fieldhouse.warehouse.engines.sqlserver.warehouse import SQLServerWarehouse
from fieldhouse.warehouse.registry import Opening

ROOT = Path(__file__).resolve().parents[2]
HOUR = timedelta(hours=1)
PAGE = 8_000


class Held(StrEnum):
    """What came of a check."""

    YES = "held"
    NO = "FAILED"
    PART = "in part"
    NOT_HERE = "not here"


class Finding(NamedTuple):
    """One line of the table."""

    what: str
    held: Held
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is tried; what a note says was asked for is the size of ``--full``."""

    rows: int = 200_000
    channels: int = 20
    days: int = 30
    minutes: float = 0.5
    loaders: int = 4
    whole_suite: bool = False


FULL = Sizes(50_000_000, 500, 365, 60, 16, True)


@dataclass(slots=True)
class Place:
    """The server, and what the checks have made on it."""

    made: Databases = field(
        default_factory=lambda: Databases(prefix=f"fieldhouse_check_{uuid.uuid4().hex[:8]}")
    )
    logins: list[tuple[str, str]] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """What the server says of itself."""
        (facts,) = ask(url_of("master"), statement("server"))
        return facts

    def empty(self, number: int, **options: str) -> str:
        """The URL of a migrated database without a row."""
        return self.made.empty(number, **options)

    def member(self, url: str, role: str) -> tuple[str, str]:
        """The URL of a database for a login of a role, and its password."""
        name, word = f"fieldhouse_{uuid.uuid4().hex[:8]}", f"Check-{uuid.uuid4().hex[:12]}"
        run_on(
            url,
            f"CREATE LOGIN {name} WITH PASSWORD = '{word}'",
            f"CREATE USER {name} FOR LOGIN {name}",
            f"ALTER ROLE {role} ADD MEMBER {name}",
        )
        self.logins.append((url, name))
        head, _, tail = url.partition("://")
        return f"{head}://{name}@{tail.rpartition('@')[2]}", word

    def drop(self) -> None:
        """Drop all that was made."""
        for url, name in self.logins:
            for kind in ("USER", "LOGIN"):
                with suppress(FieldhouseError):  # its pooled session may be there still
                    run_on(url, f"DROP {kind} {name}")
        self.made.drop()


@dataclass(frozen=True)
class Check:
    """What a check is given."""

    place: Place
    sizes: Sizes
    plans: Path | None = None

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What the server says of itself."""
        return self.place.facts()

    @property
    def genuine(self) -> bool:
        """Whether it is Microsoft's server."""
        return self.facts["Babelfish"] is None


@contextmanager
def opened(url: str, password: str | None = PASSWORD) -> Iterator[SQLServerWarehouse]:
    """The warehouse at a URL, closed afterwards."""
    warehouse = SQLServerWarehouse.open(Opening(url, password))
    try:
        yield warehouse
    finally:
        warehouse.close()


def ask(url: str, question: str) -> list[dict[str, Any]]:
    """The rows that a statement answers."""
    with server_of(url).connected() as connection:
        rows: list[dict[str, Any]] = answer(connection, question).to_pylist()
    return rows


def number(url: str, question: str) -> int:
    """The one number that a statement answers."""
    (row,) = ask(url, question)
    (value,) = row.values()
    return int(value or 0)


def fill(warehouse: SQLServerWarehouse, channels: list[Channel]) -> None:
    """Load the channels' histories, page by page, all of them side by side."""
    rows = max(channel.rows for channel in channels)
    for low in range(1, rows + 1, PAGE):
        batches = [c.batch(low, min(low + PAGE, c.rows + 1)) for c in channels if low <= c.rows]
        for begin in range(0, len(batches), 8):
            warehouse.load(batches[begin : begin + 8])


def verdict(is_so: bool) -> Held:
    """Held, or failed."""
    return Held.YES if is_so else Held.NO


def smaller(sizes: Sizes, *names: str) -> str:
    """What was tried with less than the full check asks for, in words; empty if nothing was."""
    less = [name for name in names if getattr(sizes, name) < getattr(FULL, name)]
    words = ", ".join(f"{getattr(sizes, n):,} {n} of {getattr(FULL, n):,}" for n in less)
    return f"with {words}" if words else ""


def month(place: int) -> datetime:
    """The first day of a month that is so many months after January 2024."""
    return datetime(2024 + place // 12, place % 12 + 1, 1)
