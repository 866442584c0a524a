"""How long a request may take: a bound for the whole of it, and a chance for a slow line."""

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable

import pytest
from ways_kit import Reader, Scripted, Writer

from fieldhouse import errors
from fieldhouse.simulator import Fault, Simulator, World
from fieldhouse.sources.thingspeak import deadline
from fieldhouse.sources.thingspeak.api import ThingSpeak
from fieldhouse.sources.thingspeak.deadline import Deadline
from fieldhouse.sources.thingspeak.failures import never_sent
from fieldhouse.sources.thingspeak.pacing import Pacer

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
FEED = b'{"channel": {"id": 9, "name": "W"}, "feeds": []}'


@pytest.fixture(autouse=True)
def channel(world: World) -> None:
    """Channel 9 has an entry."""
    world.add_channel(id=9, name="Weather", fields={1: "T"}).write(fields={1: "20.5"})


def client(url: str, timeout: float, attempts: int = 1) -> ThingSpeak:
    return ThingSpeak(url, pacer=Pacer(0), timeout=timeout, attempts=attempts, proxies=False)


def after_the_request(
    script: Callable[[Writer], Awaitable[None]],
) -> Callable[[Reader, Writer], Awaitable[None]]:
    async def serve(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await script(writer)

    return serve


def ends_within(url: str, timeout: float, seconds: float) -> str:
    """Ask once, be given up within so many seconds, and say the line."""
    began = time.monotonic()
    with client(url, timeout) as server, pytest.raises(errors.SourceUnavailable) as raised:
        server.channel(9).page()
    assert time.monotonic() - began < seconds
    return str(raised.value)


@pytest.mark.parametrize("fraction", [0.0, 0.5])
def test_an_answer_that_drips_is_given_up_in_time(simulator: Simulator, fraction: float) -> None:
    """A byte now and then is no progress, neither within the headers nor within the body."""
    simulator.faults.add(Fault("drip", seconds=0.1, fraction=fraction, times=None))
    line = ends_within(simulator.url, timeout=0.5, seconds=3)
    assert "did not answer in time" in line
    assert "bytes" in line


def test_a_server_that_accepts_and_says_nothing_is_given_up_in_time() -> None:
    """Over http:// and in the handshake of https://."""

    async def wait(reader: Reader, writer: Writer) -> None:
        await asyncio.sleep(60)

    for scheme in ("http", "https"):
        with Scripted(wait) as server:
            line = ends_within(f"{scheme}://127.0.0.1:{server.port}", timeout=0.4, seconds=3)
            assert "did not answer in time" in line


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_stopping_ends_what_is_being_waited_for(scheme: str) -> None:
    """A server that says nothing, in its answer or in the handshake: left within a moment, and what
    came of it is an interruption, not a failure."""

    async def wait(reader: Reader, writer: Writer) -> None:
        await asyncio.sleep(60)

    stop = threading.Event()
    with Scripted(wait) as server, client(f"{scheme}://127.0.0.1:{server.port}", 30) as asked:
        threading.Timer(0.2, stop.set).start()
        began = time.monotonic()
        with pytest.raises(errors.Interrupted):
            asked.channel(9, stop=stop).page()
        assert time.monotonic() - began < 3


def test_stopping_ends_an_answer_that_flows(simulator: Simulator) -> None:
    """Bytes that keep a request alive do not keep it from ending."""
    simulator.faults.add(Fault("drip", seconds=0.05, times=None))
    stop = threading.Event()
    with client(simulator.url, 30) as asked:
        threading.Timer(0.3, stop.set).start()
        began = time.monotonic()
        with pytest.raises(errors.Interrupted):
            asked.channel(9, stop=stop).page()
        assert time.monotonic() - began < 3


def test_a_server_that_takes_no_connection_is_given_up_in_time() -> None:
    """A queue that is full, as a packet filter that drops: connecting is part of the request."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        waiting = []
        for _ in range(4):  # the queue
            each = socket.socket()
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
            waiting.append(each)
        line = ends_within(f"http://127.0.0.1:{port}", timeout=0.4, seconds=3)
        for each in waiting:
            each.close()
    assert "in time" in line


def test_a_name_that_is_not_found_in_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that does not answer counts too."""
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: release.wait(30))
    line = ends_within("http://thingspeak.test", timeout=0.3, seconds=3)
    release.set()
    assert "in time" in line


def test_a_name_that_is_not_known_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, as a server that cannot be reached."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    line = ends_within("http://thingspeak.test", timeout=5, seconds=4)
    assert line.startswith("http://thingspeak.test cannot be reached (")
    assert "not known" in line


def test_a_slow_line_that_flows_has_its_chance() -> None:
    """An answer that keeps coming takes longer than the time-out, and is read to its end."""
    body = FEED + b" " * 4_000

    async def flow(writer: Writer) -> None:
        writer.write(HEAD % len(body))
        for begin in range(0, len(body), 450):
            writer.write(body[begin : begin + 450])
            await writer.drain()
            await asyncio.sleep(0.1)

    with Scripted(after_the_request(flow)) as slow:
        began = time.monotonic()
        with client(f"http://127.0.0.1:{slow.port}", timeout=0.5) as server:
            assert server.channel(9).page()[0].served == 0
        assert time.monotonic() - began > 0.6


def test_an_answer_that_stops_in_the_middle_is_given_up_in_time() -> None:
    """However much came before, and however fast."""

    async def stop(writer: Writer) -> None:
        writer.write(HEAD % 10**9 + b" " * 1_000_000)
        await writer.drain()
        await asyncio.sleep(60)

    with Scripted(after_the_request(stop)) as stopping:
        line = ends_within(f"http://127.0.0.1:{stopping.port}", timeout=0.5, seconds=4)
    assert "1,000," in line


def test_an_endless_answer_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """However well it flows, a request ends after so many times its time-out."""

    async def for_ever(writer: Writer) -> None:
        writer.write(HEAD % 10**12)
        while True:
            writer.write(b" " * 1_000)
            await writer.drain()
            await asyncio.sleep(0.01)

    monkeypatch.setattr(deadline, "LONGEST", 4)
    with Scripted(after_the_request(for_ever)) as endless:
        line = ends_within(f"http://127.0.0.1:{endless.port}", timeout=0.2, seconds=4)
    assert "in time" in line


def test_time_is_spent_and_given_back() -> None:
    """The rule itself: so many seconds, one back for each so many bytes, an end in any case."""
    clock = [0.0]
    request = Deadline(10, clock=lambda: clock[0])
    assert request.left() == 10
    clock[0] = 6
    request.came(2 * deadline.LEAST_RATE)
    assert request.left() == 6
    request.came(10**9)  # what came fast is no credit for a silence afterwards
    assert request.left() == 10
    clock[0] = 15.5
    assert request.left() == 0.5
    request.came(10**9)
    clock[0] = 10 * deadline.LONGEST - 1
    request.came(10**9)
    assert request.left() == 1
    clock[0] = 10**6
    assert request.left() == 0


def test_what_never_went_out_is_told_from_what_did(simulator: Simulator) -> None:
    """For whoever counts requests: a server that is not there was not asked."""
    with client("http://127.0.0.1:9", 1) as gone, pytest.raises(errors.SourceError) as raised:
        gone.channel(9).page()
    assert never_sent(raised.value)
    simulator.faults.add(Fault("reset"))
    with client(simulator.url, 1) as cut, pytest.raises(errors.SourceError) as raised:
        cut.channel(9).page()
    assert not never_sent(raised.value)


def test_closing_ends_what_is_being_read(simulator: Simulator) -> None:
    """A client that is closed while a server stalls does not wait for its time-out."""
    simulator.faults.add(Fault("stall", seconds=30, times=None))
    server = client(simulator.url, timeout=20)
    server.__enter__()
    failed: list[errors.FieldhouseError] = []

    def ask() -> None:
        try:
            server.channel(9).page()
        except errors.FieldhouseError as error:
            failed.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while not simulator.requests:
        time.sleep(0.01)
    time.sleep(0.1)
    began = time.monotonic()
    server.close()
    thread.join()
    assert time.monotonic() - began < 5
    assert failed
    assert failed[0].transient


def test_a_broken_address_does_not_use_up_the_time_of_the_next(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a name with two addresses the second is tried in time, should the first be silent."""
    port = int(simulator.url.rpartition(":")[2])
    with socket.socket() as silent:
        silent.bind(("127.0.0.2", port))
        silent.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(("127.0.0.2", port))
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))
            for host in ("127.0.0.2", "127.0.0.1")
        ]
        real = socket.getaddrinfo

        def resolve(host: str, *rest: object, **more: object) -> object:
            return found if host == "thingspeak.test" else real(host, *rest, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        with client(f"http://thingspeak.test:{port}", timeout=2) as server:
            assert server.channel(9).page()[0].served == 1
        for each in waiting:
            each.close()
