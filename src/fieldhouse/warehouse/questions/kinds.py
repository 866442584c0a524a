"""The kinds of values that questions take and answers hold, the same for every engine (pure).

A value is held to its kind before any engine sees it, so that one line says what is wrong with it
and every engine binds the same Python type.
"""

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa

from fieldhouse.readings import type_text

__all__ = [
    "AGGREGATION_TYPE",
    "CHANNEL_IDS",
    "CORRECTION",
    "DAY",
    "FACTOR",
    "FLAG",
    "FLOAT",
    "INSTANT",
    "INT",
    "LONG",
    "METHOD",
    "NUMBER",
    "TEXT",
    "Kind",
    "columns",
    "list_of",
    "one_of",
    "rows_of",
]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value: its Arrow type, what is right in words, and how a value is read.

    ``read`` returns the value as engines bind it, or raises ValueError or TypeError for one that is
    none of this kind. ``example`` is one to ask with.
    """

    arrow: pa.DataType
    right: str
    read: Callable[[Any], Any]
    example: Any


def columns(**kinds: Kind) -> pa.Schema:
    """The schema of columns by their names, in order."""
    return pa.schema([(name, kind.arrow) for name, kind in kinds.items()])


def one_of(*words: str) -> Kind:
    """One of a few words, in whatever case it is written."""

    def read(value: Any) -> str:
        if value.upper() not in words:
            raise ValueError("no such word")
        return str(value.upper())

    right = f"one of {', '.join(words[:-1])} and {words[-1]}"
    return Kind(pa.string(), right, _of_text(read), words[0])


def list_of(kind: Kind, *, nulls: bool = False) -> Kind:
    """Any number of values of a kind, with None among them where ``nulls``."""

    def read(values: Any) -> list[Any]:
        if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
            raise TypeError("one value")
        given = values.to_pylist() if isinstance(values, (pa.Array, pa.ChunkedArray)) else values
        return [None if nulls and value is None else kind.read(value) for value in given]

    right = f"a list, of which each is {kind.right}"
    return Kind(pa.list_(kind.arrow), right, read, [kind.example])


def rows_of(**kinds: Kind) -> Kind:
    """An Arrow table with columns of these kinds, or a list of rows by the columns' names."""
    schema = columns(**kinds)

    def read(rows: Any) -> pa.Table:
        if not isinstance(rows, pa.Table):
            return pa.Table.from_pylist(list(rows), schema)
        return rows.select(schema.names).cast(schema)

    right = f"an Arrow table, or a list of rows, with {', '.join(schema.names)}"
    example = [{name: kind.example for name, kind in kinds.items()}]
    return Kind(pa.struct(list(schema)), right, read, example)


def _of_text(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Read texts, and nothing else."""

    def checked(value: Any) -> Any:
        if not isinstance(value, str):
            raise TypeError("no text")
        return read(value)

    return checked


def _whole(bits: int) -> Callable[[Any], int]:
    """Read whole numbers of so many bits; True and False are none."""

    def read(value: Any) -> int:
        if isinstance(value, bool):
            raise TypeError("no number")
        number = operator.index(value)
        if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
            raise ValueError("out of range")
        return number

    return read


def _decimal(value: Any) -> Decimal:
    """A number as readings are typed; as text too, which carries it exactly."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        raise TypeError("no number")
    number, _ = type_text(str(value))
    if number is None:
        raise ValueError("no number, or out of range")
    return number


def _factor(value: Any) -> Decimal:
    """A number that values are multiplied with, exactly: twelve decimals, below 10^7."""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise TypeError("no exact number")
    try:
        number = Decimal(value).quantize(Decimal("1e-12"))
    except ArithmeticError:
        raise ValueError("no number, or out of range") from None
    if number != Decimal(value) or abs(number) >= 10**7:
        raise ValueError("too long, or out of range")
    return number


def _float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise TypeError("no number")
    if (number := float(value)) != number:
        raise ValueError("not a number")
    return number


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither")
    return value


def _instant(value: Any) -> datetime:
    """A naive UTC instant, of a time with a zone too; a date is its midnight."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    elif not isinstance(value, datetime):
        return datetime.combine(_day(value), time.min)
    instant: datetime = value
    return instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant


def _day(value: Any) -> date:
    if isinstance(value, str):
        return date.fromisoformat(value)
    if isinstance(value, datetime) or not isinstance(value, date):
        raise TypeError("no day")
    return value


INT = Kind(pa.int32(), "a whole number of 32 bits", _whole(32), 2)
LONG = Kind(pa.int64(), "a whole number of 64 bits", _whole(64), 2)
NUMBER = Kind(pa.decimal128(18, 6), "a number below 10^12 in size", _decimal, Decimal("1.5"))
FACTOR = Kind(
    pa.decimal128(19, 12),
    "a number below 10^7 in size, of at most 12 decimals",
    _factor,
    Decimal("0.5"),
)
FLOAT = Kind(pa.float64(), "a number", _float, 1.5)
TEXT = Kind(pa.string(), "a text", _of_text(str), "a text")
FLAG = Kind(pa.bool_(), "True or False", _flag, True)
INSTANT = Kind(
    pa.timestamp("us"),
    "a time (datetime, UTC where it names no zone)",
    _instant,
    datetime(2024, 1, 3),
)
DAY = Kind(pa.date32(), "a date", _day, date(2024, 1, 1))
CHANNEL_IDS = list_of(INT)
AGGREGATION_TYPE = one_of("HOURLY", "DAILY", "WEEKLY")
CORRECTION = one_of("EXCLUDE", "SCALE", "SHIFT")
METHOD = one_of("ZSCORE", "MAD")
