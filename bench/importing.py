"""Files brought in: how much memory a file takes, by its length."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from bench.processes import fresh, peak_memory
from bench.report import Figure, megabytes
from bench.shared import Bench
from fieldhouse import events
from fieldhouse.importing import Wanted, import_files
from fieldhouse.parts import build
from fieldhouse.settings import Settings
from fieldhouse.sources.exports import Options

_BEGIN = datetime(2015, 1, 1)


class Imported(NamedTuple):
    """Peaks of memory in bytes, so far: when it was planned, when it was written, in the end."""

    planned: int
    written: int
    judged: int
    seconds: float


def imports(bench: Bench) -> Iterator[Figure]:
    """Peak memory of an import into a new warehouse, by length of the file."""
    for rows in (bench.sizes.quarter, bench.sizes.rows, 3 * bench.sizes.rows):
        file = _file(bench.folder / f"import-{rows}.csv", rows)
        done = fresh(brought, file, file.with_suffix(".duckdb"), rows)
        note = f"{megabytes(done.written)} once written, {megabytes(done.judged)} once judged"
        yield Figure(
            f"peak for a file of {rows:,} entries",
            megabytes(done.planned),
            f"when all is read and compared; {note}; {rows / done.seconds:,.0f} entries/s in all",
        )


def _file(path: Path, rows: int) -> Path:
    """A year and more of minutes, as ThingSpeak's API writes them."""
    with path.open("w") as file:
        file.write("created_at,entry_id,field1,field2,field3\n")
        for n in range(1, rows + 1):
            at = _BEGIN + n * timedelta(minutes=1)
            file.write(f"{at} UTC,{n},{20 + n % 97 / 10},{50 + n % 31},{n}\n")
    return path


def brought(file: Path, warehouse: Path, rows: int) -> Imported:
    """Import a file into a warehouse that is not there yet."""
    peaks: dict[str, int] = {}

    def observe(event: events.Event) -> None:
        match event:
            case events.FileRead(step="loading"):
                peaks.setdefault("planned", peak_memory())
            case events.AnalysisStarted():
                peaks.setdefault("written", peak_memory())
            case _:
                pass

    began = time.perf_counter()
    with build(Settings(warehouse_url=str(warehouse)), observe=observe) as parts:
        done = import_files(parts, [file], Wanted(channel_id=9), Options())
    assert done.new == rows
    return Imported(**peaks, judged=peak_memory(), seconds=time.perf_counter() - began)
