r"""A batch of readings: its Arrow schema, and the typing of ThingSpeak's text into it (pure).

Typing happens once, here, before any warehouse. Unicode white space is stripped; null stays NULL;
``[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?`` in ASCII becomes an exact decimal, rounded half away
from zero to DECIMAL(18,6). Everything else is NULL, and its text is kept with the reason.
"""

import decimal
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.state import Progress

__all__ = [
    "DECIMAL",
    "FIELDS",
    "NUMBERS",
    "RAW",
    "READINGS",
    "REJECTED",
    "Batch",
    "Typed",
    "type_numbers",
    "type_text",
]

DECIMAL = pa.decimal128(18, 6)
FIELDS = tuple(f"Field{n}" for n in range(1, 9))
NUMBERS = (*FIELDS, "Latitude", "Longitude", "Elevation")
"""The columns of a reading that hold numbers; each is typed by the same rules."""

READINGS = pa.schema(
    [
        pa.field("EntryID", pa.int64(), nullable=False),
        pa.field("CreatedAt", pa.timestamp("us"), nullable=False),
        *(pa.field(name, DECIMAL) for name in NUMBERS),
        pa.field("Status", pa.string()),
    ]
)
"""One row a reading; ``CreatedAt`` is naive UTC."""

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


class Typed(NamedTuple):
    """A column of numbers, and for each value the reason why its text must be kept, or null."""

    values: pa.Array
    reasons: pa.Array


_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]([+-]?[0-9]+))?")
_PLAIN = r"^[+-]?[0-9]{1,12}(\.[0-9]{0,6})?$"
_LONG = r"^[+-]?[0-9]{1,12}\.[0-9]{7,24}$"
_WIDE = pa.decimal128(38, 24)
_DECIMAL_COMMA = r"^([+-]?[0-9]*),([0-9]+)$"
_LIMIT = Decimal(10) ** 12
_STEP = Decimal("0.000001")


def type_numbers(text: pa.Array, *, decimal_comma: bool = False) -> Typed:
    """Type a column of text by the rules above; nulls stay null and need no reason.

    ``decimal_comma`` reads ``12,5`` as ``12.5`` (an entry in the channel's configuration).
    Whole columns of plain numbers take one cast; only odd texts, once each, are looked at singly.
    """
    if text.null_count == len(text):
        return Typed(pa.nulls(len(text), DECIMAL), pa.nulls(len(text), pa.string()))
    try:
        return Typed(text.cast(DECIMAL), pa.nulls(len(text), pa.string()))
    except pa.ArrowInvalid:
        return _type_mixed(text, decimal_comma)


def _type_mixed(text: pa.Array, decimal_comma: bool) -> Typed:
    stripped = pc.utf8_trim_whitespace(text)
    if decimal_comma:
        stripped = pc.replace_substring_regex(stripped, _DECIMAL_COMMA, r"\1.\2")
    plain = pc.match_substring_regex(stripped, _PLAIN)
    long = pc.match_substring_regex(stripped, _LONG)
    values = pc.if_else(plain, stripped, None).cast(DECIMAL)
    exact = pc.if_else(long, stripped, None).cast(_WIDE)
    rounded = pc.round(exact, ndigits=6, round_mode="half_towards_infinity")
    fits = pc.less(pc.abs(rounded), pa.scalar(_LIMIT))
    values = pc.coalesce(values, pc.if_else(fits, rounded, None).cast(DECIMAL))
    lost = pc.if_else(pc.not_equal(rounded, exact), "rounded", None)
    reasons = pc.if_else(fits, lost, "out of range")
    odd = pc.and_(pc.is_valid(stripped), pc.invert(pc.or_(plain, long)))
    return (
        _type_odd(stripped, odd, Typed(values, reasons))
        if pc.any(odd).as_py()
        else Typed(values, reasons)
    )


def _type_odd(stripped: pa.Array, odd: pa.Array, others: Typed) -> Typed:
    encoded = pc.filter(stripped, odd).dictionary_encode()
    typed = [type_text(text) for text in encoded.dictionary.to_pylist()]
    values = pa.array([value for value, _ in typed], DECIMAL).take(encoded.indices)
    reasons = pa.array([reason for _, reason in typed], pa.string()).take(encoded.indices)
    return Typed(
        pc.replace_with_mask(others.values, odd, values),
        pc.replace_with_mask(others.reasons, odd, reasons),
    )


def type_text(text: str) -> tuple[Decimal | None, str | None]:
    """Type one text: its value in DECIMAL(18,6) or None, and why the text must be kept, or None.

    >>> type_text(" 1e-7 ")
    (Decimal('0.000000'), 'rounded')
    """
    stripped = text.strip()
    if not stripped:
        return None, "empty"
    if not (match := _NUMBER.fullmatch(stripped)):
        return None, "unparseable"
    if match[1] and len(match[1]) > 9:  # past what Decimal's exponent holds
        return _type_beyond(stripped, match)
    number = Decimal(stripped)
    if number.adjusted() > 12:
        return (None, "out of range") if number else (Decimal("0.000000"), None)
    rounded = _round(number)
    if abs(rounded) >= _LIMIT:
        return None, "out of range"
    return rounded, None if rounded == number else "rounded"


def _round(number: Decimal) -> Decimal:
    """Round half away from zero at six decimals, whatever the number's length."""
    if number.adjusted() < -7:
        return Decimal("0.000000")
    digits = len(number.as_tuple().digits) + 8
    return number.quantize(_STEP, rounding=ROUND_HALF_UP, context=_context(digits + 12)) + 0


def _context(precision: int) -> decimal.Context:
    return decimal.Context(prec=precision)


def _type_beyond(stripped: str, match: re.Match[str]) -> tuple[Decimal | None, str | None]:
    mantissa = Decimal(stripped[: match.start(1) - 1])
    if not mantissa:
        return Decimal("0.000000"), None
    return (Decimal("0.000000"), "rounded") if match[1].startswith("-") else (None, "out of range")
