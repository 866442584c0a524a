"""Every channel, with what is newest of it."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from fieldhouse.web.rendering import rendered
from fieldhouse.web.served import House

__all__ = ["router"]

router = APIRouter()


@router.get("/")
def overview(request: Request, served: House) -> Response:
    """All channels."""
    rows = served.warehouse.query("status", served.limits()).to_pylist()
    return rendered(request, "overview.html", channels=rows)
