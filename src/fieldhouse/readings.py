r"""A batch of readings: its Arrow schema, and the typing of text into it (pure).

Typing happens once, here, before any warehouse, and whatever the text was read from. Unicode white
space is stripped; null stays NULL; ``[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?`` in ASCII becomes an
exact decimal, rounded half away from zero to DECIMAL(18,6). Everything else is NULL, and its text
is kept with the reason.
"""

import decimal
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.state import BEGINNING, Progress

__all__ = [
    "DECIMAL",
    "FIELDS",
    "KEYS",
    "NUMBERS",
    "RAW",
    "READINGS",
    "REJECTED",
    "Batch",
    "Rows",
    "Typed",
    "parse_time",
    "type_columns",
    "type_numbers",
    "type_text",
    "type_times",
]

Ints = np.ndarray[Any, np.dtype[np.int32]]
Bytes = np.ndarray[Any, np.dtype[np.uint8]]

DECIMAL = pa.decimal128(18, 6)
FIELDS = tuple(f"Field{n}" for n in range(1, 9))
NUMBERS = (*FIELDS, "Latitude", "Longitude", "Elevation")
"""The columns of a reading that hold numbers; each is typed by the same rules."""

KEYS = pa.schema(
    [
        pa.field("EntryID", pa.int64(), nullable=False),
        pa.field("CreatedAt", pa.timestamp("us"), nullable=False),
    ]
)
"""What an entry is told by; ``CreatedAt`` is naive UTC."""

READINGS = pa.schema(
    [
        *KEYS,
        *(pa.field(name, DECIMAL) for name in NUMBERS),
        pa.field("Status", pa.string()),
    ]
)
"""One row a reading."""

RAW = pa.schema(
    [
        pa.field("EntryID", pa.int64(), nullable=False),
        pa.field("ColumnName", pa.string(), nullable=False),
        pa.field("RawValue", pa.string(), nullable=False),
        pa.field("Reason", pa.string(), nullable=False),
    ]
)
"""One row a value that its column does not hold exactly.

Reasons: ``empty``, ``unparseable``, ``out of range``, ``rounded``; the warehouse adds ``replaced``.
"""

REJECTED = pa.schema(
    [
        pa.field("EntryText", pa.string(), nullable=False),
        pa.field("Reason", pa.string(), nullable=False),
    ]
)
"""One row an entry that cannot be a reading, as its JSON text, with what it lacks."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one page of one channel brings to the warehouse: rows, texts, and what the page proves.

    ``readings``, ``raw`` and ``rejected`` have the schemas of this module. ``horizon`` (naive UTC)
    parts the near future from the far: no reading at or after it counts as the channel's newest.
    ``metadata``, if given, is the channel's row of ``iot.Channels``, by the parameters' names of
    ``upsert_channel``. ``version`` is that of the epoch on which the batch was planned, one more
    for each batch of the plan before it; None: planned on nothing that could have moved. A batch of
    an older epoch shows again what that one holds; it proves nothing.
    ``recalled``: a file brings it, its source does not show it now. So an older epoch grows by it,
    and a reading that does not count (withdrawn, superseded) is not made to count by it.
    """

    channel_id: int
    epoch: int
    readings: pa.Table
    raw: pa.Table
    rejected: pa.Table
    progress: Progress
    horizon: datetime
    metadata: Mapping[str, Any] | None = None
    version: int | None = None
    recalled: bool = False


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


# Numbers, whole columns

_SIGNS = b"0123456789+-."
_LONGEST = 38
"""So many digits a decimal of 128 bits always holds: a cast of more may wrap round unsaid."""
_PLAIN = r"^[+-]?([0-9]{1,12}(\.[0-9]{0,6})?|\.[0-9]{1,6})$"
_LONG = r"^[+-]?([0-9]{0,12}\.[0-9]{7,24}|[0-9](\.[0-9]{0,15})?[eE][+-]?0?[0-9])$"
_WIDE = pa.decimal128(38, 24)
_LIMIT = Decimal(10) ** 12


def type_numbers(text: pa.Array | pa.ChunkedArray, *, decimal_comma: bool = False) -> Typed:
    """Type a column of text by the rules above; nulls stay null and need no reason.

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
    fits = pc.less(pc.abs(rounded), pa.scalar(_LIMIT))
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


# Numbers, one by one

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE]([+-]?)([0-9]+))?")
_EXACT = decimal.Context(prec=40, traps=[decimal.InvalidOperation])
"""A context of our own: what the caller has set for his own sums must not round ours."""
_STEP = Decimal("0.000001")
_ZERO = Decimal("0.000000")
_EXPONENT_DIGITS = 8
"""An exponent with more puts any text that is not itself gigabytes out of range, or at zero."""


def type_text(text: str, *, decimal_comma: bool = False) -> tuple[Decimal | None, str | None]:
    """Type one text: its value in DECIMAL(18,6) or None, and why the text must be kept, or None.

    >>> type_text(" 1e-7 ")
    (Decimal('0.000000'), 'rounded')
    """
    stripped = text.strip()
    if not stripped:
        return None, "empty"
    if decimal_comma:
        stripped = stripped.replace(",", ".")
    match = _NUMBER.fullmatch(stripped)
    if not match:
        return None, "unparseable"
    if match[2] and len(match[2].lstrip("0")) > _EXPONENT_DIGITS:
        return _type_beyond(stripped[: match.start(1) - 1], is_small=match[1] == "-")
    return _type_number(Decimal(stripped))


def _type_number(number: Decimal) -> tuple[Decimal | None, str | None]:
    """Round half away from zero at six decimals, whatever the number's length."""
    if not number:
        return _ZERO, None
    if number.adjusted() > 12:
        return None, "out of range"
    rounded = _EXACT.plus(number.quantize(_STEP, rounding=ROUND_HALF_UP, context=_EXACT))
    if rounded.copy_abs() >= _LIMIT:
        return None, "out of range"
    return rounded, None if rounded == number else "rounded"


def _type_beyond(mantissa: str, *, is_small: bool) -> tuple[Decimal | None, str | None]:
    if not Decimal(mantissa):
        return _ZERO, None
    return (_ZERO, "rounded") if is_small else (None, "out of range")


# Times

_FORM = np.frombuffer(b"0000-00-00T00:00:00Z", np.uint8)
_MARKS = [4, 7, 10, 13, 16, 19]
_YEAR_1 = (BEGINNING - datetime(1970, 1, 1)) // timedelta(microseconds=1)
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?)"
    r"\s*(?:Z|UTC|([+-])(\d\d):?(\d\d))?",
    re.ASCII,
)


def type_times(text: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Type a column of ``created_at``: naive UTC in microseconds, null where a text is no time.

    As with numbers, what a text becomes is what ``parse_time`` says, whatever its neighbours.
    """
    text = _as_strings(text)
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
