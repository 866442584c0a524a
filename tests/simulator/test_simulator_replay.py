"""Recorded production answers, asked for again.

The recordings lie beside the checkout, not in it; without them these tests skip.
"""

import gzip
import json
import random
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from fieldhouse.simulator import World

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the recordings are not here")

Document = dict[str, Any]


def lines(name: str) -> Iterator[Any]:
    with gzip.open(DATA / name, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def in_order(document: Document) -> Document:
    """The document with ties sorted: their order is arbitrary in production too."""
    rows = sorted(document["feeds"], key=lambda row: (row["created_at"], row["entry_id"]))
    return {**document, "feeds": rows}


def test_three_thousand_channels_answer_as_recorded(world: World, http: httpx2.Client) -> None:
    """A sample of 300 of 3,040 recorded feeds is answered with an equal document."""
    recorded = list(lines("feeds_2018-09-14.jsonl.gz"))
    for document in recorded:
        world.load_recorded(document)
    assert len(world.channels) == len(recorded)
    for document in random.Random(1).sample(recorded, 300):
        answer = http.get(f"/channels/{document['channel']['id']}/feeds.json")
        assert in_order(answer.json()) == in_order(document)
        assert list(answer.json()["channel"]) == list(document["channel"])


def test_one_field_answers_as_recorded(world: World, http: httpx2.Client) -> None:
    """`fields/1.json` of a channel known from `feeds.json`."""
    feeds = json.loads((DATA / "hadinakhi_1448708_feeds.json").read_text("utf-8"))
    field = json.loads((DATA / "hadinakhi_1448708_field1.json").read_text("utf-8"))
    world.load_recorded(feeds)
    assert http.get("/channels/1448708/feeds.json").json() == feeds
    assert http.get("/channels/1448708/fields/1.json").json() == field


def test_a_weather_station_answers_as_recorded(world: World, http: httpx2.Client) -> None:
    """The station of ThingSpeak's makers, all eight fields."""
    recorded = json.loads((DATA / "lab11_12397.json").read_text("utf-8"))
    world.load_recorded(recorded)
    assert in_order(http.get("/channels/12397/feeds.json").json()) == in_order(recorded)


def test_days_of_a_zone_answer_as_recorded(world: World, http: httpx2.Client) -> None:
    """110 days by start, end and timezone: both midnights belong to a day."""
    days = list(lines("lake_3367153_daily_responses.jsonl.gz"))
    for day in days:
        world.load_recorded(day["response"])
    for day in days:
        after = date.fromisoformat(day["day"]) + timedelta(days=1)
        answer = http.get(
            "/channels/3367153/feeds.json",
            params={
                "start": f"{day['day']} 00:00:00",
                "end": f"{after} 00:00:00",
                "timezone": "America/Los_Angeles",
            },
        ).json()
        assert in_order(answer)["feeds"] == in_order(day["response"])["feeds"], day["day"]
        assert answer["channel"] == {
            **day["response"]["channel"],
            "updated_at": answer["channel"]["updated_at"],
            "last_entry_id": answer["channel"]["last_entry_id"],
        }


def exchanges(name: str) -> Iterator[tuple[str, str, str, int]]:
    """Method, URI, body and status of each exchange in a cassette."""
    text = (DATA / "http" / name).read_text("utf-8")
    found = re.findall(
        r"method: (\w+)\s+uri: (\S+).*?body: \{string: '((?:[^']|'')*)'\}.*?status: \{code: (\d+)",
        text,
        re.DOTALL,
    )
    for method, uri, body, status in found:
        unfolded = re.sub(r"\s*\n\s*", " ", body).replace("''", "'")
        yield method, uri.removeprefix("https://api.thingspeak.com"), unfolded, int(status)


@pytest.mark.parametrize("path", sorted(DATA.glob("http/*.yaml")), ids=lambda path: path.name)
def test_http_exchanges_answer_as_recorded(world: World, http: httpx2.Client, path: Path) -> None:
    """Private channels with, without and with wrong keys; updates too soon and unauthorised."""
    for cassette in sorted(DATA.glob("http/*.yaml")):
        for _, _, body, _ in exchanges(cassette.name):
            if body.startswith("{"):
                world.load_recorded(json.loads(body))
    for id, kind in ((86945, "public"), (204504, "private_write")):
        world.channels[id].write_key = kind
        world.channels[id].last_write = world.clock.now().timestamp()
    world.channels[204504].private = True
    world.channels[204504].read_key = "private_read"
    for method, uri, body, status in exchanges(path.name):
        answer = http.request(method, uri)
        assert (answer.status_code, answer.json()) == (status, json.loads(body)), uri
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
