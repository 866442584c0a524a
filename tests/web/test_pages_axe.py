"""axe-core finds nothing in any page: at every level, on a phone in the dark, on paper by day."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from test_pages_browser import CHROMIUM, browser, opened
from web_kit import HOSTILE, WEATHER, Site

SPEC = find_spec("axe_playwright_python")
pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="no chromium to look at pages with"),
    pytest.mark.skipif(SPEC is None, reason="no axe-core: pip install axe-playwright-python"),
]
__all__ = ["browser"]
EVENING = "from=2024-02-29T19:00"
"""The hostile channel's last two hours: axe-core takes as long as a page has cells."""
PAGES = (
    *("/", "/map", "/runs", "/jobs", "/manage", "/import", "/api", "/login", "/nothing"),
    "/query?sql=SELECT+CreatedAt,+Field2+FROM+iot.CountedReadings+LIMIT+9",
    f"/channel/{HOSTILE}?{EVENING}&compare=11",
    f"/channel/{HOSTILE}/readings?{EVENING}",
    *(f"/channel/{HOSTILE}/{page}" for page in ("rhythm", "trend", "quality")),
    *(f"/channel/{WEATHER}/{page}" for page in ("forecast?limit=1", "relations?near=9")),
    f"/channel/{WEATHER}/hours?above=2&daylight=yes",
    *(f"/channel/{HOSTILE}/{page}" for page in ("lives", "texts", "rejected", "runs")),
    *(f"/channel/{WEATHER}/{page}" for page in ("anomalies?young=yes", "insight")),
    f"/channel/{HOSTILE}/corrections?look=1&kind=exclude&field=2&where=%3E5",
)
LEVELS = [
    *("wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"),
]
QUICKLY = "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})"
"""Of rules that are kept one place is told, not every one."""
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
DESK = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"}


def axe() -> str:
    assert SPEC and SPEC.origin
    return (Path(SPEC.origin).parent / "axe.min.js").read_text("utf-8")


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(browser: Browser, site: Site, path: str) -> None:
    """No rule of axe-core's, of WCAG at any level or of good practice, is broken by a page."""
    how = DESK if PAGES.index(path) % 2 else PHONE
    with opened(browser, site.url + path, bypass_csp=True, **how) as seen:
        seen.page.evaluate(axe())
        found = seen.page.evaluate(QUICKLY, LEVELS)
        told = [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found["violations"]]
        assert found["passes"] and told == []
        seen.said = [text for text in seen.said if not re.search("404", text)]
