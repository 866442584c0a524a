"""The page about ThingSpeak's endpoints is true."""

import json
import re
from pathlib import Path

import pytest
from protocol_kit import NOON, Serve

from fieldhouse.protocol.routes import FEEDS, LISTINGS
from fieldhouse.warehouse import Warehouse
from fieldhouse.web.thingspeak.receiving import ROUTES

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text("utf-8")


def test_the_examples_run(
    house: Warehouse, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every Python example of the page does what it says, one after the other."""
    house.call("upsert_channel", channel_id=12001, name="Weather", field1="T")
    monkeypatch.chdir(tmp_path)
    url = serve(house, may_write=lambda request, _: request.api_key == "T", clock=NOON.timestamp)
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 3
    names = {"base_url": url, "token": "T"}
    for code in blocks:
        exec(compile(code, "docs/protocol.md", "exec"), names)
    assert json.loads(str(names["feed"]))["channel"]["name"] == "Weather"
    assert (names["garden"], names["first"]) == (-1, "1")
    assert house.query("readings", channel_id=-1)["EntryID"].to_pylist() == [1, 2, 3]
    names["warehouse"].close()  # type: ignore[attr-defined]


def test_every_endpoint_is_named() -> None:
    """The page's table has the last word of each endpoint's path."""
    for route in (*FEEDS, *LISTINGS, *ROUTES):
        path = re.sub(r"\(\?:?P?<?\w*>?.*?\)\??", "", route.path)
        words = re.findall(r"[a-z_]{4,}", path)
        assert words[-1].rstrip("s?") in PAGE, route.path
