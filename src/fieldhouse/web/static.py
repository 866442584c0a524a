"""What pages are made of besides their text: scripts and styles, under addresses that never lie."""

import gzip
import hashlib
from functools import cache
from importlib.resources import files
from mimetypes import guess_type

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from fieldhouse.report import colours

__all__ = ["router", "static_address"]

router = APIRouter(include_in_schema=False)
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_DRAWING = "zoom.js"
"""Pages are drawn by the script that reports carry."""
_COLOURS = "colours.css"
"""Theirs as well, and of whatever else a page shows."""


@cache
def static_address(name: str) -> str:
    """Where a file of ours is served, under an address that changes with what is in it."""
    return f"/static/{hashlib.sha256(_content(name)).hexdigest()[:12]}/{name}"


@router.get("/static/{digest}/{name}")
async def file(request: Request, digest: str, name: str) -> Response:
    """A file; ``digest`` is that of its content (`static_address`), or it is gone."""
    if name not in _names() or static_address(name) != f"/static/{digest}/{name}":
        raise HTTPException(404, "there is no such file")
    kind = guess_type(name)[0] or "application/octet-stream"
    headers = {**_FOR_EVER, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(_packed(name), media_type=kind, headers=headers)
    return Response(_content(name), media_type=kind, headers=headers)


@router.get("/favicon.ico")
async def icon() -> Response:
    """What browsers ask for unasked."""
    headers = {"Cache-Control": "max-age=86400"}
    return Response(_content("icon.svg"), media_type="image/svg+xml", headers=headers)


@cache
def _names() -> frozenset[str]:
    own = (file.name for file in (files("fieldhouse.web") / "static").iterdir())
    return frozenset({*own, _DRAWING, _COLOURS})


@cache
def _content(name: str) -> bytes:
    if name == _COLOURS:
        return (colours.variables() + colours.style("svg.fieldhouse")).encode()
    if name == _DRAWING:
        return (files("fieldhouse.report") / name).read_bytes()
    return (files("fieldhouse.web") / "static" / name).read_bytes()


@cache
def _packed(name: str) -> bytes:
    return gzip.compress(_content(name), 9, mtime=0)
