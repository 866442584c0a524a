"""What is unusual in readings, computed apart: plainly, reading by reading and day by day."""

import math
from collections import defaultdict
from datetime import date, datetime, timedelta
from statistics import fmean, median, stdev

Reading = tuple[datetime, float]
Hit = tuple[datetime, float | None]


def value_hits(readings: list[Reading]) -> list[Hit]:
    """Readings of one field, in order, that its own past makes unlikely: their times and scores.

    The score is None where only the range that was known tells.
    """
    days = defaultdict(list)
    for at, value in readings:
        days[at.date()].append((at, value))
    far, lean, last = [0] * 64, [0] * 64, []
    known: list[float] = []
    hits: list[Hit] = []
    for judged_days, day in enumerate(sorted(days)):
        profile = profile_of(readings, day)
        bins = []
        for at, value in days[day]:
            score, deviation = None, None
            if profile:
                level, spread = profile[at.hour]
                deviation = (value - level) / max(spread, 1e-9)
                last = [*last[-23:], max(-6.0, min(6.0, deviation))]
                leaning = abs(fmean(last))
                bins.append((_bin(abs(deviation)), _bin(leaning)))
                if sum(far):
                    score = _rare(far, bins[-1][0]) + _rare(lean, bins[-1][1])
            if known:
                room = 0.05 * (max(known) - min(known))
                cadence = 86400 * judged_days / len(known)
                threshold = 4.6 + max(0.0, math.log10(300 / cadence))
                beyond = value < min(known) - room or value > max(known) + room
                if beyond or (score is not None and round(score, 9) >= round(threshold, 9)):
                    hits.append((at, score))
        for distance, leaning in bins:
            far[distance] += 1
            lean[leaning] += 1
        known += [value for _, value in days[day]]
    return hits


def _bin(score: float) -> int:
    return min(63, math.floor(round(4 * math.log2(1 + score), 9)))


def _rare(counts: list[int], at_least: int) -> float:
    return -math.log10((sum(counts[at_least:]) + 1) / (sum(counts) + 1))


def profile_of(readings: list[Reading], day: date) -> list[tuple[float, float]] | None:
    """The level and the spread of each hour of a day, by the hours of the 28 days before."""
    hours = defaultdict(list)
    for at, value in readings:
        if day - timedelta(days=28) <= at.date() < day:
            hours[at.replace(minute=0, second=0, microsecond=0)].append(value)
    if not hours:
        return None
    parts = [
        (start, fmean(values), stdev(values) ** 2 if len(values) > 1 else 0.0)
        for start, values in hours.items()
    ]
    whole = _middle(parts)
    profile = []
    for hour in range(24):
        of_day = [part for part in parts if part[0].hour == hour]
        of_week = [part for part in of_day if part[0].weekday() == day.weekday()]
        level, variance, _ = _shrunk(_middle(of_week), _shrunk(_middle(of_day), whole))
        profile.append((level, math.sqrt(variance)))
    return profile


def _middle(parts: list[tuple[datetime, float, float]]) -> tuple[float, float, int]:
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
