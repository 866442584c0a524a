"""Times and lengths of time as people write them, and the days and hours of a time zone (pure).

Instants are naive UTC, as in the warehouse's columns. A text without an offset is the wall clock's
in a zone: an hour that comes twice is its first one, an hour that is left out is the one after.
"""

import os
import re
from calendar import monthrange
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from fieldhouse.errors import ConfigurationError

__all__ = [
    "Length",
    "Offset",
    "amid",
    "earlier",
    "end_of",
    "instant_of",
    "length_of",
    "offsets_of",
    "utc_now",
    "zone_of",
]

_FORMS = "2026-11-24, 2026-11-24T12:00Z, 2026-11, 2026, 2026-W48, now, today, yesterday, 7d or 12h"
_LENGTHS = "5min, 1h, 1d, 1w, 1mo or 1y"
_FIRST, _LAST = datetime(3, 1, 1), datetime(9998, 6, 30)
_LENGTH = re.compile(r"([0-9]{1,9}) ?([a-z]+)", re.IGNORECASE | re.ASCII)
_YEAR = re.compile(r"[0-9]{4}", re.ASCII)
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])", re.ASCII)
_WEEK = re.compile(r"[0-9]{4}-W[0-9]{2}", re.ASCII)
_SECONDS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600}
_DAYS = {"d": 1, "day": 1, "w": 7, "week": 7}
_MONTHS = {"mo": 1, "month": 1, "y": 12, "year": 12}
_DAYS_AGO = {"today": 0, "yesterday": 1}


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time: so many seconds, or so many days or months of the calendar.

    One of the three is above zero. A day of the calendar may have 23 or 25 hours.
    """

    seconds: int = 0
    days: int = 0
    months: int = 0

    def before(self, instant: datetime) -> datetime:
        """The wall clock's time so much earlier; a day that a month has not is its last."""
        if not self.months:
            return instant - timedelta(days=self.days, seconds=self.seconds)
        year, month = divmod(instant.year * 12 + instant.month - 1 - self.months, 12)
        return instant.replace(
            year=year, month=month + 1, day=min(instant.day, monthrange(year, month + 1)[1])
        )

    def up_to(self, instant: datetime) -> timedelta:
        """How long it is, up to an instant; where all time has only begun, as long as elsewhere."""
        for at in (instant, datetime.max):
            with suppress(OverflowError, ValueError):
                return at - self.before(at)
        return timedelta.max


@dataclass(frozen=True, slots=True)
class Offset:
    """From ``start`` on (naive UTC) a zone's clocks are ``seconds`` ahead of UTC."""

    start: datetime
    seconds: int


def utc_now() -> datetime:
    """The present instant, naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


def amid(instant: datetime) -> datetime:
    """The instant, or the nearest with more than a year of time before and after it in any zone."""
    return min(max(instant, _FIRST), _LAST)


def earlier(instant: datetime, span: timedelta) -> datetime:
    """So much earlier, and not before all time."""
    return instant - min(span, instant - datetime.min)


def zone_of(name: str) -> ZoneInfo:
    """Find a time zone: ``Europe/Zurich``, ``UTC``, or ``local``, which is this computer's.

    Raises ConfigurationError, in one line, for what is none.
    """
    wanted = name.strip()
    if wanted.lower() == "local":
        return _local_zone()
    if wanted.upper() in ("UTC", "Z"):
        return ZoneInfo("UTC")
    try:
        return ZoneInfo(wanted)
    except (ValueError, OSError, LookupError):  # ZoneInfoNotFoundError is a KeyError
        raise ConfigurationError(
            f"{_shown(name)} is no time zone; write Europe/Zurich, UTC or local"
        ) from None


def _local_zone() -> ZoneInfo:
    """The zone that ``TZ`` names, or else the one that the system's own file is a link to."""
    with suppress(OSError, ValueError, LookupError):
        if named := os.environ.get("TZ", "").removeprefix(":"):
            return ZoneInfo(named)
        _, _, linked = str(Path("/etc/localtime").resolve(strict=True)).rpartition("zoneinfo/")
        return ZoneInfo(linked)
    raise ConfigurationError(
        "this computer does not say the name of its time zone; write it, as Europe/Zurich"
    )


def instant_of(text: str, zone: tzinfo = UTC, now: datetime | None = None) -> datetime:
    """Read an instant, naive UTC; of a day, week, month or year that is named, its begin.

    ISO 8601 with an offset, or without one in ``zone``; ``now``, ``today``, ``yesterday``; how long
    ago, as ``7d`` (see `length_of`); ``2026``, ``2026-11``, ``2026-W48``. ``now`` is naive UTC,
    by default the clock's. Raises ConfigurationError, in one line, for what is none of them.
    """
    return _span_of(text, zone, now)[0]


def end_of(text: str, zone: tzinfo = UTC, now: datetime | None = None) -> datetime:
    """Read as `instant_of` does; of a day, week, month or year that is named, its end, excluded."""
    return _span_of(text, zone, now)[1]


def length_of(given: str | timedelta) -> Length:
    """Read a length: ``5min`` (or ``5m``), ``1h``, ``1d``, ``1w``, ``1mo``, ``1y``, or a timedelta.

    Whole days of a timedelta are days of the calendar. Raises ConfigurationError, in one line, for
    what is none.
    """
    if isinstance(given, timedelta):
        length = _of_timedelta(given)
    else:
        length = _length(given.strip()) if isinstance(given, str) else None
    if length is None:
        raise ConfigurationError(f"{_shown(str(given))} is no length of time; write {_LENGTHS}")
    return length


def _of_timedelta(given: timedelta) -> Length | None:
    seconds, rest = divmod(given, timedelta(seconds=1))
    if rest or seconds <= 0:
        return None
    return Length(seconds=seconds) if seconds % 86_400 else Length(days=seconds // 86_400)


def _length(text: str) -> Length | None:
    if not (found := _LENGTH.fullmatch(text)) or not (count := int(found[1])):
        return None
    unit = found[2].lower() if found[2] != "M" else ""  # a month, others say
    unit = unit if unit in _SECONDS or unit in _DAYS or unit in _MONTHS else unit.removesuffix("s")
    length = Length(
        count * _SECONDS.get(unit, 0), count * _DAYS.get(unit, 0), count * _MONTHS.get(unit, 0)
    )
    return length if length != Length() else None


def _span_of(text: str, zone: tzinfo, now: datetime | None) -> tuple[datetime, datetime]:
    wanted = text.strip()
    try:
        current = (now or utc_now()).replace(tzinfo=UTC)
        if days := _named_days(wanted, current.astimezone(zone).date()):
            first, last = (datetime(day.year, day.month, day.day) for day in days)
            is_last = last.date() == date.max
            end = datetime.max if is_last else _utc(last + timedelta(days=1), zone)
            return _utc(first, zone), end
        instant = _instant(wanted, zone, current)
    except (ValueError, OverflowError):
        raise ConfigurationError(f"{_shown(text)} is no time; write {_FORMS}") from None
    return instant, instant


def _named_days(text: str, today: date) -> tuple[date, date] | None:
    """The first and the last day of what is named, if it is days."""
    if text.lower() in _DAYS_AGO:
        first = last = today - timedelta(days=_DAYS_AGO[text.lower()])
    elif _YEAR.fullmatch(text):
        first, last = date(int(text), 1, 1), date(int(text), 12, 31)
    elif found := _MONTH.fullmatch(text):
        year, month = int(found[1]), int(found[2])
        first, last = date(year, month, 1), date(year, month, monthrange(year, month)[1])
    elif _WEEK.fullmatch(text):
        first = date.fromisoformat(text)
        last = first + timedelta(days=6)
    else:
        try:
            first = last = date.fromisoformat(text)
        except ValueError:
            return None
    return first, last


def _instant(text: str, zone: tzinfo, now: datetime) -> datetime:
    if text.lower() == "now":
        return now.replace(tzinfo=None)
    if length := _length(text):
        if length.seconds:
            return length.before(now.replace(tzinfo=None))
        return _utc(length.before(now.astimezone(zone).replace(tzinfo=None, fold=0)), zone)
    instant = datetime.fromisoformat(text)
    return _utc(instant, zone) if instant.tzinfo is None else _utc(instant, None)


def _utc(instant: datetime, zone: tzinfo | None) -> datetime:
    aware = instant.replace(tzinfo=zone) if zone else instant
    return aware.astimezone(UTC).replace(tzinfo=None)


def offsets_of(zone: tzinfo, start: datetime, end: datetime) -> list[Offset]:
    """How far a zone is ahead of UTC over ``[start, end)``, naive UTC, each until the next.

    The first begins at ``start``; the others where the clocks are changed, to the second.
    """
    offsets = [Offset(start, _ahead(zone, start))]
    for day in _days(start, end):
        if _ahead(zone, day) != offsets[-1].seconds:
            change = _change(zone, max(offsets[-1].start, day - timedelta(days=1)), day)
            offsets.append(Offset(change, _ahead(zone, change)))
    return offsets


def _days(start: datetime, end: datetime) -> Iterator[datetime]:
    """A look a day: no zone has changed its clocks twice in one."""
    day = start
    while day < end:
        day = day + timedelta(days=1) if end - day > timedelta(days=1) else end
        yield day


def _change(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """The first second after ``before`` at which the offset is that of ``after``."""
    low, high = 0, -(-(after - before) // timedelta(seconds=1))
    while high - low > 1:
        middle = (low + high) // 2
        is_later = _ahead(zone, before + timedelta(seconds=middle)) == _ahead(zone, after)
        low, high = (low, middle) if is_later else (middle, high)
    return (before + timedelta(seconds=high)).replace(microsecond=0)


def _ahead(zone: tzinfo, instant: datetime) -> int:
    try:
        offset = instant.replace(tzinfo=UTC).astimezone(zone).utcoffset()
    except OverflowError:  # the first and the last day that there is
        return 0
    return int(offset.total_seconds()) if offset else 0


def _shown(text: str) -> str:
    return repr(text[:60])
