"""Faults of ten kinds, planted into 200 channels of eight natures: python -m bench.planted.

Recall: the planted that an alarm overlaps; named: by one of that kind. Precision: of the alarms of
a kind, those that overlap anything planted; as named: that kind. The others are false alarms, told
per channel and day after two weeks. Engines and another seed may be named: ``--engine clickhouse
--seed 2``.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.random import Generator, default_rng

from bench.faults import FAULTS, Planted, Series
from bench.judging import Alarm, differing, engines, judged, take_engines
from bench.natures import NATURES, Values, cut

BEGIN = datetime(2026, 3, 2)
DAYS, YOUNG, QUIET = 60, 14, 24
"""Days of a channel, those that it does not know itself, those before the first fault."""
STEP = 1 / 96
GRACE = timedelta(hours=6)
"""How much later than its fault an alarm may begin: what comes of it is no alarm of its own."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Readings, and what was planted among them."""

    nature: str
    times: list[datetime]
    values: Values
    planted: list[tuple[str, datetime, datetime]]


def channels(count: int, seed: int = 1) -> Iterator[Channel]:
    """Channels of each nature in turn, each of its own seed."""
    for number in range(count):
        yield _channel(list(NATURES)[number % len(NATURES)], number, default_rng([seed, number]))


def _channel(nature: str, number: int, rng: Generator) -> Channel:
    at = np.arange(0, DAYS, STEP)
    at = (at + rng.uniform(0, 0.1 * STEP, len(at)))[rng.random(len(at)) > 0.005]
    clean = NATURES[nature](rng, at)
    values, planted = clean.copy(), list(_places(nature, number, rng, at))
    series = Series(nature, at, clean, values)
    for fault in planted:
        FAULTS[fault.kind].plant(rng, series, slice(fault.first, fault.end))
    decimals = next(d for d in range(7) if np.array_equal(np.round(clean, d), clean))
    values = cut(values, 10.0**-decimals)
    if nature in ("rain", "light"):
        values = np.where(values < 0, np.where(values == np.round(values, 0), values, 0), values)
    times = [BEGIN + timedelta(days=float(day)) for day in at]
    spans = [(f.kind, times[f.first], times[f.end - 1]) for f in planted]
    there = np.flatnonzero(~np.isnan(values))
    return Channel(nature, [times[i] for i in there], values[there], spans)


def _places(nature: str, number: int, rng: Generator, at: Values) -> Iterator[Planted]:
    """Faults of the kinds that a nature has, in turn, days apart."""
    kinds = [kind for kind, fault in FAULTS.items() if nature in fault.natures]
    turn = number // len(NATURES)
    day, taken = QUIET + rng.uniform(0, 2), 0
    while day < DAYS - 3:
        kind = kinds[(4 * turn + taken) % len(kinds)]
        taken += 1
        lasts = rng.uniform(*FAULTS[kind].days)
        if kind == "drift" and day + lasts < DAYS - 4:
            day = DAYS - lasts - 1
        if kind == "spike" and nature == "light":
            day = np.floor(day) + rng.uniform(0.9, 1.1)
        first = int(np.searchsorted(at, day))
        end = max(first + 1, int(np.searchsorted(at, min(day + lasts, DAYS))))
        yield Planted(kind, first, end if kind != "drift" else len(at))
        day += lasts + rng.uniform(5, 9)


@dataclass(slots=True)
class Count:
    """Of a kind: what was planted, found, and found by name; its alarms, true ones, named so."""

    planted: int = 0
    found: int = 0
    named: int = 0
    alarms: int = 0
    true: int = 0
    right: int = 0


def counted(given: Sequence[Channel], alarms: Sequence[Alarm]) -> dict[str, Count]:
    """Alarms held against what was planted."""
    counts = {kind: Count() for kind in FAULTS}
    kinds = {fault.named: kind for kind, fault in FAULTS.items()}
    for number, channel in enumerate(given, 1):
        told = [a for a in alarms if a["ChannelID"] == number]
        for kind, first, last in channel.planted:
            reached = {kinds[a["Kind"]] for a in told if _meets(a, first, last)}
            count = counts[kind]
            count.planted += 1
            count.found += bool(reached)
            count.named += kind in reached
        for alarm in told:
            met = {k for k, first, last in channel.planted if _meets(alarm, first, last)}
            count = counts[kinds[alarm["Kind"]]]
            count.alarms += 1
            count.true += bool(met)
            count.right += kinds[alarm["Kind"]] in met
    return counts


def _meets(alarm: Alarm, first: datetime, last: datetime) -> bool:
    return bool(alarm["StartedAt"] <= last + GRACE and alarm["EndedAt"] >= first)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "-"


def show(given: Sequence[Channel], alarms: Sequence[Alarm]) -> None:
    """Print the table."""
    print(f"{'kind':<16} planted recall  named   alarms precision as named")
    counts = counted(given, alarms)
    for kind, c in counts.items():
        print(
            f"{kind:<16} {c.planted:7} {_share(c.found, c.planted):>6} "
            f"{_share(c.named, c.planted):>6} {c.alarms:8} {_share(c.true, c.alarms):>9} "
            f"{_share(c.right, c.alarms):>8}"
        )
    days = DAYS - YOUNG
    print(f"\n{'nature':<16} false alarms a channel and day, after two weeks")
    for nature in NATURES:
        numbers = [n for n, channel in enumerate(given, 1) if channel.nature == nature]
        false = sum(
            _is_false(given[a["ChannelID"] - 1], a) for a in alarms if a["ChannelID"] in numbers
        )
        print(f"{nature:<16} {false / len(numbers) / days:.3f}")
    false = sum(c.alarms - c.true for c in counts.values())
    print(f"{'all':<16} {false / len(given) / days:.3f}")


def _is_false(channel: Channel, alarm: Alarm) -> bool:
    return not any(_meets(alarm, first, last) for _, first, last in channel.planted)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser("python -m bench.planted", description=main.__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of what is made up")
    parser.add_argument("--channels", type=int, default=200)
    take_engines(parser)
    asked = parser.parse_args()
    given = list(channels(asked.channels, asked.seed))
    readings = sum(len(channel.times) for channel in given)
    print(f"{len(given)} channels, {readings:,} readings")
    found = [judged(engine, given) for engine in engines(parser, asked)]
    for each in found:
        print(f"\n{each.engine}: {readings / each.seconds:,.0f} readings/s\n")
        show(given, [alarm for alarm in each.alarms if alarm["DaysKnown"] >= YOUNG])
    if len(found) > 1:
        same = len(given) - len(differing(found))
        print(f"\nthe same incidents in {same} of {len(given)} channels")


if __name__ == "__main__":
    main()
