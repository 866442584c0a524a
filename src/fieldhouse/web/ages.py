"""Ages, lengths of time and exact numbers, as people say and write them (pure)."""

from datetime import datetime
from decimal import Decimal

__all__ = ["age_text", "exact_text", "length_text"]

_UNITS = (
    ("year", 365.25 * 86_400),
    ("month", 30.4375 * 86_400),
    ("day", 86_400.0),
    ("hour", 3600.0),
    ("minute", 60.0),
    ("second", 1.0),
)


def length_text(seconds: float) -> str:
    """A length of time in the largest unit of which there are two at the least: ``90 minutes``."""
    for name, size in _UNITS:
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {name}s"
    return "a second" if seconds >= 1 else "less than a second"


def age_text(at: datetime, now: datetime) -> str:
    """How long ago an instant was, or how far ahead it is; both are naive UTC."""
    seconds = (now - at).total_seconds()
    if seconds < 0:
        return f"{length_text(-seconds)} ahead"
    return f"{length_text(seconds)} ago" if seconds >= 1 else "now"


def exact_text(value: Decimal) -> str:
    """A number with all its digits and no more, its minus a true one."""
    return f"{value.normalize():f}".replace("-", "\N{MINUS SIGN}")
