"""The pages that people look at."""

from fastapi import APIRouter

from fieldhouse.web.pages import overview, quality, rhythm, trend

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
for room in (overview, rhythm, quality, trend):
    router.include_router(room.router)
