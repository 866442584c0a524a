"""One request and its answer, before and after HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from . import xml

JSON = "application/json; charset=utf-8"
CSV = "text/csv; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
XML = "application/xml; charset=utf-8"
JAVASCRIPT = "text/javascript; charset=utf-8"

KEYS = ("api_key", "key", "apikey", "write_api_key")
"""Parameters in which clients show a key."""
KEY_HEADERS = ("thingspeakapikey", "x-thingspeakapikey")

_encoder = msgspec.json.Encoder()
_LONE = re.compile("[\ud800-\udc7f\udd00-\udfff]")


@dataclass(frozen=True)
class Request:
    """What a client asked, decoded; header names are in lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    last: bool = False
    """Whether the connection ends after it; so for every HTTP/1.0 client, who knows no chunks."""

    @cached_property
    def params(self) -> dict[str, Any]:
        """Query and body together, the query winning; a JSON body keeps its types."""
        query = dict(parse_qsl(self.query, keep_blank_values=True))
        return {**self._body_params(), **query}

    def _body_params(self) -> dict[str, Any]:
        if not self.body:
            return {}
        if "json" in self.headers.get("content-type", ""):
            try:
                decoded = msgspec.json.decode(self.body)
            except (msgspec.DecodeError, RecursionError):  # no JSON, or nested without end
                return {}
            return decoded if isinstance(decoded, dict) else {}
        text = self.body.decode("utf-8", "replace")
        return dict(parse_qsl(text, keep_blank_values=True))

    @property
    def api_key(self) -> str | None:
        """The key of the request, from a parameter or the header; never logged."""
        return self._key.partition("@")[0] or None

    @property
    def key_channel(self) -> str | None:
        """What a key says of the channel that it is for, as `-2` in `KEY@-2`.

        None of ThingSpeak's keys does; a device whose key is for several channels has no other
        place to name one.
        """
        return self._key.partition("@")[2] or None

    @property
    def _key(self) -> str:
        places = (self.params.get(name) for name in KEYS)
        heads = (self.headers.get(name) for name in KEY_HEADERS)
        return str(next(filter(None, (*places, *heads)), ""))

    def has(self, name: str) -> bool:
        """Whether a switch like `location=true` is on."""
        return str(self.params.get(name, "")).upper() == "TRUE"

    def text(self, name: str) -> str | None:
        """A parameter's text; None when absent, or when a JSON body has something else there."""
        value = self.params.get(name)
        return value if isinstance(value, str) else None

    def number(self, name: str) -> float | None:
        """Read a parameter as a number; None when absent or not one."""
        try:
            return float(self.params[name])
        except (KeyError, TypeError, ValueError):
            return None


@dataclass(frozen=True)
class Response:
    """An answer; what is long comes in `parts` after its `body`, made as they are taken."""

    body: bytes
    status: int = 200
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    parts: Iterable[bytes] = ()

    def whole(self) -> Response:
        """The same answer with nothing left to be made."""
        return replace(self, body=b"".join((self.body, *self.parts)), parts=())


class Refused(Exception):
    """The request ends here with the error of this status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


_ERRORS = {
    400: ("error_bad_request", "Bad Request", "The request cannot be fulfilled."),
    401: (
        "error_auth_required",
        "Authorization Required",
        "Please provide proper authentication details.",
    ),
    404: ("error_resource_not_found", "Not Found", "The requested resource was not found."),
    405: ("error_method_invalid", "Method Not Allowed", "The method is not allowed here."),
    409: ("error_conflict", "Conflict", "The request conflicts with what is there."),
    413: ("error_request_too_large", "Request Too Large", "The request is too large."),
    429: (
        "error_too_many_requests",
        "Too Many Requests",
        "Please wait before making another request.",
    ),
    500: ("error_internal", "Internal Server Error", "Something went wrong."),
    502: ("error_bad_gateway", "Bad Gateway", "The gateway got no valid answer."),
    503: ("error_service_unavailable", "Service Unavailable", "Please try again later."),
}


def error(status: int, format: str | None = None) -> Response:
    """Build the error of the documentation's table, JSON or XML; its status is a string there."""
    code, message, details = _ERRORS[status]
    body = {"error_code": code, "message": message, "details": details}
    said = {"status": str(status), "error": body}
    if format == "xml":
        return Response(xml.document("error", said), status, XML)
    return Response(dump(said), status)


def denied() -> Response:
    """Answer as a private channel's feed does without its key (recorded in production)."""
    return Response(b"-1", 400)


def absent(format: str | None = None) -> Response:
    """Answer as a single entry does when there is none, or none that may be read."""
    if format == "csv":
        return Response(b"-1", content_type=CSV)
    if format == "xml":
        return Response(xml.document("feed", {"entry_id": None}), content_type=XML)
    return Response(b'"-1"')


def data(value: Any, format: str, root: str) -> Response:
    """Answer with one object as JSON, or as XML under a root's name."""
    if format == "xml":
        return Response(xml.document(root, value), content_type=XML)
    return Response(dump(value))


def dump(value: object) -> bytes:
    """JSON bytes. Lone surrogates stay escapes; those that stand for raw bytes become the bytes."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)
        escaped = _LONE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
        return escaped.encode("utf-8", "surrogateescape")


def text_bytes(text: str) -> bytes:
    """UTF-8, in which surrogates that stand for raw bytes become the bytes again."""
    return _LONE.sub("\ufffd", text).encode("utf-8", "surrogateescape")


def _plain(row: Any) -> dict[str, Any]:
    return msgspec.structs.asdict(row)
