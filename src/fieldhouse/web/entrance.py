"""Coming in by a browser, and going out again."""

import re
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from fieldhouse.web.guard import COOKIE
from fieldhouse.web.rendering import rendered
from fieldhouse.web.served import House, Who

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
_OURS = re.compile(r"/(?![/\\])[^\x00-\x20\\]*")
"""An address on this server, and on no other."""
_MONTH = 30 * 86_400


@router.get("/login")
def ask(request: Request, next: str = "/") -> Response:
    """The page that asks for a token."""
    return rendered(request, "login.html", next=_on_this_server(next), refused=False)


@router.post("/login")
def come_in(
    request: Request,
    served: House,
    token: Annotated[str, Form(max_length=200)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Show a token; the browser gets a session's cookie, which scripts can't read."""
    now = served.clock()
    visitor = served.tokens.visitor(token.strip(), now)
    if visitor is None:
        page = rendered(request, "login.html", next=_on_this_server(next), refused=True)
        page.status_code = 401
        return page
    answer = RedirectResponse(_on_this_server(next), 303)
    answer.set_cookie(
        COOKIE,
        served.sessions.begin(visitor, now),
        max_age=_MONTH,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/logout")
def go(request: Request, served: House, visitor: Who) -> Response:
    """End the session, whatever it may."""
    if visitor.session:
        served.sessions.end(visitor.session)
    answer = RedirectResponse("/login", 303)
    is_secure = request.url.scheme == "https"
    answer.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=is_secure)
    return answer


def _on_this_server(address: str) -> str:
    return address if _OURS.fullmatch(address) else "/"
