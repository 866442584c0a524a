"""The warehouse on Microsoft SQL Server (2019 and later) or Azure SQL, in T-SQL procedures.

Every question and every write is a procedure in schema ``iot``, so that a login needs no right but
to execute. What the server asks to be tried again (a deadlock's victim, a fail-over, throttling, a
lost connection) is tried again as a whole transaction.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import mssql_python
import pyarrow as pa
import stamina
from mssql_python import Connection

from fieldhouse.errors import WarehouseLocked, WarehouseUnavailable, WarehouseUnusable
from fieldhouse.readings import Batch
from fieldhouse.settings.sqlserver import SqlServerAddress
from fieldhouse.warehouse import Counts, migrations, sqlfiles
from fieldhouse.warehouse.sqlserver_errors import translated
from fieldhouse.warehouse.sqlserver_load import Load
from fieldhouse.warehouse.sqlserver_select import require_select
from fieldhouse.warehouse.sqlserver_session import (
    ENGINE,
    Server,
    answer,
    call_text,
    execute,
    execute_text,
    quoted,
)

__all__ = ["SQLServerWarehouse"]

_ATTEMPTS = 6
_LEAST_LEVEL = 130
_LOCK_MILLISECONDS = 600_000
_BATCH_ROWS = 65_536
_APPLIED = """
IF OBJECT_ID(N'iot.usp_AppliedScripts', N'P') IS NOT NULL EXEC iot.usp_AppliedScripts
ELSE SELECT N'' AS ScriptName, N'' AS Checksum WHERE 1 = 0"""
_RECORD = "DECLARE @ScriptName NVARCHAR(200) = ?, @Checksum CHAR(64) = ?;\n"
_LOCK = """
DECLARE @granted INT;
EXEC @granted = sp_getapplock
    @Resource = ?, @LockMode = N'Exclusive', @LockOwner = N'Session', @LockTimeout = ?;
SELECT @granted AS Granted;"""
_UNLOCK = "EXEC sp_releaseapplock @Resource = ?, @LockOwner = N'Session';"

T = TypeVar("T")
logger = logging.getLogger(__name__)


class SQLServerWarehouse:
    """A warehouse in a SQL Server database; see ``Warehouse`` for what its methods promise."""

    def __init__(self, server: Server, *, bulk: bool, creates_or_alters: bool) -> None:
        """Take over ``server``; use ``open``."""
        self._server = server
        self._bulk = bulk
        self._creates_or_alters = creates_or_alters

    @classmethod
    def open(
        cls,
        url: str,
        password: str | None = None,
        *,
        read_only: bool = False,
        create: bool = False,
    ) -> "SQLServerWarehouse":
        """Connect to the database at ``url``; with ``create`` make it where it is missing.

        Raises WarehouseUnavailable for a server that does not answer, WarehouseUnusable for what
        it refuses.
        """
        server = Server(SqlServerAddress.parse(url), password, read_only=read_only)
        if create:
            _create_database(server)
        with server.connected() as connection:
            genuine = not _is_babelfish(connection)
            if genuine:
                _require_level(connection, server.where)
            migrations.check(ENGINE, _applied(connection), where=server.where)
        return cls(server, bulk=genuine, creates_or_alters=genuine)

    def migrate(self) -> Sequence[str]:
        """Bring the schema up to this version, in one transaction; the others wait meanwhile."""
        with self._server.connected() as connection:
            applied = _applied(connection)
        if not migrations.pending(ENGINE, applied):
            return []
        self._require_writable()
        return self._attempt(self._migrate)

    def load(self, batches: Sequence[Batch]) -> Mapping[int, Counts]:
        """Write the batches in one transaction, tried again as a whole where the server asks."""
        self._require_writable()
        if not batches:
            return {}
        load = Load(batches, bulk=self._bulk)
        try:
            return self._attempt(lambda: self._send(load))
        finally:
            self._bulk = load.bulk

    def query(self, name: str, /, **parameters: Any) -> pa.Table:
        """Answer the procedure of a name; a parameter not given has its default."""
        return self._attempt(lambda: self._answer(name, parameters))

    def scan(self, name: str, /, **parameters: Any) -> pa.RecordBatchReader:
        """Answer as ``query`` does, batch by batch."""
        return self._stream(*call_text(name, parameters))

    def call(self, name: str, /, **parameters: Any) -> pa.Table:
        """Run the procedure of a name, one transaction; a table given to it goes as JSON."""
        self._require_writable()
        return self._attempt(lambda: self._answer(name, parameters))

    def execute(self, procedure: str, values: Sequence[Any] = (), /) -> pa.Table:
        """Execute any procedure of the database, its parameters by position; its first answer.

        ``procedure`` is a name, or a schema and a name: ``iot.usp_ProcessSensorReadings``.
        """
        statement = execute_text(procedure, len(values))
        self._require_writable()

        def work() -> pa.Table:
            with self._server.connected() as connection:
                return answer(connection, statement, list(values))

        return self._attempt(work)

    def stream(self, statement: str, /) -> pa.RecordBatchReader:
        """Answer one SELECT of a user's, in a transaction that is always rolled back."""
        require_select(statement)
        return self._stream(statement, [], author=statement)

    @contextmanager
    def lock(self, channel_id: int) -> Iterator[None]:
        """Hold the channel by an application lock of a session of its own."""
        resource = f"iot.plan:{channel_id}"
        with self._server.connected() as connection:
            connection.timeout = 0
            if not _locked(connection, resource):
                raise WarehouseLocked(f"channel {channel_id} is being read by another process")
            try:
                yield
            finally:
                _unlock(connection, resource)

    def close(self) -> None:
        """Connect no more; the driver closes what it keeps in its pool by itself."""
        self._server.close()

    def _require_writable(self) -> None:
        if self._server.read_only:
            raise WarehouseUnusable(f"{self._server.where}: opened read-only")

    def _attempt(self, work: Callable[[], T]) -> T:
        """Do a whole transaction, again where the server asks for it."""
        for attempt in stamina.retry_context(
            on=WarehouseUnavailable, attempts=_ATTEMPTS, timeout=120, wait_initial=0.2, wait_max=10
        ):
            with attempt:
                return work()
        raise AssertionError("unreachable")

    def _answer(self, name: str, parameters: Mapping[str, Any]) -> pa.Table:
        statement, values = call_text(name, parameters)
        with self._server.connected() as connection:
            return answer(connection, statement, values)

    def _send(self, load: Load) -> Mapping[int, Counts]:
        with self._server.connected() as connection:
            return load.send(connection)

    def _stream(
        self, statement: str, values: Sequence[Any], *, author: str | None = None
    ) -> pa.RecordBatchReader:
        stack = ExitStack()
        try:
            connection = stack.enter_context(
                self._server.connected(statement=author, autocommit=False)
            )
            cursor, is_there = execute(connection, statement, values)
            if not is_there:
                stack.close()
                return pa.RecordBatchReader.from_batches(pa.schema([]), [])
            schema = cursor.arrow_batch(0).schema
        except BaseException as error:
            stack.__exit__(type(error), error, error.__traceback__)
            raise
        batches = self._read(stack, cursor, author)
        return pa.RecordBatchReader.from_batches(schema, batches)

    def _read(self, stack: ExitStack, cursor: Any, author: str | None) -> Iterator[pa.RecordBatch]:
        with stack, translated(self._server.where, statement=author):
            while (batch := cursor.arrow_batch(_BATCH_ROWS)).num_rows:
                yield batch
            while cursor.nextset():  # what went wrong after some rows is told only here
                pass

    def _migrate(self) -> Sequence[str]:
        with self._server.connected(autocommit=False) as connection:
            connection.timeout = 0
            if not _locked(connection, "iot.migrate"):
                raise WarehouseLocked(f"{self._server.where} is being migrated by another process")
            try:
                _run(connection, sqlfiles.text(ENGINE, "migrate", "ledger"))
                applied = _applied(connection)
                migrations.check(ENGINE, applied, where=self._server.where)
                scripts = migrations.pending(ENGINE, applied)
                _set_options(connection, self._server.address)
                for script in scripts:
                    self._apply(connection, script)
                connection.commit()
            finally:
                connection.rollback()
                _unlock(connection, "iot.migrate")
        return [script.name for script in scripts]

    def _apply(self, connection: Connection, script: migrations.Script) -> None:
        for batch in sqlfiles.batches(script.text):
            _run(connection, batch if self._creates_or_alters else _as_create(connection, batch))
        record = sqlfiles.text(ENGINE, "migrate", "record_script")
        answer(connection, _RECORD + record, (script.name, script.checksum))


def _locked(connection: Connection, resource: str) -> bool:
    """Wait for an application lock; whether it was granted to this session."""
    granted = answer(connection, _LOCK, (resource, _LOCK_MILLISECONDS))
    return bool(granted["Granted"][0].as_py() >= 0)


def _unlock(connection: Connection, resource: str) -> None:
    try:
        answer(connection, _UNLOCK, (resource,))
    except (mssql_python.Error, RuntimeError):  # a lost session holds nothing any more
        logger.debug("The lock %s went with its session", resource)


def _run(connection: Connection, batch: str) -> None:
    answer(connection, batch)


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
            _run(connection, f"DROP {kind} IF EXISTS {name}")
            return batch.replace(prefix, f"CREATE {kind} ", 1)
    return batch


def _create_database(server: Server) -> None:
    """Make the database where it is missing; others who would make it at the same time wait."""
    name = server.address.database
    resource = f"iot.create:{name.lower()}"
    with server.connected(database="master") as connection:
        connection.timeout = 0
        if not _locked(connection, resource):
            raise WarehouseLocked(f"{server.where} is being created by another process")
        try:
            held = answer(connection, "SELECT DB_ID(?) AS Held", (name,))
            if held["Held"][0].as_py() is None:
                answer(connection, f"CREATE DATABASE {quoted(name)}")
                _set_up(connection, name)
        finally:
            _unlock(connection, resource)


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
