"""What a client writes, understood: parameters into entries, and the answers that it waits for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import tzinfo
from itertools import accumulate
from typing import Any

from .entries import FIELD_COUNT, Entry, eight
from .exchange import JSON, TEXT, XML, Request, Response, data
from .query import zone
from .times import in_range, iso, parse

_LOCATION = (("latitude", "lat"), ("longitude", "long"), ("elevation", "elevation"))
_BULK_CSV = ("created_at", *(f"field{n}" for n in range(1, 9)), "latitude", "longitude")
_TYPES = {"json": JSON, "xml": XML}


def update(request: Request, id: int, now: int, longest: int | None = None) -> Entry:
    """The entry that `/update` brings; of a value no more than `longest` characters stay.

    Raises ValueError for a created_at that is no instant.
    """
    return _entry(request.params, id, now, zone(request), longest)


def bulk_update(
    request: Request, format: str, first_id: int, now: int, longest: int | None = None
) -> list[Entry]:
    """The entries that a bulk update brings.

    Relative times count the seconds since the row before; the last row is now. Raises ValueError,
    TypeError or AttributeError for what makes no sense.
    """
    updates, asked = _updates(request.params, format), zone(request)
    passed = list(accumulate(int(row.get("delta_t") or 0) for row in updates))
    times = [now - passed[-1] + seconds for seconds in passed]
    rows = enumerate(zip(updates, times, strict=True), first_id)
    return [_entry(row, id, at, asked, longest) for id, (row, at) in rows]


def refused(format: str, status: int = 200) -> Response:
    """Answer `0`: nothing was written."""
    return Response(b"0", status, _TYPES.get(format, TEXT))


def written(request: Request, channel_id: int, entry: Entry, format: str) -> Response:
    """The entry's id in text, or the entry."""
    if format not in _TYPES:
        return Response(str(entry.id).encode(), content_type=TEXT)
    return data(_echo(request, channel_id, entry), format, "feed")


def message(channel_id: int, entry: Entry) -> bytes:
    """What an entry is over MQTT: the same object as `/update.json` answers with."""
    return json.dumps(_echo(Request("POST", "/update"), channel_id, entry)).encode()


def _echo(request: Request, channel_id: int, entry: Entry) -> dict[str, Any]:
    """All eight fields, as they came: numbers of a JSON request stay numbers here."""
    at = iso(zone(request))(entry.created_at)
    echo: dict[str, Any] = {"channel_id": channel_id, "created_at": at, "entry_id": entry.id}
    for number, stored in enumerate(entry.fields, 1):
        sent = request.params.get(f"field{number}", stored)
        echo[f"field{number}"] = sent if isinstance(sent, int | float) else stored
    echo |= {"latitude": entry.latitude, "longitude": entry.longitude}
    return echo | {"elevation": entry.elevation, "status": entry.status}


def _entry(
    params: Mapping[str, Any], id: int, now: int, asked: tzinfo, longest: int | None
) -> Entry:
    def sent(name: str, other: str) -> str | None:
        return _text(params.get(name, params.get(other)), longest)

    fields = eight([sent(f"field{n}", str(n)) for n in range(1, FIELD_COUNT + 1)])
    latitude, longitude, elevation = (sent(long, short) for long, short in _LOCATION)
    at = _instant(params.get("created_at"), now, asked)
    status = sent("status", "status")
    return Entry(id, at, fields, latitude, longitude, elevation, status)


def _text(value: Any, longest: int | None) -> str | None:
    if value is None:
        return None
    return (value if isinstance(value, str) else json.dumps(value))[:longest]


def _instant(value: Any, now: int, asked: tzinfo) -> int:
    """Read an ISO or SQL instant, or unix seconds; now when absent."""
    text = "" if value is None else str(value)
    at = (int(text) if text.isdigit() else parse(text, asked)) if text else now
    if at != in_range(at):
        raise ValueError("no instant that can be written")
    return at


def _updates(params: Mapping[str, Any], format: str) -> list[dict[str, Any]]:
    """Read the rows of a bulk update; the CSV form has `|` between rows, times first."""
    if format == "json":
        return list(params["updates"]) if params.get("updates") else _none()
    time = "delta_t" if params.get("time_format") == "relative" else "created_at"
    names = (time, *_BULK_CSV[1:], "elevation", "status")
    rows = [row.split(",") for row in str(params.get("updates", "")).split("|") if row]
    return [
        {name: cell for name, cell in zip(names, row, strict=False) if cell} for row in rows
    ] or _none()


def count_of(request: Request, format: str) -> int:
    """How many rows a bulk update has; raises as `bulk_update` does."""
    return len(_updates(request.params, format))


def _none() -> list[dict[str, Any]]:
    raise ValueError("no updates")


def accepted() -> Response:
    """Answer a bulk update that was taken."""
    return Response(b'{"success":true}', 202)
