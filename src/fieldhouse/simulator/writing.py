"""The endpoints that write to a channel or clear it, with the service's rate limits."""

from __future__ import annotations

from fieldhouse.protocol import Refused, Request, Response
from fieldhouse.protocol import writing as sent

from .call import Call

MOST_UPDATES = 960  # in one bulk update, on a free licence
LONGEST = 255  # characters of a value; the rest is cut


def update(call: Call, request: Request, format: str) -> Response:
    """`/update`: one entry; the text answer is its id.

    A bad write key is 400 with `0`, a write too soon after the last one 200 with `0`.
    """
    channel = call.world.channel_by_write_key(request.api_key)
    if channel is None:
        return sent.refused(format, 400)
    now = call.world.clock.now().timestamp()
    if _too_soon(call, channel.last_write, now):
        return sent.refused(format)
    try:
        entry = sent.update(request, channel.next_id(), int(now), LONGEST)
    except ValueError:
        return sent.refused(format, 400)
    channel.add(entry)
    channel.last_write = now
    return sent.written(request, channel.id, entry, format)


def _too_soon(call: Call, last: float | None, now: float) -> bool:
    return last is not None and now - last < call.world.write_interval


def bulk_update(call: Call, request: Request, id: str, format: str) -> Response:
    """`/channels/ID/bulk_update`: up to 960 entries, at most one call every 15 seconds (429)."""
    channel = call.found(int(id))
    if request.api_key != channel.write_key:
        raise Refused(401)
    now = call.world.clock.now().timestamp()
    if _too_soon(call, channel.last_bulk_write, now):
        raise Refused(429)
    try:
        if sent.count_of(request, format) > MOST_UPDATES:
            raise Refused(413)
        entries = sent.bulk_update(request, format, channel.next_id(), int(now), LONGEST)
    except (ValueError, TypeError, AttributeError):
        raise Refused(400) from None
    if call.world.bulk_delay:
        channel.write_later((now + call.world.bulk_delay, entry) for entry in entries)
    else:
        channel.write_many(entries)
    channel.last_bulk_write = now
    return sent.accepted()


def clear(call: Call, request: Request, id: str) -> Response:
    """`DELETE /channels/ID/feeds`: all entries, with the user key."""
    channel = call.found(int(id))
    if request.api_key != call.world.user_key(channel.username):
        raise Refused(401)
    channel.clear()
    return Response(b"[]")
