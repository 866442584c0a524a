"""The overview: every channel, what is newest of it, found and ordered by the address alone."""

import gzip
import re
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from plots_kit import page
from warehouse_kit import batch, refresh, row
from web_kit import EMPTY, HOSTILE, NOW, PAUSED, WEATHER, Site, World, serving

from fieldhouse.simulator import Clock
from fieldhouse.web.ages import exact_text


def listed(text: str) -> list[int]:
    """The channels of a page's list, in its order."""
    body = text[text.index("<tbody>") :] if "<tbody>" in text else ""
    return [int(n) for n in re.findall(r'<td class="number id">(-?\d+)</td>', body)]


def test_every_channel_shows_what_is_newest_of_it(site: Site, web: httpx2.Client) -> None:
    """Each is listed with its last values, as its readings have them, and a sparkline."""
    text, read = page(web, "/")
    assert listed(text) == sorted([EMPTY, PAUSED, HOSTILE, WEATHER])
    span = {"start_at": NOW - timedelta(hours=1), "end_at": NOW}
    newest = site.served.warehouse.query("readings", channel_id=WEATHER, **span).to_pylist()[-1]
    for n in range(1, 9):
        if newest[f"Field{n}"] is not None:
            assert f"<dd>{exact_text(newest[f'Field{n}'])}" in text
    assert len(list(read.all("svg", class_="fieldhouse spark"))) == 2
    assert "paused" in text and "empty" in text and "fresh" in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=weather", [WEATHER]),
        ("q=LEVEL", [EMPTY, PAUSED]),
        ("q=garden 120", [WEATHER]),
        (f"q={HOSTILE}", [HOSTILE]),
        ("tag=GARDEN", [HOSTILE, WEATHER]),
        ("tag=garden&q=nothing like it", []),
        ("sort=channel&down=1", [WEATHER, HOSTILE, PAUSED, EMPTY]),
        ("sort=name&q=level", [PAUSED, EMPTY]),
        ("sort=newest&down=1&tag=garden", [WEATHER, HOSTILE]),
        ("sort=nonsense&page=99", [EMPTY, PAUSED, HOSTILE, WEATHER]),
    ],
)
def test_an_address_finds_and_orders(web: httpx2.Client, query: str, found: list[int]) -> None:
    """Search, tags and order are the address's, so that they work without a script."""
    text, _ = page(web, f"/?{query}")
    assert listed(text) == found
    if not found:
        assert "No channel is found so" in text


def test_orders_can_be_turned_by_their_links(web: httpx2.Client) -> None:
    """A column's heading leads to its order, and once there to the other way round."""
    _, read = page(web, "/?sort=name&q=level")
    links = [a["href"] for a in read.all("a") if (a.get("href") or "").startswith("/?")]
    assert "/?q=level&sort=name&down=1" in links and "/?q=level&sort=score" in links
    assert [th.get("aria-sort") for th in read.all("th") if th.get("aria-sort")] == ["ascending"]


def test_names_that_mean_no_good_do_nothing(web: httpx2.Client) -> None:
    """Names, labels and tags are texts: no element, no turned line, no other address."""
    text, read = page(web, "/")
    assert not list(read.all("i")) and not list(read.all("img"))
    assert all((given.get("src") or "").startswith("/static/") for given in read.all("script"))
    assert "\u202e" not in text and "&lt;i&gt;x&lt;/i&gt;" in text
    for a in read.all("a"):
        assert re.match(r"/|#", a["href"] or ""), a


def test_without_a_channel_it_says_how_to_begin(tmp_path: Path) -> None:
    """A new user is told what to type."""
    with serving(tmp_path, World(clock=Clock(NOW))) as made, made.client() as client:
        text, _ = page(client, "/")
    assert "fieldhouse channels add" in text and "<table" not in text


class Counting:
    """A warehouse, and how often it was asked."""

    def __init__(self, house: Any) -> None:
        self._house, self.asked = house, Counter[str]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._house, name)

    def query(self, name: str, *given: Any, **parameters: Any) -> Any:
        self.asked[name] += 1
        return self._house.query(name, *given, **parameters)


def test_a_thousand_channels_are_no_more_questions_than_one(tmp_path: Path) -> None:
    """The page asks as often for a thousand as for four, and is light; all are found by search."""
    with ExitStack() as stack:
        made = stack.enter_context(serving(tmp_path, World(clock=Clock(NOW))))
        house = made.served.warehouse
        when = NOW - timedelta(minutes=5)
        many = [batch([row(1, when, Field1=n, Field2="2.5")], channel_id=n) for n in range(1, 1001)]
        house.load(many)
        refresh(house)
        counting = Counting(house)
        object.__setattr__(made.served, "warehouse", counting)
        client = stack.enter_context(made.client(accept_encoding="gzip"))
        answer = client.get("/")
        assert sum(counting.asked.values()) <= 6, counting.asked
        assert len(listed(answer.text)) == 50 and "1000 channels" in answer.text
        assert len(gzip.compress(answer.content)) < 100_000
        assert answer.headers["content-encoding"] == "gzip"
        assert listed(client.get("/?q=987").text) == [987]
        assert listed(client.get("/?page=20").text)[-1] == 1000
