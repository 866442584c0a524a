"""The Numenta Anomaly Benchmark through a warehouse: python -m bench.insight FOLDER.

FOLDER is a checkout of NAB, or holds its ``data/*/*.csv`` and ``combined_windows.json`` anywhere.
Scored as NAB scores: what is found counts in a window by how early, outside of one against, after
15 % of a file, of 750 readings at the most.
"""

import csv
import json
import math
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from fieldhouse.readings import RAW, READINGS, REJECTED, Batch
from fieldhouse.state import Progress
from fieldhouse.warehouse import Warehouse, open_warehouse

PROFILES = {"standard": (1.0, 0.11), "reward low FP": (1.0, 0.22), "reward low FN": (2.0, 0.11)}
"""What a missed window and a false alarm cost, beside 1 for a window that was hit."""
_PAGE = 8000


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


def filled(house: Warehouse, given: Sequence[File]) -> None:
    """Load each file as a channel of its own, from number 1 on."""
    for channel_id, file in enumerate(given, 1):
        for first in range(0, len(file.times), _PAGE):
            places = range(first, min(first + _PAGE, len(file.times)))
            rows = pa.Table.from_pylist(
                [{"EntryID": i + 1, "CreatedAt": file.times[i]} for i in places], READINGS
            )
            column = pa.array([file.values[i] for i in places]).cast(
                pa.decimal128(18, 6), safe=False
            )
            place = rows.schema.get_field_index("Field1")
            rows = rows.set_column(place, READINGS.field("Field1"), column)
            empty = (RAW.empty_table(), REJECTED.empty_table())
            house.load([Batch(channel_id, 1, rows, *empty, Progress(), datetime(2100, 1, 1))])


def alarms(house: Warehouse, given: Sequence[File]) -> Mapping[str, list[int]]:
    """Where incidents begin, by file; what is stuck, silent or drifts is none of NAB's."""
    found: dict[str, list[int]] = {file.name: [] for file in given}
    for row in house.query("anomalies_kept", young=True).to_pylist():
        if row["Kind"] not in ("STUCK", "SILENCE", "DRIFT"):
            file = given[row["ChannelID"] - 1]
            found[file.name].append(file.times.index(row["StartedAt"]))
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


def main() -> None:
    """Measure, and print."""
    given = list(files(Path(sys.argv[1])))
    readings = sum(len(file.times) for file in given)
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[2] if len(sys.argv) > 2 else f"{folder}/nab.duckdb"
        with closing(open_warehouse(url)) as house:
            house.migrate()
            filled(house, given)
            house.call("refresh_aggregates")
            began = time.monotonic()
            house.call("refresh_anomalies")
            took = time.monotonic() - began
            found = alarms(house, given)
    days = sum((file.times[-1] - file.times[0]).days for file in given)
    print(f"{len(given)} files, {readings:,} readings, {readings / took:,.0f} readings/s")
    for profile in PROFILES:
        print(f"{profile:<14} {score(given, found, profile):6.1f}")
    print(f"alarms         {sum(map(len, found.values())) / days:6.3f} a channel and day")


if __name__ == "__main__":
    main()
