"""What answers requests, over HTTP or without: the router, the faults, the list of what came in."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

from fieldhouse.protocol import Request, Response
from fieldhouse.protocol.exchange import error

from . import wire
from .call import Call
from .faults import Fault, Faults, channel_of
from .routes import Router
from .world import World

_log = logging.getLogger(__name__)
_BROKEN = frozenset({"stall", "reset", "truncate", "wrong_length"})


class Seen(NamedTuple):
    """A request that came in; `query` is as it was sent."""

    method: str
    path: str
    query: str


class Service:
    """A world's answers, with the faults asked for."""

    def __init__(self, world: World, faults: Faults, seen: list[Seen]) -> None:
        self.world = world
        self._faults, self._seen = faults, seen
        self._under_way = Counter[str]()
        self.at_once = Counter[int]()
        """The most requests of each channel that were under way at a time."""
        self._router = Router(world)

    def admit(self, request: Request) -> list[Fault]:
        """Note a request; the faults that strike it."""
        self._seen.append(Seen(request.method, request.path, request.query))
        return self._faults.striking(request.path)

    @contextmanager
    def under_way(self, request: Request) -> Iterator[None]:
        """Count a request of a channel for as long as it is being answered."""
        if (channel := channel_of(request.path)) is None:
            yield
            return
        self._under_way[channel] += 1
        self.at_once[int(channel)] = max(self.at_once[int(channel)], self._under_way[channel])
        try:
            yield
        finally:
            self._under_way[channel] -= 1

    def respond(self, request: Request, faults: Sequence[Fault]) -> Response:
        """The answer, or what a fault puts in its place."""
        response = wire.instead(request.path, faults)
        return response or self._routed(_call(self.world, request, faults))

    def _routed(self, call: Call) -> Response:
        try:
            return self._router.answer(call)
        except Exception:
            _log.exception("cannot answer %s %s", call.request.method, call.request.path)
            return error(500)


def _call(world: World, request: Request, faults: Sequence[Fault]) -> Call:
    dip = next(((fault.value,) for fault in faults if fault.kind == "dip"), None)
    return Call(world, request, any(fault.kind == "stale" for fault in faults), dip)


class InProcess:
    """A ThingSpeak without a socket: for thousands of short lives, in one thread.

    Faults of the connection (`stall`, `reset`, `truncate`, `wrong_length`) raise ConnectionError.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.faults = Faults()
        self.requests: list[Seen] = []
        """Every request that came in, in order."""
        self._service = Service(world, self.faults, self.requests)

    def answer(self, request: Request) -> Response:
        """Answer one request; the server's `Date` is the first header."""
        faults = self._service.admit(request)
        for fault in faults:
            if fault.kind in _BROKEN:
                raise ConnectionError(fault.kind)
            if fault.kind == "call" and fault.action is not None:
                fault.action(self.world)
        spoiled = wire.spoiled(self._service.respond(request, faults), faults)
        date = wire.dated(self.world.clock.now(), faults)
        return replace(spoiled, headers=(("Date", date), *spoiled.headers))
