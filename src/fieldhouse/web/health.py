"""Whether the process lives, whether it can answer, and its metrics: for those who watch over it.

Metrics tell of channels: they are asked for from this machine, or with a token that may read.
"""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response

from fieldhouse.errors import FieldhouseError
from fieldhouse.warehouse import Limits
from fieldhouse.watch import exposing
from fieldhouse.web.served import House

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
_PATIENCE = 2.0


@router.get("/healthz")
async def alive() -> PlainTextResponse:
    """Answers as long as the process does."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def ready(served: House) -> PlainTextResponse:
    """Whether the warehouse answers, within two seconds; 503 if not; why, the log says."""
    try:
        served.warehouse.query("requests_on", Limits(_PATIENCE), day=served.clock().date())
    except FieldhouseError:
        return PlainTextResponse("the warehouse does not answer\n", 503)
    return PlainTextResponse("ready\n")


@router.get("/metrics")
def metrics(served: House) -> Response:
    """What happened and how all stands, as Prometheus reads it."""
    return Response(exposing.text_of(served.metrics), media_type=exposing.MEDIA_TYPE)
