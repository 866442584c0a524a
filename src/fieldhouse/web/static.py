"""What pages are made of besides their text: scripts and styles, under addresses that never lie."""

from functools import cache
from importlib.resources import files
from mimetypes import guess_type

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


@router.get("/static/{digest}/{name}")
async def file(digest: str, name: str) -> Response:
    """A file; ``digest`` is that of its content (`rendering.static_address`), or it is gone."""
    from fieldhouse.web.rendering import static_address

    if name not in _names() or static_address(name) != f"/static/{digest}/{name}":
        raise HTTPException(404, "there is no such file")
    content = (files("fieldhouse.web") / "static" / name).read_bytes()
    kind = guess_type(name)[0] or "application/octet-stream"
    return Response(content, media_type=kind, headers=_FOR_EVER)


@router.get("/favicon.ico")
async def icon() -> Response:
    """What browsers ask for unasked."""
    content = (files("fieldhouse.web") / "static" / "icon.svg").read_bytes()
    return Response(content, media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})


@cache
def _names() -> frozenset[str]:
    return frozenset(file.name for file in (files("fieldhouse.web") / "static").iterdir())
