"""Which endpoint answers a request; the cache in front of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fieldhouse.protocol import Response, Route, answer
from fieldhouse.protocol.routes import FEEDS, LISTINGS, C, F

from . import writing
from .call import Call
from .world import World

_MOST_BYTES = 200_000_000

_ROUTES = (
    *FEEDS,
    *LISTINGS,
    Route("GET", rf"/update{F}", writing.update, "txt"),
    Route("POST", rf"/update{F}", writing.update, "txt"),
    Route("POST", rf"{C}/bulk_update{F}", writing.bulk_update),
    Route("DELETE", rf"{C}/feeds?(?:\.json)?", writing.clear),
)


@dataclass(frozen=True)
class _Kept:
    response: Response
    until: float


class Router:
    """Answers calls, repeating answers of more than 100 rows for five minutes.

    The cache is keyed by path and whole query string, as ThingSpeak's is: vary a parameter and
    the answer is fresh.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._kept: dict[tuple[str, str], _Kept] = {}

    def answer(self, call: Call) -> Response:
        with self._world.lock:
            return self._cached(call)

    def _cached(self, call: Call) -> Response:
        key, now = (call.request.path, call.request.query), self._world.clock.now().timestamp()
        usual = call.request.method == "GET" and not call.stale and call.dip is None
        kept = self._kept.get(key)
        if usual and kept is not None and now < kept.until and self._world.cache_seconds:
            return kept.response if self._still_open(call) else dispatch(call)
        response = dispatch(call)
        if usual and self._world.cache_seconds and response.status == 200 and call.rows > 100:
            self._keep(key, _Kept(response, now + self._world.cache_seconds))
        return response

    def _keep(self, key: tuple[str, str], answer: _Kept) -> None:
        """Keep an answer, and let go of the oldest when there is too much."""
        self._kept.pop(key, None)
        self._kept[key] = answer
        size = sum(len(kept.response.body) for kept in self._kept.values())
        while size > _MOST_BYTES:
            oldest = next(iter(self._kept))
            size -= len(self._kept.pop(oldest).response.body)

    def _still_open(self, call: Call) -> bool:
        match = re.match(C, call.request.path)
        return match is not None and call.channel(int(match["id"])).may_be_read()


def dispatch(call: Call) -> Response:
    """Call the endpoint that the path names; the answer is whole."""
    return answer(call, call.request, _ROUTES).whole()
