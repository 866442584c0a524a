"""A page's bytes into typed readings, raw texts and rejected entries (pure).

The common page, strings and nulls in sound UTF-8, takes no Python per value: one decode into
structs, one Arrow array a column, one cast. A page with anything else in it (numbers, broken text,
entries without an id or a time) is read once more, leniently, and loses nothing either.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.errors import SourceUnavailable
from fieldhouse.readings import NUMBERS, RAW, READINGS, REJECTED, type_numbers
from fieldhouse.state import BEGINNING, END

__all__ = ["Page", "parse_entry", "parse_page", "parse_time"]


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of ThingSpeak's, typed.

    ``channel`` is its channel object as decoded (empty for a bare entry). ``served`` counts the
    entries that it held, rejected ones included. The tables have the schemas of ``readings``.
    """

    channel: dict[str, Any]
    served: int
    readings: pa.Table
    raw: pa.Table
    rejected: pa.Table

    @property
    def last_entry_id(self) -> int | None:
        """The channel's counter as this answer says it; null when cleared or never written to."""
        value = self.channel.get("last_entry_id")
        return int(value) if isinstance(value, (int, str)) and str(value).isdecimal() else None


class _Entry(msgspec.Struct, gc=False):
    """An entry as ThingSpeak writes it; the order of numbers is that of ``readings.NUMBERS``."""

    entry_id: int | None = None
    created_at: str | None = None
    field1: str | None = None
    field2: str | None = None
    field3: str | None = None
    field4: str | None = None
    field5: str | None = None
    field6: str | None = None
    field7: str | None = None
    field8: str | None = None
    latitude: str | None = None
    longitude: str | None = None
    elevation: str | None = None
    status: str | None = None


class _Document(msgspec.Struct, gc=False):
    channel: dict[str, Any]
    feeds: list[_Entry]


_decode = msgspec.json.Decoder(_Document).decode
_NUMBER_KEYS = tuple(name.lower() for name in NUMBERS)
_MAX_ID = 2**63 - 1
_FIRST, _LAST = (pa.scalar(edge, pa.timestamp("us")).value for edge in (BEGINNING, END))
_ID = re.compile(r"0{0,9}[1-9][0-9]{0,18}")


def parse_page(body: bytes, *, decimal_comma: bool = False) -> Page:
    """Read a ``feeds.json`` answer. Raises SourceUnavailable for text that is not one."""
    try:
        if b"\\u0000" in body:
            raise _Odd
        document = _decode(body)
        return _page(document.channel, document.feeds, [], decimal_comma)
    except (msgspec.MsgspecError, UnicodeDecodeError, OverflowError, _Odd):
        return _parse_leniently(body, decimal_comma)


def parse_entry(body: bytes, *, decimal_comma: bool = False) -> Page:
    """Read a bare entry (``feeds/ID.json``, ``feeds/last.json``) as a page of one."""
    entry = _loads(body)
    if not isinstance(entry, dict):
        raise SourceUnavailable("the answer is not the JSON of an entry")
    return _lenient_page({}, [entry], decimal_comma)


class _Odd(Exception):
    pass


def _page(
    channel: dict[str, Any],
    entries: Sequence[_Entry],
    rejected: list[dict[str, str]],
    decimal_comma: bool,
    spoiled: Sequence[dict[str, Any]] = (),
) -> Page:
    ids = pa.array([entry.entry_id for entry in entries], pa.int64())
    times = _times(pa.array([entry.created_at for entry in entries], pa.string()))
    unusable = ids.null_count or times.null_count or (len(ids) and pc.min(ids).as_py() < 1)
    if unusable:
        raise _Odd
    columns: list[pa.Array] = [ids, times]
    raw = []
    for name, key in zip(NUMBERS, _NUMBER_KEYS, strict=True):
        text = pa.array(list(map(attrgetter(key), entries)), pa.string())
        typed = type_numbers(text, decimal_comma=decimal_comma)
        columns.append(typed.values)
        if typed.reasons.null_count < len(entries):
            raw.append(_raw(name, ids, text, typed.reasons))
    columns.append(pa.array([entry.status for entry in entries], pa.string()))
    if spoiled:
        raw.append(pa.Table.from_pylist(list(spoiled), RAW))
    return Page(
        channel=channel,
        served=len(entries) + len(rejected),
        readings=pa.Table.from_arrays(columns, schema=READINGS),
        raw=pa.concat_tables(raw) if raw else RAW.empty_table(),
        rejected=pa.Table.from_pylist(rejected, REJECTED),
    )


def _raw(name: str, ids: pa.Array, text: pa.Array, reasons: pa.Array) -> pa.Table:
    kept = pc.is_valid(reasons)
    ids = ids.filter(kept)
    names = pa.repeat(pa.scalar(name), len(ids))
    return pa.Table.from_arrays([ids, names, text.filter(kept), reasons.filter(kept)], schema=RAW)


def _times(text: pa.Array) -> pa.Array:
    """Naive UTC, microseconds; null where a text is no time."""
    try:
        times = text.cast(pa.timestamp("us", tz="UTC")).cast(pa.timestamp("us"))
        ends = pc.min_max(times.cast(pa.int64())).as_py()
        if ends["min"] is not None and not _FIRST <= ends["min"] <= ends["max"] <= _LAST:
            raise pa.ArrowInvalid("a year that is none")
        return times
    except pa.ArrowInvalid:
        encoded = text.dictionary_encode()
        parsed = [parse_time(value) for value in encoded.dictionary.to_pylist()]
        return pa.array(parsed, pa.timestamp("us")).take(encoded.indices)


_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d+)?)\s*(?:Z|UTC|(?:([+-])(\d\d):?(\d\d)))?",
    re.ASCII,
)


def parse_time(text: str) -> datetime | None:
    """Read a ``created_at`` in any of its forms as naive UTC; None for what is no time.

    The forms seen: ``…Z``, ``…-07:00``, ``… UTC``, ``… +0200``, and bare, which is UTC.
    """
    if not (match := _TIME.fullmatch(text.strip())):
        return None
    date, clock, sign, hours, minutes = match.groups()
    try:
        local = datetime.fromisoformat(f"{date}T{clock}")
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        return local + offset if sign == "-" else local - offset
    except (ValueError, OverflowError):
        return None


# The lenient way: any JSON value, any text.


def _parse_leniently(body: bytes, decimal_comma: bool) -> Page:
    document = _loads(body)
    if not isinstance(document, dict):
        raise SourceUnavailable("the answer is not the JSON of a feed")
    channel, feeds = document.get("channel"), document.get("feeds")
    if not isinstance(channel, dict) or not isinstance(feeds, list):
        raise SourceUnavailable("the answer lacks the channel or the feeds that a feed has")
    if not all(isinstance(entry, dict) for entry in feeds):
        raise SourceUnavailable("the answer's feeds hold something that is no entry")
    return _lenient_page(channel, feeds, decimal_comma)


def _lenient_page(
    channel: dict[str, Any], feeds: Iterable[dict[str, Any]], decimal_comma: bool
) -> Page:
    entries, rejected, spoiled = [], [], []
    for feed in feeds:
        lacks = _lacks(feed)
        if lacks:
            rejected.append(
                {"EntryText": _sound(json.dumps(feed, ensure_ascii=False)), "Reason": lacks}
            )
            continue
        entry = _Entry(entry_id=int(feed["entry_id"]), created_at=feed["created_at"])
        for key in _NUMBER_KEYS:
            setattr(entry, key, _text(feed.get(key)))
        status = feed.get("status")
        entry.status = _text(status)
        if isinstance(status, str) and entry.status != status:
            spoiled.append(_spoiled(entry))
            entry.status = None
        entries.append(entry)
    labels = {
        key: _text(value) if isinstance(value, str) else value for key, value in channel.items()
    }
    return _page(labels, entries, rejected, decimal_comma, spoiled)


def _lacks(feed: dict[str, Any]) -> str | None:
    entry_id, created_at = feed.get("entry_id"), feed.get("created_at")
    if not isinstance(entry_id, str) or not _ID.fullmatch(entry_id) or int(entry_id) > _MAX_ID:
        return "no usable entry_id"
    if not isinstance(created_at, str) or parse_time(created_at) is None:
        return "no usable created_at"
    return None


def _spoiled(entry: _Entry) -> dict[str, Any]:
    return {
        "EntryID": entry.entry_id,
        "ColumnName": "Status",
        "RawValue": entry.status,
        "Reason": "unparseable",
    }


def _text(value: object) -> str | None:
    if value is None:
        return None
    return _sound(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _sound(text: str) -> str:
    r"""Write what no warehouse can hold, NUL and half characters, as ``\x00`` and ``\udcff``."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", r"\x00")


def _loads(body: bytes) -> Any:
    """Any JSON, numbers as their own text, control characters and broken UTF-8 let through."""
    try:
        text = body.decode("utf-8", "surrogateescape")
        return json.loads(text, strict=False, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise SourceUnavailable(f"the answer is cut or is no JSON ({error})") from error
