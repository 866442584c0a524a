import socket
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from fieldhouse.simulator import Channel, Clock, Entry, Simulator, World, routes

START = datetime(2024, 4, 1, tzinfo=UTC)


def filled(world: World, count: int) -> Channel:
    channel = world.add_channel(9)
    start = int(START.timestamp())
    channel.write_many([Entry(n, start + n, (str(n), *[None] * 7)) for n in range(1, count + 1)])
    return channel


def newest(answer: httpx2.Response) -> int:
    entry_id: int = answer.json()["feeds"][-1]["entry_id"]
    return entry_id


def test_headers_are_those_of_production(world: World, http: httpx2.Client) -> None:
    """Date comes from the world's clock; ETag and Cache-Control as recorded."""
    filled(world, 1)
    headers = http.get("/channels/9/feeds.json").headers
    assert headers["date"] == "Wed, 01 May 2024 12:00:00 GMT"
    assert headers["cache-control"] == "max-age=0, private, must-revalidate"
    assert headers["access-control-allow-origin"] == "*"
    assert headers["transfer-encoding"] == "chunked"
    assert headers["etag"].startswith('"')
    assert len(headers["x-request-id"]) == 36


def test_an_unchanged_answer_is_304(world: World, http: httpx2.Client) -> None:
    """If-None-Match with the ETag gives an empty 304, until the channel changes."""
    channel = filled(world, 1)
    tag = http.get("/channels/9/feeds.json").headers["etag"]
    same = http.get("/channels/9/feeds.json", headers={"If-None-Match": tag})
    assert (same.status_code, same.content) == (304, b"")
    channel.write()
    assert http.get("/channels/9/feeds.json", headers={"If-None-Match": tag}).status_code == 200


def test_gzip_when_switched_on_and_accepted(world: World) -> None:
    """A compressed answer holds the same document; who does not accept it gets it plain."""
    filled(world, 100)
    with Simulator(world, gzip=True) as simulator, httpx2.Client(base_url=simulator.url) as http:
        packed = http.get("/channels/9/feeds.json", headers={"Accept-Encoding": "gzip"})
        plain = http.get("/channels/9/feeds.json", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()


def test_large_answers_are_repeated_for_five_minutes(world: World, http: httpx2.Client) -> None:
    """More than 100 rows are cached by path and whole query; 100 are not."""
    channel = filled(world, 300)
    large, small = "/channels/9/feeds.json?results=101", "/channels/9/feeds.json?results=100"
    assert newest(http.get(large)) == newest(http.get(small)) == 300
    channel.write(START + timedelta(hours=1))
    assert newest(http.get(small)) == 301
    assert newest(http.get(large)) == 300
    assert newest(http.get(large + "&again=1")) == 301
    world.clock.advance(299)
    assert newest(http.get(large)) == 300
    world.clock.advance(1)
    assert newest(http.get(large)) == 301


def test_the_cache_lets_go_of_the_oldest(
    world: World, http: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long backfill does not fill the memory with its pages."""
    monkeypatch.setattr(routes, "_MOST_BYTES", 30_000)
    channel = filled(world, 300)
    for results in range(101, 111):
        http.get(f"/channels/9/feeds.json?results={results}")
    channel.write(START + timedelta(hours=1))
    assert newest(http.get("/channels/9/feeds.json?results=101")) == 301
    assert newest(http.get("/channels/9/feeds.json?results=110")) == 300


def test_the_cache_can_be_switched_off(world: World, http: httpx2.Client) -> None:
    """With `cache_seconds` 0 every answer is fresh."""
    world.cache_seconds = 0
    channel = filled(world, 300)
    assert newest(http.get("/channels/9/feeds.json?results=101")) == 300
    channel.write(START + timedelta(hours=1))
    assert newest(http.get("/channels/9/feeds.json?results=101")) == 301


def talk(simulator: Simulator, sent: bytes) -> bytes:
    """All that the server says to these bytes, until it closes."""
    host, port = simulator.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        raw.sendall(sent)
        return raw.makefile("rb").read()


def test_a_connection_serves_many_requests(world: World, simulator: Simulator) -> None:
    """Keep-alive, even when requests come ahead of their turn; `Connection: close` ends it."""
    filled(world, 1)
    ask = b"GET /channels/9/feeds.json HTTP/1.1\r\nHost: x\r\n"
    said = talk(simulator, 2 * (ask + b"\r\n") + ask + b"Connection: close\r\n\r\n")
    assert said.count(b"HTTP/1.1 200 OK\r\n") == 3
    assert said.count(b"Transfer-Encoding: chunked") == 2


def test_an_old_client_gets_a_length(world: World, simulator: Simulator) -> None:
    """HTTP/1.0 knows neither chunks nor keep-alive."""
    filled(world, 1)
    head, _, body = talk(simulator, b"GET /channels/9/feeds.json HTTP/1.0\r\n\r\n").partition(
        b"\r\n\r\n"
    )
    assert f"Content-Length: {len(body)}".encode() in head
    assert body.startswith(b'{"channel"')


def test_a_client_may_wait_for_100_continue(simulator: Simulator) -> None:
    """Who asks before sending a body is told to go on."""
    ask = b"POST /update HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 8\r\n"
    host, port = simulator.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        raw.sendall(ask + b"Connection: close\r\n\r\n")
        stream = raw.makefile("rb")
        assert stream.readline() == b"HTTP/1.1 100 Continue\r\n"
        raw.sendall(b"field1=1")
        assert b"HTTP/1.1 400 Bad Request" in stream.read()


def test_what_is_no_http_is_400(simulator: Simulator) -> None:
    """Bytes that are no request get a 400 and the end of the connection."""
    assert talk(simulator, b"GARBAGE\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_requests_are_listed(simulator: Simulator, http: httpx2.Client) -> None:
    """Tests can see what a client asked, in order."""
    http.get("/channels/9/feeds.json?results=0")
    http.post("/update?field1=1")
    assert simulator.requests == [
        ("GET", "/channels/9/feeds.json", "results=0"),
        ("POST", "/update", "field1=1"),
    ]


def test_two_simulators_at_once_and_again(world: World) -> None:
    """A simulator can be stopped while a client is connected, and started anew."""
    filled(world, 1)
    with Simulator(world) as one, Simulator(world) as two:
        assert one.url != two.url
        with httpx2.Client() as http:
            for simulator in (one, two):
                assert http.get(f"{simulator.url}/channels/9/feeds.json").status_code == 200
            one.stop()
            assert http.get(f"{two.url}/channels/9/feeds.json").status_code == 200


def test_a_taken_port_is_an_error(simulator: Simulator, world: World) -> None:
    """Starting on a port in use raises OSError in the caller's thread."""
    port = int(simulator.url.rsplit(":", 1)[1])
    try:
        Simulator(world, port=port).start()
    except OSError:
        return
    raise AssertionError("two servers on one port")


def test_a_clock_runs_stands_and_is_set() -> None:
    """A clock is real time with an offset, or stands until it is moved."""
    frozen = Clock(frozen=datetime(2024, 5, 1, tzinfo=UTC))
    assert frozen.now() == frozen.now()
    frozen.advance(1.5)
    assert frozen.now() == datetime(2024, 5, 1, 0, 0, 1, 500_000, tzinfo=UTC)
    running = Clock()
    assert abs(running.now() - datetime.now(UTC)) < timedelta(seconds=5)
    for clock in (frozen, running):
        clock.set(START)
        assert START <= clock.now() < START + timedelta(seconds=5)
