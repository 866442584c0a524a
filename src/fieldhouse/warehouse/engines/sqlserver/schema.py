"""The database on a SQL Server and its schema: made, checked, brought up to date."""

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

from mssql_python import Connection

from fieldhouse.errors import WarehouseUnusable
from fieldhouse.settings.sqlserver import SqlServerAddress
from fieldhouse.warehouse import migrations, sqlfiles
from fieldhouse.warehouse.engines.sqlserver import standin
from fieldhouse.warehouse.engines.sqlserver.session import ENGINE, Server, answer, locked, quoted
from fieldhouse.warehouse.engines.sqlserver.standin import is_babelfish

__all__ = ["advice", "check", "create_database", "is_current", "migrate"]

_LEAST_LEVEL = 130
_APPLIED = """
IF OBJECT_ID(N'iot.usp_AppliedScripts', N'P') IS NOT NULL EXEC iot.usp_AppliedScripts
ELSE SELECT N'' AS ScriptName, N'' AS Checksum WHERE 1 = 0"""
_TEMPORARY = re.compile(r"#(?=[A-Za-z])")
logger = logging.getLogger(__name__)
_RECORD = "DECLARE @ScriptName NVARCHAR(200) = ?, @Checksum CHAR(64) = ?;\n"


def create_database(server: Server) -> None:
    """Make the database where it is missing; others who would make it at the same time wait."""
    name = server.address.database
    refusal = f"{server.where} is being created by another process"
    with (
        server.connected(database="master") as connection,
        locked(connection, f"iot.create:{name.lower()}", refusal),
    ):
        held = answer(connection, "SELECT DB_ID(?) AS Held", (name,))
        if held["Held"][0].as_py() is None:
            answer(connection, f"CREATE DATABASE {quoted(name)}")
            _set_up(connection, name)


def check(server: Server) -> bool:
    """See that the database is there and fit; whether it is Microsoft's server.

    Raises WarehouseUnusable for a schema newer than this program, or a database that behaves like
    a server of before 2016.
    """
    with server.connected() as connection:
        held = _surroundings(connection)
        _require_level(held, server.where)
        migrations.check(ENGINE, _applied(connection), where=server.where)
    if not held["HasVersions"]:
        logger.info("%s: %s", server.where, "row versions are off: see fieldhouse doctor")
    return not held["IsBabelfish"]


def is_current(server: Server) -> bool:
    """Whether there is nothing to apply; who may not migrate may know that."""
    with server.connected() as connection:
        return not migrations.pending(ENGINE, _applied(connection))


def migrate(server: Server) -> Sequence[str]:
    """Apply what is missing, in one transaction; the names of what was applied, in order."""
    refusal = f"{server.where} is being migrated by another process"
    with (
        server.connected(autocommit=False) as connection,
        locked(connection, "iot.migrate", refusal),
    ):
        try:
            answer(connection, sqlfiles.text(ENGINE, "migrate", "ledger"))
            applied = _applied(connection)
            migrations.check(ENGINE, applied, where=server.where)
            scripts = migrations.pending(ENGINE, applied)
            _set_options(connection, server.address)
            _apply(connection, scripts)
            connection.commit()
        finally:
            connection.rollback()
    return [script.name for script in scripts]


def _apply(connection: Connection, scripts: Sequence[migrations.Script]) -> None:
    genuine = not is_babelfish(connection)
    record = _RECORD + sqlfiles.text(ENGINE, "migrate", "record_script")
    for script in scripts:
        if not (genuine and script.name == standin.NEEDLESS):
            for batch in sqlfiles.batches(_with_own_names(script.text)):
                for statement in [batch] if genuine else standin.adapted(batch):
                    answer(connection, statement)
        answer(connection, record, (script.name, script.checksum))


def _with_own_names(text: str) -> str:
    """The text with names for its temporary tables that no caller's session has already.

    A caller's own ``#ids`` would be read in place of a procedure's.
    """
    return _TEMPORARY.sub("#iot_", text)


def _applied(connection: Connection) -> dict[str, str]:
    """What the ledger holds; nothing if there is none yet."""
    rows = answer(connection, _APPLIED).to_pylist()
    return {row["ScriptName"]: row["Checksum"].strip() for row in rows}


def _set_options(connection: Connection, address: SqlServerAddress) -> None:
    """What the first migration asks for: whether the readings are to have monthly partitions."""
    statement = "EXEC sp_set_session_context @key = N'fieldhouse.partitions', @value = ?;"
    answer(connection, statement, (address.partitions or "none",))


def _set_up(connection: Connection, name: str) -> None:
    """Row versions for a new database, so that who reads does not wait for who loads; kept open."""
    if not is_babelfish(connection):  # it has them always, and no word for it
        for option in ("READ_COMMITTED_SNAPSHOT ON", "AUTO_CLOSE OFF"):
            answer(connection, f"ALTER DATABASE {quoted(name)} SET {option}")


def advice(server: Server) -> list[str]:
    """What an operator could set better, a line each."""
    with server.connected() as connection:
        held = _surroundings(connection)
    name = quoted(server.address.database)
    lines = [] if held["IsBabelfish"] else _advised(held)
    if server.address.partitions and not held["HasPartitions"]:
        lines.append("partitions=monthly has no effect: the tables were made without")
    return [line.format(name=name) for line in lines]


def _advised(held: Mapping[str, Any]) -> list[str]:
    told = {
        "row versions are off, so that who reads and who loads wait for each other:"
        " ALTER DATABASE {name} SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE": (
            not held["HasVersions"]
        ),
        "the database closes whenever nobody is connected, and opens again for each run:"
        " ALTER DATABASE {name} SET AUTO_CLOSE OFF": held["Closes"],
        "its compatibility level is that of a server from before 2019:"
        " ALTER DATABASE {name} SET COMPATIBILITY_LEVEL = 150 or more": held["Level"] < 150,
        "its owner is a login that is not there, so that months cannot be archived:"
        " ALTER AUTHORIZATION ON DATABASE::{name} TO sa": held["IsOrphan"],
    }
    return [line for line, is_so in told.items() if is_so]


def _surroundings(connection: Connection) -> dict[str, Any]:
    rows = answer(connection, sqlfiles.text(ENGINE, "migrate", "surroundings")).to_pylist()
    held: dict[str, Any] = rows[0]
    return held


def _require_level(held: Mapping[str, Any], where: str) -> None:
    """Refuse a database that behaves like a server of before 2016, which knows no OPENJSON."""
    if held["Level"] < _LEAST_LEVEL and not held["IsBabelfish"]:
        raise WarehouseUnusable(
            f"{where}: its compatibility level is {held['Level']}; ALTER DATABASE … SET"
            f" COMPATIBILITY_LEVEL = {_LEAST_LEVEL} or more"
        )
