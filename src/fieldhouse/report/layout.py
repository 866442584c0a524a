"""Where things stand in a picture of some width: scales, ticks, heights (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fieldhouse.report.figure import Figure, Floats, Instants, Line, MarkKind, Panel
from fieldhouse.report.thinning import thinned, within
from fieldhouse.report.ticks import Tick, number_ticks, time_ticks
from fieldhouse.report.words import width_of

__all__ = ["Layout", "Placed", "laid_out", "reach"]

SIZE = 12.0
"""The font's size."""
TITLE, BARE, HEIGHT, BETWEEN, FOOT = 26.0, 10.0, 190.0, 14.0, 40.0
RIGHT = 14.0
_TICK_ROOM = 78.0
_VALUE_ROOM = 38.0


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A panel in its place: its lines thinned to the width, its ticks, its edges."""

    panel: Panel
    lines: tuple[Line, ...]
    ticks: Sequence[Tick]
    top: float
    bottom: float

    def y(self, values: Floats | float) -> Floats:
        """Where values stand; what is beyond the axis stands at its end."""
        low, high = self.ticks[0].at, self.ticks[-1].at
        share = np.clip((np.asarray(values, np.float64) - low) / (high - low), 0.0, 1.0)
        places: Floats = self.bottom - share * (self.bottom - self.top)
        return places


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A figure laid out for a width."""

    figure: Figure
    width: float
    height: float
    left: float
    right: float
    panels: tuple[Placed, ...]
    ticks: Sequence[Tick]

    def x(self, instants: Instants | Floats | float) -> Floats:
        """Where instants stand; what is beyond the span stands at its end."""
        start, end = self.figure.start, self.figure.end
        share = np.clip((np.asarray(instants, np.float64) - start) / (end - start), 0.0, 1.0)
        places: Floats = self.left + share * (self.right - self.left)
        return places


def reach(panel: Panel, lines: Sequence[Line]) -> tuple[float, float]:
    """The least and greatest value that a panel's axis has to show."""
    if panel.bounds:
        return panel.bounds
    lows = [float(line.least.min()) for line in lines if len(line)]
    highs = [float(line.greatest.max()) for line in lines if len(line)]
    # what was set aside, as a spike of a thousand degrees, must not flatten what counts
    counting = [mark.value for mark in panel.marks if mark.kind is MarkKind.ANOMALY]
    lows += counting
    highs += counting
    return (min(lows), max(highs)) if lows else (0.0, 1.0)


def has_title(panel: Panel) -> bool:
    """Whether anything stands above a panel: its title, which line is which, its unit."""
    return panel.has_heading or bool(panel.unit)


def laid_out(figure: Figure, width: float, height: float = HEIGHT) -> Layout:
    """Lay a figure out for a width, each of its panels' plots so high."""
    ready = []
    for panel in figure.panels:
        shown = [within(line, figure.start, figure.end) for line in panel.lines]
        low, high = reach(panel, shown)
        ready.append((panel, shown, number_ticks(low, high, max(2, round(height / _VALUE_ROOM)))))
    labels = [tick.label for _, _, ticks in ready for tick in ticks]
    left = 10.0 + max([width_of(label, SIZE) for label in labels] + [18.0])
    inner = max(40.0, width - left - RIGHT)
    panels, top = [], 2.0
    for panel, shown, ticks in ready:
        top += TITLE if has_title(panel) else BARE
        lines = tuple(thinned(line, figure.end - figure.start, round(inner)) for line in shown)
        panels.append(Placed(panel, lines, ticks, top, top + height))
        top += height + BETWEEN
    most = max(2, round(inner / _TICK_ROOM))
    ticks = time_ticks(figure.start, figure.end, figure.zone, most)
    return Layout(figure, width, top - BETWEEN + FOOT, left, left + inner, tuple(panels), ticks)
