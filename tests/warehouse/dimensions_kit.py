"""The six dimensions of quality, worked out once more, reading by reading, from the guide alone."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

FIELDS = range(1, 9)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


class Reading(NamedTuple):
    """A reading that counts: its values by their fields, and what was lost of others."""

    at: datetime
    arrived: datetime
    values: Mapping[int, Decimal]
    untyped: frozenset[int] = frozenset()
    rounded: frozenset[int] = frozenset()


@dataclass
class Known:
    """What else is known of a channel: ``unusual`` has field, begin and end of each incident."""

    cadences: Mapping[date, float]
    followed: datetime | None = None
    ranges: Mapping[int, tuple[Decimal | None, Decimal | None]] = field(default_factory=dict)
    unusual: Sequence[tuple[int, datetime, datetime]] = ()
    first_day: date | None = None
    newest_day: date | None = None


@dataclass
class Said:
    """What is said in one way: instants with how many are broken there."""

    checked: int = 0
    broken: Counter[datetime] = field(default_factory=Counter)
    worst: Any = None

    @property
    def row(self) -> tuple[Any, ...]:
        """Checked, broken, share, and the worst span."""
        lost = sum(self.broken.values())
        share = (self.checked - lost) / self.checked if self.checked else None
        return (self.checked, lost, share, *(self.worst or self._worst()))

    def _worst(self) -> Any:
        spells: list[list[datetime]] = []
        for at in sorted(at for at, lost in self.broken.items() if lost):
            if spells and at - spells[-1][-1] <= 6 * HOUR:
                spells[-1].append(at)
            else:
                spells.append([at])
        counted = [(spell[0], spell[-1], sum(self.broken[at] for at in spell)) for spell in spells]
        worst_first = sorted(counted, key=lambda each: (-each[2], each[0]))
        return worst_first[0] if counted else (None, None, 0)


def dimensions(
    every: Iterable[Reading], known: Known, start: datetime | None, end: datetime
) -> dict[tuple[str, int], tuple[Any, ...]]:
    """What the question should answer, by dimension and field; 0 is the channel."""
    ordered = sorted(every, key=lambda r: r.at)
    begin = start or (ordered[0].at if ordered else end)
    within = [r for r in ordered if begin <= r.at < end]
    before = [r for r in ordered if r.at < begin][-1:]
    fields = sorted({n for r in within for n in (*r.values, *r.untyped)})
    found = {
        ("COMPLETENESS", 0): _completeness([*before, *within], known, begin, end).row,
        ("TIMELINESS", 0): _timeliness(within, known).row,
        ("UNIQUENESS", 0): _uniqueness(within).row,
    }
    for name, said in (
        ("VALIDITY", {n: _validity(within, known, n) for n in fields}),
        ("CONSISTENCY", dict(_consistency(within, fields))),
        ("PLAUSIBILITY", {n: _plausibility(ordered, within, known, n) for n in fields}),
    ):
        found |= {(name, n): each.row for n, each in said.items()}
        found[name, 0] = _together(said)
    return found


def _together(said: Mapping[int, Said]) -> tuple[Any, ...]:
    """The fields' sums, and the worst of their spans."""
    rows = {number: each.row for number, each in said.items()}
    checked, lost = (sum(row[n] for row in rows.values()) for n in (0, 1))
    spans = [(row[5], -row[3].timestamp(), -n, row[3:]) for n, row in rows.items() if row[5]]
    worst = max(spans)[3] if spans else (None, None, 0)
    return (checked, lost, (checked - lost) / checked if checked else None, *worst)


def _completeness(
    readings: Sequence[Reading], known: Known, begin: datetime, end: datetime
) -> Said:
    said = Said(worst=(None, None, 0))
    seconds = [list(each) for _, each in groupby(readings, lambda r: r.at.replace(microsecond=0))]
    nexts = [second[0].at for second in seconds[1:]] + [end]
    for second, until in zip(seconds, nexts, strict=False) if begin < end else ():
        at = second[-1].at
        cadence, since = known.cadences.get(at.date()), max(at, begin)
        if cadence is None:
            continue
        apart = until.replace(microsecond=0) - since.replace(microsecond=0)
        absent = max(0, math.floor(apart.total_seconds() / cadence + 0.5) - 1)
        said.checked += (at >= begin) + absent
        said.broken[since] += absent
        if absent > said.worst[2]:
            said.worst = (since, until, absent)
    return said


def _timeliness(within: Sequence[Reading], known: Known) -> Said:
    said = Said()
    arrivals = [r.arrived for r in within] + [known.followed] * bool(known.followed)
    for each in within:
        cadence = known.cadences.get(each.at.date())
        if cadence is None or each.at < min(arrivals):
            continue
        said.checked += 1
        limit = max(timedelta(minutes=10), timedelta(seconds=3 * cadence))
        said.broken[each.at] += each.arrived - each.at > limit
    return said


def _uniqueness(within: Sequence[Reading]) -> Said:
    said = Said(len(within))
    same = Counter((r.at, tuple(sorted(r.values.items()))) for r in within)
    for (at, _), count in same.items():
        said.broken[at] += count - 1
    return said


def _validity(within: Sequence[Reading], known: Known, number: int) -> Said:
    said = Said()
    low, high = known.ranges.get(number, (None, None))
    for each in within:
        value = each.values.get(number)
        said.checked += value is not None or number in each.untyped
        is_out = value is not None and (
            (low is not None and value < low) or (high is not None and value > high)
        )
        lost = number in each.rounded and value is not None
        said.broken[each.at] += is_out or lost or number in each.untyped
    return said


def _consistency(within: Sequence[Reading], fields: Iterable[int]) -> Iterator[tuple[int, Said]]:
    by_day = defaultdict(list)
    for each in within:
        by_day[each.at.date()].append(set(each.values))
    for number in fields:
        partners = set()
        for other in set(FIELDS) - {number}:
            days = [[number in had for had in day if other in had] for day in by_day.values()]
            days = [day for day in days if day]
            usual = [sum(day) * 10 >= len(day) * 9 for day in days]
            if 2 * sum(usual) > len(usual):
                partners.add(other)
        said = Said()
        for each in within:
            if partners & set(each.values):
                said.checked += 1
                said.broken[each.at] += number not in each.values
        yield number, said


def _plausibility(
    every: Sequence[Reading], within: Sequence[Reading], known: Known, number: int
) -> Said:
    said = Said()
    if known.first_day is None or known.newest_day is None:
        return said
    days = sorted({r.at.date() for r in every if number in r.values})
    before = [day for day in days if day >= known.first_day][:14]
    if len(before) < 14:
        return said
    for each in within:
        if number in each.values and before[-1] < each.at.date() <= known.newest_day:
            said.checked += 1
            said.broken[each.at] += any(
                n == number and begin <= each.at <= end for n, begin, end in known.unusual
            )
    return said
