"""How two fields go together at each lag, as a picture with its table."""

from collections.abc import Callable, Sequence

from fieldhouse.insight.relating import Together
from fieldhouse.report.layout import SIZE
from fieldhouse.report.markup import Markup, joined, tag
from fieldhouse.report.page import NARROW, WIDE, Column
from fieldhouse.report.rhythm import framed, with_numbers
from fieldhouse.report.ticks import number_text
from fieldhouse.report.words import width_of

__all__ = ["correlogram"]

_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 14.0, 26.0, 196.0
_PLACES = 3
_TICKS = (1, 2, 3, 6, 12, 24, 48, 72, 168, 336)
_NAMES = ("as they are", "without the day's rhythm")
_COLUMNS = (
    "Lag (h)",
    "Hours",
    "Pearson",
    "Spearman",
    "Pearson without rhythm",
    "Spearman without rhythm",
)


def correlogram(found: Sequence[Together], said: str) -> Markup:
    """The correlation of values at each lag, of which there is one at least, in hours.

    The table has that of ranks, too; ``said`` tells what is shown.
    """
    drawn = [
        framed(_drawn(found, width), width, _BOTTOM + 40, said, name)
        for name, width in (("wide", WIDE), ("narrow", NARROW))
    ]
    rows = [(_lag(each.lag), f"{each.hours:,}", *map(_cell, _told(each))) for each in found]
    return with_numbers(drawn, [Column(name, "number") for name in _COLUMNS], rows, said)


def _lag(hours: int) -> str:
    return f"{'+' if hours > 0 else ''}{number_text(hours, 0)}"


def _told(one: Together) -> tuple[float | None, float | None, float | None, float | None]:
    """Its correlations, in the order in which they are told."""
    return one.pearson, one.spearman, one.pearson_rest, one.spearman_rest


def _cell(value: float | None) -> str:
    return "" if value is None else number_text(value, _PLACES)


def _drawn(found: Sequence[Together], width: int) -> list[Markup]:
    first, last = found[0].lag, max(found[-1].lag, found[0].lag + 1)

    def x(lag: float) -> float:
        return _LEFT + (lag - first) / (last - first) * (width - _LEFT - _RIGHT)

    curves = [
        [(x(each.lag), value) for each in found for value in [_told(each)[place]]]
        for place in (0, 2)
    ]
    hours = tag("text", "hours by which the other is later", x=width - _RIGHT, y=_BOTTOM + 34,
                class_="soft", text_anchor="end")  # fmt: skip
    return [_grid(x, first, last, width), _legend(width), *map(_curve, curves, range(2)), hours]


def _y(value: float) -> float:
    return _TOP + (1 - value) / 2 * (_BOTTOM - _TOP)


def _grid(x: Callable[[float], float], first: int, last: int, width: int) -> Markup:
    most = max(2, round((width - _LEFT) / 70))
    step = next((step for step in _TICKS if (last - first) / step <= most), _TICKS[-1])
    lags = [lag for lag in range(-last, last + 1) if first <= lag and not lag % step]
    values = (-1, -0.5, 0, 0.5, 1)
    path = "".join(f"M{_LEFT:.1f} {_y(v):.1f}H{width - _RIGHT:.1f}" for v in values)
    path += "".join(f"M{x(lag):.1f} {_TOP:.1f}V{_BOTTOM:.1f}" for lag in lags)
    texts = [
        tag("text", number_text(v, 1), x=_LEFT - 8, y=_y(v) + 4, text_anchor="end") for v in values
    ] + [tag("text", _lag(lag), x=x(lag), y=_BOTTOM + 17, text_anchor="middle") for lag in lags]
    axis = tag("path", class_="axis", d=f"M{_LEFT:.1f} {_y(0):.1f}H{width - _RIGHT:.1f}")
    return joined(
        [tag("path", class_="grid", d=path, fill="none"), axis, tag("g", *texts, class_="soft")]
    )


def _legend(width: int) -> Markup:
    shown, at = [], _LEFT
    for number, name in enumerate(_NAMES):
        stroke = {"stroke": "currentColor", "stroke_width": 3, "class_": f"c{number}"}
        shown.append(tag("path", d=f"M{at:.1f} 10h13", **stroke))
        shown.append(tag("text", name, x=at + 18, y=14.0, class_="soft"))
        at += width_of(name, SIZE) + 40
    return joined(shown)


def _curve(points: Sequence[tuple[float, float | None]], number: int) -> Markup:
    """A curve, broken where nothing is known."""
    parts: list[str] = []
    is_broken = True
    for x, value in points:
        if value is not None:
            parts.append(f"{'M' if is_broken else 'L'}{x:.1f} {_y(value):.1f}")
        is_broken = value is None
    stroke = {"stroke": "currentColor", "stroke_width": 2, "fill": "none"}
    return tag("path", d="".join(parts), class_=f"c{number}", stroke_linecap="round", **stroke)
