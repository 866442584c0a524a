"""The part on ingestion: rows a second, between the bounds and beside the peers."""

from collections.abc import Iterator
from pathlib import Path

from bench import bare, history, ours, peer, seed, sizes, walk
from bench.processes import fresh
from bench.report import Figure, megabytes, rate, say, times
from bench.server import LONG, SHORT
from bench.shared import Bench

_WALKED = 400_000
"""Rows that suffice to know the server's ceiling."""


def ingest(bench: Bench) -> Iterator[Figure]:
    """Rows a second from HTTP to durable rows."""
    many = bench.warehouse("others", history.OTHERS, bench.sizes.history)
    yield from _ceilings(bench)
    decoded = bench.median(lambda: fresh(bare.decode, bench.server.ready_url, LONG))
    appended = bench.median(lambda: _append(bench, many))
    bound = 1 / (1 / decoded + 1 / appended)
    yield Figure("bare decode", rate(decoded), "msgspec, the same pages into structs of text")
    yield Figure("bare DuckDB append", rate(appended), "typed Arrow, a commit a page, no look-up")
    yield Figure("decode and append in sequence", rate(bound), "the bound: one after the other")
    _backfill(bench, many)  # makes its pages ready
    runs = sorted((_backfill(bench, many) for _ in range(bench.sizes.repeats)), key=_copy)
    say(f"Fieldhouse's repetitions: {', '.join(rate(run.rate) for run in runs)}")
    ran = runs[len(runs) // 2]
    yield from _ours(bench, ran, bound)
    yield _cold(bench, many)
    yield from _seeds_way(bench, ran.rate)
    yield from _dlts(bench, ran.rate)


def _ceilings(bench: Bench) -> Iterator[Figure]:
    cold = _ceiling(bench, bench.server.url)
    _ceiling(bench, bench.server.ready_url)  # makes its pages ready
    ready = bench.median(lambda: _ceiling(bench, bench.server.ready_url))
    note = "fetched and thrown away by one client"
    yield Figure("server's ceiling, pages ready", rate(ready), note + "; what follows meets this")
    yield Figure("server's ceiling, pages made when asked for", rate(cold), note)


def _ceiling(bench: Bench, url: str) -> float:
    return fresh(walk.ceiling, url, LONG, min(bench.sizes.rows, _WALKED))


def _append(bench: Bench, file: Path) -> float:
    with bench.copy(file) as copy:
        return fresh(bare.append, bench.server.ready_url, LONG, copy, bench.sizes.rows)


def _backfill(bench: Bench, file: Path) -> ours.Backfill:
    with bench.copy(file) as copy:
        return fresh(ours.backfill, bench.server.ready_url, LONG, copy, bench.sizes.rows)


def _cold(bench: Bench, file: Path) -> Figure:
    rows = bench.sizes.quarter
    with bench.copy(file) as copy:
        ran = fresh(ours.backfill, bench.server.url, SHORT, copy, rows)
    note = f"{rows:,} rows; the simulator works on the same cores"
    return Figure("Fieldhouse, pages made when asked for", rate(ran.rate), note)


def _copy(backfill: ours.Backfill) -> float:
    return backfill.copy


def _ours(bench: Bench, ran: ours.Backfill, bound: float) -> Iterator[Figure]:
    share = ran.rate / bound
    yield Figure(
        "Fieldhouse",
        rate(ran.rate),
        f"{ran.rows:,} rows of 8 fields, {ran.requests} requests, deduplicated into a "
        f"warehouse of {bench.sizes.history:,}; peak {megabytes(ran.copy_peak)}",
    )
    yield Figure(
        "Fieldhouse / bound",
        f"{share:.0%}",
        goal=f"≥ {sizes.SHARE_OF_BOUND:.0%}",
        reached=share >= sizes.SHARE_OF_BOUND,
    )
    whole = ran.rows / (ran.copy + ran.refresh)
    yield Figure("Fieldhouse, aggregates included", rate(whole), "hours, days and weeks refreshed")


def _seeds_way(bench: Bench, ours_: float) -> Iterator[Figure]:
    rows, file = bench.sizes.seed_rows, bench.folder / "seed.duckdb"
    way = fresh(seed.rows_per_second, bench.server.ready_url, LONG, file, rows)
    note = f"{rows:,} rows: pages of 100, INSERT by INSERT, a commit a page, empty DuckDB table"
    yield Figure("the seed's way", rate(way), note)
    yield Figure("Fieldhouse / the seed's way", times(ours_ / way))


def _dlts(bench: Bench, ours_: float) -> Iterator[Figure]:
    rows = bench.sizes.dlt_rows
    kinds: dict[peer.Disposition, str] = {"append": "no deduplication", "merge": "deduplicated"}
    for kind, what in kinds.items():
        theirs = max(_dlt(bench, kind, workers) for workers in bench.sizes.dlt_workers)
        note = f"{rows:,} rows, {what}, empty database; start-up and a run's fixed cost taken off"
        yield Figure(f"dlt rest_api, {kind}", rate(theirs), note)
        yield Figure(
            f"Fieldhouse / dlt {kind}",
            times(ours_ / theirs),
            goal=f"≥ {sizes.TIMES_DLT:.0f} times",
            reached=ours_ / theirs >= sizes.TIMES_DLT,
        )


def _dlt(bench: Bench, kind: peer.Disposition, workers: int) -> float:
    url, rows = bench.server.ready_url, bench.sizes.dlt_rows
    return fresh(peer.rows_per_second, url, LONG, bench.folder, rows, kind, workers)
