"""The lives of a channel, what of its past is there, and what is missing."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from fieldhouse.report import gathering
from fieldhouse.report.figure import SECOND, datetime_of, instant_of
from fieldhouse.report.thinning import gaps, step_for
from fieldhouse.report.timeline import Bar, timeline
from fieldhouse.state import BEGINNING, END
from fieldhouse.web.pages.shared import Channel, Shown, channel_of, given_in, show, span_of, zone_of
from fieldhouse.web.served import House, Served

__all__ = ["router"]

router = APIRouter()
_POINTS = 20_000
_MOST = 100
_STATES = {
    "open": "still to be asked for",
    "absent": "absent: the source does not have them",
    "unreachable": "unreachable: too many in one second",
    "older": "those of an older life",
}


@router.get("/channel/{channel_id}/lives")
def lives_page(request: Request, served: House, channel_id: int) -> Response:
    """The page of one channel."""
    channel = channel_of(served, channel_id)
    given = given_in(request)
    house, limits, mine = served.warehouse, served.limits(), {"channel_ids": [channel_id]}
    zone = zone_of(request, given)
    span = span_of(served, channel, given, zone)
    lives = house.query("lives", limits, channel_id=channel.number).to_pylist()
    coverage = house.query("coverage", limits, **mine).to_pylist()
    disputes = house.query("disputes", limits, **mine).to_pylist()
    missing = house.query("gaps", limits, **mine).to_pylist()
    withdrawn = house.query("withdrawn", limits, channel_id=channel.number)
    silent, step = _silences(served, channel, span)
    longest = sorted(silent, key=lambda gap: gap[0] - gap[1])[:_MOST]
    return show(
        request,
        "lives.html",
        given=given,
        channel=channel,
        span=span,
        zone=zone,
        lives=lives,
        drawn=timeline(_bars(lives, coverage, silent, span), span, zone),
        coverage=[_told(row) for row in coverage],
        open_disputes=[row for row in disputes if row["State"] == "open"][:_MOST],
        dispute_count=sum(row["State"] == "open" for row in disputes),
        missing=missing[:_MOST],
        more_missing=len(missing) - _MOST,
        states=_STATES,
        withdrawn=withdrawn.slice(0, _MOST).to_pylist(),
        withdrawn_count=withdrawn.num_rows,
        silences=[
            (datetime_of(begin), datetime_of(end), (end - begin) // SECOND)
            for begin, end in sorted(longest)
        ],
        silence_count=len(silent),
        step=gathering.length_text(step) if step else None,
    )


def _silences(served: Served, channel: Channel, span: Shown) -> tuple[list[tuple[int, int]], int]:
    """The spans without a reading that are longer than usual, and the steps that are seen."""
    length = (span[1] - span[0]) // timedelta(microseconds=1)
    seconds = step_for(length, _POINTS)
    table = gathering.buckets(served.warehouse, channel.number, *span, seconds)
    line = gathering.presence(table, seconds)
    if not len(line):
        return [], 0
    return gaps(line, instant_of(span[0]), instant_of(span[1])), seconds


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """A span that is proven complete; None is the beginning or the end of all time."""
    start, end = row["SpanStart"], row["SpanEnd"]
    return {"start": None if start <= BEGINNING else start, "end": None if end >= END else end}


def _bars(
    lives: list[dict[str, Any]],
    coverage: list[dict[str, Any]],
    silent: list[tuple[int, int]],
    span: Shown,
) -> list[Bar]:
    bars = [
        Bar(f"Life {life['Epoch']}", "line c0", [(life["FirstCreatedAt"], life["LastCreatedAt"])])
        for life in lives
        if life["FirstCreatedAt"]
    ]
    known = [(max(r["SpanStart"], span[0]), min(r["SpanEnd"], span[1])) for r in coverage]
    naive = [tuple(datetime_of(at).replace(tzinfo=None) for at in gap) for gap in silent]
    return [
        *bars,
        Bar("Read whole", "line c2", [part for part in known if part[0] < part[1]]),
        Bar("Silent", "line c1", [(begin, end) for begin, end in naive]),
    ]
