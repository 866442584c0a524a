"""Each rule is made to fire by a simulated ThingSpeak, and to end: a message each, and one more."""

import subprocess
import sys
import textwrap
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from watch_kit import NOW, Hook, Installation, a_world, installed, kinds, receiver

from fieldhouse.simulator import Fault

QUICK = """
[alerts]
gather = 0
calm = 0
pause = 0
"""
"""Told at the first look, over at the first that finds nothing."""


Deed = Callable[[Installation, int], None]
"""What is done to an installation's channel."""


class Case(NamedTuple):
    """A rule's settings, what makes it fire, after how many turns of ten minutes, and so its end.

    ``says``: what only its titles have.
    """

    says: str
    settings: str
    begin: Deed
    until: int
    mend: Deed
    over: int


def all_down(house: Installation, _: int) -> None:
    house.simulator.faults.add(Fault("500", times=None))


def all_up(house: Installation, _: int) -> None:
    house.simulator.faults.clear()


def value(told: float) -> Deed:
    return lambda house, number: house.values.update({number: told})


def mute(house: Installation, number: int) -> None:
    house.mute.add(number)


def unmute(house: Installation, number: int) -> None:
    house.mute.remove(number)


def clear(house: Installation, number: int) -> None:
    house.channel(number).clear()


def next_day(house: Installation, number: int) -> None:
    value(20)(house, number)
    house.world.clock.advance(timedelta(hours=12).total_seconds())


def nothing(_: Installation, __: int) -> None:
    pass


OF_ALL = {
    "no_success": Case("no successful run", "", all_down, 14, all_up, 1),
    "api_errors": Case("of the requests", "calls = 5", all_down, 8, all_up, 14),
    "low_score": Case(
        "score ", "below = 90\n[channels.1]\nranges.field1 = [0, 50]", value(60), 12, next_day, 1
    ),
}
"""Rules that a whole ThingSpeak, or day, makes fire."""
OF_A_CHANNEL = {
    "nothing_new": Case("nothing new", "severity = 'warning'", mute, 8, unmute, 1),
    "silent": Case("no reading for", "", mute, 15, unmute, 1),
    "hot": Case(
        ", above 30",
        "kind = 'above'\nfield = 1\nlimit = 30\nclear = 28\nfor = '20min'",
        value(31),
        4,
        value(28),
        1,
    ),
    "cold": Case(", below 5", "kind = 'below'\nfield = 1\nlimit = 5", value(4), 2, value(6), 1),
    "leap": Case(
        "changes by more", "kind = 'rate'\nfield = 1\nlimit = 300", value(99), 2, nothing, 1
    ),
    "new_life": Case("a new life", "over = '1h'", clear, 3, nothing, 6),
}
"""Rules that a channel makes fire, each one of its own."""


def titles(hook: Hook, case: Case) -> list[str]:
    return [title for title in hook.titles if case.says in title]


@pytest.mark.parametrize("rule", OF_ALL)
def test_each_rule_is_told_once_and_over_once(rule: str, tmp_path: Path) -> None:
    """What the simulator does wrong comes as one message, and as one more when it has ended.

    Before, after, and however often it is looked meanwhile: nothing.
    """
    case = OF_ALL[rule]
    # nothing new is what comes where nothing comes, as it should
    others = "\n[alerts.rules.nothing_new]\nenabled = false"
    toml = f"{QUICK}[alerts.rules.{rule}]\n{case.settings}\n{receiver('hook')}{others}"
    with Hook() as hook, installed(tmp_path, toml, {"HOOK_URL": hook.url}) as house:
        house.pass_time(20)
        house.turn(2)
        assert hook.got == [] and house.open() == {}
        case.begin(house, 1)
        house.turn(case.until)
        assert len(titles(hook, case)) == 1, hook.titles
        house.turn(2)
        case.mend(house, 1)
        house.turn(case.over + 2)
        assert kinds(titles(hook, case))[1:] == ["Over"], hook.titles
        assert rule not in house.open()


def test_each_rule_of_a_channel_is_told_once_and_over_once(tmp_path: Path) -> None:
    """The same of rules that hold in a channel of their own, side by side."""
    numbered = [(number, *each) for number, each in enumerate(OF_A_CHANNEL.items(), 1)]
    toml = QUICK + receiver("hook")
    for number, rule, case in numbered:
        toml += f"\n[alerts.rules.{rule}]\nchannels = [{number}]\n{case.settings}\n"
    with Hook() as hook:
        given = {"HOOK_URL": hook.url}
        with installed(tmp_path, toml, given, channels=len(numbered)) as house:
            house.pass_time(20)
            house.turn(2)
            assert hook.got == [] and house.open() == {}
            for number, _, case in numbered:
                case.begin(house, number)
            for turn in range(1, max(case.until + case.over for _, _, case in numbered) + 5):
                house.turn()
                for number, rule, case in numbered:
                    if turn == case.until:
                        assert len(titles(hook, case)) == 1, (rule, hook.titles)
                    if turn == case.until + 2:
                        case.mend(house, number)
                    if turn == case.until + 2 + case.over + 2:
                        assert kinds(titles(hook, case))[1:] == ["Over"], (rule, hook.titles)
                        assert rule not in house.open()


def test_twenty_channels_down_are_one_message(tmp_path: Path) -> None:
    """A storm is one message, with how many they are; its end one more, when all are back."""
    toml = QUICK + receiver("hook") + "\n[alerts.rules.nothing_new]\nenabled = false"
    with Hook() as hook, installed(tmp_path, toml, {"HOOK_URL": hook.url}, channels=20) as house:
        house.pass_time(12)
        house.turn()
        house.mute |= set(range(1, 21))
        house.pass_time(14)
        house.turn(2)
        assert hook.titles == ["Warning: silent, 20 channels"]
        assert "… and 10 more" in hook.got[0]["message"]
        house.mute.clear()
        house.turn(2)
        assert hook.titles[1:] == ["Over: silent, 20 channels"]


def test_the_budget_is_told_before_it_is_used_up(tmp_path: Path) -> None:
    """Nine tenths of the day's requests: a message; the next day: its end."""
    toml = QUICK + receiver("hook") + "\n[thingspeak]\ndaily_budget = 100"
    with Hook() as hook, installed(tmp_path, toml, {"HOOK_URL": hook.url}) as house:
        house.warehouse.call("count_requests", day=NOW.date(), requests=89, budget=100)
        house.turn(1)
        assert hook.titles == []
        house.warehouse.call("count_requests", day=NOW.date(), requests=1, budget=100)
        house.turn(2)
        assert hook.titles == ["Warning: 90 of the day's 100 requests are used"]
        house.world.clock.advance(timedelta(days=1).total_seconds())
        house.turn(1)
        assert hook.titles[1:] == ["Over: 90 of the day's 100 requests are used"]


KILLED = """
    import os, sys
    from datetime import datetime, timedelta
    from fieldhouse.settings import load_settings
    from fieldhouse.warehouse import open_warehouse
    from fieldhouse.watch import notices
    from fieldhouse.watch.alerts import deliver, look

    settings = load_settings()
    now = datetime.fromisoformat(sys.argv[1])

    def send(receiver, message):
        if sys.argv[2] == "dies before it sends":
            os.kill(os.getpid(), 9)
        return notices.send(receiver, message)

    with open_warehouse(settings.warehouse_url) as house:
        house.migrate()
        look(house, settings, now)
        deliver(house, settings, lambda: now, send)
"""


def test_a_kill_between_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    """Killed (-9) after a message was claimed and before it was sent: another process sends it.

    One message and one end in all, whichever process looks.
    """
    toml = QUICK + receiver("hook") + '\n[warehouse]\nurl = "w.duckdb"'
    world = a_world(1)
    with installed(tmp_path, toml, world=world) as house:
        house.pass_time(12)
        house.turn()
        now = house.now

    def process(minutes: int, how: str) -> int:
        at = (now + timedelta(minutes=minutes)).isoformat()
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(KILLED), at, how],
            cwd=tmp_path,
            env={"HOOK_URL": hook.url, "PATH": "", "PYTHONPATH": ":".join(sys.path)},
        )
        return done.returncode

    with Hook() as hook:
        assert process(130, "dies before it sends") == -9
        assert hook.got == []
        assert process(131, "goes on") == 0
        assert hook.got == [], "the message is still the killed one's"
        assert process(136, "goes on") == 0
        assert process(137, "goes on") == 0
        assert kinds(hook.titles) == ["Critical"]
        with installed(tmp_path, toml, world=world) as house:
            world.clock.set(now + timedelta(minutes=140))
            house.pass_time()
            house.run()
            now = house.now
        assert process(1, "dies before it sends") == -9
        assert process(20, "goes on") == 0
        assert kinds(hook.titles) == ["Critical", "Over"]
