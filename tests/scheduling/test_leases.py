"""Which channels a worker may ask, and what a Redis keeps of it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from leases_kit import HAS_REDIS, LONG, LeasesContract, RedisServer, redis_server, until

from fieldhouse.errors import ConfigurationError, WarehouseUnavailable
from fieldhouse.scheduling.in_redis import InRedis, house_of
from fieldhouse.scheduling.leases import Leased, Shard, shares

CHANNELS = list(range(1, 1001))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis."""
    with redis_server(tmp_path_factory.mktemp("redis")) as running:
        yield running


@HAS_REDIS
class TestInRedis(LeasesContract):
    """The promises, kept by a Redis that has been there for longer than a lease lasts."""

    @pytest.fixture
    def leases(self, server: RedisServer, request: pytest.FixtureRequest) -> InRedis:
        """An empty place, whose Redis seems to be old."""
        return InRedis(server.url, None, request.node.name, cautious=False)


@HAS_REDIS
def test_what_a_restarted_redis_forgot_is_not_given_to_another(tmp_path: Path) -> None:
    """For as long as a lease lasts only who held a channel gets it; then everybody may."""
    with redis_server(tmp_path) as server:
        one, two = (InRedis(server.url, None, "house") for _ in range(2))
        until(lambda: set(one.take("a", [1, 2], 2.0)) == {1, 2})
        server.stop()
        with pytest.raises(WarehouseUnavailable, match="cannot be used"):
            two.take("b", [1], 2.0)
        server.start()
        assert set(two.take("b", [1, 2, 3], LONG)) == set()
        assert set(one.take("a", [1, 3], LONG)) == {1}
        until(lambda: set(two.take("b", [1, 2, 3], 1.0)) == {2, 3})


@HAS_REDIS
def test_houses_in_one_redis_are_apart(server: RedisServer) -> None:
    """Workers of another warehouse have channels of the same numbers."""
    names = [house_of(url) for url in ("sqlserver://a/x", "sqlserver://a/y", "f.duckdb")]
    assert len(set(names)) == 3 and house_of("duckdb:///f.duckdb") == names[2]
    for name in names:
        place = InRedis(server.url, None, name, cautious=False)
        assert set(place.take("a", [1], LONG)) == {1}


def test_shards_part_all_channels() -> None:
    """However many shards: each channel is one's, and none has half as much again as its share."""
    for count in (1, 2, 3, 7, 16):
        found = [Shard(number, count).renew(CHANNELS, ()) for number in range(1, count + 1)]
        assert sorted(each for part in found for each in part) == CHANNELS
        assert max(map(len, found)) < 1.5 * len(CHANNELS) / count


def test_a_shard_more_moves_only_its_own() -> None:
    """With another worker a channel stays where it is, or goes to the new one."""
    before = {each: n for n in range(1, 5) for each in Shard(n, 4).renew(CHANNELS, ())}
    after = {each: n for n in range(1, 6) for each in Shard(n, 5).renew(CHANNELS, ())}
    moved = [each for each in CHANNELS if before[each] != after[each]]
    assert all(after[each] == 5 for each in moved)
    assert 120 < len(moved) < 280


@pytest.mark.parametrize("text", ["", "1", "0/4", "5/4", "1/0", "a/b", "1/4/5", "-1/4", "1/99999"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    """In one line that says how one is written."""
    with pytest.raises(ConfigurationError, match="is no shard: write its number"):
        Shard.parse(text)


class Book:
    """Leases on paper, and a clock that a test sets: an independent account of who holds what."""

    def __init__(self) -> None:
        self.now = 0.0
        self.holder: dict[int, tuple[str, float]] = {}
        self.there: dict[str, float] = {}

    def announce(self, worker: str, seconds: float) -> list[str]:
        self.there[worker] = self.now + seconds
        return [name for name, until in self.there.items() if until > self.now]

    def take(self, worker: str, channel_ids: list[int], seconds: float) -> list[int]:
        free = [
            n
            for n in channel_ids
            if (held := self.holder.get(n)) is None or held[0] == worker or held[1] <= self.now
        ]
        self.holder |= dict.fromkeys(free, (worker, self.now + seconds))
        return free

    def give_back(self, worker: str, channel_ids: list[int] | None) -> None:
        mine = [n for n, (name, _) in self.holder.items() if name == worker]
        for each in mine if channel_ids is None else set(mine) & set(channel_ids):
            del self.holder[each]
        if channel_ids is None:
            del self.there[worker]

    def workers(self) -> list[object]:
        return []

    held = workers


def worker(book: Book, name: str) -> Leased:
    """A worker whose leases last a minute."""
    return Leased(book, name, 60.0, now=lambda: book.now)  # type: ignore[arg-type]


def test_workers_share_all_channels_and_none_twice() -> None:
    """As they come and go: never two that may ask the same; soon all are somebody's again."""
    book = Book()
    team = {name: worker(book, name) for name in "abcd"}
    for _ in range(3):
        for each in team.values():
            each.renew(CHANNELS, ())
            askers(team)
    assert askers(team) == Counter(CHANNELS)
    del team["a"]  # killed
    book.now += 41
    for each in team.values():
        each.renew(CHANNELS, ())
    team["e"] = worker(book, "e")
    for _ in range(3):
        book.now += 15
        for each in team.values():
            each.renew(CHANNELS, ())
            askers(team)
    assert askers(team) == Counter(CHANNELS)
    assert {each.workers for each in team.values()} == {4}


def askers(team: dict[str, Leased]) -> Counter[int]:
    """How many may ask each channel now; fails where two may."""
    found = Counter(n for each in team.values() for n in CHANNELS if each.may_ask(n))
    assert not found or max(found.values()) == 1
    return found


def test_who_cannot_renew_asks_nothing_before_others_may() -> None:
    """A worker that is cut off stops by itself, while its leases still keep others away."""
    book = Book()
    one, two = worker(book, "a"), worker(book, "b")
    one.renew([1], ())
    assert one.may_ask(1)
    book.now += 40
    assert not one.may_ask(1)
    two.renew([1], ())
    assert not two.may_ask(1)
    book.now += 20
    two.renew([1], ())
    assert two.may_ask(1) and not one.may_ask(1)


def test_what_is_being_read_is_not_given_away() -> None:
    """A channel that becomes another's share is kept until its reading has ended, and no longer."""
    book = Book()
    one = worker(book, "a")
    one.renew(CHANNELS, ())
    book.announce("b", LONG)
    moved = shares(CHANNELS, ["a", "b"], "b")
    mine = one.renew(CHANNELS, moved[:1])
    assert moved[0] not in mine and one.may_ask(moved[0]) and not one.may_ask(moved[1])
    two = worker(book, "b")
    assert set(two.renew(CHANNELS, ())) == set(moved[1:])
    one.renew(CHANNELS, ())
    assert set(two.renew(CHANNELS, ())) == set(moved)
