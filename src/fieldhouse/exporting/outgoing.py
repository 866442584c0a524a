"""Readings and periods of many channels on their way to a file: chosen, named, told in a zone.

Channel follows channel, batch by batch, all in the same columns: memory does not grow with them.
What no number is exactly goes as the source's text, in a column beside the number's.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.exporting.columns import Chosen
from fieldhouse.exporting.texts import readings_with_texts, text_columns
from fieldhouse.readings import DECIMAL
from fieldhouse.warehouse import Warehouse
from fieldhouse.warehouse.questions import QUERIES

__all__ = ["Outgoing", "Shape", "periods_out", "readings_out"]

_FIELD = re.compile(r"Field([1-8])(\w*)", re.ASCII)
_KEYS = ("ChannelID", "EntryID", "CreatedAt")
_PERIOD_KEYS = ("ChannelID", "PeriodStart", "PeriodEnd")
_PLACE = ("Latitude", "Longitude", "Elevation")
Column = tuple[str, pa.Field]
"""A column as the warehouse calls it, and as it goes out."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How rows go out: with labels for names, with the chosen fields only, a row a value.

    ``zone`` is that of their times, which are naive UTC without one. With ``is_original`` readings
    go as their source sent them, whatever rules make of them.
    """

    labels: bool = False
    only_fields: bool = False
    is_long: bool = False
    zone: ZoneInfo | None = None
    is_original: bool = False


@dataclass(slots=True)
class Outgoing:
    """Rows to be written, and what is known of them.

    ``texts`` names the column of texts beside each column that has one; ``counts``, of those read
    so far, how many there were.
    """

    reader: pa.RecordBatchReader
    texts: Mapping[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)


def periods_out(
    house: Warehouse,
    channels: Sequence[Chosen],
    kind: str,
    start: datetime | None,
    end: datetime | None,
    shape: Shape,
) -> Outgoing:
    """The periods that begin in ``[start, end)``; ``kind`` is HOURLY, DAILY or WEEKLY."""
    source = QUERIES["aggregates"].columns
    columns = [_columns(source, channel, shape, _PERIOD_KEYS) for channel in channels]
    schema = _schema(columns)

    def batches() -> Iterator[pa.RecordBatch]:
        for channel, own in zip(channels, columns, strict=True):
            span = {"channel_id": channel.number, "start_at": start, "end_at": end}
            for batch in house.scan("aggregates", aggregation_type=kind, **span):
                yield _placed(batch, own, schema)

    return Outgoing(pa.RecordBatchReader.from_batches(schema, batches()))


def readings_out(
    house: Warehouse,
    channels: Sequence[Chosen],
    start: datetime | None,
    end: datetime | None,
    shape: Shape,
) -> Outgoing:
    """The readings of ``[start, end)`` that count, channel by channel in the order of time."""
    span = {"start_at": start, "end_at": end, "original": shape.is_original}
    kept = {name for one in channels for name in text_columns(house, one.number, span)}
    source = _with_texts(QUERIES["readings"].columns, kept)
    columns = [_columns(source, channel, shape, _KEYS) for channel in channels]
    schema = _long_schema(shape) if shape.is_long else _schema(columns)
    counts: Counter[str] = Counter()

    def batches() -> Iterator[pa.RecordBatch]:
        for channel, own in zip(channels, columns, strict=True):
            with readings_with_texts(house, channel.number, span, sorted(kept), in_place=False) as (
                reader,
                found,
            ):
                for batch in reader:
                    yield (
                        _lengthened(batch, own, schema)
                        if shape.is_long
                        else _placed(batch, own, schema)
                    )
                names = {source: out.name for source, out in own}
                counts.update({names.get(name, name): count for name, count in found.items()})

    texts = (
        {"Value": "ValueText"}
        if shape.is_long
        else {
            names[name]: names[f"{name}Text"]
            for names in ({source: out.name for source, out in own} for own in columns)
            for name in kept
            if name in names
        }
    )
    return Outgoing(pa.RecordBatchReader.from_batches(schema, batches()), texts, counts)


def _with_texts(source: pa.Schema, kept: set[str]) -> pa.Schema:
    """The columns of `readings_with_texts`."""
    fields = [
        part
        for one in source
        for part in ([one, pa.field(f"{one.name}Text", pa.string())] if one.name in kept else [one])
    ]
    return pa.schema(fields)


def _columns(source: pa.Schema, channel: Chosen, shape: Shape, keys: Sequence[str]) -> list[Column]:
    """What goes out of a channel's columns, and under which names."""
    columns = []
    for one in source:
        found = _FIELD.fullmatch(one.name)
        number = int(found[1]) if found else 0
        if shape.only_fields and number not in channel.fields and one.name not in keys:
            continue
        name = one.name
        if found and shape.labels and number in channel.fields:
            name = f"{channel.fields[number]} {found[2]}".rstrip()
        columns.append((one.name, pa.field(name, _zoned(one.type, shape))))
    return columns


def _zoned(kind: pa.DataType, shape: Shape) -> pa.DataType:
    is_time = pa.types.is_timestamp(kind) and shape.zone
    return pa.timestamp("us", shape.zone.key) if is_time and shape.zone else kind


def _schema(columns: Sequence[Sequence[Column]]) -> pa.Schema:
    """The columns of all channels, each name once, in the order of the first that has it."""
    fields = {out.name: out.type for own in columns for _, out in own}
    return pa.schema(list(fields.items()))


def _placed(batch: pa.RecordBatch, columns: Sequence[Column], schema: pa.Schema) -> pa.RecordBatch:
    own = {out.name: _told(batch[source], out.type) for source, out in columns}
    arrays = [
        own[field.name] if field.name in own else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.record_batch(arrays, schema)


def _told(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Times are UTC's before they are told in a zone."""
    if pa.types.is_timestamp(kind) and kind.tz:
        return column.cast(pa.timestamp("us", "UTC")).cast(kind)
    return column


def _long_schema(shape: Shape) -> pa.Schema:
    """A label does not say which field has it, here or in another channel: its number does."""
    return pa.schema(
        [
            ("ChannelID", pa.int64()),
            ("EntryID", pa.int64()),
            ("CreatedAt", _zoned(pa.timestamp("us"), shape)),
            *([("FieldNumber", pa.int64())] if shape.labels else []),
            ("Field", pa.string()),
            ("Value", DECIMAL),
            ("ValueText", pa.string()),
        ]
    )


def _lengthened(
    batch: pa.RecordBatch, columns: Sequence[Column], schema: pa.Schema
) -> pa.RecordBatch:
    """A row a value, those of a reading one after the other; the status is a text."""
    names = [
        (source, out.name)
        for source, out in columns
        if source in (*_PLACE, "Status") or re.fullmatch("Field[1-8]", source)
    ]
    rows = batch.num_rows
    if not (names and rows):  # a channel may lack all fields that are asked for
        return pa.RecordBatch.from_pylist([], schema)
    order = np.arange(rows * len(names)).reshape(len(names), rows).T.ravel()
    values, texts = [], []
    for source, _ in names:
        is_text = source == "Status"
        beside = "Status" if is_text else f"{source}Text"
        values.append(pa.nulls(rows, DECIMAL) if is_text else batch[source])
        has_texts = beside in batch.schema.names
        texts.append(batch[beside] if has_texts else pa.nulls(rows, pa.string()))
    found = [_FIELD.fullmatch(source) for source, _ in names]
    numbers = pa.array([int(each[1]) if each else None for each in found], pa.int64())
    repeated = np.repeat(np.arange(rows), len(names))
    which = np.tile(np.arange(len(names)), rows)
    value, text = (pa.concat_arrays(all_).take(order) for all_ in (values, texts))
    whole = pa.record_batch(
        [
            *(_told(batch[key], schema.field(key).type).take(repeated) for key in _KEYS),
            *([numbers.take(which)] if "FieldNumber" in schema.names else []),
            pa.array([name for _, name in names]).take(which),
            value,
            text,
        ],
        schema,
    )
    return whole.filter(pc.or_(value.is_valid(), text.is_valid()))
