"""The simulator, in a process of its own, with the channels that every contestant reads."""

import random
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from typing import NamedTuple, cast

from bench.processes import alongside
from bench.ready import Front
from bench.sizes import CADENCE
from fieldhouse.simulator import Entry, Simulator, World
from fieldhouse.simulator.ordered import Fields

LONG, SHORT = 106, 107
"""The channel of all rows, and the one of a quarter of them."""
QUIET_ROWS = 300
"""Of each channel that is polled."""
_VALUES = 20_000
_DECIMALS = (2, 3, 2, 4, 2, 3, 2, 2)
"""Of the eight fields' texts."""
_SETTLED = timedelta(minutes=10)


class Server(NamedTuple):
    """Where the simulator answers, and the server before it; seconds to make up the channels."""

    url: str
    ready_url: str
    seconds: float


def quiet_channels(count: int) -> range:
    """The channels that are polled."""
    return range(1_000, 1_000 + count)


def simulator(rows: dict[int, int]) -> AbstractContextManager[Server]:
    """Serve channels of so many entries each, for the length of a `with`."""
    return alongside(_serve, rows)


def _serve(pipe: Connection, rows: dict[int, int]) -> None:
    began = datetime.now(UTC)
    world = World(cache_seconds=0)  # so that no contestant is served what another has asked for
    for channel_id, count in rows.items():
        labels = {n: f"Field {n}" for n in range(1, 9)}
        world.add_channel(channel_id, fields=labels).write_many(_entries(count))
    took = (datetime.now(UTC) - began).total_seconds()
    with Simulator(world) as simulator, Front(simulator.url) as front:
        pipe.send(Server(simulator.url, front.url, took))
        front.serve_forever()


def _entries(count: int) -> Iterator[Entry]:
    """Entries at the cadence that end ten minutes ago, each value a text with its decimals."""
    step = int(CADENCE.total_seconds())
    last = int((datetime.now(UTC) - _SETTLED).timestamp()) // step * step
    columns = [_texts(number, decimals) for number, decimals in enumerate(_DECIMALS)]
    for number in range(1, count + 1):
        values = tuple(texts[(number * 7919 + 31 * k) % _VALUES] for k, texts in enumerate(columns))
        yield Entry(number, last - (count - number) * step, cast("Fields", values))


def _texts(number: int, decimals: int) -> list[str]:
    random_ = random.Random(number)
    return [f"{random_.gauss(20 + 100 * number, 7):.{decimals}f}" for _ in range(_VALUES)]
