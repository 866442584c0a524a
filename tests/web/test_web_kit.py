"""The kit itself: what the other tests stand on."""

import httpx2
from web_kit import EMPTY, HOSTILE, PAUSED, WEATHER, Site


def test_the_site_answers(site: Site, web: httpx2.Client) -> None:
    """The full site is ready, and holds its four channels."""
    assert web.get("/readyz").text == "ready\n"
    held = site.served.warehouse.query("channels")["ChannelID"].to_pylist()
    assert set(held) == {WEATHER, HOSTILE, EMPTY, PAUSED}


def test_a_site_of_ones_own(own: Site) -> None:
    """A small site holds what means no good, and takes tokens."""
    with own.client(own.token()) as client:
        assert client.get("/healthz").text == "ok\n"
    assert own.served.warehouse.query("readings", channel_id=HOSTILE).num_rows == 200
