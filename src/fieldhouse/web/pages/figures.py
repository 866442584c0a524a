"""A view's pictures: the server's, and what the browser draws them anew from."""

from dataclasses import replace
from datetime import timedelta

import msgspec

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
    whole = gathering.figure_of(
        house, view.wanted, view.start, view.end, view.zone, points=points, every=view.every
    )
    panels = _beside(whole.panels, house, view, points) if view.before else whole.panels
    return {
        f"plot{n}": replace(whole, panels=(replace(panel, has_heading=False),))
        for n, panel in enumerate(panels)
    }


def _beside(
    panels: tuple[Panel, ...], house: Warehouse, view: View, points: int
) -> tuple[Panel, ...]:
    """The panels with each line's earlier self, drawn where it would be now."""
    length = view.before or Length(days=1)
    try:
        start = length.before(view.start)
    except (ValueError, OverflowError):  # before all years
        return panels
    ahead = view.start - start
    found = gathering.lines_of(
        house, view.wanted, start, view.end - ahead, view.zone, points, view.every
    )
    earlier: dict[str, list[Line]] = {}
    for field, line in found.items():
        moved = _moved(line, ahead // timedelta(microseconds=1), BEFORE[view.asked.before])
        earlier.setdefault(field.label.strip().casefold(), []).append(moved)
    groups = dict.fromkeys(field.label.strip().casefold() for field in view.wanted)
    return tuple(
        replace(panel, lines=(*panel.lines, *earlier[label]))
        for panel, label in zip(panels, groups, strict=True)
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
    begun = {} if view.first is None else {"first": instant_of(view.first) // 1000}
    content["source"] = {
        **begun,
        "address": address,
        "now": instant_of(view.now) // 1000,
        "live": view.is_live,
        "channels": view.channel_ids,
        "note": first.note if first else "",
        "values": readings_in(figures),
    }
    return msgspec.json.encode(content).decode()


def script_text(content: str) -> Markup:
    """JSON as a script element may hold it: no text of it can end the element."""
    return Markup(content.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
