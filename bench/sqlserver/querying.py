"""The part on queries: the seed's two, over the readings and over what was aggregated."""

import statistics
import time
from collections.abc import Iterator

import pyarrow as pa
from mssql_python import Connection

from bench.report import Figure, milliseconds, times
from bench.sqlserver import sql
from bench.sqlserver.shared import Bench
from bench.sqlserver.sizes import TIMES_RAW
from fieldhouse.warehouse.engines.sqlserver.session import answer

_FAST = 10
"""Repetitions of the fast query for one of the slow."""


def queries(bench: Bench) -> Iterator[Figure]:
    """Daily statistics of one field, over the whole history."""
    database, repeats = bench.filled(bench.sizes.history), bench.sizes.quick_repeats
    with database.server.connected() as connection:
        days = _check(connection)
        raw, aggregated = _medians(connection, repeats)
    yield Figure(
        "raw",
        milliseconds(raw),
        f"{days} days of {bench.sizes.history:,} readings; GROUP BY over iot.SensorReadings",
    )
    yield Figure("pre-aggregated", milliseconds(aggregated), "SELECT from iot.AggregatedData")
    yield Figure(
        "raw / pre-aggregated",
        times(raw / aggregated),
        f"the seed's two queries in turn, {repeats} times and ten times as often, each answer "
        "whole in memory; minima and maxima agree",
        goal=f"≥ {TIMES_RAW:.0f} times",
        reached=raw / aggregated >= TIMES_RAW,
    )


def _medians(connection: Connection, repeats: int) -> tuple[float, float]:
    """Seconds of the slow query, and of the fast one."""
    slow, fast = [], []
    for _ in range(repeats):
        slow.append(_seconds(connection, "daily_raw"))
        fast += [_seconds(connection, "daily_aggregated") for _ in range(_FAST)]
    return statistics.median(slow), statistics.median(fast)


def _seconds(connection: Connection, name: str) -> float:
    statement = sql.statement(name)
    began = time.perf_counter()
    answer(connection, statement)
    return time.perf_counter() - began


def _check(connection: Connection) -> int:
    """How many days there are, if both answers have the same; and warms up."""
    raw, aggregated = (
        answer(connection, sql.statement(name)) for name in ("daily_raw", "daily_aggregated")
    )
    if _exact(raw, "Date") != _exact(aggregated, "PeriodStart"):
        raise AssertionError("the two ways do not agree")
    return int(raw.num_rows)


def _exact(found: pa.Table, day: str) -> list[tuple[object, ...]]:
    days = found[day].cast(pa.date32()).to_pylist()
    extremes = (found[name].to_pylist() for name in ("Field1Min", "Field1Max"))
    return list(zip(days, *extremes, strict=True))
