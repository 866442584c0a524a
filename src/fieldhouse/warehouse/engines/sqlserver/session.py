"""Connections to a SQL Server, and calls of its procedures; nothing of Fieldhouse's tables."""

import json
import logging
import math
import re
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import mssql_python
import pyarrow as pa
from mssql_python import Connection, Cursor

from fieldhouse.errors import ConfigurationError, WarehouseLocked, WarehouseUnusable
from fieldhouse.settings.sqlserver import SqlServerAddress
from fieldhouse.warehouse import sqlfiles
from fieldhouse.warehouse.engines.sqlserver.errors import DRIVER_ERRORS, translated
from fieldhouse.warehouse.limits import NO_LIMITS, Limits

__all__ = [
    "ENGINE",
    "Server",
    "answer",
    "call_text",
    "execute",
    "execute_text",
    "is_ours",
    "locked",
    "procedure_name",
    "quoted",
]

ENGINE = "sqlserver"
_CALLABLE = ("queries", "calls", "procedures")
_SIGNATURE = re.compile(r"^CREATE OR ALTER PROCEDURE iot\.\w+(.*?)^AS$", re.MULTILINE | re.DOTALL)
_PARAMETER = re.compile(r"@(\w+)\s+[A-Z]")
_PROCEDURE = re.compile(r"(?:\w+|\[(?:[^\]]|\]\])+\])(?:\.(?:\w+|\[(?:[^\]]|\]\])+\]))?")
_RENAMED = {"as_of": "AsOfTime"}
"""The one parameter whose name in Python is not that of the procedures without its case."""

_LOCK_SECONDS = 600.0
_LOCK = """
DECLARE @granted INT;
EXEC @granted = sp_getapplock
    @Resource = ?, @LockMode = N'Exclusive', @LockOwner = N'Session', @LockTimeout = ?;
SELECT @granted AS Granted;"""
_UNLOCK = "EXEC sp_releaseapplock @Resource = ?, @LockOwner = N'Session';"

_TOLD = """\
BEGIN TRY
    {call}
END TRY
BEGIN CATCH
    DECLARE @said NVARCHAR(2048) = LEFT(CONCAT(N'#', ERROR_NUMBER(), N'# ', ERROR_MESSAGE()), 2000);
    THROW 51000, @said, 1;
END CATCH"""
"""An error comes back with its number before its text; the driver would keep the number."""


logger = logging.getLogger(__name__)


class Server:
    """A database on a server, and how to connect to it. Safe to share between threads."""

    def __init__(
        self, address: SqlServerAddress, password: str | None = None, *, read_only: bool = False
    ) -> None:
        self.address, self._password, self.read_only = address, password, read_only
        self.where = " ".join(f"{address.server}/{address.database}".split())  # a name may hold \n
        self._closed = threading.Event()

    def __repr__(self) -> str:
        return f"Server({self.where!r})"

    @contextmanager
    def connected(
        self,
        *,
        database: str | None = None,
        statement: str | None = None,
        autocommit: bool = True,
        limits: Limits = NO_LIMITS,
    ) -> Iterator[Connection]:
        """A connection, given back afterwards; what the driver raises is told as ours.

        Pooled by the driver. Without autocommit what is not committed is rolled back.
        """
        if self._closed.is_set():
            raise WarehouseUnusable(f"{self.where}: closed: open it again")
        with translated(self.where, statement=statement):
            connection = self._connect(database or self.address.database, autocommit, limits)
            try:
                yield connection
            finally:
                with suppress(*DRIVER_ERRORS):
                    if not autocommit:
                        connection.rollback()
                with suppress(*DRIVER_ERRORS):
                    connection.close()

    def close(self) -> None:
        """Connect no more; a second time is a no-op."""
        self._closed.set()

    def _connect(self, database: str, autocommit: bool, limits: Limits) -> Connection:
        connection = mssql_python.connect(
            self._text(database),
            autocommit=autocommit,
            timeout=_seconds(self.address.login_timeout, limits),
        )
        connection.timeout = _seconds(self.address.query_timeout, limits)
        return connection

    def _text(self, database: str) -> str:
        """The connection string; it holds the password, and is never shown."""
        to = self.address
        words = {
            "Server": f"tcp:{to.server}" if to.port else to.server,
            "Database": database,
            "UID": to.username,
            "PWD": (self._password or None) if to.username else None,
            "Trusted_Connection": "yes" if to.trusted_connection else None,
            "Authentication": to.authentication,
            "Encrypt": to.encrypt,
            "TrustServerCertificate": "yes" if to.trust_server_certificate else "no",
            "HostNameInCertificate": to.host_name_in_certificate,
            "ApplicationIntent": "ReadOnly" if self.read_only else None,
            "MultiSubnetFailover": "yes" if to.multi_subnet_failover else None,
            "ConnectRetryCount": "0",  # a lost connection is a lost transaction: that is retried
        }
        given = ((name, value) for name, value in words.items() if value is not None)
        return ";".join(f"{name}={_braced(value)}" for name, value in given)


def _seconds(allowed: int, limits: Limits) -> int:
    """How long the driver is to wait, in whole seconds, 0 being for ever."""
    if limits.seconds is None:
        return allowed
    return min(allowed or sys.maxsize, max(1, math.ceil(limits.left)))


def _braced(value: str) -> str:
    """A value as a connection string takes it whatever is in it."""
    return "{" + value.replace("}", "}}") + "}"


@contextmanager
def locked(
    connection: Connection, resource: str, refusal: str, wait: float | None = None
) -> Iterator[None]:
    """Hold an application lock in this session; WarehouseLocked with ``refusal`` if it cannot be.

    It is waited for so many seconds, or ten minutes, whatever the time-out of a statement is.
    """
    connection.timeout = 0
    milliseconds = round((_LOCK_SECONDS if wait is None else wait) * 1000)
    granted = answer(connection, _LOCK, (resource, milliseconds))
    if granted["Granted"][0].as_py() < 0:
        raise WarehouseLocked(refusal)
    try:
        yield
    finally:
        try:
            answer(connection, _UNLOCK, (resource,))
        except DRIVER_ERRORS:  # a lost session holds nothing any more
            logger.debug("The lock %s went with its session", resource)


def quoted(name: str) -> str:
    """A name as an identifier, whatever is in it."""
    return "[" + name.replace("]", "]]") + "]"


def call_text(name: str, parameters: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """The statement that calls the procedure of a name, and its values in order.

    A parameter that is None, or not given, has the procedure's default.
    """
    procedure = procedure_name(name)
    known = _parameters(procedure)
    given = {
        known[_RENAMED.get(key, key.replace("_", "")).lower()]: _bound(value)
        for key, value in parameters.items()
        if value is not None
    }
    assigned = ", ".join(f"@{parameter} = ?" for parameter in given)
    return _TOLD.format(call=f"EXEC iot.{procedure} {assigned};"), list(given.values())


def execute_text(procedure: str, count: int) -> str:
    """The statement that executes any procedure with so many parameters by position."""
    names = ".".join(map(quoted, _parts(procedure)))
    given = ", ".join("?" * count)
    return _TOLD.format(call=f"EXEC {names} {given};")


def is_ours(procedure: str) -> bool:
    """Whether a procedure's name is of one that comes with the schema: those may be called again.

    Each of them is a transaction of its own and does the same work only once.
    """
    schema, *name = _parts(procedure)
    ours = (each for folder in _CALLABLE for each in sqlfiles.names(ENGINE, folder))
    return schema.lower() == "iot" and name[0].lower() in map(str.lower, ours) if name else False


def _parts(procedure: str) -> list[str]:
    """A procedure's name, or its schema and its name, without brackets."""
    if not _PROCEDURE.fullmatch(procedure):
        raise ConfigurationError(f"{procedure!r} is no procedure's name; one is iot.usp_…")
    parts = re.findall(r"\[((?:[^\]]|\]\])+)\]|([^.\[\]]+)", procedure)
    return [bracketed.replace("]]", "]") or plain for bracketed, plain in parts]


@cache
def procedure_name(name: str) -> str:
    """The procedure that answers to a name: ``missing_ids`` is ``usp_MissingIDs``.

    The tables have the names already that would be nearest, and a schema has each name once.
    """
    if name.startswith("usp_"):
        return name
    words = ("IDs" if word == "ids" else word.capitalize() for word in name.split("_"))
    return "usp_" + "".join(words)


@cache
def _parameters(procedure: str) -> Mapping[str, str]:
    """A procedure's parameters, by their names in small letters."""
    (folder,) = (each for each in _CALLABLE if procedure in sqlfiles.names(ENGINE, each))
    signature = _SIGNATURE.search(sqlfiles.text(ENGINE, folder, procedure))
    found = _PARAMETER.findall(signature[1]) if signature else []
    return {parameter.lower(): parameter for parameter in found}


def _bound(value: Any) -> Any:
    """A value as the driver takes it; lists and tables are JSON."""
    if isinstance(value, pa.Table):
        return json.dumps(value.to_pylist(), default=_plain)
    if isinstance(value, (list, tuple)):
        return json.dumps([_exact(each) for each in value], default=_plain)
    return value


def _exact(value: Any) -> Any:
    """A number in a list as text without an exponent, so that it becomes a decimal exactly."""
    if isinstance(value, (float, Decimal)):
        return f"{Decimal(str(value)):f}"
    return value


def _plain(value: object) -> object:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"no parameter can be a {type(value).__name__}")


def execute(
    connection: Connection, statement: str, values: Sequence[Any] = ()
) -> tuple[Cursor, bool]:
    """Run a statement up to its first answer; whether there is one."""
    cursor = connection.cursor()
    cursor.execute(statement, *([tuple(values)] if values else []))
    while cursor.description is None:
        if not cursor.nextset():
            return cursor, False
    return cursor, True


def answer(
    connection: Connection, statement: str, values: Sequence[Any] = (), *, rows: int | None = None
) -> pa.Table:
    """Run a statement to its end; the first answer, or an empty table if there is none.

    With ``rows`` no more than so many of it are read.
    """
    cursor, is_there = execute(connection, statement, values)
    if is_there and rows is not None:
        first = pa.Table.from_batches([cursor.arrow_batch(rows)])
        cursor.close()
        return first
    table = cursor.arrow() if is_there else pa.table({})
    while cursor.nextset():  # what goes wrong after an answer is told only here
        pass
    cursor.close()
    return table
