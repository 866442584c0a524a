"""Checks 3 and 8: the archive by month, what is refused, columnstore, and what comes late."""

from collections.abc import Iterator
from datetime import timedelta

from sqlserver_kit import PASSWORD, run_on
from warehouse_kit import batch, row

from bench.checks.kit import (
    HOUR,
    Check,
    Finding,
    Held,
    ask,
    month,
    number,
    opened,
    verdict,
)
from bench.sqlserver.sql import statement
from fieldhouse.errors import FieldhouseError
from fieldhouse.warehouse.engines.sqlserver.warehouse import SQLServerWarehouse

_SIDES = (
    ("alike", None),
    ("an index on the readings", "SensorReadings"),
    ("an index on the archive", "SensorReadings_Archive"),
    ("alike again", None),
)
"""Whose side has an index that the other lacks."""
_INDEX = "CREATE INDEX IX_Own_Extra ON iot.{} (EntryID)"
_DROP = "DROP INDEX IX_Own_Extra ON iot.{}"
_DETAIL = "SELECT TOP (1) Detail FROM iot.AuditTrail WHERE Action = 'usp_ArchiveReadings'"
_ORDER = " ORDER BY AuditID DESC"
_READINGS = """
SELECT COUNT_BIG(*) AS n, SUM(Field1) AS f, COUNT(Status) AS s, COUNT(DISTINCT ReadingID) AS r
FROM iot.AllReadings"""
_IN_TABLE = "SELECT COUNT_BIG(*) AS n FROM iot.{}"


def _history(warehouse: SQLServerWarehouse) -> None:
    """A year of two channels, three readings a day."""
    rows = [
        row(n, month(0) + n * 8 * HOUR, Field1=n, Status="x" * (n % 3) or None)
        for n in range(1, 1098)
    ]
    warehouse.load([batch(rows), batch(rows, channel_id=7)])


def by_month(check: Check) -> Iterator[Finding]:
    """SWITCH and SPLIT by an operator; then with an index of somebody's on either side alone."""
    url = check.place.empty(3, partitions="monthly")
    with opened(url) as warehouse:
        _history(warehouse)
    theirs, word = check.place.member(url, "iot_operator")
    before = ask(url, _READINGS)
    if not check.genuine:
        yield Finding("SWITCH and SPLIT as iot_operator", Held.NOT_HERE, "Babelfish has neither")
    else:
        run_on(url, statement("check_fewer_months"))
    for step, (name, table) in enumerate(_SIDES, start=2):
        # on Babelfish a procedure has its caller's rights, which for an operator are too few
        login = (theirs, word) if check.genuine else (url, PASSWORD)
        yield _archived(check, url, login, step, name, table)
    yield Finding("nothing is lost by it", verdict(ask(url, _READINGS) == before))


def _archived(
    check: Check, url: str, login: tuple[str, str | None], step: int, name: str, table: str | None
) -> Finding:
    what = f"archiving a month, {name}"
    if table:
        run_on(url, _INDEX.format(table))
    try:
        with opened(*login) as warehouse:
            moved = warehouse.call("archive_readings", before=month(step))["Readings"][0].as_py()
    except FieldhouseError as error:
        return Finding(what, Held.NO, str(error)[:300])
    finally:
        if table:
            run_on(url, _DROP.format(table))
    detail = ask(url, _DETAIL + _ORDER)[0]["Detail"]
    is_switched = "refused" not in detail
    if not check.genuine:
        return Finding(what, Held.PART, f"{moved} readings, in batches")
    expected = is_switched is (table is None)
    return Finding(what, verdict(moved > 100 and expected), f"{moved} readings; {detail}"[:300])


def compressed(check: Check) -> Iterator[Finding]:
    """The archive as columnstore, archiving into it, and updates of what lies there."""
    for number_of, options in ((8, {}), (9, {"partitions": "monthly"})):
        url = check.place.empty(number_of, **options)
        name = options.get("partitions", "plain")
        yield from _compressed(check, url, name)


def _compressed(check: Check, url: str, name: str) -> Iterator[Finding]:
    with opened(url) as warehouse:
        _history(warehouse)
        warehouse.call("archive_readings", before=month(6))
        before = ask(url, _READINGS)
        if check.genuine:
            warehouse.execute("iot.usp_CompressArchive")
            kind = number(
                url,
                "SELECT COUNT(*) AS n FROM sys.indexes WHERE type = 5"
                " AND object_id = OBJECT_ID(N'iot.SensorReadings_Archive')",
            )
            held = ask(url, _READINGS) == before
            yield Finding(f"usp_CompressArchive, {name}", verdict(kind == 1 and held))
            warehouse.call("archive_readings", before=month(8))
            left = number(url, _IN_TABLE.format("SensorReadings"))
            yield Finding(
                f"archiving into columnstore, {name}",
                verdict(ask(url, _READINGS) == before and left < before[0]["n"] // 2),
            )
        else:
            yield Finding(f"usp_CompressArchive, {name}", Held.NOT_HERE, "no columnstore")
        late = [row(1, month(0) + 8 * HOUR, Field1=99), row(5000, month(0) + timedelta(1))]
        counts = warehouse.load([batch(late)])[9]
        yield Finding(
            f"an update and a late row there, {name}",
            verdict((counts.inserted, counts.updated, counts.raw) == (1, 1, 1)),
        )
        doubles = warehouse.query("duplicate_audit").num_rows
        recounted = warehouse.execute("iot.usp_RecountReadings").num_rows
        yield Finding(f"no doubles, counts agree, {name}", verdict(doubles == recounted == 0))
