"""For how long a field is above or below a value, period by period, by the sun if asked."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from starlette.responses import Response

from fieldhouse.errors import ConfigurationError
from fieldhouse.insight import lasting
from fieldhouse.insight.lasting import Lasting, Period
from fieldhouse.report.figure import Figure, Line, Panel, instant_of
from fieldhouse.report.page import chart
from fieldhouse.web.pages.shared import (
    Channel,
    Field,
    Given,
    channel_of,
    chosen_field,
    count_in,
    given_in,
    looked_back_from,
    show,
    zone_of,
)
from fieldhouse.web.served import House, Served

__all__ = ["router"]

router = APIRouter()
_DAYS, _MOST_DAYS = 30, 3660
_LENGTHS = {"day": 1, "week": 7, "month": 28}
_NAMES = {None: "hours", True: "by day", False: "by night"}


@router.get("/channel/{channel_id}/hours")
def hours_page(request: Request, served: House, channel_id: int) -> Response:
    """The page of one field; of a channel that is silent as of its newest reading."""
    channel = channel_of(served, channel_id)
    given = given_in(request)
    zone = zone_of(request, given)
    field, fields = chosen_field(served, channel, given)
    days = given.read("days", lambda text: count_in(text, "days", _MOST_DAYS)) or _DAYS
    by = given.read("by", _period) or "day"
    end = looked_back_from(served, channel, timedelta(days=days))
    span = lasting.since(days, end, zone), end
    found, refused = _found(served, channel, field, given, by, span, zone)
    said = _said(given)
    figure = _figure(field, found, said, by, span, zone) if found else None
    return show(
        request,
        "hours.html",
        given=given,
        channel=channel,
        field=field,
        fields=fields,
        zone=zone,
        days=days,
        by=by,
        periods=[(period, period) for period in lasting.PERIODS],
        said=said,
        rows=found[::-1],
        refused=refused,
        end=end,
        drawn=chart("hours", figure, has_numbers=False) if figure else None,
    )


def _period(text: str) -> Period:
    for period in lasting.PERIODS:
        if text == period:
            return period
    raise ConfigurationError(f"{text[:40]} is no period: write {', '.join(lasting.PERIODS)}")


def _found(
    served: Served, channel: Channel, field: Field, given: Given, by: Period,
    span: tuple[datetime, datetime], zone: tzinfo,
) -> tuple[list[Lasting], str]:  # fmt: skip
    """The periods, or why there are none."""
    above, below = (given.text(name) or None for name in ("above", "below"))
    try:
        condition = lasting.between(above, below)
    except ConfigurationError as error:
        given.refuse("above" if above else "below", error)
        return [], ""
    start, end = span
    asked: dict[str, Any] = {"start": start, "end": end, "zone": zone, "by": by}
    by_daylight = bool(given.text("daylight"))
    try:
        return lasting.hours(
            served.warehouse,
            channel.number,
            field.number,
            condition,
            **asked,
            by_daylight=by_daylight,
        ), ""
    except ConfigurationError as error:  # what the channel lacks, or too many parts
        return [], str(error)


def _said(given: Given) -> str:
    """The condition in words; empty: none is asked for."""
    words = ((word, given.text(word)) for word in ("above", "below"))
    return " and ".join(f"{word} {text}" for word, text in words if text)


def _figure(
    field: Field,
    found: Sequence[Lasting],
    said: str,
    by: Period,
    span: tuple[datetime, datetime],
    zone: tzinfo,
) -> Figure:
    """Hours a period, or without a condition the means by time; light and dark are two lines."""
    lights = sorted({row.light for row in found}, key=lambda light: light is False)
    lines = tuple(
        _line([row for row in found if row.light is light], said, by, zone) for light in lights
    )
    most = max((float(line.greatest.max()) for line in lines if len(line)), default=0.0)
    title = f"{field.title} {said}" if said else field.title
    bounds = (0.0, max(most, 1.0)) if said else None
    panel = Panel(title, lines, "h" if said else field.unit, bounds=bounds)
    return Figure(title, instant_of(span[0]), instant_of(span[1]), zone, (panel,))


def _line(rows: Sequence[Lasting], said: str, by: Period, zone: tzinfo) -> Line:
    known = [row for row in rows if row.mean is not None]
    start = np.array([_midnight(row.begins, zone) for row in known], np.int64)
    after = [_midnight(row.begins + timedelta(days=_LENGTHS[by]), zone) for row in known]
    shown = [row.inside if said else row.mean for row in known]
    values = np.array(shown, np.float64)
    name = _NAMES[rows[0].light]
    end, ones = np.array(after, np.int64), np.ones_like(start)
    return Line(name, start, end, values, values, values, ones)


def _midnight(day: date, zone: tzinfo) -> int:
    return instant_of(datetime(day.year, day.month, day.day, tzinfo=zone))
