"""Pages that stand alone: one file of HTML, which loads nothing and lets nothing be loaded."""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from html import escape
from importlib import metadata
from importlib.resources import files
from types import MappingProxyType

from fieldhouse.report import colours
from fieldhouse.report.embedded import decimals, packed
from fieldhouse.report.figure import Figure, Line, Panel
from fieldhouse.report.legend import beside
from fieldhouse.report.markup import Markup, joined, tag
from fieldhouse.report.svg import picture
from fieldhouse.report.thinning import in_lengths, step_for
from fieldhouse.report.ticks import number_text, time_text, zone_text
from fieldhouse.report.words import clean
from fieldhouse.times import Length

__all__ = ["NARROW", "WIDE", "Column", "chart", "of_figure", "page", "table"]

WIDE, NARROW = 960, 380
"""How wide the pictures are drawn that stand there before, or without, the script."""
_BOTH = MappingProxyType({"wide": WIDE, "narrow": NARROW})
_ROWS = 48
_READ = ("Mean", "Least", "Greatest", "Readings")
_FORESEEN = ("Forecast", "95 % from", "95 % to")
_DAY = 86_400


def of_figure(figure: Figure) -> str:
    """A page of one figure."""
    heading = [tag("h1", clean(figure.title)), tag("p", clean(figure.note), class_="soft-text")]
    body = [tag("header", *heading), tag("main", beside(figure), chart("plot", figure))]
    return page(figure.title, body, {"plot": figure}, {"plot": "all"}, figure.zone)


def page(
    title: str,
    body: Iterable[str],
    figures: Mapping[str, Figure],
    groups: Mapping[str, str],
    zone: tzinfo,
) -> str:
    """A whole page; ``figures`` are those of its `chart` elements, by their ids."""
    style = colours.variables() + colours.style("svg.fieldhouse") + _file("page.css")
    script = _file("zoom.js")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)};"
        " base-uri 'none'; form-action 'none'"
    )
    made = f"Made by Fieldhouse {metadata.version('fieldhouse')}. Times are in {zone_text(zone)}."
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="generator", content="Fieldhouse"),
        tag("title", clean(title)),
        tag("style", Markup(style)),
    ]
    end = [
        tag("footer", tag("p", made)),
        tag("script", Markup(packed(figures, groups)), type="text/plain", id="data"),
        tag("script", Markup(script)),
    ]
    html = tag("html", tag("head", *head), tag("body", *body, *end), lang="en")
    return f"<!doctype html>\n{html}\n"


def _file(name: str) -> str:
    return (files("fieldhouse.report") / name).read_text("utf-8")


def _hash(text: str) -> str:
    """What allows one text, and no other, as a page's style or script."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def chart(
    id_: str,
    figure: Figure,
    *caption: str,
    widths: Mapping[str, int] = _BOTH,
    has_numbers: bool = True,
) -> Markup:
    """A figure's place in a page: a picture of each width, by its class, and the figure's table.

    By default there is one for wide and one for narrow screens, of which the style shows one.
    Where the page has a table of its own, ``has_numbers`` is False.
    """
    lines = ((panel, line) for panel in figure.panels for line in panel.lines if has_numbers)
    return tag(
        "figure",
        tag("figcaption", *caption) if caption else "",
        tag("div", *(picture(figure, w, name) for name, w in widths.items()), class_="plot"),
        *(_numbers(figure, panel, line) for panel, line in lines),
        id=id_,
    )


def _numbers(figure: Figure, panel: Panel, line: Line) -> Markup:
    """A line as a table of some fifty rows."""
    name = (
        f"{clean(panel.title)}, {clean(line.name)}" if len(panel.lines) > 1 else clean(panel.title)
    )
    if not len(line):
        return tag("p", f"{name}: no readings.", class_="soft-text")
    short, places = _shortened(figure, line), decimals(line)
    heads = _FORESEEN if line.is_forecast else _READ
    columns = [Column("From", "time"), *(Column(text, "number") for text in heads)]

    def counted(count: int) -> list[str]:
        return [] if line.is_forecast else [f"{count:,}"]

    rows = [
        (time_text(at, figure.zone), *(number_text(v, places) for v in values), *counted(count))
        for at, *values, count in zip(
            short.start.tolist(), short.mean.tolist(), short.least.tolist(),
            short.greatest.tolist(), short.count.tolist(), strict=True,
        )
    ]  # fmt: skip
    unit = f" ({clean(panel.unit)})" if panel.unit else ""
    summary = tag("summary", f"{name}{unit} in numbers")
    return tag("details", summary, table(columns, rows, f"{name}{unit}"))


def _shortened(figure: Figure, line: Line) -> Line:
    seconds = step_for(figure.end - figure.start, _ROWS)
    if len(line) <= _ROWS:
        return line
    days = seconds // _DAY
    return in_lengths(line, Length(days=days) if days else Length(seconds=seconds), figure.zone)


def _cell(opened: str, content: str) -> str:
    return f"{opened}{content if isinstance(content, Markup) else escape(content, False)}</td>"


class Column(tuple[str, str]):
    """A table's column: its heading, and its kind: ``time``, ``number``, ``words`` or nothing."""

    __slots__ = ()

    def __new__(cls, heading: str, kind: str = "") -> "Column":
        return super().__new__(cls, (heading, kind))


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]], caption: str) -> Markup:
    """A table that scrolls by itself where it is wider than the screen."""
    heads = (tag("th", name, scope="col", class_=kind or None) for name, kind in columns)
    # a page has thousands of cells: each is put together by hand
    opened = [f'<td class="{kind}">' if kind else "<td>" for _, kind in columns]
    body = (Markup(f"<tr>{''.join(map(_cell, opened, row))}</tr>") for row in rows)
    inner = tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", *heads)),
        tag("tbody", joined(body)),
    )
    return tag("div", inner, class_="scrolls", tabindex=0, role="group", aria_label=caption)
