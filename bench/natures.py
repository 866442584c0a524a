"""Eight natures of readings, as sensors give them: quantised, with gaps, weather and habits.

Each takes a generator and times, in days since a Monday's midnight, and returns their values.
"""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Values = NDArray[np.float64]


def wandering(rng: Generator, at: Values, days: float, deviation: float) -> Values:
    """What forgets itself within some days, and has a deviation: weather fronts, clouds."""
    keep = np.exp(-np.diff(at, prepend=at[0]) / days)
    pushes = rng.normal(0, deviation, len(at)) * np.sqrt(1 - keep**2)
    value, values = rng.normal(0, deviation), np.empty(len(at))
    for i in range(len(at)):
        value = keep[i] * value + pushes[i]
        values[i] = value
    return values


def of_days(rng: Generator, at: Values, low: float, high: float) -> Values:
    """A factor that each day draws for itself."""
    return rng.uniform(low, high, int(at[-1]) + 2)[at.astype(int)]


def cut(values: Values, step: float) -> Values:
    """Values as a sensor tells them: whole steps."""
    return np.round(np.round(values / step) * step, 6)


def sun(at: Values) -> Values:
    """Daylight: 0 by night, 1 at noon; the days grow longer."""
    return np.clip(np.sin(2 * np.pi * (at - 0.25)) + 0.003 * (at - 30), 0, None)


def weather(rng: Generator, at: Values) -> Values:
    """Temperature: days of more or less sun, fronts, spring."""
    warmth = np.sin(2 * np.pi * (at - rng.uniform(0.3, 0.45))) * of_days(rng, at, 2, 7)
    fronts = wandering(rng, at, 2, 3)
    return cut(
        12 + 0.05 * at + warmth + fronts + rng.normal(0, 0.15, len(at)), rng.choice([0.1, 0.1, 0.5])
    )


def rain(rng: Generator, at: Values) -> Values:
    """What fell since the reading before: nothing for days or weeks, then showers."""
    values, i = np.zeros(len(at)), 0
    step = np.median(np.diff(at))
    while True:
        i += int(rng.exponential(rng.choice([1, 4, 12])) / step)
        wet = int(rng.exponential(0.25) / step) + 1
        if i >= len(at):
            return cut(values, 0.2)
        part = slice(i, i + wet)
        values[part] = rng.gamma(0.7, rng.choice([0.4, 1.5]), len(values[part]))
        i += wet


def counter(rng: Generator, at: Values) -> Values:
    """A meter: a little all the time, more by day, machines now and then."""
    day = 0.02 + 0.05 * sun(at) + 0.08 * (np.abs(at % 1 - 0.8) < 0.1)
    machines = (rng.random(len(at)) < 0.04) * rng.gamma(3, 0.2, len(at))
    return cut(
        rng.uniform(100, 90_000) + np.cumsum(rng.gamma(4, day / 4) + machines),
        rng.choice([0.01, 0.1]),
    )


def switch(rng: Generator, at: Values) -> Values:
    """A pump, or a door: on for some minutes or hours, more often by day."""
    values, on = np.zeros(len(at)), False
    often = rng.uniform(0.1, 0.3)
    for i, chance in enumerate(rng.random(len(at))):
        busy = 0.25 < at[i] % 1 < 0.95
        on = chance > 0.35 if on else chance < often * (1 if busy else 0.1)
        values[i] = on
    return values


def carbon(rng: Generator, at: Values) -> Values:
    """CO₂ of a room: people by day (an office rests at weekends), fresh air afterwards."""
    home = rng.random() < 0.4
    hour, weekend = at % 1 * 24, at % 7 >= 5
    there = (hour > 17) | (hour < 7) if home else (hour > 8) & (hour < 17) & ~weekend
    people = there * of_days(rng, at, 0.5, 1) * (1 + wandering(rng, at, 0.1, 0.2))
    step, value, values = float(np.median(np.diff(at))), 430.0, np.empty(len(at))
    for i in range(len(at)):
        value += step * 24 * (400 * max(people[i], 0) - 0.6 * (value - 430))
        values[i] = value
    return cut(values + rng.normal(0, 8, len(at)), 1)


def light(rng: Generator, at: Values) -> Values:
    """Lux: nothing by night, by day what clouds leave of it."""
    clouds = of_days(rng, at, 0.3, 1) * np.clip(1 + wandering(rng, at, 0.05, 0.3), 0.15, 1.3)
    return cut(20_000 * sun(at) * clouds, rng.choice([1, 10]))


def battery(rng: Generator, at: Values) -> Values:
    """Volts of a cell that the sun charges by day, and a node drains by night."""
    step, charge, values = float(np.median(np.diff(at))), 0.8, np.empty(len(at))
    power = sun(at) * of_days(rng, at, 0.2, 1.2)
    for i in range(len(at)):
        charge = min(1.0, max(0.1, charge + step * (1.6 * power[i] - 0.3)))
        values[i] = 3.4 + 0.75 * charge + 0.05 * min(power[i], 1)
    return cut(values + rng.normal(0, 0.004, len(at)), 0.01)


def noise(rng: Generator, at: Values) -> Values:
    """A level in decibels that has no rhythm."""
    return cut(rng.uniform(40, 55) + wandering(rng, at, 0.3, 1) + rng.normal(0, 2, len(at)), 0.1)


NATURES: dict[str, Callable[[Generator, Values], Values]] = {
    "weather": weather,
    "rain": rain,
    "counter": counter,
    "switch": switch,
    "CO2": carbon,
    "light": light,
    "battery": battery,
    "noise": noise,
}
