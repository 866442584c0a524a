"""Whole columns of text, typed as ``readings`` types each text (pure)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.readings import DECIMAL, LIMIT, NUMBERS, RAW, READINGS, parse_time, type_text
from fieldhouse.state import BEGINNING

__all__ = ["Rows", "Typed", "type_columns", "type_numbers", "type_times"]

Ints = np.ndarray[Any, np.dtype[np.int32]]
Bytes = np.ndarray[Any, np.dtype[np.uint8]]


class Typed(NamedTuple):
    """A column of numbers, and for each value the reason why its text must be kept, or null."""

    values: pa.Array
    reasons: pa.Array


class Rows(NamedTuple):
    """Typed columns as the tables of a batch: ``READINGS``, and ``RAW`` for what they lack."""

    readings: pa.Table
    raw: pa.Table


def type_columns(
    ids: pa.Array,
    times: pa.Array,
    texts: Mapping[str, pa.Array],
    statuses: pa.Array | None = None,
    *,
    decimal_comma: bool = False,
) -> Rows:
    """Type columns of text, one row a reading, whatever they were read from.

    ``ids`` are whole numbers from 1, ``times`` naive UTC (see ``type_times``), both without a null.
    ``texts`` has columns by the names of ``NUMBERS``; one that is not there is null throughout, as
    are ``statuses``. All are as long as ``ids``.
    """
    columns, raw = [ids, times], [RAW.empty_table()]
    for name in NUMBERS:
        text = texts.get(name)
        if text is None or text.null_count == len(ids):
            columns.append(pa.nulls(len(ids), DECIMAL))
            continue
        typed = type_numbers(text, decimal_comma=decimal_comma)
        columns.append(typed.values)
        if typed.reasons.null_count < len(ids):
            raw.append(_kept(name, ids, text, typed.reasons))
    columns.append(pa.nulls(len(ids), pa.string()) if statuses is None else statuses)
    return Rows(pa.Table.from_arrays(columns, schema=READINGS), pa.concat_tables(raw))


def _kept(name: str, ids: pa.Array, text: pa.Array, reasons: pa.Array) -> pa.Table:
    is_kept = pc.is_valid(reasons)
    ids = ids.filter(is_kept)
    names = pa.repeat(pa.scalar(name), len(ids))
    columns = [ids, names, text.filter(is_kept), reasons.filter(is_kept)]
    return pa.Table.from_arrays(columns, schema=RAW)


# Numbers

_SIGNS = b"0123456789+-."
_LONGEST = 38
"""So many digits a decimal of 128 bits always holds: a cast of more may wrap round unsaid."""
_PLAIN = r"^[+-]?([0-9]{1,12}(\.[0-9]{0,6})?|\.[0-9]{1,6})$"
_LONG = r"^[+-]?([0-9]{0,12}\.[0-9]{7,24}|[0-9](\.[0-9]{0,15})?[eE][+-]?0?[0-9])$"
_WIDE = pa.decimal128(38, 24)


def type_numbers(text: pa.Array | pa.ChunkedArray, *, decimal_comma: bool = False) -> Typed:
    """Type a column of text by the rules of ``readings``; nulls stay null and need no reason.

    ``decimal_comma`` reads ``12,5`` as ``12.5`` (an entry in the channel's configuration). What a
    text becomes does not depend on its neighbours: it is what ``type_text`` says. A column of plain
    numbers takes one cast; only odd texts, once each, are looked at singly.
    """
    text = _as_strings(text)
    marked = pc.replace_substring(text, ",", ".") if decimal_comma else text
    if _is_safe_to_cast(marked):
        try:
            return Typed(marked.cast(DECIMAL), pa.nulls(len(text), pa.string()))
        except pa.ArrowInvalid:  # digits that the type cannot hold, or signs that make no number
            pass
    return _type_mixed(text, marked, decimal_comma=decimal_comma)


def _as_strings(text: pa.Array | pa.ChunkedArray) -> pa.Array:
    """One array of plain strings, however the text is laid out."""
    whole = text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text
    return whole if whole.type == pa.string() else whole.cast(pa.string())


def _is_safe_to_cast(text: pa.Array) -> bool:
    """Whether a cast to decimals, should it succeed, gives each value to its last digit.

    Texts of digits, signs and points, none longer than a decimal has digits: a cast refuses those
    of them that are no numbers, and says so where a digit would be lost. In others it may not.
    """
    if text.null_count == len(text):
        return True
    edges, data = _laid_out(text)
    used = data[edges[0] : edges[-1]].tobytes()
    return int(np.diff(edges).max()) <= _LONGEST and not used.translate(None, _SIGNS)


def _laid_out(text: pa.Array) -> tuple[Ints, Bytes]:
    """Where each text begins and the last one ends, and the bytes that they lie in."""
    _, offsets, data = text.buffers()
    edges = np.frombuffer(offsets, np.int32)[text.offset : text.offset + len(text) + 1]
    return edges, np.frombuffer(data or b"", np.uint8)


def _type_mixed(text: pa.Array, marked: pa.Array, *, decimal_comma: bool) -> Typed:
    stripped = pc.utf8_trim_whitespace(marked)
    plain = pc.match_substring_regex(stripped, _PLAIN)
    long = pc.match_substring_regex(stripped, _LONG)
    values = pc.if_else(plain, stripped, None).cast(DECIMAL)
    exact = pc.if_else(long, stripped, None).cast(_WIDE)
    rounded = pc.round(exact, ndigits=6, round_mode="half_towards_infinity")
    fits = pc.less(pc.abs(rounded), pa.scalar(LIMIT))
    values = pc.coalesce(values, pc.if_else(fits, rounded, None).cast(DECIMAL))
    lost = pc.if_else(pc.not_equal(rounded, exact), "rounded", None)
    typed = Typed(values, pc.if_else(fits, lost, "out of range"))
    odd = pc.and_(pc.is_valid(text), pc.invert(pc.or_(plain, long)))
    return (
        _type_odd(text, odd, typed, decimal_comma=decimal_comma) if pc.any(odd).as_py() else typed
    )


def _type_odd(text: pa.Array, odd: pa.Array, others: Typed, *, decimal_comma: bool) -> Typed:
    encoded = pc.filter(text, odd).dictionary_encode()
    singly = partial(type_text, decimal_comma=decimal_comma)
    typed = [singly(value) for value in encoded.dictionary.to_pylist()]
    values = pa.array([value for value, _ in typed], DECIMAL).take(encoded.indices)
    reasons = pa.array([reason for _, reason in typed], pa.string()).take(encoded.indices)
    return Typed(
        pc.replace_with_mask(others.values, odd, values),
        pc.replace_with_mask(others.reasons, odd, reasons),
    )


# Times

_FORM = np.frombuffer(b"0000-00-00T00:00:00Z", np.uint8)
_MARKS = [4, 7, 10, 13, 16, 19]
_FEW = 16
"""So many times are read sooner one by one."""
_YEAR_1 = (BEGINNING - datetime(1970, 1, 1)) // timedelta(microseconds=1)


def type_times(text: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Type a column of ``created_at``: naive UTC in microseconds, null where a text is no time.

    As with numbers, what a text becomes is what ``parse_time`` says, whatever its neighbours.
    """
    text = _as_strings(text)
    if len(text) <= _FEW:
        parsed = [None if value is None else parse_time(value) for value in text.to_pylist()]
        return pa.array(parsed, pa.timestamp("us"))
    if _is_uniform(text):
        try:
            times = text.cast(pa.timestamp("us", tz="UTC")).cast(pa.timestamp("us"))
            earliest = pc.min(times.cast(pa.int64())).as_py()
            if earliest is None or earliest >= _YEAR_1:
                return times
        except pa.ArrowInvalid:  # a day that no month has, a letter among the digits
            pass
    encoded = text.dictionary_encode()
    parsed = [parse_time(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(parsed, pa.timestamp("us")).take(encoded.indices)


def _is_uniform(text: pa.Array) -> bool:
    """Whether all have the marks of ``2024-11-24T12:00:00Z`` where they stand there."""
    if text.null_count or not len(text):
        return not text.null_count
    edges, data = _laid_out(text)
    if not np.all(np.diff(edges) == len(_FORM)):
        return False
    rows = data[edges[0] : edges[-1]].reshape(-1, len(_FORM))
    return bool(np.all(rows[:, _MARKS] == _FORM[_MARKS]))
