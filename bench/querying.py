"""A year of daily statistics of eight fields: pre-aggregated, and from the readings."""

import statistics
import time
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from bench.history import CHANNEL
from bench.sizes import HISTORY_END
from fieldhouse.readings import FIELDS
from fieldhouse.warehouse import Warehouse, open_warehouse

_YEAR = timedelta(days=365)
_DERIVED = ", ".join(
    f"avg({name}) AS {name}Avg, min({name}) AS {name}Min, max({name}) AS {name}Max, "
    f"stddev_samp({name}) AS {name}StdDev, count({name}) AS {name}Count"
    for name in FIELDS
)
_KEPT = ", ".join(
    f"{name}{statistic}"
    for name in FIELDS
    for statistic in ("Avg", "Min", "Max", "StdDev", "Count")
)
_RAW = """
    SELECT date_trunc('day', CreatedAt) AS Day, {statistics}
    FROM iot.SensorReadings
    WHERE ChannelID = {channel} AND CreatedAt >= '{start}' AND CreatedAt < '{end}'
    GROUP BY Day ORDER BY Day
"""
_AGGREGATED = """
    SELECT PeriodStart AS Day, {statistics}
    FROM iot.AggregatedData
    WHERE ChannelID = {channel} AND AggregationType = 'DAILY'
        AND PeriodStart >= '{start}' AND PeriodStart < '{end}'
    ORDER BY Day
"""


class Times(NamedTuple):
    """Seconds (medians) for the same answer both ways, and what it covers."""

    raw: float
    aggregated: float
    days: int
    rows: int


def year(file: Path, repeats: int) -> Times:
    """Ask both ways for the last year of the one channel's history, each answer whole in memory."""
    window = {
        "channel": CHANNEL,
        "start": HISTORY_END - _YEAR,
        "end": HISTORY_END,
    }
    raw = _RAW.format(statistics=_DERIVED, **window)
    aggregated = _AGGREGATED.format(statistics=_KEPT, **window)
    warehouse = open_warehouse(str(file))
    try:
        return _compare(warehouse, raw, aggregated, repeats)
    finally:
        warehouse.close()


def _compare(warehouse: Warehouse, raw: str, aggregated: str, repeats: int) -> Times:
    answers = [_answer(warehouse, statement) for statement in (raw, aggregated)]  # and warms up
    _check(*answers)
    slow = [_seconds(warehouse, raw) for _ in range(repeats)]
    fast = [_seconds(warehouse, aggregated) for _ in range(repeats * 5)]
    days, rows = answers[1].num_rows, sum(answers[1]["Field1Count"].to_pylist())
    return Times(statistics.median(slow), statistics.median(fast), days, rows)


def _answer(warehouse: Warehouse, statement: str) -> pa.Table:
    return warehouse.stream(statement).read_all()


def _seconds(warehouse: Warehouse, statement: str) -> float:
    began = time.perf_counter()
    _answer(warehouse, statement)
    return time.perf_counter() - began


def _check(raw: pa.Table, aggregated: pa.Table) -> None:
    """Compare counts and extremes, which are exact."""
    exact = [name for name in raw.column_names if not name.endswith(("Avg", "StdDev"))]
    if not raw.select(exact).equals(aggregated.select(exact).cast(raw.select(exact).schema)):
        raise AssertionError("the two ways do not agree")
