"""What is unusual in a channel: found as readings came, and what people say of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any, Literal, cast

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from fieldhouse.errors import ConfigurationError
from fieldhouse.insight.labelling import label
from fieldhouse.insight.unusual import evidence
from fieldhouse.names import field_named
from fieldhouse.web.access import Scope
from fieldhouse.web.pages.shared import (
    Channel,
    Given,
    Posted,
    Shown,
    channel_of,
    chosen_field,
    done,
    given_in,
    pages_of,
    show,
    span_of,
    zone_of,
)
from fieldhouse.web.served import House, Served, Who, needs

__all__ = ["router"]

router = APIRouter()
_USUAL = timedelta(days=30)
_AROUND = timedelta(days=1)
_PAGE = 100
Row = Mapping[str, Any]
Method = Literal["seasonal", "zscore", "mad"]
METHODS: Mapping[Method, str] = {
    "seasonal": "by what such hours have been",
    "zscore": "far from the mean (z-score)",
    "mad": "far from the median (MAD)",
}
_SAID: Mapping[str, bool | None] = {"ok": False, "real": True, "nothing": None}


@router.get("/channel/{channel_id}/anomalies")
def anomalies_page(request: Request, served: House, channel_id: int) -> Response:
    """The incidents of a span, with why; or the readings of a field that a method takes out."""
    channel = channel_of(served, channel_id)
    given = given_in(request)
    zone = zone_of(request, given)
    span = span_of(served, channel, given, zone, _USUAL)
    method = given.read("method", _method) or "seasonal"
    chosen = given.read("field", lambda word: field_named(channel.labels, word, channel.title))
    first, fields = chosen_field(served, channel, given)
    incidents: Sequence[Row] = ()
    readings: Sequence[Row] = ()
    if method == "seasonal":
        incidents = _incidents(served, channel, chosen, span, zone, bool(given.text("young")))
    else:
        chosen = first.number
        readings = _readings(served, channel, chosen, span, method)
    pages = pages_of(given, _PAGE, len(incidents) + len(readings))
    shown = slice(pages["first_row"] - 1, pages["last_row"])
    return show(
        request,
        "anomalies.html",
        given=given,
        channel=channel,
        zone=zone,
        span=span,
        method=method,
        methods=list(METHODS.items()),
        field=chosen,
        fields=[("", "All fields"), *((one.number, one.label) for one in fields)],
        incidents=incidents[shown],
        readings=readings[shown],
        pages=pages,
        margin=_AROUND,
        query=request.url.query,
    )


def _method(text: str) -> Method:
    if text.lower() not in METHODS:
        raise ConfigurationError(f"the methods are {', '.join(METHODS)}, not {text[:40]!r}")
    return cast(Method, text.lower())


def _incidents(
    served: Served, channel: Channel, field: int | None, span: Shown, zone: tzinfo, young: bool
) -> list[dict[str, Any]]:
    """The newest first, with their evidence."""
    found = served.warehouse.query(
        "anomalies_kept",
        channel_ids=[channel.number],
        field_number=field,
        start_at=span[0],
        end_at=span[1],
        young=young,
    ).to_pylist()
    return [{**row, "why": evidence(row, zone)} for row in reversed(found)]


def _readings(
    served: Served, channel: Channel, field: int, span: Shown, method: Method
) -> list[dict[str, Any]]:
    """The newest first; the span is taken to whole days, back from its end."""
    days = -(-(span[1] - span[0]) // timedelta(days=1))
    found = served.warehouse.query(
        "usp_DetectAnomalies",
        channel_id=channel.number,
        field_number=field,
        lookback_days=days,
        method=method.upper(),
        as_of=span[1],
    ).to_pylist()
    return [row for row in reversed(found) if row["CreatedAt"] >= span[0]]


@router.post("/channel/{channel_id}/anomalies/{anomaly_id}", dependencies=[needs(Scope.OPERATE)])
def say(
    request: Request, served: House, visitor: Who, channel_id: int, anomaly_id: str, given: Posted
) -> Response:
    """Keep what a person says of an incident."""
    channel = channel_of(served, channel_id)
    said = given.text("said")
    if said not in _SAID:
        raise HTTPException(400, f"an incident is {', '.join(_SAID)}, not {said[:40]!r}")
    if not _labelled(served, channel, anomaly_id, _SAID[said], visitor.name, served.clock()):
        raise HTTPException(404, f"{channel.title} has no anomaly {anomaly_id[:60]!r}")
    line = "Said of it: nothing." if said == "nothing" else f"It was {said}: that is kept."
    return done(request, f"/channel/{channel_id}/anomalies{_asked(given)}", line)


def _labelled(
    served: Served, channel: Channel, anomaly_id: str, is_real: bool | None, by: str, now: datetime
) -> bool:
    if not anomaly_id.startswith(f"{channel.number}-"):
        return False
    return label(served.warehouse, anomaly_id, is_real, by=by, now=now)


def _asked(given: Given) -> str:
    """What the list was of, that it is shown again."""
    query = given.text("query")
    return f"?{query}" if query else ""
