"""The built-in ThingSpeak for a command's own time, with a weather station that lives on."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import typer

from fieldhouse.cli.options import opened
from fieldhouse.errors import FieldhouseError, WarehouseLocked
from fieldhouse.polled import SIMULATED

if TYPE_CHECKING:
    from fieldhouse.settings import Settings

__all__ = ["OVERRIDES", "say_simulated", "simulated_thingspeak"]

OVERRIDES = {"rate_limit_delay": 0.0, "proxies": False}
"""The settings that such a ThingSpeak needs, besides its address."""
_SPAN = timedelta(hours=1) + timedelta(days=3 * 365.25) - timedelta(minutes=10)
"""From the station's creation to the last entry that it is made with."""


@contextmanager
def simulated_thingspeak(settings: "Settings") -> Iterator[str]:
    """Its address, for the time of a ``with``; the warehouse says how long it has lived."""
    from fieldhouse import simulator

    world = simulator.World(clock=simulator.Clock())
    end = _ended(settings) or world.clock.now().replace(minute=0, second=0, microsecond=0)
    station = simulator.demo.weather(world, id=SIMULATED, years=3, seed=9, end=end)
    simulator.demo.live_on(world, station)
    ended = threading.Event()

    def live() -> None:
        while not ended.wait(1.0):
            with world.lock:
                simulator.demo.live_on(world, station)

    living = threading.Thread(target=live, name="station", daemon=True)
    with simulator.Simulator(world) as server:
        living.start()
        try:
            yield server.url
        finally:
            ended.set()
            living.join()


def _ended(settings: "Settings") -> datetime | None:
    """When the station of an earlier simulated run ended, if the warehouse has one: it lives on."""
    try:
        house = opened(settings)
    except WarehouseLocked:
        raise
    except FieldhouseError:  # there is none yet; what else is wrong with it, the run will say
        return None
    with closing(house):
        known = {row["ChannelID"]: row for row in house.query("channels").to_pylist()}
    station = known.get(SIMULATED)
    created_at = station and station["CreatedAt"]
    return created_at.replace(tzinfo=UTC) + _SPAN if created_at else None


def say_simulated(url: str | None) -> None:
    """Say that what follows is no real channel."""
    typer.echo(
        f"No network is used: this run reads the built-in ThingSpeak simulator at {url},\n"
        f"channel {SIMULATED}, a weather station with three years of entries."
    )
