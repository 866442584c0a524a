"""Which channels a worker may ask: all, its share by number, or those that it holds a lease on.

A lease ends by itself. So a worker counts what it holds from before it asked for it, on a clock of
its own, and asks nothing in a lease's last third: it has stopped before anybody else may begin.
What a worker that overslept still sends is read twice and written once: the channel's lock and the
version of its state see to that in the warehouse.
"""

import hashlib
import logging
import os
import re
import socket
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from fieldhouse.errors import ConfigurationError, WarehouseError
from fieldhouse.warehouse import Warehouse

__all__ = [
    "Alone",
    "Holding",
    "InWarehouse",
    "Leased",
    "Leases",
    "Shard",
    "Worker",
    "name_of_worker",
    "shares",
]

logger = logging.getLogger(__name__)


class Worker(NamedTuple):
    """A worker that is there, and the channels that it has; instants are naive UTC."""

    name: str
    since: datetime
    seen: datetime
    channels: int


class Leases(Protocol):
    """Where leases are kept. Times are those of the place's own clock. Safe between threads.

    All methods raise WarehouseError, or what it stands for, where the place cannot be reached.
    """

    def announce(self, worker: str, seconds: float) -> Collection[str]:
        """A worker is there for so long; those that are there."""
        ...

    def take(self, worker: str, channel_ids: Sequence[int], seconds: float) -> Collection[int]:
        """Keep what the worker has of these, take what nobody has; which these are."""
        ...

    def give_back(self, worker: str, channel_ids: Sequence[int] | None) -> None:
        """Have these no longer; None: none at all, and be gone."""
        ...

    def workers(self) -> Sequence[Worker]:
        """Those that are there."""
        ...

    def held(self) -> Sequence[tuple[int, str, datetime]]:
        """The channels that somebody has, who, and since when; by channel."""
        ...


class Holding(Protocol):
    """What one worker may ask."""

    every: float
    """Seconds after which `renew` is to be called again."""

    def renew(self, channel_ids: Sequence[int], busy: Collection[int]) -> Collection[int]:
        """Which of the channels are this worker's; those that it is ``busy`` with are kept."""
        ...

    def may_ask(self, channel_id: int) -> bool:
        """Whether a request of a channel may be begun now."""
        ...

    @property
    def workers(self) -> int:
        """How many share the pace."""
        ...

    def close(self) -> None:
        """Be gone, and leave what is held to others."""
        ...


class Alone:
    """One worker, and all channels are its own."""

    every = 60.0
    workers = 1

    def renew(self, channel_ids: Sequence[int], busy: Collection[int]) -> Collection[int]:
        """All."""
        return channel_ids

    def may_ask(self, channel_id: int) -> bool:
        """Always."""
        return True

    def close(self) -> None:
        """Nothing is held."""


class Shard(Alone):
    """Worker ``number`` (from 1) of ``count``: each channel is one shard's, whoever is there."""

    def __init__(self, number: int, count: int) -> None:
        if not 1 <= number <= count <= 10_000:
            raise ConfigurationError(
                f"{number}/{count} is no shard: write its number and how many there are, as 1/4"
            )
        self.number, self.workers = number, count
        self._names = [str(each) for each in range(1, count + 1)]

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Read ``1/4``. Raises ConfigurationError, in one line, for what is none."""
        found = re.fullmatch(r"([0-9]{1,5})/([0-9]{1,5})", text.strip(), re.ASCII)
        if not found:
            raise ConfigurationError(
                f"{text!r} is no shard: write its number and how many there are, as 1/4"
            )
        return cls(int(found[1]), int(found[2]))

    def renew(self, channel_ids: Sequence[int], busy: Collection[int]) -> Collection[int]:
        """Those of this shard."""
        return shares(channel_ids, self._names, str(self.number))


def shares(channel_ids: Iterable[int], names: Collection[str], mine: str) -> list[int]:
    """Which channels are one worker's, by the highest of all workers' numbers for each channel.

    So a worker that comes or goes moves only the channels that it gets or had (rendezvous hashing).
    """
    seeds = [(name, hashlib.blake2b(name.encode(), digest_size=16)) for name in sorted(names)]

    def owner(channel_id: int) -> str:
        best = b""
        owner = ""
        for name, seed in seeds:
            hashed = seed.copy()
            hashed.update(b"/%d" % channel_id)
            if (weight := hashed.digest()) > best:
                best, owner = weight, name
        return owner

    return [channel_id for channel_id in channel_ids if owner(channel_id) == mine]


class Leased:
    """A worker among others that come and go: it holds leases on its share of the channels.

    ``seconds`` is how long a lease lasts; ``now`` a clock that only goes forward.
    """

    def __init__(
        self,
        leases: Leases,
        name: str,
        seconds: float,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self.every = name, seconds / 4
        self._leases, self._seconds, self._now = leases, seconds, now
        self._until: dict[int, float] = {}
        self._there: frozenset[str] = frozenset([name])
        self._changing = threading.Lock()

    @property
    def workers(self) -> int:
        """Those that were there when it was last asked."""
        return len(self._there)

    def renew(self, channel_ids: Sequence[int], busy: Collection[int]) -> Collection[int]:
        """Say that we are there, give back what is another's share now, and take our own."""
        began = self._now()
        self._there = frozenset(self._leases.announce(self.name, self._seconds)) | {self.name}
        mine = set(shares(channel_ids, self._there, self.name))
        wanted = mine | (self._until.keys() & set(busy))
        if gone := [channel_id for channel_id in self._until if channel_id not in wanted]:
            with self._changing:
                for channel_id in gone:
                    del self._until[channel_id]
            self._leases.give_back(self.name, gone)
        granted = set(self._leases.take(self.name, sorted(wanted), self._seconds))
        with self._changing:
            self._until = dict.fromkeys(granted, began + self._seconds)
        return granted & mine

    def may_ask(self, channel_id: int) -> bool:
        """Whether its lease lasts for another third at least."""
        with self._changing:
            until = self._until.get(channel_id)
        return until is not None and self._now() < until - self._seconds / 3

    def close(self) -> None:
        """Leave all to the others at once; where that fails, when the leases end."""
        with self._changing:
            self._until.clear()
        try:
            self._leases.give_back(self.name, None)
        except WarehouseError as error:
            logger.warning("What was held is free when its leases end: %s", error)


class InWarehouse:
    """Leases in the warehouse's tables."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def announce(self, worker: str, seconds: float) -> Collection[str]:
        """``announce_worker``."""
        there = self._warehouse.call("announce_worker", worker=worker, seconds=seconds)
        return [str(name) for name in there["WorkerName"].to_pylist()]

    def take(self, worker: str, channel_ids: Sequence[int], seconds: float) -> Collection[int]:
        """``take_leases``."""
        given = {"worker": worker, "channel_ids": list(channel_ids), "seconds": seconds}
        return [
            int(n) for n in self._warehouse.call("take_leases", **given)["ChannelID"].to_pylist()
        ]

    def give_back(self, worker: str, channel_ids: Sequence[int] | None) -> None:
        """``give_leases_back``."""
        given = None if channel_ids is None else list(channel_ids)
        self._warehouse.call("give_leases_back", worker=worker, channel_ids=given)

    def workers(self) -> Sequence[Worker]:
        """``workers``."""
        rows = self._warehouse.query("workers").to_pylist()
        return [
            Worker(row["WorkerName"], row["StartedAt"], row["SeenAt"], row["Channels"])
            for row in rows
        ]

    def held(self) -> Sequence[tuple[int, str, datetime]]:
        """``leases``."""
        rows = self._warehouse.query("leases").to_pylist()
        return [(row["ChannelID"], row["WorkerName"], row["TakenAt"]) for row in rows]


def name_of_worker() -> str:
    """This process's name among workers: its machine, its number, and a text of its own."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid.uuid4().hex[:6]}"
