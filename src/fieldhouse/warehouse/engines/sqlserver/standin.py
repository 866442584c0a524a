"""What Babelfish needs done to our T-SQL, which is written for SQL Server (docs/sqlserver.md).

Babelfish speaks most of T-SQL and stands in for SQL Server where there is none. It has no CREATE OR
ALTER, no EXECUTE AS OWNER, and leaves the escapes in a text that it takes out of JSON.
"""

import re

from mssql_python import Connection

from fieldhouse.warehouse.engines.sqlserver.session import answer

__all__ = ["NEEDLESS", "adapted", "is_babelfish"]

NEEDLESS = "functions/ufn_JsonText"
"""The script of what only Babelfish needs."""

_OBJECT = re.compile(r"^CREATE OR ALTER (PROCEDURE|FUNCTION|VIEW) (\S+)", re.MULTILINE)
_JSON = re.compile(r"OPENJSON\(@\w+\) WITH \((.*?)\n *\) AS (\w+)", re.DOTALL)
_TEXT = re.compile(r"(\w+) NVARCHAR\((?:MAX|\d{3,})\)")


def is_babelfish(connection: Connection) -> bool:
    """Whether this is Babelfish and not Microsoft's server."""
    facts = answer(
        connection, "SELECT CAST(SERVERPROPERTY('BabelfishVersion') AS NVARCHAR(40)) AS Version"
    )
    return facts["Version"][0].as_py() is not None


def adapted(batch: str) -> list[str]:
    """The statements that do on Babelfish what a batch does on SQL Server."""
    batch = _unescaped(batch.replace("WITH EXECUTE AS OWNER\n", ""))
    found = _OBJECT.search(batch)
    if not found:
        return [batch]
    kind, name = found.groups()
    return [f"DROP {kind} IF EXISTS {name}", batch.replace("CREATE OR ALTER ", "CREATE ", 1)]


def _unescaped(batch: str) -> str:
    """The batch with iot.ufn_JsonText around each long text that it takes out of JSON."""
    for columns, alias in _JSON.findall(batch):
        for name in _TEXT.findall(columns):
            plain = f"iot.ufn_JsonText({alias}.{name})"
            batch = re.sub(rf"\b{alias}\.{name}\b", plain, batch)
            batch = re.sub(
                rf"^( +){re.escape(plain)}(,?)$", rf"\1{plain} AS {name}\2", batch, flags=re.M
            )
    return batch
