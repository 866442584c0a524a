from datetime import UTC, datetime

import httpx2
import pytest

from fieldhouse.simulator import Channel, Entry, World

START = datetime(2024, 4, 1, tzinfo=UTC)


@pytest.fixture
def private(world: World) -> Channel:
    channel = world.add_channel(
        8, private=True, read_key="READ", write_key="WRITE", username="ada", tags=["home"]
    )
    channel.write(START, {1: "secret"}, status="secret")
    return channel


@pytest.fixture
def public(world: World) -> Channel:
    channel = world.add_channel(9, username="ada", tags=["air", "home"])
    channel.write_many([Entry(n, n, ("1", *[None] * 7)) for n in (1, 2)])
    return channel


@pytest.mark.parametrize(
    "path", ["feeds.json", "feeds.csv", "fields/1.json", "status.json", "feeds.json?api_key=NO"]
)
def test_a_private_feed_without_its_key_is_a_bare_minus_one(
    private: Channel, http: httpx2.Client, path: str
) -> None:
    """HTTP 400 with `-1`, called JSON, not to be cached: as recorded."""
    answer = http.get(f"/channels/8/{path}")
    assert (answer.status_code, answer.text) == (400, "-1")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "feeds/last.json",
        "feeds/1.json",
        "fields/1/last.json",
        "status/last.json",
        "feeds/last_data_age.json",
        "fields/1/last.txt",
    ],
)
def test_a_private_entry_without_its_key_is_minus_one_in_quotes(
    private: Channel, http: httpx2.Client, path: str
) -> None:
    """HTTP 200 with `"-1"`: only the body says no."""
    answer = http.get(f"/channels/8/{path}")
    assert (answer.status_code, answer.text) == (200, '"-1"')


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("?api_key=READ", {}),
        ("?api_key=WRITE", {}),
        ("", {"THINGSPEAKAPIKEY": "READ"}),
    ],
)
def test_a_key_opens_a_private_channel(
    private: Channel, http: httpx2.Client, query: str, headers: dict[str, str]
) -> None:
    """The read or the write key, as a parameter or a header."""
    answer = http.get(f"/channels/8/feeds.json{query}", headers=headers)
    assert answer.json()["feeds"][0]["field1"] == "secret"


def test_the_cache_opens_nothing(private: Channel, world: World, http: httpx2.Client) -> None:
    """An answer kept from a request with a header key is not given to one without."""
    private.write_many([Entry(n, n, ("1", *[None] * 7)) for n in range(2, 300)])
    url = "/channels/8/feeds.json?results=200"
    assert http.get(url, headers={"THINGSPEAKAPIKEY": "READ"}).status_code == 200
    assert http.get(url).status_code == 400


def test_an_unknown_channel_is_404(http: httpx2.Client) -> None:
    """The documented error object, whose status is text."""
    for path in ("/channels/7/feeds.json", "/channels/7/feeds/last.json", "/nothing"):
        answer = http.get(path)
        assert answer.status_code == 404
        assert answer.json()["status"] == "404"
        assert answer.json()["error"]["error_code"] == "error_resource_not_found"


def test_a_malformed_time_is_400(public: Channel, http: httpx2.Client) -> None:
    """A start or an end that is no time is a bad request."""
    for query in ("start=yesterday", "end=2024-13-45", "start=2024-01-01%2025:00:00"):
        answer = http.get(f"/channels/9/feeds.json?{query}")
        assert answer.json()["error"]["error_code"] == "error_bad_request"


def test_a_wrong_method_is_405(public: Channel, http: httpx2.Client) -> None:
    """A path that exists, with a method that it does not know."""
    assert http.put("/channels/9/feeds.json").status_code == 405


def test_a_user_key_lists_the_users_channels(
    private: Channel, public: Channel, world: World, http: httpx2.Client
) -> None:
    """`channels.json` shows a user's channels with their keys; without a user key it is 401."""
    world.add_channel(10, username="bob")
    denied = http.get("/channels.json?api_key=READ")
    assert denied.status_code == 401
    assert denied.json()["error"]["error_code"] == "error_auth_required"
    listed = http.get(f"/channels.json?api_key={world.user_key('ada')}").json()
    assert [channel["id"] for channel in listed] == [8, 9]
    assert listed[0]["api_keys"] == [
        {"api_key": "WRITE", "write_flag": True},
        {"api_key": "READ", "write_flag": False},
    ]
    assert listed[0]["public_flag"] is False
    tagged = http.get(f"/channels.json?api_key={world.user_key('ada')}&tag=air").json()
    assert [channel["id"] for channel in tagged] == [9]


def test_a_users_public_channels(
    private: Channel, public: Channel, world: World, http: httpx2.Client
) -> None:
    """Everybody sees the public ones; the user key shows the private ones too."""
    listed = http.get("/users/ada/channels.json").json()["channels"]
    assert [channel["id"] for channel in listed] == [9]
    assert "field1" not in listed[0]
    mine = http.get(f"/users/ada/channels.json?api_key={world.user_key('ada')}").json()
    assert [channel["id"] for channel in mine["channels"]] == [8, 9]
    assert http.get("/users/nobody/channels.json").status_code == 404


def test_the_public_list_has_pages_of_fifteen(
    private: Channel, world: World, http: httpx2.Client
) -> None:
    """Public channels with more than one entry, in pages; page 0 does not exist."""
    for id in range(100, 120):
        channel = world.add_channel(id, tags=["even"] if id % 2 == 0 else [])
        channel.write_many([Entry(n, n, ("1", *[None] * 7)) for n in (1, 2)])
    first = http.get("/channels/public.json").json()
    assert first["pagination"] == {"current_page": 1, "per_page": 15, "total_entries": 20}
    assert len(first["channels"]) == 15
    assert len(http.get("/channels/public.json?page=2").json()["channels"]) == 5
    assert len(http.get("/channels/public.json?tag=even").json()["channels"]) == 10
    assert http.get("/channels/public.json?page=0").status_code == 404


def test_settings_show_no_labels(
    private: Channel, public: Channel, world: World, http: httpx2.Client
) -> None:
    """`/channels/ID` has no field labels; a private one wants the user key, not the read key."""
    settings = http.get("/channels/9.json").json()
    assert settings["last_entry_id"] == 2
    assert settings["tags"] == [{"id": 1, "name": "air"}, {"id": 2, "name": "home"}]
    assert not any(key.startswith("field") for key in settings)
    assert http.get("/channels/8.json?api_key=READ").status_code == 400
    assert http.get(f"/channels/8.json?api_key={world.user_key('ada')}").json()["id"] == 8


def test_jsonp_wraps_an_answer(public: Channel, http: httpx2.Client) -> None:
    """`callback` makes a script of the document."""
    answer = http.get("/channels/9/feeds/last.json?callback=show")
    assert answer.text.startswith("show({")
    assert answer.text.endswith("})")
    assert answer.headers["content-type"].startswith("text/javascript")
