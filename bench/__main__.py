"""The command line of the benchmark."""

import argparse
import os
import platform
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from bench import analysis, beside, fleet, growth, paging, reporting, server, serving, streaming
from bench.importing import imports
from bench.ingest import ingest
from bench.reading import reading
from bench.report import Figure, say, show
from bench.ruling import ruling
from bench.shared import Bench
from bench.sizes import FULL, PAGE, QUICK, Sizes

_PARTS: dict[str, tuple[str, Callable[[Bench], Iterable[Figure]]]] = {
    "ingest": ("From loopback HTTP to durable, deduplicated rows", ingest),
    "polls": ("Polls that find nothing new", analysis.polls),
    "fleet": ("A turn over a fleet", fleet.fleet),
    "refresh": ("Refresh of the aggregates for one new page", analysis.refresh),
    "queries": ("A year of daily statistics of eight fields", analysis.queries),
    "beside": ("ClickHouse in process beside DuckDB", beside.beside),
    "pipe": ("SELECT * of the readings, from the command line into a pipe", analysis.pipe),
    "report": ("A report of ten years", reporting.reports),
    "pages": ("Pages, as a browser asks for them over loopback", paging.pages),
    "reading": ("A year of minutes, read and exported", reading),
    "rules": ("What rules of correction cost what they do not touch", ruling),
    "calls": ("Pages and the API, beside the bare questions", serving.calls),
    "load": ("Browsers beside a backfill", serving.load),
    "soak": ("A day of serve", serving.soak),
    "memory": ("Peak memory of a backfill", analysis.memory),
    "imports": ("Peak memory of an import", imports),
    "stream": ("A thousand channels, told of over MQTT", streaming.streaming),
    "growth": ("What docs/scale.md works out on paper", growth.growth),
}


def main() -> None:
    """Measure, print, and never fail for a goal that was not reached."""
    asked = _arguments()
    size = _sizes(asked)
    say(_machine())
    if asked.quick:
        say("a smoke test: at these sizes fixed costs rule, and the goals mean little")
    rows = {server.LONG: size.rows, server.SHORT: size.quarter}
    rows |= dict.fromkeys(server.quiet_channels(size.polled_channels), server.QUIET_ROWS)
    with (
        tempfile.TemporaryDirectory(prefix="bench-", dir=asked.dir) as folder,
        server.simulator(rows) as simulator,
    ):
        say(f"the simulator made {sum(rows.values()):,} entries in {simulator.seconds:.0f} s")
        bench = Bench(size, Path(folder), simulator)
        for name in asked.only or _PARTS:
            title, part = _PARTS[name]
            show(title, part(bench))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m bench", description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, under a minute")
    parser.add_argument("--only", action="append", choices=_PARTS, help="one part; may be repeated")
    parser.add_argument("--rows", type=_whole_pages, help="entries read from the simulator")
    parser.add_argument("--history", type=int, help="readings that the warehouse already holds")
    parser.add_argument("--dir", type=Path, help="where to put some GB for the while")
    return parser.parse_args()


def _whole_pages(text: str) -> int:
    rows = int(text)
    if rows < 8 * PAGE:
        raise argparse.ArgumentTypeError(f"at least eight pages of {PAGE:,} rows")
    return rows


def _sizes(asked: argparse.Namespace) -> Sizes:
    given = {name: getattr(asked, name) for name in ("rows", "history") if getattr(asked, name)}
    size = replace(QUICK if asked.quick else FULL, **given)
    return replace(size, dlt_rows=min(size.dlt_rows, size.rows - 3 * PAGE))


def _machine() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "pyarrow", "dlt"))
    python = platform.python_version()
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {python}, {packages}"


if __name__ == "__main__":
    main()
