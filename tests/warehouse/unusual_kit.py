"""What is unusual in readings, computed apart: plainly, reading by reading and day by day."""

import math
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from statistics import fmean, median, stdev

Reading = tuple[datetime, float]
Hit = tuple[datetime, float | None]
Profile = list[tuple[float, float]]
Part = tuple[datetime, float, float]
Deviations = list[float | None]

PLAIN, COUNTER, SPARSE, SWITCH, LIGHT, DIRECTION = range(6)


@dataclass(frozen=True)
class Past:
    """All that was before a day, and what is known by it."""

    days: list[list[Reading]] = field(default_factory=list)

    @cached_property
    def values(self) -> list[float]:
        return [value for day in self.days for _, value in day]

    @cached_property
    def others(self) -> int:
        """How many readings were other than zero."""
        return sum(value != 0 for value in self.values)

    @cached_property
    def usual(self) -> float:
        """Seconds between two readings."""
        return 86400 * len(self.days) / len(self.values)

    @cached_property
    def pairs(self) -> list[tuple[Reading, Reading, bool]]:
        """Each reading with the one before, and whether that is not much older than usual."""
        found = []
        last = None
        for day in self.days:
            for reading in day:
                if last:
                    seconds = (reading[0] - last[0]).total_seconds()
                    found.append((last, reading, seconds <= 3 * 86400 / len(day)))
                last = reading
        return found

    @cached_property
    def nature(self) -> int:
        values, steps = self.values, [b - a for a, b in pairwise(self.values)]
        ups, downs = sum(s > 0 for s in steps), sum(s < 0 for s in steps)
        zeros, turns = values.count(0), sum(abs(s) > 180 for s in steps)
        if len(self.days) < 2:
            return PLAIN
        if zeros + values.count(1) >= 0.99 * len(values):
            return SWITCH
        if ups >= 50 and downs <= ups / 50:
            return COUNTER
        if zeros >= 0.8 * len(values):
            return SPARSE
        round_ = min(values) >= 0 and 340 < max(values) <= 360
        if round_ and turns >= max(20, (ups + downs) / 50):
            return DIRECTION
        return LIGHT if zeros > 0.2 * len(values) and min(values) >= 0 else PLAIN

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest of what is judged."""
        if self.nature != COUNTER:
            return min(self.values), max(self.values)
        return 0, max(b[1] - a[1] for a, b, near in self.pairs if near and b[1] >= a[1])

    @cached_property
    def usual_step(self) -> float | None:
        """The greatest step of all days but three."""
        greatest: dict[date, float] = defaultdict(float)
        for before, after, near in self.pairs:
            if near:
                day = after[0].date()
                greatest[day] = max(greatest[day], abs(after[1] - before[1]))
        return sorted(greatest.values())[-4] if len(greatest) >= 4 else None


def nature_of(readings: list[Reading]) -> int:
    """What a field is by its readings, in order."""
    return Past([readings, []]).nature


def value_hits(readings: list[Reading]) -> list[Hit]:
    """Readings of one field, in order, that its own past makes unlikely: their times and scores.

    The score is None where only the range that was known tells, or the step.
    """
    days = defaultdict(list)
    for at, value in readings:
        days[at.date()].append((at, value))
    far, lean = [0] * 64, [0] * 64
    last: Deviations = []
    hits: list[Hit] = []
    past = Past()
    before: Reading | None = None
    for day in sorted(days):
        nature = past.nature
        profile = _profile(readings, day, past)
        closed: Deviations = list(last)
        counted = []
        for at, value in days[day]:
            seconds = (at - before[0]).total_seconds() if before else math.inf
            level = profile[at.hour] if profile else None
            near = before[1] if before and seconds <= 3 * 86400 / len(days[day]) else None
            closed.append(_deviation(value, near, nature, level))
            if closed[-1] is not None:
                counted.append((_bin(abs(closed[-1])), _bin(_leaning(closed))))
            near = before[1] if before and past.days and seconds <= 3 * past.usual else None
            deviation = _deviation(value, near, nature, level)
            last.append(deviation)
            score = None
            if deviation is not None and sum(far):
                score = _rare(far, _bin(abs(deviation))) + _rare(lean, _bin(_leaning(last)))
            if past.days and (
                _is_beyond(past, nature, value, near, deviation, level)
                or _is_jump(past, nature, value, near)
                or _is_rare(past, nature, deviation, score)
            ):
                hits.append((at, score))
            before = (at, value)
        last = closed[-23:]
        for distance, leaning in counted:
            far[distance] += 1
            lean[leaning] += 1
        past = Past([*past.days, days[day]])
    return hits


def _deviation(
    value: float, before: float | None, nature: int, level: tuple[float, float] | None
) -> float | None:
    """How many spreads a value, a counter's rise or a direction's angle lies off its level."""
    if level is None:
        return None
    if nature == COUNTER:
        if before is None or value < before:
            return None
        value -= before
    off = value - level[0]
    if nature == DIRECTION and 0 <= value <= 360:
        off = (off + 180) % 360 - 180
    return off / max(level[1], 1e-9)


def _leaning(deviations: Deviations) -> float:
    return abs(fmean(max(-6.0, min(6.0, d)) for d in deviations[-24:] if d is not None))


def _is_beyond(
    past: Past,
    nature: int,
    value: float,
    before: float | None,
    deviation: float | None,
    level: tuple[float, float] | None,
) -> bool:
    """Whether a value lies outside of all that was known, as far as its nature has it."""
    if nature == COUNTER:
        if before is None or value < before:
            return False
        value -= before
    least, greatest = past.bounds
    off, known = max(least - value, value - greatest, 0), greatest - least
    if nature == COUNTER:
        return off > known
    if nature == SPARSE:
        return off > known and past.others >= 20
    if nature == SWITCH:
        return off > known / 2
    if nature == LIGHT and level and level[0] == 0 and deviation is not None and deviation >= 6:
        return True
    far = deviation is not None and abs(deviation) >= 5
    return off > known / 4 or (off > 0.05 * known and far)


def _is_jump(past: Past, nature: int, value: float, before: float | None) -> bool:
    usual = past.usual_step
    if before is None or usual is None or nature in (COUNTER, SWITCH, DIRECTION):
        return False
    if nature == SPARSE:
        return abs(value - before) > 3 * usual and past.others >= 100
    return abs(value - before) > 2 * usual


def _is_rare(past: Past, nature: int, deviation: float | None, score: float | None) -> bool:
    if deviation is None or score is None or nature == SWITCH or abs(deviation) < 4:
        return False
    threshold = 4.6 + max(0.0, math.log10(300 / past.usual)) + (nature == SPARSE)
    return round(score, 9) >= round(threshold, 9)


def _bin(score: float) -> int:
    return min(63, math.floor(round(4 * math.log2(1 + score), 9)))


def _rare(counts: list[int], at_least: int) -> float:
    return -math.log10((sum(counts[at_least:]) + 1) / (sum(counts) + 1))


def profile_of(readings: list[Reading], day: date) -> Profile:
    """By what each hour of a day is judged, by all days before."""
    days = defaultdict(list)
    for at, value in readings:
        if at.date() < day:
            days[at.date()].append((at, value))
    return _profile(readings, day, Past(list(days.values()))) or []


def _profile(readings: list[Reading], day: date, past: Past) -> Profile | None:
    """The level and the spread of each hour of a day, by the hours of the 28 days before."""
    hours = defaultdict(list)
    for at, value in readings:
        if day - timedelta(days=28) <= at.date() < day:
            hours[at.replace(minute=0, second=0, microsecond=0)].append(value)
    if not hours:
        return None
    nature = past.nature
    if nature == DIRECTION:
        return [_mean_angle(past.values)] * 24
    parts = [_part(start, values, nature) for start, values in hours.items()]
    whole = _middle(parts)
    profile = []
    for hour in range(24):
        of_day = [part for part in parts if part[0].hour == hour]
        if nature == LIGHT and len(of_day) >= 14 and _is_dark([level for _, level, _ in of_day]):
            profile.append((0.0, math.sqrt(whole[1]) / 20))
            continue
        of_week = [part for part in of_day if part[0].weekday() == day.weekday()]
        level, variance, _ = _shrunk(_middle(of_week), _shrunk(_middle(of_day), whole))
        profile.append((level, math.sqrt(variance)))
    return profile


def _part(start: datetime, values: list[float], nature: int) -> Part:
    """An hour: its mean and its variance; of a counter its mean rise."""
    if nature == COUNTER:
        rise = (max(values) - min(values)) / len(values)
        return start, rise, rise**2
    return start, fmean(values), stdev(values) ** 2 if len(values) > 1 else 0.0


def _is_dark(levels: list[float]) -> bool:
    return median(levels) == 0 and median(abs(level) for level in levels) == 0


def _mean_angle(values: list[float]) -> tuple[float, float]:
    angles = [math.radians(value) for value in values]
    sines, cosines = sum(map(math.sin, angles)), sum(map(math.cos, angles))
    length = max(0.001, min(0.9999, math.hypot(sines, cosines) / len(angles)))
    mean = math.degrees(math.atan2(sines, cosines)) % 360
    return mean, math.degrees(math.sqrt(-2 * math.log(length)))


def _middle(parts: list[Part]) -> tuple[float, float, int]:
    if not parts:
        return 0.0, 0.0, 0
    level = median(mean for _, mean, _ in parts)
    distances = [abs(mean - level) for _, mean, _ in parts]
    variance = (
        median(v for _, _, v in parts)
        + 0.5 * (1.4826 * median(distances)) ** 2
        + 0.5 * (1.2533 * fmean(distances)) ** 2
    )
    return level, variance, len(parts)


def _shrunk(
    own: tuple[float, float, int], towards: tuple[float, float, int]
) -> tuple[float, float, int]:
    count = own[2]
    return (
        (count * own[0] + 3 * towards[0]) / (count + 3),
        (count * own[1] + 3 * towards[1]) / (count + 3),
        count,
    )
