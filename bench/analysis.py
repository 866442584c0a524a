"""The parts on what is done with a history: polls, refresh and queries; and on memory."""

from collections.abc import Iterator

from bench import history, ours, piping, polling, querying, refreshing, server, sizes
from bench.processes import fresh
from bench.report import Figure, megabytes, milliseconds, rate, times
from bench.shared import Bench


def polls(bench: Bench) -> Iterator[Figure]:
    """Polls of channels that have nothing new."""
    channels = server.quiet_channels(bench.sizes.polled_channels)
    file, repeats = bench.folder / "polls.duckdb", bench.sizes.quick_repeats
    took = fresh(polling.quiet, bench.server.url, channels, file, repeats)
    yield Figure(
        "CPU a channel",
        milliseconds(took.cpu),
        f"{len(channels)} channels of {server.QUIET_ROWS} entries, read again",
        goal=f"≤ {milliseconds(sizes.QUIET_POLL)}",
        reached=took.cpu <= sizes.QUIET_POLL,
    )
    yield Figure("wall time a channel", milliseconds(took.wall), "the simulator's part included")
    yield Figure(
        "rows written", f"{took.rows}", "in all tables", goal="none", reached=took.rows == 0
    )


def refresh(bench: Bench) -> Iterator[Figure]:
    """The refresh of the aggregates for one new page, by length of history."""
    few, many = bench.sizes.short_history, bench.sizes.history
    short = bench.warehouse("short", [history.CHANNEL], few)
    long = bench.warehouse("long", [history.CHANNEL], many)
    with bench.copy(short) as first, bench.copy(long) as second:
        files, repeats = {few: first, many: second}, bench.sizes.quick_repeats
        costs = fresh(refreshing.costs, files, repeats)
    for rows, cost in costs.items():
        yield Figure(
            f"refresh at {rows:,} rows",
            milliseconds(cost.refresh),
            f"hours, days and weeks of one new page; its load took {milliseconds(cost.load)}",
            goal=f"≤ {milliseconds(sizes.PAGE_REFRESH)}",
            reached=cost.refresh <= sizes.PAGE_REFRESH,
        )
    ratio = costs[many].refresh / costs[few].refresh
    yield Figure(
        "long history / short",
        times(ratio),
        f"medians of {repeats} new pages, the two warehouses in turn",
        goal=f"≤ {sizes.FLAT} times",
        reached=ratio <= sizes.FLAT,
    )
    yield from _hours(bench)


def _hours(bench: Bench) -> Iterator[Figure]:
    channels, rows = bench.sizes.hourly_channels, bench.sizes.hours
    took = fresh(refreshing.hours, bench.folder / "hours.duckdb", channels, rows)
    note = f"{channels} channels of {rows:,} hours, in one call, with their days and weeks"
    for what, seconds in (("new", took.new), ("touched", took.touched)):
        yield Figure(
            f"{channels * rows:,} {what} hours",
            f"{seconds:,.1f} s",
            note,
            goal=f"≤ {sizes.HOURS_REFRESH:.0f} s" if what == "touched" else "",
            reached=seconds <= sizes.HOURS_REFRESH if what == "touched" else None,
        )


def queries(bench: Bench) -> Iterator[Figure]:
    """A year of daily statistics, pre-aggregated against raw."""
    file = bench.warehouse("long", [history.CHANNEL], bench.sizes.history)
    took = fresh(querying.year, file, bench.sizes.quick_repeats)
    covers = f"{took.days} days, which hold {took.rows:,} of {bench.sizes.history:,} rows"
    yield Figure("raw", milliseconds(took.raw), f"{covers}; GROUP BY over iot.SensorReadings")
    yield Figure("pre-aggregated", milliseconds(took.aggregated), "SELECT from iot.AggregatedData")
    ratio = took.raw / took.aggregated
    yield Figure(
        "raw / pre-aggregated",
        times(ratio),
        "both answers whole in memory; their counts, minima and maxima agree",
        goal=f"≥ {sizes.TIMES_RAW:.0f} times",
        reached=ratio >= sizes.TIMES_RAW,
    )


def pipe(bench: Bench) -> Iterator[Figure]:
    """``fieldhouse query`` into a pipe: its pace, and its peak memory by length of the answer."""
    file = bench.warehouse("long", [history.CHANNEL], bench.sizes.history)
    few, many = bench.sizes.quarter, bench.sizes.rows
    for form in (None, "--json"):
        short, long = (fresh(piping.select, file, rows, form) for rows in (few, many))
        said = "tab-separated" if form is None else "JSON"
        for rows, done in ((few, short), (many, long)):
            note = f"{rate(rows / done.seconds)}, the start of the process included"
            yield Figure(f"{said}, peak for {rows:,} rows", megabytes(done.peak), note)
        ratio = long.peak / short.peak
        yield Figure(
            f"{said}, long answer / short",
            times(ratio),
            "the whole process, DuckDB's cache of the file included",
            goal=f"≤ {sizes.STEADY_MEMORY} times",
            reached=ratio <= sizes.STEADY_MEMORY,
        )


def memory(bench: Bench) -> Iterator[Figure]:
    """Peak memory of a backfill into a new warehouse, by length of history."""
    few, many = bench.sizes.quarter, bench.sizes.rows
    short, long = _backfill(bench, server.SHORT, few), _backfill(bench, server.LONG, many)
    note = "the whole process: Python, Arrow, and DuckDB with its buffers"
    for rows, done in ((few, short), (many, long)):
        more = f"{note}; {megabytes(done.peak)} once aggregated"
        yield Figure(f"peak for {rows:,} rows", megabytes(done.copy_peak), more)
    ratio = long.copy_peak / short.copy_peak
    yield Figure(
        "long history / short",
        times(ratio),
        f"{times(long.peak / short.peak)} with the aggregation of all of it in one go",
        goal=f"≤ {sizes.STEADY_MEMORY} times",
        reached=ratio <= sizes.STEADY_MEMORY,
    )


def _backfill(bench: Bench, channel_id: int, rows: int) -> ours.Backfill:
    file = bench.folder / f"memory-{rows}.duckdb"
    return fresh(ours.backfill, bench.server.ready_url, channel_id, file, rows)
