"""The app: every way in, put together."""

from datetime import UTC
from functools import cache

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute

from fieldhouse.protocol import Request
from fieldhouse.web import api, entrance, health, pages, problems, static, thingspeak
from fieldhouse.web.access import Scope
from fieldhouse.web.api.described import describe_access
from fieldhouse.web.guard import Guard
from fieldhouse.web.served import Served

__all__ = ["create_app"]

_DESCRIPTION = "What a Fieldhouse warehouse holds: channels, readings, periods, analyses."


def create_app(served: Served) -> FastAPI:
    """An ASGI app that answers for a warehouse; it opens and closes nothing."""
    app = FastAPI(
        title="Fieldhouse",
        description=_DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.served = served
    problems.add_to(app)
    app.router.routes += _rooms() + _of_thingspeak(served)
    describe_access(app)
    app.add_middleware(Guard, served=served)
    return app


@cache
def _rooms() -> list[BaseRoute]:
    """The same for every app: what each takes is worked out once, when the first app is asked."""
    whole = APIRouter()
    for room in (health, static, entrance, api, pages):
        whole.include_router(room.router)
    return whole.routes


def _of_thingspeak(served: Served) -> list[BaseRoute]:
    """ThingSpeak's endpoints; what writes, and what other sites may read, shows a token itself."""

    def has(scope: Scope, request: Request) -> bool:
        visitor = served.tokens.visitor(request.api_key or "", served.clock())
        return visitor is not None and scope in visitor.scopes

    return thingspeak.routes(
        served.warehouse,
        may_write=(lambda request, _: has(Scope.WRITE, request)) if served.rules.writes else None,
        may_share=lambda request: has(Scope.READ, request),
        written=served.jobs.analyse_soon,
        clock=lambda: served.clock().replace(tzinfo=UTC).timestamp(),
        threads=served.threads.devices,
    )
