"""How much is measured on SQL Server, and what is to be reached."""

from dataclasses import dataclass
from datetime import timedelta

from bench.history import Channel

CHANNEL = 9
"""The channel of the seed's queries."""
NEIGHBOUR = 10
"""Another channel in the same tables."""
MINUTE = timedelta(minutes=1)
"""Between two readings of a history: a million are two years, as the seed's text has it."""
WEEK = Channel(CHANNEL, 60_480, timedelta(seconds=10))
"""A week that ends where the histories do, in 168 hours."""
FLEET = [Channel(1000 + n, 672, timedelta(minutes=15)) for n in range(100)]
"""The same week of a hundred channels that tell something every quarter of an hour."""
GROUP = 64_000
"""Rows that the pipeline loads together, once pages come faster than they are written."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Rows, unless said otherwise."""

    history: int = 1_000_000
    short_history: int = 100_000
    seed_rows: int = 4_000
    rows: int = 64_000
    """Of what takes some seconds only."""
    repeats: int = 3
    """Repetitions of what takes seconds."""
    quick_repeats: int = 5
    """Repetitions of what takes parts of a second."""


FULL = Sizes()
QUICK = Sizes(
    history=80_000,
    short_history=16_000,
    seed_rows=1_000,
    rows=16_000,
    repeats=1,
    quick_repeats=3,
)

TIMES_SEED = 10.0
TIMES_CURSOR = 10.0
TIMES_RAW = 100.0
FLAT = 1.3
