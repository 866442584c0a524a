"""Simulator and warehouse answer alike: the same requests, over all endpoints and parameters."""

from urllib.parse import urlencode

import httpx2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fieldhouse.simulator import InProcess, Request, World

FORMATS = ("", ".json", ".xml", ".csv", ".txt")
PATHS = (
    "/channels/{id}/feeds",
    "/channels/{id}/feeds",
    "/channels/{id}/feed",
    "/channels/{id}/fields/{n}",
    "/channels/{id}/field/{n}",
    "/channels/{id}/feeds/last",
    "/channels/{id}/fields/{n}/last",
    "/channels/{id}/feeds/{entry}",
    "/channels/{id}/feeds/last_data_age",
    "/channels/{id}/fields/{n}/last_data_age",
    "/channels/{id}/status",
    "/channels/{id}/statuses",
    "/channels/{id}/status/last",
    "/stream/channels/{id}/feeds",
)
INSTANTS = (
    "2024-04-10 10:00:00",
    "2024-04-02",
    "2024-04-28T06:30:00Z",
    "2024-04-20 00:00:00 +0200",
    "2024-05-01 12:00:00",
    "2041-01-01 00:00:00",
    "0001-01-01 00:00:00",
    "9999-12-31 23:59:59",
    "soon",
    "2024-13-01",
    "",
)
NUMBERS = ("0", "1", "2", "7", "99", "100000", "99999999999999999999", "-3", "abc", "")
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Etc/UTC", "GMT", "Mars/X", "../etc")
WIDTHS = ("10", "60", "720", "1440", "daily", "7", "-10", "x")
VALUES = {
    "results": NUMBERS,
    "days": (*NUMBERS, "30"),
    "minutes": (*NUMBERS, "20000"),
    "start": INSTANTS,
    "end": INSTANTS,
    "timezone": ZONES,
    "offset": ("-7", "5", "99", "x"),
    "location": ("true", "TRUE", "false"),
    "status": ("true", "1"),
    "metadata": ("true",),
    "min": ("0", "10.5", "-1e3", "nan", "x"),
    "max": ("0", "20", "1e9", "inf"),
    "round": ("0", "1", "3", "-1", "999999999999", "x"),
    "prepend": ("<", ""),
    "append": (" °C", "\r\nX: y"),
    "callback": ("cb", "a.b_c$1", "alert(1)", "x\r\nSet-Cookie: a=b", "1a", ""),
    "timescale": WIDTHS,
}
MERGED = {"sum": WIDTHS, "average": WIDTHS, "median": WIDTHS}
"""What differs from ThingSpeak where there is more than plain numbers; see docs/protocol.md."""


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str]:
    """A path and a query."""
    id = draw(st.sampled_from((9, 9, 10, 10, 11, 12)))
    path = draw(st.sampled_from(PATHS)).format(
        id=id,
        n=draw(st.sampled_from(("1", "2", "3", "8", "9", "x"))),
        entry=draw(st.sampled_from((1, 49, 150, 600, 601, 0, 10**17))),
    )
    known = VALUES | MERGED if id == 10 else VALUES
    names = draw(st.lists(st.sampled_from(sorted(known)), unique=True, max_size=4))
    params = {name: draw(st.sampled_from(known[name])) for name in names}
    return path + draw(st.sampled_from(FORMATS)), urlencode(params)


BEFORE_ALL_TIME = "0001-01-01 00:00:00&timezone=Europe/Berlin"


@settings(max_examples=80)
@example(asked=("/channels/9/feeds", f"end={BEFORE_ALL_TIME}"))
@example(asked=("/channels/9/feeds", f"start={BEFORE_ALL_TIME}"))
@given(asked=requests())
def test_both_answer_alike(asked: tuple[str, str], frozen: World, ours: httpx2.Client) -> None:
    """Status, type and body are the same to the last byte, whatever is asked."""
    path, query = asked
    theirs = InProcess(frozen).answer(Request("GET", path, query))
    answer = ours.get(f"{path}?{query}")
    assert answer.status_code == theirs.status
    if answer.text != "Not Found":  # no path of ThingSpeak's: the application's own answer
        assert answer.content == theirs.body
        assert answer.headers["content-type"] == theirs.content_type


@pytest.mark.parametrize("id", [9, 10, 11])
def test_both_list_alike(id: int, frozen: World, ours: httpx2.Client) -> None:
    """Settings and lists say the same of a channel, but whose it is and its keys."""
    server = InProcess(frozen)
    theirs = httpx2.Response(
        200, content=server.answer(Request("GET", f"/channels/{id}.json")).body
    )
    assert ours.get(f"/channels/{id}.json").json() == theirs.json() | {"username": None}
    key = f"api_key={frozen.user_key('fieldhouse')}"
    own = httpx2.Response(200, content=server.answer(Request("GET", "/channels.json", key)).body)
    (shown,) = (each for each in ours.get("/channels.json").json() if each["id"] == id)
    (wanted,) = (each for each in own.json() if each["id"] == id)
    assert shown == wanted | {"api_keys": []}


def test_lists_are_pages(ours: httpx2.Client) -> None:
    """The public list has channels with more than one entry; XML has the same; no user is known."""
    listed = ours.get("/channels/public.json").json()
    assert listed["pagination"] == {"current_page": 1, "per_page": 15, "total_entries": 2}
    assert {each["id"] for each in listed["channels"]} == {9, 10}
    assert ours.get("/channels/public.json?page=2").json()["channels"] == []
    assert ours.get("/channels/public.json?page=0").status_code == 404
    assert ours.get("/channels.xml").text.count("<channel>\n") == 3
    assert ours.get("/users/fieldhouse/channels.json").status_code == 404
    for path in ("/channels", "/channels/9", "/channels/public"):  # those are pages for people
        assert ours.get(path).text == "Not Found"
