"""How a field is likely to go on: its last days and the forecast, and when it crosses a limit."""

import math
from datetime import datetime, timedelta, tzinfo
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from fieldhouse import times
from fieldhouse.errors import ConfigurationError
from fieldhouse.insight.forecasts import LONGEST, crossing_of, forecast_of, is_hourly, told, tried
from fieldhouse.report.embedded import decimals
from fieldhouse.report.foreseen import fan
from fieldhouse.report.legend import beside
from fieldhouse.report.page import chart
from fieldhouse.web.pages.shared import (
    Channel,
    Field,
    Given,
    channel_of,
    chosen_field,
    given_in,
    looked_back_from,
    show,
    zone_of,
)
from fieldhouse.web.served import House, Served

__all__ = ["router"]

router = APIRouter()
_USUAL = timedelta(days=3)
_FRESH = timedelta(days=14)
"""A field that has been silent for longer goes on nowhere."""
_SIDES = {"below": "falls below", "above": "rises above"}


@router.get("/channel/{channel_id}/forecast")
def forecast_page(request: Request, served: House, channel_id: int) -> Response:
    """The page of one field; of a channel that is silent as from its newest reading on."""
    channel = channel_of(served, channel_id)
    given = given_in(request)
    zone = zone_of(request, given)
    field, fields = chosen_field(served, channel, given)
    as_of = looked_back_from(served, channel, _FRESH)
    length = given.read("for", lambda text: _ahead(text, as_of)) or _USUAL
    asked: dict[str, Any] = {"as_of": as_of, "zone": zone}
    found = forecast_of(served.warehouse, channel_id, field.number, length=length, **asked)
    shown = (field.number, field.title, field.unit)
    figure = fan(served.warehouse, channel_id, shown, forecast=found, **asked) if found else None
    return show(
        request,
        "forecast.html",
        given=given,
        channel=channel,
        field=field,
        fields=fields,
        zone=zone,
        sides=_SIDES.items(),
        crossing=_crossing(served, channel, field, given, as_of, zone),
        late=as_of if served.as_of - as_of > _FRESH else None,
        is_hourly=is_hourly(found),
        tried=tried(found),
        places=decimals(figure.panels[0].lines[1]) if figure else 0,
        drawn=chart("forecast", figure, beside(figure)) if figure else None,
    )


def _ahead(text: str, at: datetime) -> timedelta:
    length = times.length_of(text).up_to(at)
    if not timedelta(hours=1) <= length <= LONGEST:
        raise ConfigurationError(f"a forecast is for 1h to {LONGEST.days}d")
    return length


def _limit(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ConfigurationError(f"{text[:40]} is no number: write 3.3")
    return value


def _crossing(
    served: Served, channel: Channel, field: Field, given: Given, as_of: datetime, zone: tzinfo
) -> str | None:
    """When the field crosses the limit that is asked for, within a year."""
    limit = given.read("limit", _limit)
    side = given.text("side", "below")
    if side not in _SIDES:
        given.refuse("side", f"{side[:40]} is neither below nor above")
    if limit is None or "side" in given.errors:
        return None
    ahead = forecast_of(
        served.warehouse, channel.number, field.number, length=LONGEST, as_of=as_of, zone=zone
    )
    if not ahead.num_rows:
        return None
    below = side == "below"
    return told(crossing_of(ahead, limit, below=below), limit, zone, below=below, days=LONGEST.days)
