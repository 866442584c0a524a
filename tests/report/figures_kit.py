"""Figures made of nothing but numbers, and what the tests of pictures share."""

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

import numpy as np

from fieldhouse.report.figure import SECOND, Figure, Line, Panel, instant_of

T0 = instant_of(datetime(2024, 1, 1))
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND

UGLY = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</svg></title></style>]]>&amp;\"'`",
    "x" * 200,
    "\N{THERMOMETER} Température \N{GRINNING FACE}\N{VARIATION SELECTOR-16}",
    "درجة الحرارة (°C)",
    "温度センサーの値はとても長いので切られるべきです",
    "\u202egnp.exe\x1b[31m\x00\ud800\ufffe\n\ttab",
    "",
    "e\u0301\u0301\u0301\u0301",
)
"""Labels as nobody should write them, and somebody does."""


def line(values: Sequence[float], step: int = 60, *, name: str = "a", start: int = T0) -> Line:
    """Single readings so many seconds apart; NaN is none."""
    numbers = np.array(values, np.float64)
    there = ~np.isnan(numbers)
    at = start + np.arange(len(numbers), dtype=np.int64)[there] * step * SECOND
    held = numbers[there]
    ones = np.ones(len(held), np.int64)
    return Line(name, at, at + step * SECOND, held, held, held, ones)


def buckets(rows: Iterable[tuple[int, int, float, float, float, int]], name: str = "a") -> Line:
    """A line of rows (start, end, least, mean, greatest, count)."""
    columns: list[Any] = list(zip(*rows, strict=True)) or [()] * 6
    start, end, count = (np.array(columns[n], np.int64) for n in (0, 1, 5))
    least, mean, greatest = (np.array(columns[n], np.float64) for n in (2, 3, 4))
    return Line(name, start, end, mean, least, greatest, count)


def wandering(count: int, seed: int = 1) -> list[float]:
    """A walk with a spike now and then."""
    chance, value, values = random.Random(seed), 20.0, []
    for _ in range(count):
        value += chance.uniform(-1, 1)
        values.append(round(value + (chance.random() < 0.005) * chance.uniform(-80, 80), 2))
    return values


def figure(
    *panels: Panel, start: int = T0, end: int = T0 + DAY, zone: tzinfo = UTC, title: str = "A"
) -> Figure:
    """A figure over a day."""
    return Figure(title, start, end, zone, panels, "a note")
