"""What stands before every request: whose host, who is there, how much, and from where.

A guard of plain ASGI, so that streams stay streams. It lets nothing by but what is open to all,
unless it knows a visitor who may read; what more a route needs, the route says (`served.needs`).
"""

import re
from http.cookies import SimpleCookie
from ipaddress import ip_address
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from fieldhouse.errors import FieldhouseError
from fieldhouse.protocol import KEY_HEADERS, KEYS
from fieldhouse.web import access
from fieldhouse.web.limits.measures import Rates, Reading, Sending, too_long
from fieldhouse.web.problems import answer_of, problem, wants_page
from fieldhouse.web.served import Served

__all__ = ["COOKIE", "Guard"]

COOKIE = "fieldhouse_session"
_OPEN = ("/healthz", "/readyz", "/login", "/logout", "/favicon.ico")
_OPEN_BELOW = "/static/"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_WRITING = re.compile(r"/update(\.\w+)?/?|/channels/-?\d+/bulk_update(\.\w+)?/?", re.ASCII)
"""Where devices write, by GET too, with a token that may stand in the body: it is asked for there.
Other sites' pages may not have a browser do it."""
_ASKING = re.compile(r"/api/query(\.\w+)?|/query/export\.\w+", re.ASCII)
"""Where an address has SQL carried out: no link on another site may."""
_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(
    r"(?:([a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)\.?|\[([0-9a-f:.]+)\])(?::[0-9]{1,5})?",
    re.ASCII | re.IGNORECASE,
)
"""A name or an address, and a port; whatever else stands there could be read in two ways."""
_PASSED_ON = ("forwarded", "via", "x-real-ip", "cf-connecting-ip")


class Guard:
    """Lets requests by, or answers them itself."""

    def __init__(self, app: ASGIApp, *, served: Served) -> None:
        self._app, self._served, self._rules = app, served, served.rules
        self._rates = Rates(served.rules.rate)
        self._policy = _policy(served.rules.tile_server)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD":  # answered as GET; the server sends no body
            scope = {**scope, "method": "GET"}
        if self._is_encrypted(scope):
            scope = {**scope, "scheme": "https"}
        request = HTTPConnection(scope)
        sending = Sending(send, self._headers(request))
        try:
            refused = await self._checked(request)
        except FieldhouseError as error:
            refused = answer_of(request, 503, str(error), retry=5)
        if refused is not None:
            await refused(scope, receive, sending)
            return
        reading = Reading(receive, self._most_bytes(scope["path"]), self._rules.seconds)
        await self._app(scope, reading, sending)

    def _is_encrypted(self, scope: Scope) -> bool:
        """Whether a proxy that we believe says that its client came by TLS."""
        request = HTTPConnection(scope)
        if _client(request) not in self._rules.proxies:
            return False
        return request.headers.getlist("x-forwarded-proto") == ["https"]

    async def _checked(self, request: HTTPConnection) -> Response | None:
        """None: it may go on, with its visitor; else what it is answered."""
        if not self._is_our_host(request):
            return problem(421, "not the name of this server: name it with --host-name")
        if refused := self._checked_length(request):
            return refused
        visitor = await self._visitor(request)
        request.state.visitor = visitor or access.Visitor("nobody", frozenset())
        key = _key(visitor) if visitor else f"from {_client(request)}"
        if not self._is_machines(request) and not self._rates.take(key):
            return answer_of(request, 429, "too many requests: a few a second will do", retry=2)
        return self._checked_visitor(request, visitor)

    def _checked_length(self, request: HTTPConnection) -> Response | None:
        """Refuse at once what says that it is too long, and what says its length in two ways."""
        told = request.headers.get("content-length")
        if told is None:
            return None
        most = self._most_bytes(request.scope["path"])
        if "transfer-encoding" in request.headers:
            refused = problem(400, "a request's body has a length or comes in parts, not both")
        elif int(told) > most:  # the server has made sure that it is a number
            refused = answer_of(request, 413, too_long(most))
        else:
            return None
        refused.headers["Connection"] = "close"
        return refused

    def _checked_visitor(
        self, request: HTTPConnection, visitor: access.Visitor | None
    ) -> Response | None:
        path = request.scope["path"]
        is_open = path in _OPEN or path.startswith(_OPEN_BELOW) or bool(_WRITING.fullmatch(path))
        if visitor is None and not is_open:
            return self._stranger(request)
        if not self._is_own(request, visitor):
            line = "another site's page has asked for this: open ours, and ask there"
            return answer_of(request, 403, line)
        if is_open or (visitor and access.Scope.READ in visitor.scopes):
            return None
        return answer_of(request, 403, "this needs a token with the scope read")

    def _is_our_host(self, request: HTTPConnection) -> bool:
        """A page of another name that resolves to this machine is none of ours (DNS rebinding).

        An address needs no name server, so that none can turn it to another machine.
        """
        given = request.headers.getlist("host")
        if len(given) != 1:
            return False
        name = _host_name(given[0])
        return name in _MACHINE or name in self._rules.hosts or _is_address(name)

    def _is_machines(self, request: HTTPConnection) -> bool:
        """Whether a request comes from this machine, to it, and past no proxy."""
        return (
            self._rules.trusts_machine
            and _is_loopback(_client(request))
            and _host_name(request.headers.get("host", "")) in _MACHINE
            and _client(request) not in self._rules.proxies
            and not any(
                name in _PASSED_ON or name.startswith("x-forwarded") for name in request.headers
            )
        )

    async def _visitor(self, request: HTTPConnection) -> access.Visitor | None:
        if text := _shown_token(request):
            now = self._served.clock()
            found = await run_in_threadpool(self._served.tokens.visitor, text, now)
            if found or not self._is_machines(request):
                return found
        secret = _cookies(request.headers).get(COOKIE)
        if secret and (found := await self._of_session(secret)):
            return found
        if named := self._let_in_by_proxy(request):
            return named
        if self._is_machines(request):
            return access.Visitor("this machine", frozenset(access.Scope))
        return None

    async def _of_session(self, secret: str) -> access.Visitor | None:
        sessions, now = self._served.sessions, self._served.clock()
        return await run_in_threadpool(sessions.visitor, secret, self._served.tokens, now)

    def _let_in_by_proxy(self, request: HTTPConnection) -> access.Visitor | None:
        header = self._rules.user_header
        if not header or _client(request) not in self._rules.proxies:
            return None
        names = request.headers.getlist(header)
        if len(names) != 1 or not names[0].strip():
            return None
        return access.Visitor(names[0].strip()[:100], self._rules.user_scopes)

    def _is_own(self, request: HTTPConnection, visitor: access.Visitor | None) -> bool:
        """Whether no other site's page has had the browser ask (CSRF); links may be followed."""
        if visitor is not None and not visitor.is_ambient:
            return True
        site = request.headers.get("sec-fetch-site")
        if request.scope["method"] in _SAFE and not _WRITING.fullmatch(request.scope["path"]):
            is_own = site in (None, "same-origin", "none")
            return is_own or (_is_visit(request) and not _ASKING.fullmatch(request.scope["path"]))
        if site is not None and site not in ("same-origin", "none"):
            return False
        origin = request.headers.get("origin")
        if origin is None:
            return site is not None or visitor is None or visitor.session is None
        return urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()

    def _stranger(self, request: HTTPConnection) -> Response:
        if request.scope["method"] == "GET" and wants_page(request):
            return RedirectResponse(f"/login?next={quote(_without_keys(request), safe='')}", 303)
        refused = problem(401, "this needs a token: Authorization: Bearer fh_…")
        refused.headers["WWW-Authenticate"] = "Bearer"
        return refused

    def _most_bytes(self, path: str) -> int:
        rules = self._rules
        if path == "/import":
            return rules.most_file_bytes
        return rules.most_written_bytes if _WRITING.fullmatch(path) else rules.most_bytes

    def _headers(self, request: HTTPConnection) -> dict[str, str]:
        headers = {
            "Content-Security-Policy": self._policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Frame-Options": "DENY",
        }
        if request.url.scheme == "https":
            headers["Strict-Transport-Security"] = "max-age=31536000"
        return headers


def _policy(tile_server: str | None) -> str:
    tiles = ""
    if tile_server:
        parts = urlsplit(tile_server)
        tiles = f" {parts.scheme}://{parts.netloc}"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        f" img-src 'self' data:{tiles}; font-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    )


def _client(request: HTTPConnection) -> str:
    """The address that asks; one of IPv4 as such, whatever socket it came by."""
    return request.client.host.removeprefix("::ffff:") if request.client else ""


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _host_name(text: str) -> str:
    """The name in a Host header, without its port and an address's brackets; none: ``""``."""
    found = _HOST.fullmatch(text)
    return (found[1] or found[2]).lower() if found else ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_visit(request: HTTPConnection) -> bool:
    """Whether a person goes to a page, and no page has it fetched or embedded."""
    mode, kind = (request.headers.get(f"sec-fetch-{what}") for what in ("mode", "dest"))
    return mode == "navigate" and kind == "document"


def _key(visitor: access.Visitor) -> str:
    """Whose requests are counted together."""
    return f"token {visitor.token_id}" if visitor.token_id else f"named {visitor.name}"


def _without_keys(request: HTTPConnection) -> str:
    """An address on this server as it may be shown."""
    given = parse_qsl(request.url.query, keep_blank_values=True)
    query = urlencode([(name, value) for name, value in given if name not in KEYS])
    path: str = request.scope["path"]
    return f"{path}?{query}" if query else path


def _shown_token(request: HTTPConnection) -> str | None:
    """A token as programs show it; ThingSpeak's clients have their own places for keys."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and text.strip():
        return text.strip()
    for name in KEY_HEADERS:
        if given := request.headers.get(name):
            return given.strip()
    keys = (request.query_params.get(name) for name in KEYS)
    return next(filter(None, keys), None)


def _cookies(headers: Headers) -> dict[str, str]:
    try:
        return {key: one.value for key, one in SimpleCookie(headers.get("cookie", "")).items()}
    except Exception:  # what a stranger writes there may be anything
        return {}
