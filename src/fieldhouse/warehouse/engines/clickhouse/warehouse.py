"""A warehouse in ClickHouse: a server, a cluster, or the engine in process."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa

from fieldhouse import events
from fieldhouse.errors import ConfigurationError, WarehouseLocked, WarehouseUnusable
from fieldhouse.readings import Batch
from fieldhouse.settings.clickhouse import ClickHouseAddress
from fieldhouse.warehouse import Counts, migrations, questions
from fieldhouse.warehouse.engines.clickhouse import load as loading
from fieldhouse.warehouse.engines.clickhouse import replacing, schema
from fieldhouse.warehouse.engines.clickhouse.alone import ALONE
from fieldhouse.warehouse.engines.clickhouse.binding import Bound, bound
from fieldhouse.warehouse.engines.clickhouse.calls import HANDS
from fieldhouse.warehouse.engines.clickhouse.errors import translated
from fieldhouse.warehouse.engines.clickhouse.locks import lock_of
from fieldhouse.warehouse.engines.clickhouse.script import MORE, Script
from fieldhouse.warehouse.engines.clickhouse.select import guarded
from fieldhouse.warehouse.engines.clickhouse.session import ENGINE, Session, naive
from fieldhouse.warehouse.engines.clickhouse.transport import Transport
from fieldhouse.warehouse.engines.clickhouse.waiting import marked, watched
from fieldhouse.warehouse.kept import Part
from fieldhouse.warehouse.limits import NO_LIMITS, Limits
from fieldhouse.warehouse.registry import Opening

__all__ = ["ClickHouseWarehouse"]

_LOOK = 0.1
"""Seconds between two tries to open a folder that another process holds."""
_writing: dict[str, threading.RLock] = {}
"""The lock of all writing from this process; one for however often a warehouse is open."""


class ClickHouseWarehouse:
    """See ``Warehouse`` for what its methods promise."""

    def __init__(self, address: ClickHouseAddress, transport: Transport) -> None:
        """Take over ``transport``; use ``open``."""
        self._where = address.where
        self._transport = transport
        self._session = Session(transport, address.database, address.cluster)
        self._place = f"{address.where}?{address.database}"
        self._writing = _writing.setdefault(self._place, threading.RLock())

    @classmethod
    def open(cls, opening: Opening) -> "ClickHouseWarehouse":
        """Reach the server, or open the folder. The schema is not touched."""
        address = ClickHouseAddress.parse(opening.url)
        with translated(address.where):
            transport = _reached(address, opening)
        warehouse = cls(address, transport)
        try:
            held = schema.applied(warehouse._session)
            migrations.check(ENGINE, held, where=address.where)
        except BaseException:
            warehouse.close()
            raise
        return warehouse

    def migrate(self) -> Sequence[str]:
        """Bring the schema up to this version; every statement of it may be run again."""
        with translated(self._where), self._writing:
            return schema.migrate(self._session)

    def advice(self) -> Sequence[str]:
        """What could be set better on the server."""
        return []

    def load(self, batches: Sequence[Batch]) -> Mapping[int, Counts]:
        """Write the batches in one insert."""
        with translated(self._where), self._writing:
            return loading.load(self._session, batches)

    def query(self, name: str, limits: Limits = NO_LIMITS, /, **parameters: Any) -> pa.Table:
        """Answer ``queries/<name>.sql``."""
        if limits.rows is not None or limits.columns:
            return self.scan(name, limits, **parameters).read_all()
        question = questions.query(name)
        given = question.bound(parameters)
        (statement,) = self._session.statements("queries", name)
        text, mark = marked(statement, limits)
        with self._asked(limits, mark):
            return question.shaped(self._session.answer(text, given))

    def scan(
        self, name: str, limits: Limits = NO_LIMITS, /, **parameters: Any
    ) -> pa.RecordBatchReader:
        """Answer ``queries/<name>.sql`` batch by batch."""
        question = questions.query(name).only(limits.columns)
        given = question.bound(parameters)
        (statement,) = self._session.statements("queries", name)
        if limits.columns:
            names = ", ".join(limits.columns)  # which ``only`` has held to the declared ones
            statement = f"SELECT {names} FROM (\n{statement}\n)"  # noqa: S608
        reader = self._read(statement, bound(statement, given), limits)
        return question.shaped_batches(reader.schema, reader)

    def call(self, name: str, /, **parameters: Any) -> pa.Table:
        """Carry out ``calls/<name>.sql``: a turn at a time, others' writes between two of them."""
        question = questions.call(name)
        given = question.bound(parameters)
        with translated(self._where), self._alone(name):
            if name in HANDS:
                with self._writing:
                    return question.shaped(HANDS[name](self._session, given))
            return question.shaped(self._turns(name, given))

    def sql(self, statement: str, parameters: Sequence[Any] = (), /) -> pa.Table:
        """Answer one SELECT of a user's whole."""
        return self.stream(statement, parameters=parameters).read_all()

    def stream(
        self, statement: str, limits: Limits = NO_LIMITS, /, *, parameters: Sequence[Any] = ()
    ) -> pa.RecordBatchReader:
        """Answer one SELECT of a user's, read-only. Raises ConfigurationError."""
        with limits.kept(self._where), translated(self._where, statement=statement):
            asked, given = guarded(self._session, statement, parameters)
        return self._read(asked, given, limits, statement)

    def replace(self, table: str, part: Part, rows: pa.Table, /) -> None:
        """Replace a part of a kept table, in one insert; what was there goes before it."""
        with translated(self._where), self._writing:
            replacing.replace(self._session, table, part, rows)

    @contextmanager
    def lock(self, channel_id: int, wait: float | None = None) -> Iterator[None]:
        """Hold the channel."""
        with lock_of(self._place, channel_id).held(self._session, channel_id, wait):
            yield

    def __enter__(self) -> "ClickHouseWarehouse":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        with translated(self._where):
            self._transport.close()

    def _alone(self, name: str) -> AbstractContextManager[None]:
        """What a call of this name holds as long as it runs."""
        if name not in ALONE:
            return nullcontext()
        return lock_of(self._place, ALONE[name]).held(self._session, ALONE[name], None)

    def _turns(self, name: str, given: Mapping[str, Any]) -> pa.Table:
        script = Script(self._session, "calls", name, given)
        while True:
            with self._writing:
                answer = script.turn()
            if MORE not in answer.column_names:
                return answer
            if not answer[MORE][0].as_py():
                return answer.drop_columns([MORE])

    def _read(
        self, statement: str, given: Bound, limits: Limits, by_user: str | None = None
    ) -> pa.RecordBatchReader:
        text, mark = marked(statement, limits)
        guard = by_user is not None
        with self._asked(limits, mark, by_user):
            answer = self._transport.stream(text, given, guarded=guard)
        empty = naive(answer.schema.empty_table()).schema

        def batches() -> Iterator[pa.RecordBatch]:
            try:
                with self._asked(limits, mark, by_user):
                    for batch in limits.first(answer.batches, self._where):
                        yield from naive(pa.Table.from_batches([batch])).to_batches()
            finally:
                answer.batches.close()  # type: ignore[attr-defined]

        return pa.RecordBatchReader.from_batches(empty, batches())

    @contextmanager
    def _asked(
        self, limits: Limits, mark: str | None, statement: str | None = None
    ) -> Iterator[None]:
        """Ask something; errors are ours, and what takes longer than it may is given up."""
        with (
            limits.kept(self._where),
            translated(self._where, statement=statement),
            watched(mark, limits, self._kill),
        ):
            yield

    def _kill(self, mark: str) -> None:
        statement = "KILL QUERY WHERE startsWith(query, {mark:String}) ASYNC"
        self._transport.do(statement, bound(statement, {"mark": mark}))


def _reached(address: ClickHouseAddress, opening: Opening) -> Transport:
    """The server, or the folder, once the process that holds it has let go of it."""
    if address.folder is None:
        from fieldhouse.warehouse.engines.clickhouse.served import Served

        return Served(address, opening.password)
    if opening.read_only and not Path(address.folder).is_dir():
        raise WarehouseUnusable(f"{address.folder}: there is no such folder here")
    begun, told = time.monotonic(), False
    while True:
        try:
            return _in_process(address.folder)
        except WarehouseLocked as error:
            if time.monotonic() - begun >= opening.wait:
                raise
            if not told:
                line = f"waiting for {error.holder}, which holds {address.folder}"
                events.tell(opening.observe, events.WarehouseAwaited(line))
                told = True
        time.sleep(_LOOK)


def _in_process(folder: str) -> Transport:
    try:
        from fieldhouse.warehouse.engines.clickhouse.inprocess import InProcess
    except ModuleNotFoundError as error:
        if error.name != "chdb":
            raise
        raise ConfigurationError(
            "ClickHouse in process needs its engine: pip install chdb (Linux and macOS)"
        ) from None
    return InProcess(folder)
