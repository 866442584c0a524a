"""ThingSpeak over HTTP: what is believed, what is asked again, what becomes which error."""

import json
import logging
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qsl

import pytest
from ways_kit import Reader, Scripted, Writer

from fieldhouse import errors, events
from fieldhouse.simulator import Fault, Simulator, World
from fieldhouse.sources.thingspeak.api import ThingSpeak
from fieldhouse.sources.thingspeak.pacing import Pacer

SECRET = "S3CRETKEYS3CRETK"


@pytest.fixture(autouse=True)
def channel(world: World) -> None:
    """Channel 9 is public, channel 10 is private with the key SECRET."""
    for number, private in ((9, False), (10, True)):
        made = world.add_channel(
            id=number, name="Weather", fields={1: "T"}, private=private, read_key=SECRET
        )
        for minutes in (30, 20, 10):
            at = world.clock.now() - timedelta(minutes=minutes)
            made.write(created_at=at, fields={1: "20.5"})


@pytest.mark.parametrize(
    "kind",
    [
        "429",
        "500",
        "502",
        "503",
        "html",
        "truncate",
        "cut_json",
        "wrong_length",
        "wrong_type",
        "reset",
    ],
)
def test_what_is_transient_is_asked_again(
    simulator: Simulator, thingspeak: ThingSpeak, kind: str
) -> None:
    """Two failures of each kind, and then the answer, whole."""
    simulator.faults.add(Fault(kind, times=2, extra=50))
    page, _ = thingspeak.channel(9).page()
    assert page.served == 3
    assert len(simulator.requests) == 3


def test_patience_has_an_end(simulator: Simulator, thingspeak: ThingSpeak) -> None:
    """After the last attempt the error says what was wrong, and is transient."""
    simulator.faults.add(Fault("503", times=None))
    with pytest.raises(errors.SourceUnavailable, match="503") as raised:
        thingspeak.channel(9).page()
    assert raised.value.transient
    assert len(simulator.requests) == 5


def test_a_server_that_is_silent_is_given_up_in_time(simulator: Simulator) -> None:
    """A stall ends with the time-out, and its message says so."""
    simulator.faults.add(Fault("stall", seconds=30, times=None))
    began = time.monotonic()
    hasty = ThingSpeak(simulator.url, pacer=Pacer(0), timeout=0.3, attempts=2, backoff=0.01)
    with hasty as server, pytest.raises(errors.SourceUnavailable, match="in time"):
        server.channel(9).page()
    assert time.monotonic() - began < 10


def test_no_network_is_one_clear_line() -> None:
    """A server that is not there is transient; the line names it."""
    nobody = ThingSpeak("http://127.0.0.1:9", pacer=Pacer(0), attempts=1)
    refused = pytest.raises(errors.SourceUnavailable, match=r"http://127.0.0.1:9 cannot be reached")
    with nobody as server, refused:
        server.channel(9).page()


def test_retry_after_is_honoured(simulator: Simulator, thingspeak: ThingSpeak) -> None:
    """The seconds that a 429 names are waited, and the pace is slower afterwards."""
    simulator.faults.add(Fault("429", retry_after=1))
    began = time.monotonic()
    thingspeak.channel(9).page()
    assert time.monotonic() - began >= 1.0


@pytest.mark.parametrize("ahead", [-259_200, 259_200])
def test_a_retry_after_that_is_over_or_due_is_told_by_the_servers_clock(
    world: World, simulator: Simulator, thingspeak: ThingSpeak, ahead: int
) -> None:
    """No second, or a date five seconds ago or a second ahead, of a server whose clock is not ours:
    asked again, after the time that it means."""
    world.clock.advance(ahead)
    for seconds in (0, -5, 1):
        now = datetime.fromtimestamp(world.clock.unix() + seconds, UTC)
        said = 0 if not seconds else format_datetime(now, usegmt=True)
        simulator.faults.add(Fault("429", retry_after=said))
        began = time.monotonic()
        assert thingspeak.channel(9).page()
        assert time.monotonic() - began < 30


def test_a_retry_after_beyond_patience_is_not_slept_through(
    simulator: Simulator, thingspeak: ThingSpeak
) -> None:
    """An hour is not waited: the error is raised at once, with the seconds."""
    simulator.faults.add(Fault("429", retry_after=3600))
    with pytest.raises(errors.RateLimited) as raised:
        thingspeak.channel(9).page()
    assert raised.value.retry_after == 3600


def test_the_pace_widens_on_complaint_and_narrows_again() -> None:
    """Doubled at each 429, back at the chosen pace after enough quiet answers."""
    pacer = Pacer(0)
    for _ in range(3):
        pacer.slow_down()
    assert pacer.delay == pytest.approx(0.2)
    for _ in range(60):
        pacer.calm()
    assert pacer.delay == 0


def test_the_pace_is_kept(simulator: Simulator) -> None:
    """Four requests at one every 0.2 seconds take at least 0.6 seconds."""
    with ThingSpeak(simulator.url, pacer=Pacer(0.2)) as server:
        began = time.monotonic()
        for _ in range(4):
            server.channel(9).entry(1)
        assert time.monotonic() - began >= 0.6


def test_a_private_channel_without_a_key_says_what_to_set(thingspeak: ThingSpeak) -> None:
    """Permanent, asked once."""
    with pytest.raises(errors.ChannelPrivate, match="channel 10 is private: write"):
        thingspeak.channel(10).page()


def test_a_wrong_key_is_told_from_no_key(simulator: Simulator, thingspeak: ThingSpeak) -> None:
    """The message neither has the key nor suggests to set one that is set."""
    with pytest.raises(errors.KeyRejected, match="does not accept the key") as raised:
        thingspeak.channel(10, "WRONGKEYWRONGKEY").page()
    assert "WRONG" not in str(raised.value)
    assert len(simulator.requests) == 1
    assert thingspeak.channel(10, SECRET).page()[0].served == 3


@pytest.mark.parametrize("odd", ["\u200b", "\x00", "\n"])
def test_a_key_with_odd_characters_is_refused_unseen(
    simulator: Simulator, thingspeak: ThingSpeak, odd: str
) -> None:
    """A key pasted with something invisible is no key; it is neither sent nor shown."""
    with pytest.raises(errors.KeyRejected) as raised:
        thingspeak.channel(10, SECRET + odd).page()
    assert SECRET not in str(raised.value)
    assert not simulator.requests


def test_a_used_up_budget_is_not_asked_again(simulator: Simulator) -> None:
    """It stays used up until midnight: one look, no request."""
    looks = []

    class Empty:
        def spend(self) -> None:
            looks.append(1)
            raise errors.BudgetExhausted("used up")

        def give_back(self) -> None:
            raise AssertionError("nothing was taken")

    with ThingSpeak(simulator.url, pacer=Pacer(0, budget=Empty()), backoff=0.01) as server:
        source = server.channel(9)
        with pytest.raises(errors.BudgetExhausted):
            source.page()
    assert (len(looks), source.requests, len(simulator.requests)) == (1, 0, 0)


def test_a_server_that_sends_us_on_is_told() -> None:
    """A network's log-in page, or http:// for https://: where to, asked once."""
    place = b"Location: https://login.test/?k=S\r\n"
    head = b"HTTP/1.1 302 Found\r\n" + place + b"Content-Length: 0\r\n\r\n"

    async def send_on(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)

    with Scripted(send_on) as portal:
        url = f"http://127.0.0.1:{portal.port}"
        with (
            ThingSpeak(url, pacer=Pacer(0), backoff=0.01, proxies=False) as server,
            pytest.raises(errors.RequestRefused, match=r"https://login\.test \(302\)") as raised,
        ):
            server.channel(9).page()
        assert portal.accepted == 1
    assert "k=S" not in str(raised.value)


def _answering(head: bytes, body: bytes = b"{}") -> Scripted:
    """A server that gives every question the same answer; ``head``: its first lines."""
    length = b"Content-Length: %d" % len(body)
    given = b"\r\n".join([b"HTTP/1.1 " + head, b"Connection: close", length, b"", body])

    async def answer(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(given)

    return Scripted(answer)


def _asking(server: Scripted) -> ThingSpeak:
    url = f"http://127.0.0.1:{server.port}"
    return ThingSpeak(url, pacer=Pacer(0), attempts=1, proxies=False)


@pytest.mark.parametrize(
    ("head", "body", "said"),
    [
        (b"302 Found\r\nLocation: http://[::1", b"", "sent on to another place"),
        (b"400 Bad", b'{"error": {"details": "one\\ntwo \\u001b[31m"}}', "one two"),
        (b"400 Bad", b'{"error": {"details": "%b"}}' % (b"x" * 9000), "xxx"),
        (b"503 \x1b[31m   closed", b"", r"503 \[31m closed"),
        (b"200 OK\r\nContent-Type: text/%b" % (b"x" * 9000), b"", "not JSON"),
        (
            b"429 No\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 -0100",
            b"",
            "slow down",
        ),
    ],
)
def test_whatever_a_server_says_of_itself_is_one_short_line(
    head: bytes, body: bytes, said: str
) -> None:
    """Line ends, colours, half addresses, pages of text and dates that no clock shows."""
    with _answering(head, body) as portal, _asking(portal) as server:
        with pytest.raises(errors.SourceError, match=said) as raised:
            server.channel(9).page()
        assert str(raised.value).isprintable()
        assert len(str(raised.value)) < 400


@pytest.mark.parametrize(
    "date", ["Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 31 Dec 9999 23:59:59 -0100"]
)
def test_a_date_that_no_plan_can_reckon_with_is_none(date: str) -> None:
    """At the end of all time there is no day ahead: our clock serves instead."""
    head = b"200 OK\r\nContent-Type: application/json\r\nDate: " + date.encode()
    with _answering(head, b'{"channel": {}, "feeds": []}') as portal, _asking(portal) as server:
        assert server.channel(9).page()[1].year < 9000


@pytest.mark.parametrize("said", [b"77", b'"x"', b"null"])
def test_another_channels_answer_is_not_taken_for_ours(said: bytes) -> None:
    """A proxy that mixes up what it keeps: nothing of it is read, and it is asked again."""
    head, body = (
        b"200 OK\r\nContent-Type: application/json",
        b'{"channel": {"id": %b}, "feeds": []}',
    )
    with _answering(head, body % said) as portal, _asking(portal) as server:
        for ask in (server.channel(9).page, server.channel(9).metadata):
            with pytest.raises(
                errors.SourceUnavailable, match="channel 9: the answer is of"
            ) as told:
                ask()
            assert told.value.transient


@pytest.mark.parametrize(
    "body", [b"null", b"[1]", b'["a"]', b"{}", b'{"channels": [{"name": "x"}]}', b"[" * 9000]
)
def test_what_is_no_list_of_channels_is_told(body: bytes) -> None:
    """An account's, a user's, the public ones: an answer of another form is one line."""
    with (
        _answering(b"200 OK\r\nContent-Type: application/json", body) as portal,
        _asking(portal) as server,
    ):
        for ask in (server.my_channels, server.user_channels):
            with pytest.raises(errors.SourceUnavailable, match=r"list of channels|no JSON"):
                ask("SOMEBODY")
        with pytest.raises(errors.SourceUnavailable, match=r"list of channels|no JSON"):
            server.public_channels()


def test_an_unknown_channel_is_told(thingspeak: ThingSpeak) -> None:
    """A 404 means the channel."""
    with pytest.raises(errors.ChannelNotFound, match="channel 404"):
        thingspeak.channel(404).page()


@pytest.mark.parametrize("kind", ["404", "minus_one"])
def test_a_refusal_of_a_channel_that_has_answered_is_doubted(
    simulator: Simulator, thingspeak: ThingSpeak, kind: str
) -> None:
    """In the middle of a backfill a 404 or -1 is asked again before it is believed."""
    source = thingspeak.channel(9)
    source.page()
    simulator.faults.add(Fault(kind, times=2))
    assert source.page()[0].served == 3
    simulator.faults.add(Fault(kind, times=None))
    with pytest.raises((errors.ChannelNotFound, errors.ChannelPrivate)):
        source.page()


def test_an_absent_entry_is_none(thingspeak: ThingSpeak) -> None:
    """``-1`` for an entry is no error: whether it means absence is for history to find out."""
    source = thingspeak.channel(9)
    assert source.entry(77) is None
    entry = source.entry(2)
    assert entry is not None
    assert entry.readings["EntryID"].to_pylist() == [2]


def test_no_key_stands_anywhere(
    simulator: Simulator, thingspeak: ThingSpeak, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in a URL, a log line of any library, an error or a repr."""
    caplog.set_level(logging.DEBUG)
    source = thingspeak.channel(10, SECRET)
    source.page()
    simulator.faults.add(Fault("503", times=None))
    with pytest.raises(errors.SourceUnavailable) as raised:
        source.page()
    seen = [f"{request.path}?{request.query}" for request in simulator.requests]
    assert SECRET not in "".join(
        [*seen, caplog.text, repr(source), repr(thingspeak), repr(raised.value)]
    )


def test_a_fresh_page_is_asked_for_by_a_text_never_sent_before(
    simulator: Simulator, thingspeak: ThingSpeak
) -> None:
    """Only where ThingSpeak caches, above 100 rows; the same question twice in a second too."""
    source = thingspeak.channel(9)
    for results, fresh in ((8000, True), (8000, True), (101, True), (100, True), (8000, False)):
        source.page(results=results, fresh=fresh)
    texts = [dict(parse_qsl(seen.query)).get("uncached") for seen in simulator.requests]
    assert [bool(text) for text in texts] == [True, True, True, False, False]
    assert len(set(texts[:3])) == 3


def test_times_and_bounds_are_utc_whatever_the_server_thinks(
    world: World, thingspeak: ThingSpeak
) -> None:
    """A window is asked for in UTC and answered in UTC, both ends included."""
    noon = datetime(2024, 5, 1, 12)
    for minutes in range(3):
        at = noon.replace(tzinfo=UTC) + timedelta(minutes=minutes)
        world.channels[9].write(created_at=at, fields={1: "1"})
    page, _ = thingspeak.channel(9).page(start=noon, end=noon + timedelta(minutes=1))
    assert page.readings["CreatedAt"].to_pylist() == [noon, noon + timedelta(minutes=1)]


def test_every_request_is_observed(simulator: Simulator) -> None:
    """An observer sees each request made, retries too, with its outcome."""
    seen: list[events.Event] = []
    simulator.faults.add(Fault("502"))
    with ThingSpeak(simulator.url, pacer=Pacer(0), backoff=0.01, observe=seen.append) as server:
        server.channel(9).page()
    outcomes = [event.outcome for event in seen if isinstance(event, events.RequestMade)]
    assert outcomes == ["502", "200"]


def test_lists_of_channels(world: World, thingspeak: ThingSpeak) -> None:
    """Public ones page by page, a user's, and one's own, whose keys are left out."""
    assert [each["id"] for each in thingspeak.public_channels()["channels"]] == [9]
    assert [each["id"] for each in thingspeak.user_channels("fieldhouse")] == [9]
    mine = thingspeak.my_channels(world.user_key("fieldhouse"))
    assert {each["id"] for each in mine} == {9, 10}
    assert SECRET not in json.dumps(mine)
    with pytest.raises(errors.KeyRejected, match="user API key"):
        thingspeak.my_channels("NOSUCHKEYNOSUCHK")


def test_other_reads_are_served(world: World, thingspeak: ThingSpeak) -> None:
    """Status, age, one field, the last entry, the channel: what a warehouse may need besides."""
    now = world.clock.now()
    world.channels[9].write(created_at=now, fields={2: "7"}, status="up")
    source = thingspeak.channel(9)
    assert source.field(1, results=8)["feeds"][-1]["field1"] is None
    assert [(entry or {}).get("entry_id") for entry in (source.last(), source.last(1))] == [4, 3]
    assert [entry["status"] for entry in source.status()][-1] == "up"
    assert source.last_data_age() in range(60)
    assert source.last_data_age(1) in range(600, 660)
    assert source.settings()["name"] == "Weather"
    world.add_channel(id=11, name="Empty", fields={1: "T"})
    assert thingspeak.channel(11).last() is None
