"""The quality of a channel's days: the score, what it lost its points for, the worst spans."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from starlette.responses import Response

from fieldhouse.insight.dimensions import dimensions_of, share_text
from fieldhouse.report import pointing
from fieldhouse.report.figure import SECOND, Figure, Line, Panel, instant_of
from fieldhouse.report.legend import beside
from fieldhouse.report.page import chart
from fieldhouse.web.pages.shared import channel_of, given_in, show, span_of
from fieldhouse.web.served import House

__all__ = ["router"]

router = APIRouter()
_DAY = timedelta(days=1)
_MONTH = timedelta(days=30)
_MOST = 30
_CAUSES = {"MissingReadings": 30, "OutOfRangeReadings": 40, "AnomaliesDetected": 30}
"""How many points a day loses whose readings are all so."""
_NAMES = {
    "MissingReadings": "no value",
    "OutOfRangeReadings": "out of range",
    "AnomaliesDetected": "anomalous",
}
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Span:
    """Days in a row that are below 100: how many points they lost, for what."""

    first: date
    last: date
    days: int
    lost: float
    mean: float
    readings: int
    causes: Mapping[str, int]
    absent: int


@router.get("/channel/{channel_id}/quality")
def quality_page(request: Request, served: House, channel_id: int) -> Response:
    """The page of one channel; its days are UTC's, as they were judged."""
    channel = channel_of(served, channel_id)
    given = given_in(request)
    start, end = span_of(served, channel, given, UTC)
    last = (end - timedelta(microseconds=1)).date()
    days = served.warehouse.query(
        "quality_days",
        channel_id=channel.number,
        start_at=start.date(),
        end_at=last + _DAY * (last < date.max),
    ).to_pylist()
    # of a history of millions of readings nobody waits for what was not asked for
    since = start if given.text("from") or end - start < _MONTH else end - _MONTH
    figure = _figure(days, end) if days else None
    spans = sorted(_below(days), key=lambda span: -span.lost)
    return show(
        request,
        "quality.html",
        given=given,
        channel=channel,
        span=(start, end),
        days=days,
        mean=sum(day["QualityScore"] for day in days) / len(days) if days else None,
        below=sum(day["QualityScore"] < 100 for day in days),
        drawn=chart("score", figure, beside(figure)) if figure else None,
        spans=spans[:_MOST],
        left_out=len(spans) - _MOST,
        names=_NAMES,
        notes=days[-1]["Notes"] if days else None,
        ways_from=since,
        ways=_ways(served, channel.number, since, end),
    )


def _ways(served: House, number: int, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """The six dimensions of the span."""
    found = dimensions_of(
        served.warehouse, number, start=start, end=end, as_of=served.as_of
    ).to_pylist()
    return [row | {"share": share_text(row) or "\N{EN DASH}"} for row in found]


def _below(days: Sequence[Row]) -> list[_Span]:
    """The longest runs of neighbouring days with a score below 100."""
    runs: list[list[Row]] = []
    for day in days:
        if day["QualityScore"] >= 100:
            continue
        if runs and runs[-1][-1]["CheckDate"] + _DAY == day["CheckDate"]:
            runs[-1].append(day)
        else:
            runs.append([day])
    return [_span(run) for run in runs]


def _span(run: Sequence[Row]) -> _Span:
    lost = sum(100 - day["QualityScore"] for day in run)
    return _Span(
        run[0]["CheckDate"],
        run[-1]["CheckDate"],
        len(run),
        lost,
        100 - lost / len(run),
        sum(day["TotalReadings"] for day in run),
        {name: sum(day[name] for day in run) for name in _CAUSES},
        sum(day["AbsentReadings"] or 0 for day in run),
    )


def _figure(days: Sequence[Row], end: datetime) -> Figure:
    """The score; below it the points that each cause has cost; and what was not there at all."""
    begin = instant_of(_midnight(days[0]["CheckDate"]))
    until = max(instant_of(_midnight(days[-1]["CheckDate"])) + 86_400 * SECOND, instant_of(end))
    score = _line("score", days, [day["QualityScore"] for day in days])
    silent = pointing.shades(score, _at(begin), _at(until))
    lost = tuple(
        _line(name, days, [_CAUSES[cause] * d[cause] / (d["TotalReadings"] or 1) for d in days])
        for cause, name in _NAMES.items()
        if any(day[cause] for day in days)
    )
    judged = [day for day in days if day["ExpectedReadings"]]
    absent = _line(
        "absent",
        judged,
        [100 * (day["AbsentReadings"] or 0) / day["ExpectedReadings"] for day in judged],
    )
    panels = [Panel("Score", (score,), "of 100", shades=silent, bounds=(0.0, 100.0))]
    if lost:
        alone = f": {lost[0].name}" if len(lost) == 1 else ""
        panels.append(Panel(f"Points lost{alone}", lost))
    if judged:
        panels.append(Panel("Expected, but not there", (absent,), "%", bounds=(0.0, 100.0)))
    return Figure("Quality", begin, until, UTC, tuple(panels))


def _line(name: str, days: Sequence[Row], values: Sequence[float]) -> Line:
    start = np.array([instant_of(_midnight(day["CheckDate"])) for day in days], np.int64)
    ones, value = np.ones(len(days), np.int64), np.array(values, np.float64)
    return Line(name, start, start + 86_400 * SECOND, value, value, value, ones)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


def _at(instant: int) -> datetime:
    return datetime(1970, 1, 1) + timedelta(microseconds=instant)
