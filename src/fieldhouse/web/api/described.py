"""The API as OpenAPI describes it: what answers look like, from what the questions declare."""

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
from fastapi import APIRouter, FastAPI
from starlette.convertors import Convertor, register_url_convertor
from starlette.responses import Response

from fieldhouse.web.api.forms import MEDIA, Form
from fieldhouse.web.guard import COOKIE

__all__ = [
    "ANY_COLUMNS",
    "FORM",
    "PROBLEMS",
    "answers_of",
    "describe_access",
    "row_schema",
    "table",
]


class _ChannelConvertor(Convertor[str]):
    """A channel's number in an address, of which those of files are below 0."""

    regex = "-?[0-9]{1,10}"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("channel", _ChannelConvertor())

Endpoint = Callable[..., Any]
Schema = dict[str, Any]

_PROBLEM: Schema = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "One line: what is wrong, what would be right"},
    },
}
_WHY = {
    400: "What is asked for cannot be meant",
    401: "A token is needed",
    403: "The token has not the scope that this needs, or another site's page has asked",
    404: "There is no such thing here",
    406: "None of the accepted forms can be had",
    413: "The body is too long",
    422: "A parameter is none",
    429: "Too many requests",
    503: "The warehouse does not answer, or too much goes on: ask again",
    504: "The answer was not there in time",
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": why,
        "content": {"application/problem+json": {"schema": _PROBLEM}},
    }
    for status, why in _WHY.items()
}
ANY_COLUMNS: Schema = {"type": "object", "additionalProperties": True}
"""A row whose columns depend on the channel's fields."""
FORM = {
    "name": "form",
    "in": "path",
    "required": True,
    "description": "What the answer is written in",
    "schema": {"type": "string", "enum": list(Form)},
    "example": "csv",
}


_ACCESS: Schema = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of `fieldhouse tokens make`; none is needed on this machine",
    },
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "A browser's"},
}


def describe_access(app: FastAPI) -> None:
    """Have an app's OpenAPI say how one is let in, which no route says, but what is before all."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        described = made()
        described.setdefault("components", {})["securitySchemes"] = _ACCESS
        described["security"] = [{"token": []}, {"session": []}, {}]
        return described

    app.openapi = openapi  # type: ignore[method-assign]


def row_schema(columns: pa.Schema) -> Schema:
    """A row of these columns, as JSON's."""
    properties = {field.name: _schema_of(field.type) for field in columns}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _schema_of(kind: pa.DataType) -> Schema:
    types = pa.types
    if types.is_boolean(kind):
        return {"type": ["boolean", "null"]}
    if types.is_integer(kind):
        return {"type": ["integer", "null"]}
    if types.is_floating(kind) or types.is_decimal(kind):
        return {"type": ["number", "null"]}
    if types.is_timestamp(kind):
        return {"type": ["string", "null"], "format": "date-time"}
    if types.is_date(kind):
        return {"type": ["string", "null"], "format": "date"}
    return {"type": ["string", "null"]}


def table(
    router: APIRouter, path: str, row: Schema | pa.Schema, *, one: bool = False, tag: str
) -> Callable[[Endpoint], Endpoint]:
    """Answer a table at a path, in what a client accepts, and at the path with a form's ending."""
    schema = row_schema(row) if isinstance(row, pa.Schema) else row

    def add(endpoint: Endpoint) -> Endpoint:
        for ending in ("", ".{form}"):
            router.add_api_route(
                path + ending,
                endpoint,
                methods=["GET"],
                response_class=Response,
                responses={200: answers_of(schema, one=one), 304: _SAME},
                operation_id=endpoint.__name__ + ("_as" if ending else ""),
                openapi_extra={"parameters": [FORM]} if ending else None,
                tags=[tag],
            )
        return endpoint

    return add


_SAME: dict[str, Any] = {"description": "What you hold (If-None-Match) is the answer"}


def answers_of(row: Mapping[str, Any], *, one: bool = False) -> dict[str, Any]:
    content: dict[Form, Any] = {
        Form.JSON: {"schema": row if one else {"type": "array", "items": row}},
        Form.CSV: {"schema": {"type": "string"}},
        Form.ARROW: {"schema": {"type": "string", "format": "binary"}},
        Form.JSONL: {"schema": {"type": "string"}},
    }
    return {
        "description": "The rows, in the form that was asked for",
        "content": {MEDIA[form]: content[form] for form in Form},
        "headers": {
            "ETag": {
                "description": "The digest of an answer of up to a megabyte",
                "schema": {"type": "string"},
            },
            "Link": {
                "description": 'Where rows go on: <…>; rel="next"',
                "schema": {"type": "string"},
            },
        },
    }
