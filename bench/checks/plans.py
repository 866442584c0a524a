"""Checks 4 and 5: the plans that the server really makes, and a first refresh of many channels."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from bench.checks.kit import HOUR, Check, Finding, Held, ask, fill, opened, smaller, verdict
from bench.history import Channel, refresh
from bench.sqlserver.sql import statement
from fieldhouse.errors import FieldhouseError

_SCAN = re.compile(r'PhysicalOp="((?:Clustered |Columnstore )?(?:Index|Table) Scan)"')
_READINGS = re.compile(r'Table="\[(SensorReadings(?:_Archive)?)\]"')
_LARGEST_GRANT = 100_000
"""Kilobytes; what one session of sixteen may take of a small server."""


def plans(check: Check) -> Iterator[Finding]:
    """Scans of the readings, memory grants and spills, after each call was made once."""
    if not check.genuine:
        yield Finding("actual plans", Held.NOT_HERE, "Babelfish makes no plans of SQL Server's")
        return
    sizes = check.sizes
    url = check.place.empty(4)
    each = max(1, sizes.rows // sizes.channels)
    channels = [Channel(1000 + n, each, timedelta(minutes=1)) for n in range(sizes.channels)]
    with opened(url) as warehouse:
        fill(warehouse, channels)
        refresh(warehouse)
        warehouse.call("refresh_quality")
        one = channels[0]
        warehouse.load([one.next_page(0), channels[-1].next_page(0, 100)])
        warehouse.load([one.batch(each // 2, each // 2 + 6000)])
        refresh(warehouse, [one.id])
        warehouse.call("refresh_quality", channel_ids=[one.id])
        warehouse.query("usp_DetectAnomalies", channel_id=one.id, field_number=1)
        warehouse.query("usp_GetTrendAnalysis", channel_id=one.id, field_number=1)
        warehouse.query("readings", channel_id=one.id)
        warehouse.query("status")
    found = ask(url, statement("check_plans"))
    _keep(check, found)
    note = smaller(sizes, "rows", "channels")
    yield from _judged(found, note)


def _keep(check: Check, found: list[dict[str, Any]]) -> None:
    if check.plans:
        check.plans.mkdir(parents=True, exist_ok=True)
        for place, each in enumerate(found):
            file = check.plans / f"{each['Name']}_{place}.sqlplan"
            file.write_text(each["QueryPlan"] or "", encoding="utf-8")


def _judged(found: list[dict[str, Any]], note: str) -> Iterator[Finding]:
    names = sorted({each["Name"] for each in found})
    yield Finding("plans found", verdict(len(found) > 20), f"{len(found)} of {len(names)} {note}")
    for name in names:
        mine = [each for each in found if each["Name"] == name]
        scans = {table for each in mine for table in _scanned(each["QueryPlan"] or "")}
        grant = max(each["GrantKB"] or 0 for each in mine)
        spills = sum(each["Spills"] or 0 for each in mine)
        if scans or grant > _LARGEST_GRANT or spills:
            scanned = ", ".join(sorted(scans)) or "nothing"
            said = f"scans {scanned}, grant {grant:,} KB, spills {spills}"
            yield Finding(f"plans of {name}", Held.NO, said)
    yield Finding("all other plans", Held.YES, "seeks, no large grant, no spill")


def _scanned(plan: str) -> set[str]:
    """The tables of readings that a plan scans: an operator stands close before its object."""
    found = set()
    for scan in _SCAN.finditer(plan):
        table = _READINGS.search(plan, scan.end(), scan.end() + 4000)
        if table:
            found.add(table[1])
    return found


def first_refresh(check: Check) -> Iterator[Finding]:
    """Hours of many channels, never aggregated: how long, how many locks, how much log."""
    sizes = check.sizes
    url = check.place.empty(5)
    channels = [Channel(1000 + n, sizes.days * 24, HOUR) for n in range(sizes.channels)]
    with opened(url) as warehouse:
        fill(warehouse, channels)
        with _watched(check, url) as most:
            began = time.perf_counter()
            try:
                refresh(warehouse)
                said, held = f"{time.perf_counter() - began:,.0f} s", Held.YES
            except FieldhouseError as error:
                said, held = str(error)[:200], Held.NO
    note = smaller(sizes, "channels", "days")
    yield Finding("first refresh", held, f"{said} {note}")
    if check.genuine:
        locks = most.get("Locks", 0)
        yield Finding("its locks", verdict(locks < 1_000_000), f"{locks:,} at most")
        yield Finding("its log", Held.YES, f"{most.get('Log', 0) / 2**20:,.0f} MB at most in use")
    else:
        yield Finding("its locks and its log", Held.NOT_HERE, "Babelfish tells neither")


@contextmanager
def _watched(check: Check, url: str) -> Iterator[dict[str, int]]:
    """The most of each figure while something goes on."""
    most: dict[str, int] = {}
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            (seen,) = ask(url, statement("check_locks"))
            most.update({name: max(most.get(name, 0), seen[name] or 0) for name in seen})

    with _beside(watch if check.genuine else done.wait):
        try:
            yield most
        finally:
            done.set()


@contextmanager
def _beside(work: Callable[[], object]) -> Iterator[None]:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield
    thread.join()
