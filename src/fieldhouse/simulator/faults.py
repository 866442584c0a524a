"""Faults on request: what a network and a busy service do to an answer, on a schedule."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple

from .world import World

KINDS = frozenset(
    {"404", "429", "500", "502", "503", "html", "minus_one", "wrong_type", "wrong_length"}
    | {"stall", "drip", "reset", "truncate", "cut_json", "clock_skew", "stale", "dip", "call"}
    | {"no_time"}
)

_CHANNEL = re.compile(r"(?:/stream)?/channels/(\d+)\b")


@dataclass(frozen=True)
class Fault:
    """One kind of trouble, whom it meets, and when.

    Of the requests that match `channel_id` and `path_contains` it skips the first `after`, then
    acts on the next `times` (None: on all); with `every` only on each nth, with `rate` only on
    that share at random, repeatable by `seed`.
    """

    kind: str
    channel_id: int | None = None
    path_contains: str | None = None
    after: int = 0
    times: int | None = 1
    every: int | None = None
    rate: float | None = None
    seed: int = 0
    retry_after: int | str | None = None
    """429, 503: the Retry-After header, in seconds or as an HTTP date."""
    seconds: float = 1.0
    """stall: how long the server is silent; drip: between two bytes; clock_skew: added to Date."""
    fraction: float = 0.5
    """truncate, cut_json: the share of the body that is sent; drip: of the answer, at once."""
    extra: int = 100
    """wrong_length: how many bytes too many Content-Length promises."""
    value: int | None = None
    """dip: the last_entry_id that the channel object shows."""
    entry_ids: Collection[int] = ()
    """no_time: whose created_at is null."""
    action: Callable[[World], object] | None = None
    """call: run before the answer is made."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault {self.kind!r}; there are {', '.join(sorted(KINDS))}")

    def concerns(self, path: str) -> bool:
        """Whether a request for *path* matches."""
        here = self.channel_id is None or channel_of(path) == str(self.channel_id)
        return here and (self.path_contains is None or self.path_contains in path)


def channel_of(path: str) -> str | None:
    """The number of the channel that a path asks for."""
    match = _CHANNEL.match(path)
    return match[1] if match else None


class Fired(NamedTuple):
    """A fault that acted on a request."""

    kind: str
    path: str


class _Planned:
    """A fault and how far its schedule is."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._seen = self._acted = 0
        self._random = random.Random(fault.seed)  # noqa: S311 (a schedule, not a secret)

    def strikes(self, path: str) -> bool:
        fault = self.fault
        if not fault.concerns(path):
            return False
        self._seen += 1
        if self._seen <= fault.after or self._acted == fault.times:
            return False
        if fault.every is not None and (self._seen - fault.after) % fault.every:
            return False
        if fault.rate is not None and self._random.random() >= fault.rate:
            return False
        self._acted += 1
        return True


class Faults:
    """The faults of a running simulator; add and clear them at any time, from any thread."""

    def __init__(self) -> None:
        self._planned: list[_Planned] = []
        self._lock = Lock()
        self.fired: list[Fired] = []
        """Every fault that acted, in order."""

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._planned.append(_Planned(fault))

    def clear(self) -> None:
        """Forget all faults; what has fired stays known."""
        with self._lock:
            self._planned.clear()

    def striking(self, path: str) -> list[Fault]:
        """Pick the faults that act on this request, in the order they were added."""
        with self._lock:
            struck = [planned.fault for planned in self._planned if planned.strikes(path)]
            self.fired.extend(Fired(fault.kind, path) for fault in struck)
        return struck
