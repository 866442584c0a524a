"""How the seam crosses to another process: frames, and what is in them (pure).

What is asked and what is answered is a row of frames: a kind, a length, so many bytes. Rows cross
as Arrow, each frame an IPC stream of its own, so that what comes can be read frame by frame. Values
(parameters, a channel's metadata) are a table of one row: a column a value, exactly as it is.
"""

import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from importlib import metadata
from typing import Any, NamedTuple, TypeVar

import msgspec
import pyarrow as pa

from fieldhouse import errors, events
from fieldhouse.errors import ConfigurationError, FieldhouseError, WarehouseError
from fieldhouse.readings import RAW, READINGS, REJECTED, Batch
from fieldhouse.state import Progress
from fieldhouse.warehouse.limits import Limits

__all__ = [
    "END",
    "HEAD",
    "PROGRAM",
    "PULSE",
    "PULSE_SECONDS",
    "Frame",
    "Kind",
    "batches_from",
    "error_frame",
    "error_from",
    "event_frame",
    "event_from",
    "frames_in",
    "frames_of_batches",
    "json_frame",
    "json_from",
    "next_of",
    "question_frames",
    "question_from",
    "rows_frame",
    "rows_from",
    "values_frame",
    "values_from",
]

T = TypeVar("T")
Data = bytes | bytearray | memoryview

PROGRAM = f"{metadata.version('fieldhouse')}/2"
"""The program and its way of crossing: two that talk are of one."""
PULSE_SECONDS = 5.0
"""So often something is heard of an owner that works on an answer."""
_UNPACKED = 1 << 16
"""Bytes of rows that are not worth packing."""
_CAN_PACK = pa.Codec.is_available("lz4")
HEAD = struct.Struct(">cI")
"""Before each frame: its kind, and how many bytes it has."""


class Kind(bytes, Enum):
    """What is in a frame."""

    JSON = b"J"
    ROWS = b"A"
    EVENT = b"V"
    PULSE = b"P"
    ERROR = b"E"
    END = b"Z"


class Frame(NamedTuple):
    """A piece of what is asked or answered."""

    kind: bytes
    data: Data = b""

    def head(self) -> bytes:
        """What goes before its bytes."""
        return HEAD.pack(self.kind, len(self.data))


PULSE = Frame(Kind.PULSE)
"""The owner is at work still."""
END = Frame(Kind.END)
"""All was told: what comes without it was cut off."""


def frames_in(body: Data) -> Iterator[Frame]:
    """The frames of a whole body. Raises WarehouseError for one that is cut."""
    data, place = memoryview(body), 0
    while place < len(data):
        if len(data) - place < HEAD.size:
            raise WarehouseError("what was asked came cut off")
        kind, size = HEAD.unpack_from(data, place)
        place += HEAD.size
        if len(data) - place < size:
            raise WarehouseError("what was asked came cut off")
        yield Frame(kind, data[place : place + size])
        place += size


def json_frame(said: Any) -> Frame:
    """Something small, as JSON."""
    return Frame(Kind.JSON, msgspec.json.encode(said))


def json_from(frame: Frame, kind: type[T]) -> T:
    """What a frame says, of a kind. Raises WarehouseError for anything else."""
    try:
        return msgspec.json.decode(frame.data, type=kind)
    except (msgspec.MsgspecError, ValueError) as error:
        raise WarehouseError(f"what was asked is not understood: {error}") from error


# Rows and values


def rows_frame(schema: pa.Schema, batches: Sequence[pa.RecordBatch] = ()) -> Frame:
    """Rows as an Arrow stream of their own; many are packed, of which most are alike or empty."""
    sink = pa.BufferOutputStream()
    large = sum(batch.nbytes for batch in batches) > _UNPACKED
    options = pa.ipc.IpcWriteOptions(compression="lz4" if large and _CAN_PACK else None)
    with pa.ipc.new_stream(sink, schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return Frame(Kind.ROWS, memoryview(sink.getvalue()))


def rows_from(frame: Frame) -> pa.Table:
    """The rows of a frame; they lie in its bytes."""
    try:
        return pa.ipc.open_stream(pa.py_buffer(frame.data)).read_all()
    except (pa.ArrowException, OSError) as error:  # Arrow has none of its own for what is cut
        raise WarehouseError(f"rows that are not understood: {error}") from error


def values_frame(values: Mapping[str, Any]) -> Frame:
    """Values by name, each exactly as it is. Raises ConfigurationError for what Arrow has not."""
    row = pa.RecordBatch.from_arrays([*map(_one, values.values())], names=[*values])
    return rows_frame(row.schema, [row])


def values_from(frame: Frame) -> dict[str, Any]:
    """What ``values_frame`` was given; a table of rows comes as a list of them."""
    row = rows_from(frame)
    if row.num_columns and row.num_rows != 1:
        raise WarehouseError("what was asked is not understood: values are one row")
    return {name: row[at][0].as_py() for at, name in enumerate(row.column_names)}


def _one(value: Any) -> pa.Array:
    if isinstance(value, (pa.Table, pa.Array, pa.ChunkedArray)):
        value = value.to_pylist()
    try:
        return pa.array([value])
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        raise ConfigurationError(
            f"a value of {type(value).__name__} that no column holds: {_line(error)}"
        ) from error


# Batches


class _BatchHead(msgspec.Struct):
    """What of a batch is no table."""

    channel_id: int
    epoch: int
    progress: Progress
    horizon: datetime
    version: int | None
    recalled: bool
    has_metadata: bool


_PARTS = (("readings", READINGS), ("raw", RAW), ("rejected", REJECTED))


def frames_of_batches(batches: Sequence[Batch]) -> Iterator[Frame]:
    """Batches, each as a head, its three tables, and its channel's metadata if it has some."""
    for batch in batches:
        yield json_frame(
            _BatchHead(
                batch.channel_id,
                batch.epoch,
                batch.progress,
                batch.horizon,
                batch.version,
                batch.recalled,
                batch.metadata is not None,
            )
        )
        for name, schema in _PARTS:
            table = getattr(batch, name)
            yield rows_frame(schema, table.select(schema.names).cast(schema).to_batches())
        if batch.metadata is not None:
            yield values_frame(batch.metadata)


def batches_from(frames: Iterator[Frame]) -> Iterator[Batch]:
    """What ``frames_of_batches`` was given."""
    for frame in frames:
        head = json_from(frame, _BatchHead)
        readings, raw, rejected = (rows_from(next_of(frames)) for _ in _PARTS)
        yield Batch(
            channel_id=head.channel_id,
            epoch=head.epoch,
            readings=readings,
            raw=raw,
            rejected=rejected,
            progress=head.progress,
            horizon=head.horizon,
            metadata=values_from(next_of(frames)) if head.has_metadata else None,
            version=head.version,
            recalled=head.recalled,
        )


def next_of(frames: Iterator[Frame]) -> Frame:
    """The next of what was asked. Raises WarehouseError where there is none."""
    if (frame := next(frames, None)) is None:
        raise WarehouseError("what was asked came cut off")
    return frame


# Questions


@dataclass(frozen=True, slots=True)
class _Question:
    """A question's name, or a statement, and what is left of its limits."""

    name: str
    seconds: float | None
    rows: int | None
    columns: tuple[str, ...] | None


def question_frames(name: str, limits: Limits, values: Mapping[str, Any]) -> Sequence[Frame]:
    """What is asked, within what is left of limits, with which parameters."""
    seconds = None if limits.seconds is None else max(limits.left, 1e-6)
    head = _Question(name, seconds, limits.rows, limits.columns)
    return [json_frame(head), values_frame(values)]


def question_from(
    frames: Iterator[Frame], stop: threading.Event
) -> tuple[str, Limits, dict[str, Any]]:
    """The same on the other side, where its limits are kept from now on, until ``stop`` is set."""
    head = json_from(next_of(frames), _Question)
    limits = Limits(head.seconds, head.rows, head.columns, stop)
    return head.name, limits, values_from(next_of(frames))


# Errors and events

_ERRORS = {name: getattr(errors, name) for name in errors.__all__}
_MORE = ("retry_after", "holder", "disputed")
"""What an error may carry beside its line."""


class _Error(msgspec.Struct, omit_defaults=True):
    name: str
    line: str
    retry_after: float | None = None
    holder: str | None = None
    disputed: tuple[tuple[int, datetime], ...] | None = None


def error_frame(error: Exception) -> Frame:
    """An error of ours with all that it carries."""
    more = {name: getattr(error, name) for name in _MORE if hasattr(error, name)}
    return Frame(Kind.ERROR, msgspec.json.encode(_Error(type(error).__name__, str(error), **more)))


def error_from(frame: Frame) -> Exception:
    """The error of a frame, of the same class."""
    told = json_from(frame, _Error)
    more = [value for name in _MORE if (value := getattr(told, name)) is not None]
    error: Exception = _ERRORS.get(told.name, FieldhouseError)(told.line, *more)
    return error


_EVENTS = {kind.__name__: kind for kind in events.Event.__args__}


class _Event(msgspec.Struct):
    name: str
    said: msgspec.Raw


def event_frame(event: events.Event) -> Frame:
    """Something that happened."""
    said = msgspec.Raw(msgspec.json.encode(event))
    return Frame(Kind.EVENT, msgspec.json.encode(_Event(type(event).__name__, said)))


def event_from(frame: Frame) -> events.Event | None:
    """What happened; None for what this version does not know."""
    told = json_from(frame, _Event)
    kind = _EVENTS.get(told.name)
    return kind and msgspec.json.decode(told.said, type=kind)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
