"""What the signs of a picture mean: those that it has, and no others."""

from collections.abc import Iterator, Sequence

from fieldhouse.report import colours
from fieldhouse.report.figure import Figure, Line, MarkKind, ShadeKind
from fieldhouse.report.markup import Markup, joined, tag
from fieldhouse.report.thinning import thinned
from fieldhouse.report.words import width_of

__all__ = ["below", "beside", "signs"]

_SIZE = 12.0
_SIGN, _GAP, _ROW = 18.0, 18.0, 18.0
_PHONE = 340
"""The points of a line that the narrowest picture of a page has room for."""
_SOFT = {"fill": "currentColor", "fill_opacity": "0.28", "stroke": "none"}
_STROKE = {"stroke": "currentColor", "stroke_width": 2, "fill": "none"}
_DIAMOND = "M8 2l4 4l-4 4l-4 -4Z"


def signs(figure: Figure, points: int = _PHONE) -> Iterator[tuple[Markup, str]]:
    """Each sign, drawn in a box of 16 by 12, and what it means where there is room for points."""
    panels, span = figure.panels, figure.end - figure.start
    shown = (pair for panel in panels for pair in enumerate(panel.lines) if len(pair[1]))
    drawn = [(n, thinned(line, span, points)) for n, line in shown]
    lines = [line for _, line in drawn if not line.is_forecast]
    if lines:
        is_each = all(int(line.count.max()) == 1 for line in lines)
        yield tag("path", d="M1 6h14", class_="c0", **_STROKE), "reading" if is_each else "mean"
    if any(bool((line.greatest > line.least).any()) for line in lines):
        band = tag("rect", x=1, y=1, width=14, height=10, class_="c0", **_SOFT)
        yield band, "least to greatest"
    yield from _forecast([(n, line) for n, line in drawn if line.is_forecast])
    marks = {mark.kind for panel in panels for mark in panel.marks}
    for kind, meaning in _MARKS.items():
        if kind in marks:
            yield tag("path", d=_DIAMOND, class_=kind.value), meaning
    shades = {shade.kind for panel in panels for shade in panel.shades}
    for ground, meaning in _GROUNDS.items():
        if ground in shades:
            yield tag("rect", x=1, y=1, width=14, height=10, class_=ground.value), meaning
    inside = (b.at for panel in panels for b in panel.boundaries)
    if any(figure.start < at < figure.end for at in inside):
        dashed = {"stroke_dasharray": "4 3", "stroke_width": "1.5"}
        yield tag("path", d="M8 0v12", class_="boundary", **dashed), "a new life"


def _forecast(drawn: Sequence[tuple[int, Line]]) -> Iterator[tuple[Markup, str]]:
    """The signs of the first forecast that is drawn; each comes with its place among its lines."""
    for n, line in drawn[:1]:
        colour = f"c{n % colours.LINES}"
        yield tag("path", d="M1 6h14", class_=colour, stroke_dasharray="4 3", **_STROKE), "forecast"
        if bool((line.greatest > line.least).any()):
            band = tag("rect", x=1, y=1, width=14, height=10, class_=colour, **_SOFT)
            yield band, "95 % of what comes"


_MARKS = {
    MarkKind.ANOMALY: "unusual",
    MarkKind.ASIDE: "as sent, which does not count",
}
_GROUNDS = {
    ShadeKind.GAP: "no readings",
    ShadeKind.EXCLUDED: "excluded",
    ShadeKind.UNUSUAL: "an unusual span",
}


def below(figure: Figure, width: float) -> tuple[Markup, float]:
    """The legend as SVG, in rows of some width, and how high it is."""
    shown, x, y = [], 0.0, 0.0
    for sign, meaning in signs(figure, round(width)):
        wide = _SIGN + 4 + width_of(meaning, _SIZE)
        if x and x + wide > width:
            x, y = 0.0, y + _ROW
        text = tag("text", meaning, class_="soft", x=_SIGN + 4, y=10.5)
        shown.append(tag("g", sign, text, transform=f"translate({x:g} {y:g})"))
        x += wide + _GAP
    return tag("g", *shown, class_="legend"), y + _ROW if shown else 0.0


def beside(figure: Figure) -> Markup:
    """The legend as a paragraph of a page; nothing for a figure without signs."""
    shown = [
        tag(
            "span",
            tag("svg", sign, class_="fieldhouse sign", viewBox="0 0 16 12", aria_hidden="true"),
            " ",
            meaning,
        )
        for sign, meaning in signs(figure)
    ]
    return tag("p", joined(shown), class_="legend soft-text") if shown else Markup()
