"""Which endpoint answers a request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from . import listing, reading
from .exchange import JAVASCRIPT, JSON, Refused, Request, Response, error

F = r"(?:\.(?P<format>json|xml|csv|txt))?"
C = r"/channels/(?P<id>-?\d{1,10})"
_N = r"/fields?/(?P<number>\w+)"
_CALLBACK = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*", re.ASCII)
_LONGEST = 200

Handler = Callable[..., Response]


@dataclass(frozen=True)
class Route:
    """An endpoint: the handler takes a house, the request, and what the path names."""

    method: str
    path: str
    handler: Handler
    bare: str = "json"
    """The format without an extension."""

    def named(self, path: str) -> dict[str, str] | None:
        """What a path names, if it is this endpoint's."""
        match = re.fullmatch(self.path, path.rstrip("/"), re.ASCII)
        if match is None:
            return None
        named = match.groupdict()
        if "format" in named:
            named["format"] = named["format"] or self.bare
        return named


FEEDS = (
    Route("GET", rf"{C}/feeds?/last_data_age{F}", reading.age),
    Route("GET", rf"{C}{_N}/last_data_age{F}", reading.field_age),
    Route("GET", rf"{C}/feeds?/last{F}", reading.last),
    Route("GET", rf"{C}{_N}/last{F}", reading.last_field, "txt"),
    Route("GET", rf"{C}/feeds?/(?P<entry_id>\d{{1,18}}){F}", reading.entry),
    Route("GET", rf"{C}/feeds?{F}", reading.feeds),
    Route("GET", rf"{C}{_N}{F}", reading.fields),
    Route("GET", rf"{C}/status(?:es)?/last{F}", reading.last_status),
    Route("GET", rf"{C}/status(?:es)?{F}", reading.statuses),
    Route("GET", rf"/stream{C}/feeds?(?:\.csv)?", reading.export),
)
"""What reads a channel's entries."""
_L = r"(?:\.(?P<format>json|xml))?"
LISTINGS = (
    Route("GET", rf"/channels/public{_L}", listing.public),
    Route("GET", rf"{C}{_L}", listing.settings),
    Route("GET", rf"/channels{_L}", listing.own),
    Route("GET", rf"/users/(?P<user>[^/]+?)/channels{_L}", listing.of_user),
)
"""What says which channels there are."""


def routed(routes: Sequence[Route], path: str) -> Iterator[tuple[Route, dict[str, str]]]:
    """The endpoints of a path, whatever the method, with what it names."""
    for route in routes:
        if (named := route.named(path)) is not None:
            yield route, named


def answer(house: Any, request: Request, routes: Sequence[Route]) -> Response:
    """Answer by the endpoint that the path names; 404 when none does, 405 for its method."""
    format = request.path.rpartition(".")[2]
    try:
        return _called(house, request, routes)
    except Refused as refused:
        return error(refused.status, format)


def _called(house: Any, request: Request, routes: Sequence[Route]) -> Response:
    callback, status = request.text("callback"), 404
    for route, named in routed(routes, request.path):
        if route.method == request.method:
            if callback and not is_callback(callback):
                raise Refused(400)
            response = route.handler(house, request, **named)
            return _jsonp(response, callback) if callback else response
        status = 405
    raise Refused(status)


def is_callback(text: str) -> bool:
    """Whether a script may be called so: anything else would be a script of the asker's own."""
    return len(text) <= _LONGEST and _CALLBACK.fullmatch(text) is not None


def _jsonp(response: Response, callback: str) -> Response:
    if response.content_type != JSON or response.status != 200:
        return response
    body = callback.encode() + b"(" + response.body
    return replace(response, body=body, parts=_closed(response.parts), content_type=JAVASCRIPT)


def _closed(parts: Iterable[bytes]) -> Iterator[bytes]:
    yield from parts
    yield b")"
