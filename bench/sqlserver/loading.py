"""The part on loading: rows a second from typed rows in memory to durable ones, way by way."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from bench import history
from bench.report import Figure, rate, times
from bench.sizes import PAGE
from bench.sqlserver import sql, ways
from bench.sqlserver.databases import Database
from bench.sqlserver.shared import Bench
from bench.sqlserver.sizes import CHANNEL, GROUP, MINUTE, NEIGHBOUR, TIMES_SEED, Sizes
from fieldhouse.readings import Batch
from fieldhouse.warehouse import Warehouse
from fieldhouse.warehouse.engines.sqlserver.load import ONE_CALL

_TRIED = 500
"""Rows by which bulk copy is judged."""

Loads = Sequence[Sequence[Batch]]


@dataclass(slots=True)
class Way:
    """A way to load so many rows into empty tables, and the rows a second that it reached."""

    what: str
    note: str
    rows: int
    run: Callable[[], None]
    rates: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """The median."""
        return statistics.median(self.rates)

    def figure(self) -> Figure:
        """The table's line."""
        return Figure(self.what, rate(self.rate), self.note)


def load(bench: Bench) -> Iterator[Figure]:
    """Rows a second into empty tables, and into one that holds a history."""
    database = bench.empty()
    channel = history.Channel(CHANNEL, bench.sizes.rows, MINUTE)
    distrust = ways.distrust(database, channel.batch(1, _TRIED + 1))
    theirs = _theirs(database, bench.sizes, channel)
    ours = _ours(database, bench.sizes, channel)
    bulk = [] if distrust else _bulk(database, bench.sizes, channel)
    _warm_up(database, channel)
    _measure(bench, database, [*theirs.values(), *ours.values(), *bulk])
    yield from (way.figure() for way in [*theirs.values(), *ours.values(), *bulk])
    if distrust:
        yield Figure("bulk copy", "-", f"not trusted: {distrust}")
    yield _into_history(bench)
    yield from _ratios(theirs, ours["page"])


def _theirs(database: Database, sizes: Sizes, channel: history.Channel) -> dict[str, Way]:
    few = ways.tuples(channel.batch(1, sizes.seed_rows + 1))
    many = ways.tuples(channel.batch(1, PAGE + 1))
    jsons = ways.jsons(channel.batch(1, sizes.rows + 1), ONE_CALL)
    return {
        "seed": Way(
            "the seed's way",
            f"{len(few):,} rows: INSERT by INSERT, a commit a page of {ways.PAGE}",
            len(few),
            partial(ways.one_by_one, database, few),
        ),
        "array": Way(
            "executemany, the seed's pages",
            f"{len(few):,} rows: the driver's array binding, {ways.PAGE} rows a call and commit",
            len(few),
            partial(ways.as_arrays, database, few, ways.PAGE),
        ),
        "arrays": Way(
            "executemany, a full page",
            f"the same, {PAGE:,} rows in one call and commit",
            len(many),
            partial(ways.as_arrays, database, many, PAGE),
        ),
        "limit": Way(
            "bare INSERT from OPENJSON",
            f"the limit: {ONE_CALL:,} rows a call and commit, JSON made beforehand, no look-up",
            sizes.rows,
            partial(ways.open_json, database, jsons),
        ),
    }


def _ours(database: Database, sizes: Sizes, channel: history.Channel) -> dict[str, Way]:
    calls, pages, groups = (_loads(channel, sizes, each) for each in (ONE_CALL, PAGE, GROUP))
    as_json, how = database.trusting(bulk=False), "staged" if PAGE > ONE_CALL else "in one call"
    return {
        "call": Way(
            "Fieldhouse, OPENJSON in one call",
            f"{ONE_CALL:,} rows a load, deduplicated, as are all that follow",
            sizes.rows,
            partial(_load, as_json, calls),
        ),
        "page": Way(
            "Fieldhouse",
            f"a page of {PAGE:,} rows a load, {how}",
            sizes.rows,
            partial(_load, database.warehouse, pages),
        ),
        "group": Way(
            "Fieldhouse, staged as JSON",
            f"{len(groups[0])} pages a load, as when pages come faster than they are written",
            sizes.rows,
            partial(_load, as_json, groups),
        ),
    }


def _bulk(database: Database, sizes: Sizes, channel: history.Channel) -> list[Way]:
    bare = ways.table(channel.batch(1, sizes.rows + 1))
    groups = _loads(channel, sizes, GROUP)
    return [
        Way(
            "bare bulk copy",
            "bulkcopy_arrow into the seed's table, all rows in one call, no look-up",
            sizes.rows,
            partial(ways.bulk_copy, database, bare),
        ),
        Way(
            "Fieldhouse, staged by bulk copy",
            f"{len(groups[0])} pages a load",
            sizes.rows,
            partial(_load, database.trusting(bulk=True), groups),
        ),
    ]


def _loads(channel: history.Channel, sizes: Sizes, size: int) -> Loads:
    """All rows, so many a load, in pages of at most ``PAGE``."""
    page = min(size, PAGE)
    lows = range(1, sizes.rows + 1, page)
    batches = [channel.batch(low, min(low + page, sizes.rows + 1)) for low in lows]
    each = size // page
    return [batches[first : first + each] for first in range(0, len(batches), each)]


def _load(warehouse: Warehouse, loads: Loads) -> None:
    for batches in loads:
        warehouse.load(batches)


def _warm_up(database: Database, channel: history.Channel) -> None:
    """Call what loads in one call and what stages: a session compiles what it calls first."""
    for rows in (1, ONE_CALL + 1):
        database.warehouse.load([channel.batch(1, rows + 1)])


def _measure(bench: Bench, database: Database, contestants: Sequence[Way]) -> None:
    """All in turn, so that what else the machine does meets all of them."""
    for _ in range(bench.sizes.repeats):
        for way in contestants:
            database.run("empty")
            began = time.perf_counter()
            way.run()
            way.rates.append(way.rows / (time.perf_counter() - began))
            if (held := database.ask(sql.statement("held"))["Held"][0].as_py()) != way.rows:
                raise AssertionError(f"{way.what}: {held} rows are there, not {way.rows}")


def _into_history(bench: Bench) -> Figure:
    database = bench.filled(bench.sizes.history)
    channel = history.Channel(NEIGHBOUR, bench.sizes.rows, MINUTE)
    loads = _loads(channel, bench.sizes, PAGE)
    began = time.perf_counter()
    _load(database.warehouse, loads)
    reached = bench.sizes.rows / (time.perf_counter() - began)
    note = f"a page a load, another channel, into a table that holds {bench.sizes.history:,} rows"
    return Figure("Fieldhouse, into a history", rate(reached), note)


def _ratios(theirs: dict[str, Way], page: Way) -> Iterator[Figure]:
    over_seed = page.rate / theirs["seed"].rate
    yield Figure(
        "Fieldhouse / the seed's way",
        times(over_seed),
        goal=f"≥ {TIMES_SEED:.0f} times",
        reached=over_seed >= TIMES_SEED,
    )
    for name in ("array", "arrays", "limit"):
        yield Figure(f"Fieldhouse / {theirs[name].what}", times(page.rate / theirs[name].rate))
