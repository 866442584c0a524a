"""What the warehouse makes of readings: anomalies, quality, trend, its tests, forecasts."""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal

import pyarrow as pa
from fastapi import APIRouter, Query

from fieldhouse import names, times
from fieldhouse.errors import ConfigurationError
from fieldhouse.forecasts import FORECAST, forecast_of
from fieldhouse.tendencies import TENDENCIES, tendencies_of
from fieldhouse.trends import trend_of
from fieldhouse.warehouse import Warehouse
from fieldhouse.warehouse.questions import QUERIES
from fieldhouse.web.api.asked import Asked, Channel, Span
from fieldhouse.web.api.described import table
from fieldhouse.web.limits.whole import Answer

__all__ = ["router"]

router = APIRouter()
_ANOMALY, _DAY, _TREND = (
    QUERIES[n].columns for n in ("usp_DetectAnomalies", "quality_days", "usp_GetTrendAnalysis")
)

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


@table(router, "/channels/{channel:channel}/anomalies", _ANOMALY, tag="analyses")
def anomalies(
    asked: Asked,
    channel: Channel,
    field: FieldName,
    threshold: Annotated[float, Query(ge=0, le=1e9, description="In standard deviations")] = 3.0,
    days: Days = 30,
    method: Annotated[
        Literal["ZSCORE", "MAD"], Query(description="MAD holds out against outliers")
    ] = "ZSCORE",
    as_of: AsOf = None,
) -> Answer:
    """Readings of a field that lie too far from its mean."""
    given = {
        "channel_id": channel,
        "field_number": names.find_field(asked.served.warehouse, channel, field),
        "threshold_stddev": threshold,
        "lookback_days": days,
        "method": method,
        "as_of": _instant(asked, channel, as_of),
    }
    return asked.answer(
        f"channel-{channel}-anomalies", lambda house: house.query("usp_DetectAnomalies", **given)
    )


@table(router, "/channels/{channel:channel}/quality", _DAY, tag="analyses")
def quality(asked: Asked, channel: Channel, span: Span) -> Answer:
    """The judged days of a span, each with its score and why; days are UTC's."""
    given = {"channel_id": channel, "start_at": _day(span.start), "end_at": _day(span.end, up=True)}
    return asked.answer(
        f"channel-{channel}-quality", lambda house: house.query("quality_days", **given)
    )


@table(router, "/channels/{channel:channel}/trend", _TREND, tag="analyses")
def trend(
    asked: Asked, channel: Channel, field: FieldName, days: Days = 30, as_of: AsOf = None
) -> Answer:
    """A field by whole days of the zone: change, seven-day mean, direction."""
    number = names.find_field(asked.served.warehouse, channel, field)
    instant = _instant(asked, channel, as_of)
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
    instant = _instant(asked, channel, as_of)

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
    length, instant = timedelta(hours=hours), _instant(asked, channel, as_of)
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


def _instant(asked: Asked, channel: int, as_of: str | None) -> datetime:
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
