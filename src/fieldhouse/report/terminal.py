"""A figure as lines of text: braille dots where they can be shown, plain ASCII elsewhere.

A line's mean is drawn whole, the band of its least and greatest values every other dot; anomalies
are crosses, and where there are no readings the axis is dashed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from fieldhouse.report.figure import Figure, Floats, Instants, Line, Panel
from fieldhouse.report.layout import reach
from fieldhouse.report.thinning import gaps, middles, parts, thinned, within
from fieldhouse.report.ticks import Tick, number_ticks, time_ticks
from fieldhouse.report.words import clean

__all__ = ["lines"]

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each of a braille character's dots, by row and column."""
_COLOURS = ("bright_blue", "yellow", "green", "magenta", "cyan", "red", "white", "bright_yellow")
_LETTERS = "abcdefgh"


@dataclass(frozen=True, slots=True)
class _Signs:
    tick: str
    side: str
    corner: str
    axis: str
    silent: str
    mark: str
    minus: str
    mean: str
    band: str


_UNICODE = _Signs("┤", "│", "└", "─", "╌", "\N{MULTIPLICATION SIGN}", "\N{MINUS SIGN}", "⠒", "⢕")
_ASCII = _Signs("+", "|", "+", "-", ".", "x", "-", "*", ":")


def lines(
    figure: Figure, width: int, *, height: int = 12, ascii_only: bool = False, colour: bool = False
) -> list[Text]:
    """Draw a figure in lines of at most ``width`` cells, each panel's plot ``height`` lines high.

    Without ``colour`` several lines of one panel are told apart by letters.
    """
    signs = _ASCII if ascii_only else _UNICODE
    drawn = [_fitted(Text(clean(figure.title), "bold"), width)]
    drawn.append(_fitted(Text(clean(figure.note), "dim"), width))
    ready = [_Ready(panel, figure, height) for panel in figure.panels]
    margin = min(width // 3, max([cell_len(t.label) for r in ready for t in r.ticks] + [3]))
    for panel in ready:
        drawn += _panel(panel, figure, width, margin, signs, ascii_only, colour)
    return [_plain(line) for line in drawn] if ascii_only else drawn


class _Ready:
    """A panel with the ticks of its values."""

    def __init__(self, panel: Panel, figure: Figure, height: int) -> None:
        self.panel, self.height = panel, height
        self.lines = [within(line, figure.start, figure.end) for line in panel.lines]
        self.ticks = number_ticks(*reach(panel, self.lines), max(2, height // 3))

    def row(self, values: Floats | float, rows: int) -> Instants:
        """The row of a value among so many, from above."""
        low, high = self.ticks[0].at, self.ticks[-1].at
        share = np.clip((np.asarray(values, np.float64) - low) / (high - low), 0, 1)
        return np.round((1 - share) * (rows - 1)).astype(np.int64)


def _panel(
    ready: _Ready, figure: Figure, width: int, margin: int, signs: _Signs, ascii_only: bool,
    colour: bool,
) -> Iterator[Text]:  # fmt: skip
    columns = max(8, width - margin - 2)
    canvas = _Canvas(columns, ready.height, figure)
    letters = len(ready.lines) > 1 and not colour
    for number, line in enumerate(ready.lines):
        canvas.draw(ready, line, number)
    cells = canvas.cells(signs, ascii_only=ascii_only, letters=letters)
    for mark in ready.panel.marks:
        if figure.start <= mark.at < figure.end:
            column = int(canvas.columns_of(np.array([mark.at]), columns)[0])
            cells[int(ready.row(mark.value, ready.height))][column] = (signs.mark, "bold red")
    yield Text()
    yield _fitted(_heading(ready, letters, width), width)
    labels = {int(ready.row(tick.at, ready.height)): tick.label for tick in ready.ticks}
    for row, line_of_cells in enumerate(cells):
        label = labels.get(row, "")
        text = Text(
            f"{set_cell_size(label, margin) if cell_len(label) > margin else label:>{margin}}"
        )
        text.append(f" {signs.tick if label else signs.side}", "dim")
        for sign, style in line_of_cells:
            text.append(sign, style)
        text.rstrip()
        yield text
    yield from _axis(ready, figure, canvas, margin, signs)
    yield _legend(ready, figure, width, margin, signs, canvas.has_band and not letters)


def _heading(ready: _Ready, letters: bool, width: int) -> Text:
    panel = ready.panel
    text = Text(clean(panel.title), "bold")
    if panel.unit:
        text.append(f"  {clean(panel.unit)}", "dim")
    if len(ready.lines) > 1:
        room = max(6, (width - text.cell_len) // len(ready.lines) - 5)
        for number, line in enumerate(ready.lines):
            name = clean(line.name)
            name = name if cell_len(name) <= room else set_cell_size(name, room - 1) + "…"
            sign = _LETTERS[number % 8] if letters else "━"
            text.append(f"  {sign}", _COLOURS[number % 8]).append(f" {name}", "not bold")
    return text


class _Canvas:
    """Dots, two by four in a cell, of lines and of bands."""

    def __init__(self, columns: int, rows: int, figure: Figure) -> None:
        self.columns, self.rows, self.figure = columns, rows, figure
        self.means = np.zeros((rows * 4, columns * 2), np.int8)
        self.bands = np.zeros((rows * 4, columns * 2), np.int8)
        self.has_band = False

    def columns_of(self, instants: Instants | Floats, columns: int) -> Instants:
        """The column of instants among so many."""
        span = self.figure.end - self.figure.start
        places = (np.asarray(instants, np.float64) - self.figure.start) / span * columns
        return np.clip(places.astype(np.int64), 0, columns - 1)

    def draw(self, ready: _Ready, line: Line, number: int) -> None:
        """Draw a line; what was drawn before stays on top of its band."""
        wide = self.columns * 2
        line = thinned(line, self.figure.end - self.figure.start, wide)
        at = self.columns_of(middles(line), wide)
        for part in parts(line):
            places, first = np.unique(at[part], return_index=True)
            low = np.minimum.reduceat(line.least[part], first)
            high = np.maximum.reduceat(line.greatest[part], first)
            mean = line.mean[part][first]
            across = np.arange(places[0], places[-1] + 1)
            rows = [
                ready.row(np.interp(across, places, values), self.rows * 4)
                for values in (mean, low, high)
            ]
            self._draw_part(number + 1, across, *rows)

    def _draw_part(
        self, number: int, across: Instants, mean: Instants, low: Instants, high: Instants
    ) -> None:
        before = int(mean[0])
        for column, row, bottom, top in zip(
            across.tolist(), mean.tolist(), low.tolist(), high.tolist(), strict=True
        ):
            # half way to the one before, so that steep lines hang together
            step = (row > before) - (row < before)
            reached = before + step if before != row else row
            self.means[min(reached, row) : max(reached, row) + 1, column] = number
            if bottom - top > 1:
                self.has_band = True
                first = top + (top + column) % 2
                self.bands[first : bottom + 1 : 2, column] = number
            before = row

    def cells(
        self, signs: _Signs, *, ascii_only: bool, letters: bool
    ) -> list[list[tuple[str, str]]]:
        """A sign and a style for each cell."""
        return [
            [self._cell(row, column, signs, ascii_only, letters) for column in range(self.columns)]
            for row in range(self.rows)
        ]

    def _cell(
        self, row: int, column: int, signs: _Signs, ascii_only: bool, letters: bool
    ) -> tuple[str, str]:
        place = (slice(row * 4, row * 4 + 4), slice(column * 2, column * 2 + 2))
        mean, band = self.means[place], self.bands[place]
        number = int(mean.max())
        if not number and (letters or not band.any()):
            return " ", ""
        if letters:
            return _LETTERS[(number - 1) % 8], ""
        style = _COLOURS[((number or int(band.max())) - 1) % 8] + ("" if number else " dim")
        if ascii_only:
            return (signs.mean if number else signs.band), style
        dots = mean if number and (mean > 0).any() else band
        bits = sum(_DOTS[y][x] for y in range(4) for x in range(2) if dots[y, x] or band[y, x])
        return chr(0x2800 + bits), style


def _axis(
    ready: _Ready, figure: Figure, canvas: _Canvas, margin: int, signs: _Signs
) -> Iterator[Text]:
    columns = canvas.columns
    axis = [signs.axis] * columns
    silent = gaps(ready.lines[0], figure.start, figure.end) if len(ready.lines) == 1 else []
    for begin, end in silent:
        first, last = canvas.columns_of(np.array([begin, end - 1]), columns).tolist()
        for column in range(first + (first > 0), last):
            axis[column] = signs.silent
    yield Text(" " * margin + f" {signs.corner}{''.join(axis)}", "dim")
    ticks = time_ticks(figure.start, figure.end, figure.zone, max(2, columns // 10))
    for texts in ([t.label for t in ticks], [t.context for t in ticks]):
        if any(texts):
            yield Text(" " * (margin + 2) + _spaced(ticks, texts, canvas))


def _spaced(ticks: Sequence[Tick], texts: Sequence[str], canvas: _Canvas) -> str:
    """Labels below their ticks, those that would touch another left out."""
    row = ""
    for tick, text in zip(ticks, texts, strict=True):
        middle = int(canvas.columns_of(np.array([tick.at]), canvas.columns)[0])
        begin = max(0, min(middle - len(text) // 2, canvas.columns - len(text)))
        if text and (begin > len(row) or not row):
            row = row.ljust(begin) + text
    return row[: canvas.columns]


def _legend(
    ready: _Ready, figure: Figure, width: int, margin: int, signs: _Signs, has_band: bool
) -> Text:
    said = []
    if not any(len(line) for line in ready.lines):
        said.append("no readings")
    else:
        if len(ready.lines) == 1:
            said.append(f"{signs.mean} mean")
        if has_band:
            said.append(f"{signs.band} least to greatest")
        if marks := sum(figure.start <= mark.at < figure.end for mark in ready.panel.marks):
            said.append(f"{signs.mark} {marks:,} anomal{'y' if marks == 1 else 'ies'}")
        if len(ready.lines) == 1 and gaps(ready.lines[0], figure.start, figure.end):
            said.append(f"{signs.silent} no readings")
    return _fitted(Text(" " * (margin + 2 if width >= 60 else 0) + "   ".join(said), "dim"), width)


def _fitted(text: Text, width: int) -> Text:
    text.truncate(width, overflow="ellipsis")
    return text


def _plain(text: Text) -> Text:
    """Signs that ASCII has; others are left as a question mark."""
    said = text.plain.replace("\N{MINUS SIGN}", "-").replace("\N{NO-BREAK SPACE}", " ")
    said = said.replace("…", "~").replace("━", "-").replace("°", " ").replace("µ", "u").replace("·", "-")
    plain = Text(said.encode("ascii", "replace").decode("ascii"))
    plain.spans = text.spans
    return plain
