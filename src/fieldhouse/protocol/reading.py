"""The endpoints that read one channel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import query, render
from .entries import Entry
from .exchange import CSV, TEXT, Response, absent, data, denied, text_bytes
from .exchange import Request as Asked
from .render import LOCATION, STATUS, Columns
from .shaping import Shape
from .source import About, House, Pages, Source
from .times import Render, iso, iso_offset


def feeds(house: House, asked: Asked, id: str, format: str) -> Response:
    """`/channels/ID/feeds`: the channel, and the newest entries of the window, oldest first."""
    source = house.channel(int(id))
    about = source.about()
    return _feed(house, asked, source, about, tuple(about.labels), format)


def fields(house: House, asked: Asked, id: str, number: str, format: str) -> Response:
    """`/channels/ID/fields/N`: the same with one field; rows where it is null stay."""
    source = house.channel(int(id))
    about = source.about()
    return _feed(house, asked, source, about, _one_field(about, number), format)


def _one_field(about: About, number: str) -> tuple[int, ...]:
    """No field at all for a number without a label: rows keep their time and id."""
    return tuple(n for n in about.labels if str(n) == number)


def _feed(
    house: House,
    asked: Asked,
    source: Source,
    about: About,
    numbers: tuple[int, ...],
    format: str,
) -> Response:
    if not source.may_be_read():
        return denied()
    window, by = query.window(asked, house.now(), house.most_rows), query.bucketing(asked)
    pages = source.buckets(window, by, query.digits(asked)) if by else source.newest(window)
    columns = Columns(numbers, _more(asked), with_id=by is None)
    zone = query.zone(asked)
    shown = _shaped(pages, Shape(asked), numbers)
    return render.feed(describe(about, iso(zone), asked), shown, columns, zone, format)


def _shaped(pages: Pages, shape: Shape, numbers: tuple[int, ...]) -> Pages:
    return (shape.of(page, numbers) for page in pages)


def _more(asked: Asked) -> tuple[str, ...]:
    location = LOCATION if asked.has("location") else ()
    return location + (STATUS if asked.has("status") else ())


def describe(about: About, at: Render, asked: Asked) -> dict[str, Any]:
    """Build the channel object of a feed, its keys in ThingSpeak's order, its dates in the zone."""
    shown: dict[str, Any] = {"id": about.id, "name": about.name}
    if about.description and about.description.strip():
        shown["description"] = about.description
    shown |= {"latitude": about.latitude, "longitude": about.longitude}
    shown |= {f"field{number}": label for number, label in about.labels.items()}
    dates = {"created_at": about.created_at, "updated_at": about.updated_at}
    shown |= {name: None if date is None else at(date) for name, date in dates.items()}
    if about.elevation:
        shown["elevation"] = about.elevation
    shown["last_entry_id"] = about.last_entry_id
    if asked.params.get("metadata") == "true":
        shown["metadata"] = about.metadata
    return shown


def last(house: House, asked: Asked, id: str, format: str) -> Response:
    """`/channels/ID/feeds/last`: the entry with the highest id, not the newest time."""
    source = house.channel(int(id))
    return _single(asked, source, source.last(), tuple(source.about().labels), format)


def last_field(house: House, asked: Asked, id: str, number: str, format: str) -> Response:
    """`/channels/ID/fields/N/last`: the highest id whose field N is not null; txt: the value."""
    source = house.channel(int(id))
    numbers = _one_field(source.about(), number)
    found = _last_with(source, numbers)
    if format == "txt" and found is not None and source.may_be_read():
        value = found.fields[numbers[0] - 1]
        text = f"{asked.text('prepend') or ''}{value}{asked.text('append') or ''}"
        return Response(text_bytes(text), content_type=TEXT)
    return _single(asked, source, found, numbers, format)


def _last_with(source: Source, numbers: tuple[int, ...]) -> Entry | None:
    return source.last(numbers[0]) if numbers else None


def entry(house: House, asked: Asked, id: str, entry_id: str, format: str) -> Response:
    """`/channels/ID/feeds/ENTRY_ID`: one entry."""
    source = house.channel(int(id))
    found = source.entry(int(entry_id))
    return _single(asked, source, found, tuple(source.about().labels), format)


def _single(
    asked: Asked, source: Source, found: Entry | None, numbers: tuple[int, ...], format: str
) -> Response:
    if found is None or not source.may_be_read():
        return absent(format)
    [shown] = Shape(asked).of([found], ())
    return render.single(shown, Columns(numbers, _more(asked)), query.zone(asked), format)


def age(house: House, asked: Asked, id: str, format: str) -> Response:
    """`/channels/ID/feeds/last_data_age`: seconds since the last entry, as text."""
    source = house.channel(int(id))
    return _age(house, source, source.last(), format)


def field_age(house: House, asked: Asked, id: str, number: str, format: str) -> Response:
    """`/channels/ID/fields/N/last_data_age`: the same for the last value of a field."""
    source = house.channel(int(id))
    return _age(house, source, _last_with(source, _one_field(source.about(), number)), format)


def _age(house: House, source: Source, found: Entry | None, format: str) -> Response:
    if found is None or not source.may_be_read():
        return absent(format)
    seconds = str(house.now() - found.created_at)
    said = {"last_data_age": seconds, "last_data_age_units": "s"}
    if format == "csv":
        return Response(f"{','.join(said)}\n{seconds},s\n".encode(), content_type=CSV)
    if format == "txt":
        return Response(seconds.encode(), content_type=TEXT)
    return data(said, format, "hash")


def statuses(house: House, asked: Asked, id: str, format: str) -> Response:
    """`/channels/ID/status`: the entries with a status text, of the last day unless asked."""
    source = house.channel(int(id))
    if not source.may_be_read():
        return denied()
    window = query.window(asked, house.now(), house.most_rows, default_days=1)
    about = source.about()
    shown = {"name": about.name, "latitude": about.latitude, "longitude": about.longitude}
    if about.elevation:
        shown["elevation"] = about.elevation
    pages = source.statuses(window)
    return render.feed(shown, pages, Columns((), STATUS), query.zone(asked), format)


def last_status(house: House, asked: Asked, id: str, format: str) -> Response:
    """`/channels/ID/status/last`: the highest id with a status text."""
    source = house.channel(int(id))
    found = source.last_status()
    if found is None or not source.may_be_read():
        return absent(format)
    return render.single(found, Columns((), STATUS), query.zone(asked), format)


def export(house: House, asked: Asked, id: str) -> Response:
    """`/stream/channels/ID/feeds`: the whole channel as CSV by entry id, as the site exports it."""
    source = house.channel(int(id))
    if not source.may_be_read():
        return denied()
    columns = Columns(tuple(source.about().labels), LOCATION + STATUS)
    parts: Iterator[bytes] = render.csv(source.all(), columns, iso_offset(query.zone(asked)))
    attachment = ("Content-Disposition", 'attachment; filename="feeds.csv"')
    return Response(b"", content_type=CSV, headers=(attachment,), parts=parts)
