"""Each rule is made to fire by a simulated ThingSpeak, and to end: a message each, and one more."""

import subprocess
import sys
import textwrap
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

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


def all_down(house: Installation) -> None:
    house.simulator.faults.add(Fault("500", times=None))


def all_up(house: Installation) -> None:
    house.simulator.faults.clear()


def value(number: float) -> Callable[[Installation], None]:
    return lambda house: house.values.update({1: number})


def mute(house: Installation) -> None:
    house.mute.add(1)


def unmute(house: Installation) -> None:
    house.mute.clear()


def clear(house: Installation) -> None:
    house.channel(1).clear()


def next_day(house: Installation) -> None:
    value(20)(house)
    house.world.clock.advance(timedelta(hours=12).total_seconds())


def nothing(_: Installation) -> None:
    pass


RULES = {
    "no_success": ("", all_down, 14, all_up, 1),
    "api_errors": ("[alerts.rules.api_errors]\ncalls = 5", all_down, 8, all_up, 14),
    "nothing_new": ("[alerts.rules.nothing_new]\nseverity = 'warning'", mute, 8, unmute, 1),
    "silent": ("", mute, 15, unmute, 1),
    "hot": (
        "[alerts.rules.hot]\nkind = 'above'\nfield = 'F'\nlimit = 30\nclear = 28\nfor = '20min'",
        value(31),
        4,
        value(28),
        1,
    ),
    "cold": (
        "[alerts.rules.cold]\nkind = 'below'\nfield = 'F'\nlimit = 5",
        value(4),
        2,
        value(6),
        1,
    ),
    "leap": (
        "[alerts.rules.leap]\nkind = 'rate'\nfield = 'F'\nlimit = 300",
        value(99),
        2,
        value(99),
        1,
    ),
    "low_score": (
        "[alerts.rules.low_score]\nbelow = 90\n[channels.1]\nranges.field1 = [0, 50]",
        value(60),
        12,
        next_day,
        1,
    ),
    "new_life": ("[alerts.rules.new_life]\nover = '1h'", clear, 3, nothing, 6),
}
"""A rule's settings, what makes it fire, after how many turns of ten minutes, and so its end."""


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_is_told_once_and_over_once(rule: str, tmp_path: Path) -> None:
    """What the simulator does wrong comes as one message, and as one more when it has ended.

    Before, after, and however often it is looked meanwhile: nothing.
    """
    settings, begin, until, mend, over = RULES[rule]
    toml = QUICK + settings.replace("'F'", "1") + "\n" + receiver("hook")
    if rule != "nothing_new":  # which holds where nothing comes, as it should
        toml += "\n[alerts.rules.nothing_new]\nenabled = false"
    with Hook() as hook, installed(tmp_path, toml, {"HOOK_URL": hook.url}) as house:
        house.pass_time(20)
        house.turn(2)
        assert hook.got == [] and house.open() == {}
        begin(house)
        house.turn(until)
        about = [title for title in hook.titles if _is_about(title, rule)]
        assert len(about) == 1, hook.titles
        house.turn(2)
        mend(house)
        house.turn(over + 2)
        about = [title for title in hook.titles if _is_about(title, rule)]
        assert kinds(about)[1:] == ["Over"], hook.titles
        assert rule not in house.open()


SAYS = {
    "no_success": "no successful run",
    "api_errors": "of the requests",
    "nothing_new": "nothing new",
    "silent": "no reading for",
    "hot": ", above 30",
    "cold": ", below 5",
    "leap": "changes by more",
    "low_score": "score ",
    "new_life": "a new life",
}


def _is_about(title: str, rule: str) -> bool:
    return SAYS[rule] in title


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
