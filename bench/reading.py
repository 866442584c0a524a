"""Reading a year of minutes, and exporting it, beside what the engine does without us."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from bench import history
from bench.processes import fresh
from bench.report import Figure, milliseconds, rate, times
from bench.shared import Bench
from fieldhouse.exporting import files
from fieldhouse.exporting.columns import chosen_channels
from fieldhouse.exporting.formats import Csv, in_cells
from fieldhouse.exporting.outgoing import Shape, readings_out
from fieldhouse.frames import read
from fieldhouse.warehouse import Warehouse, open_warehouse

MOST = 1.5
"""Times what the bare query takes that `read` may take."""
_MINUTES = 525_600
_TURNS = 4
"""How often either is measured after the other, so that a busy moment strikes both."""
_BARE = """
    SELECT CreatedAt, Field1 FROM iot.CurrentReadings WHERE ChannelID = 1
    ORDER BY CreatedAt, Epoch, EntryID
"""
"""In the order that `read` promises, also where several readings have one time."""
_ALL = """
    COPY (
        SELECT * FROM iot.AllReadings
        WHERE ChannelID = 1 AND NOT Superseded AND WithdrawnAt IS NULL
        ORDER BY CreatedAt, Epoch, EntryID
    ) TO '{target}' ({options})
"""
_OPTIONS = {
    "csv": "FORMAT csv, HEADER",
    "parquet": "FORMAT parquet, COMPRESSION zstd",
    "jsonl": "FORMAT json",
}
_SHEET_ROWS = 43_200
"""Of a spreadsheet: a month. The engine writes one only with an extension that it has to fetch."""


def reading(bench: Bench) -> Iterator[Figure]:
    """`read` beside its query, `export` beside the engine's COPY, over a year of minutes."""
    file = bench.folder / "year.duckdb"
    fresh(_fill, file)
    repeats = bench.sizes.quick_repeats
    ours, bare, days = fresh(_reads, file, repeats)
    yield Figure(
        "read(1, 1)",
        milliseconds(ours),
        f"{_MINUTES:,} readings of one field, as floats; the bare query {milliseconds(bare)}",
        goal=f"≤ {MOST} times",
        reached=ours <= MOST * bare,
    )
    yield Figure('read(1, 1, every="1d")', milliseconds(days), "from the hours' partials")
    for form in _OPTIONS:
        ours, theirs = fresh(
            _exports, file, bench.folder / f"year.{form}", form, bench.sizes.repeats
        )
        yield Figure(
            f"export to {form}",
            rate(_MINUTES / ours),
            f"{times(ours / theirs)} what the engine's own COPY takes ({rate(_MINUTES / theirs)})",
        )
    sheet = fresh(_sheet, file, bench.folder / "month.xlsx", repeats)
    yield Figure("export to xlsx", rate(_SHEET_ROWS / sheet), f"{_SHEET_ROWS:,} rows, all columns")


def _fill(file: Path) -> None:
    channel = history.Channel(history.CHANNEL, _MINUTES, timedelta(minutes=1))
    warehouse = open_warehouse(file)
    warehouse.migrate()
    warehouse.load([channel.batch(1, _MINUTES + 1)])
    history.refresh(warehouse)
    warehouse.close()


def _reads(file: Path, repeats: int) -> tuple[float, float, float]:
    """Seconds, the best: `read`, its query as the engine answers it, and days of `read`."""
    taken = [_read_and_bare(file, repeats) for _ in range(_TURNS)]
    ours, bare, days = (min(each) for each in zip(*taken, strict=True))
    return ours, bare, days


def _read_and_bare(file: Path, repeats: int) -> tuple[float, float, float]:
    with open_warehouse(file, read_only=True) as warehouse:
        ours = _best(lambda: read(1, 1, warehouse=warehouse), repeats)
        each_day = {"every": "1d", "tz": "Europe/Zurich"}
        days = _best(lambda: read(1, 1, **each_day, warehouse=warehouse), repeats)
    with duckdb.connect(str(file), read_only=True) as connection:
        bare = _best(lambda: connection.sql(_BARE).to_arrow_table(), repeats)
    return ours, bare, days


def _exports(file: Path, target: Path, form: str, repeats: int) -> tuple[float, float]:
    """Seconds, the best: our export of all columns, and the engine's."""
    copy = _ALL.format(target=target, options=_OPTIONS[form])
    taken = []
    for _ in range(_TURNS // 2):
        with open_warehouse(file, read_only=True) as warehouse:
            ours = _best(lambda: _export(warehouse, target, form), repeats)
        with duckdb.connect(str(file), read_only=True) as connection:
            taken.append((ours, _best(lambda: connection.execute(copy), repeats)))
    ours, theirs = (min(each) for each in zip(*taken, strict=True))
    return ours, theirs


def _sheet(file: Path, target: Path, repeats: int) -> float:
    """Seconds, the best: our export of a month to a spreadsheet."""
    with open_warehouse(file, read_only=True) as warehouse:
        first = warehouse.query("field_spans", channel_id=1)["FirstAt"][0].as_py()
        end = first + timedelta(minutes=_SHEET_ROWS)
        return _best(lambda: _export(warehouse, target, "xlsx", end), repeats)


def _export(warehouse: Warehouse, target: Path, form: str, end: datetime | None = None) -> None:
    channels = chosen_channels(warehouse, [1], None, (None, end))
    found = readings_out(warehouse, channels, None, end, Shape())
    answer = in_cells(found.reader, found.texts, Csv()) if form == "csv" else found.reader
    files.write(answer, target, form=form)


def _best(work: Callable[[], object], repeats: int) -> float:
    """Seconds of the fastest of some times, after one that warms up."""
    work()
    return min(_seconds(work) for _ in range(repeats))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
