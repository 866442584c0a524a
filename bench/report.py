"""What was measured, as tables."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

console = Console(highlight=False)
if not console.is_terminal:
    console.width = 140


@dataclass(frozen=True, slots=True)
class Figure:
    """One line: what, how much, and what there is to say about it."""

    what: str
    value: str
    note: str = ""
    goal: str = ""
    reached: bool | None = None


def show(title: str, figures: Iterable[Figure]) -> None:
    """Print one table."""
    table = Table("measured", title=title, title_justify="left", title_style="bold")
    table.add_column("figure", justify="right", no_wrap=True)
    table.add_column("goal", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("how")
    for figure in figures:
        table.add_row(figure.what, figure.value, figure.goal, _verdict(figure), figure.note)
    console.print(table)
    console.print()


def say(text: str) -> None:
    """Print a line on what goes on."""
    console.print(f"[dim]{text}[/dim]")


def _verdict(figure: Figure) -> str:
    if figure.reached is None:
        return ""
    return "[green]reached[/green]" if figure.reached else "[red]not reached[/red]"


def rate(rows: float) -> str:
    return f"{rows:,.0f} rows/s"


def times(ratio: float) -> str:
    return f"{ratio:,.2f} times" if ratio < 10 else f"{ratio:,.0f} times"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"


def megabytes(count: float) -> str:
    return f"{count / 2**20:,.0f} MiB"
