"""Readings and periods: the same table that `fieldhouse.read` gives for the same question."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, TypedDict

import pyarrow as pa
from fastapi import APIRouter, Query

from fieldhouse import names, times
from fieldhouse.errors import ConfigurationError
from fieldhouse.frames import read, read_batches
from fieldhouse.warehouse import Limits, Warehouse
from fieldhouse.web.api.asked import Asked, Channel, Fields, Span
from fieldhouse.web.api.described import ANY_COLUMNS, table
from fieldhouse.web.limits.whole import Answer

__all__ = ["router"]

router = APIRouter()
_MOST = 1_000_000
"""Rows of an answer that is put together as a whole: periods, channels side by side."""

Labels = Annotated[
    bool, Query(description="Columns are called as fields are labelled, else `Field1`")
]
Numbers = Annotated[
    Literal["float", "decimal", "text"],
    Query(description="`decimal` is exact, `text` as the source wrote it, where kept"),
]
NumbersOfPeriods = Annotated[
    Literal["float", "decimal"], Query(description="`decimal`: the least and greatest are exact")
]
Layout = Annotated[
    Literal["wide", "long"], Query(description="`wide`: a column a field; `long`: a row a value")
]
Original = Annotated[
    bool, Query(description="Readings as their source sent them, whatever corrections say")
]
Every = Annotated[
    str,
    Query(
        max_length=20,
        description="A period's length: `5min`, `1h`, `1d`, `1w` (from Monday), `1mo`, `1y`",
        examples=["1h"],
    ),
]
Statistics = Annotated[
    list[Literal["mean", "min", "max", "sum", "count"]] | None,
    Query(
        alias="statistic",
        max_length=5,
        description="Once for each, instead of the mean",
        examples=[["mean", "max"]],
    ),
]
Channels = Annotated[
    list[str],
    Query(
        alias="channel",
        min_length=1,
        max_length=1_000,
        description="A number, a range (`20001-20200`) or a tag, once for each",
        examples=[["9"]],
    ),
]


class _Options(TypedDict):
    """Keywords of `read` and `read_batches`."""

    start: datetime | None
    end: datetime | None
    tz: str
    labels: bool
    numbers: str
    layout: str


def _options(asked: Asked, span: Span, labels: bool, numbers: str, layout: str) -> _Options:
    return {
        "start": _utc(span.start),
        "end": _utc(span.end),
        "tz": asked.zone.key,
        "labels": labels,
        "numbers": numbers,
        "layout": layout,
    }


@table(router, "/channels/{channel:channel}/readings", ANY_COLUMNS, tag="readings")
def readings(
    asked: Asked,
    channel: Channel,
    span: Span,
    field: Fields = None,
    labels: Labels = True,
    numbers: Numbers = "float",
    layout: Layout = "wide",
    original: Original = False,
) -> Answer:
    """A channel's readings that count, in the order of time: streamed, however many they are."""
    how = _options(asked, span, labels, numbers, layout)
    return asked.answer(
        f"channel-{channel}-readings",
        lambda house: read_batches(channel, field, **how, original=original, warehouse=house),
    )


@table(router, "/channels/{channel:channel}/periods", ANY_COLUMNS, tag="readings")
def periods(
    asked: Asked,
    channel: Channel,
    span: Span,
    every: Every = "1h",
    statistic: Statistics = None,
    field: Fields = None,
    labels: Labels = True,
    numbers: NumbersOfPeriods = "float",
    layout: Layout = "wide",
) -> Answer:
    """A channel's fields over periods of any length, on the zone's wall clock."""
    how = _options(asked, span, labels, numbers, layout)
    wanted = statistic or ["mean"]

    def found(house: Warehouse) -> pa.RecordBatchReader:
        _require_few_periods(house, [channel], span, every)
        return read_batches(channel, field, **how, every=every, statistics=wanted, warehouse=house)

    return asked.answer(f"channel-{channel}-periods", found)


@table(router, "/readings", ANY_COLUMNS, tag="readings")
def readings_of_many(
    asked: Asked,
    channel: Channels,
    span: Span,
    field: Fields = None,
    labels: Labels = True,
    numbers: Numbers = "float",
    layout: Layout = "wide",
    original: Original = False,
    align: Annotated[
        str | None,
        Query(
            max_length=20,
            description="Side by side: how old a reading may be beside one of the first channel's",
            examples=["5min"],
        ),
    ] = None,
) -> Answer:
    """Several channels' readings, one channel after the other, or side by side with `align`."""
    how = _options(asked, span, labels, numbers, layout)

    def found(house: Warehouse) -> pa.Table | pa.RecordBatchReader:
        if align is None:
            return read_batches(channel, field, **how, original=original, warehouse=house)
        _require_few_readings(house, names.find_channels(house, channel), span)
        return read(channel, field, **how, original=original, align=align, warehouse=house).table

    return asked.answer("readings", found)


@table(router, "/periods", ANY_COLUMNS, tag="readings")
def periods_of_many(
    asked: Asked,
    channel: Channels,
    span: Span,
    every: Every = "1h",
    statistic: Statistics = None,
    field: Fields = None,
    labels: Labels = True,
    numbers: NumbersOfPeriods = "float",
    layout: Layout = "wide",
) -> Answer:
    """Several channels over the same periods, side by side."""
    how = _options(asked, span, labels, numbers, layout)
    wanted = statistic or ["mean"]

    def found(house: Warehouse) -> pa.Table:
        _require_few_periods(house, names.find_channels(house, channel), span, every)
        return read(channel, field, **how, every=every, statistics=wanted, warehouse=house).table

    return asked.answer("periods", found)


@table(router, "/channels/{channel:channel}/latest", ANY_COLUMNS, one=True, tag="readings")
def latest(
    asked: Asked,
    channel: Channel,
    field: Fields = None,
    labels: Labels = True,
    numbers: Numbers = "float",
) -> Answer:
    """A channel's newest reading that counts, those of the future apart."""
    now = asked.now

    def found(house: Warehouse) -> pa.Table:
        newest = house.query("newest_reading", channel_id=channel, as_of=now)["CreatedAt"][0]
        at = _utc(newest.as_py() or datetime.min)
        rows = read(
            channel,
            field,
            start=at,
            end=at and at + timedelta(microseconds=1),
            tz=asked.zone.key,
            labels=labels,
            numbers=numbers,
            warehouse=house,
        ).table
        return rows.slice(max(rows.num_rows - 1, 0))

    return asked.answer(f"reading of channel {channel}", found, one=True)


def _utc(instant: datetime | None) -> datetime | None:
    return instant and instant.replace(tzinfo=UTC)


def _require_few_periods(
    house: Warehouse, channels: "list[int] | tuple[int, ...]", span: Span, every: str
) -> None:
    """Refuse what would be put together out of more periods than fit into memory."""
    length = times.length_of(every)
    seconds = length.seconds + 86_400 * (length.days + 30 * length.months)
    if seconds >= 3600:  # a million hours are more than a century
        return
    rows = 0
    for channel in channels:
        held = _held(house, channel, span, "FirstAt", "LastAt", "Readings")
        if held["FirstAt"] is not None:
            spanned = (held["LastAt"] - held["FirstAt"]).total_seconds() / seconds
            rows += int(min(held["Readings"], spanned + 1))
    _refuse_above(rows, "periods: ask for longer ones, or for less time")


def _require_few_readings(
    house: Warehouse, channels: "list[int] | tuple[int, ...]", span: Span
) -> None:
    rows = sum(_held(house, channel, span, "Readings")["Readings"] for channel in channels)
    _refuse_above(rows, "readings side by side: ask for less time, or for periods")


def _refuse_above(rows: int, what: str) -> None:
    if rows > _MOST:
        raise ConfigurationError(f"{rows:,} {what}; {_MOST:,} at a time are answered")


def _held(house: Warehouse, channel: int, span: Span, *columns: str) -> dict[str, Any]:
    given = {"channel_id": channel, "start_at": span.start, "end_at": span.end}
    held: dict[str, Any] = house.query("field_spans", Limits(columns=columns), **given).to_pylist()[
        0
    ]
    return held
