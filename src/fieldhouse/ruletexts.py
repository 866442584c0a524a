"""Rules of correction as people write and read them (pure)."""

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from fieldhouse.errors import ConfigurationError

__all__ = ["addend_of", "factor_of", "said", "shift_of"]

_SHIFT = re.compile(r"([+-]?)((?:\d{1,9}[wdhms])+)", re.ASCII)
_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)


def shift_of(value: str) -> timedelta:
    """Read a length of time with a sign: ``1h``, ``-90m``, ``1d12h``. Raises ConfigurationError."""
    found = _SHIFT.fullmatch(value.strip())
    if not found:
        raise ConfigurationError(f"{value!r} is no length of time; write 1h, -90m or 1d12h")
    parts = re.findall(r"(\d+)([wdhms])", found[2])
    seconds = sum(int(number) * _UNITS[unit] for number, unit in parts)
    try:
        return timedelta(seconds=-seconds if found[1] == "-" else seconds)
    except OverflowError:
        raise ConfigurationError(f"{value!r} is longer than a hundred years") from None


def _number(value: str, *, size: int, decimals: int) -> Decimal:
    """Read a decimal number below ``10**size``, exactly."""
    try:
        read = Decimal(value) if _NUMBER.fullmatch(value.strip()) else Decimal("NaN")
        held = read.quantize(Decimal(1).scaleb(-decimals))
    except InvalidOperation:
        held, read = Decimal(0), Decimal("NaN")
    if held != read or abs(held) >= 10**size:
        raise ConfigurationError(
            f"{value!r} is no number below 10^{size} with at most {decimals} decimals,"
            " as 1.8 or -0.25 is one"
        )
    return held


def factor_of(value: str) -> Decimal:
    """Read what values are multiplied with. Raises ConfigurationError."""
    return _number(value, size=7, decimals=12)


def addend_of(value: str) -> Decimal:
    """Read what is added to values. Raises ConfigurationError."""
    return _number(value, size=12, decimals=6)


def said(row: Mapping[str, Any]) -> str:
    """What a rule does, in a few words."""
    where = f" where {row['Condition']}" if row["Condition"] else ""
    if row["Kind"] == "EXCLUDE":
        return f"excluded{where}"
    if row["Kind"] == "SHIFT":
        return f"time {timedelta(seconds=abs(row['ShiftSeconds']))} " + (
            "later" if row["ShiftSeconds"] > 0 else "earlier"
        )
    offset = row["OffsetValue"]
    added = f" {'-' if offset < 0 else '+'} {_plain(abs(offset))}" if offset else ""
    return f"value * {_plain(row['ScaleFactor'])}{added}{where}"


def _plain(number: Decimal) -> str:
    """Without noughts at its end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
