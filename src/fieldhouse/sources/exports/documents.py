"""JSON and XML as ThingSpeak answers it: a feed, an entry, or an array of entries.

A feed may be as long as it likes: its entries are cut out of the stream some thousands at a time.
"""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa

from fieldhouse.errors import ConfigurationError, SourceUnavailable
from fieldhouse.sources.exports.chunk import Chunk, Ints, Rejected, made
from fieldhouse.sources.exports.options import Options
from fieldhouse.sources.thingspeak.page import Page, parse_entry, parse_page
from fieldhouse.typed import type_times

__all__ = ["read_json", "read_xml"]

_FEEDS = re.compile(rb'"feeds"\s*:\s*\[')
_HEAD = 1 << 20
"""Bytes within which a feed says that it is one; what is longer and does not is none of ours."""
_LONGEST = 1 << 26
_ENTRIES = 10_000
_KEYS = (
    "entry_id",
    "created_at",
    *(f"field{n}" for n in range(1, 9)),
    "latitude",
    "longitude",
    "elevation",
    "status",
)


def read_json(
    pieces: Iterator[bytes], name: str, options: Options
) -> tuple[dict[str, Any], Iterator[Chunk]]:
    """The channel object, empty where there is none, and the entries; places are their numbers."""
    head = b""
    for piece in pieces:
        head += piece
        if _FEEDS.search(head) or head.lstrip().startswith(b"[") or len(head) > _HEAD:
            break
    head = head.lstrip()
    if head.startswith(b"["):
        return {}, _entries(head[1:], pieces, name, options)
    if found := _FEEDS.search(head):
        return _channel(name, head[: found.end()] + b"]}"), _entries(
            head[found.end() :], pieces, name, options
        )
    return {}, _single(head + b"".join(islice(pieces, _LONGEST // _HEAD)), name, options)


def _single(body: bytes, name: str, options: Options) -> Iterator[Chunk]:
    try:
        page = parse_entry(body, decimal_comma=options.decimal_comma)
    except SourceUnavailable as error:
        raise ConfigurationError(
            f"{name} is no JSON of ThingSpeak's, with neither feeds nor an entry: {error}"
        ) from None
    if not page.readings.num_rows:
        raise ConfigurationError(
            f"{name} is JSON with neither feeds nor an entry: a feed is"
            ' {"channel": …, "feeds": […]}'
        )
    yield _chunk(page, 0)


def _channel(name: str, head: bytes) -> dict[str, Any]:
    """The channel object that stands before the entries, numbers as their texts."""
    try:
        channel = json.loads(head, strict=False, parse_float=str).get("channel")
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{name} is no feed of ThingSpeak's: {error}") from None
    return channel if isinstance(channel, dict) else {}


def _entries(text: bytes, pieces: Iterator[bytes], name: str, options: Options) -> Iterator[Chunk]:
    """What stands in an array, some entries at a time."""
    number, is_over = 0, False
    while not is_over:
        piece = next(pieces, None)
        text += piece or b""
        end, is_over = _last_end(text)
        if not is_over and (piece is None or len(text) > _LONGEST):
            raise ConfigurationError(f"{name} is cut: its entries end within entry {number + 1}")
        body = text[:end].strip().lstrip(b",")
        if body.strip():
            page = _of_entries(body, number, name, options)
            yield _chunk(page, number)
            number += page.served
        text = text[end:]


def _of_entries(body: bytes, number: int, name: str, options: Options) -> Page:
    try:
        page = parse_page(
            b'{"channel":{},"feeds":[' + body + b"]}", decimal_comma=options.decimal_comma
        )
    except SourceUnavailable as error:
        raise ConfigurationError(f"{name}, after entry {number}: {error}") from None
    if "no entry" in page.rejected["Reason"].to_pylist():
        raise ConfigurationError(f"{name}, after entry {number}: something there is no entry")
    return page


def _last_end(text: bytes) -> tuple[int, bool]:
    """Where the last whole entry ends, and whether the array does."""
    plain = text.replace(b"\\\\", b"__").replace(b'\\"', b"__")
    marks = np.frombuffer(plain, np.uint8)
    is_outside = np.cumsum(marks == ord('"'), dtype=np.uint8) & 1 == 0
    opens = ((marks == ord("{")) | (marks == ord("["))) & is_outside
    closes = ((marks == ord("}")) | (marks == ord("]"))) & is_outside
    depth = np.cumsum(opens.astype(np.int64) - closes)
    if len(over := np.flatnonzero(depth < 0)):
        return int(over[0]), True
    ends = np.flatnonzero(closes & (depth == 0))
    return (int(ends[-1]) + 1 if len(ends) else 0), False


def _chunk(page: Page, before: int) -> Chunk:
    """A page's entries, numbered on; where some were rejected the numbers say the stretch."""
    places = np.arange(before + 1, before + 1 + page.readings.num_rows)
    rejected = tuple(
        Rejected(before + 1, row["EntryText"], row["Reason"]) for row in page.rejected.to_pylist()
    )
    return Chunk(places, page.readings, page.raw, rejected)


# XML


def read_xml(
    pieces: Iterator[bytes], name: str, options: Options
) -> tuple[dict[str, Any], Iterator[Chunk]]:
    """As ``read_json``; a text that declares entities is refused."""
    entries = _feeds(pieces, name)
    first = next(entries, None)
    channel = first if first is not None and "entry_id" not in first else {}
    return dict(channel), _xml_chunks(entries, first if not channel else None, options)


def _xml_chunks(
    entries: Iterator[Mapping[str, Any]], first: Mapping[str, Any] | None, options: Options
) -> Iterator[Chunk]:
    number = 0
    batch = [first] if first is not None else []
    while batch := [*batch, *islice(entries, _ENTRIES)]:
        columns = {key: pa.array([each.get(key) for each in batch], pa.string()) for key in _KEYS}
        places: Ints = np.arange(number + 1, number + 1 + len(batch))
        times = type_times(columns["created_at"])
        yield made(columns, times, places, decimal_comma=options.decimal_comma)
        number += len(batch)
        batch = []


def _feeds(pieces: Iterator[bytes], name: str) -> Iterator[dict[str, Any]]:
    """The channel, if there is one, then the entries, each with its keys as JSON has them."""
    parser: Any = ElementTree.XMLPullParser(("start", "end"))
    path: list[ElementTree.Element] = []
    channel: dict[str, Any] | None = None
    try:
        for piece in pieces:
            if b"<!DOCTYPE" in piece or b"<!ENTITY" in piece:
                raise ConfigurationError(f"{name} is XML with a DOCTYPE, as ThingSpeak writes none")
            parser.feed(piece)
            for event, element in parser.read_events():
                if event == "start":
                    path.append(element)
                    if element.tag == "feeds" and channel is None:
                        channel = _texts(path[0])
                        yield {**channel, "id": channel.get("id")}
                    continue
                path.pop()
                if element.tag == "feed":
                    yield {"entry_id": None, **_texts(element)}
                    element.clear()
                    if path:
                        path[-1].remove(element)
        parser.close()
    except ElementTree.ParseError as error:
        raise ConfigurationError(f"{name} is cut or is no XML: {error}") from None


def _texts(element: ElementTree.Element) -> dict[str, Any]:
    """The texts of an element's children; nil is null, an empty one an empty text."""
    return {
        child.tag.replace("-", "_"): None if child.get("nil") == "true" else child.text or ""
        for child in element
        if not len(child)
    }
