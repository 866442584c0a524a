"""The pages in a real browser: used by keys and mouse, hostile channels included."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from web_kit import HOSTILE, WEATHER, Site

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium to look at pages with")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for this module's tests."""
    with sync_playwright() as play:
        made = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@dataclass
class Seen:
    """A page that is open, and what the browser complained of or asked for meanwhile."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@contextmanager
def opened(browser: Browser, address: str, **options: object) -> Iterator[Seen]:
    """A page, drawn by its script; at the end nothing may have been complained of."""
    context = browser.new_context(**{"viewport": {"width": 1000, "height": 800}, **options})  # type: ignore[arg-type]
    page = context.new_page()
    seen = Seen(page)
    page.on("console", lambda message: seen.said.append(message.text))
    page.on("pageerror", lambda error: seen.said.append(str(error)))
    page.on("dialog", lambda dialog: seen.said.append(f"dialog {dialog.message}"))
    page.on("request", lambda request: seen.asked.append(request.url))
    page.goto(address)
    try:
        yield seen
        assert seen.said == []
    finally:
        context.close()


def test_zooming_reaches_each_reading(browser: Browser, site: Site) -> None:
    """By keys down to the readings: finer data is asked for, the address and the list follow."""
    with opened(browser, f"{site.url}/channel/{WEATHER}?last=all&fields=1,2") as seen:
        page = seen.page
        page.wait_for_selector("html.zooms")
        assert "a point every" in page.inner_text("#note")
        page.focus(".plot")
        for _ in range(8):
            page.keyboard.press("+")
        page.wait_for_selector("#few tbody tr")
        assert page.inner_text("#note").endswith("a point for every reading")
        assert (
            re.search(r"[?&]from=2024-\d\d-\d\dT\d\d(:|%3A)", page.url) and "last=" not in page.url
        )
        figures = [url for url in seen.asked if "/figure?" in url]
        assert figures and all(url.startswith(site.url) for url in seen.asked)
        label = page.get_attribute("svg.fieldhouse[aria-label^='Plot']", "aria-label")
        rows = page.locator("#few tbody tr").count()
        page.reload()
        page.wait_for_selector("html.zooms")
        assert page.get_attribute(".plot svg", "aria-label") == label
        assert page.locator("#few tbody tr").count() == rows
        assert page.get_attribute("a[data-span]", "href") is not None


def test_a_part_is_chosen_by_the_mouse(browser: Browser, site: Site) -> None:
    """Dragging shows what was dragged over, in all plots; All leads back to the whole history."""
    with opened(browser, f"{site.url}/channel/{WEATHER}?last=7d&fields=1,3") as seen:
        page = seen.page
        page.wait_for_selector("html.zooms")
        before = page.get_attribute(".plot svg", "aria-label")
        box = page.locator(".plot").first.bounding_box()
        assert box
        y = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + 300, y)
        page.mouse.down()
        page.mouse.move(box["x"] + 500, y, steps=3)
        page.mouse.up()
        page.wait_for_url("**from=**")
        labels = page.locator(".plot svg").evaluate_all(
            "all => all.map(one => one.getAttribute('aria-label').replace(/.*?, /, ''))"
        )
        assert len(set(labels)) == 1 and labels[0] not in (before or "")
        page.click("#tools button:last-child")
        page.wait_for_selector("#note:has-text('2024-01-01')")


def test_hostile_channels_do_nothing_in_a_browser(browser: Browser, site: Site) -> None:
    """No script of a name, label or text runs, and nothing is asked of another server."""
    for path in ("/", f"/channel/{HOSTILE}?last=7d", f"/channel/{HOSTILE}/readings"):
        with opened(browser, site.url + path) as seen:
            seen.page.wait_for_load_state("load")
            assert "<script>" in seen.page.inner_text("body")  # it is there, as a text
            assert all(url.startswith(site.url) for url in seen.asked)


def test_pages_are_whole_without_a_script(browser: Browser, site: Site) -> None:
    """Pictures, tables and addresses are the server's; a phone sees the slim picture.

    A small window that is no phone's sees the broad one, which moves sideways by itself.
    """
    address = f"{site.url}/channel/{WEATHER}?last=1d&fields=1"
    small: dict[str, Any] = {
        "java_script_enabled": False,
        "viewport": {"width": 390, "height": 800},
    }
    with opened(browser, address, **small) as seen:
        assert seen.page.locator("svg.broad").bounding_box()["width"] >= 640  # type: ignore[index]
        assert seen.page.evaluate("document.documentElement.scrollWidth") == 390
    with opened(browser, address, user_agent="Mozilla/5.0 (Linux) Mobile", **small) as seen:
        page = seen.page
        assert page.locator("svg.slim").bounding_box()["width"] < 390  # type: ignore[index]
        assert page.locator("#few tbody tr").count() > 100
        page.click(".presets a >> nth=0")
        assert "last=1h" in page.url


def test_nothing_is_wider_than_a_phone(browser: Browser, site: Site) -> None:
    """At 390 pixels every page scrolls down, never sideways."""
    small = {"width": 390, "height": 844}
    for path in ("/", f"/channel/{HOSTILE}", f"/channel/{WEATHER}?compare=666&before=1d",
                 f"/channel/{HOSTILE}/readings", "/channel/404"):  # fmt: skip
        with opened(browser, site.url + path, viewport=small) as seen:
            assert seen.page.evaluate("document.documentElement.scrollWidth") == 390, path
            seen.said = [text for text in seen.said if "404" not in text]


def test_the_browsers_own_zone_is_a_click_away(browser: Browser, site: Site) -> None:
    """The reader switches to his own clock, and back to the server's."""
    with opened(browser, f"{site.url}/channel/{WEATHER}", timezone_id="Asia/Tokyo") as seen:
        page = seen.page
        assert page.inner_text("#zone") == "UTC"
        page.click("footer button")
        page.wait_for_selector("#zone[data-zone='Asia/Tokyo']")
        page.click("footer button")
        page.wait_for_selector("#zone[data-zone='UTC']")


def test_new_readings_appear_by_themselves(browser: Browser, own: Site) -> None:
    """A page that ends now is drawn anew when something was loaded, without a reload."""
    with opened(browser, f"{own.url}/channel/{HOSTILE}?last=7d&fields=2") as seen:
        seen.page.wait_for_selector("html.zooms")
        with seen.page.expect_response(lambda answer: "/figure?" in answer.url):
            own.served.jobs.start([HOSTILE]).wait(60)
