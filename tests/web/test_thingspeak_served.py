"""ThingSpeak's endpoints behind the server's door: a token stands where a key does."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from web_kit import HOSTILE, Site, Timed, a_world, fill, listening, serving

import thingspeak
from fieldhouse.web.access import Scope
from fieldhouse.web.served import Rules


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Site]:
    """A site that takes entries, and trusts nobody without a token, this machine neither."""
    rules = Rules(writes=True, trusts_machine=False)
    with serving(tmp_path, a_world(days=0), rules=rules) as made:
        fill(made.served, [HOSTILE])
        yield made


def test_a_token_is_a_key(strict: Site) -> None:
    """It is shown as a key is, in the address, a header or the body; without one all is shut."""
    reads, writes = strict.token(), strict.token(Scope.READ, Scope.WRITE)
    with strict.client() as stranger:
        assert stranger.get(f"/channels/{HOSTILE}/feeds.json").status_code == 401
        assert stranger.get(f"/channels/{HOSTILE}/feeds.json?callback=x").status_code == 401
        with strict.client(X_THINGSPEAKAPIKEY=reads) as device:
            assert len(device.get(f"/channels/{HOSTILE}/feeds.json").json()["feeds"]) == 100
            assert device.post("/channels.json", data={"name": "Mine"}).status_code == 401
        made = stranger.post(f"/channels.json?api_key={writes}", data={"name": "M", "field1": "T"})
        assert made.json()["id"] == -1
        for key, status, text in (("", 400, "0"), (reads, 400, "0"), (writes, 200, "1")):
            answer = stranger.post("/update", data={"api_key": key, "field1": "21.5"})
            assert (answer.status_code, answer.text) == (status, text)
        updates = [{"created_at": "2024-02-01T00:00:00Z", "field1": 3}]
        for key, status in ((reads, 401), (writes, 202)):
            body = {"write_api_key": key, "updates": updates}
            assert stranger.post("/channels/-1/bulk_update.json", json=body).status_code == status
        assert stranger.get(f"/update?api_key={writes}@-1&field1=7").text == "3"
        cross = {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}
        shared = stranger.get(f"/channels/-1/feeds.json?api_key={reads}&callback=x", headers=cross)
        assert shared.text.startswith('x({"channel"')
        assert shared.headers["cross-origin-resource-policy"] == "cross-origin"


def test_the_python_client_needs_an_address_and_a_token(strict: Site) -> None:
    """`thingspeak` of PyPI reads and writes through the whole server, unchanged."""
    token = strict.token(Scope.READ, Scope.WRITE)
    made = httpx2.post(f"{strict.url}/channels.json?api_key={token}", data={"field1": "T"})
    channel = thingspeak.Channel(made.json()["id"], token, fmt="txt", server_url=strict.url)
    assert channel.update({"field1": "21.5"}) == "1"
    assert channel.get_field_last(1) == "21.5"


@pytest.mark.parametrize(
    "path",
    [
        f"/channels/{HOSTILE}/feeds.json",
        f"/channels/{HOSTILE}/feeds.csv?start=2000-01-01",
        f"/channels/{HOSTILE}/feeds.json?average=60&days=30",
        f"/channels/{HOSTILE}/fields/2/last.json",
        f"/channels/{HOSTILE}/status.json?days=30",
        f"/stream/channels/{HOSTILE}/feeds.csv",
        "/channels/public.json",
    ],
)
def test_no_answer_is_worked_on_for_ever(site: Site, path: str) -> None:
    """Each question of these endpoints has a deadline, as those of pages and the API have."""
    watched: Any = Timed(site.served.warehouse)
    with (
        listening(replace(site.served, warehouse=watched)) as url,
        httpx2.Client(base_url=url, timeout=30, trust_env=False) as client,
    ):
        assert client.get(path).status_code == 200
    assert watched.given and all(seconds for _, seconds in watched.given), watched.given
