"""The screen of a long run: it tells the truth, and something moves on it."""

import io
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from fieldhouse import Settings, events
from fieldhouse.cli.progress import Progress
from fieldhouse.parts import build
from fieldhouse.scheduling.fleet import run_fleet
from fieldhouse.simulator import Entry, Simulator, World
from fieldhouse.state import Run

T0 = datetime(2024, 1, 1)


class Screen:
    """A progress, and what stands on a screen of some width at a time of the test's choice."""

    def __init__(self, width: int = 100) -> None:
        self.now, self._width = 100.0, width
        self.progress = Progress(shown=True, console=self._console(), now=lambda: self.now)

    def _console(self) -> Console:
        return Console(
            file=io.StringIO(), force_terminal=True, width=self._width, color_system=None
        )

    def tell(self, *told: events.Event) -> None:
        for event in told:
            self.progress.observe(event)

    def lines(self) -> list[str]:
        console = self._console()
        console.print(self.progress)
        text = console.file.getvalue()  # type: ignore[attr-defined]
        return [re.sub(r"\s+", " ", line[1:]).strip() for line in text.splitlines()]

    def line(self, word: str) -> str:
        (found,) = [line for line in self.lines() if word in line]
        return found


@pytest.fixture
def screen() -> Screen:
    """A screen of 100 columns."""
    return Screen()


def ended(*channel_ids: int) -> list[events.Event]:
    return [events.RunEnded(Run(channel_id=each, started_at=T0)) for each in channel_ids]


def test_it_says_how_many_of_how_many_are_through(screen: Screen) -> None:
    """From the first moment on, and how long the rest will take as soon as that can be said."""
    screen.tell(events.FleetStarted(200), *(events.RunStarted(n) for n in range(1, 5)))
    assert screen.line("channels").startswith("channels 0 of 200 0:00")
    screen.now += 40
    screen.tell(*ended(1, 2), events.RunStarted(5))
    assert "2 of 200" in screen.line("channels")
    assert "1:06:00 left" in screen.line("channels")
    assert "3 at work" in screen.line("channels")


def test_one_channel_alone_has_no_line_of_all(screen: Screen) -> None:
    """There is nothing to be counted."""
    screen.tell(events.FleetStarted(1), events.RunStarted(9))
    assert [line.split(" 0:")[0] for line in screen.lines()] == ["channel 9"]


def test_rate_and_time_left_go_on_from_page_to_page(screen: Screen) -> None:
    """They are of all that was read so far, and are there from the first page to the last."""
    screen.tell(events.FleetStarted(1), events.RunStarted(9))
    for page in range(1, 6):
        screen.now += 2
        screen.tell(events.PageRead(9, 8000, T0 - page * timedelta(days=50), 80_000 - 8000 * page))
        line = screen.line("channel 9")
        assert f"{8000 * page:,} of 80,000 4,000/s 0:{2 * (10 - page):02} left" in line
        assert f"back to {T0 - page * timedelta(days=50):%Y-%m-%d}" in line
    screen.now += 3
    assert "0:07 left" in screen.line("channel 9")


def test_something_moves_while_nothing_comes(screen: Screen) -> None:
    """Where no end can be foreseen, the time that has passed is shown."""
    screen.tell(events.FleetStarted(2), events.RunStarted(9))
    shown = set()
    for _ in range(3):
        screen.now += 1
        shown.add(tuple(screen.lines()))
    assert len(shown) == 3
    screen.tell(events.PageRead(9, 100, T0, None))
    assert "left" not in screen.line("channel 9")


def test_a_pause_is_told_with_its_reason(screen: Screen) -> None:
    """A server that does not answer is no blank screen."""
    screen.tell(events.FleetStarted(1), events.RunStarted(9))
    assert "asking" in screen.line("channel 9")
    screen.now += 1
    screen.tell(events.AskingAgain(9, "ThingSpeak answered 503", 25.0))
    assert "again in 25 s: ThingSpeak answered 503" in screen.line("channel 9")
    screen.now += 10
    assert "again in 15 s: ThingSpeak answered 503" in screen.line("channel 9")
    screen.now += 20
    assert "again in" not in screen.line("channel 9")
    screen.tell(events.PageRead(9, 100, T0, 0), events.AnalysisStarted((9,)))
    assert "aggregating" in screen.line("channel 9")


def test_those_at_work_take_turns_on_the_screen(screen: Screen) -> None:
    """However many there are, some lines; who is through makes room for one that had none."""
    screen.tell(events.FleetStarted(200), *(events.RunStarted(n) for n in range(1, 65)))
    for first in range(1, 57):
        shown = {
            int(word) for line in screen.lines() for word in re.findall(r"channel (\d+)", line)
        }
        assert shown == set(range(first, first + 8))
        screen.tell(*ended(first))
    screen.tell(*ended(*range(57, 65)))
    assert "64 of 200" in screen.lines()[0]
    assert len(screen.lines()) == 1


@pytest.mark.parametrize("width", [80, 100, 200])
def test_no_number_is_cut(width: int) -> None:
    """What gives way on a narrow screen is the end of the note."""
    screen = Screen(width)
    screen.tell(events.FleetStarted(10_000), events.RunStarted(2**31 - 1))
    screen.now += 1000
    screen.tell(events.PageRead(2**31 - 1, 8000, T0, 151_992_001), *ended(*range(9_998)))
    assert "9,998 of 10,000" in screen.line("channels")
    assert "8,000 of 152,000,001 8/s" in screen.line("channel 2147483647")
    assert all(len(line) <= width for line in screen.lines())


def test_what_is_not_known_is_not_said(screen: Screen) -> None:
    """Events of channels that were never begun, or have ended, leave no line behind."""
    screen.tell(events.PageRead(9, 5, T0, 3), events.AskingAgain(9, "x", 1.0), *ended(9))
    screen.tell(events.AskingAgain(None, "x", 1.0), events.AnalysisStarted((1, 2)))
    assert screen.lines() in ([], [""])


def test_what_is_to_come_is_what_is_not_held(
    simulator: Simulator, world: World, tmp_path: Path
) -> None:
    """Ten new entries of a channel with a long past are ten, and a backfill's end is foreseen."""
    channel = world.add_channel(id=9, name="Long", fields={1: "T"})
    now = int(world.clock.now().timestamp())
    past = [
        Entry(id=n, created_at=now - 60 * (2000 - n), fields=("1", *(None,) * 7))
        for n in range(1, 1001)
    ]
    channel.write_many(past)
    settings = Settings(
        warehouse_url=str(tmp_path / "w.duckdb"),
        base_url=simulator.url,
        rate_limit_delay=0.0,
        page_size=300,
    )
    seen: list[int | None] = []

    def watch(event: events.Event) -> None:
        if isinstance(event, events.PageRead):
            seen.append(event.remaining)

    with build(settings, observe=watch) as parts:
        run_fleet(parts, [9])
        assert seen[:3] == [700, 401, 102]
        seen.clear()
        for n in range(10):
            channel.write(created_at=world.clock.now() - timedelta(minutes=10 - n), fields={1: "2"})
        run_fleet(parts, [9])
    assert seen
    assert all(not remaining for remaining in seen)
