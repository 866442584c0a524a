"""SQL Server: what goes wrong, what is said then, and what is kept."""

import logging
import os
import socket
import subprocess
import sys
import textwrap
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import mssql_python
import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st
from sqlserver_kit import ON_SERVER, PASSWORD, Databases, run_on, server_of, url_of
from tcp_proxy import Cut, Proxy
from warehouse_kit import MINUTE, T0, batch, opened, row

from fieldhouse import DatabaseConnection
from fieldhouse.errors import (
    ConfigurationError,
    EntryConflict,
    FieldhouseError,
    StateMoved,
    WarehouseError,
    WarehouseLocked,
    WarehouseUnavailable,
    WarehouseUnusable,
)
from fieldhouse.readings import Batch
from fieldhouse.settings.sqlserver import SqlServerAddress
from fieldhouse.state import Span
from fieldhouse.warehouse import Counts, Warehouse, open_warehouse
from fieldhouse.warehouse.engines.sqlserver import schema
from fieldhouse.warehouse.engines.sqlserver.errors import FAULTS, StagingFailed, told
from fieldhouse.warehouse.engines.sqlserver.select import require_select
from fieldhouse.warehouse.engines.sqlserver.session import Server, answer
from fieldhouse.warehouse.offer import digest

WRONG = "Wrong-0c9d51ab7e42"
"""A password that is nobody's."""


# What an error means

DEADLOCK, LOCK, FAIL_OVER, BUSY, SLOW, LOST = (
    "chosen as a deadlock's victim",
    "a lock was not given in time",
    "failing over or starting",
    "the server is too busy",
    "the login was not answered in time",
    "it cannot be reached, or hung up",
)
TOO_LONG, CERTIFICATE, ENCRYPTION, FIREWALL, NO_DATABASE, LOGIN, UNFIT, NO_RIGHT, FULL = (
    "longer than query_timeout allows",
    "set DB_TRUST_SERVER_CERTIFICATE=yes",
    "see DB_ENCRYPT",
    "its firewall does not let this machine in",
    "there is no such database",
    "check DB_USERNAME and DB_PASSWORD",
    "holds what no connection can be made with",
    "the login lacks a right",
    "no space left",
)
READ_ONLY, NO_SCHEMA = "it is read-only here", "migrate it first"
ORPHAN = "ALTER AUTHORIZATION ON DATABASE::"
TRANSIENT = {DEADLOCK, LOCK, FAIL_OVER, BUSY, SLOW, LOST}

NUMBERS = {
    DEADLOCK: (1205, 3960, 3961, 41302, 41305, 41325, 41839),
    LOCK: (1222, 1204, 1221, 3635),
    FAIL_OVER: (
        *(615, 617, 904, 921, 922, 926, 927, 976, 978, 979, 981, 982, 983, 988, 1405, 4221),
        *(6005, 6006, 9001, 17142, 18401, 35250),
        *(40143, 40166, 40197, 40540, 40613, 42108, 42109),
    ),
    BUSY: (
        *(701, 802, 8628, 8645, 8651),
        *(10928, 10929, 10930, 10936, 40501, 49918, 49919, 49920),
    ),
    LOST: (596,),
    TOO_LONG: (-2,),
    FIREWALL: (40532, 40615, 40914),
    NO_DATABASE: (911, 916, 4060, 4064),
    LOGIN: (18456, 18450, 18451, 18452, 18470, 18486, 18487, 18488),
    NO_RIGHT: (229, 230, 262, 297, 300, 371, 1088, 2104, 2760, 15247, 15151),
    ORPHAN: (15404, 15517, 33009),
    FULL: (1101, 1105, 1827, 5149, 9002, 3257, 40544),
    READ_ONLY: (3906,),
    NO_SCHEMA: (208, 2812),
}

TEXTS = {
    DEADLOCK: (
        "Transaction (Process ID 52) was deadlocked on lock resources with another process and has"
        " been chosen as the deadlock victim. Rerun the transaction.",
        "Snapshot isolation transaction aborted due to update conflict.",
        "deadlock detected",
        "could not serialize access due to concurrent update",
    ),
    LOCK: (
        "Lock request time out period exceeded.",
        "The instance of the SQL Server Database Engine cannot obtain a LOCK resource at this time."
        " Rerun your statement when there are fewer active users.",
        "canceling statement due to lock timeout",
    ),
    FAIL_OVER: (
        "Database 'x' on server 'y' is not currently available. Please retry the connection later.",
        "Database 'x' is being recovered. Waiting until recovery is finished.",
        "Database 'x' cannot be opened. It is in the middle of a restore.",
        "The target database, 'x', is participating in an availability group and is currently not"
        " accessible for queries.",
        "Unable to access availability database 'x' because the database replica is not in the"
        " PRIMARY or SECONDARY role.",
        "The service has encountered an error processing your request. Please try again.",
        "SHUTDOWN is in progress.",
        "Login failed for user 'x'. Reason: Server is in script upgrade mode. Only administrator"
        " can connect at this time.",
        "the database system is starting up",
        "the database system is shutting down",
    ),
    BUSY: (
        "The service is currently busy. Retry the request after 10 seconds. Incident ID: 9.",
        "Cannot process request. Not enough resources to process request. Please retry.",
        "Resource ID: 1. The request limit for the database is 30 and has been reached.",
        "Resource ID: 1. The request minimum guarantee is 0, maximum limit is 30 and the current"
        " usage for the database is 30. However, the server is currently too busy to support"
        " requests greater than 0 for this database.",
        "There is insufficient system memory in resource pool 'default' to run this query.",
        "sorry, too many clients already",
    ),
    SLOW: ("Login timeout expired",),
    LOST: (
        "Communication link failure",
        "TCP Provider: Error code 0x2746",
        "TCP Provider: Timeout error [258]. ",
        "Named Pipes Provider: Could not open a connection to SQL Server [53].",
        "Client unable to establish connection because an error was encountered during handshakes"
        " before login. Common causes include client attempting to connect to an unsupported"
        " version of SQL Server, server too busy to accept new connections or a resource"
        " limitation (memory or maximum allowed connections) on the server.",
        "SSL Provider: [error:0A000126:SSL routines::unexpected eof while reading]",
        "Cannot continue the execution because the session is in the kill state.",
        "terminating connection due to administrator command",
        "server closed the connection unexpectedly",
        "A network-related or instance-specific error has occurred while establishing a connection"
        " to db. Server is not found or not accessible. Check if instance name is correct.",
    ),
    TOO_LONG: ("Query timeout expired",),
    CERTIFICATE: (
        "SSL Provider: [error:0A000086:SSL routines::certificate verify failed:self-signed"
        " certificate]",
        "SSL Provider: The certificate chain was issued by an authority that is not trusted.",
    ),
    ENCRYPTION: (
        "SSL Provider: [error:0A00010B:SSL routines::wrong version number]",
        "Encryption not supported on SQL Server.",
    ),
    FIREWALL: (
        "Cannot open server 'x' requested by the login. Client with IP address '9.9.9.9' is not"
        " allowed to access the server.",
    ),
    NO_DATABASE: (
        'Cannot open database "x" requested by the login. The login failed.',
        'Cannot open database "x" requested by the login. The login failed. Login failed for user',
        "Database 'x' does not exist. Make sure that the name is entered correctly.",
        'The server principal "x" is not able to access the database "y" under the current'
        " security context.",
        'database "no"such" does not exist',
    ),
    LOGIN: (
        "Login failed for user 'x'.",
        "Login failed for user 'x'. Reason: The account is disabled.",
        "Login failed. The login is from an untrusted domain and cannot be used with Integrated"
        " authentication.",
        "SSPI Provider: No Kerberos credentials available (default cache: FILE:/tmp/krb5cc_0)",
        'invalid TDS authentication request for host "127.0.0.1", user "x", database "y"',
    ),
    UNFIT: (
        "Embedded NUL in connection string.",
        "Invalid value specified for connection string attribute 'PWD'",
    ),
    NO_RIGHT: (
        "The EXECUTE permission was denied on the object 'usp_Status', database 'x', schema 'iot'.",
        "CREATE DATABASE permission denied in database 'master'.",
        "User does not have permission to perform this action.",
        'The specified schema name "iot" either does not exist or you do not have permission to'
        " use it.",
        "permission denied for procedure usp_status",
    ),
    ORPHAN: (
        'Cannot execute as the database principal because the principal "dbo" does not exist, this'
        " type of principal cannot be impersonated, or you do not have permission.",
        "Could not obtain information about Windows NT group/user 'OLD\\dba', error code 0x54b.",
        "The database owner SID recorded in the master database differs from the database owner SID"
        " recorded in database 'x'.",
    ),
    FULL: (
        "Could not allocate space for object 'iot.SensorReadings' in database 'x' because the"
        " 'PRIMARY' filegroup is full.",
        "The transaction log for database 'x' is full due to 'LOG_BACKUP'.",
        "The database 'x' has reached its size quota. Partition or delete data.",
        "CREATE DATABASE or ALTER DATABASE failed because the resulting cumulative database size"
        " would exceed your licensed limit of 10240 MB per database.",
    ),
    READ_ONLY: ('Failed to update database "x" because the database is read-only.',),
    NO_SCHEMA: (
        "Could not find stored procedure 'iot.usp_Status'.",
        "Invalid object name 'iot.Channels'.",
        'schema "master_iot" does not exist',
        "#33557097# procedure x_iot.usp_status() does not exist",
    ),
}


def check_told(error: FieldhouseError, meaning: str) -> None:
    """An error of the right class, in one line that begins with the server."""
    kind = WarehouseUnavailable if meaning in TRANSIENT else WarehouseUnusable
    assert type(error) is (ConfigurationError if meaning == UNFIT else kind)
    assert error.transient is (meaning in TRANSIENT)
    line = str(error)
    assert line.startswith("db,1433/iot: ") and meaning in line
    assert line.isprintable() and "[Microsoft]" not in line and "#" not in line


@pytest.mark.parametrize("meaning", NUMBERS)
def test_an_error_is_told_by_its_number(meaning: str) -> None:
    """Whatever the language of its text, a numbered error has its class and its one line."""
    for number in NUMBERS[meaning]:
        said = f"[Microsoft][SQL Server]#{number}# Was auch immer,\r\n\tin zwei Zeilen"
        check_told(told("db,1433/iot", said), meaning)


def test_every_number_is_in_the_table() -> None:
    """No number is taken for an error without a line in the table above."""
    assert sorted(n for fault in FAULTS for n in fault.numbers) == sorted(sum(NUMBERS.values(), ()))


@pytest.mark.parametrize(
    ("meaning", "text"), [(meaning, text) for meaning in TEXTS for text in TEXTS[meaning]]
)
def test_an_error_without_a_number_is_told_by_its_text(meaning: str, text: str) -> None:
    """What the driver or a login raises comes without a number, and is told as well."""
    check_told(told("db,1433/iot", f"[Microsoft][ODBC Driver 18]\n{text}"), meaning)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (51001, ConfigurationError),
        (51002, StateMoved),
        (51003, EntryConflict),
        (51004, WarehouseLocked),
        (51005, StagingFailed),
        (51006, WarehouseUnusable),
        (51007, WarehouseUnavailable),
    ],
)
def test_what_our_procedures_throw_is_said_as_it_is(
    number: int, kind: type[FieldhouseError]
) -> None:
    """The lines that our procedures throw are the lines that a user reads."""
    error = told("db", f"[Microsoft][SQL Server]#{number}# channel 9 is in epoch 2")
    assert type(error) is kind and str(error) == "channel 9 is in epoch 2"


def test_an_error_of_no_kind_is_told_with_its_number() -> None:
    """What nobody foresaw keeps its text and its number; a number within a text is a text."""
    error = told("db", "[Microsoft][SQL Server]#8134# Divide by zero error encountered.")
    assert type(error) is WarehouseError and not error.transient
    assert str(error) == "db: Divide by zero error encountered. (error 8134)"
    assert str(told("db", "Bad value: '#1205# x'")) == "db: Bad value: '#1205# x'"
    assert str(told("of\ntwo lines", "")) == "of two lines: it gave no reason"


@pytest.mark.parametrize(
    "text",
    [
        "Invalid object name 'iot.Nothing'.",
        "#208# Invalid object name 'iot.Nothing'.",
        'column "hostname" does not exist',
        "Invalid column name 'host'.",
        "Incorrect syntax near 'FORM'.",
    ],
)
def test_what_is_wrong_with_a_statement_is_its_authors(text: str) -> None:
    """An error in a user's own statement is the user's, without a word about the server."""
    error = told("db", f"[Microsoft][SQL Server]{text}", statement="SELECT …")
    assert type(error) is ConfigurationError and str(error) == text.removeprefix("#208# ")
    for meaning in (DEADLOCK, NO_RIGHT):
        check_told(told("db,1433/iot", TEXTS[meaning][0], statement="SELECT …"), meaning)


# The guard of a user's statement


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "  \n select EntryID from iot.SensorReadings ;  ",
        "SELECT 1; -- done",
        "WITH t AS (SELECT 1 AS n) SELECT n FROM t",
        "(SELECT 1 AS n) UNION ALL (SELECT 2)",
        "SELECT n FROM t ORDER BY n OFFSET 10 ROWS FETCH NEXT 5 ROWS ONLY",
        "SELECT n FROM t ORDER BY n OFFSET 1 ROW FETCH NEXT 1 ROW ONLY",
        "SELECT n FROM t ORDER BY n OFFSET 0 ROWS FETCH FIRST 5 ROWS ONLY",
        "SELECT [Update], [a]]; DROP TABLE b] FROM t",
        'SELECT "Delete", "a""; EXEC b" FROM t',
        "SELECT 'drop table x; --' AS a, N'it''s; EXEC x' AS b",
        "SELECT 1 /* DROP /* EXEC; */ TABLE */ AS n",
        "SELECT 1 /* ' */ AS n -- ' DROP TABLE t",
        "-- DELETE everything\r\nSELECT 1 --x\r\nFROM t --",
        "SELECT 1 AS Updated, 2 AS IntoIt, 3 AS executed, 4 AS [set]",
        "SELECT 1, 1.5, .5, 2., 1e5, 1.e-5, 0xDEAD, $2, @@ROWCOUNT, a.b, #t.c FROM #t",
        "SELECT STRING_AGG(x, ',') WITHIN GROUP (ORDER BY x) OVER (ORDER BY y) FROM t",
    ],
)
def test_one_select_passes(statement: str) -> None:
    """One SELECT passes, whatever stands in its texts, quoted names and comments."""
    require_select(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "",
        " \n",
        ";",
        "-- SELECT 1",
        "/* SELECT 1 */",
        "'SELECT 1'",
        "DROP TABLE t",
        "iot.usp_Channels",
        "EXEC iot.usp_Channels",
        "INSERT INTO t SELECT 1",
        "SELECT 1; DROP TABLE t",
        "SELECT 1; SELECT 2",
        "SELECT 1 DROP TABLE t",
        "SELECT 1 dElEtE FROM t",
        "SELECT (1)DELETE FROM t",
        "SELECT * INTO t FROM u",
        "SELECT 1 EXEC iot.usp_Channels",
        "SELECT 1 EXECUTE('DROP TABLE t')",
        "SELECT NEXT VALUE FOR iot.Numbers",
        "SELECT n FROM t ORDER BY n OFFSET NEXT VALUE FOR s ROWS",
        "SELECT 1 FETCH NEXT FROM c",
        "WITH t AS (SELECT 1 AS n) DELETE FROM t",
        "WITH t AS (SELECT 1 AS n) UPDATE t SET n = 2",
        "WITH t AS (SELECT 1 AS n) MERGE u USING t ON 1 = 1 WHEN MATCHED THEN DELETE",
        "SELECT * FROM OPENROWSET(BULK 'x', SINGLE_CLOB) AS x",
        "SELECT * FROM OPENQUERY(other, 'DELETE FROM t')",
        "SELECT * FROM OPENDATASOURCE('a', 'b').c.d.e",
        "SELECT 1 COMMIT",
        "SELECT 1 BEGIN TRAN",
        "SELECT 1 SET NOCOUNT ON",
        "SELECT 1 DECLARE @n INT",
        "SELECT 1 IF 1 = 1 TRUNCATE TABLE t",
        "SELECT 1 USE master",
        "SELECT 1 WAITFOR DELAY '00:01'",
        "SELECT 1 KILL 52",
        "SELECT 1 SHUTDOWN",
        "SELECT 1 BACKUP DATABASE x TO DISK = 'x'",
        "SELECT 1 DBCC FREEPROCCACHE",
        "SELECT 1 GRANT SELECT ON t TO public",
        "SELECT 1 /* unclosed",
        "SELECT 1 /* /* */ DROP TABLE t",
        "SELECT 1 /*/ DROP TABLE t",
        "SELECT 1 /* a */ DROP TABLE t",
        "SELECT 1 /* /* */ */ DROP TABLE t",
        "SELECT 1 /* ' */ DROP TABLE t --'",
        "SELECT 1 -- a\nDROP TABLE t",
        "SELECT 1 -- /*\nDROP TABLE t --*/",
        "SELECT 1 -- '\nDROP TABLE t --'",
        "SELECT 'a' DROP TABLE t",
        "SELECT 'a''' DROP TABLE t",
        "SELECT 'a'DROP TABLE t",
        "SELECT [a] DROP TABLE t",
        "SELECT [a]]] DROP TABLE t",
        'SELECT "a" DROP TABLE t',
        "SELECT '--' DROP TABLE t",
        "SELECT '/*' DROP TABLE t --*/'",
        "SELECT 1 -- a\rDROP TABLE t",
        "SELECT 1 -- a\u2028DROP TABLE t",
        "SELECT 1DROP TABLE t",
        "SELECT 1.DROP TABLE t",
        "SELECT 1.5DROP TABLE t",
        "SELECT .5DROP TABLE t",
        "SELECT 1e5DROP TABLE t",
        "SELECT 1.e5DROP TABLE t",
        "SELECT 1e+5DROP TABLE t",
        "SELECT 0x1DROP TABLE t",
        "SELECT $1DROP TABLE t",
    ],
)
def test_what_is_not_one_select_is_refused(statement: str) -> None:
    """Anything else is refused in one line, however it hides behind texts, names and comments."""
    with pytest.raises(ConfigurationError, match="only one statement that reads") as refused:
        require_select(statement)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM master.sys.databases",
        "SELECT * FROM master..spt_values",
        "SELECT * FROM ..spt_values",
        "SELECT * FROM other.iot.SensorReadings AS r",
        "SELECT * FROM linked.master.dbo.t",
        "SELECT * FROM linked...t",
        "SELECT * FROM [master].[dbo].[t]",
        'SELECT * FROM "master"."dbo"."t"',
        'SELECT * FROM master."dbo".[t]',
        "SELECT * FROM [a.b].[c]]].d",
        "SELECT * FROM master . dbo . t",
        "SELECT * FROM master\n.\tdbo\u00a0.t",
        "SELECT * FROM master./* x */dbo/* . */.t",
        "SELECT * FROM master.-- x\ndbo.t",
        "SELECT * FROM t JOIN master.dbo.u ON 1 = 1",
        "SELECT (SELECT 1 FROM master.dbo.u) FROM t",
        "SELECT master.dbo.f(1)",
        "SELECT master.$PARTITION.f(1)",
        "SELECT iot.t.Field1 FROM iot.t",
        "SELECT iot.t.* FROM iot.t",
        "SELECT r.Field1 FROM iot.t AS r JOIN [lin ked].[x]..[t] AS s ON r.n = s.n",
        "SELECT * FROM master.\u200bdbo.\u200bt",
        "SELECT * FROM master.\x01dbo.\x01t",
        "SELECT * FROM mäster.dbo.t",
        "SELECT * FROM @t.b.c",
        "SELECT * FROM OPENXML(1, N'/a')",
    ],
)
def test_a_statement_stays_in_its_database(statement: str) -> None:
    """A name that leads into another database or server is refused, however it is written."""
    with pytest.raises(ConfigurationError, match="only one statement that reads") as refused:
        require_select(statement)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT r.Field1, r.* FROM iot.SensorReadings AS r",
        "SELECT [r].[Field1] FROM [iot].[SensorReadings] AS [r]",
        'SELECT "r" . "Field1" FROM "iot" /* . */ . "SensorReadings" AS r',
        "SELECT 'a.b.c', N'a.b.c', [a.b.c] FROM [a.b.c] -- a.b.c\n/* a.b.c */",
        "SELECT r.a, s.b, r.a+s.b, r.a*.5, 1.5 FROM iot.t r, iot.u s WHERE r.a=s.b",
        "SELECT r.a s, s.b FROM iot.t AS r",
        "SELECT $PARTITION.PF_MonthlyPartition(r.CreatedAt), geometry::Point(1, 2, 3) FROM t",
        "SELECT Größe, 数, r.été FROM iot.t AS r",
    ],
)
def test_a_name_of_two_parts_passes(statement: str) -> None:
    """A schema and a table, or a table and a column, pass; a dot in a text or a name is none."""
    require_select(statement)


HIDES = {"'": "'", "[": "]", '"': '"', "/*": "*/", "/* /* */": "*/", "--": "\n"}
hidden = st.tuples(
    st.sampled_from(sorted(HIDES)), st.sampled_from(["", "DROP", "; EXEC ", "a ''b", "SELECT 1"])
).map(lambda pair: f" {pair[0]}{pair[1].replace(pair[0], '')}{HIDES[pair[0]]} ")


@given(st.lists(hidden), st.lists(hidden))
def test_only_what_is_not_hidden_counts(before: list[str], after: list[str]) -> None:
    """Whatever texts, names and comments surround it, a word counts exactly where it is seen."""
    require_select("SELECT 1" + "".join([*before, *after]))
    with pytest.raises(ConfigurationError):
        require_select("SELECT 1" + "".join([*before, "DROP", *after]))


# A live server


@pytest.fixture
def engine() -> str:
    """These are of SQL Server alone."""
    return "sqlserver"


@pytest.fixture
def proxy(url: str) -> Iterator[Proxy]:
    """A way to the server that can be cut."""
    to = SqlServerAddress.parse(url)
    with Proxy(to.host, to.port or 1433) as listening:
        yield listening


def changed(url: str, **options: str | None) -> str:
    """A URL with other options, and another ``user``, ``database`` or ``port``."""
    to, parts = SqlServerAddress.parse(url), urlsplit(url)
    user = quote(options.pop("user", None) or to.username or "", safe="")
    port = options.pop("port", None) or to.port or 1433
    database = quote(options.pop("database", None) or to.database, safe="")
    given = {k: v for k, v in {**dict(parse_qsl(parts.query)), **options}.items() if v}
    return f"sqlserver://{user}@{to.host}:{port}/{database}?{urlencode(given)}"


def through(url: str, proxy: Proxy, **options: str) -> str:
    return changed(url, port=str(proxy.port), **options)


def said_of(work: Callable[[], object], *secrets: str | None) -> FieldhouseError:
    """What a failing call raises: one line, and no secret in it nor in what a traceback prints."""
    with pytest.raises(FieldhouseError) as raised:
        work()
    error = raised.value
    printed = "".join(traceback.format_exception(error)) + repr(error) + repr(error.args)
    assert str(error).isprintable() and "[Microsoft]" not in str(error)
    for secret in {PASSWORD, WRONG, *secrets} - {None, ""}:
        assert secret not in printed
    return error


def check_unusable(error: FieldhouseError, meaning: str) -> None:
    assert type(error) is WarehouseUnusable and meaning in str(error)


@ON_SERVER
def test_a_server_that_is_not_there(url: str) -> None:
    """A port where nobody listens, or one that never answers, is unavailable within the time."""
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        for _ in ("closed", "mute"):
            elsewhere = changed(url, port=str(mute.getsockname()[1]), login_timeout="1")
            began = time.monotonic()
            error = said_of(lambda to=elsewhere: open_warehouse(to, password=WRONG))
            assert type(error) is WarehouseUnavailable
            assert str(error).startswith(f"127.0.0.1,{mute.getsockname()[1]}/")
            assert time.monotonic() - began < 5
            mute.listen()


@ON_SERVER
@pytest.mark.parametrize(
    "wrong", [WRONG, "a}b;c={d}", "'--\n\"]", "ž☃" + WRONG, "{" + WRONG + "}", "x\0" + WRONG, None]
)
def test_a_wrong_password(url: str, wrong: str | None, caplog: pytest.LogCaptureFixture) -> None:
    """A wrong password, whatever is in it, is refused at once, and nowhere to be read."""
    caplog.set_level(logging.DEBUG)
    error = said_of(lambda: open_warehouse(url, password=wrong), wrong)
    assert not error.transient and "DB_PASSWORD" in str(error)
    assert WRONG not in caplog.text


@ON_SERVER
@pytest.mark.parametrize("name", ["nothing_of_this_name", 'no\nsuch" ]one'])
def test_a_missing_database(url: str, name: str) -> None:
    """A database that is not there is said to be missing, and how it is made."""
    error = said_of(lambda: open_warehouse(changed(url, database=name), password=PASSWORD))
    check_unusable(error, "there is no such database")
    assert "fieldhouse migrate --create" in str(error)


@ON_SERVER
def test_an_untrusted_certificate(url: str) -> None:
    """A certificate that nobody vouches for is refused, and the setting that accepts it named."""
    to = changed(url, trust_server_certificate="no", encrypt="yes")
    error = said_of(lambda: open_warehouse(to, password=PASSWORD))
    check_unusable(error, "DB_TRUST_SERVER_CERTIFICATE")


@pytest.fixture
def stranger(url: str, proxy: Proxy) -> Iterator[tuple[str, str, str]]:
    """A login without a right: its name, its password, and the warehouse's URL as its own."""
    name, word = f"fieldhouse_{uuid.uuid4().hex[:10]}", f"Word-{uuid.uuid4().hex[:16]}"
    run_on(url_of("master"), f"CREATE LOGIN {name} WITH PASSWORD = '{word}'")
    yield name, word, through(url, proxy, user=name)
    proxy.cut()  # a login whose sessions are pooled could not be dropped
    until(lambda: not said_or_none(lambda: run_on(url_of("master"), f"DROP LOGIN {name}")))


def said_or_none(work: Callable[[], object]) -> str | None:
    try:
        work()
    except FieldhouseError as error:
        return str(error)
    return None


def until(is_so: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for what the server does in its own time."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.1)


@ON_SERVER
def test_a_missing_right(url: str, stranger: tuple[str, str, str]) -> None:
    """Without a user, or a right, every call says that one is missing; none writes anything."""
    name, word, theirs = stranger
    error = said_of(lambda: open_warehouse(theirs, password=word), word)
    check_unusable(error, "the login may not open it")
    run_on(url, f"CREATE USER {name} FOR LOGIN {name}")
    warehouse = open_warehouse(theirs, password=word)
    for work in (
        lambda: warehouse.query("channels"),
        lambda: warehouse.load([batch([row(1)])]),
        lambda: warehouse.call("count_requests", day=date(2024, 1, 1), requests=1),
        lambda: warehouse.stream("SELECT * FROM iot.Channels").read_all(),
        lambda: open_warehouse(changed(theirs, database=f"{name}_new"), password=word, create=True),
    ):
        check_unusable(said_of(work, word), "the login lacks a right")
    run_on(url, f"DROP USER {name}")
    assert counts(url) == dict.fromkeys(COUNTED, 0)


@ON_SERVER
def test_closed_is_said(url: str) -> None:
    """Closing twice is allowed; a closed warehouse says that it is, whatever is asked of it."""
    warehouse = opened(url)
    warehouse.close()
    warehouse.close()
    for work in calls_of(warehouse):
        check_unusable(said_of(work), "closed: open it again")


def calls_of(warehouse: Warehouse) -> list[Callable[[], object]]:
    """A call of each kind."""
    return [*writes_of(warehouse), *reads_of(warehouse), warehouse.migrate]


def writes_of(warehouse: Any) -> list[Callable[[], object]]:
    return [
        lambda: warehouse.load([batch([row(1, Field1=1)])]),
        lambda: warehouse.call("count_requests", day=date(2024, 1, 1), requests=1),
        lambda: warehouse.execute("iot.usp_CountRequests", (date(2024, 1, 1), 1)),
    ]


def reads_of(warehouse: Warehouse) -> list[Callable[[], object]]:
    return [
        lambda: warehouse.query("coverage", channel_ids=[9]),
        lambda: warehouse.stream("SELECT 1 AS n").read_all(),
        lambda: hold(warehouse),
    ]


def hold(warehouse: Warehouse) -> None:
    with warehouse.lock(9):
        pass


@ON_SERVER
def test_read_only_is_kept(databases: Databases, url: str, proxy: Proxy) -> None:
    """Opened read-only a warehouse answers, and refuses to load, to call and to migrate."""
    opened(url).load([batch([row(1)])])
    warehouse = opened(url, create=False, read_only=True)
    assert warehouse.query("status")["Readings"].to_pylist() == [1]
    assert warehouse.migrate() == []
    for work in writes_of(warehouse):
        check_unusable(said_of(work), "opened read-only")
    empty = through(databases.fresh(), proxy)  # no session is left, so that it can be dropped
    opened(empty)
    unmigrated = opened(empty, create=False, read_only=True)
    check_unusable(said_of(unmigrated.migrate), "opened read-only")
    check_unusable(said_of(lambda: unmigrated.query("channels")), "migrate it first")


def test_what_could_be_set_better_is_told() -> None:
    """Row versions off, a database that closes, an old level, a lost owner: a line each."""
    well = {"HasVersions": True, "Closes": False, "Level": 150, "IsOrphan": False}
    assert schema._advised(well) == []
    for name, value, told_of in (
        ("HasVersions", False, "SET READ_COMMITTED_SNAPSHOT ON"),
        ("Closes", True, "SET AUTO_CLOSE OFF"),
        ("Level", 130, "SET COMPATIBILITY_LEVEL = 150"),
        ("IsOrphan", True, "ALTER AUTHORIZATION ON DATABASE::"),
    ):
        (line,) = schema._advised({**well, name: value})
        assert told_of in line and "{name}" in line


@ON_SERVER
def test_a_server_that_is_set_well_needs_no_advice(url: str) -> None:
    """There is nothing to advise on a database of ours; partitions asked for too late are said."""
    assert opened(url).advice() == []
    late = opened(changed(url, partitions="monthly"), create=False)
    assert late.advice() == ["partitions=monthly has no effect: the tables were made without"]


@pytest.mark.parametrize(
    ("option", "word"),
    [
        ("multi_subnet_failover=yes", "MultiSubnetFailover={yes}"),
        ("host_name_in_certificate=db.example.org", "HostNameInCertificate={db.example.org}"),
    ],
)
def test_a_listeners_options_reach_the_driver(option: str, word: str) -> None:
    """What a listener of an availability group needs stands in the connection string, if asked."""
    text = Server(SqlServerAddress.parse(f"sqlserver://x@db/iot?{option}"), WRONG)._text("iot")
    assert word in text
    plain = Server(SqlServerAddress.parse("sqlserver://x@db/iot"), WRONG)._text("iot")
    assert word.partition("=")[0] not in plain
    with pytest.raises(ConfigurationError, match=option.partition("=")[0]):
        SqlServerAddress.parse(f"sqlserver://x@db/iot?{option.partition('=')[0]}=a;b")


@ON_SERVER
def test_a_connection_to_all_addresses_at_once(url: str) -> None:
    """With multi_subnet_failover the server is reached as without."""
    assert opened(changed(url, multi_subnet_failover="yes"), create=False).query("status") == (
        opened(url).query("status")
    )


@ON_SERVER
def test_no_password_is_shown(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """The password stands in no repr and in no line of any log."""
    caplog.set_level(logging.DEBUG)
    warehouse: Any = opened(url)
    warehouse.query("channels")
    shown = f"{warehouse!r} {warehouse._server!r} {warehouse._server.address!r} {caplog.text}"
    assert PASSWORD and PASSWORD not in shown


# The connection lost

ROWS = 20_000
COUNTED = ("SensorReadings", "RawValues", "Coverage", "LoadLedger", "AuditTrail", "Channels")
ONE_LOAD = dict(zip(COUNTED, (ROWS, 1, 1, 1, 1, 1), strict=True))
ASKED_TO_LOAD = "usp_LoadReadings".encode("utf-16-le")


@cache
def large(rows: int = ROWS) -> Batch:
    """A batch that has something for each table."""
    return batch(
        (row(n, Field1=n % 977, Field2=n, Status=f"reading {n}") for n in range(1, rows + 1)),
        raw=[{"EntryID": 1, "ColumnName": "Field3", "RawValue": "ON", "Reason": "unparseable"}],
        covered=(Span(T0, T0 + (rows + 1) * MINUTE),),
    )


def counts(url: str) -> dict[str, int]:
    """How many rows the tables of a load have."""
    return {table: held(url, f"SELECT COUNT(*) AS n FROM iot.{table}") for table in COUNTED}


def held(url: str, statement: str) -> int:
    with server_of(url).connected() as connection:
        number: int = answer(connection, statement)["n"][0].as_py()
    return number


def check_loaded_once(url: str) -> None:
    """One load of the large batch is there, whole, and nothing of any attempt beside it."""
    assert counts(url) == ONE_LOAD
    assert held(url, "SELECT COUNT(DISTINCT EntryID) AS n FROM iot.SensorReadings") == ROWS
    assert len(staged(url)) <= 1  # of the attempt that was cut; see below


@ON_SERVER
@pytest.mark.parametrize("sent", [100_000, 500_000, 1_000_000])
def test_a_server_lost_in_the_middle_of_a_load(url: str, proxy: Proxy, sent: int) -> None:
    """A load whose connection is lost on its way is sent again as a whole, and counted once."""
    warehouse = opened(through(url, proxy), create=False)
    proxy.cut_at = Cut(sent=sent, then=lambda: seen.append(counts(url)))
    seen: list[dict[str, int]] = []
    assert warehouse.load([large()]) == {9: Counts(inserted=ROWS, raw=1)}
    assert proxy.cuts == 1 and seen == [dict.fromkeys(COUNTED, 0)]
    check_loaded_once(url)


@ON_SERVER
def test_a_lost_answer_is_not_a_lost_load(url: str, proxy: Proxy) -> None:
    """A load that was committed, and whose answer was lost, tells when sent again what it did."""
    warehouse = opened(through(url, proxy, encrypt="no"), create=False)
    seen: list[dict[str, int]] = []
    proxy.cut_at = Cut(answer_to=ASKED_TO_LOAD, then=lambda: seen.append(counts(url)))
    assert warehouse.load([large()]) == {9: Counts(inserted=ROWS, raw=1)}
    assert proxy.cuts == 1 and seen == [ONE_LOAD]
    check_loaded_once(url)


@ON_SERVER
def test_a_lost_answer_of_a_load_that_changed_something(url: str, proxy: Proxy) -> None:
    """Updates and duplicates of a load whose answer was lost are told as they were."""
    warehouse = opened(through(url, proxy, encrypt="no"), create=False)
    warehouse.load([batch([row(1, Field1=1), row(2), row(3)]), batch([row(1)], channel_id=7)])
    again = [batch([row(1, Field1=2), row(2), row(4)]), batch([row(1), row(1)], channel_id=7)]
    proxy.cut_at = Cut(answer_to=ASKED_TO_LOAD)
    assert warehouse.load(again) == {9: Counts(1, 1, 1, 1), 7: Counts(duplicates=2)}
    assert proxy.cuts == 1
    assert held(url, "SELECT COUNT(*) AS n FROM iot.SensorReadings") == 5


@ON_SERVER
def test_a_lost_answer_of_a_new_epoch(url: str, proxy: Proxy) -> None:
    """An epoch that was opened, and whose answer was lost, is open when it is opened again."""
    warehouse = opened(through(url, proxy, encrypt="no"), create=False)
    warehouse.load([batch([row(1)])])
    proxy.cut_at = Cut(answer_to="usp_OpenEpoch".encode("utf-16-le"))
    warehouse.call("open_epoch", channel_id=9, number=2, started_at=T0)
    assert proxy.cuts == 1
    epochs = "SELECT COUNT(*) AS n FROM iot.Epochs WHERE StartedAt = '2024-01-01'"
    assert held(url, epochs) == 1
    assert held(url, "SELECT COUNT(*) AS n FROM iot.AuditTrail WHERE Action LIKE '%Epoch'") == 1
    for number, started_at in ((2, T0 + MINUTE), (2, None), (1, T0), (4, T0)):
        with pytest.raises(StateMoved, match="does not follow epoch 2"):
            warehouse.call("open_epoch", channel_id=9, number=number, started_at=started_at)


@pytest.fixture
def own(url: str) -> Iterator[str]:
    """A procedure of the user's own, which counts its calls in two tables."""
    run_on(
        url,
        "DROP PROCEDURE IF EXISTS dbo.usp_Own",
        *(f"DROP TABLE IF EXISTS dbo.Own{n}" for n in (1, 2)),
        *(f"CREATE TABLE dbo.Own{n} (Calls INT NOT NULL)" for n in (1, 2)),
        *(f"INSERT INTO dbo.Own{n} (Calls) VALUES (0)" for n in (1, 2)),
        "CREATE PROCEDURE dbo.usp_Own @By INT AS BEGIN SET NOCOUNT ON;"
        " BEGIN TRANSACTION; UPDATE dbo.Own1 SET Calls = Calls + @By; COMMIT TRANSACTION;"
        " UPDATE dbo.Own2 SET Calls = Calls + @By; SELECT Calls FROM dbo.Own1; END",
    )
    yield "dbo.usp_Own"
    run_on(url, "DROP PROCEDURE dbo.usp_Own", "DROP TABLE dbo.Own1", "DROP TABLE dbo.Own2")


def calls_held(url: str) -> tuple[int, int]:
    """How often the user's procedure has been done, by its first statement and by its last."""
    first, last = (held(url, f"SELECT Calls AS n FROM dbo.Own{n}") for n in (1, 2))
    return first, last


@ON_SERVER
def test_a_users_procedure_whose_answer_was_lost_is_done_once(
    url: str, proxy: Proxy, own: str
) -> None:
    """A connection that is lost before the commit rolls all back, and the call is made again."""
    warehouse: Any = opened(through(url, proxy, encrypt="no"), create=False)
    proxy.cut_at = Cut(answer_to="usp_Own".encode("utf-16-le"))
    assert warehouse.execute(own, (1,)).to_pylist() == [{"Calls": 1}]
    assert proxy.cuts == 1 and calls_held(url) == (1, 1)


@ON_SERVER
def test_a_users_procedure_whose_commit_was_lost_is_not_called_again(
    url: str, own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody knows whether it was committed, that is said, and it is not done twice."""
    warehouse: Any = opened(url)
    commit = mssql_python.Connection.commit

    def commit_and_hang_up(connection: mssql_python.Connection) -> None:
        commit(connection)
        raise mssql_python.OperationalError("Communication link failure", "TCP Provider: 0x2746")

    monkeypatch.setattr(mssql_python.Connection, "commit", commit_and_hang_up)
    error = said_of(lambda: warehouse.execute(own, (1,)))
    assert not error.transient and "whether it was committed is unknown" in str(error)
    assert calls_held(url) == (1, 1)


@ON_SERVER
def test_a_users_procedure_that_is_a_deadlocks_victim_is_called_again(url: str, own: str) -> None:
    """A deadlock's victim is rolled back as a whole, its earlier statements too, and done again."""
    warehouse: Any = opened(url)
    answers: list[object] = []
    call = threading.Thread(target=lambda: answers.append(warehouse.execute(own, (1,)).to_pylist()))

    def is_under_way() -> bool:
        return LOCK in (said_or_none(lambda: undone(url, "SET LOCK_TIMEOUT 50", first)) or "")

    first, last = (f"UPDATE dbo.Own{n} SET Calls = Calls" for n in (1, 2))

    def cross() -> None:
        with server_of(url).connected(autocommit=False) as connection:
            answer(connection, "SET DEADLOCK_PRIORITY HIGH")
            answer(connection, last)
            call.start()
            until(is_under_way)
            time.sleep(0.2)  # until it waits for the second table
            answer(connection, first)
            connection.rollback()

    said = said_or_none(cross)
    call.join()
    assert said is None or DEADLOCK in said
    assert answers == [[{"Calls": 1}]] and calls_held(url) == (1, 1)


@ON_SERVER
@pytest.mark.parametrize("said", ["Login timeout expired", "connection closed", "anything"])
def test_a_bulk_copy_that_fails_for_good_ends_no_load(
    url: str, said: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Bulk copy logs in by itself: whatever its failure sounds like, the load goes on as JSON."""
    asked: list[str] = []

    def fail(*arguments: object, **options: object) -> None:
        asked.append(said)
        raise RuntimeError(said)

    monkeypatch.setattr(mssql_python.Cursor, "bulkcopy_arrow", fail)
    warehouse: Any = opened(url)
    warehouse._bulk = True
    with caplog.at_level(logging.WARNING):
        assert warehouse.load([large()]) == {9: Counts(inserted=ROWS, raw=1)}
    assert warehouse.load([batch((row(n) for n in range(1, 6000)), channel_id=7)])
    assert asked == [said] and caplog.text.count("staged as JSON from now on") == 1
    check_loaded_once_of(url, 9)


def check_loaded_once_of(url: str, channel_id: int) -> None:
    where = f"WHERE ChannelID = {channel_id}"
    assert held(url, f"SELECT COUNT(*) AS n FROM iot.SensorReadings {where}") == ROWS
    assert staged(url) == {}


@ON_SERVER
def test_a_server_lost_for_good(url: str, proxy: Proxy) -> None:
    """Where the server stays away it is unavailable within a time, and nothing is half loaded."""
    warehouse = opened(through(url, proxy, login_timeout="1"), create=False)
    proxy.cut_at = Cut(sent=500_000, then=proxy.refuse)
    began = time.monotonic()
    with stamina.set_testing(True, attempts=3, cap=True):
        error = said_of(lambda: warehouse.load([large()]))
    assert type(error) is WarehouseUnavailable and time.monotonic() - began < 10
    assert str(error).startswith(f"127.0.0.1,{proxy.port}/")
    assert counts(url) == dict.fromkeys(COUNTED, 0)
    proxy.accept()
    assert warehouse.load([large()]) == {9: Counts(inserted=ROWS, raw=1)}
    check_loaded_once(url)


@ON_SERVER
def test_a_server_that_was_restarted_meanwhile(url: str, proxy: Proxy) -> None:
    """Connections that were lost while nobody used them are no caller's trouble."""
    warehouse = opened(through(url, proxy), create=False)
    for work in (writes_of(warehouse)[0], *reads_of(warehouse)):
        keep_open(warehouse, 2)
        proxy.cut()
        time.sleep(0.1)
        work()


def keep_open(warehouse: Any, number: int) -> None:
    """Have so many connections at once, which the driver keeps in its pool afterwards."""
    with ExitStack() as held_open:
        for _ in range(number):
            connection = held_open.enter_context(warehouse._server.connected())
            answer(connection, "SELECT 1 AS n")


@ON_SERVER
def test_an_answer_cut_short_is_said(url: str, proxy: Proxy) -> None:
    """An answer that is lost on its way is unavailable, and never taken for a shorter one."""
    warehouse = opened(through(url, proxy), create=False)
    reader = warehouse.stream(
        # no NVARCHAR(MAX): the driver waits for one without letting the proxy's threads work
        "SELECT CAST(REPLICATE(N'x', 200) AS NVARCHAR(200)) AS n"
        " FROM sys.all_columns AS a CROSS JOIN sys.all_columns AS b"
    )
    assert next(iter(reader)).num_rows
    proxy.cut()
    assert type(said_of(reader.read_all)) is WarehouseUnavailable


@ON_SERVER
def test_a_callers_error_within_a_lock_is_the_callers(warehouse: Warehouse) -> None:
    """What goes wrong while a channel is held is not taken for the server's, and lets it go."""
    for error in (ValueError("a bug"), OSError("a disk"), RuntimeError("x"), EntryConflict("y")):
        with pytest.raises(type(error)) as raised, warehouse.lock(9):
            raise error
        assert raised.value is error
    hold(warehouse)


# What a killed loader leaves

STAGES = """
    import sys, time
    from sqlserver_kit import server_of
    from warehouse_kit import batch, row
    from fieldhouse.warehouse.engines.sqlserver import load as loading
    rows = loading._readings([batch(row(n, Field1=n) for n in range(1, 6001))])
    with server_of(sys.argv[1]).connected() as connection:
        with loading._staging(connection) as staging_id:
            loading._stage_json(connection, staging_id, rows)
            print(staging_id, flush=True)
            time.sleep(60)
"""


def loader(url: str) -> "tuple[subprocess.Popen[str], int]":
    """Another process that has staged its readings and does not get on; and its number."""
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(STAGES), url],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert child.stdout
    return child, int(child.stdout.readline())


def killed(child: "subprocess.Popen[str]") -> None:
    with child:
        child.kill()


@ON_SERVER
def test_what_a_killed_loader_staged_is_cleared_by_a_later_one(url: str) -> None:
    """A later load forgets what a dead loader has staged, and leaves a living one's alone."""
    warehouse = opened(url)
    (dead, killed_number), (living, number) = loader(url), loader(url)

    def staged_after_a_load() -> dict[int, int]:
        first = count_of(url) + 1
        rows = [row(n) for n in range(first, first + 5001)]
        assert warehouse.load([batch(rows)]) == {9: Counts(inserted=5001)}
        return staged(url)

    try:
        killed(dead)
        assert staged_after_a_load() == {killed_number: 6000, number: 6000}
        run_on(url, "UPDATE iot.StagedLoads SET StagedAt = DATEADD(HOUR, -1, StagedAt)")
        until(lambda: staged_after_a_load() == {number: 6000})
    finally:
        killed(dead)
        killed(living)
    until(lambda: staged_after_a_load() == {})
    assert held(url, "SELECT COUNT(*) AS n FROM iot.StagedLoads") == 0


def staged(url: str) -> dict[int, int]:
    """How many readings are staged under each number."""
    statement = "SELECT StagingID, COUNT(*) AS n FROM iot.StagedReadings GROUP BY StagingID"
    with server_of(url).connected() as connection:
        found = answer(connection, statement).to_pylist()
    return {each["StagingID"]: each["n"] for each in found}


def count_of(url: str) -> int:
    return held(url, "SELECT COUNT(*) AS n FROM iot.SensorReadings")


# Two that wait for each other


@ON_SERVER
@pytest.mark.parametrize("call", ["{}", "EXEC sp_executesql N'{}'"])
def test_a_deadlocks_victim_may_try_again(url: str, call: str) -> None:
    """Of two sessions that wait for each other one is told, as transient, to come again."""
    opened(url).load([batch([row(1)], channel_id=n) for n in (1, 2)])
    both, said = threading.Barrier(2), []

    def cross(first: int, second: int) -> None:
        update = "UPDATE iot.Channels SET Description = NULL WHERE ChannelID = {}"
        with server_of(url).connected(autocommit=False) as connection:
            answer(connection, update.format(first))
            both.wait()
            answer(connection, call.format(update.format(second)))
            connection.commit()

    def told_of(first: int, second: int) -> None:
        said.append(said_or_none(lambda: cross(first, second)))

    threads = [threading.Thread(target=told_of, args=pair) for pair in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (victim,) = [line for line in said if line]
    assert DEADLOCK in victim and victim.isprintable()


@ON_SERVER
def test_a_load_that_is_a_deadlocks_victim_is_tried_again(url: str) -> None:
    """A load that waits for one that waits for it is whole in the end."""
    warehouse = opened(url)
    warehouse.load([batch([row(1)])])
    offered = batch([row(1), row(2), row(3)])
    claim = f"INSERT INTO iot.LoadLedger (BatchHash) VALUES ('{digest(offered)}')"
    counted: list[dict[int, Counts]] = []
    load = threading.Thread(target=lambda: counted.append(dict(warehouse.load([offered]))))

    def is_claimed() -> bool:
        return LOCK in (said_or_none(lambda: undone(url, "SET LOCK_TIMEOUT 50", claim)) or "")

    def cross() -> None:
        with server_of(url).connected(autocommit=False) as connection:
            for statement in ("SET DEADLOCK_PRIORITY HIGH", "UPDATE iot.Epochs SET Epoch = Epoch"):
                answer(connection, statement)
            load.start()
            until(is_claimed)
            time.sleep(0.2)  # until it waits for the epoch
            answer(connection, claim)
            connection.rollback()

    said = said_or_none(cross)
    load.join()
    assert said is None or DEADLOCK in said
    assert counted == [{9: Counts(inserted=2, duplicates=1)}]
    assert count_of(url) == 3


def undone(url: str, *statements: str) -> None:
    """Run statements in a transaction that is rolled back."""
    with server_of(url).connected(autocommit=False) as connection:
        for statement in statements:
            answer(connection, statement)


# A user's statement, live


@ON_SERVER
@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("SELECT FROM WHERE", "from"),
        ("SELECT nothing FROM iot.Channels", "nothing"),
        ("SELECT 1 FROM iot.Nothing", "nothing"),
        ("SELECT hostname FROM iot.Channels", "hostname"),
        ("SELECT CAST('host' AS INT) AS n", "host"),
        ("SELECT 10 / (5 - n) AS n FROM (VALUES (1), (5)) AS v (n)", "zero"),
        ("SELECT ? AS n", ""),
        ("DELETE FROM iot.Channels", "only one statement"),
    ],
)
def test_a_users_mistake_is_told_in_one_line(
    warehouse: Warehouse, statement: str, named: str
) -> None:
    """What is wrong with a user's statement is a line that names it, and the user's to mend."""
    error = said_of(lambda: warehouse.stream(statement).read_all())
    assert type(error) is ConfigurationError and named in str(error).lower()


@ON_SERVER
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 AS n --\rUPDATE iot.Channels SET Description = N'x' COMMIT",
        "SELECT 1DELETE FROM iot.PeriodMarks WHERE 1 = 1COMMIT",
        "SELECT 1 AS n DELETE FROM iot.PeriodMarks COMMIT",
    ],
)
def test_no_statement_of_a_users_writes(url: str, statement: str) -> None:
    """Nothing that hides behind a SELECT is there afterwards, not even what commits."""
    warehouse = opened(url)
    warehouse.load([batch([row(1)])])
    said_of(lambda: warehouse.stream(statement).read_all())
    assert held(url, "SELECT COUNT(*) AS n FROM iot.PeriodMarks") > 0
    assert held(url, "SELECT COUNT(*) AS n FROM iot.Channels WHERE Description IS NULL") == 1


@ON_SERVER
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 AS n UPDATE iot.Channels SET Description = N'x'",
        "SELECT 1 AS n DELETE FROM iot.PeriodMarks",
        "SELECT 1 AS n DROP TABLE iot.PeriodMarks",
        "DELETE FROM iot.PeriodMarks",
    ],
)
def test_what_deceives_the_guard_is_rolled_back(url: str, statement: str) -> None:
    """Even a statement that the guard took for a SELECT leaves nothing behind."""
    warehouse: Any = opened(url)
    warehouse.load([batch([row(1)])])
    warehouse._stream(statement, [], author=statement).read_all()
    assert held(url, "SELECT COUNT(*) AS n FROM iot.PeriodMarks") > 0
    assert held(url, "SELECT COUNT(*) AS n FROM iot.Channels WHERE Description IS NULL") == 1


# The seed's connection


def connection_to(url: str, **changes: Any) -> DatabaseConnection:
    to = SqlServerAddress.parse(url)
    given = {
        "server": to.server,
        "database": to.database,
        "username": to.username,
        "password": PASSWORD,
        "trust_server_certificate": "yes",
        "login_timeout": "1",
    }
    return DatabaseConnection(**{**given, **changes})


@ON_SERVER
@pytest.mark.parametrize(
    ("changes", "meaning"),
    [
        ({"server": "127.0.0.1,1"}, "nothing answers there"),
        ({"password": WRONG}, "DB_PASSWORD"),
        ({"database": "nothing_of_this_name"}, "no such database"),
        ({"trust_server_certificate": "no"}, "DB_TRUST_SERVER_CERTIFICATE"),
        ({"server": "no such host"}, "host must be"),
        ({"encrypt": "perhaps"}, "encrypt must be"),
    ],
)
def test_a_connection_that_cannot_be_is_false(
    changes: dict[str, str], meaning: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What cannot be connected to is False and one ERROR line, without the password."""
    connection = connection_to(url_of("master"), **changes)
    assert connection.connect() is False and connection.connection is None
    (line,) = [r for r in caplog.records if r.name.startswith("fieldhouse")]
    assert line.levelno == logging.ERROR
    assert line.getMessage().startswith("Connection failed: ") and meaning in line.getMessage()
    assert line.getMessage().isprintable()
    assert PASSWORD and PASSWORD not in caplog.text and WRONG not in caplog.text


@ON_SERVER
def test_a_connection_that_is_lost_is_none(
    url: str, proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    """A server that goes away under a connection is None or False and one ERROR line each."""
    connection = connection_to(through(url, proxy))
    assert connection.connect() is True
    proxy.refuse()
    proxy.cut()
    with stamina.set_testing(True, attempts=1):
        assert connection.call_stored_procedure("iot.usp_Channels") is None
        assert connection.upsert_channel({"id": 9, "name": "x"}) is False
        assert connection.insert_sensor_readings(9, []) is None
    lines = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert len(lines) == 3 and all("nothing answers there" in line for line in lines)
    connection.disconnect()
    connection.disconnect()


def test_before_connect_nothing_is_done(caplog: pytest.LogCaptureFixture) -> None:
    """Without a connection each method gives False or None, and one ERROR line."""
    connection = DatabaseConnection("db", password=WRONG)
    assert connection.upsert_channel({"id": 9}) is False
    assert connection.insert_sensor_readings(9, []) is None
    assert connection.call_stored_procedure("iot.usp_Channels") is None
    connection.disconnect()
    assert [r.levelno for r in caplog.records] == [logging.ERROR] * 3
    assert all(
        r.getMessage().endswith("not connected: call connect() first") for r in caplog.records
    )


def test_a_connection_shows_no_password() -> None:
    """Its repr names the server and the database, and no password."""
    connection = DatabaseConnection(r"db\one", "iot", "x", WRONG)
    assert repr(connection) == r"DatabaseConnection('db\\one', 'iot')"


def test_a_driver_is_accepted_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """A driver's name is taken, as ever, and one warning says that it is not used."""
    DatabaseConnection("db", driver="ODBC Driver 17 for SQL Server", trusted_connection=True)
    (line,) = caplog.records
    assert line.levelno == logging.WARNING and "ODBC Driver 17" in line.getMessage()
    with pytest.raises(TypeError, match="takes no drivers"):
        DatabaseConnection("db", drivers="x")
