"""A month of a healthy fleet: which alerts it has beside those that are planted.

    python -m bench.healthy --channels 50 --days 30

Fifty stations with seasons, days and nights: a third sleeps at night, a tenth measures rain, each
has outages of an hour now and then. Runs come every two hours, all rules by default are judged
after each. Planted: one channel is silent for two days, one sensor is stuck for three. Nothing else
may be told; printed is how many alarms there were for each channel and week.
"""

import argparse
import math
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from fieldhouse.readings import RAW, READINGS, REJECTED, Batch
from fieldhouse.settings import Settings
from fieldhouse.state import Progress, Run
from fieldhouse.steps import _RUNS
from fieldhouse.warehouse import Warehouse, open_warehouse
from fieldhouse.watch.alerts import look

BEGIN = datetime(2024, 1, 1)
STEP = timedelta(hours=2)
CADENCE = timedelta(minutes=10)
BEFORE = 10
"""Days that are there before anybody looks."""
FAR = datetime(2030, 1, 1)
SILENT, STUCK = 7, 11
"""The channels that something is planted in."""


class Fleet:
    """What the stations send, hour by hour."""

    def __init__(self, channels: int, days: int, seed: int) -> None:
        self.channels = range(1, channels + 1)
        self._random = random.Random(seed)
        self._ids = Counter[int]()
        self._walk = dict.fromkeys(self.channels, 0.0)
        hours = 24 * (BEFORE + days)
        self._out = {
            n: {self._random.randrange(hours) for _ in range(days // 5)} for n in self.channels
        }
        self._silent = _span(BEFORE + days // 3, 2)
        self._stuck = _span(BEFORE + days // 2, 3)

    def rows(self, number: int, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
        at = start
        while at < end:
            if self._reports(number, at):
                yield self._row(number, at)
            at += CADENCE

    def _reports(self, number: int, at: datetime) -> bool:
        if number % 3 == 0 and not 6 <= at.hour < 20:
            return False
        if number == SILENT and self._silent[0] <= at < self._silent[1]:
            return False
        return int((at - BEGIN).total_seconds() // 3600) not in self._out[number]

    def _row(self, number: int, at: datetime) -> dict[str, Any]:
        days = (at - BEGIN).total_seconds() / 86_400
        self._walk[number] = 0.98 * self._walk[number] + self._random.gauss(0, 0.3)
        warm = 8 + 10 * math.sin(days / 58) + 5 * math.sin(2 * math.pi * days) + self._walk[number]
        if number == STUCK and self._stuck[0] <= at < self._stuck[1]:
            warm = 12.3
        wet = max(0.0, self._random.gauss(-2, 1)) if number % 10 == 0 else 60 + 20 * math.cos(days)
        self._ids[number] += 1
        return {
            "EntryID": self._ids[number],
            "CreatedAt": at + timedelta(seconds=number),
            "Field1": Decimal(f"{warm:.1f}"),
            "Field2": Decimal(f"{wet + self._random.gauss(0, 1) * (number % 10 > 0):.1f}"),
        }


def _span(first: int, days: int) -> tuple[datetime, datetime]:
    begin = BEGIN + timedelta(days=first)
    return begin, begin + timedelta(days=days)


def copied(house: Warehouse, fleet: Fleet, start: datetime, end: datetime) -> None:
    """A turn over all channels."""
    batches, runs = [], []
    for number in fleet.channels:
        rows = list(fleet.rows(number, start, end))
        table = pa.Table.from_pylist(rows, READINGS)
        parts = (table, RAW.empty_table(), REJECTED.empty_table())
        batches.append(Batch(number, 1, *parts, Progress(), FAR))
        given = {"inserted": len(rows), "requests": 1, "requests_needed": 1, "quality_score": 100.0}
        runs.append(asdict(Run(channel_id=number, started_at=end, ended_at=end, **given)))
    house.load(batches)
    house.call("refresh_aggregates")
    house.call("record_runs", runs=pa.Table.from_pylist(runs, _RUNS))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--channels", type=int, default=50)
    asked.add_argument("--days", type=int, default=30)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    fleet = Fleet(given.channels, given.days, given.seed)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(warehouse_url=str(Path(folder) / "w.duckdb"))
        with open_warehouse(settings.warehouse_url) as house:
            house.migrate()
            for number in fleet.channels:
                named = {"channel_id": number, "name": f"Station {number}"}
                house.call("upsert_channel", refreshed_at=BEGIN, **named)  # else it is not polled
            now = BEGIN + timedelta(days=BEFORE)
            copied(house, fleet, BEGIN, now)
            end = now + timedelta(days=given.days)
            while now < end:
                if now.hour == 0:
                    house.call("refresh_quality", as_of=now)
                copied(house, fleet, now, now + STEP)
                now += STEP
                look(house, settings, now)
            found = house.query("alerts", as_of=now, ended_since=BEGIN).to_pylist()
    planted = {("silent", SILENT), ("stuck", STUCK)}
    told = Counter((alert["RuleName"], alert["ChannelID"]) for alert in found)
    follows = {("nothing_new", SILENT)}  # the silence, told by the runs as well
    others = {key: count for key, count in told.items() if key not in planted | follows}
    weeks = given.days / 7
    for key in sorted(planted):
        print(f"planted {key[0]} of channel {key[1]}: {told[key]} alarm")
    print(f"others: {others or 'none'}")
    rate = sum(others.values()) / given.channels / weeks
    fleet_said = f"{given.channels} channels, {given.days} days"
    print(f"false alarms: {rate:.4f} a channel and week ({fleet_said})")


if __name__ == "__main__":
    main()
