"""The database on a SQL Server and its schema: made, checked, brought up to date."""

from collections.abc import Sequence

from mssql_python import Connection

from fieldhouse.errors import WarehouseUnusable
from fieldhouse.settings.sqlserver import SqlServerAddress
from fieldhouse.warehouse import migrations, sqlfiles
from fieldhouse.warehouse.engines.sqlserver.session import ENGINE, Server, answer, locked, quoted

__all__ = ["check", "create_database", "is_current", "migrate"]

_LEAST_LEVEL = 130
_APPLIED = """
IF OBJECT_ID(N'iot.usp_AppliedScripts', N'P') IS NOT NULL EXEC iot.usp_AppliedScripts
ELSE SELECT N'' AS ScriptName, N'' AS Checksum WHERE 1 = 0"""
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
        genuine = not _is_babelfish(connection)
        if genuine:
            _require_level(connection, server.where)
        migrations.check(ENGINE, _applied(connection), where=server.where)
    return genuine


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
    as_written = not _is_babelfish(connection)
    record = _RECORD + sqlfiles.text(ENGINE, "migrate", "record_script")
    for script in scripts:
        for batch in sqlfiles.batches(script.text):
            answer(connection, batch if as_written else _as_create(connection, batch))
        answer(connection, record, (script.name, script.checksum))


def _applied(connection: Connection) -> dict[str, str]:
    """What the ledger holds; nothing if there is none yet."""
    rows = answer(connection, _APPLIED).to_pylist()
    return {row["ScriptName"]: row["Checksum"].strip() for row in rows}


def _set_options(connection: Connection, address: SqlServerAddress) -> None:
    """What the first migration asks for: whether the readings are to have monthly partitions."""
    statement = "EXEC sp_set_session_context @key = N'fieldhouse.partitions', @value = ?;"
    answer(connection, statement, (address.partitions or "none",))


def _as_create(connection: Connection, batch: str) -> str:
    """CREATE OR ALTER as a CREATE, for a server that has it not; what is there is dropped first.

    Nor has that server EXECUTE AS OWNER.
    """
    batch = batch.replace("WITH EXECUTE AS OWNER\n", "")
    for kind in ("PROCEDURE", "FUNCTION", "VIEW"):
        prefix = f"CREATE OR ALTER {kind} "
        if prefix in batch:
            name = batch.split(prefix, 1)[1].split(maxsplit=1)[0]
            answer(connection, f"DROP {kind} IF EXISTS {name}")
            return batch.replace(prefix, f"CREATE {kind} ", 1)
    return batch


def _set_up(connection: Connection, name: str) -> None:
    """Row versions for a new database, so that who reads does not wait for who loads."""
    if not _is_babelfish(connection):  # it has them always, and no word for it
        answer(connection, f"ALTER DATABASE {quoted(name)} SET READ_COMMITTED_SNAPSHOT ON")


def _is_babelfish(connection: Connection) -> bool:
    """Whether this is Babelfish, which lacks some of SQL Server (see docs/sqlserver.md)."""
    facts = answer(
        connection, "SELECT CAST(SERVERPROPERTY('BabelfishVersion') AS NVARCHAR(40)) AS Version"
    )
    return facts["Version"][0].as_py() is not None


def _require_level(connection: Connection, where: str) -> None:
    """Refuse a database that behaves like a server of before 2016, which knows no OPENJSON."""
    found = answer(
        connection,
        "SELECT CAST(d.compatibility_level AS INT) AS Level FROM sys.databases AS d"
        " WHERE d.name = DB_NAME()",
    )
    levels = found["Level"].to_pylist()
    if levels and levels[0] < _LEAST_LEVEL:
        raise WarehouseUnusable(
            f"{where}: its compatibility level is {levels[0]}; ALTER DATABASE … SET"
            f" COMPATIBILITY_LEVEL = {_LEAST_LEVEL} or more"
        )
