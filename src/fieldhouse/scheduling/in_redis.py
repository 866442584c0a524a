"""Leases and pace of workers in a Redis, by which processes of many machines agree.

What Redis forgets when it is restarted is not given out again for as long as a lease lasts: only
who has a lease still may take it up again meanwhile.
"""

import hashlib
import math
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fieldhouse.errors import ConfigurationError, Interrupted, WarehouseUnavailable
from fieldhouse.scheduling.leases import Worker

__all__ = ["InRedis", "SharedPace", "house_of"]

_TAKE = """
local at = redis.call('TIME')
local now = at[1] * 1000 + math.floor(at[2] / 1000)
local length = tonumber(ARGV[2])
local uptime = string.match(redis.call('INFO', 'server'), 'uptime_in_seconds:(%d+)')
local is_open = ARGV[3] == '0' or tonumber(uptime) * 1000 > length
local taken = {}
for place = 4, #ARGV do
    local id, had = string.match(ARGV[place], '(%d+)(%+?)')
    local key = KEYS[1] .. id
    local holder = redis.call('HGET', key, 'worker')
    if holder == ARGV[1] or (not holder and (is_open or had == '+')) then
        if not holder then
            redis.call('HSET', key, 'worker', ARGV[1], 'since', now)
        end
        redis.call('PEXPIRE', key, length)
        taken[#taken + 1] = id
    end
end
return taken
"""
"""KEYS: the beginning of a channel's key. ARGV: worker, length of a lease in ms, whether a Redis
that has just begun may have forgotten, channels; one with a + is held, as the worker knows."""

_GIVE_BACK = """
for place = 2, #ARGV do
    local key = KEYS[1] .. ARGV[place]
    if redis.call('HGET', key, 'worker') == ARGV[1] then
        redis.call('DEL', key)
    end
end
"""
_TOGETHER = 2_000
"""Channels of one script, which Redis carries out without a pause."""
_PATIENCE = 5.0
_SWEPT = 100
"""Requests after which those that no longer count are forgotten."""


class InRedis:
    """Leases in a Redis, under keys that begin with ``fieldhouse:`` and the house's name.

    ``cautious``: one that is younger than a lease may have forgotten some.
    """

    def __init__(
        self, url: str, password: str | None, house: str, *, cautious: bool = True
    ) -> None:
        self._redis, self._error = connected(url, password)
        self._begin = f"fieldhouse:{{{house}}}:"
        self._take = self._redis.register_script(_TAKE)
        self._give_back = self._redis.register_script(_GIVE_BACK)
        self._cautious = cautious
        self._held: dict[str, dict[int, float]] = {}
        self._where = urlsplit(url).hostname or url

    def announce(self, worker: str, seconds: float) -> Collection[str]:
        """One key a worker, which ends by itself."""
        key, now = f"{self._begin}worker:{worker}", datetime.now(UTC).timestamp()
        with self._reached():
            pipe = self._redis.pipeline()
            pipe.hsetnx(key, "since", now)
            pipe.hset(key, "seen", now)
            pipe.pexpire(key, int(1000 * seconds))
            pipe.execute()
            return [self._name(found) for found in self._keys("worker:")]

    def take(self, worker: str, channel_ids: Sequence[int], seconds: float) -> Collection[int]:
        """By a script, so that no two take the same."""
        taken: list[int] = []
        began, length = time.monotonic(), int(1000 * seconds)
        known = self._held.setdefault(worker, {})
        held = {channel_id for channel_id, until in known.items() if until > began}
        with self._reached():
            for place in range(0, len(channel_ids), _TOGETHER):
                some = channel_ids[place : place + _TOGETHER]
                said = [f"{each}+" if each in held else str(each) for each in some]
                keys = [f"{self._begin}lease:"]
                given = [worker, length, int(self._cautious), *said]
                taken += map(int, self._take(keys=keys, args=given))
        for each in channel_ids:
            known.pop(each, None)
        known |= dict.fromkeys(taken, began + seconds)
        return taken

    def give_back(self, worker: str, channel_ids: Sequence[int] | None) -> None:
        """What the worker has of them is free."""
        known = self._held.setdefault(worker, {})
        given = list(known if channel_ids is None else channel_ids)
        with self._reached():
            for place in range(0, len(given), _TOGETHER):
                some = given[place : place + _TOGETHER]
                self._give_back(keys=[f"{self._begin}lease:"], args=[worker, *some])
            if channel_ids is None:
                self._redis.delete(f"{self._begin}worker:{worker}")
        for each in given:
            known.pop(each, None)

    def workers(self) -> Sequence[Worker]:
        """The workers' keys, and the leases counted."""
        counts: dict[str, int] = {}
        for _, worker, _ in self.held():
            counts[worker] = counts.get(worker, 0) + 1
        with self._reached():
            found = {self._name(key): self._redis.hgetall(key) for key in self._keys("worker:")}
        return [
            Worker(name, _instant(said, "since"), _instant(said, "seen"), counts.get(name, 0))
            for name, said in sorted(found.items())
            if said
        ]

    def held(self) -> Sequence[tuple[int, str, datetime]]:
        """The leases' keys."""
        with self._reached():
            keys = list(self._keys("lease:"))
            pipe = self._redis.pipeline(transaction=False)
            for key in keys:
                pipe.hmget(key, "worker", "since")
            found = zip(keys, pipe.execute(), strict=True)
        return sorted(
            (int(self._name(key)), worker, _utc(float(since) / 1000))
            for key, (worker, since) in found
            if worker
        )

    def _keys(self, kind: str) -> Iterator[str]:
        yield from self._redis.scan_iter(match=f"{_escaped(self._begin + kind)}*", count=1_000)

    def _name(self, key: str) -> str:
        return key.removeprefix(self._begin).partition(":")[2]

    @contextmanager
    def _reached(self) -> Iterator[None]:
        with _told(self._error, self._where):
            yield


class SharedPace:
    """One distance between the requests of all workers, kept in a Redis by pyrate-limiter.

    Give it to a `Pacer`, whose own line it lengthens. While Redis cannot be reached each worker
    keeps a distance that ``workers`` of them may keep together. Their clocks are to agree.
    """

    def __init__(
        self,
        url: str,
        password: str | None,
        house: str,
        delay: float,
        workers: Callable[[], int],
    ) -> None:
        from pyrate_limiter import Rate

        self._redis, self._error = connected(url, password)
        self._key = f"fieldhouse:{{{house}}}:pace"
        self._rates = [Rate(1, max(1, math.ceil(1000 * delay)))]
        self._delay, self._workers = delay, workers
        self._bucket: Any = None
        self._turns = 0
        self._lock = threading.Lock()

    def wait(self, stop: threading.Event) -> None:
        """Return when it is this request's turn. Raises Interrupted once ``stop`` is set."""
        with self._lock:
            try:
                while (pause := self._pause()) > 0:
                    if stop.wait(min(pause, 1.0)):
                        raise Interrupted
            except self._error:  # its scripts are forgotten, or it is away
                self._bucket = None
                if stop.wait(self._delay * (self._workers() - 1)):
                    raise Interrupted from None

    def _pause(self) -> float:
        """Seconds until it may be our turn; 0 takes it."""
        from pyrate_limiter import RateItem

        if self._bucket is None:
            self._bucket = self._made()
        item = RateItem("request", self._bucket.now())
        if not self._bucket.put(item):
            return max(0.005, float(self._bucket.waiting(item)) / 1000)
        self._turns += 1
        if self._turns % _SWEPT == 0:
            self._bucket.leak(item.timestamp)
        return 0.0

    def _made(self) -> Any:
        from pyrate_limiter import RedisBucket

        return RedisBucket.init(self._rates, self._redis, self._key)


def house_of(url: str) -> str:
    """A warehouse's name among a Redis's keys: the same for whoever names it by the same URL."""
    _, is_url, path = url.partition("duckdb:///")
    if is_url or "://" not in url:
        url = f"{socket.gethostname()}:{Path(path or url).resolve()}"
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def connected(url: str, password: str | None) -> tuple[Any, type[Exception]]:
    """A client of a Redis, and what it raises. Raises ConfigurationError without the extra."""
    try:
        import pyrate_limiter  # noqa: F401
        import redis
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"leases in a Redis need {error.name}: pip install '.[redis]' in a checkout"
        ) from None
    try:
        client = redis.Redis.from_url(
            url,
            password=password,
            decode_responses=True,
            socket_timeout=_PATIENCE,
            socket_connect_timeout=_PATIENCE,
        )
    except ValueError as error:
        raise ConfigurationError(f"[schedule] leases: {url} is no Redis ({error})") from None
    return client, redis.RedisError


@contextmanager
def _told(error: type[Exception], where: str) -> Iterator[None]:
    try:
        yield
    except error as raised:
        said = " ".join(str(raised).split())[:200]
        raise WarehouseUnavailable(f"the Redis at {where} cannot be used: {said}") from raised


def _instant(said: Mapping[str, str], name: str) -> datetime:
    return _utc(float(said.get(name, 0)))


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def _escaped(text: str) -> str:
    return "".join(f"\\{each}" if each in "*?[]\\" else each for each in text)
