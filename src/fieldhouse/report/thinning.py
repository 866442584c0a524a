"""Lines with fewer points, and where a line is broken (pure).

Buckets lie on a grid that begins in 1970, so that a line does not jump when the span moves on, and
buckets of one length can be joined into those of a multiple of it.
"""

from datetime import datetime, tzinfo
from itertools import pairwise
from math import gcd

import numpy as np

from fieldhouse.periods import bounds_of
from fieldhouse.report.figure import SECOND, Floats, Instants, Line, instant_of
from fieldhouse.times import Length, offsets_of

__all__ = ["gaps", "in_lengths", "middles", "part_of", "parts", "step_for", "thinned", "within"]

_STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800),
    *(3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600),
    *(days * 86_400 for days in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)),
)
_HOUR = 3600
_BREAK = 3
"""A line is broken where so many times the usual distance passes without a reading."""


def step_for(span: int, points: int, *, of: int = 1) -> int:
    """The length, in seconds, of buckets of which about ``points`` fill a span (microseconds).

    It is a multiple of ``of``.
    """
    fitting = (step for step in _STEPS if step % of == 0)
    return next((step for step in fitting if step * points * SECOND >= span), _STEPS[-1])


def within(line: Line, start: int, end: int) -> Line:
    """The buckets that touch ``[start, end)``."""
    first = int(np.searchsorted(line.end, start, "right"))
    last = int(np.searchsorted(line.start, end, "left"))
    first = min(first, last)
    if first and line.start[first - 1] >= start:  # a reading by itself: its bucket is empty
        first = int(np.searchsorted(line.start, start, "left"))
    return line.part(first, last)


def thinned(line: Line, span: int, points: int) -> Line:
    """The line in as few buckets as ``points`` ask for over a span; one that has fewer stays."""
    if len(line) <= points:
        return line
    step = step_for(span, points) * SECOND
    return _joined(line, line.start // step * step, step)


def _joined(line: Line, floors: Instants, widths: Instants | int) -> Line:
    """The line in longer buckets: ``floors`` says where the one begins that each bucket joins."""
    if not len(line):
        return line
    first = np.flatnonzero(np.diff(floors, prepend=floors[0] - 1))
    count = np.add.reduceat(line.count, first)
    least = np.minimum.reduceat(line.least, first)
    greatest = np.maximum.reduceat(line.greatest, first)
    # around the least value: far-off levels cost no digits
    above = (line.mean - np.repeat(least, np.diff(first, append=len(line)))) * line.count
    mean = least + np.add.reduceat(above, first) / count
    start = floors[first]
    width = widths if isinstance(widths, int) else widths[first]
    columns = start, start + width, mean, least, greatest, count
    return Line(line.name, *columns, line.finer, line.is_forecast)


def in_lengths(line: Line, every: Length, zone: tzinfo) -> Line:
    """A line in the periods of a zone's clock, as ``periods`` counts them, of each what it has."""
    if not len(line):
        return line
    begins, ends = bounds_of(line.start, every, zone)
    order = np.argsort(begins, kind="stable")
    return _joined(line.taken(order), begins[order], (ends - begins)[order])


def part_of(every: Length, zone: tzinfo, start: datetime, end: datetime) -> int:
    """Buckets of so many seconds from which those of a length can be joined in a zone."""
    offsets = offsets_of(zone, start, end)
    changes = (instant_of(offset.start) // SECOND for offset in offsets[1:])
    return gcd(every.seconds or _HOUR, *(offset.seconds for offset in offsets), *changes)


def longest_pause(line: Line) -> float:
    """The longest time without a reading over which the line is still joined, in microseconds.

    It is a multiple of the usual distance of two readings, the line's own: a field that is sent
    with every tenth entry, or in bursts once an hour, has no gap between those.
    """
    if len(line) < 2:
        return 0.0
    distances = np.diff(line.start)
    usual = np.median(distances / line.count[:-1])
    pause = np.median(distances - (line.end - line.start)[:-1])
    return float(_BREAK * max(usual, pause))


def _breaks(line: Line) -> Instants:
    """The places after which the line is broken."""
    broken = line.start[1:] - line.end[:-1] > longest_pause(line)
    return np.flatnonzero(broken).astype(np.int64)


def parts(line: Line) -> list[slice]:
    """The stretches of a line that are joined, each a slice of its columns."""
    if not len(line):
        return []
    edges = [0, *(int(place) + 1 for place in _breaks(line)), len(line)]
    return [slice(first, last) for first, last in pairwise(edges)]


def gaps(line: Line, start: int, end: int) -> list[tuple[int, int]]:
    """The spans within ``[start, end)`` that the line is broken for, those at its ends included."""
    if not len(line):
        return [(start, end)] if start < end else []
    pause = longest_pause(line)
    found = [(int(line.end[place]), int(line.start[place + 1])) for place in _breaks(line)]
    first, last = int(line.start[0]), int(line.end[-1])
    outer = [(start, first), (last, end)] if pause else []
    found += [(begin, until) for begin, until in outer if until - begin > pause]
    inside = ((max(begin, start), min(until, end)) for begin, until in found)
    return sorted((begin, until) for begin, until in inside if begin < until)


def middles(line: Line) -> Floats:
    """Where each bucket is drawn."""
    return line.start + (line.end - line.start) / 2
