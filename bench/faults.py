"""Ten kinds of faults, planted into readings of which the nature is known.

Each changes a part of a series, by how far its nature swings: from a twentieth of what is right to
nineteen twentieths. NaN is where no reading comes.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from bench.natures import Values


@dataclass(frozen=True, slots=True)
class Planted:
    """A fault in places [first, end) of a channel."""

    kind: str
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Series:
    """Readings of a nature: times in days, what is right, and what comes."""

    nature: str
    at: Values
    right: Values
    values: Values

    @property
    def swing(self) -> float:
        """How far it goes, without its rarest values."""
        low, high = np.quantile(self.right, [0.05, 0.95])
        return float(high - low) or float(np.ptp(self.right))

    @property
    def steps(self) -> Values:
        """How far apart values are that follow one another."""
        return np.abs(np.diff(self.right))


def spike(rng: Generator, s: Series, part: slice) -> None:
    """One reading or two that stand out, most of them within what was known."""
    if s.nature == "light":
        s.values[part] += s.swing * rng.uniform(0.4, 0.8)
    elif s.nature in ("rain", "counter"):
        s.values[part] += np.max(s.steps) * rng.uniform(3, 8)
    elif s.nature == "noise":
        s.values[part] = np.median(s.right) + rng.choice([-1, 1]) * s.swing * rng.uniform(1.3, 2)
    else:
        middle = np.median(s.right)
        s.values[part] -= np.sign(s.values[part] - middle) * s.swing * rng.uniform(0.9, 1.3)


def shift(rng: Generator, s: Series, part: slice) -> None:
    """Another level for a while; of a counter four times its rate."""
    if s.nature == "counter":
        more = np.cumsum(np.diff(s.right[part], prepend=s.right[part.start]) * rng.uniform(4, 6))
        s.values[part] += more
        s.values[part.stop :] += more[-1]
    elif s.nature == "light":
        s.values[part] += s.swing * rng.uniform(0.3, 0.6)
    else:
        s.values[part] += rng.choice([-1, 1]) * s.swing * rng.uniform(1, 1.4)


def stuck(rng: Generator, s: Series, part: slice) -> None:
    """The same value again and again; a gauge of rain that sticks has a drop in it."""
    s.values[part] = 0.4 if s.nature == "rain" else s.values[part.start]
    if s.nature == "counter":
        s.values[part.stop :] -= s.values[part.stop] - s.values[part.start]


def drift(rng: Generator, s: Series, part: slice) -> None:
    """Two weeks of growing error, that stays."""
    size = rng.choice([-1, 1]) * s.swing * rng.uniform(1, 1.5)
    s.values[part] += size * np.minimum(1, (s.at[part] - s.at[part.start]) / 14)


def absurd(rng: Generator, s: Series, part: slice) -> None:
    """What a broken wire or an overflow tells."""
    far = [v for v in (-127, -1, 999, 4095, 65535) if not _could_be(s.right, v)]
    s.values[part] = rng.choice(far)


def rate(rng: Generator, s: Series, part: slice) -> None:
    """A jump to the other side of what is usual, that wears off in hours."""
    side = -np.sign(s.values[part.start] - np.median(s.right)) or 1
    fading = np.exp(-(s.at[part] - s.at[part.start]) * 24)
    s.values[part] += side * s.swing * rng.uniform(0.8, 1) * fading


def silence(rng: Generator, s: Series, part: slice) -> None:
    """No reading comes."""
    s.values[part] = np.nan


def turned(rng: Generator, s: Series, part: slice) -> None:
    """Day and night change places."""
    half = round(0.5 / float(np.median(np.diff(s.at))))
    s.values[part] = s.values[part.start - half : part.stop - half].copy()


def lost(rng: Generator, s: Series, part: slice) -> None:
    """A counter that begins anew, or has forgotten its last days."""
    left = s.values[part.start] if rng.random() < 0.5 else rng.uniform(2, 30)
    s.values[part.start :] -= left


def rough(rng: Generator, s: Series, part: slice) -> None:
    """Noise about what is right, several times what it was."""
    usual = float(np.median(s.steps))
    s.values[part] += rng.normal(0, max(6 * usual, 0.15 * s.swing), part.stop - part.start)


def _could_be(values: Values, value: float) -> bool:
    low, high = float(np.min(values)), float(np.max(values))
    return low - (high - low) < value < high + (high - low)


@dataclass(frozen=True, slots=True)
class Fault:
    """How a kind is planted: how long, in days, and into which natures."""

    plant: Callable[[Generator, Series, slice], None]
    days: tuple[float, float]
    natures: tuple[str, ...]
    named: str


_SMOOTH = ("weather", "CO2", "battery")
FAULTS = {
    "spike": Fault(spike, (0, 0.02), (*_SMOOTH, "rain", "counter", "light", "noise"), "SPIKE"),
    "shift": Fault(shift, (0.5, 2), (*_SMOOTH, "counter", "light", "noise"), "SHIFT"),
    "stuck": Fault(
        stuck, (1, 2), (*_SMOOTH, "rain", "counter", "switch", "light", "noise"), "STUCK"
    ),
    "drift": Fault(drift, (18, 18), (*_SMOOTH, "noise"), "DRIFT"),
    "out of range": Fault(
        absurd, (0, 0.04), (*_SMOOTH, "rain", "switch", "light", "noise"), "OUT OF RANGE"
    ),
    "impossible rate": Fault(rate, (0.12, 0.12), ("weather", "battery"), "IMPOSSIBLE RATE"),
    "silence": Fault(
        silence, (0.5, 1.5), (*_SMOOTH, "rain", "counter", "switch", "light", "noise"), "SILENCE"
    ),
    "rhythm broken": Fault(turned, (1, 2), ("CO2", "light", "switch"), "RHYTHM BROKEN"),
    "counter lost": Fault(lost, (0, 0.02), ("counter",), "COUNTER LOST"),
    "noise grown": Fault(rough, (0.5, 1), (*_SMOOTH, "noise"), "NOISE GROWN"),
}
