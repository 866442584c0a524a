"""Check 6: many loaders, refreshers and an archiver at once, with row versions and without."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlserver_kit import run_on
from warehouse_kit import DAY, MINUTE, T0, batch, row

from bench.checks.kit import Check, Finding, Held, number, opened, smaller, verdict
from bench.history import refresh
from bench.sqlserver.sql import statement
from fieldhouse.errors import FieldhouseError
from fieldhouse.settings.sqlserver import SqlServerAddress
from fieldhouse.warehouse.engines.sqlserver.session import quoted
from fieldhouse.warehouse.engines.sqlserver.warehouse import SQLServerWarehouse

_VERSIONS = "ALTER DATABASE {} SET READ_COMMITTED_SNAPSHOT {} WITH ROLLBACK IMMEDIATE"


def crowd(check: Check) -> Iterator[Finding]:
    """The same crowd twice; each error, each repeat and each deadlock graph is counted."""
    for versions in ("ON", "OFF"):
        url = check.place.empty(60 if versions == "ON" else 61)
        if check.genuine:
            name = quoted(SqlServerAddress.parse(url).database)
            run_on(
                url.replace(SqlServerAddress.parse(url).database, "master"),
                _VERSIONS.format(name, versions),
            )
        elif versions == "OFF":
            yield Finding(
                "the same without row versions", Held.NOT_HERE, "Babelfish always has them"
            )
            return
        yield from _crowded(check, url, versions)


def _crowded(check: Check, url: str, versions: str) -> Iterator[Finding]:
    graphs = number(url, statement("check_deadlocks")) if check.genuine else 0
    done: Counter[str] = Counter()
    errors: list[str] = []
    with _repeats_counted(done):
        _let_loose(check, url, done, errors)
    note = smaller(check.sizes, "loaders", "minutes")
    said = ", ".join(f"{count:,} {what}" for what, count in sorted(done.items()))
    what = f"a crowd, row versions {versions}"
    yield Finding(what, verdict(not errors), "; ".join([said, note, *errors[:2]])[:400])
    if check.genuine:
        more = number(url, statement("check_deadlocks")) - graphs
        yield Finding(
            f"deadlock graphs, row versions {versions}", verdict(more == 0), f"{more} new"
        )
    with opened(url) as warehouse:
        doubles = warehouse.query("duplicate_audit").num_rows
    apart = number(url, statement("check_counts"))
    lost = done["rows loaded"] - number(url, "SELECT COUNT(*) AS n FROM iot.AllReadings")
    yield Finding(
        f"nothing lost or doubled, row versions {versions}",
        verdict(doubles == apart == lost == 0),
        f"{doubles} doubles, {apart} counts apart, {lost} lost",
    )


def _let_loose(check: Check, url: str, done: Counter[str], errors: list[str]) -> None:
    end = time.monotonic() + 60 * check.sizes.minutes
    lock = threading.Lock()

    def work(name: str, step: Callable[[SQLServerWarehouse, int], int], place: int) -> None:
        with opened(url) as warehouse:
            turn = 0
            while time.monotonic() < end:
                try:
                    count = step(warehouse, turn * 100 + place)
                except FieldhouseError as error:
                    errors.append(f"{name}: {error}")
                    return
                with lock:
                    done[name] += count
                turn += 1

    parts = [("rows loaded", _load, n) for n in range(check.sizes.loaders)]
    parts += [("refreshes", _refresh, n) for n in range(max(1, check.sizes.loaders // 4))]
    parts += [("archivings", _archive, 0), ("questions", _ask, 0)]
    threads = [threading.Thread(target=work, args=part) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _load(warehouse: SQLServerWarehouse, turn: int) -> int:
    """A page of a channel of its own, which overlaps the last, and one of a channel of all."""
    place, first = turn % 100, 1 + turn // 100 * 150
    own = batch((_row(n) for n in range(max(1, first - 50), first + 150)), channel_id=100 + place)
    shared = batch((_row(n) for n in range(turn * 20 + 1, turn * 20 + 21)), channel_id=99)
    counts = warehouse.load([own, shared])
    return sum(each.inserted for each in counts.values())


def _row(n: int) -> dict[str, object]:
    return dict(row(n, T0 + n * 7 * MINUTE, Field1=n % 97, Status=f"s{n}" if n % 40 == 0 else None))


def _refresh(warehouse: SQLServerWarehouse, turn: int) -> int:
    refresh(warehouse)
    warehouse.call("refresh_quality", as_of=T0 + 40 * DAY)
    return 1


def _archive(warehouse: SQLServerWarehouse, turn: int) -> int:
    warehouse.call("archive_readings", before=T0 + (turn // 100 % 300) * DAY)
    time.sleep(0.5)
    return 1


def _ask(warehouse: SQLServerWarehouse, turn: int) -> int:
    warehouse.query("status")
    warehouse.query("readings", channel_id=100)
    return 1


@contextmanager
def _repeats_counted(done: Counter[str]) -> Iterator[None]:
    """Count what is tried again; stamina says each on its logger."""

    class Counting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            done["repeats"] += 1

    handler, logger = Counting(), logging.getLogger("stamina")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
