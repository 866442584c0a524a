"""ClickHouse in process beside DuckDB: the refresh for a new page, and a year by day."""

import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from bench import history, refreshing, sizes
from bench.history import CHANNEL, Channel
from bench.processes import fresh
from bench.report import Figure, milliseconds, rate, times
from bench.shared import Bench
from bench.sizes import HISTORY_END
from fieldhouse.warehouse import Warehouse, open_warehouse

_ENGINES = ("DuckDB", "ClickHouse")
_DAY = 86_400
_YEAR = timedelta(days=365)


class Took(NamedTuple):
    """Costs of a new page by rows of history; seconds (medians) for a year by day, both ways."""

    costs: Mapping[int, refreshing.Cost]
    raw: float
    aggregated: float


def beside(bench: Bench) -> Iterator[Figure]:
    """The same for each engine, one after the other, each in a process of its own."""
    few, many = bench.sizes.short_history, bench.sizes.beside_history
    for engine in _ENGINES:
        places = {rows: _place(bench.folder, engine, rows) for rows in (few, many)}
        filled = {rows: fresh(history.fill, at, [CHANNEL], rows) for rows, at in places.items()}
        took = fresh(measured, places, bench.sizes.quick_repeats)
        yield from _figures(engine, filled[many], took, few, many)


def measured(places: Mapping[int, str], repeats: int) -> Took:
    """What a page costs, after the short history and the long one in turn; then the year."""
    with ExitStack() as stack:
        held = {
            Channel(CHANNEL, rows): stack.enter_context(closing(open_warehouse(place)))
            for rows, place in places.items()
        }
        costs = refreshing.compare(held, repeats)
        long = held[max(held, key=lambda channel: channel.rows)]
        raw, days = _year(long, "buckets_of_readings", repeats)
        aggregated, kept = _year(long, "buckets_of_days", repeats)
    if days != kept:
        raise AssertionError("the two ways do not agree")
    return Took(costs, raw, aggregated)


def _year(warehouse: Warehouse, question: str, repeats: int) -> tuple[float, int]:
    """Seconds for the last year of the history by day, and its readings."""
    span = {"start_at": HISTORY_END - _YEAR, "end_at": HISTORY_END, "seconds": _DAY}
    took = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        answer = warehouse.query(question, channel_id=CHANNEL, **span)
        took.append(time.perf_counter() - began)
    return statistics.median(took[1:]), sum(answer["ReadingCount"].to_pylist())


def _place(folder: Path, engine: str, rows: int) -> str:
    """Where a warehouse stands; one folder is all that ClickHouse has open in a process."""
    if engine == "DuckDB":
        return f"duckdb:///{folder / f'beside-{rows}.duckdb'}"
    return f"chdb:///{folder / 'beside'}?database=iot{rows}"


def _figures(
    engine: str, filled: history.Filled, took: Took, few: int, many: int
) -> Iterator[Figure]:
    whole = f"{many:,} readings of one channel, in loads of many pages"
    yield Figure(f"{engine}: filled", rate(many / filled.load), whole)
    yield Figure(f"{engine}: all aggregated", f"{filled.refresh:,.1f} s", "hours, days and weeks")
    for rows in (few, many):
        refresh = took.costs[rows].refresh
        yield Figure(
            f"{engine}: refresh at {rows:,} rows",
            milliseconds(refresh),
            f"one new page; its load took {milliseconds(took.costs[rows].load)}",
            goal=f"≤ {milliseconds(sizes.CLICKHOUSE_REFRESH)}" if engine == "ClickHouse" else "",
            reached=refresh <= sizes.CLICKHOUSE_REFRESH if engine == "ClickHouse" else None,
        )
    yield Figure(
        f"{engine}: long / short", times(took.costs[many].refresh / took.costs[few].refresh)
    )
    yield Figure(f"{engine}: a year by day, raw", milliseconds(took.raw), "buckets_of_readings")
    yield Figure(
        f"{engine}: a year by day", milliseconds(took.aggregated), "buckets_of_days, of aggregates"
    )
