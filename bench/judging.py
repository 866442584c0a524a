"""What engines find unusual in the same series: each in an empty warehouse of its own."""

import argparse
import math
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa

from bench.sqlserver.databases import HOW, VARIABLE, made
from fieldhouse.readings import RAW, READINGS, REJECTED, Batch
from fieldhouse.state import Progress
from fieldhouse.warehouse import Warehouse, open_warehouse
from fieldhouse.warehouse.registry import ENGINES

_PAGE = 8000

Alarm = Mapping[str, Any]
"""A row of the question ``anomalies_kept``."""


class Series(Protocol):
    """The readings of a channel of one field."""

    @property
    def times(self) -> Sequence[datetime]: ...

    @property
    def values(self) -> Iterable[float]: ...


@dataclass(frozen=True, slots=True)
class Judged:
    """What an engine has found, channels numbered from 1; seconds without the aggregates."""

    engine: str
    alarms: list[Alarm]
    seconds: float


def take_engines(parser: argparse.ArgumentParser) -> None:
    """Let a command line name engines."""
    parser.add_argument(
        "--engine",
        action="append",
        choices=ENGINES,
        help="DuckDB, or these side by side; may be repeated",
    )


def engines(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> list[str]:
    """Those that were named; ends with what is lacking for one."""
    named = asked.engine or ["duckdb"]
    if "sqlserver" in named and not os.environ.get(VARIABLE):
        parser.error(HOW)
    return named


def judged(engine: str, given: Sequence[Series]) -> Judged:
    """What an engine finds in all series, what is young included."""
    with _empty(engine) as house:
        for channel_id, series in enumerate(given, 1):
            _load(house, channel_id, series)
        house.call("refresh_aggregates")
        began = time.monotonic()
        house.call("refresh_anomalies")
        took = time.monotonic() - began
        alarms = house.query("anomalies_kept", young=True).to_pylist()
    return Judged(ENGINES[engine].name, alarms, took)


def differing(found: Sequence[Judged]) -> set[int]:
    """The channels in which not all engines have found the same incidents.

    Their values are means, rounded to six decimals: two engines may round one to either side.
    """
    told = [sorted(each.alarms, key=_exactly) for each in found]
    whole = [{_exactly(alarm) for alarm in alarms} for alarms in told]
    odd = {channel for channel, *_ in set.union(*whole) - set.intersection(*whole)}
    alike = ([alarm for alarm in alarms if alarm["ChannelID"] not in odd] for alarms in told)
    for same in zip(*alike, strict=True):
        if not all(_is_near(same[0], other) for other in same[1:]):
            odd.add(same[0]["ChannelID"])
    return odd


def _exactly(alarm: Alarm) -> tuple[Any, ...]:
    words = ("ChannelID", "StartedAt", "Kind", "FieldNumber", "EndedAt", "Hits", "Jumps", "PeakAt")
    return tuple(alarm[word] for word in words)


def _is_near(one: Alarm, other: Alarm) -> bool:
    values = (float(alarm["Value"] or 0) for alarm in (one, other))
    scores = (alarm["Score"] for alarm in (one, other))
    return math.isclose(*values, rel_tol=1e-9, abs_tol=1.5e-6) and math.isclose(*scores)


@contextmanager
def _empty(engine: str) -> Iterator[Warehouse]:
    """A warehouse without a row, gone afterwards; of SQL Server on the server that is named."""
    if engine == "sqlserver":
        with made(os.environ[VARIABLE]) as databases:
            yield databases.empty("judged")
        return
    with tempfile.TemporaryDirectory() as folder:
        scheme = {"clickhouse": "chdb"}.get(engine, engine)
        with closing(open_warehouse(f"{scheme}:///{folder}/judged")) as house:
            house.migrate()
            yield house


def _load(house: Warehouse, channel_id: int, series: Series) -> None:
    """Page by page, as they would come."""
    ids = range(1, len(series.times) + 1)
    rows = pa.Table.from_pylist(
        [{"EntryID": i, "CreatedAt": at} for i, at in zip(ids, series.times, strict=True)],
        READINGS,
    )
    column = pa.array(series.values).cast(pa.decimal128(18, 6), safe=False)
    place = rows.schema.get_field_index("Field1")
    rows = rows.set_column(place, READINGS.field("Field1"), column)
    empty = (RAW.empty_table(), REJECTED.empty_table())
    for first in range(0, len(rows), _PAGE):
        page = rows.slice(first, _PAGE)
        house.load([Batch(channel_id, 1, page, *empty, Progress(), datetime(2100, 1, 1))])
