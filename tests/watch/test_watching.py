"""Watching as a process goes on: it looks after a turn, counts requests, survives its warehouse."""

import threading
from datetime import datetime
from pathlib import Path

from watch_kit import Hook, Installation, installed, receiver

from fieldhouse import events
from fieldhouse.simulator import Fault
from fieldhouse.warehouse import open_warehouse
from fieldhouse.watch.watching import Calls, Watching


def watching(house: Installation) -> Watching:
    return Watching(house.warehouse, house.settings, lambda: house.now, tell=house.told.append)


def test_a_warehouse_that_cannot_be_used_is_told_past_it(tmp_path: Path) -> None:
    """After three looks that failed the receivers are told, once; when it is back, once more."""
    with (
        Hook() as hook,
        installed(tmp_path, receiver("hook"), {"HOOK_URL": hook.url}) as house,
    ):
        house.pass_time(2)
        house.run()
        watch = watching(house)
        watch.look()
        house.warehouse.close()
        for _ in range(6):
            watch.look()
        assert hook.titles == ["Critical: the warehouse cannot be used"]
        with open_warehouse(house.settings.warehouse_url) as again:
            watch._warehouse = again
            for _ in range(3):
                watch.look()
        assert hook.titles[1:] == ["Over: the warehouse is back"]


def test_a_look_tells_how_all_stands(tmp_path: Path) -> None:
    """Metrics are told as an event: the channels as the warehouse holds them, alerts, messages."""
    with installed(tmp_path, channels=2) as house:
        house.pass_time(3)
        house.run()
        now = house.now
        house.world.clock.advance(60)
        watching(house).look()
        (survey,) = [event for event in house.told if isinstance(event, events.Surveyed)]
    assert [seen.channel_id for seen in survey.channels] == [1, 2]
    assert all(seen.newest == seen.success_at == now for seen in survey.channels)
    assert (survey.waiting, survey.budget_left) == (0, None)


def test_requests_are_counted_where_they_are_made(tmp_path: Path) -> None:
    """What was made and what failed; kept where the warehouse does not take it, and told later."""
    with installed(tmp_path) as house:
        house.pass_time(2)
        house.run()
        house.simulator.faults.add(Fault("500", times=1))
        house.run()
        made = [event for event in house.told if isinstance(event, events.RequestMade)]
        calls = Calls()
        for event in made:
            calls.observe(event)
        calls.hand_over(house.warehouse, house.now)
        calls.hand_over(house.warehouse, house.now)
        rows = house.warehouse.sql("SELECT Requests, Failed FROM iot.ApiCalls").to_pylist()
    assert rows == [{"Requests": len(made), "Failed": 1}]


def test_it_ends_at_once_in_the_midst_of_a_look(tmp_path: Path) -> None:
    """However long the pause is, and whatever happened while it looked."""
    looking, leaving = threading.Event(), threading.Event()

    def clock() -> datetime:
        looking.set()
        assert leaving.wait(60)
        return house.now

    with installed(tmp_path) as house:
        watch = Watching(house.warehouse, house.settings, clock)
        with watch:
            assert looking.wait(60)
            threading.Timer(0.2, leaving.set).start()  # while it is told to end
        assert not watch._thread.is_alive()
