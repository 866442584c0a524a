"""The ear: what it hears of a real broker, and what becomes of it where one goes or refuses."""

import subprocess
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

import pytest
import trustme
from broker_kit import Rude, free_port, mosquitto, program, told, until
from hypothesis import given, settings
from hypothesis import strategies as st
from paho.mqtt.publish import multiple

from fieldhouse.settings.mqtt import Broker, broker_of
from fieldhouse.simulator import World
from fieldhouse.sources.thingspeak.stream import Device, Ear
from fieldhouse.times import utc_now

SECRET = "Hush-4711-Hush"
NOBODY = Device()


def plain(port: int) -> Broker:
    return broker_of(f"mqtt://127.0.0.1:{port}")


def ear(
    broker: Broker,
    channels: Collection[int] | Callable[[], Collection[int]],
    hear: Callable[[int], object] = lambda _: None,
    device: Device = NOBODY,
    **how: float,
) -> Ear:
    asked = channels if callable(channels) else lambda: channels
    how = {"backoff": 0.02, "widest": 0.1, "look": 0.05, **how}
    return Ear(broker, device, asked, hear, clock=utc_now, **how)


def listens(made: Ear, channels: Iterable[int]) -> None:
    """Wait until the broker has confirmed that it will tell of the channels."""
    wanted = set(channels)
    until(lambda: made.heard.keys() >= wanted)


def world_of(count: int) -> World:
    world = World()
    for number in range(1, count + 1):
        world.add_channel(number)
    return world


def test_a_thousand_channels_on_one_connection(tmp_path: Path) -> None:
    """Each of a thousand channels is heard once for one entry, over one connection of ours."""
    world, heard = world_of(1_000), list[int]()
    with (
        mosquitto(tmp_path) as broker,
        told(world, broker),
        ear(plain(broker.port), range(1, 1_001), heard.append, Device(client_id="the-ear")) as made,
    ):
        listens(made, range(1, 1_001))
        for channel in world.channels.values():
            channel.write(fields={1: "1", 8: "nan"})
        until(lambda: len(heard) >= 1_000)
        assert sorted(heard) == list(range(1, 1_001))
        assert len(broker.lines(" as the-ear ")) == 1


def test_bulk_writes_are_not_told(tmp_path: Path) -> None:
    """As at ThingSpeak: what is written in bulk makes no message; the next single entry does."""
    world, heard = world_of(2), list[int]()
    with (
        mosquitto(tmp_path) as broker,
        told(world, broker),
        ear(plain(broker.port), [1, 2], heard.append) as made,
    ):
        listens(made, [1, 2])
        entry = world.channels[2].write(fields={1: "0"})
        world.channels[1].write_many([entry])
        world.channels[2].write(fields={1: "1"})
        until(lambda: len(heard) >= 2)
        assert heard == [2, 2]


def test_a_broker_that_dies_is_found_again(tmp_path: Path) -> None:
    """Killed, nobody is listened to; back, all channels are heard anew, since a later time."""
    world, heard = world_of(3), list[int]()
    with (
        mosquitto(tmp_path) as broker,
        told(world, broker),
        ear(plain(broker.port), [1, 2, 3], heard.append) as made,
    ):
        listens(made, [1, 2, 3])
        before = made.since(1)
        broker.kill()
        until(lambda: not made.heard)
        assert made.since(1) is None
        broker.start()
        listens(made, [1, 2, 3])
        assert before is not None
        assert (made.since(1) or before) > before

        def is_heard() -> bool:  # the publisher finds the broker again in its own time
            world.channels[2].write(fields={1: "2"})
            return bool(heard)

        until(is_heard)


def test_pauses_grow_and_are_not_the_same_for_all(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody answers: the pauses double up to the widest, and two ears do not keep in step."""
    with (
        Rude([]) as gone,
    ):
        port = gone.port
    tried: list[list[float]] = []
    for _ in range(2):
        caplog.clear()
        with ear(plain(port), [1], backoff=0.001, widest=0.064):
            until(lambda: len(caplog.records) >= 12)
        tried.append([float(record.args[1]) for record in caplog.records[:12] if record.args])  # type: ignore[index, arg-type]
    for pauses in tried:
        bounds = [min(0.064, 0.001 * 2**number) for number in range(1, 13)]
        assert all(most / 2 <= pause <= most for pause, most in zip(pauses, bounds, strict=True))
    assert tried[0] != tried[1]


def test_channels_come_and_go(tmp_path: Path) -> None:
    """A channel that is added is listened to soon; one that is paused is let go."""
    world, heard, wanted = world_of(3), list[int](), {1, 2}
    with (
        mosquitto(tmp_path) as broker,
        told(world, broker),
        ear(plain(broker.port), lambda: wanted, heard.append) as made,
    ):
        listens(made, [1, 2])
        wanted ^= {1, 3}
        until(lambda: made.heard.keys() == {2, 3})
        until(lambda: broker.lines("UNSUBSCRIBE"))
        for number in (1, 2, 3):
            world.channels[number].write(fields={1: "1"})
        until(lambda: len(heard) >= 2)
        assert sorted(heard) == [2, 3]


def test_what_a_broker_keeps_is_no_news(tmp_path: Path) -> None:
    """Messages that a broker repeats to whoever comes make no hint: no storm after an outage."""
    heard = list[int]()
    with mosquitto(tmp_path) as broker:
        # acknowledged, so that all are kept before anybody listens
        kept = [(f"channels/{n}/subscribe", b"{}", 1, True) for n in range(1, 201)]
        multiple(kept, hostname="127.0.0.1", port=broker.port)
        with ear(plain(broker.port), range(1, 201), heard.append) as made:
            listens(made, range(1, 201))
            multiple([("channels/7/subscribe", b"{}")], hostname="127.0.0.1", port=broker.port)
            until(lambda: heard)
            assert heard == [7]


@settings(max_examples=8)
@given(st.sets(st.integers(1, 150), max_size=4))
def test_one_forbidden_topic_does_not_deafen_the_others(forbidden: set[int]) -> None:
    """Whatever a broker forbids by hanging up, all other channels end up heard, and it is found."""
    with (
        Rude(forbidden) as broker,
        ear(plain(broker.port), range(1, 151), backoff=0.001, widest=0.002) as made,
    ):
        listens(made, set(range(1, 151)) - forbidden)
        until(lambda: made.refused.keys() == forbidden)
        assert not made.heard.keys() & forbidden


def test_what_is_refused_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """Topics that a broker refuses by name are one line of the log; the others are heard."""
    refused = set(range(40, 60))
    with Rude(refused, hangs_up=False) as broker, ear(plain(broker.port), range(1, 90)) as made:
        listens(made, set(range(1, 90)) - refused)
        until(lambda: made.refused.keys() == refused)
    (line,) = [record.getMessage() for record in caplog.records]
    assert "40, 41, 42, 43, 44 and 15 more: polled as before" in line


def test_a_wrong_password_is_told_without_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A line says that the broker refuses us, without the secret; with the right one it listens."""
    passwords = tmp_path / "passwords"
    passwords.touch()
    command = [program("mosquitto_passwd"), "-b", str(passwords), "device", SECRET]
    subprocess.run(command, check=True)
    lines = ("allow_anonymous false", f"password_file {passwords}")
    with mosquitto(tmp_path, *lines) as broker:
        with ear(plain(broker.port), [1], device=Device("device", "device", SECRET + "x")):
            until(lambda: caplog.records)
        assert "refuses us: not authorized" in caplog.text
        assert SECRET not in caplog.text
        with ear(plain(broker.port), [1], device=Device("device", "device", SECRET)) as made:
            listens(made, [1])


@pytest.mark.filterwarnings(  # paho leaves the socket of a failed handshake to the collector
    "ignore::pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("scheme", ["mqtts", "ws", "wss"])
def test_tls_and_websockets(
    tmp_path: Path, scheme: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It listens by TLS, by a WebSocket and by both; a stranger's certificate is not accepted."""
    authority, certificate = trustme.CA(), ()
    if scheme in ("mqtts", "wss"):
        issued = authority.issue_cert("127.0.0.1")
        issued.private_key_pem.write_to_path(tmp_path / "key.pem")
        issued.cert_chain_pems[0].write_to_path(tmp_path / "certificate.pem")
        certificate = (f"certfile {tmp_path}/certificate.pem", f"keyfile {tmp_path}/key.pem")
    socket = ("protocol websockets",) if scheme.startswith("ws") else ()
    other = free_port()  # for those who tell; and mosquitto does not start with WebSockets alone
    lines = ("allow_anonymous true", *certificate, *socket, f"listener {other} 127.0.0.1")
    heard = list[int]()
    with mosquitto(tmp_path, *lines) as broker:
        url = broker_of(f"{scheme}://127.0.0.1:{broker.port}")
        if certificate:
            with ear(url, [1]):
                until(lambda: "nobody vouches" in caplog.text)
            authority.cert_pem.write_to_path(tmp_path / "ca.pem")
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        with ear(url, range(1, 151), heard.append) as made:
            listens(made, range(1, 151))
            multiple([(f"channels/{n}/subscribe", b"{}") for n in range(1, 151)], port=other)
            until(lambda: len(heard) >= 150)
            assert sorted(heard) == list(range(1, 151))
