"""Draw the README's pictures from a real run: ``python docs/pictures/make.py``."""

import io
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.text import Text

from fieldhouse.report import terminal
from fieldhouse.report.gathering import Wanted, figure_of, newest_span
from fieldhouse.report.svg import document
from fieldhouse.warehouse import Warehouse, open_warehouse

HERE = Path(__file__).parent


def main() -> None:
    """Run the simulated main job in a folder of its own, and draw what it printed and stored."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "fieldhouse", "run", "--simulated"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        draw_terminal(done.stdout.replace(folder, "~/sensors"))
        warehouse = open_warehouse(str(Path(folder) / "fieldhouse.duckdb"), read_only=True)
        with closing(warehouse):
            draw_plots(warehouse)


def draw_terminal(text: str) -> None:
    """The terminal as it looks."""
    lines = [line.rstrip() for line in text.splitlines()]
    width = max(map(len, lines)) + 1
    console = Console(record=True, width=width, file=io.StringIO(), highlight=False)
    console.print(Text("$ fieldhouse run --simulated", style="bold green"))
    for line in lines:
        console.print(Text(line), no_wrap=True)
    console.save_svg(str(HERE / "run.svg"), title="fieldhouse")


def draw_plots(warehouse: Warehouse) -> None:
    """Three years as a file has them, and a fortnight as a terminal has it."""
    (channel,) = warehouse.query("channels").to_pylist()
    number, name = channel["ChannelID"], channel["ChannelName"]
    temperature, humidity = (Wanted(number, n, channel[f"Field{n}Name"], name) for n in (1, 2))
    first, newest = newest_span(warehouse, [number], datetime.now(UTC).replace(tzinfo=None))
    title = f"{name} ({number})"
    spikes = newest - timedelta(days=30)  # the planted ones would squeeze the years before
    years = figure_of(
        warehouse, [temperature, humidity], first, spikes, UTC, points=1000, title=title
    )
    (HERE / "plot.svg").write_text(document(years) + "\n", "utf-8")
    begin = newest - timedelta(days=10)
    days = figure_of(warehouse, [humidity], begin, newest, UTC, points=160, title=title)
    command = f"$ fieldhouse plot {number} 2 --days 10"
    console = Console(record=True, width=84, file=io.StringIO(), highlight=False)
    console.print(Text(command, style="bold green"))
    for line in terminal.lines(days, 80, height=14, colour=True):
        console.print(line, no_wrap=True)
    console.save_svg(str(HERE / "terminal.svg"), title="fieldhouse")


if __name__ == "__main__":
    main()
