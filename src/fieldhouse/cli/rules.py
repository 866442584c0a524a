"""Rules of correction as they are typed at the command line, and as they are shown there."""

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from fieldhouse import ruletexts
from fieldhouse.cli import output
from fieldhouse.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fieldhouse.corrections import Made, Preview

__all__ = ["addend", "factor", "listed", "print_made", "print_preview", "shift"]

T = TypeVar("T")


def shift(value: str) -> timedelta:
    """Read a length of time with a sign."""
    return _typed(ruletexts.shift_of, value)


def factor(value: str) -> Decimal:
    """Read what values are multiplied with."""
    return _typed(ruletexts.factor_of, value)


def addend(value: str) -> Decimal:
    """Read what is added to values."""
    return _typed(ruletexts.addend_of, value)


def _typed(read: "Callable[[str], T]", value: str) -> "T":
    try:
        return read(value)
    except ConfigurationError as error:
        raise typer.BadParameter(str(error)) from error


def print_made(made: "Made", channel_id: int, *, as_json: bool) -> None:
    """Print what a new rule changed, and how it is undone."""
    if as_json:
        output.print_json(
            {
                "correction_id": made.correction_id,
                "channel_id": channel_id,
                "readings": made.readings,
                "beyond": made.beyond,
            }
        )
        return
    counted = f"{made.readings:,} {'reading' if made.readings == 1 else 'readings'}"
    what = f"{counted} changed" if made.readings else "no reading yet is covered"
    typer.echo(
        f"correction {made.correction_id} of channel {channel_id}: {what};"
        " aggregates and quality are up to date"
    )
    if made.beyond:
        typer.echo(f"{made.beyond:,} of them have a value of 10^12 or more, which is none now")
    typer.echo(f"Undo it with: fieldhouse corrections remove {made.correction_id}")


def print_preview(found: "Preview", channel_id: int, *, as_json: bool) -> None:
    """Print what a rule would cover, with a sample."""
    names = ("entry_id", "created_at", "field", "now", "then")
    rows = [{name: getattr(sample, name) for name in names} for sample in found.samples]
    if as_json:
        output.print_json({"channel_id": channel_id, "readings": found.readings, "sample": rows})
        return
    typer.echo(f"channel {channel_id}: {found.readings:,} readings would be covered")
    if rows:
        output.print_rows(rows, names, title="The first of them")


def listed(row: dict[str, Any]) -> dict[str, Any]:
    """A rule as the list shows it."""
    return {
        "id": row["CorrectionID"],
        "channel": row["ChannelID"],
        "field": row["FieldNumber"] or ("-" if row["Kind"] == "SHIFT" else "all"),
        "rule": ruletexts.said(row),
        "from": row["SpanStart"],
        "to": row["SpanEnd"],
        "reason": row["Reason"],
        "by": f"{row['MadeBy']}, {row['MadeAt']:%Y-%m-%d}",
        "removed": row["RemovedBy"] and f"{row['RemovedBy']}, {row['RemovedAt']:%Y-%m-%d}",
    }
