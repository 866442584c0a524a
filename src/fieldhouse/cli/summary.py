"""What a run did, on one screen."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.cells import set_cell_size

from fieldhouse.cli import output
from fieldhouse.times import utc_now

if TYPE_CHECKING:
    from fieldhouse.settings import Settings
    from fieldhouse.state import Run
    from fieldhouse.warehouse import Warehouse

__all__ = ["print_summary"]

_LISTED = 40
"""Of more channels only those that failed have a row."""
_LABEL, _FOUND = 18, 14
"""Columns for a field's label, and for what is said of its anomalies."""
_DETAILED = 3
"""Up to so many channels are shown with their curves."""


def print_summary(runs: Sequence["Run"], warehouse: "Warehouse", settings: "Settings") -> None:
    """The runs in a table; of few channels also a curve a field and the latest anomalies."""
    columns = ("channel", "outcome", "requests", "needed", "fetched", "inserted", "updated")
    rows = [
        {
            "channel": str(run.channel_id),
            "outcome": run.outcome,
            "requests": run.requests,
            "needed": run.requests_needed,
            "fetched": run.fetched,
            "inserted": run.inserted,
            "updated": run.updated,
            "duplicates": run.duplicates,
            "raw texts": run.raw,
            "score": run.quality_score,
        }
        for run in runs
    ]
    if len(rows) > _LISTED:
        rows = [row for row in rows if row["outcome"] != "success"]
    if rows:
        title = "Those that did not succeed" if len(rows) < len(runs) else None
        output.print_rows(rows, (*columns, "duplicates", "raw texts", "score"), title=title)
    if len(runs) <= _DETAILED:
        for run in runs:
            if not run.error:  # the warehouse itself may be what failed
                _print_channel(run.channel_id, warehouse)
    if rejected := sum(run.rejected for run in runs):
        typer.echo(
            f"{rejected:,} entries could not be readings, for want of a usable id or time: their "
            "texts are in iot.RejectedEntries"
        )
    done = sum(run.outcome == "success" for run in runs)
    inserted = sum(run.inserted for run in runs)
    typer.echo(
        f"{done} of {len(runs)} channels up to date, {inserted:,} new readings, in "
        f"{_where(settings.warehouse_url)}"
    )


def _where(url: str) -> str:
    return (
        str(Path(url.removeprefix("duckdb:///")).absolute()) if url.startswith("duckdb:") else url
    )


def _print_channel(channel_id: int, warehouse: "Warehouse") -> None:
    names = {row["ChannelID"]: row for row in warehouse.query("channels").to_pylist()}
    channel = names.get(channel_id)
    daily = warehouse.query(
        "aggregates", channel_id=channel_id, aggregation_type="DAILY", start_at=None, end_at=None
    ).to_pylist()
    if not channel or not daily:
        return
    first, last = daily[0]["PeriodStart"], daily[-1]["PeriodStart"]
    name = output.text(channel["ChannelName"] or f"channel {channel_id}")
    typer.echo(
        f"\n{name}: daily means, {first:%Y-%m-%d} to {last:%Y-%m-%d} (UTC); anomalies of 30 days\n"
    )
    for line in _curves(channel, daily, _unusual(channel_id, warehouse)):
        typer.echo(line)
    typer.echo("")


def _curves(
    channel: Mapping[str, Any], daily: Sequence[Mapping[str, Any]], unusual: Counter[int]
) -> Iterator[str]:
    """A line a field: its label, the least mean, the curve, the greatest, its anomalies."""
    shown = []
    for n in range(1, 9):
        means = [row[f"Field{n}Avg"] for row in daily]
        known = [mean for mean in means if mean is not None]
        if known:
            label = output.text(channel[f"Field{n}Name"] or f"Field {n}")
            shown.append((n, label, output.text(min(known)), means, output.text(max(known))))
    low = max((len(least) for _, _, least, _, _ in shown), default=0)
    high = max((len(greatest) for *_, greatest in shown), default=0)
    room = (output.screen_width() or 120) - _LABEL - low - high - _FOUND - 6
    for n, label, least, means, greatest in shown:
        curve = output.sparkline(means, max(10, min(60, room)))
        found = f"anomalies: {unusual[n]}" if unusual[n] else ""
        fixed = set_cell_size(label, _LABEL)
        yield f"  {fixed} {least:>{low}} {curve} {greatest:<{high}} {found}".rstrip()


def _unusual(channel_id: int, warehouse: "Warehouse") -> Counter[int]:
    """How many incidents of the last thirty days each field has, of those nobody called ok."""
    rows = warehouse.query(
        "anomalies_kept", channel_ids=[channel_id], start_at=utc_now() - timedelta(days=30)
    ).to_pylist()
    return Counter(row["FieldNumber"] for row in rows if row["IsReal"] is not False)
