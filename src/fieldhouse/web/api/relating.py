"""Fields beside each other, beside their neighbours, and for how long they are in a state."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any

import pyarrow as pa
from fastapi import APIRouter, Query

from fieldhouse import names, times
from fieldhouse.errors import ConfigurationError
from fieldhouse.insight import lasting, relating
from fieldhouse.insight.lasting import Period
from fieldhouse.warehouse import Warehouse
from fieldhouse.warehouse.questions import QUERIES
from fieldhouse.web.api.analyses import AsOf, Days, FieldName, looked_back_from
from fieldhouse.web.api.asked import Asked, Channel
from fieldhouse.web.api.described import table
from fieldhouse.web.limits.whole import Answer
from fieldhouse.web.meant import require_held
from fieldhouse.web.served import House

__all__ = ["router"]

router = APIRouter()
_OTHER = (pa.field("ChannelID", pa.int64()), pa.field("FieldNumber", pa.int32()))
_RELATED = pa.schema([*_OTHER, *QUERIES["correlations"].columns])
_NEAR = list(QUERIES["near_fields"].columns)
_NEIGHBOUR = pa.schema([*_NEAR[:2], pa.field("Label", pa.string()), *_NEAR[2:]])
_LASTING = pa.schema(
    [
        ("Begins", pa.date32()),
        ("IsLight", pa.bool_()),
        *((name, pa.float64()) for name in ("Hours", "HoursKnown", "HoursInside", "Mean")),
    ]
)
_TOGETHER = ("lag", "hours", "pearson", "spearman", "pearson_rest", "spearman_rest")
_BESIDE = (
    *("channel_id", "field", "label", "kilometres", "hours"),
    *("newest_hour", "newest", "usual", "pearson"),
)
Value = Annotated[float | None, Query(ge=-1e12, le=1e12, allow_inf_nan=False)]


@table(router, "/channels/{channel:channel}/relations", _RELATED, tag="analyses")
def relations(
    asked: Asked,
    channel: Channel,
    served: House,
    field: FieldName,
    other: Annotated[
        str | None,
        Query(
            max_length=300,
            description="The other field, by its number or label; by default each of the channel",
            examples=["2"],
        ),
    ] = None,
    other_channel: Annotated[
        int | None,
        Query(ge=-(2**31) + 1, le=2**31 - 1, description="The channel of the other field"),
    ] = None,
    lags: Annotated[
        int, Query(ge=0, le=relating.MOST_HOURS, description="So many hours later, or earlier")
    ] = 0,
    days: Days = 90,
    as_of: AsOf = None,
) -> Answer:
    """How a field goes together with others, by hourly means, those some hours later, a lag a row.

    Rest is what is left without the mean of each hour of the day.
    """
    one = channel, names.find_field(served.warehouse, channel, field)
    if other_channel is not None:
        require_held(served.warehouse, other_channel)
        if other is None:
            raise ConfigurationError("name the other field, too: other=1")
    others = _others(served.warehouse, one, other_channel or channel, other)
    start, end = _span(looked_back_from(asked, channel, as_of), days)

    def found(house: Warehouse) -> pa.Table:
        rows = (
            (*two, *(getattr(each, name) for name in _TOGETHER))
            for two in others
            for each in relating.together(house, one, two, start=start, end=end, most_hours=lags)
        )
        return _rows(rows, _RELATED)

    return asked.answer(f"channel-{channel}-relations", found)


def _others(
    house: Warehouse, one: tuple[int, int], channel_id: int, other: str | None
) -> Sequence[tuple[int, int]]:
    """The field that is named, or each other of the channel that has a label."""
    if other is not None:
        return [(channel_id, names.find_field(house, channel_id, other))]
    labelled = sorted(names.all_labels(house).get(channel_id, {}))
    return [(channel_id, number) for number in labelled if (channel_id, number) != one]


@table(router, "/channels/{channel:channel}/neighbours", _NEIGHBOUR, tag="analyses")
def neighbours(
    asked: Asked,
    channel: Channel,
    served: House,
    field: FieldName,
    within: Annotated[
        float, Query(gt=0, le=relating.FARTHEST, description="Kilometres", examples=[25])
    ],
    days: Days = 90,
    as_of: AsOf = None,
) -> Answer:
    """A field beside those of the same label or unit of channels nearby, the nearest first."""
    number = names.find_field(served.warehouse, channel, field)
    start, end = _span(looked_back_from(asked, channel, as_of), days)

    def found(house: Warehouse) -> pa.Table:
        near = relating.beside(house, channel, number, kilometres=within, start=start, end=end)
        return _rows((tuple(getattr(each, name) for name in _BESIDE) for each in near), _NEIGHBOUR)

    return asked.answer(f"channel-{channel}-neighbours", found)


@table(router, "/channels/{channel:channel}/hours", _LASTING, tag="analyses")
def hours(
    asked: Asked,
    channel: Channel,
    served: House,
    field: FieldName,
    above: Annotated[Value, Query(description="Values above it")] = None,
    below: Annotated[Value, Query(description="Values below it; or both")] = None,
    by: Annotated[Period, Query(description="What hours are counted by, in the zone")] = "day",
    by_daylight: Annotated[
        bool, Query(description="Light and dark apart, by the channel's position")
    ] = False,
    days: Annotated[int, Query(ge=1, le=3660, description="How far to look back")] = 30,
    as_of: AsOf = None,
) -> Answer:
    """For how many hours a field is above or below a value; the mean is by time as well.

    A value holds until the next one, at most three of the channel's usual distances.
    """
    number = names.find_field(served.warehouse, channel, field)
    condition = lasting.between(*(None if v is None else repr(v) for v in (above, below)))
    end = looked_back_from(asked, channel, as_of)
    span: dict[str, Any] = {"start": lasting.since(days, end, asked.zone), "end": end}

    def found(house: Warehouse) -> pa.Table:
        each = lasting.hours(
            house, channel, number, condition, **span, zone=asked.zone, by=by,
            by_daylight=by_daylight,
        )  # fmt: skip
        return _rows((tuple(asdict(one).values()) for one in each), _LASTING)

    return asked.answer(f"channel-{channel}-hours", found)


def _span(end: datetime, days: int) -> tuple[datetime, datetime]:
    return times.earlier(end, timedelta(days=days)), end


def _rows(rows: Iterable[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    named = [dict(zip(schema.names, row, strict=True)) for row in rows]
    return pa.Table.from_pylist(named, schema)
