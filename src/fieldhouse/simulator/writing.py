"""The endpoints that write to a channel or clear it, with the service's rate limits."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from itertools import accumulate
from typing import Any

from .channel import FIELD_COUNT, Channel
from .exchange import JSON, TEXT, Call, Response, dump, error
from .ordered import Entry
from .query import zone
from .times import iso, parse

MOST_UPDATES = 960  # in one bulk update, on a free licence
LONGEST = 255  # characters of a value; the rest is cut
_LOCATION = (("latitude", "lat"), ("longitude", "long"), ("elevation", "elevation"))
_BULK_CSV = ("created_at", *(f"field{n}" for n in range(1, 9)), "latitude", "longitude")


def update(call: Call, format: str) -> Response:
    """`/update`: one entry; the text answer is its id.

    A bad write key is 400 with `0`, a write too soon after the last one 200 with `0`.
    """
    channel = call.world.channel_by_write_key(call.request.api_key)
    plain = JSON if format == "json" else TEXT
    if channel is None:
        return Response(b"0", 400, plain)
    params, now = call.request.params, call.world.clock.now().timestamp()
    if _too_soon(call, channel.last_write, now):
        return Response(b"0", content_type=plain)
    try:
        entry = _entry(params, channel.next_id(), int(now), zone(call.request))
    except ValueError:
        return Response(b"0", 400, plain)
    channel.write_many([entry])
    channel.last_write = now
    if format != "json":
        return Response(str(entry.id).encode(), content_type=TEXT)
    return Response(dump(_echo(channel, entry, params, zone(call.request))))


def _too_soon(call: Call, last: float | None, now: float) -> bool:
    return last is not None and now - last < call.world.write_interval


def _echo(
    channel: Channel, entry: Entry, params: Mapping[str, Any], asked: tzinfo
) -> dict[str, Any]:
    """All eight fields, as they came: numbers of a JSON request stay numbers here."""
    echo: dict[str, Any] = {"channel_id": channel.id, "created_at": iso(asked)(entry.created_at)}
    echo["entry_id"] = entry.id
    for number, stored in enumerate(entry.fields, 1):
        sent = params.get(f"field{number}", stored)
        echo[f"field{number}"] = sent if isinstance(sent, int | float) else stored
    echo |= {"latitude": entry.latitude, "longitude": entry.longitude}
    return echo | {"elevation": entry.elevation, "status": entry.status}


def _entry(params: Mapping[str, Any], id: int, now: int, asked: tzinfo) -> Entry:
    """Make an entry; raises ValueError for a created_at that is no instant."""
    sent = [_text(params.get(f"field{n}", params.get(str(n)))) for n in range(1, FIELD_COUNT + 1)]
    a, b, c, d, e, f, g, h = sent
    latitude, longitude, elevation = (
        _text(params.get(long, params.get(short))) for long, short in _LOCATION
    )
    at = _instant(params.get("created_at"), now, asked)
    fields = (a, b, c, d, e, f, g, h)
    return Entry(id, at, fields, latitude, longitude, elevation, _text(params.get("status")))


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return (value if isinstance(value, str) else json.dumps(value))[:LONGEST]


def _instant(value: Any, now: int, asked: tzinfo) -> int:
    """Read an ISO or SQL instant, or unix seconds; now when absent."""
    if value is None or value == "":
        return now
    text = str(value)
    return int(text) if text.isdigit() else parse(text, asked)


def bulk_update(call: Call, id: str, format: str) -> Response:
    """`/channels/ID/bulk_update`: up to 960 entries, at most one call every 15 seconds (429)."""
    channel = call.channel(id)
    if call.request.api_key != channel.write_key:
        return error(401)
    now = call.world.clock.now().timestamp()
    if _too_soon(call, channel.last_bulk_write, now):
        return error(429)
    try:
        updates = _updates(call.request.params, format)
        if len(updates) > MOST_UPDATES:
            return error(413)
        entries = _bulk_entries(updates, channel.next_id(), int(now), zone(call.request))
    except (ValueError, TypeError, AttributeError):
        return error(400)
    if call.world.bulk_delay:
        channel.write_later((now + call.world.bulk_delay, entry) for entry in entries)
    else:
        channel.write_many(entries)
    channel.last_bulk_write = now
    return Response(dump({"success": True}), 202)


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


def _none() -> list[dict[str, Any]]:
    raise ValueError("no updates")


def _bulk_entries(
    updates: Sequence[Mapping[str, Any]], first_id: int, now: int, asked: tzinfo
) -> list[Entry]:
    """Relative times count the seconds since the row before; the last row is now."""
    passed = list(accumulate(int(row.get("delta_t") or 0) for row in updates))
    times = [now - passed[-1] + seconds for seconds in passed]
    rows = zip(updates, times, strict=True)
    return [_entry(row, first_id + n, at, asked) for n, (row, at) in enumerate(rows)]


def clear(call: Call, id: str) -> Response:
    """`DELETE /channels/ID/feeds`: all entries, with the user key."""
    channel = call.channel(id)
    if call.request.api_key != call.world.user_key(channel.username):
        return error(401)
    channel.clear()
    return Response(b"[]")
