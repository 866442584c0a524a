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
_COMMON = ("tz", "separator", "decimal_comma", "bom")
"""Parameters that every table takes; told once."""


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
    common: dict[str, _Parameter] = {}
    channel = _some_channel(served)
    for path, operations in described["paths"].items():
        if "{form}" in path:
            continue
        for method, operation in operations.items():
            parameters = [_parameter(one) for one in operation.get("parameters", [])]
            common |= {one.name: one for one in parameters if one.name in _COMMON}
            made = _endpoint(method, path, operation, channel)
            groups.setdefault(operation["tags"][0], []).append(made)
    return rendered(request, "api.html", groups=groups, common=list(common.values()))


def _some_channel(served: Served) -> int:
    """A channel that examples can be about."""
    numbers: list[int] = served.warehouse.query("channels")["ChannelID"].to_pylist()
    return min((n for n in numbers if n > 0), default=_CHANNEL)


def _endpoint(method: str, path: str, operation: dict[str, Any], channel: int) -> _Endpoint:
    given = operation.get("parameters", [])
    parameters = tuple(
        _parameter(one) for one in given if one["in"] == "query" and one["name"] not in _COMMON
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
    return _Endpoint(
        method.upper(), path, operation.get("description", "").replace("`", ""), parameters, example
    )


def _parameter(one: dict[str, Any]) -> _Parameter:
    about = one.get("description", "").replace("`", "")
    return _Parameter(one["name"], about, bool(one.get("required")))


def _value(parameter: dict[str, Any], channel: int) -> Any:
    if parameter["name"] == "channel":
        return channel
    schema = parameter["schema"]
    return (schema.get("examples") or parameter.get("examples") or [""])[0]
