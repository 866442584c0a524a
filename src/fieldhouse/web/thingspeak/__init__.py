"""ThingSpeak's own endpoints over a warehouse: a client works by changing its base URL.

The endpoints are the protocol's, the same that the simulator serves; see ``docs/protocol.md`` for
what differs from ThingSpeak and why. Who may ask at all is decided in front of them.
"""

import logging
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from dataclasses import replace
from functools import partial
from typing import TypeVar

import anyio
import anyio.to_thread
from starlette.requests import Request as HTTPRequest
from starlette.responses import Response as HTTPResponse
from starlette.responses import StreamingResponse
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from fieldhouse.errors import FieldhouseError
from fieldhouse.protocol import Request, Response, Route, answer, routed
from fieldhouse.protocol.exchange import error
from fieldhouse.protocol.routes import FEEDS, LISTINGS
from fieldhouse.warehouse import Warehouse
from fieldhouse.web.limits.threads import Threads
from fieldhouse.web.thingspeak import receiving

__all__ = ["MayShare", "MayWrite", "routes"]

T = TypeVar("T")

_log = logging.getLogger(__name__)

MayWrite = Callable[[Request, int | None], bool]
"""Whether a request may write to a channel, or make one (None); its key is ``request.api_key``."""
MayShare = Callable[[Request], bool]
"""Whether a page of any other site may see the answer."""

_MOST_BYTES = 16_000_000
"""Of a request's body."""
_RETRY = 5
"""Seconds after which a device does well to send again."""
_AT_ONCE = 1_000_000
"""Bytes of an answer that is sent whole, with its length; what is longer is streamed."""


def routes(
    house: Warehouse,
    *,
    may_write: MayWrite | None = None,
    may_share: MayShare = lambda _: False,
    written: Callable[[int], object] = lambda _: None,
    clock: Callable[[], float] = time.time,
    threads: anyio.CapacityLimiter | None = None,
) -> list[BaseRoute]:
    """The endpoints, for an application of Starlette's or FastAPI's.

    Without ``may_write`` nothing can be written. It is asked in a thread, and must go by a secret
    of the request's own: a form or a picture on any page of the web can ask for `/update`.
    ``may_share`` allows JSONP and cross-origin reading, by which any page that is open in a browser
    could read as that browser's user: for keys in the address, or a warehouse that is public.
    ``written`` is told the channel after a write, so that its periods are refreshed.
    ``clock``: unix seconds. ``threads``: how much goes on here at a time, a default of its own.
    """
    limiter = threads or Threads().devices
    return [_Endpoints(house, may_write, may_share, written, clock, limiter)]


def _with_extension(route: Route) -> Route:
    """The same with its extension: without one the path is that of a page for people."""
    return replace(route, path=route.path.removesuffix("?"))


_READS = (*FEEDS, *map(_with_extension, LISTINGS))


class _Endpoints(BaseRoute):
    """All endpoints, told by the protocol's own table."""

    def __init__(
        self,
        house: Warehouse,
        may_write: MayWrite | None,
        may_share: MayShare,
        written: Callable[[int], object],
        clock: Callable[[], float],
        threads: anyio.CapacityLimiter,
    ) -> None:
        self._house, self._may_write, self._may_share = house, may_write, may_share
        self._written, self._clock, self._threads = written, clock, threads
        self._routes = _READS if may_write is None else (*_READS, *receiving.ROUTES)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request's path is one of ours, whatever its method."""
        if scope["type"] != "http":
            return Match.NONE, {}
        is_ours = next(routed(self._routes, _path(scope)), None) is not None
        return (Match.FULL, {"endpoint": self.handle}) if is_ours else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; the warehouse is asked in threads."""
        http = HTTPRequest(scope, receive)
        body = await _body(http)
        if body is None:
            response = _sent(error(413), None)
        else:
            request = _understood(scope, body)
            is_shared, made, rest = await self._in_thread(self._answer, request)
            left = None if rest is None or scope["method"] == "HEAD" else self._parts(made, rest)
            response = _sent(made, left, is_shared=is_shared)
        await response(scope, receive, send)

    async def _in_thread(self, work: Callable[..., T], *given: object) -> T:
        return await anyio.to_thread.run_sync(work, *given, limiter=self._threads)

    async def _parts(self, begun: Response, rest: Iterator[bytes]) -> AsyncIterator[bytes]:
        """The parts of an answer, each made in a thread when the one before was taken."""
        try:
            yield begun.body
            while (part := await self._in_thread(next, rest, None)) is not None:
                yield part
        finally:  # whoever asked may have gone: what is read for it ends at once
            if isinstance(rest, Generator):
                rest.close()

    def _answer(self, request: Request) -> tuple[bool, Response, Iterator[bytes] | None]:
        """Whether other sites may see an answer, its beginning, and what is still to come of it."""
        try:
            is_shared = self._may_share(request)
            if request.text("callback") and not is_shared:
                return is_shared, error(401), None
            return is_shared, *self._asked(request)
        except FieldhouseError as problem:
            _log.warning("cannot answer %s: %s", request.path, problem)
            return False, _failed(problem, _format(request)), None

    def _asked(self, request: Request) -> tuple[Response, Iterator[bytes] | None]:
        may_write = partial(self._may_write, request) if self._may_write else lambda _: False
        held = receiving.Receiver(self._house, lambda: int(self._clock()), may_write, self._written)
        return _begun(answer(held, request, self._routes))


def _failed(problem: FieldhouseError, format: str) -> Response:
    """The answer to what could not be done, and when to ask again, if that helps."""
    if not problem.transient:
        return error(500, format)
    again = error(503, format)
    return replace(again, headers=(*again.headers, ("Retry-After", str(_RETRY))))


def _format(request: Request) -> str:
    return request.path.rpartition(".")[2]


def _begun(response: Response) -> tuple[Response, Iterator[bytes] | None]:
    parts = iter(response.parts)
    begin, size = [response.body], len(response.body)
    for part in parts:
        begin.append(part)
        size += len(part)
        if size >= _AT_ONCE:
            return replace(response, body=b"".join(begin), parts=()), parts
    return replace(response, body=b"".join(begin), parts=()), None


def _sent(
    response: Response, parts: AsyncIterator[bytes] | None, *, is_shared: bool = False
) -> HTTPResponse:
    headers = {"X-Content-Type-Options": "nosniff", **dict(response.headers)}
    is_good = response.status < 300
    headers["Cache-Control"] = "max-age=0, private, must-revalidate" if is_good else "no-cache"
    if is_shared:
        headers["Access-Control-Allow-Origin"] = "*"
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # a script of JSONP's, for one
    kind = response.content_type
    if parts is None:
        return HTTPResponse(response.body, response.status, headers, kind)
    return StreamingResponse(parts, response.status, headers, kind)


def _path(scope: Scope) -> str:
    """The path below what the application is mounted at."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


async def _body(http: HTTPRequest) -> bytes | None:
    """A request's body; None if it is too large."""
    body = bytearray()
    if http.method == "POST":
        async for part in http.stream():
            body += part
            if len(body) > _MOST_BYTES:
                return None
    return bytes(body)


def _understood(scope: Scope, body: bytes) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    return Request(method, _path(scope), scope["query_string"].decode("latin-1"), headers, body)
