"""The house as it is, on the SQL Server that ``FIELDHOUSE_TEST_SQLSERVER`` names."""

import atexit
from functools import cache
from typing import Any

from duck import DuckHouse
from sqlserver_kit import PASSWORD, Databases


@cache
def _databases() -> Databases:
    """One database for all lives of a process, emptied for each."""
    databases = Databases()
    atexit.register(databases.drop)
    return databases


class SqlServerHouse(DuckHouse):
    """Reads over HTTP into a database; a kill opens it anew."""

    def _warehouse(self) -> dict[str, Any]:
        return {"warehouse_url": _databases().empty(), "db_password": PASSWORD}
