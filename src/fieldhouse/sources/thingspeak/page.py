"""A page's bytes into typed readings, raw texts and rejected entries (pure).

The commonest page, entries of one form, is read by its bytes; another one of strings and nulls in
sound UTF-8 by one decode into structs. A page with anything else in it (numbers, broken text,
entries without an id or a time) is read once more, leniently, and loses nothing either. What an
entry becomes is the same in all three ways, whatever entries stand beside it.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from fieldhouse.errors import SourceUnavailable
from fieldhouse.readings import KEYS, NUMBERS, RAW, REJECTED, parse_time
from fieldhouse.sources.thingspeak import uniform
from fieldhouse.typed import Rows, type_columns, type_times

__all__ = ["Ids", "Page", "Times", "parse_entry", "parse_page"]

Ids = np.ndarray[Any, np.dtype[np.int64]]
Times = np.ndarray[Any, np.dtype[np.datetime64]]


@dataclass(frozen=True)
class Page:
    """One answer of ThingSpeak's.

    ``channel`` is its channel object as decoded (empty for a bare entry). ``served`` counts the
    entries that it held, rejected ones included; ``keys`` are the ids and times of the others. What
    to ask for next follows from these; the numbers are typed when somebody wants them. The tables
    have the schemas of ``readings``. ``timeless`` are the ids of entries that were rejected for
    their time: they are served, and no reading will ever have them.
    """

    channel: dict[str, Any]
    served: int
    keys: pa.Table
    rejected: pa.Table
    typed: Callable[[], Rows]
    timeless: frozenset[int] = frozenset()

    @cached_property
    def ids(self) -> Ids:
        """The ids of ``keys``, to be looked through."""
        ids: Ids = self.keys["EntryID"].to_numpy()
        return ids

    @cached_property
    def times(self) -> Times:
        """The times of ``keys`` likewise, naive UTC in microseconds."""
        times: Times = self.keys["CreatedAt"].to_numpy()
        return times

    @cached_property
    def rows(self) -> Rows:
        """The readings, and the texts that their columns do not hold exactly."""
        return self.typed()

    @property
    def readings(self) -> pa.Table:
        """One row an entry, in the order of ``keys``."""
        return self.rows.readings

    @property
    def raw(self) -> pa.Table:
        """One row a value that its column does not hold exactly."""
        return self.rows.raw

    @property
    def last_entry_id(self) -> int | None:
        """The channel's counter as this answer says it; null when cleared or never written to.

        Null as well where it says what no entry's id can be: below zero, a fraction, too large.
        """
        said = _WHOLE.fullmatch(str(self.channel.get("last_entry_id")))
        return int(said[0]) if said and int(said[0]) <= _MAX_ID else None


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
_KEYS = _Entry.__struct_fields__
_ALWAYS = _KEYS[:2]
_NONE_REJECTED = REJECTED.empty_table()
_NUMBER_KEYS = tuple(name.lower() for name in NUMBERS)
_FEEDS = b'"feeds":['
_LITTLE = 1 << 13
"""So many bytes are read sooner entry by entry than by where their quotes stand."""
_MAX_ID = 10**18
"""No channel counts so far; what the warehouse's whole numbers hold leaves room to count on."""
_ID = re.compile(r"0{0,9}[1-9][0-9]{0,18}")
_WHOLE = re.compile(r"[0-9]{1,19}")
_NO_TIME = "no usable created_at"

_Columns = Mapping[str, pa.Array]
"""Entries by the keys of ``_Entry``: whole numbers for ``entry_id``, else text; null if missing.

A key that no entry has may be left out, but for the first two."""


def parse_page(body: bytes, *, decimal_comma: bool = False) -> Page:
    """Read a ``feeds.json`` answer. Raises SourceUnavailable for text that is not one."""
    try:
        if b"\\u0000" in body:
            raise _Odd
        channel, columns = (len(body) > _LITTLE and _uniform(body)) or _plain(body)
        return _page(channel, columns, [], decimal_comma)
    except (msgspec.MsgspecError, UnicodeDecodeError, OverflowError, RecursionError, _Odd):
        return _parse_leniently(body, decimal_comma)


def parse_entry(body: bytes, *, decimal_comma: bool = False) -> Page:
    """Read a bare entry (``feeds/ID.json``, ``feeds/last.json``) as a page of one."""
    entry = _loads(body)
    if not isinstance(entry, dict) or entry.keys().isdisjoint(_ALWAYS):
        raise SourceUnavailable("the answer is not the JSON of an entry")
    return _lenient_page({}, [entry], decimal_comma)


class _Odd(Exception):
    pass


def _uniform(body: bytes) -> tuple[dict[str, Any], _Columns] | None:
    """The page, if its entries are all of one form."""
    begin = body.find(_FEEDS) + len(_FEEDS)
    if not body.endswith(b"]}") or not (columns := uniform.read(body[begin:-2])):
        return None
    document = _decode(body[:begin] + b"]}")  # an answer like the whole, but for its entries
    return document.channel, columns


def _plain(body: bytes) -> tuple[dict[str, Any], _Columns]:
    document = _decode(body)
    return document.channel, _columns(document.feeds)


def _columns(entries: Sequence[_Entry]) -> _Columns:
    columns = list(zip(*map(msgspec.structs.astuple, entries), strict=True)) or [()] * len(_KEYS)
    return {
        key: pa.array(column, pa.int64() if key == "entry_id" else pa.string())
        for key, column in zip(_KEYS, columns, strict=True)
        if key in _ALWAYS or column.count(None) < len(column)
    }


def _page(
    channel: dict[str, Any],
    columns: _Columns,
    rejected: list[dict[str, str]],
    decimal_comma: bool,
    spoiled: Sequence[dict[str, Any]] = (),
    timeless: Iterable[int] = (),
) -> Page:
    ids, times = columns["entry_id"], type_times(columns["created_at"])
    if ids.null_count or times.null_count or not _are_usable(ids):
        raise _Odd
    texts = {
        name: columns[key]
        for name, key in zip(NUMBERS, _NUMBER_KEYS, strict=True)
        if key in columns
    }
    typed = partial(
        type_columns, ids, times, texts, columns.get("status"), decimal_comma=decimal_comma
    )
    return Page(
        channel=channel,
        served=len(ids) + len(rejected),
        keys=pa.Table.from_arrays([ids, times], schema=KEYS),
        rejected=pa.Table.from_pylist(rejected, REJECTED) if rejected else _NONE_REJECTED,
        typed=partial(_with, spoiled, typed) if spoiled else typed,
        timeless=frozenset(timeless),
    )


def _with(spoiled: Sequence[dict[str, Any]], typed: Callable[[], Rows]) -> Rows:
    readings, raw = typed()
    return Rows(readings, pa.concat_tables([raw, pa.Table.from_pylist(list(spoiled), RAW)]))


def _are_usable(ids: pa.Array) -> bool:
    numbers = ids.to_numpy()
    return not len(ids) or bool(numbers.min() >= 1 and numbers.max() <= _MAX_ID)


# The lenient way: any JSON value, any text.


def _parse_leniently(body: bytes, decimal_comma: bool) -> Page:
    document = _loads(body)
    if not isinstance(document, dict):
        raise SourceUnavailable("the answer is not the JSON of a feed")
    channel, feeds = document.get("channel"), document.get("feeds")
    if not isinstance(channel, dict) or not isinstance(feeds, list):
        raise SourceUnavailable("the answer lacks the channel or the feeds that a feed has")
    return _lenient_page(channel, feeds, decimal_comma)


def _lenient_page(channel: dict[str, Any], feeds: Iterable[object], decimal_comma: bool) -> Page:
    entries, rejected, spoiled, timeless = [], [], [], []
    for feed in feeds:
        if not isinstance(feed, dict):
            rejected.append(_rejected(feed, "no entry"))
            continue
        if lacks := _lacks(feed):
            rejected.append(_rejected(feed, lacks))
            timeless += [int(feed["entry_id"])] if lacks == _NO_TIME else []
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
    return _page(labels, _columns(entries), rejected, decimal_comma, spoiled, timeless)


def _lacks(feed: dict[str, Any]) -> str | None:
    entry_id, created_at = feed.get("entry_id"), feed.get("created_at")
    if not isinstance(entry_id, str) or not _ID.fullmatch(entry_id) or int(entry_id) > _MAX_ID:
        return "no usable entry_id"
    if not isinstance(created_at, str) or parse_time(created_at) is None:
        return _NO_TIME
    return None


def _rejected(feed: object, reason: str) -> dict[str, str]:
    return {"EntryText": _sound(json.dumps(feed, ensure_ascii=False)), "Reason": reason}


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
