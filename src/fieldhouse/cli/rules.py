"""Rules of correction as they are typed at the command line, and as they are shown there."""

import re
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import typer

from fieldhouse.cli import output

if TYPE_CHECKING:
    from fieldhouse.corrections import Made, Preview

__all__ = ["addend", "factor", "listed", "print_made", "print_preview", "said", "shift"]

_SHIFT = re.compile(r"([+-]?)((?:\d{1,9}[wdhms])+)", re.ASCII)
_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)


def shift(value: str) -> timedelta:
    """Read a length of time with a sign: ``1h``, ``-90m``, ``1d12h``."""
    found = _SHIFT.fullmatch(value.strip())
    if not found:
        raise typer.BadParameter(f"{value!r} is no length of time; write 1h, -90m or 1d12h")
    parts = re.findall(r"(\d+)([wdhms])", found[2])
    seconds = sum(int(number) * _UNITS[unit] for number, unit in parts)
    try:
        return timedelta(seconds=-seconds if found[1] == "-" else seconds)
    except OverflowError:
        raise typer.BadParameter(f"{value!r} is longer than a hundred years") from None


def number(value: str, *, size: int, decimals: int) -> Decimal:
    """Read a decimal number below ``10**size``, exactly."""
    try:
        read = Decimal(value) if _NUMBER.fullmatch(value.strip()) else Decimal("NaN")
        held = read.quantize(Decimal(1).scaleb(-decimals))
    except InvalidOperation:
        held, read = Decimal(0), Decimal("NaN")
    if held != read or abs(held) >= 10**size:
        raise typer.BadParameter(
            f"{value!r} is no number below 10^{size} with at most {decimals} decimals,"
            " as 1.8 or -0.25 is one"
        )
    return held


def factor(value: str) -> Decimal:
    """Read what values are multiplied with."""
    return number(value, size=7, decimals=12)


def addend(value: str) -> Decimal:
    """Read what is added to values."""
    return number(value, size=12, decimals=6)


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
        "rule": said(row),
        "from": row["SpanStart"],
        "to": row["SpanEnd"],
        "reason": row["Reason"],
        "by": f"{row['MadeBy']}, {row['MadeAt']:%Y-%m-%d}",
        "removed": row["RemovedBy"] and f"{row['RemovedBy']}, {row['RemovedAt']:%Y-%m-%d}",
    }


def said(row: dict[str, Any]) -> str:
    """What a rule does, in a few words."""
    where = f" where {row['Condition']}" if row["Condition"] else ""
    if row["Kind"] == "EXCLUDE":
        return f"excluded{where}"
    if row["Kind"] == "SHIFT":
        return f"time {timedelta(seconds=abs(row['ShiftSeconds']))} " + (
            "later" if row["ShiftSeconds"] > 0 else "earlier"
        )
    offset = row["OffsetValue"]
    added = f" {'-' if offset < 0 else '+'} {output.text(abs(offset))}" if offset else ""
    return f"value * {output.text(row['ScaleFactor'])}{added}{where}"
