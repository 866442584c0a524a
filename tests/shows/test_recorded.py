"""Real responses, served by the simulator, through the real client into a real warehouse."""

import gzip
import json
import math
import os
import random
import re
import statistics
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from export_kit import check_export
from keeper import Keeper
from pure import Direct

from fieldhouse.pipeline import Parts, build
from fieldhouse.readings import Batch
from fieldhouse.scheduling.fleet import run_fleet
from fieldhouse.settings import Settings
from fieldhouse.simulator import Clock, Simulator, World
from fieldhouse.simulator import InProcess as SimulatorInProcess
from fieldhouse.sources.thingspeak.page import parse_page
from fieldhouse.state import Progress
from fieldhouse.warehouse import Warehouse, open_warehouse

Record = dict[str, Any]


@contextmanager
def pipeline(simulator: Simulator, path: Path) -> Iterator[Parts]:
    """A pipeline from the simulator into a DuckDB file."""
    url = f"duckdb:///{path}"
    with build(Settings(warehouse_url=url, base_url=simulator.url, rate_limit_delay=0.0)) as parts:
        yield parts


@pytest.fixture(scope="module")
def responses(recorded: Path) -> list[Record]:
    """3,040 complete answers of 3,040 channels."""
    with gzip.open(recorded / "feeds_2018-09-14.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def days(recorded: Path) -> list[Record]:
    """110 daily answers of one channel, with offsets of local time."""
    with gzip.open(recorded / "lake_3367153_daily_responses.jsonl.gz", "rt") as lines:
        return [json.loads(line)["response"] for line in lines]


WHOLE = int(os.environ.get("FIELDHOUSE_RECORDED", "100"))
"""So many of the channels go the whole way, analyses included; all of them in `make test-long`."""


@pytest.fixture
def chosen(responses: list[Record], days: list[Record]) -> list[Record]:
    """The answers of those, the same ones each time, and of the one whose days are recorded."""
    sampled = random.Random(4).sample(responses, min(WHOLE, len(responses)))
    return [*sampled, *days]


def world_of(responses: list[Record]) -> World:
    """Answers as channels of one simulator."""
    world = World(clock=Clock())
    for response in responses:
        world.load_recorded(response)
    return world


def typed(text: Any) -> tuple[Decimal | None, str | None]:
    """An independent reading of the typing rules: the exact value, and the text to be kept."""
    if text is None:
        return None, None
    stripped = str(text).strip()
    if not stripped:
        return None, str(text)
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", stripped, re.ASCII):
        return None, str(text)
    number = Decimal(stripped)
    if number.adjusted() > 20:
        return None, str(text)
    rounded = number.quantize(Decimal("1e-6"), ROUND_HALF_UP, Context(prec=500)) + 0
    if abs(rounded) >= 10**12:
        return None, str(text)
    return rounded, None if rounded == number else str(text)


def utc(text: str) -> datetime:
    """A recorded time, naive UTC."""
    instant = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return instant.replace(tzinfo=None) - (instant.utcoffset() or timedelta(0))


def table(warehouse: Warehouse, statement: str) -> list[tuple[Any, ...]]:
    """The rows of a SELECT."""
    answer = warehouse.stream(statement).read_all()
    return list(zip(*(column.to_pylist() for column in answer.columns), strict=True))


NUMBERS = [*(f"Field{n}" for n in range(1, 9)), "Latitude", "Longitude", "Elevation"]


def check_values(warehouse: Warehouse, truth: dict[tuple[int, int], Record]) -> None:
    """Every reading is there with its time, and every value exactly, or with its text."""
    columns = ", ".join(NUMBERS)
    rows = table(
        warehouse, f"SELECT ChannelID, EntryID, CreatedAt, {columns} FROM iot.SensorReadings"
    )
    kept = {
        (channel_id, entry_id, name): text
        for channel_id, entry_id, name, text in table(
            warehouse, "SELECT ChannelID, EntryID, ColumnName, RawValue FROM iot.RawValues"
        )
    }
    assert len(rows) == len(truth)
    expected_texts = {}
    for channel_id, entry_id, created_at, *values in rows:
        feed = truth[channel_id, entry_id]
        assert created_at == utc(feed["created_at"])
        for name, value in zip(NUMBERS, values, strict=True):
            exact, text = typed(feed.get(name.lower()))
            assert value == exact, (channel_id, entry_id, name)
            if text is not None:
                expected_texts[channel_id, entry_id, name] = text
    assert kept == expected_texts


PERIODS = {
    "HOURLY": lambda at: at.replace(minute=0, second=0),
    "DAILY": lambda at: at.replace(hour=0, minute=0, second=0),
    "WEEKLY": lambda at: at.replace(hour=0, minute=0, second=0) - timedelta(days=at.weekday()),
}


def check_aggregates(
    warehouse: Warehouse, truth: dict[tuple[int, int], Record], number: int
) -> None:
    """Every period of a channel, computed from the JSON with exact fractions."""
    held = {
        (row["AggregationType"], row["PeriodStart"]): row
        for row in warehouse.stream(f"SELECT * FROM iot.AggregatedData WHERE ChannelID = {number}")
        .read_all()
        .to_pylist()
    }
    feeds = [feed for (channel_id, _), feed in truth.items() if channel_id == number]
    groups: dict[tuple[str, datetime], list[Record]] = {}
    for kind, begin in PERIODS.items():
        for feed in feeds:
            groups.setdefault((kind, begin(utc(feed["created_at"]))), []).append(feed)
    assert held.keys() == groups.keys()
    for key, members in groups.items():
        row = held[key]
        assert row["ReadingCount"] == len(members)
        for n in range(1, 9):
            values = [v for feed in members if (v := typed(feed.get(f"field{n}"))[0]) is not None]
            assert row[f"Field{n}Count"] == len(values)
            assert row[f"Field{n}Min"] == min(values, default=None)
            assert row[f"Field{n}Max"] == max(values, default=None)
            exact = [Fraction(value) for value in values]
            mean = float(statistics.mean(exact)) if exact else None
            assert near(row[f"Field{n}Avg"], mean)
            spread = statistics.stdev(exact) if len(exact) > 1 else None
            assert near(row[f"Field{n}StdDev"], spread)


def near(ours: float | None, exact: float | None) -> bool:
    """Equal to 1e-9, or both missing."""
    if ours is None or exact is None:
        return ours is exact
    return math.isclose(ours, exact, rel_tol=1e-9, abs_tol=1e-9)


def entries(responses: list[Record]) -> dict[tuple[int, int], Record]:
    """Every entry by channel and id."""
    return {
        (response["channel"]["id"], feed["entry_id"]): feed
        for response in responses
        for feed in response["feeds"]
    }


@pytest.mark.timeout(900)
def test_every_recorded_value_lands_and_comes_out(
    responses: list[Record], days: list[Record], tmp_path: Path
) -> None:
    """3,041 real channels in one warehouse: every entry, and every value exactly or as its text.

    Every text comes out of an export to CSV as it went in, or as the exact number.
    """
    truth = entries([*responses, *days])
    with closing(open_warehouse(str(tmp_path / "w.duckdb"))) as warehouse:
        warehouse.migrate()
        inserted = 0
        for begin in range(0, len(responses), 100):
            loaded = warehouse.load([batch(page) for page in responses[begin : begin + 100]])
            inserted += sum(each.inserted for each in loaded.values())
        for page in days:
            inserted += sum(each.inserted for each in warehouse.load([batch(page)]).values())
        assert inserted == len(truth)
        check_values(warehouse, truth)
        check_export(warehouse, truth, tmp_path / "all.csv")
        assert warehouse.query("duplicate_audit").num_rows == 0


@pytest.mark.timeout(900)
def test_every_recorded_channel_is_read_at_few_requests(responses: list[Record]) -> None:
    """The history of each of 3,040 channels, whole; nothing new costs one request.

    Channels whose counter is in the millions while a hundred rows are left cost a handful.
    """
    truth: dict[int, set[int]] = {response["channel"]["id"]: set() for response in responses}
    for channel_id, entry_id in entries(responses):
        truth[channel_id].add(entry_id)
    requests = []
    with Direct(SimulatorInProcess(world_of(responses))) as thingspeak:
        for channel_id, entry_ids in truth.items():
            keeper = Keeper(channel_id)
            requests.append(keeper.read(thingspeak))
            held = dict(keeper.held)
            assert {entry_id for _, entry_id in held} == entry_ids
            assert keeper.read(thingspeak) == 1
            assert keeper.held == held
    assert max(requests) <= 40
    assert sorted(requests)[len(requests) // 2] <= 10


@pytest.mark.timeout(3600)
def test_recorded_channels_go_the_whole_way(chosen: list[Record], tmp_path: Path) -> None:
    """Real channels over HTTP, analysed: counts equal, nothing lost, a second run inserts nothing.

    Aggregates are those of the JSON, computed with exact fractions.
    """
    truth = entries(chosen)
    ids = sorted({response["channel"]["id"] for response in chosen})
    with (
        Simulator(world_of(chosen)) as served,
        pipeline(served, tmp_path / "w.duckdb") as parts,
    ):
        runs = run_fleet(parts, ids, workers=16)
        assert {run.outcome for run in runs} == {"success"}
        assert sum(run.inserted for run in runs) == len(truth)
        assert max(run.requests for run in runs) <= 40
        assert sorted(run.requests for run in runs)[len(runs) // 2] <= 10
        check_values(parts.warehouse, truth)
        some = random.Random(4).sample(sorted({channel_id for channel_id, _ in truth}), 12)
        for number in some:
            check_aggregates(parts.warehouse, truth, number)
        before = table(parts.warehouse, "SELECT * FROM iot.AggregatedData ORDER BY ALL")
        again = run_fleet(parts, ids, workers=16)
        assert {run.outcome for run in again} == {"success"}
        assert sum(run.inserted + run.updated + run.raw for run in again) == 0
        assert table(parts.warehouse, "SELECT * FROM iot.AggregatedData ORDER BY ALL") == before
        assert parts.warehouse.query("duplicate_audit").num_rows == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_pages_in_any_order_give_the_same_tables(
    responses: list[Record], tmp_path: Path, seed: int
) -> None:
    """Overlapping pages of 200 channels, shuffled, some twice: the tables are the same."""
    shuffled = random.Random(seed)
    every = random.Random(0).sample([r for r in responses if r["feeds"]], 400)
    chosen = every[seed - 1 :: 2]

    def pages(response: Record, size: int) -> list[Record]:
        feeds = response["feeds"]
        starts = range(0, len(feeds), max(1, size - 3))
        return [{**response, "feeds": feeds[start : start + size]} for start in starts]

    plain = load(tmp_path / "plain.duckdb", [page for r in chosen for page in pages(r, 8000)])
    parts = [page for r in chosen for page in pages(r, shuffled.choice([7, 25, 60]))]
    mixed = parts + shuffled.sample(parts, len(parts) // 4)
    shuffled.shuffle(mixed)
    for ours, theirs in zip(load(tmp_path / "mixed.duckdb", mixed), plain, strict=True):
        assert len(ours) == len(theirs)
        assert all(same(one, other) for one, other in zip(ours, theirs, strict=True))


def same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Equal; floats, whose last digits depend on the order of summation, to 1e-9."""
    return all(
        near(a, b) if isinstance(a, float) else a == b for a, b in zip(one, other, strict=True)
    )


def load(path: Path, pages: list[Record]) -> list[list[tuple[Any, ...]]]:
    """Load pages in their order; the tables, surrogate keys and load times aside."""
    warehouse = open_warehouse(str(path))
    try:
        warehouse.migrate()
        for begin in range(0, len(pages), 50):
            warehouse.load([batch(page) for page in pages[begin : begin + 50]])
        warehouse.call("refresh_aggregates")
        return [
            table(
                warehouse,
                f"SELECT COLUMNS(lambda c: c NOT IN ({left_out})) FROM iot.{name} ORDER BY ALL",
            )
            for name, left_out in {
                "SensorReadings": "'ReadingID', 'ImportedAt'",
                "RawValues": "'CreatedAt', 'ImportedAt'",
                "AggregatedData": "'AggregationID', 'CreatedAt'",
            }.items()
        ]
    finally:
        warehouse.close()


def batch(page: Record) -> Batch:
    """One page as a load."""
    parsed = parse_page(json.dumps(page).encode())
    return Batch(
        channel_id=page["channel"]["id"],
        epoch=1,
        readings=parsed.readings,
        raw=parsed.raw,
        rejected=parsed.rejected,
        progress=Progress(),
        horizon=datetime(2026, 1, 1),
    )
