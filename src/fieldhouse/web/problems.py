"""Errors as answers: a page for people, problem+json (RFC 9457) for programs."""

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.routing import Match

from fieldhouse.errors import (
    ConfigurationError,
    DeadlinePassed,
    FieldhouseError,
    Interrupted,
    SourceError,
    WarehouseError,
)
from fieldhouse.web.rendering import rendered

__all__ = ["add_to", "answer_of", "problem", "wants_page"]

logger = logging.getLogger(__name__)

_PROGRAMS = ("/api/", "/channels/", "/users/", "/update", "/stream/")
"""Where programs ask, whatever they say that they accept."""
_MOST_WRONG = 5
"""Of what is wrong with a request, so many are told."""


def problem(status: int, detail: str, *, retry: int | None = None) -> Response:
    """An error for a program: its status, and one line that says what would be right."""
    title = HTTPStatus(status).phrase
    content = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    headers = {"Retry-After": str(retry)} if retry else None
    text = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    return Response(text, status, headers, media_type="application/problem+json")


def answer_of(
    request: HTTPConnection, status: int, detail: str, *, retry: int | None = None
) -> Response:
    """The same, as a page if a person asks."""
    if not wants_page(request):
        return problem(status, detail, retry=retry)
    title = HTTPStatus(status).phrase
    page = rendered(request, "problem.html", status=status, title=title, detail=detail)
    page.status_code = status
    if retry:
        page.headers["Retry-After"] = str(retry)
    return page


def wants_page(request: HTTPConnection) -> bool:
    """Whether a browser asks for something to look at."""
    path: str = request.scope["path"]
    return "text/html" in request.headers.get("accept", "") and not path.startswith(_PROGRAMS)


def add_to(app: FastAPI) -> None:
    """Have an app answer all errors so."""

    async def ours(request: Request, error: Exception) -> Response:
        status, retry = _status_of(error)
        if status >= 500:
            logger.warning("%s %s: %s", request.method, _shown(request), error)
        return answer_of(request, status, str(error), retry=retry)

    async def ended(request: Request, _: Exception) -> Response:
        return answer_of(request, 503, "the server is stopping: ask again when it is back", retry=5)

    async def http(request: Request, error: Exception) -> Response:
        status = getattr(error, "status_code", 500)
        answer = answer_of(request, status, str(getattr(error, "detail", error)))
        answer.headers.update(getattr(error, "headers", None) or {})
        if status == 405:
            answer.headers["Allow"] = ", ".join(_allowed(app, request))
        return answer

    async def invalid(request: Request, error: Exception) -> Response:
        found = error.errors() if isinstance(error, RequestValidationError) else ()
        return answer_of(request, 422, _lines(found))

    async def unexpected(request: Request, error: Exception) -> Response:
        logger.error("%s %s failed", request.method, _shown(request), exc_info=error)
        detail = f"unexpected {type(error).__name__}: the server's log has more"
        return answer_of(request, 500, detail)

    app.add_exception_handler(FieldhouseError, ours)
    app.add_exception_handler(Interrupted, ended)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, unexpected)


def _allowed(app: FastAPI, request: Request) -> list[str]:
    """The methods that an address takes, whichever of its routes takes them."""
    return [
        method
        for method in ("GET", "POST", "PUT", "DELETE")
        for scope in [{**request.scope, "method": method}]
        if any(route.matches(scope)[0] is Match.FULL for route in app.routes)
    ]


def _status_of(error: Exception) -> tuple[int, int | None]:
    """The status of one of our errors, and after how many seconds to ask again."""
    if isinstance(error, ConfigurationError):
        return 400, None
    if isinstance(error, DeadlinePassed):
        return 504, None
    if isinstance(error, SourceError):
        return 502, None
    if isinstance(error, WarehouseError):
        return 503, 5 if error.transient else None
    return 500, None


def _shown(request: HTTPConnection) -> str:
    """An address in the log: of one line, and without its query, which may hold a token."""
    return quote(request.scope["path"])


def _lines(found: Sequence[Mapping[str, object]]) -> str:
    """What is wrong, the first few of it: a body may have any number of names."""
    lines = [_line(one) for one in found[:_MOST_WRONG]]
    if more := len(found) - len(lines):
        lines.append(f"and {more:,} more")
    return "; ".join(lines)


def _line(error: Mapping[str, object]) -> str:
    where = error.get("loc")
    name = ".".join(str(part) for part in where[1:]) if isinstance(where, tuple) else ""
    shown = "".join(sign if sign.isprintable() else "?" for sign in name[:60])
    return f"{shown or 'the request'}: {error.get('msg')}"
