"""What a value looks like: to a person, and in JSON (pure; nothing is printed here)."""

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any

__all__ = ["Whole", "ago", "ascii_json", "json_text", "minute", "text"]

_PLAIN_FROM, _PLAIN_TO = 1e-4, 1e16
"""Between these a number is written without an exponent."""
_SHOWN = Decimal("0.000001")
"""The last digit of a reading, and so of what is computed from readings."""
_JOINERS = "\u200c\u200d"
"""They hold the parts of a sign together, as of an emoji of a family."""
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


class Whole(str):
    """A text that is never cut, as a number written in words: ``2026-11-29 14:05``, ``3 h``."""

    __slots__ = ()


def text(value: object, zone: tzinfo | None = None) -> str:
    """A value as a person reads it, in one line; no value is a dash.

    With ``zone`` a time of no zone is UTC and shown there; without it stays as it is.
    """
    if value is None:
        return "-"
    if isinstance(value, str):
        return value if value.isprintable() else _visible(value)
    for kind, written in _WRITTEN.items():
        if isinstance(value, kind):
            return written(value)
    if isinstance(value, datetime):
        return _wall_time(value, zone)
    if isinstance(value, (dict, list, tuple)) and not _is_interval(value):
        return json_text(value)
    return str(_plain_object(value))


def _visible(value: str) -> str:
    """Signs that would move the cursor, or hide in a text, as Python writes them."""
    return "".join(
        sign
        if sign.isprintable() or sign in _JOINERS
        else " "
        if sign == "\xa0"
        else sign.encode("unicode_escape").decode()
        for sign in value
    )


def _number(value: float) -> str:
    """The digits that matter: six places, or what is written shortest where those say nothing."""
    if not math.isfinite(value) or (value and not _PLAIN_FROM <= abs(value) < _PLAIN_TO):
        return repr(value)
    exact = Decimal(repr(value))
    return _decimal(exact.quantize(_SHOWN) if exact.as_tuple().exponent < -6 else exact)  # type: ignore[operator]


def _decimal(value: Decimal) -> str:
    """All digits but noughts at the end, and no exponent."""
    written = f"{value:f}"
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    return "0" if written == "-0" else written


def _wall_time(value: datetime, zone: tzinfo | None) -> str:
    """Date and time, with fractions of a second where there are any."""
    if zone is not None:
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        value = aware.astimezone(zone).replace(tzinfo=None)
    return value.isoformat(sep=" ")


_WRITTEN: Mapping[type, Callable[[Any], str]] = {
    bool: lambda value: "yes" if value else "no",
    int: str,
    float: _number,
    Decimal: _decimal,
}


def minute(instant: datetime | None, zone: tzinfo | None = None) -> Whole | None:
    """A time to the minute."""
    return Whole(_wall_time(instant, zone)[:16]) if instant else None


def ago(span: timedelta | None) -> Whole | None:
    """How long something is ago, in its largest unit: ``40 s``, ``12 min``, ``3 h``, ``9 d``."""
    if span is None:
        return None
    seconds = max(0, int(span.total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length or (unit == "min" and seconds >= length):
            return Whole(f"{seconds // length} {unit}")
    return Whole(f"{seconds} s")


def json_text(value: object, *, utc: bool = False) -> str:
    """Valid JSON in one line: decimals with all their digits, and what is no number as a text.

    ``utc``: a time of no zone is UTC and ends in Z; else it stays without one. A zoned time has its
    own offset. Not a number and the infinities, which JSON lacks, are ``"NaN"``, ``"Infinity"`` and
    ``"-Infinity"``; bytes are hexadecimal, ``"0x00ff"``, and spans of time ISO 8601, ``"P1DT2H"``.
    """
    import msgspec

    return msgspec.json.encode(_plain(value, utc)).decode()


def ascii_json(document: str) -> str:
    """The same document for a stream that has not every sign."""
    return _BEYOND_ASCII.sub(lambda sign: json.dumps(sign[0])[1:-1], document)


def _plain(value: object, utc: bool) -> object:
    """A value as JSON's own kinds, numbers exactly."""
    match value:
        case None | bool():
            return value
        case str():
            return str(value)
        case int() | Decimal():
            return _raw_number(value)
        case float() if math.isfinite(value):
            return value
        case datetime():
            return _iso(value, utc)
    return _plain_many(value, utc)


def _plain_many(value: object, utc: bool) -> object:
    """What is made of values; a map comes as its pairs."""
    if isinstance(value, dict):
        return {str(key): _plain(each, utc) for key, each in value.items()}
    if not isinstance(value, (list, tuple)) or _is_interval(value):
        return _plain_object(value)
    if value and all(isinstance(each, tuple) for each in value):
        return {text(key): _plain(each, utc) for key, each in value}
    return [_plain(each, utc) for each in value]


_NO_NUMBERS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def _raw_number(value: int | Decimal) -> object:
    import msgspec

    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return int(value)
    return msgspec.Raw((str(value) if isinstance(value, int) else _decimal(value)).encode())


def _iso(value: datetime, utc: bool) -> str:
    """ISO 8601; UTC is Z, whichever way a time says it."""
    if value.tzinfo is None:
        return value.isoformat() + ("Z" if utc else "")
    return value.isoformat().removesuffix("+00:00") + ("" if value.utcoffset() else "Z")


def _plain_object(value: Any) -> object:
    """What is neither a number nor a text nor made of other values, as a text."""
    if isinstance(value, float):
        return _NO_NUMBERS[repr(value)]
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"0x{bytes(value).hex()}"
    if isinstance(value, timedelta):
        return _duration(0, value.days, value.seconds * 10**9 + value.microseconds * 1000)
    if _is_interval(value):
        return _duration(value.months, value.days, value.nanoseconds)
    return str(value)


def _is_interval(value: object) -> bool:
    """Whether it is Arrow's month, day and nanosecond: a tuple that is one value."""
    return isinstance(value, tuple) and hasattr(value, "nanoseconds")


def _duration(months: int, days: int, nanoseconds: int) -> str:
    """ISO 8601's duration; each part has a sign of its own."""
    parts = [f"{count}{unit}" for count, unit in ((months, "M"), (days, "D")) if count]
    if nanoseconds:
        parts.append(f"T{_decimal(Decimal(nanoseconds) / 10**9)}S")
    return f"P{''.join(parts) or 'T0S'}"
