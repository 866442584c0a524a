"""Entries that all have one form, read column by column without a Python object a value (pure).

ThingSpeak writes the entries of a page one like the other: the same keys, the same nulls, only the
texts differ. Where the quotes stand then says where each text is. Nothing is taken on trust: every
byte is either a text's or the same in each entry; of anything else, ``None``, and the page is read
in another way.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["read"]

Signs = np.ndarray[Any, np.dtype[np.uint8]]
Quotes = np.ndarray[Any, np.dtype[np.int32]]
Places = np.ndarray[Any, np.dtype[np.int64]]
Windows = np.ndarray[Any, np.dtype[np.void]]

_MEMBER = re.compile(rb'"(\w+)":(?:("[^"]*")|([1-9][0-9]*)|null)')

_PART = 1 << 19
"""Bytes that are read at once: what that takes is memory which the process has at hand, while a
whole page's is asked of the system anew each time, which costs as much again as the reading."""
_PIECE = 1 << 17
"""Bytes that are looked through at once."""
_RUN = 16
"""Bytes that are compared at once, of every entry."""


class _Spot(NamedTuple):
    """What differs between entries: which quote it begins and ends at, and how far from it."""

    key: str
    first_quote: int
    begin: int
    last_quote: int
    end: int


def read(feeds: bytes) -> dict[str, pa.Array] | None:
    """The texts of some entries, ``{…},{…}``, by their keys; null throughout is left out.

    ``entry_id`` comes as whole numbers, all else as text. None if the entries are not all of one
    form, hold anything but ASCII, or an escape, or lack an id or a time.
    """
    parts: list[dict[str, pa.Array]] = []
    for part in _parts(feeds):
        if not (columns := _read(part)) or (parts and columns.keys() != parts[0].keys()):
            return None
        parts.append(columns)
    return {key: pa.concat_arrays([part[key] for part in parts]) for key in parts[0]}


def _parts(feeds: bytes) -> Iterator[bytes]:
    """Some entries at a time; where a text looks like the end of one, the parts read as nothing."""
    begin = 0
    while (end := feeds.find(b"},{", begin + _PART)) >= 0:
        yield feeds[begin : end + 1]
        begin = end + 2
    yield feeds[begin:]


def _read(feeds: bytes) -> dict[str, pa.Array] | None:
    if not feeds.isascii() or b"\\" in feeds:
        return None
    signs = np.frombuffer(feeds, np.uint8)
    form = feeds[: feeds.find(b"}") + 1]
    spots = _spots(form)
    if not spots or signs.min() < ord(" "):
        return None
    quotes = _quotes(signs)
    if len(quotes) % (each := form.count(b'"')):
        return None
    columns = quotes.reshape(-1, each).T
    begins = [columns[spot.first_quote].astype(np.int64) + spot.begin for spot in spots]
    ends = [columns[spot.last_quote].astype(np.int64) + spot.end for spot in spots]
    if not _are_of_one_form(feeds, form, begins, ends):
        return None
    return _columns(feeds, spots, begins, ends)


def _quotes(signs: Signs) -> Quotes:
    """Where the quotes stand; found piece by piece, for large arrays cost what they save."""
    begins = range(0, len(signs), _PIECE)
    pieces = [np.flatnonzero(signs[begin : begin + _PIECE] == ord('"')) for begin in begins]
    return np.concatenate(
        [(piece + begin).astype(np.int32) for begin, piece in zip(begins, pieces, strict=True)]
    )


def _spots(form: bytes) -> list[_Spot]:
    """What may differ from an entry of this form to the next; nothing if it is no such form."""
    members = list(_MEMBER.finditer(form))
    if b"{" + b",".join(member[0] for member in members) + b"}" != form:
        return []
    spots, quote = [], 0
    for member in members:
        key = member[1].decode()
        if member[2]:
            spots.append(_Spot(key, quote + 2, 1, quote + 3, 0))
        elif member[3]:
            spots.append(_Spot(key, quote + 1, 2, quote + 2, -1))
        quote += 4 if member[2] else 2
    texts = [member[1] for member in members if member[2]]
    numbers = [member[1] for member in members if member[3]]
    are_unlike = len({member[1] for member in members}) == len(members)
    is_sound = are_unlike and b"created_at" in texts and numbers == [b"entry_id"]
    return spots if is_sound and not members[-1][3] else []


def _are_of_one_form(feeds: bytes, form: bytes, begins: list[Places], ends: list[Places]) -> bool:
    """Whether what stands between the spots is the same in each entry, and between any two."""
    for end, begin in zip(ends[:-1], begins[1:], strict=True):
        if not _stands_between(feeds, end, begin, form[end[0] : begin[0]]):
            return False
    tail = form[ends[-1][0] :]
    between = tail + b"," + form[: begins[0][0]]
    is_tail = feeds[ends[-1][-1] :] == tail
    return is_tail and _stands_between(feeds, ends[-1][:-1], begins[0][1:], between)


def _stands_between(feeds: bytes, ends: Places, begins: Places, literal: bytes) -> bool:
    if not np.all(begins - ends == len(literal)):
        return False
    parts = [(place, literal[place : place + _RUN]) for place in range(0, len(literal), _RUN)]
    return all(_pieces(feeds, ends + place, len(part)) == part * len(ends) for place, part in parts)


def _pieces(feeds: bytes, places: Places, size: int) -> bytes:
    """The bytes at each of the places, so many, one after the other."""
    windows: Windows = np.ndarray(len(feeds) - size + 1, f"V{size}", feeds, strides=(1,))
    return windows[places].tobytes()


def _columns(
    feeds: bytes, spots: list[_Spot], begins: list[Places], ends: list[Places]
) -> dict[str, pa.Array] | None:
    columns = {
        spot.key: _texts(feeds, begin, end)
        for spot, begin, end in zip(spots, begins, ends, strict=True)
    }
    ids = _whole_numbers(columns["entry_id"])
    return None if ids is None else columns | {"entry_id": ids}


def _texts(feeds: bytes, begins: Places, ends: Places) -> pa.Array:
    """The bytes from each begin to its end, as a column of text."""
    sizes = ends - begins
    edges = np.zeros(len(sizes) + 1, np.int32)
    np.cumsum(sizes, out=edges[1:])
    if size := int(sizes[0]) if np.all(sizes == sizes[0]) else 0:
        data: Any = _pieces(feeds, begins, size)
    else:
        places = np.repeat(begins - edges[:-1], sizes) + np.arange(edges[-1])
        data = np.frombuffer(feeds, np.uint8)[places]
    parts = [None, pa.py_buffer(edges), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.string(), len(sizes), parts)


def _whole_numbers(texts: pa.Array) -> pa.Array | None:
    """The numbers, if all are digits without a zero before them, and none is too large."""
    if not texts.buffers()[2].to_pybytes().isdigit() or pc.any(pc.starts_with(texts, "0")).as_py():
        return None
    try:
        return texts.cast(pa.int64())
    except pa.ArrowInvalid:  # one of no digits, or of too many
        return None
