"""Spans of time as bars, one line of them below the other, as SVG."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from fieldhouse.report.figure import instant_of
from fieldhouse.report.layout import SIZE
from fieldhouse.report.markup import Markup, joined, tag
from fieldhouse.report.page import NARROW, WIDE
from fieldhouse.report.svg import FONT
from fieldhouse.report.ticks import time_text, time_ticks
from fieldhouse.report.words import clean, cut

__all__ = ["Bar", "timeline"]

_LEFT, _ROW, _THICK, _FOOT = 92.0, 24.0, 13.0, 40.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A name and its spans ``[start, end)``, naive UTC; ``class_`` says the colour."""

    name: str
    class_: str
    spans: Sequence[tuple[datetime, datetime]]


def timeline(bars: Sequence[Bar], span: tuple[datetime, datetime], zone: tzinfo) -> Markup:
    """The bars over a span, for wide and for narrow screens; what they say a table has to say."""
    return tag(
        "figure",
        *(_drawn(bars, span, zone, width, class_)
          for width, class_ in ((WIDE, "wide"), (NARROW, "narrow"))),
    )  # fmt: skip


def _drawn(
    bars: Sequence[Bar], span: tuple[datetime, datetime], zone: tzinfo, width: int, class_: str
) -> Markup:
    start, end = (instant_of(at) for at in span)
    bottom = _ROW * len(bars) + 6
    right = width - 12.0

    def x(instant: float) -> float:
        share = (min(max(instant, start), end) - start) / (end - start)
        return _LEFT + share * (right - _LEFT)

    rows = [_row(bar, number * _ROW, zone, x) for number, bar in enumerate(bars)]
    axis = []
    shown, context = -1e9, -1e9
    for tick in time_ticks(start, end, zone, int((right - _LEFT) / 78)):
        at = x(tick.at)
        if at - shown > 40:
            axis.append(tag("text", tick.label, x=at, y=bottom + 16, text_anchor="middle"))
            shown = at
        if tick.context and at - context > 60:
            axis.append(tag("text", tick.context, class_="ink", x=at, y=bottom + 32,
                            text_anchor="middle"))  # fmt: skip
            context = at
    names = ", ".join(clean(bar.name) for bar in bars)
    return tag(
        "svg",
        *rows,
        tag("path", class_="axis", d=f"M{_LEFT:.1f} {bottom:.1f}H{right:.1f}"),
        tag("g", *axis, class_="soft"),
        class_=f"fieldhouse {class_}",
        viewBox=f"0 0 {width} {bottom + _FOOT:g}",
        font_family=FONT,
        font_size=f"{SIZE:g}",
        role="img",
        aria_label=f"Spans of time: {names}",
    )


def _row(bar: Bar, top: float, zone: tzinfo, x: Callable[[float], float]) -> Markup:
    name = tag("text", cut(clean(bar.name), _LEFT - 12, SIZE), x=_LEFT - 8, y=top + 14,
               class_="soft", text_anchor="end")  # fmt: skip
    drawn = []
    for span in bar.spans:
        begin, end = (instant_of(at) for at in span)
        said = " to ".join(time_text(at, zone) for at in (begin, end))
        drawn.append(
            tag("rect", tag("title", f"{clean(bar.name)}: {said}"), x=x(begin), y=top + 4,
                width=max(1.0, x(end) - x(begin)), height=_THICK, fill="currentColor")
        )  # fmt: skip
    return joined([name, tag("g", *drawn, class_=bar.class_)])
