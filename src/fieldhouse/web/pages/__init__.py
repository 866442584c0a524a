"""The pages that people look at."""

from fastapi import APIRouter

from fieldhouse.web.pages import channel, live, overview

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
for room in (overview, channel, live):
    router.include_router(room.router)
