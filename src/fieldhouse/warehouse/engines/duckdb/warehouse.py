"""The embedded warehouse: one DuckDB file, one process, many threads.

DuckDB lets one process hold a file. Within it, every read has a cursor of its own and sees the last
commit; writes take turns. External access is off, so that no statement, not even a user's own
SELECT, reads or writes another file; ``stream`` moreover runs in a read-only transaction.
"""

import re
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from fieldhouse import interrupts
from fieldhouse.errors import ConfigurationError, WarehouseLocked
from fieldhouse.readings import Batch
from fieldhouse.warehouse import Counts, migrations, questions, sqlfiles
from fieldhouse.warehouse.engines.duckdb import files, replacing
from fieldhouse.warehouse.engines.duckdb.errors import ONLY_READS, translated
from fieldhouse.warehouse.engines.duckdb.waiting import when_free
from fieldhouse.warehouse.engines.duckdb.watching import Watch
from fieldhouse.warehouse.kept import KEPT, Part
from fieldhouse.warehouse.limits import NO_LIMITS, Limits
from fieldhouse.warehouse.owner import file_of
from fieldhouse.warehouse.registry import Opening

__all__ = ["DuckDBWarehouse"]

_ENGINE = "duckdb"
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    # What is not checkpointed is kept in memory: a long backfill must not keep all of itself there.
    "checkpoint_threshold": "16MB",
    # DuckDB keeps what it has read or written of the file in memory, up to this; more is spilled.
    "memory_limit": "1GB",
}
_UTC = "SET GLOBAL TimeZone = 'UTC'"
"""now() and what is made of it do not depend on where the host stands."""
_READS = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
_BATCH_ROWS = 65_536
_CONDITION = re.compile(r"\s*-- if (.+)\n")
_MORE = "More"
"""The last column of an answer that ends a call, or a turn of it."""

Cursor = duckdb.DuckDBPyConnection


class _Turns:
    """A lock that whoever waits for it gets before whoever gives it back gets it again."""

    def __init__(self) -> None:
        self._door, self._held = threading.Lock(), threading.Lock()

    def __enter__(self) -> None:
        with self._door:
            self._held.acquire()

    def __exit__(self, *_: object) -> None:
        self._held.release()


_locks: dict[tuple[str, int], threading.RLock] = {}
_turns: dict[str, _Turns] = {}
_locks_change = threading.Lock()


def _lock_of(file: str, channel_id: int) -> threading.RLock:
    """A channel's lock; one for however often a file is open."""
    with _locks_change:
        return _locks.setdefault((file, channel_id), threading.RLock())


def _turns_of(file: str) -> _Turns:
    """The lock of all writing; one for however often a file is open."""
    with _locks_change:
        return _turns.setdefault(file, _Turns())


class DuckDBWarehouse:
    """A warehouse in a DuckDB file; see ``Warehouse`` for what its methods promise."""

    def __init__(self, path: str, connection: Cursor) -> None:
        """Take over ``connection``; use ``open``."""
        self._path = path
        self._connection = connection
        self._file = str(Path(path).resolve())
        self._writing = _turns_of(self._file)
        self._closed = False
        self._watch = Watch()

    @classmethod
    def open(cls, opening: Opening) -> Any:
        """Open or create the file, waiting for another process's as long as is asked.

        What another process serves is opened through that one, where ``opening`` knows how.
        Raises WarehouseLocked, and WarehouseUnusable for what it is.
        """
        path = file_of(opening.url) or ":memory:"
        files.require_warehouse(path)
        opened = partial(cls._open, path, read_only=opening.read_only)
        wait, observe = opening.wait, opening.observe
        return when_free(opened, path, wait=wait, observe=observe, elsewhere=opening.elsewhere)

    @classmethod
    def _open(cls, path: str, *, read_only: bool) -> "DuckDBWarehouse":
        with translated(path):
            connection = duckdb.connect(path, read_only=read_only, config=_CONFIG)
            warehouse = cls(path, connection)
            try:
                warehouse._connection.execute(_UTC)
                # of what is asked whole; what is long is scanned
                warnings.filterwarnings("ignore", "Arrow output on a DB-API result")
                migrations.check(_ENGINE, warehouse._applied(), where=path)
            except BaseException:
                warehouse.close()
                raise
        return warehouse

    def migrate(self) -> Sequence[str]:
        """Bring the schema up to this version, in one transaction."""
        with self._transaction() as cursor:
            _run(cursor, "migrate", "ledger", {})
            applied = self._applied(cursor)
            migrations.check(_ENGINE, applied, where=self._path)
            scripts = migrations.pending(_ENGINE, applied)
            for script in scripts:
                cursor.execute(script.text).fetchall()
            if scripts:  # at once: each alone takes longer than most of the scripts
                names, sums = [s.name for s in scripts], [s.checksum for s in scripts]
                _rows(cursor, "migrate", "record_script", {"names": names, "checksums": sums})
        return [script.name for script in scripts]

    def advice(self) -> Sequence[str]:
        """Nothing: a file has no surroundings of its own."""
        return []

    def load(self, batches: Sequence[Batch]) -> Mapping[int, Counts]:
        """Write the batches in one transaction."""
        from fieldhouse.warehouse.engines.duckdb.load import load  # who only asks needs none of it

        with self._transaction() as cursor:
            return load(_LoadSession(cursor), batches)

    def query(self, name: str, limits: Limits = NO_LIMITS, /, **parameters: Any) -> pa.Table:
        """Answer ``queries/<name>.sql``."""
        if limits.rows is not None or limits.columns:  # a reader stops where enough is read
            return self.scan(name, limits, **parameters).read_all()
        question = questions.query(name)
        given = question.bound(parameters)
        with translated(self._path), self._cursor() as cursor, self._asked(cursor, limits):
            return question.shaped(_run(cursor, "queries", name, given))

    def scan(
        self, name: str, limits: Limits = NO_LIMITS, /, **parameters: Any
    ) -> pa.RecordBatchReader:
        """Answer ``queries/<name>.sql`` batch by batch; it is one statement."""
        question = questions.query(name).only(limits.columns)
        given = question.bound(parameters)
        with translated(self._path):
            cursor = self._connection.cursor()
        with self._asked(cursor, limits):
            ((statement, values),) = _bound(cursor, "queries", name, given)
            answer = cursor.sql(statement, params=values)
            if limits.columns:
                answer = answer.select(*limits.columns)
            reader = answer.to_arrow_reader(_BATCH_ROWS)
        return question.shaped_batches(reader.schema, self._read(cursor, reader, limits))

    def call(self, name: str, /, **parameters: Any) -> pa.Table:
        """Run ``calls/<name>.sql`` in one transaction.

        An answer with a column ``More`` ends a turn: while it is true the file is run again, in a
        transaction of its own, before which others may write. What the file keeps in variables and
        temporary tables it finds again.
        """
        question = questions.call(name)
        given = question.bound(parameters)
        with translated(self._path), self._cursor() as cursor:
            more = True
            while more:
                with self._writing_with(cursor):
                    answer = _run(cursor, "calls", name, given)
                more = _MORE in answer.column_names and answer[_MORE][0].as_py()
        return question.shaped(
            answer.drop_columns([_MORE]) if _MORE in answer.column_names else answer
        )

    def sql(self, statement: str, parameters: Sequence[Any] = (), /) -> pa.Table:
        """Answer one SELECT of a user's whole."""
        return self.stream(statement, parameters=parameters).read_all()

    def stream(
        self, statement: str, limits: Limits = NO_LIMITS, /, *, parameters: Sequence[Any] = ()
    ) -> pa.RecordBatchReader:
        """Answer one SELECT of a user's, in a read-only transaction. Raises ConfigurationError."""
        with translated(self._path):
            cursor = self._connection.cursor()
        with self._asked(cursor, limits, statement):
            parsed = cursor.extract_statements(statement)
            if len(parsed) != 1 or parsed[0].type not in _READS:
                raise ConfigurationError(ONLY_READS)
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            given = list(parameters) or None
            reader = cursor.sql(parsed[0], params=given).to_arrow_reader(_BATCH_ROWS)
        batches = self._read(cursor, reader, limits, statement)
        return pa.RecordBatchReader.from_batches(reader.schema, batches)

    def replace(self, table: str, part: Part, rows: pa.Table, /) -> None:
        """Replace a part of a kept table, in one transaction."""
        with self._transaction() as cursor:
            replacing.replace(cursor, KEPT[table], part, rows)

    @contextmanager
    def lock(self, channel_id: int, wait: float | None = None) -> Iterator[None]:
        """Hold the channel; DuckDB's process holds the file, so a lock in memory is enough."""
        held = _lock_of(self._file, channel_id)
        if not held.acquire(timeout=-1 if wait is None else wait):
            raise WarehouseLocked(f"channel {channel_id} is being read or written by another job")
        try:
            yield
        finally:
            held.release()

    def __enter__(self) -> "DuckDBWarehouse":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write all into the file and let go of it."""
        with self._writing:
            if not self._closed:
                self._closed = True
                with translated(self._path):
                    self._connection.close()

    def _applied(self, cursor: Cursor | None = None) -> dict[str, str]:
        """What the ledger holds; nothing if there is none yet."""
        try:
            rows = _run(cursor or self._connection, "migrate", "applied_scripts", {}).to_pylist()
        except duckdb.CatalogException:
            return {}
        return {row["ScriptName"]: row["Checksum"] for row in rows}

    @contextmanager
    def _cursor(self) -> Iterator[Cursor]:
        cursor = self._connection.cursor()
        try:
            yield cursor
        finally:
            with suppress(duckdb.Error):
                cursor.close()

    @contextmanager
    def _transaction(self) -> Iterator[Cursor]:
        with translated(self._path), self._cursor() as cursor, self._writing_with(cursor):
            yield cursor

    @contextmanager
    def _writing_with(self, cursor: Cursor) -> Iterator[None]:
        with self._writing, interrupts.cancelled_by(cursor.interrupt):
            cursor.begin()
            try:
                yield
                cursor.commit()
            except BaseException:
                with suppress(duckdb.Error):  # the first error is the one to tell
                    cursor.rollback()
                raise

    def _read(
        self,
        cursor: Cursor,
        reader: pa.RecordBatchReader,
        limits: Limits,
        statement: str | None = None,
    ) -> Iterator[pa.RecordBatch]:
        try:
            with self._asked(cursor, limits, statement):
                yield from limits.first(reader, self._path)
        finally:
            with suppress(duckdb.Error):
                cursor.close()

    @contextmanager
    def _asked(
        self, cursor: Cursor, limits: Limits, statement: str | None = None
    ) -> Iterator[None]:
        """Ask something; errors are ours, and what takes longer than it may is given up."""
        with (
            limits.kept(self._path),
            translated(self._path, statement=statement),
            self._watch.over(cursor, limits),
            interrupts.cancelled_by(cursor.interrupt),
        ):
            yield


class _LoadSession:
    """A cursor within a transaction, for ``load``."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def run(self, name: str, /, **parameters: Any) -> list[Any]:
        return _rows(self._cursor, "load", name, parameters)

    def ask(self, name: str, /, **parameters: Any) -> pa.Table:
        return _run(self._cursor, "load", name, parameters)

    def register(self, name: str, table: pa.Table) -> None:
        self._cursor.register(name, table)

    def unregister(self, name: str) -> None:
        self._cursor.unregister(name)


def _run(cursor: Cursor, folder: str, name: str, parameters: Mapping[str, Any]) -> pa.Table:
    """Run a file's statements; the answer of the last one."""
    tables = {key: value for key, value in parameters.items() if isinstance(value, pa.Table)}
    for key, table in tables.items():
        cursor.register(key, table)
    scalars = {key: value for key, value in parameters.items() if key not in tables}
    *others, (last, given) = _bound(cursor, folder, name, scalars)
    for statement, values in others:
        if not _is_wanted(cursor, statement):
            continue
        rows = cursor.execute(statement, values).fetchall()
        if rows and cursor.description and cursor.description[-1][0] == _MORE:
            names = [column[0] for column in cursor.description]
            return pa.Table.from_pylist([dict(zip(names, rows[0], strict=True))])
    if last.type is duckdb.StatementType.SELECT:  # planned once: a relation is planned twice
        answer: pa.Table = cursor.execute(last, given).to_arrow_table()
        return answer
    made = cursor.sql(last, params=given)
    return pa.table({}) if made is None else made.to_arrow_table()


def _is_wanted(cursor: Cursor, statement: duckdb.Statement) -> bool:
    """Whether to run a statement: not if a line ``-- if <expression>`` before it is not true."""
    condition = _CONDITION.match(statement.query)
    return condition is None or bool(cursor.execute(f"SELECT {condition[1]}").fetchall()[0][0])


def _rows(cursor: Cursor, folder: str, name: str, parameters: Mapping[str, Any]) -> list[Any]:
    """Run a file's statements; the rows of the last one, which for a few is quicker than Arrow."""
    rows: list[Any] = []
    for statement, values in _bound(cursor, folder, name, parameters):
        rows = cursor.execute(statement, values).fetchall()
    return rows


def _bound(
    cursor: Cursor, folder: str, name: str, parameters: Mapping[str, Any]
) -> list[tuple[duckdb.Statement, dict[str, Any] | None]]:
    """A file's statements, each with those of the parameters that it names."""
    return [
        (statement, {key: parameters[key] for key in statement.named_parameters} or None)
        for statement in _parsed(cursor, folder, name)
    ]


def _parsed(cursor: Cursor, folder: str, name: str) -> list[duckdb.Statement]:
    """A file's statements, parsed once; ``cursor`` lends its parser."""
    if (folder, name) not in _statements:
        text = sqlfiles.text(_ENGINE, folder, name)
        _statements[folder, name] = cursor.extract_statements(text)
    return _statements[folder, name]


_statements: dict[tuple[str, str], list[duckdb.Statement]] = {}
