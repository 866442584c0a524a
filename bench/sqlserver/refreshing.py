"""The part on the refresh: what one new page costs after a short history and after a long one."""

from collections.abc import Iterator

from bench import history, refreshing
from bench.report import Figure, milliseconds, times
from bench.sizes import PAGE
from bench.sqlserver.shared import Bench
from bench.sqlserver.sizes import CHANNEL, FLAT, MINUTE


def refresh(bench: Bench) -> Iterator[Figure]:
    """The refresh of the aggregates for one new page, by length of history."""
    few, many = bench.sizes.short_history, bench.sizes.history
    warehouses = {
        history.Channel(CHANNEL, rows, MINUTE): bench.filled(rows).warehouse for rows in (few, many)
    }
    costs = refreshing.compare(warehouses, bench.sizes.quick_repeats)
    for rows, cost in costs.items():
        note = (
            f"hours, days and weeks of a new page of {PAGE:,} readings, one a minute; "
            f"its load took {milliseconds(cost.load)}"
        )
        yield Figure(f"refresh at {rows:,} rows", milliseconds(cost.refresh), note)
    ratio = costs[many].refresh / costs[few].refresh
    yield Figure(
        "long history / short",
        times(ratio),
        f"medians of {bench.sizes.quick_repeats} new pages, the two databases in turn; "
        f"their loads {times(costs[many].load / costs[few].load)}",
        goal=f"≤ {FLAT} times",
        reached=ratio <= FLAT,
    )
