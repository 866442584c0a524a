"""A view's pictures: the server's, and what the browser draws them anew from."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

from fieldhouse.report import embedded, gathering
from fieldhouse.report.figure import Figure, Instants, Line, Panel, instant_of
from fieldhouse.report.markup import Markup
from fieldhouse.times import Length
from fieldhouse.warehouse import Warehouse
from fieldhouse.web.pages.view import BEFORE, View

__all__ = ["GROUP", "carried", "figures_of", "readings_in", "script_text"]

GROUP = "page"
"""All pictures of a page are zoomed together."""


def figures_of(house: Warehouse, view: View, points: int) -> dict[str, Figure]:
    """A figure for each panel, by the id of its element; the note of all is the first one's."""
    whole = _figure(house, view, view.start, view.end, points)
    panels = whole.panels
    if view.before:
        panels = _beside(panels, house, view, points)
    return {
        f"plot{n}": replace(whole, panels=(replace(panel, has_heading=False),))
        for n, panel in enumerate(panels)
    }


def _figure(house: Warehouse, view: View, start: datetime, end: datetime, points: int) -> Figure:
    return gathering.figure_of(
        house, view.wanted, start, end, view.zone, points=points, every=view.every
    )


def _beside(
    panels: tuple[Panel, ...], house: Warehouse, view: View, points: int
) -> tuple[Panel, ...]:
    """The panels with each line's earlier self, drawn where it would be now."""
    length = view.before or Length(days=1)
    try:
        start = length.before(view.start)
    except (ValueError, OverflowError):
        return panels
    ahead = view.start - start
    earlier = _figure(house, view, start, view.end - ahead, points)
    by = ahead // timedelta(microseconds=1)
    name = BEFORE[view.asked.before]
    return tuple(
        replace(
            panel,
            lines=(*panel.lines, *(_moved(line, by, name) for line in old.lines)),
        )
        for panel, old in zip(panels, earlier.panels, strict=True)
    )


def _moved(line: Line, by: int, name: str) -> Line:
    start: Instants = line.start + by
    end: Instants = line.end + by
    return replace(line, name=f"{line.name}, {name}", start=start, end=end)


def readings_in(figures: dict[str, Figure]) -> int:
    """How many values the fullest of a page's lines has."""
    lines = (line for figure in figures.values() for p in figure.panels for line in p.lines)
    return max((int(line.count.sum()) for line in lines), default=0)


def carried(view: View, figures: dict[str, Figure], address: str) -> str:
    """Figures as JSON: what ``zoom.js`` draws, and where it asks for other spans of them."""
    content = embedded.content(figures, dict.fromkeys(figures, GROUP))
    first = next(iter(figures.values()), None)
    content["source"] = {
        "address": address,
        "first": instant_of(view.first) // 1000,
        "now": instant_of(view.now) // 1000,
        "live": view.is_live,
        "channels": view.channel_ids,
        "note": first.note if first else "",
        "values": readings_in(figures),
    }
    return json.dumps(content, separators=(",", ":"))


def script_text(content: str) -> Markup:
    """JSON as a script element may hold it: no text of it can end the element."""
    return Markup(content.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
