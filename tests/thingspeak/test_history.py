"""Reading a channel's history: nothing lost, nothing doubled, nothing asked for needlessly."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
from keeper import Keeper, recorded, served
from ways_kit import Reader, Scripted, Writer

from fieldhouse.errors import ChannelPrivate, SourceInconsistent
from fieldhouse.simulator import Channel, Entry, Fault, Simulator, World
from fieldhouse.sources.thingspeak.api import ThingSpeak
from fieldhouse.sources.thingspeak.pacing import Pacer
from fieldhouse.state import BEGINNING

DAY = 86400


def channel(
    world: World, count: int = 0, *, step: int = 60, same: int = 1, **more: object
) -> Channel:
    """A channel with ``count`` entries up to now, ``same`` of them sharing each time."""
    made = world.add_channel(id=9, name="Weather", fields={1: "Temperature"})
    begin = int(world.clock.now().timestamp()) - (count // same) * step
    made.write_many(
        Entry(id=i + 1, created_at=begin + i // same * step, fields=(str(i),) + (None,) * 7)
        for i in range(count)
    )
    return made


def clock(world: World) -> datetime:
    """The simulator's present, naive UTC: a clock of ours that is right."""
    return world.clock.now().replace(tzinfo=None)


def late(channel: Channel, world: World, *, ago: float, count: int = 1) -> None:
    """Entries that arrive now and are dated ``ago`` seconds back."""
    for i in range(count):
        at = world.clock.now() - timedelta(seconds=ago - i)
        channel.write(created_at=at, fields={1: "late"})


def test_a_whole_history_is_read_in_the_fewest_requests(
    world: World, thingspeak: ThingSpeak
) -> None:
    """20,000 entries, far past the cap of 8,000, in three pages; a poll without news in one."""
    made, keeper = channel(world, 20_000), Keeper()
    assert keeper.read(thingspeak) == 3
    assert keeper.held == recorded(made)
    assert keeper.coverage.watermark is not None
    assert keeper.read(thingspeak) == 1


@pytest.mark.parametrize("same", [2, 3, 7, 100])
def test_seconds_that_straddle_a_page_are_read_whole(
    world: World, thingspeak: ThingSpeak, same: int
) -> None:
    """Duplicate seconds at every page border lose no entry."""
    made, keeper = channel(world, 3_000, same=same), Keeper()
    keeper.read(thingspeak, page_size=250)
    assert keeper.held == recorded(made)


def test_a_reading_killed_anywhere_is_resumed(world: World, thingspeak: ThingSpeak) -> None:
    """After any number of requests the next reading carries on, and asks for no page twice."""
    made, keeper = channel(world, 5_000), Keeper()
    asked = [keeper.read(thingspeak, page_size=500, stop_after=5) for _ in range(5)]
    assert keeper.held == recorded(made)
    assert keeper.coverage.watermark is not None
    tails, unwritten = len(asked), len(asked)
    assert sum(asked) <= 5_000 // 499 + 1 + tails + unwritten


def test_new_and_late_entries_are_found_by_the_tail(world: World, thingspeak: ThingSpeak) -> None:
    """What is new, and what comes late within the look-back, costs one request."""
    made, keeper = channel(world, 1_000), Keeper()
    keeper.read(thingspeak)
    late(made, world, ago=1800, count=5)
    made.write(fields={1: "new"})
    assert keeper.read(thingspeak) == 1
    assert keeper.held == recorded(made)


def test_late_entries_from_any_time_are_found_by_their_ids(
    world: World, thingspeak: ThingSpeak
) -> None:
    """A bulk upload dated months back, long proven complete, is found within the same reading."""
    made, keeper = channel(world, 1_000, step=3600), Keeper()
    keeper.read(thingspeak)
    late(made, world, ago=20 * DAY + 17, count=300)
    assert keeper.read(thingspeak) < 12
    assert keeper.held == recorded(made)
    assert not [gap for gap in keeper.gaps if gap.state == "open"]


def test_a_tail_larger_than_its_page_is_no_cap(world: World, thingspeak: ThingSpeak) -> None:
    """``tail_size`` only sizes the first request; what lies behind it is read too."""
    made, keeper = channel(world, 100), Keeper()
    keeper.read(thingspeak)
    world.clock.advance(7200)
    for i in range(1_000):
        made.write(created_at=world.clock.now() - timedelta(seconds=1000 - i), fields={1: "x"})
    keeper.read(
        thingspeak, now=datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=2), tail_size=100
    )
    assert keeper.held == recorded(made)


def test_ids_that_never_were_are_believed_absent(world: World, thingspeak: ThingSpeak) -> None:
    """Millions of ids before 100 rows cost a handful of requests, and are known as absent."""
    made, keeper = channel(world), Keeper()
    now = int(world.clock.now().timestamp())
    made.write_many(
        Entry(id=5_000_000 + i, created_at=now - 6000 + 60 * i, fields=("1",) + (None,) * 7)
        for i in range(100)
        if i != 50
    )
    assert keeper.read(thingspeak) == 1
    assert keeper.held == recorded(made)
    assert {gap.state for gap in keeper.gaps} == {"open"}
    for minutes in (6, 70):  # some minutes later, and once more an hour after that
        world.clock.advance(60 * minutes)
        assert keeper.read(thingspeak, now=clock(world)) <= 10
        runs = [(1, 4_999_999, "absent"), (5_000_050, 5_000_050, "absent")]
        assert [(gap.first_id, gap.last_id, gap.state) for gap in keeper.gaps] == runs
    world.clock.advance(7200)
    assert keeper.read(thingspeak, now=clock(world)) == 1


def test_a_key_revoked_between_two_questions_makes_no_id_absent(
    world: World, simulator: Simulator, thingspeak: ThingSpeak
) -> None:
    """``-1`` is believed only between two answers in which the endpoint serves a known entry."""
    made, keeper = channel(world, 100), Keeper()
    made.write(entry_id=200, fields={1: "x"})
    simulator.faults.add(Fault("minus_one", path_contains="/feeds/", after=1, times=None))
    keeper.read(thingspeak)
    world.clock.advance(600)
    keeper.read(thingspeak)
    assert keeper.held == recorded(made)
    assert keeper.gap_ids("open") == set(range(101, 200))
    simulator.faults.clear()
    keeper.read(thingspeak)
    assert keeper.gap_ids("absent") == set(range(101, 200))


def test_no_id_is_called_absent_that_was_not_asked_for(
    world: World, thingspeak: ThingSpeak
) -> None:
    """Two back-dated entries in the midst of ids that never were are found, in a few readings."""
    made, keeper = channel(world, 1), Keeper()
    keeper.read(thingspeak)
    for entry_id in (12, 13):
        at = world.clock.now() - timedelta(days=30)
        made.write(created_at=at, entry_id=entry_id, fields={1: "late"})
    made.write(entry_id=21, fields={1: "new"})
    keeper.read(thingspeak)
    world.clock.advance(600)
    for _ in range(3):
        assert keeper.read(thingspeak) <= 31
    assert keeper.held == recorded(made)
    assert keeper.gap_ids("absent") == {*range(2, 12), *range(14, 21)}


def test_a_second_too_full_for_any_answer_is_reported(world: World, thingspeak: ThingSpeak) -> None:
    """Of more than 8,000 entries in one second the rest is unreachable, never absent."""
    made, keeper = channel(world, 100), Keeper()
    at = int(world.clock.now().timestamp()) - 30 * DAY
    made.write_many(
        Entry(id=101 + i, created_at=at, fields=("1",) + (None,) * 7) for i in range(8_500)
    )
    keeper.read(thingspeak)
    truth = recorded(made)
    assert keeper.held.items() <= truth.items()
    assert len(keeper.held) >= 8_100
    lost = {entry_id for _, entry_id in truth.keys() - keeper.held.keys()}
    unreachable = [gap for gap in keeper.gaps if gap.state == "unreachable"]
    assert any(gap.at is not None for gap in unreachable)
    assert not any(
        gap.first_id <= entry_id <= gap.last_id
        for gap in keeper.gaps
        if gap.state == "absent"
        for entry_id in lost
    )


def test_rows_of_the_far_future_move_nothing(world: World, thingspeak: ThingSpeak) -> None:
    """Rows dated 2041 are stored; the watermark, the newest entry and the tail ignore them."""
    made, keeper = channel(world, 500), Keeper()
    for i in range(300):
        made.write(
            created_at=datetime(2041, 1, 1, tzinfo=UTC) + timedelta(seconds=i), fields={1: "f"}
        )
    keeper.read(thingspeak)
    assert keeper.held == recorded(made)
    assert keeper.state.epoch.newest is not None
    assert keeper.state.epoch.newest.created_at < datetime.now(UTC).replace(tzinfo=None)
    assert keeper.coverage.watermark is not None
    assert keeper.coverage.watermark < datetime.now(UTC).replace(tzinfo=None)
    made.write(fields={1: "new"})
    assert keeper.read(thingspeak, tail_size=100) <= 3
    assert keeper.held == recorded(made)


def test_far_future_rows_that_come_later_are_asked_for_once_a_day(
    world: World, thingspeak: ThingSpeak
) -> None:
    """Rarely, but surely: by their ids at once, by their time a day later."""
    made, keeper = channel(world, 500), Keeper()
    keeper.read(thingspeak)
    made.write(created_at=datetime(2062, 1, 1, tzinfo=UTC), fields={1: "f"})
    world.clock.advance(DAY + 60)
    keeper.read(
        thingspeak, now=datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1, minutes=1)
    )
    assert keeper.held == recorded(made)


def test_a_counter_that_dips_for_a_moment_begins_no_epoch(
    world: World, simulator: Simulator, thingspeak: ThingSpeak
) -> None:
    """A lower or null ``last_entry_id`` alone proves nothing."""
    made, keeper = channel(world, 1_000), Keeper()
    keeper.read(thingspeak)
    for value in (3, None):
        simulator.faults.add(Fault("dip", path_contains="feeds.json", value=value))
        made.write(fields={1: "new"})
        keeper.read(thingspeak)
        assert keeper.held == recorded(made)
        assert keeper.state.epoch.number == 1


def test_a_cleared_channel_that_is_empty_writes_nothing(
    world: World, thingspeak: ThingSpeak
) -> None:
    """Nothing new is there to prove a new epoch: the reading ends as inconsistent, all is kept."""
    made, keeper = channel(world, 1_000), Keeper()
    keeper.read(thingspeak)
    before = dict(keeper.held)
    made.clear()
    with pytest.raises(SourceInconsistent, match="cleared"):
        keeper.read(thingspeak)
    assert keeper.held == before


@pytest.mark.parametrize("kept", [0.05, 0.9, 3.0])
def test_a_channel_cleared_and_written_again_begins_an_epoch(
    world: World, thingspeak: ThingSpeak, kept: float
) -> None:
    """Whether the new life has fewer entries than the old one or more, both are told apart."""
    made, keeper = channel(world, 1_000), Keeper()
    keeper.read(thingspeak)
    made.clear()
    for i in range(int(1_000 * kept)):
        made.write(created_at=world.clock.now() - timedelta(seconds=9_000 - i), fields={1: "again"})
    keeper.read(thingspeak)
    assert keeper.state.epoch.number == 2
    assert keeper.held == recorded(made)


def test_an_export_cleared_and_imported_anew_replaces_what_it_shows_again(
    world: World, thingspeak: ThingSpeak
) -> None:
    """The same times under new ids, the only way to correct data there: just those count."""
    made, keeper = channel(world, 12_000), Keeper()
    keeper.read(thingspeak)
    old = made.entries
    made.clear()
    made.write_many(
        Entry(id=i, created_at=each.created_at, fields=each.fields)
        for i, each in enumerate([e for e in old if e.id % 100 or e is old[-1]], start=1)
    )
    keeper.read(thingspeak)
    assert keeper.state.epoch.number == 2
    assert keeper.current().keys() == served(made)


def test_a_stale_page_after_a_clear_is_not_taken_for_the_new_epoch(
    world: World, simulator: Simulator, thingspeak: ThingSpeak
) -> None:
    """A cache that still serves the old life is found out, whichever page it spoils.

    Where it spoils the investigation itself, that reading ends as inconsistent and writes nothing.
    """
    made, keeper = channel(world, 12_000), Keeper()
    keeper.read(thingspeak)
    old = made.entries
    made.clear()
    made.write_many(
        Entry(id=i, created_at=each.created_at, fields=each.fields)
        for i, each in enumerate([e for e in old if e.id % 3 or e is old[-1]], start=1)
    )
    for after in (0, 2, 4, 5):
        simulator.faults.add(Fault("stale", path_contains="feeds.json", after=after))
    for _ in range(6):
        with suppress(SourceInconsistent):
            keeper.read(thingspeak, page_size=2_000)
        assert keeper.held.items() <= recorded(made).items()
    assert keeper.current().keys() == served(made)
    assert len([fired for fired in simulator.faults.fired if fired.kind == "stale"]) == 4


def test_a_channel_cleared_in_the_middle_of_a_backfill(
    world: World, simulator: Simulator, thingspeak: ThingSpeak
) -> None:
    """What was read of the old life stays, the new life is read whole, and neither mixes."""
    made, keeper = channel(world, 10_000), Keeper()

    def clear(_: World) -> None:
        made.clear()
        for i in range(3_000):
            made.write(
                created_at=world.clock.now() - timedelta(seconds=90_000 - i), fields={1: "2"}
            )

    simulator.faults.add(Fault("call", path_contains="feeds.json", after=3, action=clear))
    keeper.read(thingspeak, page_size=1_000)
    truth = recorded(made)
    assert keeper.held.items() <= truth.items()
    assert {key for key in truth if key[0] == 2} <= keeper.held.keys()


def test_entries_written_during_a_backfill_are_not_lost(
    world: World, simulator: Simulator, thingspeak: ThingSpeak
) -> None:
    """Rows dated into spans just read, before and behind the page, are there after the next."""
    made, keeper = channel(world, 5_000), Keeper()

    def write(_: World) -> None:
        late(made, world, ago=10 * DAY, count=3)
        late(made, world, ago=100, count=3)

    simulator.faults.add(Fault("call", path_contains="feeds.json", after=2, times=2, action=write))
    keeper.read(thingspeak, page_size=1_000)
    keeper.read(thingspeak, page_size=1_000)
    assert keeper.held == recorded(made)


def test_an_empty_channel_is_known_as_read(world: World, thingspeak: ThingSpeak) -> None:
    """No entry is no error; the first one that comes is found."""
    made, keeper = channel(world), Keeper()
    assert keeper.read(thingspeak) == 1
    assert keeper.coverage.spans[0].start == BEGINNING
    made.write(fields={1: "first"})
    keeper.read(thingspeak)
    assert keeper.held == recorded(made)


def test_a_private_channel_is_an_error_not_an_absence(world: World, thingspeak: ThingSpeak) -> None:
    """A channel that turns private keeps what was read; the reading says what to do."""
    made, keeper = channel(world, 100), Keeper()
    keeper.read(thingspeak)
    made.private = True
    with pytest.raises(ChannelPrivate, match="Read API Key"):
        keeper.read(thingspeak)


def test_time_named_by_a_user_is_read_again(world: World, thingspeak: ThingSpeak) -> None:
    """A window is read once more although it is covered, and the rest is not."""
    from fieldhouse.state import Span

    made, keeper = channel(world, 4_000), Keeper()
    keeper.read(thingspeak)
    gone = sorted(keeper.held)[:200]
    for key in gone:
        del keeper.held[key]
    first, last = (recorded(made)[gone[i]] for i in (0, -1))
    assert keeper.read(thingspeak, again=Span(first, last)) == 2
    assert keeper.held == recorded(made)


class Timeless:
    """ThingSpeak's answers, of a channel some of whose entries have no time that could be one.

    ``shown``: whether a window of time shows them, or only who asks for them by their ids;
    ``named``: whether they say their ids themselves.
    """

    def __init__(self, count: int, timeless: set[int], *, shown: bool, named: bool) -> None:
        self.now = datetime(2026, 1, 1, 12, tzinfo=UTC)
        self.seen: list[str] = []
        begin = self.now - timedelta(hours=6)
        self._shown = shown
        self._entries = {
            i: {
                "entry_id": i if named or i not in timeless else None,
                "created_at": None if i in timeless else f"{begin + timedelta(minutes=i):{ISO}}",
                "field1": str(i),
            }
            for i in range(1, count + 1)
        }

    async def answer(self, reader: Reader, writer: Writer) -> None:
        """One question, by its path."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = urlsplit(head.split()[1])
        self.seen.append(path.path)
        body = json.dumps(self._answered(path.path, dict(parse_qsl(path.query)))).encode()
        lines = [
            "HTTP/1.1 200 OK",
            "Content-Type: application/json",
            f"Date: {format_datetime(self.now, usegmt=True)}",
            f"Content-Length: {len(body)}",
        ]
        writer.write("\r\n".join([*lines, "\r\n"]).encode() + body)

    def _answered(self, path: str, asked: dict[str, str]) -> object:
        if "feeds.json" not in path:
            return self._entries.get(int(path.rpartition("/")[2].removesuffix(".json")), "-1")
        start, end = asked.get("start", ""), asked.get("end", "9")
        within = [
            entry
            for entry in self._entries.values()
            if ((at := entry["created_at"]) is None and self._shown)
            or (at and start <= str(at).replace("T", " ") <= end)
        ]
        channel = {"id": 9, "field1": "T", "last_entry_id": max(self._entries)}
        return {"channel": channel, "feeds": within[-int(asked["results"]) :]}


ISO = "%Y-%m-%dT%H:%M:%SZ"


@pytest.mark.parametrize(
    ("count", "timeless", "shown", "named", "runs"),
    [
        (10, {5}, True, True, 1),
        (10, {10}, True, True, 1),
        (10, set(range(1, 11)), True, True, 1),
        (10, {5}, False, True, 2),
        (40, set(range(2, 40)), False, True, 5),
        (10, {5}, True, False, 2),
    ],
    ids=["amid others", "the newest", "all", "by its id", "many by their ids", "without an id"],
)
def test_ids_that_are_served_without_a_time_are_explained(
    count: int, timeless: set[int], shown: bool, named: bool, runs: int
) -> None:
    """Their entries are no readings, and their ids no gaps: no run fails, none is called absent,
    and once they are seen nobody asks for them again."""
    made, keeper = Timeless(count, timeless, shown=shown, named=named), Keeper()
    with Scripted(made.answer) as portal:
        server = ThingSpeak(f"http://127.0.0.1:{portal.port}", pacer=Pacer(0), proxies=False)
        with server:
            for _ in range(runs + 1):
                made.seen.clear()
                keeper.read(server, now=made.now.replace(tzinfo=None))
                made.now += timedelta(minutes=10)
    assert len(keeper.held) == count - len(timeless)
    assert keeper.state.gaps == ()
    assert len(made.seen) == 1
