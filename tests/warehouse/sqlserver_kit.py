"""Databases for tests on the SQL Server that ``FIELDHOUSE_TEST_SQLSERVER`` names.

The variable is a warehouse URL with the password of a login that may create databases. Without it
the tests of this engine skip, and say how to get a server.
"""

import os
import uuid
from contextlib import closing, suppress
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

import mssql_python
import pytest
from mssql_python import Connection

from fieldhouse.settings.sqlserver import SqlServerAddress
from fieldhouse.warehouse import open_warehouse
from fieldhouse.warehouse.engines.sqlserver.session import Server, answer, quoted

VARIABLE = "FIELDHOUSE_TEST_SQLSERVER"
COLLATION = "FIELDHOUSE_TEST_COLLATION"
"""A variable that names a collation for the databases of tests, instead of the server's own."""
KEPT = os.environ.get("FIELDHOUSE_TEST_KEPT", "")
"""What the names of databases begin with that are used again by the next run, and so not dropped: a
server may need minutes to make one. Of no two processes at once."""
HOW = (
    "no SQL Server is named; docs/sqlserver.md says how to get one, then "
    f"{VARIABLE}=sqlserver://sa:PASSWORD@127.0.0.1:1433/master?trust_server_certificate=yes"
)
_GIVEN = urlsplit(os.environ.get(VARIABLE, ""))
PASSWORD = unquote(_GIVEN.password) if _GIVEN.password else None
IS_SET = bool(_GIVEN.hostname)
ON_SERVER = pytest.mark.skipif(not IS_SET, reason=HOW)

_EMPTIED = """
DELETE FROM iot.AuditTrail; DELETE FROM iot.RequestBudget; DELETE FROM iot.PipelineRuns;
DELETE FROM iot.Disputes; DELETE FROM iot.Reimports; DELETE FROM iot.FieldLabels;
DELETE FROM iot.LoadLedger; DELETE FROM iot.PeriodMarks; DELETE FROM iot.Gaps;
DELETE FROM iot.Coverage; DELETE FROM iot.Epochs; DELETE FROM iot.FieldRanges;
DELETE FROM iot.DataQuality; DELETE FROM iot.AggregatedData; DELETE FROM iot.RejectedEntries;
DELETE FROM iot.RawValues; DELETE FROM iot.StagedReadings; DELETE FROM iot.StagedLoads;
DELETE FROM iot.SensorReadings_Archive; DELETE FROM iot.SensorReadings; DELETE FROM iot.Channels;
DELETE FROM iot.ReadingCounts; DELETE FROM iot.Corrections; DELETE FROM iot.CorrectedReadings;
DELETE FROM iot.ChannelTags; DELETE FROM iot.AccessTokens; DELETE FROM iot.SavedQueries;
DELETE FROM iot.Workers; DELETE FROM iot.Leases;
DELETE FROM iot.Alerts; DELETE FROM iot.AlertNotices; DELETE FROM iot.AlertSilences;
DELETE FROM iot.ApiCalls; DELETE FROM iot.AnomalyMarks; DELETE FROM iot.AnomalyChannels;
DELETE FROM iot.AnomalyModels; DELETE FROM iot.AnomalyModelsKept; DELETE FROM iot.AnomalySpells;
DELETE FROM iot.AnomalyLabels; DELETE FROM iot.DerivedFields; DELETE FROM iot.DerivedSources;
DELETE FROM iot.DerivedMarks;
"""


def url_of(database: str, **options: str) -> str:
    """The URL of a database on the test server, without the password."""
    given = f"{quote(_GIVEN.username or '')}@{_GIVEN.netloc.rpartition('@')[2]}"
    query = "&".join(filter(None, [_GIVEN.query, *(f"{k}={v}" for k, v in options.items())]))
    return f"sqlserver://{given}/{quote(database, safe='')}?{query}"


def server_of(url: str) -> Server:
    """The server of a URL, for statements of a test's own."""
    return Server(SqlServerAddress.parse(url), PASSWORD)


def run_on(url: str, *statements: str) -> None:
    """Run statements one after the other, each in a transaction of its own."""
    with server_of(url).connected() as connection:
        for statement in statements:
            answer(connection, statement)


@dataclass(slots=True)
class Databases:
    """The databases of one test process: emptied for each test, dropped in the end."""

    prefix: str = field(default_factory=lambda: KEPT or f"fieldhouse_test_{uuid.uuid4().hex[:10]}")
    _made: list[str] = field(default_factory=list)
    _migrated: list[str] = field(default_factory=list)

    def empty(self, number: int = 0, **options: str) -> str:
        """The URL of a migrated database without a row; one for each number and set of options."""
        name = "_".join([self.prefix, str(number), *options])
        url = url_of(name, **options)
        if name not in self._migrated:
            self._migrated.append(name)
            _collate(name)
            with closing(open_warehouse(url, password=PASSWORD, create=True)) as warehouse:
                warehouse.migrate()
        run_on(url, _EMPTIED)
        return url

    def fresh(self, **options: str) -> str:
        """The URL of a database that is not there yet."""
        name = f"{self.prefix}_fresh_{uuid.uuid4().hex[:10]}"
        self._made.append(name)
        return url_of(name, **options)

    def adopt(self, name: str) -> str:
        """The URL of a database that somebody else has made; it is dropped with the others."""
        self._made.append(name)
        return url_of(name)

    def drop(self) -> None:
        """Drop all; sessions that the driver's pool keeps are ended by the server where it can."""
        master = server_of(url_of("master"))
        for name in [*self._made, *([] if KEPT else self._migrated)]:
            with master.connected() as connection:
                single = f"ALTER DATABASE {quoted(name)} SET SINGLE_USER WITH ROLLBACK IMMEDIATE"
                for statement in (single, f"DROP DATABASE IF EXISTS {quoted(name)}"):
                    _try(connection, statement)


def _collate(name: str) -> None:
    """Make a database of the collation that the environment names, if it names one."""
    if collation := os.environ.get(COLLATION):
        made = f"CREATE DATABASE {quoted(name)} COLLATE {collation}"
        run_on(url_of("master"), f"IF DB_ID(N'{name}') IS NULL {made}")


def _try(connection: Connection, statement: str) -> None:
    with suppress(mssql_python.Error):  # what is in use still is named so that it can be told
        answer(connection, statement)
