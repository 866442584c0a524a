"""The Numenta Anomaly Benchmark through warehouses: python -m bench.insight FOLDER.

FOLDER is a checkout of NAB, or holds its ``data/*/*.csv`` and ``combined_windows.json`` anywhere.
Engines that are named, ``--engine duckdb --engine clickhouse``, are shown side by side, and whether
they have found the same; ``--every 4`` takes each fourth file, for an engine that is slow. Scored
as NAB scores: what is found counts in a window by how early, outside of one against, after 15 % of
a file, of 750 readings at the most.
"""

import argparse
import csv
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bench.judging import Alarm, Judged, differing, engines, judged, take_engines

PROFILES = {"standard": (1.0, 0.11), "reward low FP": (1.0, 0.22), "reward low FN": (2.0, 0.11)}
"""What a missed window and a false alarm cost, beside 1 for a window that was hit."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of the benchmark: times, values, and windows as pairs of places in it."""

    name: str
    times: list[datetime]
    values: list[float]
    windows: list[tuple[int, int]]


def files(folder: Path) -> Iterator[File]:
    """The files of a folder, in order."""
    labels = json.loads(next(folder.rglob("combined_windows.json")).read_text())
    for path in sorted(folder.rglob("*.csv")):
        name = f"{path.parent.name}/{path.name}"
        if name not in labels:
            continue
        with path.open() as file:
            rows = [(r["timestamp"], float(r["value"])) for r in csv.DictReader(file)]
        times = [datetime.fromisoformat(at) for at, _ in rows]
        spans = [
            [
                i
                for i, at in enumerate(times)
                if datetime.fromisoformat(a) <= at <= datetime.fromisoformat(b)
            ]
            for a, b in labels[name]
        ]
        yield File(name, times, [v for _, v in rows], [(s[0], s[-1]) for s in spans if s])


def begins(alarms: Sequence[Alarm], given: Sequence[File]) -> Mapping[str, list[int]]:
    """Where incidents begin, by file; what is stuck, silent or drifts is none of NAB's."""
    found: dict[str, list[int]] = {file.name: [] for file in given}
    for alarm in alarms:
        if alarm["Kind"] not in ("STUCK", "SILENCE", "DRIFT"):
            file = given[alarm["ChannelID"] - 1]
            found[file.name].append(file.times.index(alarm["StartedAt"]))
    return found


def score(given: Sequence[File], found: Mapping[str, list[int]], profile: str) -> float:
    """NAB's score of alarms, 0 for none and 100 for all of the windows at their begin."""
    missed, false = PROFILES[profile]
    windows = sum(len(file.windows) for file in given)
    reached = sum(_of_file(file, found[file.name], missed, false) for file in given)
    return 100 * (reached + missed * windows) / (windows + missed * windows)


def _of_file(file: File, places: Sequence[int], missed: float, false: float) -> float:
    reached, hit = 0.0, {}
    for place in places:
        if place < math.floor(0.15 * min(len(file.times), 5000)):
            continue
        within = next((w for w in file.windows if w[0] <= place <= w[1]), None)
        if within:
            early = _weight(-(within[1] - place + 1) / (within[1] - within[0] + 1)) / _weight(-1.0)
            hit[within] = max(hit.get(within, -1.0), early)
        else:
            before = [w for w in file.windows if w[1] < place]
            far = (place - before[-1][1]) / max(1, before[-1][1] - before[-1][0]) if before else 9
            reached += false * _weight(far)
    return reached + sum(hit.values()) - missed * (len(file.windows) - len(hit))


def _weight(position: float) -> float:
    return -1.0 if position > 3 else 2 / (1 + math.exp(5 * position)) - 1


def show(given: Sequence[File], found: Sequence[Judged]) -> None:
    """Print the table: a column an engine."""
    readings = sum(len(file.times) for file in given)
    days = sum((file.times[-1] - file.times[0]).days for file in given)
    windows = sum(len(file.windows) for file in given)
    print(f"{len(given)} files, {readings:,} readings, {windows} windows")
    places = [begins(each.alarms, given) for each in found]
    print(f"{'':<24}", *(f"{each.engine:>12}" for each in found))
    for profile in PROFILES:
        print(f"{profile:<24}", *(f"{score(given, each, profile):12.1f}" for each in places))
    often = (sum(map(len, each.values())) / days for each in places)
    print(f"{'alarms a channel and day':<24}", *(f"{each:12.3f}" for each in often))
    print(f"{'readings/s':<24}", *(f"{readings / each.seconds:12,.0f}" for each in found))
    if len(found) > 1:
        odd = sorted(given[channel - 1].name for channel in differing(found))
        alarms = max(len(each.alarms) for each in found)
        print(f"the same {alarms} incidents in {len(given) - len(odd)} of {len(given)} files")
        for name in odd:
            print(f"not the same: {name}")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser("python -m bench.insight", description=main.__doc__)
    parser.add_argument("folder", type=Path, help="NAB")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="each N-th file only")
    take_engines(parser)
    asked = parser.parse_args()
    given = list(files(asked.folder))[:: asked.every]
    if asked.every > 1:
        print(f"each {asked.every}th file:", *(file.name for file in given), sep="\n  ")
    show(given, [judged(engine, given) for engine in engines(parser, asked)])


if __name__ == "__main__":
    main()
