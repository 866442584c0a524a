"""What rules of correction cost the readings that they do not touch."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from bench import history
from bench.processes import fresh
from bench.report import Figure, milliseconds, times
from bench.shared import Bench
from bench.sizes import HISTORY_END, PAGE, STEADY
from fieldhouse import corrections
from fieldhouse.frames import read
from fieldhouse.warehouse import Warehouse, open_warehouse

_MINUTES = 525_600
_MINUTE = timedelta(minutes=1)
_DAYS = """
    SELECT date_trunc('day', r.CreatedAt) AS Day, avg(r.Field1), avg(r.Field8), count(*)
    FROM iot.CurrentReadings AS r WHERE r.ChannelID = 1 GROUP BY 1
"""
Work = Callable[[Warehouse], object]


def ruling(bench: Bench) -> Iterator[Figure]:
    """The same work on a year of minutes, of which a rule covers a day, and on one without rules.

    Turn and turn about, so that whatever else the machine does it does to both.
    """
    plain, ruled = bench.folder / "plain.duckdb", bench.folder / "ruled.duckdb"
    for file in (plain, ruled):
        fresh(_fill, file, is_ruled=file is ruled)
    for name, without, with_rules in fresh(_compared, plain, ruled, bench.sizes.quick_repeats):
        ratio = with_rules / without
        yield Figure(
            name,
            times(ratio),
            f"{milliseconds(with_rules)} with rules, {milliseconds(without)} without",
            goal=f"≤ {STEADY} times",
            reached=ratio <= STEADY,
        )


def _fill(file: Path, *, is_ruled: bool) -> None:
    channel = history.Channel(history.CHANNEL, _MINUTES, _MINUTE)
    with open_warehouse(file) as warehouse:
        warehouse.migrate()
        warehouse.load([channel.batch(1, _MINUTES + 1)])
        history.refresh(warehouse)
        if is_ruled:
            begin = HISTORY_END - timedelta(days=200)
            rule = corrections.Rule(history.CHANNEL, "exclude", 1, begin, begin + timedelta(days=1))
            corrections.make(warehouse, rule, reason="off", by="bench", now=HISTORY_END)


def _compared(plain: Path, ruled: Path, repeats: int) -> list[tuple[str, float, float]]:
    """Each piece of work and its seconds, the best: without rules, and with them."""
    with open_warehouse(plain) as without, open_warehouse(ruled) as with_rules:
        return [
            (name, *_turns(work, without, with_rules, repeats)) for name, work in _WORKS.items()
        ]


def _turns(work: Work, one: Warehouse, other: Warehouse, repeats: int) -> tuple[float, float]:
    seconds: tuple[list[float], list[float]] = ([], [])
    for turn in range(repeats + 1):
        for taken, warehouse in zip(seconds, (one, other), strict=True):
            began = time.perf_counter()
            work(warehouse)
            if turn:  # the first one warms up
                taken.append(time.perf_counter() - began)
    return min(seconds[0]), min(seconds[1])


class _Pages:
    """A page of new readings a time, of each warehouse its own next one."""

    def __init__(self) -> None:
        self._loaded: dict[int, int] = {}

    def load(self, warehouse: Warehouse) -> None:
        low = self._loaded.get(id(warehouse), _MINUTES) + 1
        self._loaded[id(warehouse)] = low + PAGE - 1
        later = history.Channel(history.CHANNEL, _MINUTES, _MINUTE)
        warehouse.load([later.batch(low, low + PAGE)])
        history.refresh(warehouse)


_WORKS: dict[str, Work] = {
    "a year of one field by read()": lambda house: read(1, 1, warehouse=house),
    "a year by days of the readings": lambda house: house.sql(_DAYS),
    'a year by read(every="1d")': lambda house: read(1, every="1d", warehouse=house),
    "anomalies of a month": lambda house: house.query(
        "usp_DetectAnomalies", channel_id=1, field_number=1, as_of=HISTORY_END
    ),
    "8,000 new readings loaded, their periods refreshed": _Pages().load,
}
