"""Pages that stand alone: nothing is loaded, no label is markup, the data are all there."""

import base64
import hashlib
import json
import re
import zlib
from html import unescape
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from figures_kit import DAY, HOUR, MINUTE, T0, UGLY, figure, line, wandering

from fieldhouse.report.figure import Figure, Line, Mark, Panel, Shade, ShadeKind
from fieldhouse.report.locator import locator
from fieldhouse.report.page import of_figure
from fieldhouse.report.words import clean

MAP = "https://www.openstreetmap.org/"


class Reader(HTMLParser):
    """What a browser would find: elements, their attributes, the texts by the element around."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.inside: list[str] = [""]
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.inside.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self.inside[-1], []).append(data)


def data_of(text: str) -> Any:
    """The data that a page carries."""
    (packed,) = re.findall(r'<script type="text/plain" id="data">([^<]*)</script>', text)
    return json.loads(zlib.decompress(base64.b64decode(packed)))


def unpacked(level: dict[str, Any]) -> tuple[Any, ...]:
    """The columns of a line, as the page's script reads them."""
    at, width, count, mean = (np.cumsum(level[n]) for n in ("at", "width", "count", "mean"))
    scale, unit = level["scale"], level["unit"]
    low, high = mean - np.array(level["below"]), mean + np.array(level["above"])
    return at * unit, (at + width) * unit, mean / scale, low / scale, high / scale, count


def ugly_page() -> str:
    """A page with every label that there should not be."""
    panels = [
        Panel(label, (line(wandering(200), name=label),), label, (Mark(T0 + HOUR, 9.0, label),),
              (Shade(ShadeKind.EXCLUDED, T0, T0 + HOUR, label),))
        for label in UGLY
    ]  # fmt: skip
    return of_figure(figure(*panels, title=" ".join(UGLY)))


def test_a_label_is_nothing_but_a_text() -> None:
    """No label becomes an element, an attribute or a script; each is there as a text."""
    found = Reader(ugly_page())
    kinds = [name for name, _ in found.elements]
    assert kinds.count("script") == 2 and kinds.count("style") == 1 and "img" not in kinds
    for _, attributes in found.elements:
        assert not [
            key for key in attributes if key.startswith("on") or key in ("src", "href", "style")
        ]
    for label in UGLY:
        if clean(label):
            assert any(clean(label)[:20] in text for text in found.texts["summary"])


def test_nothing_is_loaded_and_nothing_may_be() -> None:
    """A page names no other address, and its policy allows its own script and style alone."""
    page = ugly_page()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    policy = unescape(policy)
    allowed = re.findall(r"sha256-([A-Za-z0-9+/=]+)", policy)
    texts = [*re.findall(r"<style>(.*?)</style>", page, re.DOTALL),
             *re.findall(r"<script>(.*?)</script>", page, re.DOTALL)]  # fmt: skip
    assert [
        base64.b64encode(hashlib.sha256(t.encode()).digest()).decode() for t in texts
    ] == allowed
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy
    without = re.sub(r'xmlns="http://www.w3.org/2000/svg"|"http://www.w3.org/2000/svg"', "", page)
    assert not re.search(r"https?:|//[a-z]|url\(|@import|fetch\(|XMLHttp|import\(", strip(without))


def strip(page: str) -> str:
    """Without the data, and the comments of the script."""
    return re.sub(r'id="data">[^<]*<|^\s*//.*$|  //.*$', "", page, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("values", "digits"),
    [
        (wandering(3000), 1e-2),
        ([12_345_678.90 + n / 100 for n in range(500)], 1e-2),
        ([-999_999_999_999.0 + n for n in range(500)], 1),
        ([0.000001 * (n % 7) for n in range(500)], 1e-6),
        ([5.0] * 500, 1e-6),
        ([float(n % 2) for n in range(500)], 1e-3),
        ([21.5], 1e-6),
    ],
)
def test_the_data_are_the_lines(values: list[float], digits: float) -> None:
    """What a page carries is its lines, to the digits that their reach has."""
    held = line(values)
    page = of_figure(figure(Panel("P", (held,)), end=T0 + len(values) * MINUTE))
    (level,) = data_of(page)["figures"][0]["panels"][0]["lines"][0]["levels"]
    start, end, mean, least, greatest, count = unpacked(level)
    assert (start * 1000 == held.start).all() and (end * 1000 == held.end).all()
    assert (count == held.count).all()
    for found, wanted in ((mean, held.mean), (least, held.least), (greatest, held.greatest)):
        assert np.abs(found - wanted).max() <= digits * 0.5000001


def test_a_line_comes_with_its_finer_end() -> None:
    """The newest readings are there in shorter buckets, after the whole."""
    whole, finer = line([1.0] * 24, 3600), line([2.0] * 60, 60, start=T0 + 23 * HOUR)
    made = Line(
        "a", whole.start, whole.end, whole.mean, whole.least, whole.greatest, whole.count, finer
    )
    levels = data_of(of_figure(figure(Panel("P", (made,)))))["figures"][0]["panels"][0]["lines"][0]
    assert [len(level["at"]) for level in levels["levels"]] == [24, 60]


def test_every_plot_has_its_table() -> None:
    """A screen reader gets each line in numbers; a line without any says so."""
    panels = (Panel("T", (line(wandering(1440)),), "°C"), Panel("Empty", (line([]),)))
    page = of_figure(figure(*panels))
    found = Reader(page)
    assert found.texts["caption"] == ["T (°C)"] and "Empty: no readings." in found.texts["p"]
    rows = page.count("<tr>") - 1
    assert 20 < rows <= 49
    counts = [int(text) for text in re.findall(r'<td class="number">(\d+)</td></tr>', page)]
    assert sum(counts) == 1440


def test_a_page_says_its_zone_and_its_span() -> None:
    """Whoever keeps the file knows what its times are."""
    shown = figure(Panel("P", (line([1.0]),)))
    assert "Times are in UTC." in of_figure(shown) and "a note" in of_figure(shown)


@pytest.mark.parametrize(
    ("latitude", "longitude", "said"),
    [
        (47.3769, 8.5417, "47.3769° N, 8.5417° E"),
        (-77.85, 179.9, "77.8500° S, 179.9000° E"),
        (-90.0, -180.0, "90.0000° S, 180.0000° W"),
        (90.0, 0.0, "90.0000° N, 0.0000° E"),
    ],
)
def test_a_place_is_on_its_map(latitude: float, longitude: float, said: str) -> None:
    """The point is within the map, and what links to a street map says where."""
    drawn = locator(latitude, longitude)
    assert drawn and said in drawn
    left, top, width, height = map(float, re.findall(r'viewBox="([^"]*)"', drawn)[0].split())
    x, y = map(float, re.findall(r'class="mark" d="M([-0-9.]+) ([-0-9.]+)m', drawn)[0])
    assert left < x < left + width and top <= y <= top + height
    assert re.findall(r'href="([^"?]*)', drawn) == [MAP]


@pytest.mark.parametrize("place", [(91, 0), (0, 181), (float("nan"), 0), (1e11, 1e11)])
def test_no_place_is_no_map(place: tuple[float, float]) -> None:
    """Coordinates that no place has draw nothing."""
    assert locator(*place) is None


def test_pictures_are_for_wide_and_for_narrow_screens() -> None:
    """Without the script, too, a phone has a picture of its own."""
    shown: Figure = figure(Panel("P", (line(wandering(1440)),)), end=T0 + DAY)
    classes = [a.get("class") for name, a in Reader(of_figure(shown)).elements if name == "svg"]
    assert [name for name in classes if name != "fieldhouse sign"] == [
        "fieldhouse wide",
        "fieldhouse narrow",
    ]
