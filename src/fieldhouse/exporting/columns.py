"""Which columns a reading has where people read it: named, typed, and in their layout."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse import names
from fieldhouse.errors import ConfigurationError
from fieldhouse.exporting.texts import readings_with_texts, text_columns
from fieldhouse.holding import held_for, means_by_time
from fieldhouse.periods import STATISTICS, periods_of
from fieldhouse.readings import DECIMAL, NUMBERS
from fieldhouse.times import Length
from fieldhouse.warehouse import Limits, Warehouse
from fieldhouse.warehouse.questions import QUERIES

__all__ = ["UNUSUAL", "Chosen", "Request", "chosen_channels", "field_names", "pieces", "schema_of"]

UNUSUAL = "unusual"
"""The column that says what is unusual about a reading."""
Span = tuple[datetime | None, datetime | None]
_ENDS = ("Text", "Avg", "Min", "Max", "StdDev", "Count", *STATISTICS)
"""What stands behind a field's name where it has several columns."""
_EXACT = 2**53
"""Below it a whole number is a float exactly, and a fraction of two such is rounded once."""
_TAKEN = (
    *("channel", "time", "field", "FieldNumber", "value", "ValueText", UNUSUAL, *STATISTICS),
    *(name for question in ("readings", "aggregates") for name in QUERIES[question].columns.names),
    *(f"{name}Text" for name in NUMBERS),
)
"""Names that columns have which are no field's label."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A channel, and the fields of it that are asked for, by number, each with its name.

    ``lacks`` are words that name no field of it, though one of another channel.
    """

    number: int
    fields: dict[int, str]
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the warehouse: ``[start, end)`` is naive UTC, None is open.

    ``length`` is that of periods, None for readings as they are; ``numbers`` is ``float``,
    ``decimal`` or ``text``.
    """

    house: Warehouse
    channels: tuple[Chosen, ...]
    start: datetime | None
    end: datetime | None
    length: Length | None
    zone: ZoneInfo
    numbers: str
    is_long: bool
    statistics: tuple[str, ...]
    is_original: bool = False
    """Whether readings come as their source sent them, whatever corrections say."""
    is_by_time: bool = False
    """Whether means of periods are by time: a value holds until the next one."""

    def of(self, channel: Chosen) -> "Request":
        """The same of one channel alone."""
        return replace(self, channels=(channel,))


# What is asked for


def chosen_channels(
    house: Warehouse,
    words: Sequence[str | int],
    fields: Sequence[str | int] | None,
    span: Span,
    *,
    labels: bool = True,
) -> tuple[Chosen, ...]:
    """The channels and fields that words name. Raises ConfigurationError, in one line.

    Of several channels some may lack a field, but not all.
    """
    known = names.all_labels(house)
    numbers = names.find_channels(house, words, known)
    if not numbers:
        raise ConfigurationError("no channel is named: write its number, as 9")
    picked: Mapping[int, Sequence[int]]
    if fields is None:
        lacks: Mapping[int, Sequence[str]] = {}
        picked = {n: _with_something(house, n, known.get(n, {}), span) for n in numbers}
    else:
        picked, lacks = names.fields_of_each(known, numbers, fields)
    return tuple(
        Chosen(
            number,
            field_names(known.get(number, {}), picked[number], labelled=labels),
            tuple(lacks.get(number, ())),
        )
        for number in numbers
    )


def _with_something(house: Warehouse, number: int, labels: dict[int, str], span: Span) -> list[int]:
    """The fields that have a label, or else a value: nothing is left out in silence."""
    others = [n for n in range(1, 9) if n not in labels]
    if not others:
        return sorted(labels)
    wanted = Limits(columns=tuple(f"HasField{n}" for n in others))
    (row,) = house.query(
        "field_spans", wanted, channel_id=number, start_at=span[0], end_at=span[1]
    ).to_pylist()
    return sorted({*labels, *(n for n in others if row[f"HasField{n}"])})


def field_names(labels: dict[int, str], fields: Sequence[int], *, labelled: bool) -> dict[int, str]:
    """Each field's column: its label, with its number where another column is called so too."""
    if not labelled:
        return {n: f"Field{n}" for n in fields}
    called = {n: labels[n].strip() for n in fields if n in labels}
    return {n: _told_apart(n, called[n], called) if n in called else f"Field{n}" for n in fields}


def _told_apart(number: int, name: str, others: dict[int, str]) -> str:
    taken = {*_TAKEN, *(f"{other} {end}" for other in others.values() for end in _ENDS)}
    taken |= {other for n, other in others.items() if n != number}
    while name.casefold() in {one.casefold() for one in taken}:
        name = f"{name} (field {number})"
    return name


# What it is answered in


def schema_of(request: Request) -> pa.Schema:
    """The columns of an answer, the same whatever is found."""
    keys = [pa.field("channel", pa.int64())] if len(request.channels) > 1 or request.is_long else []
    keys.append(pa.field("time", pa.timestamp("us", request.zone.key)))
    if request.is_long:
        return pa.schema([*keys, pa.field("field", pa.string()), *_value_fields(request)])
    columns = {
        name: kind for channel in request.channels for name, kind in _own(request, channel).items()
    }
    return pa.schema([*keys, *columns.items()])


def _value_fields(request: Request) -> list[tuple[str, pa.DataType]]:
    if not request.length:
        return [("value", _number(request))]
    return [(statistic, _kind(request, statistic)) for statistic in request.statistics]


def _own(request: Request, channel: Chosen) -> dict[str, pa.DataType]:
    """The columns of a channel's values in the wide layout."""
    if not request.length:
        return dict.fromkeys(channel.fields.values(), _number(request))
    is_mean = request.statistics == ("mean",)
    return {
        name if is_mean else f"{name} {statistic}": _kind(request, statistic)
        for name in channel.fields.values()
        for statistic in request.statistics
    }


def _number(request: Request) -> pa.DataType:
    return {"float": pa.float64(), "decimal": DECIMAL, "text": pa.string()}[request.numbers]


def _kind(request: Request, statistic: str) -> pa.DataType:
    if statistic == "count":
        return pa.int64()
    return _number(request) if statistic in ("min", "max") else pa.float64()


# The answer


def pieces(request: Request, channel: Chosen) -> Iterator[pa.RecordBatch]:
    """A channel's part of the answer, in the order of time."""
    schema = schema_of(request)
    for batch in _periods(request, channel) if request.length else _readings(request, channel):
        instants = batch.column(0).cast(pa.timestamp("us", "UTC")).cast(schema.field("time").type)
        if request.is_long:
            yield _lengthened(request, channel, instants, batch.columns[1:], schema)
            continue
        own = dict(zip(_own(request, channel), batch.columns[1:], strict=True))
        own |= {"time": instants}
        yield pa.record_batch(
            [_placed(own.get(field.name), field, channel, batch.num_rows) for field in schema],
            schema,
        )


def _placed(column: pa.Array | None, field: pa.Field, channel: Chosen, rows: int) -> pa.Array:
    if column is not None:
        return _cast(column, field.type)
    if field.name == "channel":
        return pa.repeat(pa.scalar(channel.number, pa.int64()), rows)
    return pa.nulls(rows, field.type)  # another channel's


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Numbers in another type; Arrow's own cast makes 3.1999999999999997 of an exact 3.2."""
    if kind != pa.float64() or column.type != DECIMAL:
        return column.cast(kind)
    nulls = column.is_null().to_numpy(zero_copy_only=False) if column.null_count else None
    held = column if nulls is None else column.fill_null(0)  # below a null stands anything
    halves = np.frombuffer(held.buffers()[1], np.int64).reshape(-1, 2)
    millionths = halves[held.offset : held.offset + len(held), 0]
    if max(millionths.max(initial=0), -millionths.min(initial=0)) >= _EXACT:
        return column.cast(pa.string()).cast(kind)
    return pa.array(millionths / 1e6, kind, mask=nulls)


def _readings(request: Request, channel: Chosen) -> Iterator[pa.RecordBatch]:
    """Times and values, one column a field."""
    columns = ("CreatedAt", *(f"Field{n}" for n in channel.fields))
    span = {"start_at": request.start, "end_at": request.end, "original": request.is_original}
    if request.numbers != "text":
        yield from request.house.scan(
            "readings", Limits(columns=columns), channel_id=channel.number, **span
        )
        return
    texts = text_columns(request.house, channel.number, span)
    with readings_with_texts(request.house, channel.number, span, texts, in_place=False) as (
        reader,
        _,
    ):
        for batch in reader:
            values = [_written(batch, name) for name in columns[1:]]
            yield pa.record_batch([batch["CreatedAt"], *values], names=list(columns))


def _written(batch: pa.RecordBatch, name: str) -> pa.Array:
    """The source's texts where they are kept, else the numbers without noughts at their end."""
    digits = pc.utf8_rtrim(pc.utf8_rtrim(batch[name].cast(pa.string()), "0"), ".")
    kept = f"{name}Text"
    return pc.coalesce(batch[kept], digits) if kept in batch.schema.names else digits


def _periods(request: Request, channel: Chosen) -> Iterator[pa.RecordBatch]:
    if request.length is None:
        return
    columns = tuple(
        f"Field{n}{STATISTICS[statistic]}"
        for n in channel.fields
        for statistic in request.statistics
    )
    found = periods_of(
        request.house,
        channel.number,
        request.length,
        request.zone,
        start=request.start,
        end=request.end,
        columns=columns,
        has_ends=request.is_by_time,
    )
    yield from (_by_time(request, channel, found) if request.is_by_time else found).to_batches()


def _by_time(request: Request, channel: Chosen, found: pa.Table) -> pa.Table:
    """Periods, of which the means of readings make way for those by time."""
    begins = (max(at, request.start or at) for at in found["PeriodStart"].to_pylist())
    ends = (min(at, request.end or at) for at in found["PeriodEnd"].to_pylist())
    parts = list(zip(begins, ends, strict=True))
    found = found.drop_columns("PeriodEnd")
    hold = held_for(request.house, channel.number, request.end)
    for number in channel.fields:
        name = f"Field{number}{STATISTICS['mean']}"
        means = means_by_time(request.house, channel.number, number, parts, hold)
        place = found.schema.get_field_index(name)
        found = found.set_column(place, name, pa.array(means, pa.float64()))
    return found


def _lengthened(
    request: Request, channel: Chosen, instants: pa.Array, values: list[pa.Array], schema: pa.Schema
) -> pa.RecordBatch:
    """A row a value, those of a reading one after the other; where there is none, no row."""
    rows, fields = len(instants), list(channel.fields.values())
    each = len(values) // len(fields) if fields else 1
    order = np.arange(rows * len(fields)).reshape(len(fields), rows).T.ravel()
    kinds = schema.types[-each:]
    parts = [
        pa.concat_arrays([_cast(column, kind) for column in values[place::each]]).take(order)
        if fields
        else pa.nulls(0, kind)
        for place, kind in enumerate(kinds)
    ]
    labels = pa.array(fields, pa.string()).take(np.tile(np.arange(len(fields)), rows))
    table = pa.record_batch(
        [
            pa.repeat(pa.scalar(channel.number, pa.int64()), len(labels)),
            instants.take(np.repeat(np.arange(rows), len(fields))),
            labels,
            *parts,
        ],
        schema,
    )
    return table.filter(_has_any(parts, schema.names[-each:]))


def _has_any(parts: list[pa.Array], statistics: list[str]) -> pa.Array:
    """Where there is a value; a count of none is none."""
    has = [
        pc.greater(part, 0) if name == "count" else part.is_valid()
        for name, part in zip(statistics, parts, strict=True)
    ]
    result = has[0]
    for one in has[1:]:
        result = pc.or_(result, one)
    return result
