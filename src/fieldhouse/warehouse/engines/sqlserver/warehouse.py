"""The warehouse on Microsoft SQL Server (2019 and later) or Azure SQL, in T-SQL procedures.

Every question and every write is a procedure in schema ``iot``, so that a login needs no right but
to execute. What the server asks to be tried again (a deadlock's victim, a fail-over, throttling, a
lost connection) is tried again as a whole transaction.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import pyarrow as pa
import stamina

from fieldhouse.errors import (
    ConfigurationError,
    WarehouseError,
    WarehouseUnavailable,
    WarehouseUnusable,
)
from fieldhouse.readings import Batch
from fieldhouse.retries import told_by_us
from fieldhouse.settings.sqlserver import SqlServerAddress
from fieldhouse.warehouse import Counts, questions
from fieldhouse.warehouse.engines.sqlserver import schema
from fieldhouse.warehouse.engines.sqlserver.errors import DRIVER_ERRORS, told, translated
from fieldhouse.warehouse.engines.sqlserver.load import Load
from fieldhouse.warehouse.engines.sqlserver.replacing import Replacement
from fieldhouse.warehouse.engines.sqlserver.select import require_select
from fieldhouse.warehouse.engines.sqlserver.session import (
    Server,
    answer,
    call_text,
    execute,
    execute_text,
    is_ours,
    locked,
)
from fieldhouse.warehouse.kept import KEPT, Part
from fieldhouse.warehouse.limits import NO_LIMITS, Limits
from fieldhouse.warehouse.registry import Opening

__all__ = ["SQLServerWarehouse"]

_BATCH_ROWS = 65_536
T = TypeVar("T")

logger = logging.getLogger(__name__)

_ATTEMPTS = 6
_PATIENCE = 120.0
"""Seconds that a transaction may be tried again in."""


class SQLServerWarehouse:
    """A warehouse in a SQL Server database; see ``Warehouse`` for what its methods promise."""

    def __init__(self, server: Server, *, bulk: bool) -> None:
        """Take over ``server``; use ``open``. ``bulk``: whether bulk copy is to be trusted."""
        self._server = server
        self._bulk, self._is_babelfish = bulk, not bulk

    @classmethod
    def open(cls, opening: Opening) -> "SQLServerWarehouse":
        """Connect to the database of a URL; with ``create`` make it where it is missing.

        Raises WarehouseUnavailable for a server that does not answer, WarehouseUnusable for what
        it refuses.
        """
        address = SqlServerAddress.parse(opening.url)
        if address.username and not address.authentication and not opening.password:
            raise ConfigurationError(
                f"{address.server}: {address.username} needs a password: set DB_PASSWORD, or pass"
                " password= from Python"
            )
        server = Server(address, opening.password, read_only=opening.read_only)
        if opening.create:
            schema.create_database(server)
        return cls(server, bulk=schema.check(server))

    def migrate(self) -> Sequence[str]:
        """Bring the schema up to this version, in one transaction; the others wait meanwhile."""
        if schema.is_current(self._server):
            return []
        self._require_writable()
        return self._attempt(lambda: schema.migrate(self._server))

    def advice(self) -> Sequence[str]:
        """What could be set better in the database or on the server; none if all is well."""
        return self._attempt(lambda: schema.advice(self._server))

    def load(self, batches: Sequence[Batch]) -> Mapping[int, Counts]:
        """Write the batches in one transaction, tried again as a whole where the server asks."""
        self._require_writable()
        if not batches:
            return {}
        load = Load(batches, bulk=self._bulk)
        try:
            return self._attempt(lambda: self._send(load))
        finally:
            self._bulk = self._bulk and load.bulk

    def query(self, name: str, limits: Limits = NO_LIMITS, /, **parameters: Any) -> pa.Table:
        """Answer the procedure of a name."""
        question = questions.query(name).only(limits.columns)
        given = question.bound(parameters)
        with limits.kept(self._server.where):
            return question.shaped(self._attempt(lambda: self._answer(name, given, limits), limits))

    def scan(
        self, name: str, limits: Limits = NO_LIMITS, /, **parameters: Any
    ) -> pa.RecordBatchReader:
        """Answer as ``query`` does, batch by batch."""
        question = questions.query(name).only(limits.columns)
        found = self._stream(*call_text(name, question.bound(parameters)), limits)
        return question.shaped_batches(found.schema, found)

    def call(self, name: str, /, **parameters: Any) -> pa.Table:
        """Run the procedure of a name, one transaction; a table given to it goes as JSON."""
        question = questions.call(name)
        given = question.bound(parameters)
        self._require_writable()
        return question.shaped(self._attempt(lambda: self._answer(name, given, NO_LIMITS)))

    def execute(self, procedure: str, values: Sequence[Any] = (), /) -> pa.Table:
        """Execute any procedure of the database, its parameters by position; its first answer.

        ``procedure`` is a name, or a schema and a name: ``iot.usp_ProcessSensorReadings``. One that
        did not come with the schema is called in a transaction, and again only where that was
        rolled back for sure; one that commits its caller's transaction breaks this promise.
        Raises WarehouseError if its end is not known.
        """
        statement = execute_text(procedure, len(values))
        self._require_writable()
        work = self._execute if is_ours(procedure) else self._execute_in_transaction
        return self._attempt(lambda: work(statement, values))

    def sql(self, statement: str, parameters: Sequence[Any] = (), /) -> pa.Table:
        """Answer one SELECT of a user's whole."""
        return self.stream(statement, parameters=parameters).read_all()

    def stream(
        self, statement: str, limits: Limits = NO_LIMITS, /, *, parameters: Sequence[Any] = ()
    ) -> pa.RecordBatchReader:
        """Answer one SELECT of a user's, in a transaction that is always rolled back."""
        require_select(statement)
        return self._stream(statement, parameters, limits, author=statement)

    def replace(self, table: str, part: Part, rows: pa.Table, /) -> None:
        """Replace a part of a kept table, in one transaction; it needs the rights of an owner."""
        self._require_writable()
        replacement = Replacement(KEPT[table], part, rows, unescapes=self._is_babelfish)

        def sent() -> None:
            with self._server.connected(autocommit=False) as connection:
                replacement.send(connection)

        self._attempt(sent)

    @contextmanager
    def lock(self, channel_id: int, wait: float | None = None) -> Iterator[None]:
        """Hold the channel by an application lock of a session of its own."""
        held = ExitStack()
        held.enter_context(self._held(channel_id, wait))
        try:
            yield
        finally:
            held.close()  # without the error that ends it: that is the caller's, not the server's

    @contextmanager
    def _held(self, channel_id: int, wait: float | None) -> Iterator[None]:
        refusal = f"channel {channel_id} is being read by another process"
        with (
            self._server.connected() as connection,
            locked(connection, f"iot.plan:{channel_id}", refusal, wait),
        ):
            yield

    def __enter__(self) -> "SQLServerWarehouse":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Connect no more; the driver closes what it keeps in its pool by itself."""
        self._server.close()

    def _require_writable(self) -> None:
        if self._server.read_only:
            raise WarehouseUnusable(f"{self._server.where}: opened read-only")

    def _attempt(self, work: Callable[[], T], limits: Limits = NO_LIMITS) -> T:
        """Do a whole transaction, again where the server asks for it."""
        patience = min(_PATIENCE, limits.left)
        again = stamina.RetryingCaller(
            attempts=_ATTEMPTS, timeout=patience, wait_initial=0.2, wait_max=min(10.0, patience)
        )
        failed = 0

        def attempted() -> T:
            nonlocal failed
            try:
                return work()
            except WarehouseUnavailable as error:
                failed += 1
                logger.warning("Attempt %d of %d: %s", failed, _ATTEMPTS, error)
                raise

        with told_by_us():
            return again(WarehouseUnavailable, attempted)

    def _answer(self, name: str, parameters: Mapping[str, Any], limits: Limits) -> pa.Table:
        return self._execute(*call_text(name, parameters), limits)

    def _execute(
        self, statement: str, values: Sequence[Any], limits: Limits = NO_LIMITS
    ) -> pa.Table:
        with self._server.connected(limits=limits) as connection:
            return answer(connection, statement, values, rows=limits.rows)

    def _execute_in_transaction(self, statement: str, values: Sequence[Any]) -> pa.Table:
        with self._server.connected(autocommit=False) as connection:
            table = answer(connection, statement, values)
            try:
                connection.commit()
            except DRIVER_ERRORS as error:  # before this, a lost connection is a rollback
                raise WarehouseError(
                    f"{told(self._server.where, str(error))}; whether it was committed is unknown,"
                    " so it is not called again"
                ) from None
            return table

    def _send(self, load: Load) -> Mapping[int, Counts]:
        with self._server.connected() as connection:
            return load.send(connection)

    def _stream(
        self,
        statement: str,
        values: Sequence[Any],
        limits: Limits = NO_LIMITS,
        *,
        author: str | None = None,
    ) -> pa.RecordBatchReader:
        stack = ExitStack()
        try:
            stack.enter_context(limits.kept(self._server.where))
            connection = stack.enter_context(
                self._server.connected(statement=author, autocommit=False, limits=limits)
            )
            cursor, is_there = execute(connection, statement, values)
            if not is_there:
                stack.close()
                return pa.RecordBatchReader.from_batches(pa.schema([]), [])
            schema = cursor.arrow_batch(0).schema
        except BaseException as error:
            stack.__exit__(type(error), error, error.__traceback__)
            raise
        batches = limits.first(self._read(stack, cursor, author), self._server.where)
        return pa.RecordBatchReader.from_batches(schema, batches)

    def _read(self, stack: ExitStack, cursor: Any, author: str | None) -> Iterator[pa.RecordBatch]:
        with stack, translated(self._server.where, statement=author):
            while (batch := cursor.arrow_batch(_BATCH_ROWS)).num_rows:
                yield batch
            while cursor.nextset():  # what went wrong after some rows is told only here
                pass
