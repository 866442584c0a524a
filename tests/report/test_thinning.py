"""Fewer points with the same least, greatest and mean; gaps where they are, and only there."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from figures_kit import DAY, HOUR, MINUTE, T0, buckets, line, wandering
from hypothesis import given
from hypothesis import strategies as some

from fieldhouse.report.figure import SECOND, Line, instant_of
from fieldhouse.report.thinning import gaps, in_lengths, part_of, parts, step_for, thinned, within
from fieldhouse.times import Length

ZURICH = ZoneInfo("Europe/Zurich")


def summed(at: list[int], values: list[float]) -> dict[int, tuple[float, float, float, int]]:
    """Least, greatest, mean and count of the values of each key."""
    held = defaultdict(list)
    for key, value in zip(at, values, strict=True):
        held[key].append(value)
    return {k: (min(v), max(v), sum(v) / len(v), len(v)) for k, v in held.items()}


def rows(held: Line) -> dict[int, tuple[float, float, float, int]]:
    """The same of a line's buckets."""
    columns = (held.start, held.least, held.greatest, held.mean, held.count)
    return {int(s): (lo, hi, mean, int(n)) for s, lo, hi, mean, n in zip(*columns, strict=True)}


@pytest.mark.parametrize("points", [1, 2, 7, 80, 400])
@pytest.mark.parametrize("shift", [0, 17 * SECOND, -40 * 366 * DAY])
def test_a_thinned_line_has_its_least_and_its_greatest(points: int, shift: int) -> None:
    """Each bucket is what its readings are, computed one by one; there are no more than asked for.

    One more is there where the span does not begin on the grid.
    """
    values = wandering(3000)
    whole = line(values, start=T0 + shift)
    span = 3000 * MINUTE
    thin = thinned(whole, span, points)
    assert len(thin) <= points + 1
    step = step_for(span, points) * SECOND
    wanted = summed([at // step * step for at in whole.start.tolist()], values)
    found = rows(thin)
    assert list(found) == list(wanted)
    for at, (least, greatest, mean, count) in wanted.items():
        assert found[at][:2] == (least, greatest) and found[at][3] == count
        assert found[at][2] == pytest.approx(mean, rel=1e-12)
    assert thin.end.tolist() == [at + step for at in found]


def test_a_line_is_thinned_twice_as_once() -> None:
    """Out of a minute's buckets come an hour's as out of the readings."""
    whole = line(wandering(5000), 7)
    span = 5000 * 7 * SECOND
    once = thinned(whole, span, 12)
    twice = thinned(thinned(whole, span, 600), span, 12)
    assert rows(twice).keys() == rows(once).keys()
    for at, held in rows(once).items():
        assert rows(twice)[at] == pytest.approx(held, rel=1e-12)


def test_buckets_do_not_move_when_the_span_does() -> None:
    """A minute later all buckets but the first and the last are what they were."""
    values = wandering(2000)
    first = rows(thinned(line(values[:1900]), 1900 * MINUTE, 50))
    later = rows(
        thinned(within(line(values), T0 + 5 * MINUTE, T0 + 1905 * MINUTE), 1900 * MINUTE, 50)
    )
    shared = sorted(first.keys() & later.keys())[1:-1]
    assert len(shared) >= 30
    assert all(first[at] == later[at] for at in shared)


@pytest.mark.parametrize(
    "zone", [UTC, ZURICH, ZoneInfo("Asia/Kathmandu"), ZoneInfo("Australia/Lord_Howe")]
)
@pytest.mark.parametrize(
    "every", [Length(days=1), Length(days=7), Length(months=1), Length(months=12)]
)
def test_days_and_months_are_those_of_the_zone(zone: ZoneInfo, every: Length) -> None:
    """A reading is in the day of its wall clock, those of 23 and 25 hours among them."""
    begin = instant_of(datetime(2025, 9, 1, 0, 30))
    step = part_of(every, zone, datetime(2025, 9, 1), datetime(2026, 6, 1))
    values = wandering(270 * 86_400 // max(step, 900) // 2)
    whole = line(values, max(step, 900) * 2, start=begin // (step * SECOND) * step * SECOND)

    def key(instant: int) -> int:
        local = datetime.fromtimestamp(instant // SECOND, UTC).astimezone(zone)
        day = local.date()
        if every.days == 7:
            day -= timedelta(days=day.weekday())
        elif every.months:
            day = day.replace(day=1, month=day.month if every.months == 1 else 1)
        return instant_of(datetime(day.year, day.month, day.day, tzinfo=zone))

    wanted = summed([key(at) for at in whole.start.tolist()], values)
    found = in_lengths(whole, every, zone)
    assert rows(found).keys() == wanted.keys()
    for at, held in wanted.items():
        assert rows(found)[at] == pytest.approx(held, rel=1e-12)
    if every.days == 1 and zone is ZURICH:
        assert {23, 24, 25} == set(((found.end - found.start) // HOUR).tolist())


def test_a_line_is_broken_where_readings_are_missing() -> None:
    """A pause of more than three times the usual distance is a gap; shorter ones are joined."""
    nan = float("nan")
    held = line([1, 2, nan, nan, 3, 4, 5, 6, nan, nan, nan, nan, 7, 8, 9, 10, 11, 12])
    assert [held.mean[p].tolist() for p in parts(held)] == [
        [1, 2, 3, 4, 5, 6],
        [7, 8, 9, 10, 11, 12],
    ]
    assert gaps(held, T0, T0 + 18 * MINUTE) == [(T0 + 8 * MINUTE, T0 + 12 * MINUTE)]


@pytest.mark.parametrize(
    "readings",
    [
        [n * 600 for n in range(50)],  # every tenth minute only
        [n * 3600 + k for n in range(24) for k in range(30)],  # in bursts, once an hour
        [n * 60 + (n * 37) % 50 for n in range(500)],  # never quite on time
        [n * 60 for n in range(500) if n % 11],  # one in eleven is lost
    ],
)
@pytest.mark.parametrize("step", [1, 60, 300, 3600])
def test_a_line_is_not_broken_by_its_own_rhythm(readings: list[int], step: int) -> None:
    """Sparse, bursting, late and slightly lossy readings are one line, in buckets of any length."""
    held = defaultdict(int)
    for second in readings:
        held[second // step * step] += 1
    made = buckets(
        (T0 + at * SECOND, T0 + (at + step) * SECOND, 0.0, 0.0, 0.0, n) for at, n in held.items()
    )
    in_bursts_told_apart = step == 1 and readings[1] == 1
    assert len(parts(made)) == (24 if in_bursts_told_apart else 1)


@given(some.lists(some.integers(0, 400), min_size=2, max_size=60, unique=True))
def test_gaps_and_parts_are_the_whole_span(minutes: list[int]) -> None:
    """No reading lies in a gap, gaps do not overlap, a line has one part more than gaps within."""
    at = np.array(sorted(minutes), np.int64) * MINUTE + T0
    ones = np.ones(len(at))
    made = Line("a", at, at + MINUTE, ones, ones, ones, ones.astype(np.int64))
    found = gaps(made, T0 - DAY, T0 + 2 * DAY)
    for (_, end), (start, _) in pairwise(found):
        assert end < start
    assert not any(start <= reading < end for start, end in found for reading in at.tolist())
    inner = [gap for gap in found if gap[0] >= at[0] and gap[1] <= at[-1]]
    assert len(parts(made)) == len(inner) + 1
    assert sum(p.stop - p.start for p in parts(made)) == len(made)


def test_a_span_without_readings_is_one_gap() -> None:
    """All of it is."""
    assert gaps(line([]), T0, T0 + DAY) == [(T0, T0 + DAY)]
    assert parts(line([])) == []
