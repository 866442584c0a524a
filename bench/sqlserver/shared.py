"""What the parts of the benchmark on SQL Server share."""

import time
from dataclasses import dataclass, field

from bench import history
from bench.report import say
from bench.sizes import PAGE
from bench.sqlserver.databases import Database, Databases
from bench.sqlserver.sizes import CHANNEL, MINUTE, Sizes


@dataclass(frozen=True, slots=True)
class Bench:
    """Sizes, a server, and the databases filled so far."""

    sizes: Sizes
    databases: Databases
    _filled: set[int] = field(default_factory=set)

    def empty(self) -> Database:
        """The database in which tables are emptied as they are needed."""
        database = self.databases.open("empty")
        database.run("empty")
        return database

    def filled(self, rows: int) -> Database:
        """A database with a history of so many readings, aggregated; filled when first asked."""
        database = self.databases.open(f"of_{rows}")
        if rows not in self._filled:
            self._fill(database, history.Channel(CHANNEL, rows, MINUTE))
            self._filled.add(rows)
        return database

    def _fill(self, database: Database, channel: history.Channel) -> None:
        began = time.perf_counter()
        load(database, channel)
        loaded = time.perf_counter()
        history.refresh(database.warehouse, [channel.id])
        took = time.perf_counter() - loaded
        say(
            f"filled a database: {channel.rows:,} readings, one a minute, in {loaded - began:.0f}"
            f" s, aggregated in {took:.0f} s"
        )


def load(database: Database, channel: history.Channel) -> None:
    """Load a channel's history page by page.

    PostgreSQL's autovacuum takes the rows of an open transaction for dead: a table analysed in the
    midst of a long first load counts as empty until it is analysed again, and is searched badly.
    """
    for low in range(1, channel.rows + 1, PAGE):
        database.warehouse.load([channel.batch(low, min(low + PAGE, channel.rows + 1))])
