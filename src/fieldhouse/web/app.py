"""The app: every way in, put together."""

from fastapi import FastAPI

from fieldhouse.web import api, entrance, health, pages, problems, static
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
    for room in (health, static, entrance, api, pages):
        app.include_router(room.router)
    app.add_middleware(Guard, served=served)
    return app
