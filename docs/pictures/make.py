"""Draw the README's pictures from a real run: ``python docs/pictures/make.py``."""

import io
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from fieldhouse.warehouse import open_warehouse

HERE = Path(__file__).parent
WIDTH, HEIGHT, MARGIN = 1200, 320, 46


def main() -> None:
    """Run the simulated main job in a folder of its own, and draw what it printed and stored."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "fieldhouse", "run", "--simulated"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        draw_terminal(done.stdout.replace(folder, "~/sensors"))
        warehouse = open_warehouse(str(Path(folder) / "fieldhouse.duckdb"), read_only=True)
        rows = warehouse.stream(
            "SELECT PeriodStart, Field1Avg, Field1Min, Field1Max FROM iot.AggregatedData "
            "WHERE AggregationType = 'DAILY' AND Field1Count > 0 ORDER BY PeriodStart"
        ).read_all()
        draw_plot(rows.to_pylist())
        warehouse.close()


def draw_terminal(text: str) -> None:
    """The terminal as it looks."""
    lines = [line.rstrip() for line in text.splitlines()]
    width = max(map(len, lines)) + 1
    console = Console(record=True, width=width, file=io.StringIO(), highlight=False)
    console.print(Text("$ fieldhouse run --simulated", style="bold green"))
    for line in lines:
        console.print(Text(line), no_wrap=True)
    console.save_svg(str(HERE / "run.svg"), title="fieldhouse")


def draw_plot(rows: list[dict[str, object]]) -> None:
    """The daily mean of the first field, within its least and greatest values."""
    days = [row["PeriodStart"] for row in rows]
    lows, means, highs = (
        [float(str(row[f"Field1{n}"])) for row in rows] for n in ("Min", "Avg", "Max")
    )
    bottom, top = -20.0, 40.0

    def x(i: int) -> float:
        return MARGIN + i * (WIDTH - 2 * MARGIN) / (len(rows) - 1)

    def y(value: float) -> float:
        inside = min(max(value, bottom), top)
        return HEIGHT - MARGIN - (inside - bottom) * (HEIGHT - 2 * MARGIN) / (top - bottom)

    def points(values: list[float], order: int = 1) -> str:
        return " ".join(f"{x(i):.1f},{y(v):.1f}" for i, v in list(enumerate(values))[::order])

    grid = "".join(
        f'<line x1="{MARGIN}" x2="{WIDTH - MARGIN}" y1="{y(t):.1f}" y2="{y(t):.1f}" stroke="#ddd"/>'
        f'<text x="{MARGIN - 8}" y="{y(t) + 4:.1f}" text-anchor="end">{t}</text>'
        for t in range(-20, 41, 10)
    )
    years = "".join(
        f'<text x="{x(i):.1f}" y="{HEIGHT - 18}" text-anchor="middle">{day:%Y-%m}</text>'
        for i, day in enumerate(days)
        if day.day == 1 and day.month in (1, 4, 7, 10)
    )
    (HERE / "plot.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="13" fill="#444">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
        f'<text x="{MARGIN}" y="26" font-size="16" fill="#111">Temperature (°C): daily mean, least '
        "and greatest, from iot.AggregatedData</text>"
        f'{grid}<polygon points="{points(lows)} {points(highs, -1)}" fill="#9cc5e8" opacity="0.7"/>'
        f'<polyline points="{points(means)}" fill="none" stroke="#0b4f8a" stroke-width="1.6"/>'
        f"{years}</svg>\n",
        "utf-8",
    )


if __name__ == "__main__":
    main()
