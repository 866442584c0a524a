"""What a picture shows, described once for every writer: values, no pixels (pure).

Instants are microseconds since 1970, UTC, as whole numbers: those of Arrow's timestamps. Whatever
is drawn of a figure, on a terminal, as SVG or in a browser, is thinned from it to the width there
is, so that a line's least and greatest values are true in each.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "SECOND",
    "Boundary",
    "Figure",
    "Floats",
    "Instants",
    "Line",
    "Mark",
    "MarkKind",
    "Panel",
    "Shade",
    "ShadeKind",
    "datetime_of",
    "instant_of",
]

Instants = NDArray[np.int64]
Floats = NDArray[np.float64]

SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant_of(time: datetime) -> int:
    """The instant of a naive UTC time, or of one with a zone."""
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(microseconds=1)


def datetime_of(instant: int, zone: tzinfo = UTC) -> datetime:
    """The time of an instant in a zone; beyond the years that there are, their first or last."""
    try:
        return (_EPOCH + timedelta(microseconds=int(instant))).astimezone(zone)
    except OverflowError:
        edge = datetime.min if instant < 0 else datetime.max
        return edge.replace(tzinfo=zone)


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A field over time, in buckets: columns of equal length, ascending by ``start``.

    A bucket is ``[start, end)`` and holds ``count`` readings, one at least; a bucket without
    readings is not there. ``finer`` is the end of the same line in shorter buckets, for zooming.
    Of a forecast ``least`` and ``greatest`` are the ends of its interval, and ``count`` is ones.
    """

    name: str
    start: Instants
    end: Instants
    mean: Floats
    least: Floats
    greatest: Floats
    count: Instants
    finer: "Line | None" = None
    is_forecast: bool = False

    def __len__(self) -> int:
        return len(self.start)

    def part(self, first: int, last: int) -> "Line":
        """The buckets from ``first`` on, up to ``last``, excluded."""
        return self.taken(slice(first, last))

    def taken(self, places: slice | Instants) -> "Line":
        """The buckets at some places, in their order."""
        return Line(
            self.name,
            self.start[places],
            self.end[places],
            self.mean[places],
            self.least[places],
            self.greatest[places],
            self.count[places],
            self.finer,
            self.is_forecast,
        )


class MarkKind(StrEnum):
    """Why a reading is pointed at."""

    ANOMALY = "mark"
    """It counts, and is unusual."""
    ASIDE = "aside"
    """It does not count as its source sent it: withdrawn, excluded, corrected."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A single reading that is pointed at, and why."""

    at: int
    value: float
    note: str
    score: float = 0.0
    """How far from the usual it lies."""
    kind: MarkKind = MarkKind.ANOMALY


class ShadeKind(StrEnum):
    """Why a span is shaded."""

    GAP = "gap"
    """There are no readings."""
    EXCLUDED = "excluded"
    """Readings there are, but a person has taken them out."""
    UNUSUAL = "unusual"
    """What is there, or is not, is not as it is at such hours."""


@dataclass(frozen=True, slots=True)
class Shade:
    """A span ``[start, end)`` that is set apart."""

    kind: ShadeKind
    start: int
    end: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Boundary:
    """An instant from which on things are different: a channel's new life."""

    at: int
    label: str


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Lines that share an axis of values."""

    title: str
    lines: tuple[Line, ...]
    unit: str = ""
    marks: tuple[Mark, ...] = ()
    shades: tuple[Shade, ...] = ()
    boundaries: tuple[Boundary, ...] = ()
    bounds: tuple[float, float] | None = None
    """What the axis reaches over; None: as far as the values do."""
    has_heading: bool = True
    """Whether the picture says its title, and which line is which; False where a page does."""


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """Panels above one another, over one span ``[start, end)``, their times shown in ``zone``."""

    title: str
    start: int
    end: int
    zone: tzinfo
    panels: tuple[Panel, ...]
    note: str = ""
