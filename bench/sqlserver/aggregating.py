"""The part on aggregation: a week of hours as a set, and by the seed's cursor."""

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from bench.report import Figure, milliseconds, times
from bench.sizes import HISTORY_END
from bench.sqlserver import sql
from bench.sqlserver.databases import Database
from bench.sqlserver.shared import Bench, load
from bench.sqlserver.sizes import CHANNEL, FLEET, TIMES_CURSOR, WEEK

_START = HISTORY_END - timedelta(days=7)


def aggregate(bench: Bench) -> Iterator[Figure]:
    """A week of hourly statistics of eight fields."""
    database, repeats = bench.empty(), bench.sizes.quick_repeats
    load(database, WEEK)
    for way in _WAYS:  # warms up, and lets the rows be there that are written again below
        way(database)
    hours = _check(database)
    turns = [[_seconds(way, database) for way in _WAYS] for _ in range(repeats)]
    cursor, as_set, limit = (statistics.median(taken) for taken in zip(*turns, strict=True))
    yield Figure(
        "the seed's cursor",
        milliseconds(cursor),
        f"{hours} hours, {WEEK.rows:,} readings of 8 fields, computed again over what is there; "
        "its MERGE is an UPDATE, and an INSERT where that finds nothing",
    )
    yield Figure("usp_ProcessSensorReadings", milliseconds(as_set), "the same as one set")
    yield Figure(
        "one bare SELECT",
        milliseconds(limit),
        "the limit: the same statistics of the whole week in one group, nothing written",
    )
    yield Figure(
        "cursor / usp_ProcessSensorReadings",
        times(cursor / as_set),
        f"medians of {repeats} in turn; counts, minima and maxima agree",
        goal=f"≥ {TIMES_CURSOR:.0f} times",
        reached=cursor / as_set >= TIMES_CURSOR,
    )
    yield Figure("cursor / limit", times(cursor / limit), "what no way can surpass on this server")
    yield from _fleet(bench)


def _fleet(bench: Bench) -> Iterator[Figure]:
    """The same week of a hundred channels at once: what a run of the pipeline refreshes."""
    database, repeats = bench.empty(), bench.sizes.quick_repeats
    for channel in FLEET:
        database.warehouse.call("upsert_channel", channel_id=channel.id, name="One of many")
    database.warehouse.load([each.batch(1, each.rows + 1) for each in FLEET])
    for way in _FLEETS_WAYS:
        way(database)
    turns = [[_seconds_marked(way, database) for way in _FLEETS_WAYS] for _ in range(repeats)]
    cursor, as_set = (statistics.median(taken) for taken in zip(*turns, strict=True))
    hours = len(FLEET) * 168
    of = f"{hours:,} hours of {len(FLEET)} channels, {FLEET[0].rows:,} readings each"
    yield Figure("the seed's cursor, a fleet", milliseconds(cursor), f"{of}, a call a channel")
    yield Figure("usp_RefreshAggregates, a fleet", milliseconds(as_set), "the same in one call")
    yield Figure(
        "cursor / usp_RefreshAggregates",
        times(cursor / as_set),
        f"medians of {repeats} in turn",
        goal=f"≥ {TIMES_CURSOR:.0f} times",
        reached=cursor / as_set >= TIMES_CURSOR,
    )


def _seconds_marked(way: Callable[[Database], None], database: Database) -> float:
    database.ask(sql.statement("mark_hours"))
    return _seconds(way, database)


def _fleet_by_cursor(database: Database) -> None:
    for channel in FLEET:
        values = (channel.id, "HOURLY", _START, HISTORY_END)
        database.warehouse.execute("seed.usp_ProcessByCursor", values)


def _fleet_as_set(database: Database) -> None:
    ids = [channel.id for channel in FLEET]
    database.warehouse.call("refresh_aggregates", aggregation_type="HOURLY", channel_ids=ids)


_FLEETS_WAYS = (_fleet_by_cursor, _fleet_as_set)


def _by_cursor(database: Database) -> None:
    values = (CHANNEL, "HOURLY", _START, HISTORY_END)
    database.warehouse.execute("seed.usp_ProcessByCursor", values)


def _as_set(database: Database) -> None:
    database.warehouse.call(
        "usp_ProcessSensorReadings",
        channel_id=CHANNEL,
        aggregation_type="HOURLY",
        start_date=_START,
        end_date=HISTORY_END,
    )


def _limit(database: Database) -> None:
    database.ask(sql.statement("week_limit"))


_WAYS = (_by_cursor, _as_set, _limit)


def _seconds(way: Callable[[Database], None], database: Database) -> float:
    began = time.perf_counter()
    way(database)
    return time.perf_counter() - began


def _check(database: Database) -> int:
    """How many hours there are, if both ways say the same of them."""
    theirs = database.ask(sql.statement("hours_by_cursor"))
    ours = database.ask(sql.statement("hours_as_set"))
    if not theirs.equals(ours):
        raise AssertionError("the two ways do not agree")
    return int(ours.num_rows)
