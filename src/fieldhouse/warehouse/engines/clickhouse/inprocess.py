"""The engine in this process (chdb): a folder of its own, one process at a time."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import chdb
import pyarrow as pa

from fieldhouse.errors import (
    ConfigurationError,
    WarehouseError,
    WarehouseLocked,
    WarehouseUnusable,
)
from fieldhouse.warehouse.engines.clickhouse.binding import Bound
from fieldhouse.warehouse.engines.clickhouse.transport import INSERTS, SETTINGS, Answer, stream_of

__all__ = ["InProcess"]

_open: dict[str, int] = {}
"""How often each folder is open in this process; the engine has one at a time."""
_changing = threading.Lock()


class InProcess:
    """Handles of one folder: one for each statement that runs at the same time."""

    is_exclusive = True

    def __init__(self, folder: str) -> None:
        self.where = folder
        self._folder = str(Path(folder).resolve())  # the engine compares paths literally
        self._idle: dict[bool, list[Any]] = {False: [], True: []}
        self._lock = threading.Lock()
        self._closed = False
        with _changing:
            if others := [each for each in _open if each != self._folder]:
                raise ConfigurationError(
                    f"{folder}: this process has chdb:///{others[0].lstrip('/')} open, and the"
                    " engine in process has one folder at a time: close that first"
                )
            self._idle[False].append(self._connected(guarded=False))
            _open[self._folder] = _open.get(self._folder, 0) + 1

    def ask(self, statement: str, parameters: Bound, *, guarded: bool = False) -> pa.Table:
        with self._handle(guarded) as handle:
            answer = handle.query(statement, "ArrowStream", params=parameters or None)
            held = answer.bytes()
        return pa.ipc.open_stream(held).read_all() if held else pa.table({})

    def stream(self, statement: str, parameters: Bound, *, guarded: bool = False) -> Answer:
        handle = self._take(guarded)
        try:
            answer = handle.send_query(statement, "Arrow", params=parameters or None)
            reader = answer.record_batch()
        except BaseException:  # what is left of a stream must not meet the next one
            handle.close()
            raise
        if not reader.schema.names:  # an answer without rows comes without its columns
            answer.close()
            self._give(handle, guarded)
            empty = self.ask(statement, parameters, guarded=guarded)
            return Answer(empty.schema, (batch for batch in empty.to_batches()))
        return Answer(reader.schema, self._read(handle, answer, reader, guarded))

    def do(self, statement: str, parameters: Bound) -> None:
        with self._handle(guarded=False) as handle:
            handle.query(statement, "Null", params=parameters or None)

    def insert(self, table: str, rows: pa.Table, settings: Mapping[str, str]) -> None:
        said = ", ".join(f"{name} = '{value}'" for name, value in {**INSERTS, **settings}.items())
        into = f"INSERT INTO {table} ({', '.join(rows.column_names)}) SETTINGS {said}"
        with self._handle(guarded=False) as handle, handle.send_insert(into, "ArrowStream") as put:
            put.append(stream_of(rows))
            put.finish()

    def close(self) -> None:
        with _changing, self._lock:
            if self._closed:
                return
            self._closed = True
            for handle in (handle for idle in self._idle.values() for handle in idle):
                handle.close()
            self._idle = {False: [], True: []}
            _open[self._folder] -= 1
            if not _open[self._folder]:
                del _open[self._folder]

    def _connected(self, *, guarded: bool) -> Any:
        try:
            handle = chdb.connect(self._folder)  # type: ignore[no-untyped-call]
        except RuntimeError as error:  # which says no more than that it could not
            raise self._refused() from error
        asked = {**SETTINGS, "readonly": "1"} if guarded else SETTINGS
        handle.query("SET " + ", ".join(f"{name} = '{value}'" for name, value in asked.items()))
        return handle

    def _refused(self) -> WarehouseError:
        if (Path(self._folder) / "status").exists():
            holder = "another process"
            line = f"{self.where} is in use by {holder}; wait for it or end it"
            return WarehouseLocked(line, holder)
        return WarehouseUnusable(
            f"{self.where}: cannot be opened: check the permissions of the folder, and its disk"
        )

    def _take(self, guarded: bool) -> Any:
        with self._lock:
            if self._closed:
                raise ConfigurationError(f"{self.where}: closed: open it again")
            if self._idle[guarded]:
                return self._idle[guarded].pop()
        return self._connected(guarded=guarded)

    def _give(self, handle: Any, guarded: bool) -> None:
        with self._lock:
            if not self._closed:
                self._idle[guarded].append(handle)
                return
        handle.close()

    @contextmanager
    def _handle(self, guarded: bool) -> Iterator[Any]:
        handle = self._take(guarded)
        try:
            yield handle
        except BaseException:  # what a failed statement has written stands before the next answer
            handle.close()
            raise
        self._give(handle, guarded)

    def _read(
        self, handle: Any, answer: Any, reader: Any, guarded: bool
    ) -> Iterator[pa.RecordBatch]:
        try:
            yield from reader
        except BaseException:
            with suppress(Exception):
                answer.close()
            handle.close()
            raise
        self._give(handle, guarded)
