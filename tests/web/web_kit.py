"""What the web's tests share: a warehouse, served by the real server, and its clients."""

import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from warehouse_kit import batch

from fieldhouse import corrections
from fieldhouse.conditions import condition_of
from fieldhouse.corrections import Rule
from fieldhouse.settings import load_settings
from fieldhouse.simulator import Channel, Clock, Entry, Simulator, World, demo
from fieldhouse.web.access import Scope, made_token
from fieldhouse.web.served import Rules, Served
from fieldhouse.web.serving import Address, Server, served_with

NOW = datetime(2024, 3, 1, 12, 0)
"""The time in the worlds of these tests, naive UTC; it stands still."""
WEATHER, HOSTILE, EMPTY, PAUSED = 12001, 666, 11, 12
"""Channels: sixty days of weather; one that means no good; one without a reading; a paused one."""
HOSTILE_NAME = "</title><script>alert(1)</script>\u202e'\"--"
HOSTILE_LABELS = {
    1: "<img src=x onerror=alert(1)>",
    2: "time",
    3: "=cmd|' /C calc'!A0",
    4: "'; DROP TABLE iot.Channels; --",
    5: "double",
    6: "double",
    7: 'a, b; "c"\nd\te\\',
    8: "\u202etxet " + "ä" * 200,
}
HOSTILE_VALUES = ("<b>1</b>", "=1+1", "12,5", "0.0HTTP/1.1", "nan", "9" * 40, "\u202e1", "")
NO_RULES = Rules()
ANYWHERE = Address(port=0)
"""Any free port of the loopback."""


@dataclass(frozen=True, slots=True)
class Site:
    """A warehouse that is served; from this machine everything may be done without a token."""

    url: str
    served: Served
    world: World

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def client(
        self, token: str | None = None, *, verify: ssl.SSLContext | bool = False, **headers: str
    ) -> httpx2.Client:
        """A client of the site, with a token if one is given; redirects are not followed."""
        given = {name.replace("_", "-"): text for name, text in headers.items()}
        if token:
            given["Authorization"] = f"Bearer {token}"
        return httpx2.Client(
            base_url=self.url, headers=given, timeout=30, trust_env=False, verify=verify
        )

    def token(self, *scopes: Scope, name: str = "a test's", **options: Any) -> str:
        """A new token; without scopes it may read."""
        made = made_token(
            self.served.warehouse, name, scopes or (Scope.READ,), self.served.clock(), **options
        )
        self.served.tokens.look_again()
        return made


def a_world(days: float = 60) -> World:
    """A simulated ThingSpeak with the channels of this kit; its clock stands still."""
    world = World(clock=Clock(NOW))
    if days:
        demo.weather(world, id=WEATHER, years=days / 365.25)
    hostile = world.add_channel(id=HOSTILE, name=HOSTILE_NAME, fields=HOSTILE_LABELS)
    _write_hostile(hostile)
    world.add_channel(id=EMPTY, name="Nothing yet", fields={1: "Level"})
    world.add_channel(id=PAUSED, name="Asleep", fields={1: "Level"})
    return world


def _write_hostile(channel: Channel) -> None:
    begin = int((NOW.replace(tzinfo=UTC) - timedelta(days=2)).timestamp())
    channel.write_many(
        Entry(
            id=number + 1,
            created_at=begin + 600 * number,
            fields=(
                HOSTILE_VALUES[number % len(HOSTILE_VALUES)],
                *(f"{number + place / 10:.1f}" for place in range(2, 9)),
            ),
            status=HOSTILE_NAME if number % 7 == 0 else None,
        )
        for number in range(200)
    )


def fill(served: Served, channel_ids: Sequence[int]) -> None:
    """Copy channels, correct and tag some, have something rejected."""
    job = served.jobs.start(channel_ids)
    assert job.wait(120), "the channels were not copied in time"
    assert job.error is None and all(run.outcome == "success" for run in job.runs), job
    house = served.warehouse
    house.call("tag_channels", channel_ids=[WEATHER, HOSTILE], tags=["garden"])
    house.call("tag_channels", channel_ids=[HOSTILE], tags=["<i>x</i>"])
    house.call("set_polled", channel_ids=[PAUSED], is_active=True, paused_at=NOW)
    rejected = [{"EntryText": f'{{"entry_id":null,"field1":"{HOSTILE_NAME}"}}', "Reason": "no id"}]
    house.load([batch(channel_id=HOSTILE, rejected=rejected)])
    if WEATHER in channel_ids:
        rule = Rule(WEATHER, "exclude", 1, condition=condition_of("> 80"))
        corrections.make(house, rule, reason="<b>a spike</b>", by="the tests", now=NOW)


@contextmanager
def serving(
    directory: Path,
    world: World,
    *,
    rules: Rules = NO_RULES,
    every: timedelta | None = None,
    clock: Callable[[], datetime] | None = None,
    address: Address = ANYWHERE,
) -> Iterator[Site]:
    """Serve a warehouse in a directory that copies from a world; stopped at the end."""
    with Simulator(world) as simulator:
        settings = load_settings(
            {
                "warehouse_url": f"duckdb:///{directory / 'fieldhouse.duckdb'}",
                "base_url": simulator.url,
                "rate_limit_delay": 0,
            },
            directory=directory,
            environ={},
        )
        now = clock or (lambda: world.clock.now().replace(tzinfo=None))
        with (
            served_with(settings, rules, every=every, clock=now) as served,
            listening(served, address) as url,
        ):
            yield Site(url, served, world)


@contextmanager
def listening(served: Served, address: Address = ANYWHERE) -> Iterator[str]:
    """Have the server of `fieldhouse serve` answer in a thread; its address.

    It ends by itself: what shares its warehouse goes on.
    """
    served = replace(served, ending=threading.Event())
    is_ready = threading.Event()
    with address.listening() as socket:
        server = Server(served, address, ready=is_ready.set)
        run = threading.Thread(target=server.run, args=([socket],), name="serving")
        run.start()
        try:
            assert is_ready.wait(30), "the server does not listen"
            yield address.url(socket.getsockname()[1])
        finally:
            server.should_exit = True
            run.join()


class Timed:
    """A warehouse that notes the seconds which each of its questions is given."""

    def __init__(self, house: Any) -> None:
        self._house, self.given = house, list[tuple[str, float | None]]()

    def __getattr__(self, name: str) -> Any:
        own = getattr(self._house, name)
        if name not in ("query", "scan", "stream"):
            return own

        def asked(question: str, limits: Any = None, /, **parameters: Any) -> Any:
            self.given.append((question, limits.seconds if limits else None))
            return own(question, *([limits] if limits else []), **parameters)

        return asked
