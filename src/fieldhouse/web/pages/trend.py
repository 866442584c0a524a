"""Where a field goes: its days, how each changed, the mean of seven, and what tests say of them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from starlette.responses import Response

from fieldhouse import times
from fieldhouse.insight.tendencies import tendencies_of, told
from fieldhouse.insight.trends import trend_of
from fieldhouse.report.embedded import decimals
from fieldhouse.report.figure import Figure, Line, Panel, instant_of
from fieldhouse.report.legend import beside
from fieldhouse.report.page import chart
from fieldhouse.warehouse import Limits
from fieldhouse.web.pages.shared import (
    Field,
    channel_of,
    chosen_field,
    count_in,
    given_in,
    show,
    zone_of,
)
from fieldhouse.web.served import House, Served

__all__ = ["router"]

router = APIRouter()
_MOST_DAYS = 36_525
_USUAL = 30
Row = Mapping[str, Any]


@router.get("/channel/{channel_id}/trend")
def trend_page(request: Request, served: House, channel_id: int) -> Response:
    """The page of one field, over so many whole days."""
    channel = channel_of(served, channel_id)
    given = given_in(request)
    zone = zone_of(request, given)
    field, fields = chosen_field(served, channel, given)
    days = given.read("days", lambda text: count_in(text, "days", _MOST_DAYS)) or _USUAL
    rows = trend_of(
        served.warehouse,
        channel.number,
        field.number,
        days=days,
        as_of=_as_of(served, channel.number, zone),
        zone=zone,
    ).to_pylist()
    tested = tendencies_of(served.warehouse, rows)
    lines = _lines(rows, zone) if rows else ()
    figure = _figure(field, lines, zone) if lines else None
    return show(
        request,
        "trend.html",
        given=given,
        channel=channel,
        field=field,
        fields=fields,
        zone=zone,
        days=days,
        rows=rows[::-1],
        said=list(told(tested)),
        unit=tested["Unit"][0].as_py() if tested.num_rows else None,
        is_year_old=any(row["YearAgoAvg"] is not None for row in rows),
        places=decimals(lines[0]) if lines else 0,
        drawn=chart("trend", figure, beside(figure)) if figure else None,
    )


def _as_of(served: Served, number: int, zone: tzinfo) -> datetime:
    """Now; of a channel that is silent just after its last day, so that there is something."""
    now = served.as_of
    (row,) = served.warehouse.query(
        "field_spans", Limits(columns=("LastAt",)), channel_id=number, end_at=now
    ).to_pylist()
    if row["LastAt"] is None:
        return now
    last = row["LastAt"].replace(tzinfo=UTC).astimezone(zone).date()
    return min(now, times.instant_of(_after(last).isoformat(), zone))


def _lines(rows: Sequence[Row], zone: tzinfo) -> tuple[Line, Line]:
    """The days with their least and greatest, and the mean of seven."""
    start = np.array([_midnight(row["ReadingDate"], zone) for row in rows], np.int64)
    end = np.array([_midnight(_after(row["ReadingDate"]), zone) for row in rows], np.int64)
    count = np.array([row["ReadingCount"] for row in rows], np.int64)
    mean, low, high, week = (
        np.array([float(row[name]) for row in rows])
        for name in ("AvgValue", "MinValue", "MaxValue", "MovingAvg7Day")
    )
    days = Line("each day", start, end, mean, np.minimum(low, mean), np.maximum(high, mean), count)
    return days, Line("seven days", start, end, week, week, week, count)


def _after(day: date) -> date:
    return date.fromordinal(min(day.toordinal() + 1, date.max.toordinal()))


def _midnight(day: date, zone: tzinfo) -> int:
    return instant_of(datetime(day.year, day.month, day.day, tzinfo=zone))


def _figure(field: Field, lines: tuple[Line, ...], zone: tzinfo) -> Figure:
    panel = Panel(field.title, lines, field.unit)
    start, end = int(lines[0].start[0]), int(lines[0].end[-1])
    return Figure(field.title, start, end, zone, (panel,))
