"""The command line's own answer to a SELECT, sent down a pipe."""

import io
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from bench.processes import peak_memory

_STATEMENT = "SELECT * FROM iot.SensorReadings WHERE EntryID <= {rows}"


class Piped(NamedTuple):
    """Peak memory of the process in bytes, and the seconds that it took."""

    peak: int
    seconds: float


def select(file: Path, rows: int, form: str | None = None) -> Piped:
    """``fieldhouse query`` of so many readings, all columns, into a pipe that another reads."""
    from fieldhouse.cli import app

    began = time.perf_counter()
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as reader:
        assert reader.stdin
        sys.stdout = io.TextIOWrapper(reader.stdin, "utf-8")
        statement = _STATEMENT.format(rows=rows)
        asked = ["query", statement, "-w", str(file), *([form] if form else [])]
        app(asked, standalone_mode=False)
        sys.stdout.close()
    sys.stdout = sys.__stdout__
    return Piped(peak_memory(), time.perf_counter() - began)
