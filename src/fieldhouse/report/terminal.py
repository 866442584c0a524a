"""A figure as lines of text: braille dots where they can be shown, plain ASCII elsewhere.

A line's mean is drawn whole, the band of its least and greatest values every other dot; anomalies
are crosses, and where there are no readings the axis is dashed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rich.cells import cell_len
from rich.text import Text

from fieldhouse.report.figure import (
    Figure,
    Floats,
    Instants,
    Line,
    MarkKind,
    Panel,
    Shade,
    ShadeKind,
)
from fieldhouse.report.layout import reach
from fieldhouse.report.thinning import gaps, middles, parts, thinned, within
from fieldhouse.report.ticks import Tick, number_ticks, time_ticks
from fieldhouse.report.words import clean

__all__ = ["lines"]

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each of a braille character's dots, by row and column."""
_COLOURS = ("bright_blue", "yellow", "green", "magenta", "cyan", "red", "white", "bright_yellow")
_LETTERS = "abcdefgh"

_Cell = tuple[str, str]
"""A sign and its style."""


@dataclass(frozen=True, slots=True)
class _Signs:
    tick: str
    side: str
    corner: str
    axis: str
    silent: str
    excluded: str
    mark: str
    aside: str
    mean: str
    band: str
    sample: str


_UNICODE = _Signs(
    *("┤", "│", "└", "─", "╌", "\N{ALMOST EQUAL TO}"),
    *("\N{MULTIPLICATION SIGN}", "\N{RING OPERATOR}", "⠒", "⢕", "━"),
)
_ASCII = _Signs("+", "|", "+", "-", ".", "~", "x", "o", "*", ":", "-")


@dataclass(frozen=True, slots=True)
class _Page:
    """How and how wide everything is drawn."""

    figure: Figure
    width: int
    margin: int
    signs: _Signs
    colour: bool

    @property
    def columns(self) -> int:
        """Cells of a plot, right of the labels of its values."""
        return max(8, self.width - self.margin - 2)


def lines(
    figure: Figure, width: int, *, height: int = 12, ascii_only: bool = False, colour: bool = False
) -> list[Text]:
    """Draw a figure in lines of at most ``width`` cells, each panel's plot ``height`` lines high.

    ``width`` is 40 or more. Without ``colour`` letters tell the lines of one panel apart.
    """
    ready = [_Ready(panel, figure, height) for panel in figure.panels]
    margin = max([cell_len(label) for panel in ready for label in panel.labels.values()] + [3])
    page = _Page(figure, width, margin, _ASCII if ascii_only else _UNICODE, colour)
    heads = [Text(clean(figure.title), "bold"), Text(clean(figure.note), "dim")]
    drawn = [_fitted(head, width) for head in heads if head]
    for panel in ready:
        drawn += _panel(panel, page)
    return [_fitted(_plain(line), width) for line in drawn] if ascii_only else drawn


class _Ready:
    """A panel with the ticks of its values."""

    def __init__(self, panel: Panel, figure: Figure, height: int) -> None:
        self.panel = panel
        self.lines = [within(line, figure.start, figure.end) for line in panel.lines]
        self.is_empty = not any(len(line) for line in self.lines)
        self.height = 3 if self.is_empty else height
        self.ticks = number_ticks(*reach(panel, self.lines), height // 3)
        rows = {int(self.row(tick.at, height)): tick.label for tick in self.ticks}
        self.labels = {} if self.is_empty else rows

    def excluded(self, figure: Figure) -> list[Shade]:
        """The spans that are shown of which readings were taken out."""
        return [
            shade
            for shade in self.panel.shades
            if shade.kind is ShadeKind.EXCLUDED
            and shade.start < figure.end
            and shade.end > figure.start
        ]

    def row(self, values: Floats | float, rows: int) -> Instants:
        """The row of a value among so many, from above."""
        low, high = self.ticks[0].at, self.ticks[-1].at
        share = np.clip((np.asarray(values, np.float64) - low) / (high - low), 0, 1)
        return np.round((1 - share) * (rows - 1)).astype(np.int64)


def _panel(ready: _Ready, page: _Page) -> Iterator[Text]:
    canvas = _Canvas(page.columns, ready.height, page.figure)
    letters = len(ready.lines) > 1 and not page.colour
    for number, line in enumerate(ready.lines):
        canvas.draw(ready, line, number)
    cells = canvas.cells(page.signs, letters=letters)
    _mark(cells, ready, page)
    yield Text()
    yield _fitted(_heading(ready, page, letters=letters), page.width)
    for row, of_row in enumerate(cells):
        yield _row(ready.labels.get(row, ""), of_row, page)
    yield from _axis(ready, canvas, page)
    indent = " " * (page.margin + 2 if page.width >= 60 else 0)
    told = ""
    for said in _legend(ready, page, has_band=canvas.has_band and not letters):
        if told and cell_len(f"{indent}{told}   {said}") > page.width:
            yield _fitted(Text(f"{indent}{told}", "dim"), page.width)
            told = ""
        told = f"{told}   {said}" if told else said
    if told:
        yield _fitted(Text(f"{indent}{told}", "dim"), page.width)


def _mark(cells: list[list[_Cell]], ready: _Ready, page: _Page) -> None:
    """Put the marks into their cells; where nothing is, words say so."""
    for mark in ready.panel.marks:
        if page.figure.start <= mark.at < page.figure.end:
            column = _column(mark.at, page)
            row = cells[int(ready.row(mark.value, ready.height))]
            is_aside = mark.kind is MarkKind.ASIDE
            row[column] = (page.signs.aside, "dim") if is_aside else (page.signs.mark, "bold red")
    if ready.is_empty:
        words = "no readings"[: page.columns]
        begin = (page.columns - len(words)) // 2
        cells[ready.height // 2][begin : begin + len(words)] = [(sign, "dim") for sign in words]


def _row(label: str, cells: Sequence[_Cell], page: _Page) -> Text:
    text = Text(" " * (page.margin - cell_len(label)) + label)
    text.append(f" {page.signs.tick if label else page.signs.side}", "dim")
    for sign, style in cells:
        text.append(sign, style)
    text.rstrip()
    return text


def _heading(ready: _Ready, page: _Page, *, letters: bool) -> Text:
    """What is measured, in which unit, and, of several lines, which is which."""
    panel, many = ready.panel, len(ready.lines) > 1
    title = Text(clean(panel.title), "bold")
    if many:
        _fitted(title, page.width // 2)
    if panel.unit:
        title.append(f"  {clean(panel.unit)}", "dim")
    room = max(4, (page.width - title.cell_len) // len(ready.lines) - 4)
    for number, line in enumerate(ready.lines if many else ()):
        sign = _LETTERS[number % 8] if letters else page.signs.sample
        title.append(f"  {sign}", _COLOURS[number % 8])
        title.append_text(_fitted(Text(f" {clean(line.name)}", "not bold"), room))
    return title


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

    def cells(self, signs: _Signs, *, letters: bool) -> list[list[_Cell]]:
        """A sign and a style for each cell."""
        return [
            [self._cell(row, column, signs, letters=letters) for column in range(self.columns)]
            for row in range(self.rows)
        ]

    def _cell(self, row: int, column: int, signs: _Signs, *, letters: bool) -> _Cell:
        place = (slice(row * 4, row * 4 + 4), slice(column * 2, column * 2 + 2))
        mean, band = self.means[place], self.bands[place]
        number = int(mean.max())
        if not number and (letters or not band.any()):
            return " ", ""
        if letters:
            return _LETTERS[(number - 1) % 8], ""
        style = _COLOURS[((number or int(band.max())) - 1) % 8] + ("" if number else " dim")
        if signs is _ASCII:
            return (signs.mean if number else signs.band), style
        bits = sum(_DOTS[y][x] for y in range(4) for x in range(2) if mean[y, x] or band[y, x])
        return chr(0x2800 + bits), style


def _column(instant: int, page: _Page) -> int:
    share = (instant - page.figure.start) / (page.figure.end - page.figure.start)
    return min(max(int(share * page.columns), 0), page.columns - 1)


def _axis(ready: _Ready, canvas: _Canvas, page: _Page) -> Iterator[Text]:
    figure, indent = page.figure, " " * page.margin
    axis = [page.signs.axis] * page.columns
    silent = gaps(ready.lines[0], figure.start, figure.end) if len(ready.lines) == 1 else []
    for begin, end in silent:
        first, last = _column(begin, page), _column(end - 1, page)
        # the cells at its ends may have readings
        first, last = first + (begin > figure.start), last + (end >= figure.end)
        axis[first:last] = [page.signs.silent] * max(0, last - first)
    for shade in ready.excluded(figure):
        first, last = (_column(at, page) for at in (shade.start, shade.end - 1))
        axis[first : last + 1] = [page.signs.excluded] * (last + 1 - first)
    yield Text(f"{indent} {page.signs.corner}{''.join(axis)}", "dim")
    ticks = time_ticks(figure.start, figure.end, figure.zone, max(2, page.columns // 10))
    for texts in ([t.label for t in ticks], [t.context for t in ticks]):
        if any(texts):
            yield Text(f"{indent}  {_spaced(ticks, texts, page)}")


def _spaced(ticks: Sequence[Tick], texts: Sequence[str], page: _Page) -> str:
    """Labels below their ticks, those that would touch another left out."""
    row = ""
    for tick, text in zip(ticks, texts, strict=True):
        begin = _column(int(tick.at), page) - len(text) // 2
        begin = max(0, min(begin, page.columns - len(text)))
        if text and (begin > len(row) or not row):
            row = row.ljust(begin) + text
    return row[: page.columns]


def _legend(ready: _Ready, page: _Page, *, has_band: bool) -> Iterator[str]:
    """What the signs mean, those that are there."""
    if ready.is_empty:
        return
    alone, figure, signs = len(ready.lines) == 1, page.figure, page.signs
    if alone:
        yield f"{signs.mean} mean"
    if has_band:
        yield f"{signs.band} least to greatest"
    inside = [mark.kind for mark in ready.panel.marks if figure.start <= mark.at < figure.end]
    if marks := inside.count(MarkKind.ANOMALY):
        yield f"{signs.mark} {marks:,} anomal{'y' if marks == 1 else 'ies'}"
    if asides := inside.count(MarkKind.ASIDE):
        yield f"{signs.aside} {asides:,} that do{'es' if asides == 1 else ''} not count"
    if alone and gaps(ready.lines[0], figure.start, figure.end):
        yield f"{signs.silent} no readings"
    if ready.excluded(figure):
        yield f"{signs.excluded} excluded"


def _fitted(text: Text, width: int) -> Text:
    text.truncate(width, overflow="ellipsis")
    return text


def _plain(text: Text) -> Text:
    """Signs that ASCII has; others are left as a question mark."""
    said = text.plain.replace("\N{MINUS SIGN}", "-").replace("\N{NO-BREAK SPACE}", " ")
    said = (
        said.replace("…", "~")
        .replace("━", "-")
        .replace("°", " ")
        .replace("µ", "u")
        .replace("·", "-")
    )
    plain = Text(said.encode("ascii", "replace").decode("ascii"))
    plain.spans = text.spans
    return plain
