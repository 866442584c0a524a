"""The command line of the checks."""

import argparse
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from bench.checks.archiving import by_month, compressed
from bench.checks.crowd import crowd
from bench.checks.elsewhere import elsewhere
from bench.checks.kit import FULL, Check, Finding, Held, Place, Sizes
from bench.checks.lost import lost
from bench.checks.plans import first_refresh, plans
from bench.checks.rights import bulk, whole_run
from bench.checks.suite import suite
from bench.report import console, say
from fieldhouse.errors import FieldhouseError

VARIABLE = "FIELDHOUSE_TEST_SQLSERVER"
CHECKS: dict[int, tuple[str, Callable[[Check], Iterable[Finding]]]] = {
    1: ("the suite, by versions and collations", suite),
    2: ("bulk copy as iot_loader", bulk),
    3: ("SWITCH and SPLIT as iot_operator", by_month),
    4: ("actual plans", plans),
    5: ("a first refresh of many channels", first_refresh),
    6: ("a crowd, with row versions and without", crowd),
    7: ("a whole run with EXECUTE alone", whole_run),
    8: ("columnstore, archive, what comes late", compressed),
    9: ("answers lost after the commit", lost),
    10: ("Azure SQL, and a restore elsewhere", elsewhere),
}
_STYLES = {Held.YES: "green", Held.NO: "red", Held.PART: "yellow", Held.NOT_HERE: "dim"}


def main() -> int:
    """Run the checks and print what held; exit code 1 if something failed."""
    asked = _arguments()
    if not os.environ.get(VARIABLE):
        print(
            f"set {VARIABLE} to a server and a login that may create databases and logins:"
            " sqlserver://sa:PASSWORD@127.0.0.1:1433/master?trust_server_certificate=yes",
            file=sys.stderr,
        )
        return 2
    place = Place()
    try:
        check = Check(place, _sizes(asked), asked.plans)
        _introduce(check)
        findings = [(n, *CHECKS[n], list(_tried(n, check))) for n in asked.only or CHECKS]
    finally:
        place.drop()
    _show([(n, title, found) for n, title, _, found in findings])
    return int(any(each.held is Held.NO for *_, found in findings for each in found))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m bench.checks", description=main.__doc__)
    parser.add_argument("--full", action="store_true", help="the sizes asked for; hours")
    parser.add_argument("--only", action="append", type=int, choices=CHECKS, help="one; repeatable")
    parser.add_argument("--rows", type=int, help="readings of check 4")
    parser.add_argument("--channels", type=int, help="channels of checks 4 and 5")
    parser.add_argument("--days", type=int, help="days of hours of check 5")
    parser.add_argument("--minutes", type=float, help="how long check 6 lasts, twice")
    parser.add_argument("--loaders", type=int, help="loaders of check 6")
    parser.add_argument("--plans", type=Path, metavar="FOLDER", help="keep check 4's plans there")
    return parser.parse_args()


def _sizes(asked: argparse.Namespace) -> Sizes:
    given = {n: getattr(asked, n) for n in ("rows", "channels", "days", "minutes", "loaders")}
    base = FULL if asked.full else Sizes()
    return replace(base, **{name: value for name, value in given.items() if value is not None})


def _introduce(check: Check) -> None:
    facts = check.facts
    say(escape(facts["Version"].splitlines()[0].strip()))
    say(f"version {facts['ProductVersion']}, {facts['Edition']}, collation {facts['Collation']}")
    if not check.genuine:
        say("Babelfish stands in for SQL Server: what only Microsoft's can do is not here")


def _tried(number: int, check: Check) -> Iterator[Finding]:
    """A check's findings; whatever ends it is one of them."""
    title, work = CHECKS[number]
    say(f"{number}. {title}")
    began = time.perf_counter()
    try:
        for finding in work(check):
            say(f"   {finding.held}: {escape(finding.what)}")
            yield finding
    except FieldhouseError as error:
        yield Finding(title, Held.NO, str(error)[:300])
    except Exception as error:  # a check's own defect must not hide the others' findings
        traceback.print_exc()
        yield Finding(title, Held.NO, f"the check broke: {type(error).__name__}: {error}"[:300])
    say(f"   {time.perf_counter() - began:,.0f} s")


def _show(findings: list[tuple[int, str, list[Finding]]]) -> None:
    table = Table("", "check", "what", "")
    table.add_column("note", overflow="fold")
    for number, title, found in findings:
        for place, each in enumerate(found):
            style = _STYLES[each.held]
            table.add_row(
                *(("", "") if place else (str(number), title)),
                escape(each.what),
                f"[{style}]{each.held}[/{style}]",
                escape(each.note.strip()),
                end_section=place == len(found) - 1,
            )
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
