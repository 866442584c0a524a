"""Where an axis has its ticks, and what they say (pure)."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise

from fieldhouse.report.figure import SECOND, datetime_of, instant_of
from fieldhouse.times import offsets_of

__all__ = ["Tick", "number_text", "number_ticks", "time_text", "time_ticks", "zone_text"]

_HOUR, _DAY = 3600, 86_400
_SHORT = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, _HOUR, 7200, 10_800, 21_600, 43_200)
_DAYS = (1, 2, 7, 14)
_MONTHS = (1, 2, 3, 6)
_MONTH_NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis; ``context`` is what its label leaves out: the day, the year."""

    at: float
    label: str
    context: str = ""


def number_ticks(low: float, high: float, most: int) -> list[Tick]:
    """At most ``most`` round numbers, or three, that embrace ``[low, high]``.

    Their labels have the digits that tell them apart.

    The first is not above ``low``, the last not below ``high``.
    """
    low, high = _opened(low, high)
    for step, decimals in _round_steps((high - low) / max(1, most - 1)):
        first, last = math.floor(low / step), math.ceil(high / step)
        if last - first < max(3, most):  # below and above zero are two steps
            return [Tick(n * step, number_text(n * step, decimals)) for n in range(first, last + 1)]
    raise AssertionError("there is always a longer step")


def _opened(low: float, high: float) -> tuple[float, float]:
    """A span that is none is opened to both sides, by what its number's digits can tell.

    Readings have six decimals, so what lies within 1e-12 is one number.
    """
    if high - low > max(abs(low), abs(high), 1.0) * 1e-12:
        return low, high
    margin = max(abs(low) * 1e-9, 0.5)
    return low - margin, high + margin


def _round_steps(least: float) -> Iterator[tuple[float, int]]:
    power = math.floor(math.log10(least))
    while True:
        for digit in (1, 2, 5):
            if digit * 10.0**power >= least * (1 - 1e-9):
                yield digit * 10.0**power, max(0, -power)
        power += 1


def number_text(value: float, decimals: int) -> str:
    """A number with so many decimals, its thousands set apart, its minus a true one."""
    text = f"{abs(value):,.{decimals}f}".replace(",", "\N{NO-BREAK SPACE}")
    return f"\N{MINUS SIGN}{text}" if value < 0 and text.strip("0.\N{NO-BREAK SPACE}") else text


@lru_cache(4_096)  # a page's tables have the same times
def time_text(instant: int, zone: tzinfo, *, seconds: bool = False) -> str:
    """An instant as a person of that zone writes it, sortable: 2026-11-24 12:00."""
    local = datetime_of(instant, zone).replace(tzinfo=None)
    return local.isoformat(sep=" ", timespec="seconds" if seconds else "minutes")


def zone_text(zone: tzinfo) -> str:
    """A time zone's name."""
    return str(getattr(zone, "key", None) or zone.tzname(None) or zone)


def time_ticks(start: int, end: int, zone: tzinfo, most: int) -> list[Tick]:
    """At most some ``most`` round times of a zone within ``[start, end]``.

    Hours and days are those of the wall clock, also where a day has 23 or 25 hours.
    """
    least = (end - start) / SECOND / max(1, most)
    if step := next((step for step in _SHORT if step >= least), None):
        return _with_context(_clock_ticks(start, end, step, zone), zone, with_day=True)
    days = _calendar(datetime_of(start, zone).date(), datetime_of(end, zone).date(), least)
    ticks = (
        Tick(at, label)
        for day, label in days
        for at in [instant_of(datetime(day.year, day.month, day.day, tzinfo=zone))]
        if start <= at <= end
    )
    return _with_context(list(ticks), zone, with_day=False)


def _clock_ticks(start: int, end: int, step: int, zone: tzinfo) -> list[Tick]:
    begin_at, end_at = (datetime_of(at).replace(tzinfo=None) for at in (start, end))
    offsets = offsets_of(zone, begin_at, end_at)
    edges = [start, *(instant_of(offset.start) for offset in offsets[1:]), end + 1]
    ticks = []
    for offset, (begin, until) in zip(offsets, pairwise(edges), strict=True):
        ahead, stride = offset.seconds * SECOND, step * SECOND
        first = -(-(begin + ahead) // stride) * stride - ahead
        for at in range(first, until, stride):
            local = datetime_of(at) + timedelta(seconds=offset.seconds)
            ticks.append(Tick(at, f"{local:%H:%M}" if step >= 60 else f"{local:%H:%M:%S}"))
    return ticks


def _calendar(first: date, last: date, least: float) -> Iterator[tuple[date, str]]:
    """Days, Mondays, months or years, at least so many seconds apart, with their labels."""
    if days := next((days for days in _DAYS if days * _DAY >= least), None):
        # the first of all days was a Monday
        day = date.fromordinal(-(-first.toordinal() // days) * days + (days % 7 == 0))
        while day <= last:
            yield day, f"{day.day} {_MONTH_NAMES[day.month - 1]}"
            if date.max - day < timedelta(days=days):
                return
            day += timedelta(days=days)
    elif months := next((m for m in _MONTHS if m * 30.4 * _DAY >= least), None):
        for month in range(first.year * 12, last.year * 12 + 12, months):
            yield date(month // 12, month % 12 + 1, 1), _MONTH_NAMES[month % 12]
    else:
        years = next(
            step
            for power in range(5)
            for step in (10**power, 2 * 10**power, 5 * 10**power)
            if step * 365.25 * _DAY >= least
        )
        for year in range(max(1, first.year // years * years), last.year + 1, years):
            yield date(year, 1, 1), f"{year}"


def _with_context(ticks: Sequence[Tick], zone: tzinfo, *, with_day: bool) -> list[Tick]:
    """The first tick, and each at which it changes, says the day or the year as well."""
    told, shown = [], ""
    for tick in ticks:
        local = datetime_of(int(tick.at), zone)
        day = f"{local.day} {_MONTH_NAMES[local.month - 1]} " if with_day else ""
        context = f"{day}{local.year}"
        told.append(Tick(tick.at, tick.label, "" if context in (shown, tick.label) else context))
        shown = context
    return told
