"""Messages: what is in them, that they arrive, that nothing is lost, and that no secret is told."""

import json
import logging
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from watch_kit import Hook, Mailbox, a_world, installed, receiver

from fieldhouse.settings.alerts import Receiver
from fieldhouse.watch import exposing, notices
from fieldhouse.watch.alerts import deliver

HOT = """
[alerts]
gather = 0
calm = 0
link = "https://fieldhouse.example.org"
[alerts.rules.hot]
kind = "above"
field = 1
limit = 30
"""


def test_a_mail_says_what_happened(tmp_path: Path) -> None:
    """A real mail server gets title, since when, the last values, the link, and a picture."""
    with (
        Mailbox() as mailbox,
        installed(tmp_path, HOT + receiver("mail"), {"MAIL_URL": mailbox.url}) as house,
    ):
        house.pass_time(4)
        house.values[1] = 31.5
        house.turn(2)
    (envelope,) = mailbox.got
    mail = message_from_bytes(envelope.content, policy=policy.default)
    assert envelope.rcpt_tos == ["team@example.org"]
    assert mail["Subject"] == "Warning: Station 1 (1): field 1 is 31.5, above 30"
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "(since 2024-03-04 12:50 UTC)" in text
    assert "last values of 1: Temperature 31.5, X" in text
    assert "https://fieldhouse.example.org/channel/1" in text
    (picture,) = [part for part in mail.iter_attachments() if part.get_filename()]
    assert picture.get_content().startswith(b"\x89PNG")


def test_a_receiver_that_is_down_gets_it_later(tmp_path: Path) -> None:
    """Nothing is lost, others do not wait, what it missed comes in order, the begin first."""
    toml = HOT + receiver("hook", "other")
    with (
        Hook() as hook,
        Hook() as other,
        installed(tmp_path, toml, {"HOOK_URL": hook.url, "OTHER_URL": other.url}) as house,
    ):
        hook.down = True
        house.pass_time(4)
        house.values[1] = 31
        house.turn(2)
        assert (hook.titles, len(other.got)) == ([], 1)
        (waiting,) = house.warehouse.query("notices_waiting").to_pylist()
        assert (waiting["Receiver"], waiting["Notices"]) == ("hook", 1)
        house.values[1] = 20
        house.turn(2)
        hook.down = False
        for _ in range(3):
            house.world.clock.advance(timedelta(hours=1).total_seconds())
            deliver(house.warehouse, house.settings, lambda: house.now, notices.send)
        begun, ended = hook.titles
        assert begun.startswith("Warning: ") and ended == other.titles[1]


CANARIES = {
    "HOOK_URL": "json://canary-user:canary-password@127.0.0.1:{port}/canary-path",
    "KEY_OF_1": "CANARYKEY0123456",
}


def test_no_secret_is_told_anywhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Canaries in an address and a key come in no log, alert, message, metric or described setting.

    Nor where sending fails, and the library has something to say of it.
    """
    caplog.set_level(logging.DEBUG)
    toml = HOT + receiver("hook") + '\n[channels.1]\napi_key = { env = "KEY_OF_1" }'
    with Hook() as hook:
        given = {name: text.format(port=hook.port) for name, text in CANARIES.items()}
        with installed(tmp_path, toml, given, world=a_world(1)) as house:
            house.pass_time(4)
            house.values[1] = 31
            hook.down = True
            house.turn(2)
            said = [
                caplog.text,
                *capfd.readouterr(),
                json.dumps(house.settings.described()),
                repr(house.settings),
                json.dumps(house.warehouse.query("notices_waiting").to_pylist(), default=str),
                json.dumps(
                    house.warehouse.query("alerts", as_of=house.now).to_pylist(), default=str
                ),
                exposing.text_of(house.metrics).decode(),
                repr(house.told),
            ]
            hook.down = False
            house.world.clock.advance(3600)
            deliver(house.warehouse, house.settings, lambda: house.now, notices.send)
            said.append(json.dumps(hook.got))
    assert hook.got, "there was a message to look into"
    assert [text for text in said if "canary" in text.lower()] == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense://canary-x", "the address of me is none that apprise knows"),
        (
            "json://canary-x:canary-z@127.0.0.1:1/canary-y",
            "A Connection error occurred sending JSON",
        ),
    ],
)
def test_what_is_wrong_with_an_address_is_one_line(url: str, said: str) -> None:
    """A line without the address; nothing is raised."""
    message = notices.Message("title", "text")
    line = notices.send(Receiver(name="me", url=url), message)  # type: ignore[arg-type]
    assert line and said in line and "canary" not in line and "\n" not in line


def test_hostile_names_stay_in_their_line(tmp_path: Path) -> None:
    """A channel's name cannot begin a line of its own, nor turn the reading direction."""
    world = a_world(1)
    world.channels[1].name = "evil\r\nBcc: all@example.org\u202e"
    with Mailbox() as mailbox:
        given = {"MAIL_URL": mailbox.url}
        with installed(tmp_path, HOT + receiver("mail"), given, world=world) as house:
            house.pass_time(4)
            house.values[1] = 31
            house.turn(2)
    (envelope,) = mailbox.got
    mail = message_from_bytes(envelope.content, policy=policy.default)
    assert mail["Bcc"] is None and envelope.rcpt_tos == ["team@example.org"]
    assert "\u202e" not in mail["Subject"]
