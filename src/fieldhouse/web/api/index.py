"""The API on a page: what there is to ask, made from its own description."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from fieldhouse.web.rendering import rendered
from fieldhouse.web.served import House, Served

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
_CHANNEL = 9


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str
    about: str
    is_required: bool


@dataclass(frozen=True, slots=True)
class _Endpoint:
    method: str
    path: str
    about: str
    parameters: tuple[_Parameter, ...]
    example: str | None
    """An address that can be opened; none for what does things."""


@router.get("/api")
def index(request: Request, served: House) -> Response:
    """What there is to ask, each with an example."""
    described = request.app.openapi()
    groups: dict[str, list[_Endpoint]] = {}
    channel = _some_channel(served)
    for path, operations in described["paths"].items():
        if "{form}" in path:
            continue
        for method, operation in operations.items():
            made = _endpoint(method, path, operation, channel)
            groups.setdefault(operation["tags"][0], []).append(made)
    return rendered(request, "api.html", groups=groups)


def _some_channel(served: Served) -> int:
    """A channel that examples can be about."""
    numbers: list[int] = served.warehouse.query("channels", served.limits())[
        "ChannelID"
    ].to_pylist()
    return min((n for n in numbers if n > 0), default=_CHANNEL)


def _endpoint(method: str, path: str, operation: dict[str, Any], channel: int) -> _Endpoint:
    given = operation.get("parameters", [])
    parameters = tuple(
        _Parameter(one["name"], one.get("description", ""), bool(one.get("required")))
        for one in given
        if one["in"] == "query"
    )
    example = None
    if method == "get" and "{number}" not in path:
        needed = [
            (one["name"], _value(one, channel))
            for one in given
            if one["in"] == "query" and one.get("required")
        ]
        query = f"?{urlencode(needed, doseq=True)}" if needed else ""
        example = path.replace("{channel}", str(channel)) + query
    return _Endpoint(method.upper(), path, operation.get("description", ""), parameters, example)


def _value(parameter: dict[str, Any], channel: int) -> Any:
    if parameter["name"] == "channel":
        return channel
    schema = parameter["schema"]
    return (schema.get("examples") or parameter.get("examples") or [""])[0]
