"""Which endpoint answers a request; the cache in front of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from . import listing, reading, writing
from .exchange import JAVASCRIPT, JSON, Call, Refused, Response, error
from .world import World

_F = r"(?:\.(?P<format>json|csv|txt))?"
_C = r"/channels/(?P<id>\d+)"
_N = r"/fields?/(?P<number>\w+)"
_J = r"(?:\.json)?"

_MOST_BYTES = 200_000_000

Handler = Callable[..., Response]

_TABLE: list[tuple[str, str, Handler]] = [
    ("GET", rf"{_C}/feeds?/last_data_age{_J}", reading.age),
    ("GET", rf"{_C}{_N}/last_data_age{_J}", reading.field_age),
    ("GET", rf"{_C}/feeds?/last{_F}", reading.last),
    ("GET", rf"{_C}{_N}/last{_F}", reading.last_field),
    ("GET", rf"{_C}/feeds?/(?P<entry_id>\d+){_F}", reading.entry),
    ("GET", rf"{_C}/feeds?{_F}", reading.feeds),
    ("GET", rf"{_C}{_N}{_F}", reading.fields),
    ("GET", rf"{_C}/status(?:es)?/last{_F}", reading.last_status),
    ("GET", rf"{_C}/status(?:es)?{_F}", reading.statuses),
    ("GET", rf"/stream{_C}/feeds?(?:\.csv)?", reading.export),
    ("GET", rf"/channels/public{_J}", listing.public),
    ("GET", rf"{_C}{_J}", listing.settings),
    ("GET", rf"/channels{_J}", listing.own),
    ("GET", rf"/users/(?P<user>[^/]+?)/channels{_J}", listing.of_user),
    ("GET", rf"/update{_F}", writing.update),
    ("POST", rf"/update{_F}", writing.update),
    ("POST", rf"{_C}/bulk_update{_F}", writing.bulk_update),
    ("DELETE", rf"{_C}/feeds?{_J}", writing.clear),
]
_ROUTES = [(method, re.compile(pattern), handler) for method, pattern, handler in _TABLE]


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
            try:
                return self._cached(call)
            except Refused as refused:
                return refused.response

    def _cached(self, call: Call) -> Response:
        key, now = (call.request.path, call.request.query), self._world.clock.now().timestamp()
        usual = call.request.method == "GET" and not call.stale and call.dip is None
        kept = self._kept.get(key)
        if usual and kept is not None and now < kept.until and self._world.cache_seconds:
            return kept.response if self._still_open(call) else dispatch(call)
        response = dispatch(call)
        if usual and self._world.cache_seconds and response.status == 200 and response.rows > 100:
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
        match = re.match(_C, call.request.path)
        return match is not None and call.may_read(call.channel(match["id"]))


def dispatch(call: Call) -> Response:
    """Call the endpoint that the path names; 404 when none does, 405 for its method."""
    path, status = call.request.path.rstrip("/"), 404
    for method, pattern, handler in _ROUTES:
        match = pattern.fullmatch(path)
        if match and method == call.request.method:
            named = match.groupdict()
            if "format" in named:
                named["format"] = named["format"] or _bare_format(handler)
            return _jsonp(call, handler(call, **named))
        status = 405 if match else status
    return error(status)


def _bare_format(handler: Handler) -> str:
    """Without an extension the last value of a field and an update answer in text."""
    return "txt" if handler in (reading.last_field, writing.update) else "json"


def _jsonp(call: Call, response: Response) -> Response:
    callback = call.request.params.get("callback")
    if not callback or response.content_type != JSON or response.status != 200:
        return response
    body = str(callback).encode() + b"(" + response.body + b")"
    return replace(response, body=body, content_type=JAVASCRIPT)
