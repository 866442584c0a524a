"""The endpoints that read one channel."""

from __future__ import annotations

from typing import Any

from .aggregates import aggregate, keep, rounded
from .channel import Channel
from .exchange import CSV, TEXT, Call, Response, absent, denied, dump, text_bytes
from .ordered import Entry
from .query import bucketing, window, zone
from .render import LOCATION, STATUS, Columns, csv_text, json_rows
from .times import iso, iso_offset, spaced, to_i


def feeds(call: Call, id: str, format: str) -> Response:
    """`/channels/ID/feeds`: the channel, and the newest entries of the window, oldest first."""
    channel = call.channel(id)
    return _feed(call, channel, tuple(channel.labels), format)


def fields(call: Call, id: str, number: str, format: str) -> Response:
    """`/channels/ID/fields/N`: the same with one field; rows where it is null stay."""
    channel = call.channel(id)
    return _feed(call, channel, _one_field(channel, number), format)


def _one_field(channel: Channel, number: str) -> tuple[int, ...]:
    """No field at all for a number without a label: rows keep their time and id."""
    return tuple(n for n in channel.labels if str(n) == number)


def _feed(call: Call, channel: Channel, numbers: tuple[int, ...], format: str) -> Response:
    if not call.may_read(channel):
        return denied()
    request = call.request
    raw = window(request, call.world.clock.unix()).page(call.life(channel))
    buckets = bucketing(request)
    columns = Columns(numbers, _more(call), with_id=buckets is None)
    entries = _shaped(call, aggregate(raw, buckets, request) if buckets else raw, numbers)
    if format == "csv":
        body = csv_text(entries, columns, spaced(zone(request)))
        return Response(body, content_type=CSV, rows=len(raw))
    rows = json_rows(entries, columns, iso(zone(request)))
    return Response(dump({"channel": describe(call, channel), "feeds": rows}), rows=len(raw))


def _more(call: Call) -> tuple[str, ...]:
    location = LOCATION if call.request.has("location") else ()
    return location + (STATUS if call.request.has("status") else ())


def _shaped(call: Call, entries: list[Entry], numbers: tuple[int, ...]) -> list[Entry]:
    """`min`, `max` and `round`, which come after any aggregation."""
    request = call.request
    low, high = request.number("min"), request.number("max")
    if low is not None or high is not None:
        entries = [entry for entry in entries if keep(entry, numbers, low, high)]
    if "round" in request.params:
        digits = to_i(request.params["round"])
        entries = [rounded(entry, digits) for entry in entries]
    return entries


def describe(call: Call, channel: Channel) -> dict[str, Any]:
    """Build the channel object of a feed, its keys in ThingSpeak's order, its dates in the zone."""
    at = iso(zone(call.request))
    shown: dict[str, Any] = {"id": channel.id, "name": channel.name}
    if channel.description and channel.description.strip():
        shown["description"] = channel.description
    shown |= {"latitude": channel.latitude, "longitude": channel.longitude}
    shown |= {f"field{number}": label for number, label in channel.labels.items()}
    shown |= {"created_at": at(channel.created_at), "updated_at": at(channel.updated_at)}
    if channel.elevation:
        shown["elevation"] = channel.elevation
    shown["last_entry_id"] = call.last_entry_id(channel)
    if call.request.params.get("metadata") == "true":
        shown["metadata"] = channel.metadata
    return shown


def last(call: Call, id: str, format: str) -> Response:
    """`/channels/ID/feeds/last`: the entry with the highest id, not the newest time."""
    channel = call.channel(id)
    return _single(call, channel, call.life(channel).highest(), tuple(channel.labels), format)


def last_field(call: Call, id: str, number: str, format: str) -> Response:
    """`/channels/ID/fields/N/last`: the highest id whose field N is not null; txt: the value."""
    channel = call.channel(id)
    entry = _last_with(call, channel, number)
    if format == "txt" and entry is not None and call.may_read(channel):
        around = call.request.params
        value = entry.fields[int(number) - 1]
        text = f"{around.get('prepend', '')}{value}{around.get('append', '')}"
        return Response(text_bytes(text), content_type=TEXT)
    return _single(call, channel, entry, _one_field(channel, number), format)


def entry(call: Call, id: str, entry_id: str, format: str) -> Response:
    """`/channels/ID/feeds/ENTRY_ID`: one entry."""
    channel = call.channel(id)
    found = call.life(channel).entry(int(entry_id))
    return _single(call, channel, found, tuple(channel.labels), format)


def _last_with(call: Call, channel: Channel, number: str) -> Entry | None:
    if not _one_field(channel, number):
        return None
    index = int(number) - 1
    newest_first = call.life(channel).newest_first()
    return next((one for one in newest_first if one.fields[index] is not None), None)


def _single(
    call: Call, channel: Channel, entry: Entry | None, numbers: tuple[int, ...], format: str
) -> Response:
    if entry is None or not call.may_read(channel):
        return Response(b"-1", content_type=CSV) if format == "csv" else absent()
    [shown] = _shaped(call, [entry], ()) or [entry]
    columns, asked = Columns(numbers, _more(call)), zone(call.request)
    if format == "csv":
        return Response(csv_text([shown], columns, spaced(asked)), content_type=CSV)
    return Response(dump(json_rows([shown], columns, iso(asked))[0]))


def age(call: Call, id: str) -> Response:
    """`/channels/ID/feeds/last_data_age`: seconds since the last entry, as text."""
    channel = call.channel(id)
    return _age(call, channel, call.life(channel).highest())


def field_age(call: Call, id: str, number: str) -> Response:
    """`/channels/ID/fields/N/last_data_age`: the same for the last value of a field."""
    channel = call.channel(id)
    return _age(call, channel, _last_with(call, channel, number))


def _age(call: Call, channel: Channel, entry: Entry | None) -> Response:
    if entry is None or not call.may_read(channel):
        return absent()
    seconds = call.world.clock.unix() - entry.created_at
    return Response(dump({"last_data_age": str(seconds), "last_data_age_units": "s"}))


def statuses(call: Call, id: str, format: str) -> Response:
    """`/channels/ID/status`: the entries with a status text, of the last day unless asked."""
    channel = call.channel(id)
    if not call.may_read(channel):
        return denied()
    asked = window(call.request, call.world.clock.unix(), default_days=1)
    low, high = call.life(channel).by_time.span(asked.start, asked.end)
    said = [one for one in call.life(channel).by_time.items[low:high] if one.status is not None]
    entries = said[max(0, len(said) - asked.limit) :]
    columns, at = Columns((), STATUS), zone(call.request)
    if format == "csv":
        body = csv_text(entries, columns, spaced(at))
        return Response(body, content_type=CSV, rows=len(entries))
    about = {"name": channel.name, "latitude": channel.latitude, "longitude": channel.longitude}
    if channel.elevation:
        about["elevation"] = channel.elevation
    body = dump({"channel": about, "feeds": json_rows(entries, columns, iso(at))})
    return Response(body, rows=len(entries))


def last_status(call: Call, id: str, format: str) -> Response:
    """`/channels/ID/status/last`: the highest id with a status text."""
    channel = call.channel(id)
    newest_first = call.life(channel).newest_first()
    found = next((one for one in newest_first if one.status is not None), None)
    if found is None or not call.may_read(channel):
        return absent()
    columns, at = Columns((), STATUS), zone(call.request)
    if format == "csv":
        return Response(csv_text([found], columns, spaced(at)), content_type=CSV)
    return Response(dump(json_rows([found], columns, iso(at))[0]))


def export(call: Call, id: str) -> Response:
    """`/stream/channels/ID/feeds`: the whole channel as CSV by entry id, as the site exports it."""
    channel = call.channel(id)
    if not call.may_read(channel):
        return denied()
    columns = Columns(tuple(channel.labels), LOCATION + STATUS)
    body = csv_text(call.life(channel).in_order(), columns, iso_offset(zone(call.request)))
    attachment = ("Content-Disposition", 'attachment; filename="feeds.csv"')
    return Response(body, content_type=CSV, headers=(attachment,))
