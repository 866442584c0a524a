"""SQL Server's errors, told as ours: one line that names the server and says what would help.

The driver tells an error by its text alone. What our own calls raise therefore comes with its
number before it (see ``session``); what the driver or a login raises is told by its text.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

import mssql_python
import pyarrow as pa
from mssql_python import exceptions

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

__all__ = ["DRIVER_ERRORS", "StagingFailed", "told", "translated"]

DRIVER_ERRORS = (mssql_python.Error, RuntimeError)
"""What the driver raises for what a server or a connection does; ``translated`` makes it ours."""


class StagingFailed(WarehouseError):
    """What was staged is not what was sent, or bulk copy failed; nothing of it was written."""


class Fault(NamedTuple):
    """What one kind of error means: by its numbers, or where there is none by its text."""

    kind: type[FieldhouseError]
    meaning: str
    numbers: frozenset[int]
    text: str

    def covers(self, number: int | None, text: str) -> bool:
        """Whether an error of this number, or without one of this text, is of this kind."""
        if number is None:
            return bool(re.search(self.text, text, re.IGNORECASE))
        return number in self.numbers


def _fault(kind: type[FieldhouseError], meaning: str, *numbers: int, text: str = "$.") -> Fault:
    return Fault(kind, meaning, frozenset(numbers), text)


_MOVED = 51003
_OURS: dict[int, type[FieldhouseError]] = {
    51001: ConfigurationError,
    51002: StateMoved,
    _MOVED: EntryConflict,
    51004: WarehouseLocked,
    51005: StagingFailed,
    51006: WarehouseUnusable,
    51007: WarehouseUnavailable,
}
"""The numbers that our procedures throw; their texts are lines of ours."""

FAULTS = (
    # Transient: the same transaction may succeed when it is tried again.
    _fault(
        WarehouseUnavailable,
        "this session was chosen as a deadlock's victim",
        *(1205, 3960, 3961, 41302, 41305, 41325, 41839),
        text="deadlock(ed|s)? (on|victim|detected)|could not serialize access"
        "|snapshot isolation transaction aborted",
    ),
    _fault(
        WarehouseUnavailable,
        "a lock was not given in time",
        *(1222, 1204, 1221, 3635),
        text="lock request time ?out|canceling statement due to lock timeout"
        "|cannot obtain a lock resource",
    ),
    _fault(
        WarehouseUnavailable,
        "the server is failing over or starting",
        *(615, 617, 904, 921, 922, 926, 927, 976, 978, 979, 981, 982, 983, 988, 1405, 4221),
        *(6005, 6006, 9001, 17142, 18401, 35250),
        *(40143, 40166, 40197, 40540, 40613, 42108, 42109),
        text="is not currently available|is being recovered|middle of a restore|in recovery mode"
        "|shutting down|shutdown is in progress|server shut down|starting up|has been paused"
        "|script upgrade mode|participating in an availability group|database replica is not in"
        "|no online secondary replicas|has been reconfigured|service has encountered an error",
    ),
    _fault(
        WarehouseUnavailable,
        "the server is too busy",
        *(701, 802, 8628, 8645, 8651, 10928, 10929, 10930, 10936, 40501, 49918, 49919, 49920),
        text="service is currently busy|currently too busy|not enough resources"
        "|limit for the database is|too many (clients|connections|operations|create or update)"
        "|insufficient (system )?memory|waiting for memory resources",
    ),
    _fault(
        WarehouseUnavailable,
        "the login was not answered in time",
        text="login timeout expired|timeout expired while attempting to connect",
    ),
    _fault(
        WarehouseUnusable,
        "the statement took longer than query_timeout allows",
        -2,
        text="query timeout expired",
    ),
    # Permanent until somebody acts.
    _fault(
        WarehouseUnusable,
        "its certificate is not trusted: install one that is, or set"
        " DB_TRUST_SERVER_CERTIFICATE=yes (trust_server_certificate=yes in the URL) if you know"
        " the server",
        text="certificate verify failed|certificate chain|SSL Provider.*certificate|self.signed",
    ),
    _fault(
        WarehouseUnusable,
        "no encrypted connection can be made: see DB_ENCRYPT (encrypt= in the URL)",
        text="SSL Provider(?!.*(eof|reset|closed))|encryption (is )?not supported"
        "|SSL Security error",
    ),
    _fault(
        WarehouseUnusable,
        "its firewall does not let this machine in",
        *(40532, 40615, 40914),
        text="cannot open server|pg_hba",
    ),
    _fault(
        WarehouseUnusable,
        "there is no such database, or the login may not open it: fieldhouse migrate --create",
        *(911, 916, 4060, 4064),
        text="cannot open database|database (\".*\"|'.*') does not exist|cannot open user default"
        "|is not able to access the database",
    ),
    _fault(
        WarehouseUnusable,
        "it refuses the login: check DB_USERNAME and DB_PASSWORD",
        *(18456, 18450, 18451, 18452, 18470, 18486, 18487, 18488),
        text=r"login failed for|login failed\. the login is from|password authentication failed"
        r"|authentication request|cannot generate SSPI context|SSPI Provider"
        r"|no kerberos credentials",
    ),
    _fault(
        ConfigurationError,
        "the URL, DB_USERNAME or DB_PASSWORD holds what no connection can be made with",
        text="embedded NUL|connection string",
    ),
    _fault(
        WarehouseUnusable,
        "the database's owner is a login that is not there, as after a restore from elsewhere:"
        " ALTER AUTHORIZATION ON DATABASE::… TO sa, or to another login",
        *(15404, 15517, 33009),
        text="cannot execute as the database principal|database owner SID recorded"
        "|could not obtain information about Windows NT",
    ),
    _fault(
        WarehouseUnusable,
        "the login lacks a right: to migrate it must own the database (to --create, be allowed to"
        " create one); see the roles iot_loader, iot_reader and iot_operator for the rest",
        *(229, 230, 262, 297, 300, 371, 1088, 2104, 2760, 15247, 15151),
        text="permission (was )?denied|must be owner|do(es)? not have permission",
    ),
    _fault(
        WarehouseUnusable,
        "no space left: free some, or let the database grow",
        *(1101, 1105, 1827, 5149, 9002, 3257, 40544),
        text="filegroup is full|transaction log .* is full|no space left|size quota"
        "|insufficient disk space|licensed limit",
    ),
    _fault(
        WarehouseUnusable,
        "it is read-only here",
        3906,
        text="read-only (transaction|database)|database is read-only",
    ),
    _ABSENT := _fault(
        WarehouseUnusable,
        "its schema is not there yet: migrate it first (fieldhouse migrate)",
        *(208, 2812),
        text=r"could not find stored procedure|invalid object name"
        r"|(relation|procedure|function) \S*iot\.\S+ does not exist"
        r'|schema "\w*iot" does not exist',
    ),
    # Last, since its words are in the texts of others.
    _fault(
        WarehouseUnavailable,
        "there is no such host: check DB_SERVER",
        text="0x2AF9|0x2AFC|name or service not known",
    ),
    _fault(
        WarehouseUnavailable,
        "nothing answers there: check host, port or instance in DB_SERVER, and whether it runs",
        text="0x2749|0x274D|0x274C|error locating server",
    ),
    _fault(
        WarehouseUnavailable,
        "it cannot be reached, or hung up",
        596,
        text="communication link failure|tcp provider|named pipes provider|SSL Provider"
        "|connection .*(closed|broken|reset|terminated|dead)|server closed the connection"
        "|terminating connection|in the kill state|client unable to establish"
        "|unable to complete login|server is not found|no such host",
    ),
)

_UNMAPPED = 33557097
"""Babelfish's number for what it has none for."""
_NUMBERED = re.compile(r"#(-?\d+)# ?(.*)")
_LABELS = re.compile(r"^(\[[^\]]*\])+\s*")


@contextmanager
def translated(where: str, *, statement: str | None = None) -> Iterator[None]:
    """Raise ours for the driver's; with ``statement``, what is wrong with it is its author's."""
    try:
        yield
    except mssql_python.Error as error:
        raise told(where, error.ddbc_error or error.driver_error, statement=statement) from None
    except (RuntimeError, OSError, pa.ArrowException) as error:
        raise told(where, str(error), statement=statement) from None
    except (exceptions.ConnectionStringParseError, ValueError, TypeError) as error:
        raise ConfigurationError(f"{where}: {_line(str(error))}") from None


def told(where: str, said: str, *, statement: str | None = None) -> FieldhouseError:
    """What an error's text means: one line, the server's name first."""
    number, text = _parted(said)
    if number == _MOVED:
        return _conflict(text)
    if number in _OURS:
        return _OURS[number](text)
    fault = next((each for each in FAULTS if each.covers(number, text)), None)
    if statement is not None and fault in (None, _ABSENT):
        return ConfigurationError(text)
    if fault is None:
        return WarehouseError(_line(f"{where}: {text}") + (f" (error {number})" if number else ""))
    return fault.kind(_line(f"{where}: {fault.meaning} ({text})"))


def _conflict(text: str) -> EntryConflict:
    """The conflict that usp_RefuseMoved tells of: its line, and after it how entries are held."""
    line, _, held = text.partition("; held: ")
    parts = (each.split("@") for each in held.split(",") if each)
    return EntryConflict(line, tuple((int(n), datetime.fromisoformat(at)) for n, at in parts))


def _parted(said: str) -> tuple[int | None, str]:
    """The number that our calls put before an error's text, and its text in one line."""
    text = _line(said)
    if found := _NUMBERED.match(text):
        number = int(found[1])
        return (None if number == _UNMAPPED else number), found[2]
    return None, text


def _line(said: str) -> str:
    """One line, without the labels of driver and server."""
    return _LABELS.sub("", " ".join(said.split())).strip() or "it gave no reason"
