"""How a field goes by hour, weekday and day of the year, and how its values spread."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, tzinfo
from decimal import Decimal
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from starlette.responses import Response

from fieldhouse.periods import hours_of_week, periods_of
from fieldhouse.report import rhythm
from fieldhouse.report.embedded import decimals
from fieldhouse.report.figure import Line
from fieldhouse.report.markup import Markup
from fieldhouse.report.ticks import number_ticks
from fieldhouse.times import Length
from fieldhouse.web.pages.shared import (
    Channel,
    Field,
    Shown,
    channel_of,
    chosen_field,
    given_in,
    show,
    span_of,
    zone_of,
)
from fieldhouse.web.served import House, Served

__all__ = ["router"]

router = APIRouter()
_BINS = 40
_YEARS = 3
_SMALLEST = Decimal("0.000001")
Row = Mapping[str, Any]


@router.get("/channel/{channel_id}/rhythm")
def rhythm_page(request: Request, served: House, channel_id: int) -> Response:
    """The page of one field."""
    channel = channel_of(served, channel_id)
    given = given_in(request)
    zone = zone_of(request, given)
    field, fields = chosen_field(served, channel, given)
    span = span_of(served, channel, given, zone)
    hours = _hours(served, channel, field, span, zone)
    drawn = _drawn(served, channel, field, span, zone, hours) if hours else {}
    return show(
        request,
        "rhythm.html",
        given=given,
        channel=channel,
        field=field,
        fields=fields,
        span=span,
        zone=zone,
        drawn=drawn,
        values=sum(row["Count"] for row in hours),
    )


def _hours(
    served: Served, channel: Channel, field: Field, span: Shown, zone: tzinfo
) -> list[dict[str, Any]]:
    """The hours of the week that have values."""
    found = hours_of_week(
        served.warehouse,
        channel.number,
        zone,
        start=span[0],
        end=span[1],
        columns=_columns(field),
        limits=served.limits(),
    )
    names = ["Weekday", "Hour", "Avg", "Min", "Max", "Count"]
    return [row for row in found.rename_columns(names).to_pylist() if row["Count"]]


def _columns(field: Field) -> tuple[str, ...]:
    return tuple(f"Field{field.number}{what}" for what in ("Avg", "Min", "Max", "Count"))


def _drawn(
    served: Served, channel: Channel, field: Field, span: Shown, zone: tzinfo, hours: Sequence[Row]
) -> dict[str, Any]:
    days = _days(served, channel, field, span, zone)
    places = _places(days)
    bins, bin_places = _bins(served, channel, field, span, hours)
    return {
        "week": rhythm.week(
            [rhythm.Hour(r["Weekday"], r["Hour"], r["Avg"], r["Count"]) for r in hours],
            field.title,
            field.unit,
            places,
        ),
        "histogram": rhythm.histogram(bins, field.title, field.unit, bin_places),
        "years": _years(days, field, places),
        "more_years": sorted({day.day.year for day in days})[:-_YEARS],
    }


def _days(
    served: Served, channel: Channel, field: Field, span: Shown, zone: tzinfo
) -> list[rhythm.Day]:
    """The days of the zone that have values."""
    found = periods_of(
        served.warehouse,
        channel.number,
        Length(days=1),
        zone,
        start=span[0],
        end=span[1],
        columns=_columns(field),
        limits=served.limits(),
    )
    return [
        rhythm.Day(_day(begin, zone), mean, float(low), float(high), count)
        for begin, mean, low, high, count in zip(
            *(column.to_pylist() for column in found.columns), strict=True
        )
        if count
    ]


def _day(begin: Any, zone: tzinfo) -> date:
    local: date = begin.replace(tzinfo=UTC).astimezone(zone).date()
    return local


def _places(days: Sequence[rhythm.Day]) -> int:
    at = np.arange(len(days))
    mean, low, high = (
        np.array([getattr(day, name) for day in days]) for name in ("mean", "least", "greatest")
    )
    return decimals(Line("", at, at + 1, mean, low, high, at))


def _bins(
    served: Served, channel: Channel, field: Field, span: Shown, hours: Sequence[Row]
) -> tuple[list[rhythm.Bin], int]:
    """Bins of a round width over all values, and the decimals of their edges."""
    low, high = min(row["Min"] for row in hours), max(row["Max"] for row in hours)
    ticks = number_ticks(float(low), float(high), _BINS)
    # as a decimal: a tick is a whole multiple of a round number
    width = max(Decimal(f"{ticks[1].at - ticks[0].at:.6g}"), _SMALLEST)
    first = (low // width - (low % width < 0)) * width
    counted = served.warehouse.query(
        "value_counts",
        channel_id=channel.number,
        field_number=field.number,
        start_at=span[0],
        end_at=span[1],
        first=first,
        width=width,
    )
    counts = list(zip(counted["Bin"].to_pylist(), counted["Values"].to_pylist(), strict=True))
    exponent = width.normalize().as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    return rhythm.bins_of(counts, float(first), float(width)), places


def _years(days: Sequence[rhythm.Day], field: Field, places: int) -> list[tuple[int, Markup]]:
    """The newest years first, all in one scale."""
    newest = sorted({day.day.year for day in days})[: -_YEARS - 1 : -1]
    shown = [day for day in days if day.day.year in newest]
    scale = min(day.mean for day in shown), max(day.mean for day in shown)
    return [
        (
            number,
            rhythm.year(
                [day for day in shown if day.day.year == number],
                number,
                field.title,
                field.unit,
                scale,
                places,
            ),
        )
        for number in newest
    ]
