"""A DuckDB file that another process owns, asked through that process."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from fieldhouse import events
from fieldhouse.errors import FieldhouseError, WarehouseUnusable
from fieldhouse.readings import Batch
from fieldhouse.state import Run
from fieldhouse.warehouse import Counts, Order, questions, wire
from fieldhouse.warehouse.engines.remote.connection import Answer, Connection
from fieldhouse.warehouse.kept import Part
from fieldhouse.warehouse.limits import NO_LIMITS, Limits
from fieldhouse.warehouse.owner import Note
from fieldhouse.warehouse.wire import Frame, Kind

__all__ = ["RemoteWarehouse"]

_LOOK = 0.5
"""Seconds between two looks whether a job is to be stopped; Ctrl-C is heard between them."""


class RemoteWarehouse:
    """A warehouse that another process owns; see ``Warehouse`` for what its methods promise.

    Each is one request; what the owner raises is raised here. Closing this closes nothing there.
    """

    def __init__(self, connection: Connection, *, ranges: str | None, read_only: bool) -> None:
        """Take over ``connection``; use ``open``."""
        self._connection, self._read_only = connection, read_only
        self.ranges = ranges
        self._held = threading.local()

    @classmethod
    def open(cls, note: Note, file: str, *, read_only: bool = False) -> "RemoteWarehouse | None":
        """The file through the process that left the note; None if that one does not answer.

        Raises WarehouseUnusable for a process of another version.
        """
        connection = Connection(note, file)
        try:
            welcome = connection.meet()
        except BaseException:
            connection.close()
            raise
        if welcome is None:
            connection.close()
            return None
        return cls(connection, ranges=welcome.ranges, read_only=read_only)

    def migrate(self) -> Sequence[str]:
        """Bring the schema up to this version; the owner is of the same."""
        self._require_writable()
        return self._connection.said("migrate", list[str])

    def advice(self) -> Sequence[str]:
        """What the owner has to say of its surroundings."""
        return self._connection.said("advice", list[str])

    def load(self, batches: Sequence[Batch]) -> Mapping[int, Counts]:
        """Write the batches in one transaction of the owner's."""
        self._require_writable()
        return self._connection.said("load", dict[int, Counts], wire.frames_of_batches(batches))

    def query(self, name: str, limits: Limits = NO_LIMITS, /, **parameters: Any) -> pa.Table:
        """Answer ``questions.QUERIES[name]``."""
        question = questions.query(name).only(limits.columns)
        frames = wire.question_frames(name, limits, question.bound(parameters))
        with limits.kept(self._connection.file):
            return self._table("query", frames, limits)

    def scan(
        self, name: str, limits: Limits = NO_LIMITS, /, **parameters: Any
    ) -> pa.RecordBatchReader:
        """Answer as ``query`` does, batch by batch, as the owner reads them."""
        question = questions.query(name).only(limits.columns)
        return self._reader(
            "scan", wire.question_frames(name, limits, question.bound(parameters)), limits
        )

    def call(self, name: str, /, **parameters: Any) -> pa.Table:
        """Have the owner carry out ``questions.CALLS[name]``."""
        frames = wire.question_frames(name, NO_LIMITS, questions.call(name).bound(parameters))
        self._require_writable()
        return self._table("call", frames, NO_LIMITS)

    def sql(self, statement: str, parameters: Sequence[Any] = (), /) -> pa.Table:
        """Answer one SELECT of a user's whole."""
        return self.stream(statement, parameters=parameters).read_all()

    def stream(
        self, statement: str, limits: Limits = NO_LIMITS, /, *, parameters: Sequence[Any] = ()
    ) -> pa.RecordBatchReader:
        """Answer one SELECT of a user's, batch by batch. Raises ConfigurationError."""
        given = {str(place): value for place, value in enumerate(parameters)}
        return self._reader("stream", wire.question_frames(statement, limits, given), limits)

    def replace(self, table: str, part: Part, rows: pa.Table, /) -> None:
        """Have the owner replace a part of a kept table."""
        self._require_writable()
        frames = [wire.json_frame((table, part)), wire.rows_frame(rows.schema, rows.to_batches())]
        self._connection.said("replace", bool, frames)

    @contextmanager
    def lock(self, channel_id: int, wait: float | None = None) -> Iterator[None]:
        """Hold the channel's lock of the owner, which it frees when this process ends.

        A thread that holds it may take it again.
        """
        held: set[int] = self._held.__dict__.setdefault("channels", set())
        if channel_id in held:
            yield
            return
        with self._connection.ask("lock", [wire.json_frame((channel_id, wait))]) as answer:
            next(answer)
            held.add(channel_id)
            try:
                yield
            finally:
                held.remove(channel_id)

    def carry_out(
        self, order: Order, observe: events.Observer | None, stop: threading.Event
    ) -> Sequence[Run] | None:
        """Have the owner do a turn over channels; None where that is not the owner's to do."""
        self._require_writable()
        with self._connection.ask("jobs", [wire.json_frame(order)]) as answer:
            number = wire.json_from(next(answer), int | None)  # type: ignore[arg-type]
            if number is None:
                return None
            runs: Future[list[Run]] = Future()
            reading = threading.Thread(
                target=_heard, args=(answer, observe, runs), name="job", daemon=True
            )
            reading.start()
            return self._awaited(runs, number, stop)

    def __enter__(self) -> "RemoteWarehouse":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the owner keeps the file."""
        self._connection.close()

    def _awaited(self, runs: Future[list[Run]], number: int, stop: threading.Event) -> list[Run]:
        """The runs, when they are there; the first Ctrl-C has the owner stop, and is awaited."""
        asked = False
        while True:
            try:
                return runs.result(timeout=_LOOK)
            except TimeoutError:
                if runs.done():
                    raise
            except KeyboardInterrupt:
                if stop.is_set():
                    raise
                stop.set()
            if stop.is_set() and not asked:
                asked = True
                self._connection.said("stop", bool, [wire.json_frame(number)])

    def _require_writable(self) -> None:
        self._connection.check_open()
        if self._read_only:
            raise WarehouseUnusable(f"{self._connection.file}: opened read-only")

    def _table(self, what: str, frames: Sequence[Frame], limits: Limits) -> pa.Table:
        with self._connection.ask(what, frames, limits) as answer:
            return pa.concat_tables([wire.rows_from(frame) for frame in answer])

    def _reader(self, what: str, frames: Sequence[Frame], limits: Limits) -> pa.RecordBatchReader:
        """What the owner reads, as it comes; let go of, it is given up."""
        file = self._connection.file
        with limits.kept(file):
            answer = self._connection.ask(what, frames, limits)
            schema = wire.rows_from(next(answer)).schema
        return pa.RecordBatchReader.from_batches(schema, _Batches(answer, limits, file))


class _Batches:
    """The record batches of an answer. An object, since a generator never begun closes nothing."""

    def __init__(self, answer: Answer, limits: Limits, file: str) -> None:
        self._answer, self._limits, self._file = answer, limits, file
        self._ready: list[pa.RecordBatch] = []

    def __iter__(self) -> "_Batches":
        return self

    def __next__(self) -> pa.RecordBatch:
        while not self._ready:
            with self._limits.kept(self._file):
                frame = next(self._answer, None)
            if frame is None:
                raise StopIteration
            self._ready = wire.rows_from(frame).to_batches()[::-1]
        return self._ready.pop()


def _heard(answer: Answer, observe: events.Observer | None, runs: "Future[list[Run]]") -> None:
    """Pass on what happens in a job, to its end."""
    try:
        for frame in answer:
            if frame.kind == Kind.JSON:
                runs.set_result(wire.json_from(frame, list[Run]))
                return
            if event := wire.event_from(frame):
                events.tell(observe, event)
        raise FieldhouseError("the job ended without a word")
    except BaseException as error:
        runs.set_exception(error)
