"""Instants as ThingSpeak reads and writes them; pure.

Here an instant is an int: seconds since 1970-01-01T00:00:00Z, negative before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = 253_402_300_799  # 9999-12-31T23:59:59Z, the last second a datetime can hold
EARLIEST = -62_135_596_800  # 0001-01-01T00:00:00Z

Render = Callable[[int], str]

_WRITTEN = re.compile(
    r"\s*(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?"
    r"\s*(Z|UTC|[+-]\d{2}:?\d{2})?\s*",
    re.IGNORECASE,
)


def to_unix(instant: datetime) -> int:
    """Whole seconds of *instant*; a naive one is UTC; fractions are cut, as ThingSpeak does."""
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return (aware - EPOCH) // timedelta(seconds=1)


def parse(text: str, zone: tzinfo = UTC) -> int:
    """Unix seconds of a written instant: `Z`, an offset, ` UTC`, ` +0200`, or bare in *zone*.

    The date alone is its midnight. Raises ValueError for anything else.
    """
    if len(text) == 20 and text[10] == "T" and text[19] == "Z":  # nearly always, in recordings
        return to_unix(datetime.fromisoformat(text))
    match = _WRITTEN.fullmatch(text)
    if match is None:
        raise ValueError(f"not an instant: {text!r}")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    written = datetime(year, month, day, hour, minute, second)
    try:
        return to_unix(written.replace(tzinfo=_suffix(match[7], zone)))
    except OverflowError as error:
        raise ValueError(f"out of range: {text!r}") from error


def _suffix(text: str | None, zone: tzinfo) -> tzinfo:
    if text is None:
        return zone
    if text.upper() in ("Z", "UTC"):
        return UTC
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))


def zone_of(timezone_name: str | None, offset: str | None) -> tzinfo:
    """Find a request's zone; an unknown name is UTC, an offset whole hours without DST.

    Whatever is called UTC, ``Etc/UTC`` for one, is UTC itself, in which times are written fastest.
    """
    if timezone_name:
        try:
            zone = ZoneInfo(timezone_name)
        except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError
            return UTC
        return UTC if _is_utc(zone) else zone
    hours = to_i(offset)
    return timezone(timedelta(hours=hours)) if hours and abs(hours) < 24 else UTC


def in_range(at: int) -> int:
    """The instant itself, or the first or last that can be written."""
    return min(max(at, EARLIEST), LATEST)


def to_i(text: str | None) -> int:
    """Ruby's `to_i`: the integer that the text begins with, else 0."""
    match = re.match(r"\s*[+-]?\d{1,18}", text or "")
    return int(match[0]) if match else 0


def iso(zone: tzinfo) -> Render:
    """Write `2018-09-14T21:47:00Z` in UTC, `2018-09-14T14:47:00-07:00` elsewhere."""
    if zone is UTC:
        return _in_utc("T", "Z")
    return lambda at: _local(at, zone).isoformat().replace("+00:00", _zero(zone))


def iso_offset(zone: tzinfo) -> Render:
    """As `iso`, with `+00:00` for UTC: how an export writes it."""
    return lambda at: _local(at, zone).isoformat()


def spaced(zone: tzinfo) -> Render:
    """Write `2018-09-14 21:47:00 UTC` in UTC, `2018-09-14 14:47:00 -0700` elsewhere."""
    if zone is UTC:
        return _in_utc(" ", " UTC")
    pattern = "%Y-%m-%d %H:%M:%S " + ("UTC" if _is_utc(zone) else "%z")
    return lambda at: _local(at, zone).strftime(pattern).rjust(len("0001-01-01 00:00:00 UTC"), "0")


def _local(at: int, zone: tzinfo) -> datetime:
    try:
        return (EPOCH + timedelta(seconds=at)).astimezone(zone)
    except OverflowError:  # year 9999 pushed over its end by an offset
        return EPOCH + timedelta(seconds=at)


def _zero(zone: tzinfo) -> str:
    return "Z" if _is_utc(zone) else "+00:00"


def _is_utc(zone: tzinfo) -> bool:
    """Rails writes `Z` for zones whose abbreviation is UTC, Etc/UTC for one, and not for GMT."""
    return zone.tzname(EPOCH.replace(tzinfo=None)) in ("UTC", "UCT")


@cache
def _in_utc(between: str, after: str) -> Render:
    """Look the halves of an instant up, because a page holds 8,000 of them."""
    times = [f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}{after}" for s in range(86_400)]
    day = cache(lambda days: (date(1970, 1, 1) + timedelta(days)).isoformat() + between)
    return lambda at: day(at // 86_400) + times[at % 86_400]
