"""The command line of the benchmark on SQL Server."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from bench.report import Figure, say, show
from bench.sqlserver.aggregating import aggregate
from bench.sqlserver.databases import HOW, VARIABLE, made
from bench.sqlserver.loading import load
from bench.sqlserver.querying import queries
from bench.sqlserver.refreshing import refresh
from bench.sqlserver.shared import Bench
from bench.sqlserver.sizes import FULL, QUICK

_PARTS: dict[str, tuple[str, Callable[[Bench], Iterable[Figure]]]] = {
    "load": ("From typed rows of 8 fields to durable ones", load),
    "aggregate": ("A week of hourly statistics", aggregate),
    "queries": ("Daily statistics of one field", queries),
    "refresh": ("Refresh of the aggregates for one new page", refresh),
}


def main() -> int:
    """Measure, print, and never fail for a goal that was not reached."""
    asked = _arguments()
    if not (url := os.environ.get(VARIABLE)):
        print(HOW, file=sys.stderr)
        return 2
    with made(url) as databases:
        _introduce(databases.facts(), quick=asked.quick)
        bench = Bench(QUICK if asked.quick else FULL, databases)
        for name in asked.only or _PARTS:
            title, part = _PARTS[name]
            show(title, part(bench))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m bench.sqlserver", description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, under two minutes")
    parser.add_argument("--only", action="append", choices=_PARTS, help="one part; may be repeated")
    return parser.parse_args()


def _introduce(facts: dict[str, Any], *, quick: bool) -> None:
    """Name the server, and say what its figures are worth."""
    cores = f"{facts['Cores']} cores" if facts["Cores"] else f"here: {os.cpu_count()} cores"
    say(facts["Version"].splitlines()[0].strip())
    say(f"version {facts['ProductVersion']}, {facts['Edition']}, {cores}")
    if facts["Babelfish"]:
        say(
            f"Babelfish {facts['Babelfish']} is PostgreSQL that speaks TDS: another engine does "
            "the work, and these figures say little about SQL Server"
        )
    if quick:
        say("a smoke test: at these sizes fixed costs rule, and the goals mean little")


if __name__ == "__main__":
    sys.exit(main())
