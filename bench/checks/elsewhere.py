"""Check 10: Azure SQL, and a database restored elsewhere."""

from collections.abc import Iterator

from sqlserver_kit import run_on, url_of
from warehouse_kit import batch, row

from bench.checks.kit import Check, Finding, Held, ask, opened, verdict
from fieldhouse.errors import FieldhouseError
from fieldhouse.settings.sqlserver import SqlServerAddress

_AZURE = (5, 8)


def elsewhere(check: Check) -> Iterator[Finding]:
    """On Azure what can be seen from here; else a backup, restored beside the original."""
    if check.facts["EngineEdition"] in _AZURE:
        url = check.place.empty(100)
        with opened(url) as warehouse:
            yield Finding("migrate --create on Azure SQL", Held.YES)
            yield Finding("nothing to advise there", verdict(warehouse.advice() == []))
    else:
        yield Finding("migrate --create on Azure SQL", Held.NOT_HERE, check.facts["Edition"])
    yield Finding(
        "Entra users, bulk copy by token",
        Held.NOT_HERE,
        "by hand: DB_AUTHENTICATION=ActiveDirectoryDefault, then a run of more than 5,000 readings",
    )
    yield _restored(check)


def _restored(check: Check) -> Finding:
    what = "a backup, restored under another name"
    if not check.genuine or check.facts["EngineEdition"] in _AZURE:
        return Finding(what, Held.NOT_HERE, "no BACKUP TO DISK here")
    url = check.place.empty(101)
    name = SqlServerAddress.parse(url).database
    with opened(url) as warehouse:
        warehouse.load([batch([row(n) for n in range(100)])])
    copy = f"{name}_copy"
    try:
        files = ask(url, "SELECT name AS Name, type AS Kind FROM sys.database_files")
        moves = ", ".join(
            f"MOVE N'{each['Name']}' TO N'/var/opt/mssql/data/{copy}_{place}'"
            for place, each in enumerate(files)
        )
        run_on(
            url_of("master"),
            f"BACKUP DATABASE [{name}] TO DISK = N'{name}.bak' WITH INIT, CHECKSUM",
            f"RESTORE DATABASE [{copy}] FROM DISK = N'{name}.bak' WITH CHECKSUM, {moves}",
        )
        there = check.place.made.adopt(copy)
        with opened(there) as warehouse:
            held = warehouse.load([batch([row(n) for n in range(50, 150)])])[9]
            return Finding(
                what,
                verdict((held.inserted, held.duplicates) == (50, 50)),
                "; ".join(warehouse.advice()) or "nothing to advise; the owner is the same login",
            )
    except FieldhouseError as error:
        return Finding(what, Held.NO, str(error)[:300])
