"""What the warehouse makes of readings: anomalies, quality, trend, its tests, forecasts."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

import pyarrow as pa
from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from fieldhouse import names, times
from fieldhouse.errors import ConfigurationError
from fieldhouse.insight.dimensions import DIMENSIONS, dimensions_of
from fieldhouse.insight.forecasts import FORECAST, forecast_of
from fieldhouse.insight.labelling import label
from fieldhouse.insight.tendencies import TENDENCIES, tendencies_of
from fieldhouse.insight.trends import trend_of
from fieldhouse.insight.unusual import evidence
from fieldhouse.warehouse import Warehouse
from fieldhouse.warehouse.questions import QUERIES
from fieldhouse.web.access import Scope
from fieldhouse.web.api.asked import Asked, Channel, Span
from fieldhouse.web.api.described import row_schema, table
from fieldhouse.web.limits.whole import Answer
from fieldhouse.web.served import House, Who, needs

__all__ = ["AsOf", "Days", "FieldName", "looked_back_from", "router"]

router = APIRouter()
_INCIDENT, _ANOMALY, _DAY, _TREND = (
    QUERIES[n].columns
    for n in ("anomalies_kept", "usp_DetectAnomalies", "quality_days", "usp_GetTrendAnalysis")
)
_EVIDENCE = pa.field("Evidence", pa.string())
_UNUSUAL = {
    "anyOf": [row_schema(_INCIDENT.append(_EVIDENCE)), row_schema(_ANOMALY)],
    "description": "An incident of SEASONAL, or a reading of the other methods",
}

FieldName = Annotated[
    str, Query(max_length=300, description="A field's number or label", examples=["1"])
]
Days = Annotated[int, Query(ge=1, le=36_525, description="How far to look back")]
AsOf = Annotated[
    str | None,
    Query(
        max_length=60,
        description="Instead of now; `latest` is just after the newest reading",
        examples=["latest"],
    ),
]


Method = Annotated[
    Literal["SEASONAL", "ZSCORE", "MAD"],
    BeforeValidator(lambda word: word.upper() if isinstance(word, str) else word),
    Query(
        description="SEASONAL: by what such hours have been, as found when readings came; ZSCORE:"
        " by the mean, MAD: by the median, of one field",
    ),
]


@table(router, "/channels/{channel:channel}/anomalies", _UNUSUAL, tag="analyses")
def anomalies(
    asked: Asked,
    channel: Channel,
    field: Annotated[
        str | None,
        Query(
            max_length=300,
            description="A field's number or label; by default all, which SEASONAL alone tells of",
            examples=["1"],
        ),
    ] = None,
    threshold: Annotated[
        float, Query(ge=0, le=1e9, description="In standard deviations; of ZSCORE and MAD")
    ] = 3.0,
    days: Days = 30,
    method: Method = "SEASONAL",
    young: Annotated[
        bool, Query(description="Those of a field's first two weeks, too; of SEASONAL")
    ] = False,
    as_of: AsOf = None,
) -> Answer:
    """What is unusual, an incident a row, with its evidence; or a field's readings far off."""
    number = names.find_field(asked.served.warehouse, channel, field) if field else None
    instant = looked_back_from(asked, channel, as_of)
    if method != "SEASONAL" and number is None:
        raise ConfigurationError(f"name a field: {method} is told of one at a time")

    def found(house: Warehouse) -> pa.Table:
        if method == "SEASONAL":
            return _incidents(house, asked, channel, number, instant, days, young)
        return house.query(
            "usp_DetectAnomalies",
            channel_id=channel,
            field_number=number,
            threshold_stddev=threshold,
            lookback_days=days,
            method=method,
            as_of=instant,
        )

    return asked.answer(f"channel-{channel}-anomalies", found)


def _incidents(
    house: Warehouse, asked: Any, channel: int, field: int | None, end: datetime, days: int,
    young: bool,
) -> pa.Table:  # fmt: skip
    found = house.query(
        "anomalies_kept",
        channel_ids=[channel],
        field_number=field,
        start_at=times.earlier(end, timedelta(days=days)),
        end_at=end,
        young=young,
    )
    why = [evidence(row, asked.zone) for row in found.to_pylist()]
    return found.append_column(_EVIDENCE, pa.array(why, pa.string()))


class Label(BaseModel):
    """What a person says of an incident."""

    model_config = ConfigDict(extra="forbid")

    is_real: bool | None = Field(
        strict=True, description="Whether something was wrong; null takes back what was said"
    )


class Labelled(Label):
    """What is now said of an incident."""

    anomaly_id: str


@router.put(
    "/channels/{channel:channel}/anomalies/{anomaly_id}/label",
    dependencies=[needs(Scope.OPERATE)],
    tags=["analyses"],
)
def label_anomaly(
    served: House,
    visitor: Who,
    channel: Channel,
    anomaly_id: Annotated[str, Path(max_length=100, description="As the list has it")],
    given: Label,
) -> Labelled:
    """Say whether an incident is one; the quality of its days is scored anew."""
    house, now = served.warehouse, served.clock()
    if not anomaly_id.startswith(f"{channel}-") or not label(
        house, anomaly_id, given.is_real, by=visitor.name, now=now
    ):
        raise HTTPException(404, f"channel {channel} has no anomaly {anomaly_id[:60]!r}")
    return Labelled(anomaly_id=anomaly_id, is_real=given.is_real)


@table(router, "/channels/{channel:channel}/quality", _DAY, tag="analyses")
def quality(asked: Asked, channel: Channel, span: Span) -> Answer:
    """The judged days of a span, each with its score and why; days are UTC's."""
    given = {"channel_id": channel, "start_at": _day(span.start), "end_at": _day(span.end, up=True)}
    return asked.answer(
        f"channel-{channel}-quality", lambda house: house.query("quality_days", **given)
    )


@table(router, "/channels/{channel:channel}/quality/dimensions", DIMENSIONS, tag="analyses")
def quality_dimensions(asked: Asked, channel: Channel, span: Span) -> Answer:
    """How good the readings of a span are in six ways, each with why; field 0 is the channel."""
    return asked.answer(
        f"channel-{channel}-dimensions",
        lambda house: dimensions_of(
            house, channel, start=span.start, end=span.end, as_of=asked.now
        ),
    )


@table(router, "/channels/{channel:channel}/trend", _TREND, tag="analyses")
def trend(
    asked: Asked, channel: Channel, field: FieldName, days: Days = 30, as_of: AsOf = None
) -> Answer:
    """A field by whole days of the zone: change, seven-day mean, direction."""
    number = names.find_field(asked.served.warehouse, channel, field)
    instant = looked_back_from(asked, channel, as_of)
    return asked.answer(
        f"channel-{channel}-trend",
        lambda house: trend_of(house, channel, number, days=days, as_of=instant, zone=asked.zone),
    )


@table(router, "/channels/{channel:channel}/trend/tests", TENDENCIES, tag="analyses")
def trend_tests(
    asked: Asked, channel: Channel, field: FieldName, days: Days = 30, as_of: AsOf = None
) -> Answer:
    """Whether a field's days rise or fall, and where their level changed; of months after years."""
    number = names.find_field(asked.served.warehouse, channel, field)
    instant = looked_back_from(asked, channel, as_of)

    def found(house: Warehouse) -> pa.Table:
        daily = trend_of(house, channel, number, days=days, as_of=instant, zone=asked.zone)
        return tendencies_of(house, daily.to_pylist())

    return asked.answer(f"channel-{channel}-trend-tests", found)


@table(router, "/channels/{channel:channel}/forecast", FORECAST, tag="analyses")
def forecast(
    asked: Asked,
    channel: Channel,
    field: FieldName,
    hours: Annotated[int, Query(ge=1, le=8784, description="How far; days beyond 336")] = 24,
    as_of: AsOf = None,
) -> Answer:
    """How a field is likely to go on, with intervals of 95 % that its own past has tried."""
    number = names.find_field(asked.served.warehouse, channel, field)
    length, instant = timedelta(hours=hours), looked_back_from(asked, channel, as_of)
    return asked.answer(
        f"channel-{channel}-forecast",
        lambda house: forecast_of(
            house, channel, number, length=length, as_of=instant, zone=asked.zone
        ),
    )


def _day(instant: datetime | None, *, up: bool = False) -> date | None:
    if instant is None:
        return None
    is_within = up and instant.time() != datetime.min.time() and instant.date() != date.max
    return instant.date() + timedelta(days=1) if is_within else instant.date()


def looked_back_from(asked: Asked, channel: int, as_of: str | None) -> datetime:
    """An instant to look back from; naive UTC."""
    if as_of is None:
        return asked.now
    if as_of.strip().lower() != "latest":
        return times.instant_of(as_of, asked.zone, asked.now)
    now = asked.now
    found = asked.query("newest_reading", channel_id=channel, as_of=now)
    newest: datetime | None = found["CreatedAt"][0].as_py()
    if newest is None:
        raise ConfigurationError(f"channel {channel} has no reading that could be the latest")
    return min(newest + timedelta(seconds=1), now)
