"""How each method tells what is unusual, shown on a channel's own readings."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from starlette.responses import Response

from fieldhouse.insight.unusual import said
from fieldhouse.report import gathering, pointing
from fieldhouse.report.figure import Figure, Line, Mark, Panel, instant_of
from fieldhouse.report.legend import beside
from fieldhouse.report.page import chart
from fieldhouse.report.thinning import step_for
from fieldhouse.warehouse import Limits, Warehouse
from fieldhouse.web.pages.shared import Channel, Field, channel_of, chosen_field, given_in, show
from fieldhouse.web.served import House, Served

__all__ = ["router"]

router = APIRouter()
_DAY = timedelta(days=1)
_KEPT = 8
"""Days of which each has its own model still."""
_DAYS = 30
_SPREADS = 3
_COUNTER, _DIRECTION = 1, 5
"""Natures of which not the values are judged, but rises, and how far they turn."""
_POINTS = 400
_MOST = 200
Row = Mapping[str, Any]


@router.get("/channel/{channel_id}/insight")
def insight_page(request: Request, served: House, channel_id: int) -> Response:
    """A picture for each method; hours and days are UTC's, as they are judged."""
    channel = channel_of(served, channel_id)
    given = given_in(request)
    field, fields = chosen_field(served, channel, given)
    end = _end(served, channel)
    shown: dict[str, Any] = {"seasonal": None, "zscore": None, "mad": None}
    incident: Row | None = None
    model: Sequence[Row] = []
    if end:
        incident = _strongest(served.warehouse, channel, field, end)
        day = (incident["PeakAt"] if incident else end).date()
        model = _model(served.warehouse, channel, field, day)
        if model and model[0]["Nature"] not in (_COUNTER, _DIRECTION):
            shown["seasonal"] = _seasonal(served.warehouse, channel, field, model, day)
        for method in ("zscore", "mad"):
            shown[method] = _around(served.warehouse, channel, field, end, method)
    return show(
        request,
        "insight.html",
        given=given,
        channel=channel,
        field=field,
        fields=fields,
        why=said(incident, UTC) if incident else None,
        model=model[0] if model else None,
        drawn={name: figure and _drawn(name, figure) for name, figure in shown.items()},
    )


def _end(served: Served, channel: Channel) -> datetime | None:
    """Just after the newest reading; None: there is none."""
    found = served.warehouse.query("newest_reading", channel_id=channel.number, as_of=served.as_of)
    newest: datetime | None = found["CreatedAt"][0].as_py()
    return newest + timedelta(seconds=1) if newest else None


def _strongest(house: Warehouse, channel: Channel, field: Field, end: datetime) -> Row | None:
    """Of the field's incidents about its values, lately, the one that is the most unusual."""
    start = end - _KEPT * _DAY
    rows = pointing.incidents(house, channel.number, start, end)
    own = [
        row
        for row in rows
        if row["FieldNumber"] == field.number
        and row["Kind"] not in ("STUCK", "SILENCE")
        and row["PeakAt"] >= start
    ]
    return max(own, key=lambda row: row["Score"], default=None)


def _model(house: Warehouse, channel: Channel, field: Field, day: Any) -> Sequence[Row]:
    rows: Sequence[Row] = house.query(
        "model_of_day", channel_id=channel.number, field_number=field.number, day=day
    ).to_pylist()
    return rows


def _seasonal(
    house: Warehouse, channel: Channel, field: Field, model: Sequence[Row], day: Any
) -> Figure:
    """A day's readings before the level and the band of each of its hours."""
    start = datetime(day.year, day.month, day.day)
    end = start + _DAY
    line = _readings(house, channel, field, start, end)
    hours = [start + timedelta(hours=row["Hour"]) for row in model]
    levels = np.array([row["Level"] for row in model])
    reach = _SPREADS * np.array([row["Spread"] for row in model])
    usual = _band("such hours, and three spreads", hours, timedelta(hours=1), levels, reach)
    found = pointing.incidents(house, channel.number, start, end)
    marks = pointing.peaks(pointing.of_field(found, field.number), line, UTC)
    return _figure(field, start, end, (line, usual), marks)


def _around(
    house: Warehouse, channel: Channel, field: Field, end: datetime, method: str
) -> Figure | None:
    """Thirty days before their centre and its band; None where nothing spreads."""
    asked = {
        "channel_id": channel.number,
        "field_number": field.number,
        "lookback_days": _DAYS,
        "method": method.upper(),
        "as_of": end,
    }
    any_one = Limits(rows=1, columns=("Centre", "Spread"))
    found = house.query("usp_DetectAnomalies", any_one, threshold_stddev=0.0, **asked).to_pylist()
    if not found:
        return None
    start = end - _DAYS * _DAY
    days = [start + n * _DAY for n in range(_DAYS)]
    centre = np.full(_DAYS, found[0]["Centre"])
    reach = np.full(_DAYS, _SPREADS * found[0]["Spread"])
    name = "mean" if method == "zscore" else "median"
    usual = _band(f"{name}, and three spreads", days, _DAY, centre, reach)
    far = house.query("usp_DetectAnomalies", **asked).to_pylist()
    strongest = sorted(far, key=lambda row: -abs(row["Score"]))[:_MOST]
    marks = [
        Mark(instant_of(row["CreatedAt"]), float(row["Value"]), f"{row['Score']:.1f} spreads off")
        for row in strongest
    ]
    return _figure(field, start, end, (_readings(house, channel, field, start, end), usual), marks)


def _readings(
    house: Warehouse, channel: Channel, field: Field, start: datetime, end: datetime
) -> Line:
    seconds = step_for((end - start) // timedelta(microseconds=1), _POINTS)
    table = gathering.buckets(house, channel.number, start, end, seconds)
    return gathering.lines_in(table, {field.number: "readings"}, seconds)[field.number]


def _band(name: str, starts: Sequence[datetime], each: timedelta, middle: Any, reach: Any) -> Line:
    start = np.array([instant_of(one) for one in starts], np.int64)
    end = start + each // timedelta(microseconds=1)
    ones = np.full(len(starts), 2, np.int64)  # not readings
    return Line(name, start, end, middle, middle - reach, middle + reach, ones)


def _figure(
    field: Field, start: datetime, end: datetime, lines: tuple[Line, ...], marks: Sequence[Mark]
) -> Figure:
    panel = Panel(field.title, lines, field.unit, tuple(marks))
    return Figure(field.title, instant_of(start), instant_of(end), UTC, (panel,))


def _drawn(name: str, figure: Figure) -> Any:
    return chart(name, figure, beside(figure))
