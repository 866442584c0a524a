"""A figure as SVG: one point, or one span of least to greatest, a pixel."""

import msgspec
import numpy as np

from fieldhouse.report import colours
from fieldhouse.report.figure import Boundary, Figure, Floats, Line, Mark, MarkKind, Shade
from fieldhouse.report.layout import SIZE, Layout, Placed, laid_out
from fieldhouse.report.legend import below
from fieldhouse.report.markup import Markup, joined, tag
from fieldhouse.report.thinning import middles, parts
from fieldhouse.report.ticks import Tick, number_text, time_text
from fieldhouse.report.words import clean, cut, width_of

__all__ = ["document", "picture"]

FONT = "Lato, system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
_HEAD = 46.0
_MARK = 4.0
_FINE = 10
"""Lines are drawn in tenths of a point, whole ones: half the text, and quicker written."""


def document(figure: Figure, width: int = 960, *, dark: bool = True) -> str:
    """A file of its own: with the figure's title, its colours, and paper below it.

    ``dark`` lets a viewer that asks for dark pictures have one.
    """
    layout = laid_out(figure, width - 24.0)
    legend, high = below(figure, width - 40.0)
    height = layout.height + _HEAD + high + 18
    title = cut(clean(figure.title), width - 32.0, 17)
    return tag(
        "svg",
        tag("title", clean(figure.title)),
        tag("style", Markup(colours.style(".fieldhouse", dark=dark))),
        tag("rect", class_="paper", width=width, height=height),
        tag("text", title, class_="ink", x=20, y=26, font_size=17, font_weight="bold"),
        tag("text", cut(clean(figure.note), width - 32.0, SIZE), class_="soft", x=20, y=44),
        tag("g", _drawn(layout), transform=f"translate(12 {_HEAD:g})"),
        tag("g", legend, transform=f"translate(20 {layout.height + _HEAD + 8:g})"),
        xmlns="http://www.w3.org/2000/svg",
        class_="fieldhouse",
        viewBox=f"0 0 {width} {height:g}",
        width=width,
        height=f"{height:g}",
        font_family=FONT,
        font_size=f"{SIZE:g}",
        role="img",
    )


def picture(figure: Figure, width: int, class_: str = "") -> Markup:
    """A picture within a page, whose style has the colours and whose texts have the title."""
    layout = laid_out(figure, width)
    return tag(
        "svg",
        _drawn(layout),
        class_=f"fieldhouse {class_}".strip(),
        viewBox=f"0 0 {width} {layout.height:g}",
        font_family=FONT,
        font_size=f"{SIZE:g}",
        role="img",
        aria_label=_said(figure),
    )


def _said(figure: Figure) -> str:
    names = ", ".join(clean(panel.title) for panel in figure.panels)
    start, end = (time_text(at, figure.zone) for at in (figure.start, figure.end))
    return f"Plot of {names}, {start} to {end}"


def _drawn(layout: Layout) -> Markup:
    return joined([*(_panel(layout, placed) for placed in layout.panels), _time_axis(layout)])


def _panel(layout: Layout, placed: Placed) -> Markup:
    panel = placed.panel
    lines = [_line(layout, placed, line, n) for n, line in enumerate(placed.lines)]
    return tag(
        "g",
        _title(layout, placed),
        *(_shade(layout, placed, shade) for shade in panel.shades),
        _grid(layout, placed),
        *(band for band, _ in lines),
        *(mean for _, mean in lines),
        *(_boundary(layout, placed, boundary) for boundary in panel.boundaries),
        *(_mark(layout, placed, mark) for mark in _told_apart(layout, placed)),
        _silence(layout, placed) if not any(len(line) for line in placed.lines) else "",
        class_="panel",
    )


def _title(layout: Layout, placed: Placed) -> Markup:
    """What is measured, which of several lines is which, and the unit."""
    y, room = placed.top - 9, layout.right - layout.left
    many = placed.panel.has_heading and len(placed.lines) > 1
    title = cut(clean(placed.panel.title), room * (0.4 if many else 0.85), SIZE + 1)
    unit = cut(clean(placed.panel.unit), room * 0.15, SIZE)
    said = []
    if placed.panel.has_heading:
        said.append(tag("tspan", title, class_="ink", font_weight="bold", font_size=SIZE + 1))
    if unit:
        said.append(tag("tspan", unit, class_="soft", dx=8 if said else None))
    heading = tag("text", *said, x=layout.left, y=y)
    return joined([heading, _legend(layout, placed, y)]) if many else heading


def _legend(layout: Layout, placed: Placed, y: float) -> Markup:
    each = (layout.right - layout.left) * 0.58 / len(placed.lines)
    entries, x = [], layout.right
    for n, line in reversed(list(enumerate(placed.lines))):
        name = cut(clean(line.name), each - 24, SIZE)
        x -= width_of(name, SIZE) + 4
        entries.append(tag("text", name, class_="soft", x=x, y=y))
        sample = {"stroke": "currentColor", "stroke_width": 3, "class_": f"c{n % colours.LINES}"}
        entries.append(tag("path", d=f"M{x - 18:.1f} {y - 4:.1f}h13", **sample))
        x -= 28
    return joined(entries)


def _grid(layout: Layout, placed: Placed) -> Markup:
    lines = "".join(
        f"M{layout.left:.1f} {y:.1f}H{layout.right:.1f}"
        for y in (float(placed.y(tick.at)) for tick in placed.ticks)
    )
    lines += "".join(
        f"M{x:.1f} {placed.top:.1f}V{placed.bottom:.1f}"
        for x in (float(layout.x(tick.at)) for tick in layout.ticks)
    )
    texts = (
        tag("text", tick.label, x=layout.left - 8, y=float(placed.y(tick.at)) + 4)
        for tick in placed.ticks
    )
    return joined(
        [
            tag("path", class_="grid", d=lines, fill="none"),
            tag("g", *texts, class_="soft", text_anchor="end"),
        ]
    )


def _time_axis(layout: Layout) -> Markup:
    bottom = layout.height - 40
    texts: list[Markup] = []
    free, free_below = -1e9, -1e9
    for tick in layout.ticks:
        x = float(layout.x(tick.at))
        half = width_of(tick.label, SIZE) / 2
        if x - half >= free + 6 and x + half <= layout.width:
            texts.append(tag("text", tick.label, x=x, y=bottom + 17))
            free = x + half
        if tick.context and (placed := _context(layout, tick, x, free_below)):
            text, free_below = placed
            texts.append(text)
    axis = tag("path", class_="axis", d=f"M{layout.left:.1f} {bottom:.1f}H{layout.right:.1f}")
    return joined([axis, tag("g", *texts, class_="soft", text_anchor="middle")])


def _context(layout: Layout, tick: Tick, x: float, free: float) -> tuple[Markup, float] | None:
    """The day or year below a tick, where there is room for it."""
    half = width_of(tick.context, SIZE) / 2
    x = min(max(x, half + 2), layout.width - half - 2)
    if x - half < free + 10:
        return None
    text = tag("text", tick.context, class_="ink", x=x, y=layout.height - 8)
    return text, x + half


def _line(layout: Layout, placed: Placed, line: Line, number: int) -> tuple[Markup, Markup]:
    """A line's band, and what is drawn above all bands: its mean, and readings by themselves."""
    x = layout.x(middles(line))
    low, mean, high = (placed.y(v) for v in (line.least, line.mean, line.greatest))
    bands: list[str] = []
    curves: list[str] = []
    dots: list[str] = []
    for part in parts(line):
        bands.append(_band(x[part], low[part], high[part]))
        alone = part.stop - part.start == 1
        (dots if alone else curves).append(
            f"M{_points(x[part], mean[part])}{'h0' if alone else ''}"
        )
    stroke = {"fill": "none", "stroke": "currentColor"}
    stroke |= {"stroke_linejoin": "round", "stroke_linecap": "round"}
    if line.is_forecast:
        stroke["stroke_dasharray"] = f"{4 * _FINE} {3 * _FINE}"
    drawn = [
        tag("path", class_=name, d="".join(shapes), stroke_width=wide, **stroke)
        for name, shapes, wide in (("mean", curves, 1.5 * _FINE), ("dots", dots, 4.0 * _FINE))
        if shapes
    ]
    soft = {"fill": "currentColor", "fill_opacity": "0.28"}
    soft |= {"stroke": "currentColor", "stroke_opacity": "0.28", "stroke_width": str(_FINE)}
    shape = "".join(bands) if bool((line.greatest > line.least).any()) else ""
    band = [tag("path", class_="band", d=shape, **soft)] if shape else []
    given = {"class_": f"line c{number % colours.LINES}", "transform": f"scale({1 / _FINE:g})"}
    return tag("g", *band, **given), tag("g", *drawn, **given)


def _band(x: Floats, low: Floats, high: Floats) -> str:
    if len(x) == 1:
        return f"M{_points(x, low)}V{high[0] * _FINE:.0f}"
    return f"M{_points(x, high)}L{_points(x[::-1], low[::-1])}Z"


def _points(x: Floats, y: Floats) -> str:
    """Places one after the other, in tenths; thousands of them are written as JSON the quickest."""
    places = np.rint(np.column_stack([x, y]) * _FINE).astype(np.int64).ravel().tolist()
    return msgspec.json.encode(places).decode()[1:-1].replace(",", " ")


def _shade(layout: Layout, placed: Placed, shade: Shade) -> Markup:
    begin, end = (float(layout.x(at)) for at in (shade.start, shade.end))
    if end - begin < 1 and shade.kind != "excluded":  # a hair between two points says nothing
        return Markup()
    note = (
        shade.note or f"no readings from {_when(layout, shade.start)} to {_when(layout, shade.end)}"
    )
    return tag(
        "rect", tag("title", clean(note)), class_=shade.kind.value, x=begin, y=placed.top,
        width=max(1.0, end - begin), height=placed.bottom - placed.top,
    )  # fmt: skip


def _when(layout: Layout, instant: int) -> str:
    return time_text(instant, layout.figure.zone)


def _boundary(layout: Layout, placed: Placed, boundary: Boundary) -> Markup:
    if not layout.figure.start < boundary.at < layout.figure.end:
        return Markup()
    x = float(layout.x(boundary.at))
    label, size = clean(boundary.label), SIZE - 1
    to_left = x + 6 + width_of(label, size) > layout.right
    return joined(
        [
            tag("path", class_="boundary", d=f"M{x:.1f} {placed.top:.1f}V{placed.bottom:.1f}",
                stroke_dasharray="4 3", stroke_width="1.5"),
            tag("text", label, class_="boundary-label", x=x - 4 if to_left else x + 4,
                y=placed.top + 12, font_size=size, text_anchor="end" if to_left else None),
        ]
    )  # fmt: skip


def _told_apart(layout: Layout, placed: Placed) -> list[Mark]:
    """Of marks that would lie on one another those that stick out: the least and the greatest."""
    shown: dict[tuple[MarkKind, int], list[Mark]] = {}
    for mark in placed.panel.marks:
        if layout.figure.start <= mark.at < layout.figure.end:
            place = round(float(layout.x(mark.at)) / 3)
            shown.setdefault((mark.kind, place), []).append(mark)
    ends = ({id(m): m for m in (min(ms, key=_value), max(ms, key=_value))} for ms in shown.values())
    return [mark for pair in ends for mark in pair.values()]


def _value(mark: Mark) -> float:
    return mark.value


def _mark(layout: Layout, placed: Placed, mark: Mark) -> Markup:
    x, y = float(layout.x(mark.at)), float(placed.y(mark.value))
    # a whole diamond also at the edge
    x = min(max(x, layout.left + _MARK), layout.right - _MARK)
    shape = (
        f"M{x:.1f} {y - _MARK:.1f}l{_MARK:g} {_MARK:g}l{-_MARK:g} {_MARK:g}l{-_MARK:g} {-_MARK:g}Z"
    )
    value = number_text(mark.value, 6).rstrip("0").rstrip(".")
    note = f"{_when(layout, mark.at)}: {value} {mark.note}"
    return tag("path", tag("title", clean(note)), class_=mark.kind.value, d=shape)


def _silence(layout: Layout, placed: Placed) -> Markup:
    x, y = (layout.left + layout.right) / 2, (placed.top + placed.bottom) / 2
    return tag("text", "no readings", class_="soft", x=x, y=y + 4, text_anchor="middle")
