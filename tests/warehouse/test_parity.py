"""The engines side by side: the same pages give the same tables and the same answers.

DuckDB beside SQL Server, where one is named, and beside ClickHouse in process. Counts, keys, texts,
minima and maxima agree exactly, floats to 1e-9.
"""

import gzip
import json
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlserver_kit import ON_SERVER
from warehouse_kit import DAY, HOUR, MINUTE, T0, Row, batch, opened, refresh, row, rows_of, tables

from fieldhouse.errors import ConfigurationError
from fieldhouse.readings import Batch
from fieldhouse.sources.thingspeak.page import parse_page
from fieldhouse.state import BEGINNING, Gap, Progress, Span
from fieldhouse.warehouse import Warehouse

SECOND = timedelta(seconds=1)
AS_OF = T0 + 75 * DAY + 13 * HOUR + 7 * MINUTE + timedelta(microseconds=250_000)
LONG = 80_000
"""Days back to 1805; Babelfish's DATEADD reaches 1753."""
LAKE = 3367153
OWN = {"AggregationID", "QualityID", "ReadingID", "RunID", "CreatedAt", "ImportedAt"}
"""Columns that tell when and in what order something was written; of readings less CreatedAt."""


# Side by side


@dataclass(frozen=True, slots=True)
class Pair:
    """An empty warehouse of each engine; what is done is done to both.

    Of a long list of questions ``every``-th is asked.
    """

    duckdb: Warehouse
    other: Warehouse
    every: int

    def both(self, work: Callable[[Warehouse], Any], *, where: object = "") -> Any:
        """Do the same to both; the answer, which must be the same."""
        ours, theirs = work(self.duckdb), work(self.other)
        assert differences(ours, theirs) == [], where
        return ours

    def ask(self, name: str, /, *, less: set[str] = OWN, **parameters: Any) -> list[Row]:
        """The same question to both; its rows, which must be the same."""
        return self._rows(lambda held: held.query(name, **parameters), less, (name, parameters))

    def call(self, name: str, /, *, less: set[str] = OWN, **parameters: Any) -> list[Row]:
        """The same call of both; its rows, which must be the same."""
        return self._rows(lambda held: held.call(name, **parameters), less, (name, parameters))

    def load(self, load: Sequence[Batch]) -> None:
        """The same load; its counts, which must be the same."""
        self.both(lambda held: dict(sorted(held.load(load).items())))

    def do(self, name: str, /, **parameters: Any) -> None:
        """The same call of both, whatever it answers."""
        self.both(lambda held: held.call(name, **parameters).num_rows * 0)

    def some(self, *choices: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Of the ways to choose one of each, those that are asked."""
        return list(product(*choices))[:: self.every]

    def _rows(self, work: Callable[[Warehouse], pa.Table], less: set[str], where: object) -> Any:
        return self.both(lambda held: _less(work(held).to_pylist(), less), where=where)


def differences(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """Where two answers differ, the first few; floats may to 1e-9."""
    if isinstance(ours, Mapping):
        if list(ours) != list(theirs):
            return [f"{path}: {list(ours)} is not {list(theirs)}"]
        found = [differences(ours[key], theirs[key], f"{path}.{key}") for key in ours]
    elif isinstance(ours, (list, tuple)):
        if len(ours) != len(theirs):
            return [f"{path}: {len(ours)} is not {len(theirs)} of them"]
        pairs = enumerate(zip(ours, theirs, strict=True))
        found = [differences(one, other, f"{path}[{n}]") for n, (one, other) in pairs]
    else:
        return [] if _same(ours, theirs) else [f"{path}: {ours!r} is not {theirs!r}"]
    return [line for lines in found for line in lines][:10]


def _same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, float) and isinstance(theirs, float):
        return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9)
    return type(ours) is type(theirs) and bool(ours == theirs)


def _less(rows: list[Row], names: set[str]) -> list[Row]:
    return [{key: value for key, value in held.items() if key not in names} for held in rows]


OTHERS = {"sqlserver": 1, "clickhouse": 7}
"""The engines beside DuckDB, and of how many questions one is asked: those of every `make test`
have little time. Seven is prime to how many choices each list has: every choice is made."""


@contextmanager
def pair_of(
    request: pytest.FixtureRequest, other: str, folder: Path, number: int
) -> Iterator[Pair]:
    """Both engines' warehouses, empty; the database of the other is the one of a number."""
    databases = {"sqlserver": "databases", "clickhouse": "in_process"}
    place = request.getfixturevalue(databases[other])
    with ExitStack() as stack:
        urls = (f"duckdb:///{folder / f'{number}.duckdb'}", place.empty(number))
        held = [stack.enter_context(closing(opened(url))) for url in urls]
        for warehouse in held:
            warehouse.migrate()
        yield Pair(*held, OTHERS[other])


@pytest.fixture(params=[pytest.param("sqlserver", marks=ON_SERVER), "clickhouse"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    """Both engines, empty."""
    with pair_of(request, request.param, tmp_path, 20) as held:
        yield held


# The data

TEXTS = (
    "",
    " ",
    "ON",
    "on",
    "On ",
    "it's",
    'say "so"',
    "a\nb",
    "a\\nb",
    "\\",
    "\\\\",
    "\\u0041",
    "\r\n",
    "\t",
    "\x01\x1f\x7f",
    "é",
    "e\u0301",
    "ß",
    "SS",
    "日本語",
    "😀",
    "👩‍👩‍👧",
    "\u2028\ufeff",
    "trailing",
    "trailing  ",
    "TRAILING",
    "%_[a-z]^",
    "'; DROP TABLE iot.Channels; --",
    "/* open",
    "}{[]",
    "0.0HTTP/1.1",
    "1e-9",
    "x" * 4000,  # Babelfish's OPENJSON cuts longer ones
)
REASONS = ("empty", "unparseable", "out of range", "rounded")


def series(seed: int, count: int) -> list[Row]:
    """Readings of all sorts of fields, with doubled seconds, holes of days and NULL-only weeks."""
    source = random.Random(seed)
    at, rows = T0 + source.randrange(86400) * SECOND, []
    steps = (0, 0, 1, 17, 17, 17, 60, 300)
    for n in range(1, count + 1):
        at += source.choice(steps) * MINUTE + source.choice((0, 0, 3)) * SECOND
        at += source.choice((0, 0, 0, 250_000)) * timedelta(microseconds=1)
        at += 4 * DAY if source.random() < 0.003 else timedelta(0)
        empty = source.random() < 0.03 or 12 <= (at - T0).days < 16
        rows.append(row(n, at, **({} if empty else fields(source, at))))
    return rows


def fields(source: random.Random, at: datetime) -> dict[str, Any]:
    """Eight fields, each of another nature."""
    spike = source.choice((-90, 90)) if source.random() < 0.01 else 0
    level = ("0", "0.1", "0.7", "12.3", "0.1")[min((at - T0).days // 18, 4)]
    edge = Decimal("999999999999.999999") * (-1) ** ((at - T0).days // 25)
    natures = {
        "Field1": (0.9, lambda: round(source.gauss(20, 3) + spike, 3)),
        "Field2": (0.5, lambda: round(source.uniform(-1, 9), 6)),
        "Field3": (0.9, lambda: 10**9 + Decimal(source.randrange(7)) / 10**6),
        "Field4": (0.8, lambda: level),
        "Field5": (0.2, lambda: source.choice((edge, edge, 1))),
        "Field6": (0.7, lambda: Decimal(source.randrange(5)) / 10**6),
        "Field7": (0.9, lambda: source.randrange(10)),
        "Field8": (0.02, lambda: -source.random() * 1e-3 // 1e-6 / 1e6),
        "Latitude": (0.1, lambda: round(source.uniform(-90, 90), 6)),
        "Elevation": (0.1, lambda: source.randrange(-400, 9000)),
        "Status": (0.1, lambda: source.choice(TEXTS)),
    }
    return {name: make() for name, (share, make) in natures.items() if source.random() < share}


def texts(seed: int, rows: Sequence[Row]) -> list[Row]:
    """Raw values of some of the rows, some of them twice or in another case."""
    source = random.Random(seed)
    return [
        {
            "EntryID": source.choice(rows)["EntryID"],
            "ColumnName": source.choice(("Field1", "Field8", "Latitude")),
            "RawValue": text,
            "Reason": source.choice(REASONS),
        }
        for text in source.choices(TEXTS, k=60)
    ]


CHANNELS = {1: 900, 2: 1500, 3: 60, 4: 6500}
"""How many readings each channel has; the last has more than go with one call."""


def pages(seed: int) -> list[list[Batch]]:
    """Loads of several channels' overlapping pages, in any order, a few of them twice."""
    source = random.Random(seed)
    made = []
    for channel_id, count in CHANNELS.items():
        rows = series(seed * 10 + channel_id, count)
        size = count if channel_id == 4 else max(20, count // 7)
        for begin in range(0, count, max(1, size - 5)):
            piece = [_changed(source, reading) for reading in rows[begin : begin + size]]
            made.append(_page(source, channel_id, piece))
    made += source.sample(made, 4)
    source.shuffle(made)
    return [made[begin : begin + 3] for begin in range(0, len(made), 3)]


def _changed(source: random.Random, reading: Row) -> Row:
    """Now and then another value than other pages have, or none."""
    if source.random() < 0.97:
        return reading
    return {**reading, "Field7": None, **row(1, Field2=source.randrange(9)), **_identity(reading)}


def _identity(reading: Row) -> dict[str, Any]:
    return {name: reading[name] for name in ("EntryID", "CreatedAt")}


def _page(source: random.Random, channel_id: int, rows: list[Row]) -> Batch:
    first, last = rows[0]["CreatedAt"], rows[-1]["CreatedAt"]
    return batch(
        rows,
        channel_id=channel_id,
        raw=texts(source.randrange(10**6), rows),
        rejected=[{"EntryText": t, "Reason": "no id"} for t in source.choices(TEXTS, k=5)],
        covered=(Span(first, last + SECOND),),
        last_entry_id=source.randrange(10**9),
        ids_checked_to=source.randrange(1000),
        gaps=(Gap(7000, 7001), Gap(8000, 8000, "unreachable", T0)) if channel_id == 3 else None,
    )


def corrections() -> list[Batch]:
    """Late rows, rows of the past and of the far future, and none at all."""
    return [
        batch([row(20_000 + n, T0 + n * 7 * HOUR + MINUTE, Field1=n) for n in range(80)]),
        batch(
            [
                row(20_001, T0 + 5 * DAY, Field1="1.5", Status="late"),
                row(20_002, datetime(2041, 2, 3, 4, 5, 6), Field1=1),
                row(20_003, datetime(2999, 12, 31, 23, 59, 59), Field2="-0.000001"),
                row(20_004, datetime(1969, 12, 31, 23, 59, 58, 500_000), Field1=3),
                row(20_005, datetime(1969, 12, 31, 23, 59, 59), Field1=4),
            ],
            channel_id=3,
            covered=(Span(BEGINNING, T0),),
        ),
        batch(channel_id=5, gaps=()),
    ]


def second_epoch(seed: int) -> Batch:
    """A channel's second life: some of its readings, corrected, and some new ones."""
    rows = series(seed * 10 + 2, CHANNELS[2])[300:700]
    again = [
        {**reading, "EntryID": n, "Field1": Decimal(n % 13)} for n, reading in enumerate(rows, 1)
    ]
    new = [row(1000 + n, T0 + 70 * DAY + n * HOUR, Field1=n, Field2=-n) for n in range(50)]
    return batch([*again, *new], channel_id=2, epoch=2)


def fill(pair: Pair, seed: int) -> None:
    """All of it into both engines, refreshed in the middle and in the end."""
    for channel_id, name in ((1, 'Näme\'s "x"\\n'), (6, None)):
        pair.do("upsert_channel", channel_id=channel_id, name=name, latitude="40.44")
    for load in pages(seed):
        pair.load(load)
    pair.both(refresh)
    pair.load(corrections())
    pair.call("open_epoch", less=set(), channel_id=2, number=2, started_at=T0)
    pair.load([second_epoch(seed)])
    numbers = [1, 3, 4, 7]
    pair.do(
        "sync_field_ranges",
        channel_ids=[2] * 4 + [3] * 8,
        field_numbers=[*numbers, *range(1, 9)],
        minima=[Decimal("15.5"), None, 0, 2, *[None] * 8],
        maxima=[25, 10**9, None, Decimal("7.5"), *[None] * 8],
    )
    pair.both(refresh)
    pair.call("refresh_anomalies", as_of=AS_OF)
    pair.call("refresh_quality", as_of=T0 + 30 * DAY + 5 * HOUR)
    pair.call("refresh_quality", as_of=AS_OF)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(("sqlserver", 1), marks=ON_SERVER, id="sqlserver-1"),
        pytest.param(("sqlserver", 2), marks=ON_SERVER, id="sqlserver-2"),
        pytest.param(("clickhouse", 1), id="clickhouse"),
    ],
)
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    """Both engines with the same random history, refreshed and judged."""
    other, seed = request.param
    with pair_of(request, other, tmp_path_factory.mktemp("pair"), 20 + seed) as held:
        fill(held, seed)
        yield held


def everything(pair: Pair) -> dict[str, Any]:
    """All tables of both, which must be the same."""
    held = pair.both(tables)
    for table, order in {
        "AggregatedData": "ChannelID, AggregationType, PeriodStart",
        "DataQuality": "ChannelID, CheckDate",
        "SensorReadings_Archive": "ChannelID, Epoch, EntryID",
        "FieldRanges": "ChannelID, FieldNumber",
        "Channels": "ChannelID",
    }.items():
        statement = f"SELECT * FROM iot.{table} ORDER BY {order}"
        less = OWN - {"CreatedAt"} if table in ("SensorReadings_Archive", "Channels") else OWN
        held[table] = pair.both(
            lambda one, s=statement, less=less: _less(rows_of(one, s), less), where=table
        )
    return held


# The tests


def test_tables_are_the_same(filled: Pair) -> None:
    """Every table, marks and judgements included, has the same rows in both."""
    held = everything(filled)
    assert len(held["SensorReadings"]) > 9000 and len(held["RawValues"]) > 500
    assert len({text["RawValue"] for text in held["RawValues"]}) > 20
    assert any(reading["Superseded"] for reading in held["SensorReadings"])
    kinds = {period["AggregationType"] for period in held["AggregatedData"]}
    assert kinds == {"HOURLY", "DAILY", "WEEKLY"}
    assert any(day["AnomaliesDetected"] for day in held["DataQuality"])
    assert any(day["RangesConfigured"] and day["TotalReadings"] for day in held["DataQuality"])
    assert any(day["Notes"] for day in held["DataQuality"])
    assert any(day["AbsentReadings"] for day in held["DataQuality"])


@pytest.mark.parametrize("method", ["ZSCORE", "MAD"])
@pytest.mark.parametrize("field_number", range(1, 9))
def test_anomalies_are_the_same(filled: Pair, method: str, field_number: int) -> None:
    """Both methods find the same readings of any field, with the same centre, spread and score."""
    windows = ((30, AS_OF), (7, T0 + 40 * DAY), (LONG, AS_OF))
    for channel_id, threshold, (days, as_of) in filled.some(
        (1, 2, 3, 5), (0.0, 1.349, 3.0), windows
    ):
        filled.ask(
            "usp_DetectAnomalies",
            less={"ReadingID"},
            channel_id=channel_id,
            field_number=field_number,
            method=method,
            threshold_stddev=threshold,
            lookback_days=days,
            as_of=as_of,
        )


@pytest.mark.parametrize("field_number", range(1, 9))
def test_trends_are_the_same(filled: Pair, field_number: int) -> None:
    """The days of any field have the same measures, changes and directions."""
    windows = ((30, AS_OF), (1, T0 + 40 * DAY), (0, AS_OF), (LONG, AS_OF))
    for channel_id, (days, as_of) in filled.some((*CHANNELS, 5, 6), windows):
        filled.ask(
            "usp_GetTrendAnalysis",
            channel_id=channel_id,
            field_number=field_number,
            days=days,
            as_of=as_of,
        )


@pytest.mark.parametrize("kind", ["HOURLY", "DAILY", "WEEKLY"])
def test_aggregates_are_asked_for_alike(filled: Pair, kind: str) -> None:
    """A span of aggregates has the same periods, and as many again when recomputed by hand."""
    for channel_id in CHANNELS:
        span = {"start_at": T0 + 10 * DAY, "end_at": T0 + 40 * DAY + HOUR}
        question = {"channel_id": channel_id, "aggregation_type": kind}
        held = filled.ask("aggregates", **question, **span)
        assert held or channel_id == 3
        dates = {"start_date": T0 + 10 * DAY + MINUTE, "end_date": T0 + 20 * DAY + MINUTE}
        filled.call("usp_ProcessSensorReadings", **question, **dates)
        filled.call("usp_ProcessSensorReadings", **question, as_of=AS_OF)
        assert differences(filled.ask("aggregates", **question, **span), held) == []


def ask_texts(filled: Pair, **question: Any) -> None:
    """The texts of readings, which come in the order of their readings, and there in any."""

    def texts(held: Warehouse) -> list[tuple[Any, ...]]:
        rows = [tuple(r.values()) for r in held.query("reading_texts", **question).to_pylist()]
        assert [row[:4] for row in rows] == sorted(row[:4] for row in rows)
        return sorted(rows)

    filled.both(texts, where=question)


def test_every_question_is_answered_alike(filled: Pair) -> None:
    """The named questions have the same columns and rows in both."""
    ids = list(CHANNELS)
    for channel_ids in (ids, [5, 6, 7], [], None):
        for name in ("channel_state", "coverage", "gaps"):
            filled.ask(name, less=set(), channel_ids=channel_ids)
    readings = OWN - {"CreatedAt"}
    span = {"start_at": T0 + DAY, "end_at": T0 + 20 * DAY}
    filled.ask("readings_between", less=readings, **span)
    ask_texts(filled, channel_id=None, **span)
    filled.ask("duplicate_audit")
    filled.ask("archivable_months", before=T0 + 50 * DAY)
    filled.ask("status", less=set(), as_of=AS_OF)
    for channel_id in (*ids, 5, 6, 7):
        filled.ask("readings", less=readings, channel_id=channel_id, **span)
        filled.ask("readings", less=readings, channel_id=channel_id, start_at=None, end_at=None)
        for bounds in (span, {"start_at": None, "end_at": None}):
            filled.ask("text_columns", less=set(), channel_id=channel_id, **bounds)
            ask_texts(filled, channel_id=channel_id, **bounds)
        filled.ask("runs", channel_id=channel_id)
        for name in ("known_entries", "entries_held"):
            filled.ask(name, less=set(), channel_id=channel_id, entry_ids=[1, 5, 5, 20_001])
        for epoch in (1, 2):
            question = {"channel_id": channel_id, "epoch": epoch}
            filled.ask("missing_ids", above=0, upto=30_000, **question)


@pytest.mark.parametrize(
    "as_of",
    [AS_OF, T0 + 30 * DAY, T0 + 30 * DAY + SECOND, T0 - DAY, datetime(2041, 2, 4)],
)
def test_quality_by_hand_is_the_same(filled: Pair, as_of: datetime) -> None:
    """A day judged by hand is judged alike: early and late, at midnight, without data, to come.

    One before the channel's first reading is refused alike.
    """
    for channel_id, offset in filled.some((1, 2, 3, 5), (0, 15, 31, -1, None)):
        day = None if offset is None else as_of.date() - offset * DAY
        filled.both(lambda held, c=channel_id, d=day: _judged(held, c, d, as_of))


def _judged(held: Warehouse, channel_id: int, day: date | None, as_of: datetime) -> Any:
    """The rows of a day judged by hand, or what it is refused with."""
    question = {"channel_id": channel_id, "check_date": day, "as_of": as_of}
    try:
        return _less(held.call("usp_CalculateDataQuality", **question).to_pylist(), OWN)
    except ConfigurationError as refused:
        return str(refused)


@pytest.mark.parametrize("before", [T0 + 31 * DAY, T0 + 45 * DAY + 13 * HOUR + MINUTE])
def test_the_archive_is_the_same(pair: Pair, before: datetime) -> None:
    """After archiving, at a month's end or within a day, both hold and answer the same.

    What overlaps, comes late or corrects what is archived afterwards is treated alike, too.
    """
    fill(pair, 3)
    moved = pair.call("archive_readings", before=before)
    assert moved[0]["Readings"] > 1000
    everything(pair)
    for load in reversed(pages(3)):
        changed = [
            batch(
                [{**r, "Field1": Decimal(7)} for r in one.readings.slice(0, 9).to_pylist()],
                channel_id=one.channel_id,
            )
            for one in load
            if one.channel_id != 2
        ]
        pair.load(changed)
    late = [row(30_000 + n, T0 + n * 9 * HOUR + MINUTE, Field1=n) for n in range(150)]
    pair.load([batch(late, channel_id=1)])
    pair.call("refresh_quality", as_of=before + HOUR)
    pair.both(refresh)
    pair.call("refresh_quality", as_of=AS_OF)
    for day in (before - DAY, before, before + DAY):
        pair.call("usp_CalculateDataQuality", channel_id=1, check_date=day.date(), as_of=AS_OF)
    pair.call("archive_readings", before=before)
    assert everything(pair)["SensorReadings_Archive"]
    test_every_question_is_answered_alike(pair)


def test_days_that_tie_go_the_same_way(pair: Pair) -> None:
    """Daily averages that differ in the seventh decimal are rounded, and judged, alike."""
    source = random.Random(5)
    ends = [Decimal(source.randrange(4)) / 10**6 for _ in range(2 * 400)]
    levels = {1: 0, 2: Decimal("20.3"), 3: 10**6, 4: -1}
    rows = [
        row(n, T0 + n // 2 * DAY + n % 2 * HOUR, **{f"Field{f}": end + levels[f] for f in levels})
        for n, end in enumerate(ends)
    ]
    pair.load([batch(rows[1:])])
    for number in levels:
        found = pair.ask(
            "usp_GetTrendAnalysis",
            channel_id=9,
            field_number=number,
            days=500,
            as_of=T0 + 450 * DAY,
        )
        assert {day["Trend"] for day in found} == {None, "Increasing", "Decreasing", "Stable"}


def test_no_spread_is_no_anomaly(pair: Pair) -> None:
    """A field that keeps one value through a window has no anomalies, whatever it was before."""
    values = {1: "0", 2: "0.1", 3: "0.7", 4: "1000000.3"}
    rows = [
        row(n, T0 + n * HOUR, Field1=values[n // 1500 + 1], Field2=n % 3) for n in range(1, 6000)
    ]
    pair.load([batch(rows)])
    found = pair.call("refresh_quality", as_of=T0 + 250 * DAY)
    spread = {(T0 + n * 1500 * HOUR).date() + k * DAY for n in (1, 2, 3) for k in range(32)}
    assert {d["AnomaliesDetected"] for d in found if d["CheckDate"] not in spread} == {0}


@pytest.fixture(scope="module")
def lake(recorded: Path) -> list[Batch]:
    """110 recorded daily answers of one channel, as loads."""
    with gzip.open(recorded / "lake_3367153_daily_responses.jsonl.gz", "rt") as lines:
        days = [json.loads(line)["response"] for line in lines]
    return [_recorded(day) for day in days]


def _recorded(response: Any) -> Batch:
    page = parse_page(json.dumps(response).encode())
    return Batch(LAKE, 1, page.readings, page.raw, page.rejected, Progress(), datetime(2027, 1, 1))


def test_a_recorded_channel_is_the_same(pair: Pair, lake: list[Batch]) -> None:
    """Four months of a real channel: tables, aggregates, quality, anomalies and trend agree."""
    source = random.Random(7)
    source.shuffle(lake)
    for begin in range(0, len(lake), 10):
        pair.load(lake[begin : begin + 10])
    pair.both(refresh)
    newest = max(one["CreatedAt"] for one in everything(pair)["SensorReadings"])
    days = pair.call("refresh_quality", as_of=newest + SECOND)
    assert len(days) > 100
    everything(pair)
    question = {"channel_id": LAKE, "as_of": newest + SECOND}
    for number in range(1, 9):
        pair.ask("usp_GetTrendAnalysis", field_number=number, days=120, **question)
        for method in ("ZSCORE", "MAD"):
            for threshold in (1.0, 2.5, 3.0):
                found = {"field_number": number, "method": method, "lookback_days": 120}
                less = {"ReadingID"}
                pair.ask(
                    "usp_DetectAnomalies",
                    less=less,
                    threshold_stddev=threshold,
                    **found,
                    **question,
                )
