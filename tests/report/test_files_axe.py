"""axe-core finds nothing in the files that ``plot`` and ``report`` write."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser
from test_drawing import END, Run, fieldhouse, home
from test_pages_axe import DESK, LEVELS, PHONE, QUICKLY, axe, pytestmark
from test_pages_browser import browser, opened
from warehouse_kit import DAY

SPAN = ("--from", f"{END - 40 * DAY:%Y-%m-%d}", "--to", f"{END:%Y-%m-%d}")
__all__ = ["browser", "fieldhouse", "home", "pytestmark"]


@pytest.mark.parametrize(
    ("words", "how"),
    [
        (("plot", "14", *SPAN), DESK),
        (("report", "9-11", "--tz", "Europe/Zurich"), PHONE),
    ],
)
def test_axe_finds_nothing_in_a_file(
    browser: Browser,
    fieldhouse: Run,
    tmp_path: Path,
    words: tuple[str, ...],
    how: dict[str, object],
) -> None:
    """By day at a desk and in the dark on a phone, and no page is wider than its screen."""
    file = tmp_path / "a.html"
    done = fieldhouse(*words, "-o", str(file))
    assert done.returncode == 0, done.stderr
    with opened(browser, file.as_uri(), bypass_csp=True, **how) as seen:
        wide = seen.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        seen.page.evaluate(axe())
        found = seen.page.evaluate(QUICKLY, LEVELS)
        told = [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found["violations"]]
        assert (told, wide) == ([], 0) and found["passes"]
