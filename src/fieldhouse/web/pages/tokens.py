"""The tokens that let people and programs in: made, shown once, revoked."""

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from fieldhouse.errors import ConfigurationError
from fieldhouse.web.access import Scope, lasting, made_token, scopes_of, state_of
from fieldhouse.web.pages.shared import Given, Posted, done, given_in, show
from fieldhouse.web.served import House, Served, needs

__all__ = ["router"]

_ALL = [needs(scope) for scope in Scope]
"""Who may make tokens could give himself any scope, so he has to have all."""
router = APIRouter(dependencies=_ALL)


@router.get("/tokens")
def tokens_page(request: Request, served: House) -> Response:
    """All tokens that were made."""
    return _page(request, served, given_in(request))


def _page(request: Request, served: Served, given: Given) -> Response:
    rows = served.warehouse.query("access_tokens").to_pylist()
    now = served.clock()
    for row in rows:
        del row["TokenHash"]
        row["state"] = state_of(row, now)
    shown = sorted(rows, key=lambda row: row["CreatedAt"], reverse=True)
    return show(request, "tokens.html", given=given, rows=shown, scopes=list(Scope))


@router.post("/tokens")
def make(request: Request, served: House, given: Posted) -> Response:
    """Make a token, which the next page shows this once."""
    scopes = None
    try:
        scopes = scopes_of(given.all("scope"))
    except ConfigurationError as error:
        given.refuse("scope", error)
    lasts = given.read("lasts", lasting)
    name = given.read("name", str, needed="say whose it is, or what for")
    if given.errors or not scopes or not name:
        return _page(request, served, given)
    try:
        text = made_token(served.warehouse, name, scopes, served.clock(), lasts)
    except ConfigurationError as error:
        given.refuse("name", error)
        return _page(request, served, given)
    served.tokens.look_again()
    return done(request, "/tokens", f"The token, which is not shown again: {text}")


@router.post("/tokens/{token_id}/revoke")
def revoke(request: Request, served: House, token_id: str) -> Response:
    """Take a token no more, from now on."""
    gone = served.warehouse.call("revoke_token", token_id=token_id, revoked_at=served.clock())
    if not gone["Tokens"][0].as_py():
        raise HTTPException(404, "there is no such token, or it is revoked already")
    served.tokens.look_again()
    return done(request, "/tokens", f"fh_{token_id} is taken no more.")
