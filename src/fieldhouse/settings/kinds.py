"""The kinds of values that settings have: each checked, and read from a number or a text (pure)."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_core import PydanticCustomError

from fieldhouse.errors import ConfigurationError
from fieldhouse.settings.clickhouse import CLICKHOUSE_OPTIONS, ClickHouseAddress
from fieldhouse.settings.given import port_ok
from fieldhouse.settings.sqlserver import (
    DEFAULT_DATABASE,
    OPTIONS,
    SqlServerAddress,
    database_name,
)
from fieldhouse.times import zone_of

ENGINES = {
    "duckdb": "duckdb:///file.duckdb",
    "sqlserver": "sqlserver://user@host/database",
    "clickhouse": "clickhouse://user@host/database",
}
"""How a URL of each engine looks; as in ``warehouse.registry``, which no setting may know."""
_IN_PROCESS = ("duckdb", "chdb")
"""Schemes whose URLs name a place of this machine's, and no host."""
OWN_LINE = "own_line"
"""The type of an error whose own text says what would be right, in place of `RIGHT`."""

_WITH_UNIT = re.compile(r"(\d+(?:\.\d+)?) ?([smh])", re.IGNORECASE | re.ASCII)
LARGEST_INT = 2**31 - 1  # a channel's number is an INT in the tables
DAY = 86_400
"""Seconds: what is to wait for longer is a slip, and no socket takes it."""
YEAR = 366
"""Days: what is to look back further is a slip, and no calendar takes it."""
MOST_REQUESTS = 10**9


def _no_bool(value: object) -> object:
    """Python takes true for 1; a user who wrote it meant something else."""
    if isinstance(value, bool):
        raise ValueError("not a number")
    return value


def _no_text(value: object) -> object:
    if isinstance(value, str):
        raise ValueError("a text")
    return _no_bool(value)


def _stripped(value: object) -> object:
    """A key without the white space that files and shells leave around it."""
    return value.strip() if isinstance(value, str) else value


def _span(value: object) -> object:
    """A span of time from a number of seconds, or its text; a `timedelta` stays."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        raise ValueError("not a number")
    try:
        return timedelta(seconds=float(value))
    except OverflowError as error:
        raise ValueError("out of range") from error


def _wait(value: object) -> object:
    """Seconds, or a text with a unit: ``60s``, ``5m``, ``1h``."""
    if isinstance(value, str) and (found := _WITH_UNIT.fullmatch(value.strip())):
        return float(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2].lower()]
    return _no_bool(value)


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_ok(url):
        raise ValueError("not an address")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("more than an address")
    return url.rstrip("/")


def _warehouse_url(url: str) -> str:
    """A bare path is a DuckDB file; a URL names a known engine and carries no secret."""
    if "://" not in url and url.strip():
        if url.partition(":")[0] in (*ENGINES, "chdb"):
            raise ValueError("neither a path nor a URL")
        return url
    parts = urlsplit(url)
    if parts.scheme not in (*ENGINES, "chdb") or parts.password is not None or not port_ok(url):
        raise ValueError("no such engine")
    if parts.scheme not in _IN_PROCESS and "@" in f"{parts.path}{parts.query}{parts.fragment}":
        raise ValueError("a password that is not quoted")
    if any(re.search("pass|pwd|token|secret", name, re.I) for name, _ in parse_qsl(parts.query)):
        raise ValueError("a secret")
    if reader := _ADDRESSES.get(parts.scheme):
        _address(reader, url)
    return url


_ADDRESSES = {
    "sqlserver": SqlServerAddress.parse,
    "clickhouse": ClickHouseAddress.parse,
    "chdb": ClickHouseAddress.parse,
}


def _address(reader: Callable[[str], object], url: str) -> None:
    try:
        reader(url)
    except ConfigurationError as error:
        raise PydanticCustomError(OWN_LINE, "{line}", {"line": str(error)}) from None


def _timezone(name: str) -> str:
    try:
        zone_of(name)
    except ConfigurationError as error:
        raise PydanticCustomError(OWN_LINE, "{line}", {"line": str(error)}) from None
    return name


def _named_database(text: str) -> str:
    return database_name(text or DEFAULT_DATABASE)


Url = Annotated[str, AfterValidator(_warehouse_url)]
Address = Annotated[str, AfterValidator(_base_url)]
DatabaseName = Annotated[str, AfterValidator(_named_database)]
TimeZone = Annotated[str, AfterValidator(_timezone)]
Encryption = Annotated[str, AfterValidator(OPTIONS["encrypt"].read)]
Authentication = Annotated[str, AfterValidator(OPTIONS["authentication"].read)]
Partitions = Annotated[str, AfterValidator(OPTIONS["partitions"].read)]
Cluster = Annotated[str, AfterValidator(CLICKHOUSE_OPTIONS["cluster"].read)]
Quorum = Annotated[str, AfterValidator(CLICKHOUSE_OPTIONS["quorum"].read)]
Delay = Annotated[float, BeforeValidator(_no_bool), Field(ge=0, le=DAY, allow_inf_nan=False)]
Timeout = Annotated[float, BeforeValidator(_no_bool), Field(gt=0, le=DAY, allow_inf_nan=False)]
Wait = Annotated[float, BeforeValidator(_wait), Field(ge=0, allow_inf_nan=False)]
Rows = Annotated[int, BeforeValidator(_no_bool), Field(ge=1, le=8000)]
Days = Annotated[int, BeforeValidator(_no_bool), Field(ge=0, le=100_000)]
Requests = Annotated[int, BeforeValidator(_no_bool), Field(ge=1, le=MOST_REQUESTS)]
ChannelId = Annotated[int, BeforeValidator(_no_bool), Field(ge=1, le=LARGEST_INT)]
Key = Annotated[SecretStr, BeforeValidator(_stripped)]
FieldNumber = Annotated[int, BeforeValidator(_no_bool), Field(ge=1, le=8)]
Bound = Annotated[Decimal, BeforeValidator(_no_text), Field(max_digits=18, decimal_places=6)]
Span = Annotated[timedelta, BeforeValidator(_span), Field(ge=timedelta(0), le=timedelta(days=YEAR))]


Bounds = tuple[Decimal | None, Decimal | None]
"""Least and greatest, both inclusive; None is an open end."""


def _ordered(bounds: Bounds) -> object:
    low, high = bounds
    if low is not None and high is not None and low > high:
        raise ValueError("least above greatest")
    return bounds


Range = Annotated[tuple[Bound | None, Bound | None], AfterValidator(_ordered)]
