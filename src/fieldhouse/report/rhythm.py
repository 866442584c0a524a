"""How a field goes by the hour, the weekday and the day of the year, and how its values spread.

Pictures of squares and bars as SVG, each with its table: the darker a square, the greater its mean.
Of each there is one for wide and one for narrow screens.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from itertools import pairwise

from fieldhouse.report.layout import SIZE
from fieldhouse.report.markup import Markup, joined, tag
from fieldhouse.report.page import NARROW, WIDE, Column, table
from fieldhouse.report.svg import FONT
from fieldhouse.report.ticks import number_text, number_ticks
from fieldhouse.report.words import clean, width_of

__all__ = [
    "Bin",
    "Day",
    "Hour",
    "bins_of",
    "framed",
    "histogram",
    "week",
    "with_numbers",
    "year",
]

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONG = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PALEST = 0.16
_LEFT, _HEAD, _FOOT = 40.0, 22.0, 34.0
_NONE = "\N{EN DASH}"
_HALF, _WEEKS = 470, 28
"""Half a year: how wide it is drawn, and the weeks that it touches at the most."""


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of the week: ``weekday`` 1 is Monday; the mean of ``count`` values."""

    weekday: int
    hour: int
    mean: float
    count: int


@dataclass(frozen=True, slots=True)
class Day:
    """A day: the mean of ``count`` values."""

    day: date
    mean: float
    least: float
    greatest: float
    count: int


@dataclass(frozen=True, slots=True)
class Bin:
    """Values of ``[low, high)``: how many there are."""

    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class _Square:
    column: int
    row: int
    value: float
    note: str


@dataclass(frozen=True, slots=True)
class _Scale:
    """What is pale and what is dark."""

    low: float
    high: float
    unit: str
    places: int

    def opacity(self, value: float) -> float:
        if self.high <= self.low:
            return 0.6
        return _PALEST + (1 - _PALEST) * (value - self.low) / (self.high - self.low)

    def said(self, value: float) -> str:
        return f"{number_text(value, self.places)} {clean(self.unit)}".rstrip()


def _scale(means: Sequence[float], unit: str, places: int) -> _Scale:
    return _Scale(min(means), max(means), unit, places)


# Hour of the day by day of the week


def week(hours: Sequence[Hour], title: str, unit: str, places: int) -> Markup:
    """The hours of the week, of which one at least has a value."""
    scale = _scale([each.mean for each in hours], unit, places)
    squares = [
        _Square(
            each.hour,
            each.weekday - 1,
            each.mean,
            f"{_LONG[each.weekday - 1]} {each.hour:02}:00: {scale.said(each.mean)},"
            f" {each.count:,} values",
        )
        for each in hours
    ]
    said = f"{clean(title)}: mean by hour of the day and day of the week"
    heads = [(n, f"{n:02}") for n in range(24)]
    drawn = [
        _squares(squares, scale, _Shape(width, 24, _WEEKDAYS, heads[::step], class_, 1.2), said)
        for width, step, class_ in ((WIDE, 1, "wide"), (NARROW, 4, "narrow"))
    ]
    found = {(each.weekday, each.hour): each for each in hours}
    rows = [
        (f"{n:02}:00", *(_cell(found.get((weekday, n)), scale) for weekday in range(1, 8)))
        for n in range(24)
    ]
    columns = [Column("Hour", "time"), *(Column(name, "number") for name in _WEEKDAYS)]
    return with_numbers(drawn, columns, rows, said)


def _cell(hour: Hour | None, scale: _Scale) -> str:
    return _NONE if hour is None else number_text(hour.mean, scale.places)


# The year


def year(days: Sequence[Day], number: int, title: str, unit: str, scale: tuple[float, float],
         places: int) -> Markup:  # fmt: skip
    """A year's days, week by week; ``scale`` is the least and the greatest mean that is drawn."""
    held = _Scale(*scale, unit, places)
    said = f"{clean(title)}: mean by day, {number}"
    halves = (
        _weeks(days, number, held, months, said, is_last=months[0] > 1)
        for months in ((1, 6), (7, 12))
    )
    drawn = [tag("div", *halves, class_="halves")]
    columns = [
        Column("Day", "time"),
        *(Column(name, "number") for name in ("Mean", "Least", "Greatest", "Values")),
    ]
    rows = [
        (
            str(each.day),
            *(number_text(value, places) for value in (each.mean, each.least, each.greatest)),
            f"{each.count:,}",
        )
        for each in days
    ]
    return with_numbers(drawn, columns, rows, said)


def _weeks(
    days: Sequence[Day],
    number: int,
    scale: _Scale,
    months: tuple[int, int],
    said: str,
    *,
    is_last: bool,
) -> Markup:
    """Some months of a year: a column a week, Monday on top."""
    first = date(number, months[0], 1)
    monday = first - timedelta(days=first.weekday())

    def column(day: date) -> int:
        return (day - monday).days // 7

    squares = [
        _Square(
            column(each.day),
            each.day.weekday(),
            each.mean,
            f"{_LONG[each.day.weekday()]} {each.day}: {scale.said(each.mean)},"
            f" {scale.said(each.least)} to {scale.said(each.greatest)}, {each.count:,} values",
        )
        for each in days
        if months[0] <= each.day.month <= months[1]
    ]
    heads = [
        (column(date(number, month, 1) + timedelta(days=6)), _MONTHS[month - 1])
        for month in range(months[0], months[1] + 1)
    ]
    rows = ("Mon", "", "Wed", "", "Fri", "", "Sun")
    part = f"{said}, {_MONTHS[months[0] - 1]} to {heads[-1][1]}"
    shape = _Shape(_HALF, _WEEKS, rows, heads, "", 1.0, has_legend=is_last)
    return _squares(squares, scale, shape, part)


# Squares


@dataclass(frozen=True, slots=True)
class _Shape:
    """How squares are laid out; ``flatness`` is how much wider than high one is at the most."""

    width: int
    columns: int
    rows: Sequence[str]
    heads: Sequence[tuple[int, str]]
    class_: str
    flatness: float
    has_legend: bool = True


def _squares(squares: Sequence[_Square], scale: _Scale, shape: _Shape, said: str) -> Markup:
    """Squares in columns and rows, and what says how dark they are."""
    width, columns, rows = shape.width, shape.columns, shape.rows
    side = (width - _LEFT) / columns
    high = min(max(side / shape.flatness, 16.0), 26.0)
    gap = 1.5 if side > 10 else 1.0
    height = _HEAD + high * len(rows) + _FOOT
    texts = [
        tag("text", head, x=_LEFT + column * side, y=_HEAD - 8.0, class_="soft")
        for column, head in shape.heads
    ]
    texts += [
        tag("text", name, x=_LEFT - 6, y=_HEAD + (n + 0.5) * high + 4, class_="soft",
            text_anchor="end")
        for n, name in enumerate(rows)
        if name
    ]  # fmt: skip
    nothing = tag(
        "rect", class_="gap", x=_LEFT, y=_HEAD, width=columns * side, height=high * len(rows)
    )
    drawn = [_square(one, scale, (side, high, gap)) for one in squares]
    return framed(
        [nothing, *texts, tag("g", *_on_paper(squares, side, high, gap), *drawn, class_="c0"),
         _legend(scale, width, height) if shape.has_legend else ""],
        width, height, said, shape.class_,
    )  # fmt: skip


def _square(one: _Square, scale: _Scale, sizes: tuple[float, float, float]) -> Markup:
    """Written at once: there are hundreds."""
    side, high, gap = sizes
    return Markup(
        f'<rect x="{_LEFT + one.column * side:.1f}" y="{_HEAD + one.row * high:.1f}"'
        f' width="{side - gap:.1f}" height="{high - gap:.1f}" fill="currentColor"'
        f' fill-opacity="{scale.opacity(one.value):.3f}"><title>{escape(one.note)}</title></rect>'
    )


def _on_paper(squares: Sequence[_Square], side: float, high: float, gap: float) -> list[Markup]:
    """What lies below a pale square, so that it is not taken for nothing."""
    shape = "".join(
        f"M{_LEFT + one.column * side:.1f} {_HEAD + one.row * high:.1f}"
        f"h{side - gap:.1f}v{high - gap:.1f}h{gap - side:.1f}z"
        for one in squares
    )
    return [tag("path", class_="paper", d=shape)]


def _legend(scale: _Scale, width: int, height: float) -> Markup:
    """From pale to dark, with the numbers at both ends."""
    low, high = scale.said(scale.low), scale.said(scale.high)
    y, steps, step = height - 12, 8, 14.0
    x = width - width_of(high, SIZE) - 10 - steps * step
    boxes = [
        tag("rect", x=x + n * step, y=y - 9, width=step - 1, height=11.0, fill="currentColor",
            fill_opacity=f"{_PALEST + (1 - _PALEST) * n / (steps - 1):.3f}")
        for n in range(steps)
    ]  # fmt: skip
    return joined(
        [
            tag("text", low, x=x - 6, y=y, class_="soft", text_anchor="end"),
            tag("g", *boxes, class_="c0"),
            tag("text", high, x=x + steps * step + 5, y=y, class_="soft"),
        ]
    )


# How values spread


def histogram(bins: Sequence[Bin], title: str, unit: str, places: int) -> Markup:
    """How many values each bin holds; bins without values lie between those that are given."""
    said = f"{clean(title)}: how its values spread"
    drawn = [_bars(bins, unit, width, said, class_) for width, class_ in
             ((WIDE, "wide"), (NARROW, "narrow"))]  # fmt: skip
    total = sum(one.count for one in bins)
    of = f" ({clean(unit)})" if unit else ""
    columns = [Column(f"{name}{of}", "number") for name in ("From", "To, excluded")]
    columns += [Column("Values", "number"), Column("Share", "number")]
    rows = [
        (number_text(one.low, places), number_text(one.high, places), f"{one.count:,}",
         f"{100 * one.count / total:.2f} %")
        for one in bins
    ]  # fmt: skip
    return with_numbers(drawn, columns, rows, said)


def _bars(bins: Sequence[Bin], unit: str, width: int, said: str, class_: str) -> Markup:
    low, high = bins[0].low, bins[-1].high
    ticks = number_ticks(0, max(one.count for one in bins), 5)
    labels = [tick.label.partition(".")[0] for tick in ticks]
    left = max(width_of(label, SIZE) for label in labels) + 12
    top, bottom, right = 24.0, 220.0, width - 12.0
    most = ticks[-1].at

    def x(value: float) -> float:
        return left + (value - low) / (high - low) * (right - left)

    def y(count: float) -> float:
        return bottom - count / most * (bottom - top)

    bars = [
        tag("rect", tag("title", f"{_plain(one.low)} to {_plain(one.high)}: {one.count:,} values"),
            x=x(one.low) + 0.5, y=y(one.count), width=max(0.6, x(one.high) - x(one.low) - 1),
            height=max(0.6, bottom - y(one.count)), fill="currentColor")
        for one in bins
    ]  # fmt: skip
    grid = "".join(f"M{left:.1f} {y(tick.at):.1f}H{right:.1f}" for tick in ticks)
    across = [t for t in number_ticks(low, high, width // 75 + 2) if low <= t.at <= high]
    texts = [
        *(tag("text", label, x=left - 8, y=y(tick.at) + 4, text_anchor="end")
          for tick, label in zip(ticks, labels, strict=True) if tick.at == int(tick.at)),
        *(tag("text", tick.label, x=x(tick.at), y=bottom + 17, text_anchor="middle")
          for tick in across),
    ]  # fmt: skip
    return framed(
        [tag("text", "values", x=left, y=12.0, class_="soft"),
         tag("path", class_="grid", d=grid, fill="none"), tag("g", *bars, class_="c0"),
         tag("path", class_="axis", d=f"M{left:.1f} {bottom:.1f}H{right:.1f}"),
         tag("g", *texts, class_="soft"),
         tag("text", clean(unit), x=right, y=bottom + 34, class_="soft", text_anchor="end")],
        width, bottom + 40, said, class_,
    )  # fmt: skip


def _plain(value: float) -> str:
    text = number_text(value, 6)
    return text.rstrip("0").rstrip(".")


# What they share


def framed(content: Sequence[str], width: int, height: float, said: str, class_: str) -> Markup:
    """What is drawn as a picture of a page: its size, its font, and what it says to who listens."""
    return tag(
        "svg",
        *content,
        class_=f"fieldhouse {class_}".strip(),
        viewBox=f"0 0 {width} {height:g}",
        font_family=FONT,
        font_size=f"{SIZE:g}",
        role="img",
        aria_label=said,
    )


def with_numbers(
    drawn: Sequence[Markup], columns: Sequence[Column], rows: Sequence[Sequence[str]], said: str
) -> Markup:
    """Pictures of the same, and their numbers as a table."""
    numbers = tag("details", tag("summary", "In numbers"), table(columns, rows, said))
    return tag("figure", *drawn, numbers)


def bins_of(counts: Sequence[tuple[int, int]], first: float, width: float) -> list[Bin]:
    """Bins by their numbers and counts, those between them included."""
    filled: list[Bin] = []
    for (number, count), (following, _) in pairwise([*counts, (counts[-1][0] + 1, 0)]):
        filled.append(Bin(first + number * width, first + (number + 1) * width, count))
        filled += [
            Bin(first + n * width, first + (n + 1) * width, 0) for n in range(number + 1, following)
        ]
    return filled
