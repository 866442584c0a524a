r"""A batch of readings: its Arrow schema, and what a text becomes in it (pure).

Typing happens once, before any warehouse, and whatever the text was read from. Unicode white
space is stripped; null stays NULL; ``[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?`` in ASCII becomes an
exact decimal, rounded half away from zero to DECIMAL(18,6). Everything else is NULL, and its text
is kept with the reason. ``typed`` does to whole columns what is said here of one text.
"""

import decimal
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pyarrow as pa

from fieldhouse.state import Progress

__all__ = [
    "DECIMAL",
    "FIELDS",
    "KEYS",
    "LIMIT",
    "NUMBERS",
    "RAW",
    "READINGS",
    "REJECTED",
    "Batch",
    "parse_time",
    "type_text",
]

DECIMAL = pa.decimal128(18, 6)
LIMIT = Decimal(10) ** 12
"""No value's magnitude reaches it."""
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


# Numbers

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
    if rounded.copy_abs() >= LIMIT:
        return None, "out of range"
    return rounded, None if rounded == number else "rounded"


def _type_beyond(mantissa: str, *, is_small: bool) -> tuple[Decimal | None, str | None]:
    if not Decimal(mantissa):
        return _ZERO, None
    return (_ZERO, "rounded") if is_small else (None, "out of range")


# Times

_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?)"
    r"\s*(?:Z|UTC|([+-])(\d\d):?(\d\d))?",
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
