"""Check 1: the test suite on this server, and on databases of other collations."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

from sqlserver_kit import COLLATION

from bench.checks.kit import ROOT, Check, Finding, Held, verdict

COLLATIONS = ("Latin1_General_100_BIN2", "Latin1_General_100_CS_AS_SC", "Turkish_100_CI_AS")
QUICK = ("test_load_contract.py", "test_reads_and_writes_contract.py", "test_sqlserver_load.py")


def suite(check: Check) -> Iterator[Finding]:
    """The suite by the server's own collation, then by others; versions are this server's alone."""
    whole = check.sizes.whole_suite
    tests = ["tests/warehouse", "tests/test_database.py"]
    if not whole:
        tests = [f"tests/warehouse/{name}" for name in QUICK]
    size = "" if whole else "three files of it; --full runs all; "
    for collation in (None, *COLLATIONS):
        held, said = _run(tests, collation)
        yield Finding(f"suite, {collation or check.facts['Collation']}", held, size + said)
    yield Finding(
        "suite, other versions",
        Held.NOT_HERE,
        f"this is {check.facts['ProductVersion']}; run it against 2019, 2022 and 2025 each",
    )


def _run(tests: list[str], collation: str | None) -> tuple[Held, str]:
    environment = {**os.environ, **({COLLATION: collation} if collation else {})}
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-k", "not duckdb", *tests]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    lines = done.stdout.strip().splitlines() or ["nothing was said"]
    refused = re.search(r"\w*Error: (.*(?:collation|COLLATE).*)", done.stdout)
    if done.returncode and collation and refused:
        return Held.NOT_HERE, refused[1][:150]
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    return verdict(done.returncode == 0), "; ".join([lines[-1], *failed[:3]])[:300]
