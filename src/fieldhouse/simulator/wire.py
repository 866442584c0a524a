"""Answers as bytes: production's headers, compression, and the faults that spoil an answer."""

from __future__ import annotations

import gzip
import json
import re
import uuid
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus

from fieldhouse.protocol import Request, Response
from fieldhouse.protocol.exchange import HTML, JSON, absent, denied, error

from .faults import Fault

_STATUSES = frozenset({"404", "429", "500", "502", "503"})
_ENTRY = re.compile(r"/(feeds?|fields?/\w+|status)/(last\w*|\d+)(\.\w+)?$")
_FIXED = (
    ("Access-Control-Allow-Headers", "origin, content-type, X-Requested-With"),
    ("Access-Control-Allow-Methods", "GET, POST, PUT, OPTIONS, DELETE, PATCH"),
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Max-Age", "1800"),
    ("Server", "nginx"),
    ("X-Frame-Options", "SAMEORIGIN"),
)
_PAGE = b"<!DOCTYPE html><html><head><title>ThingSpeak</title></head><body>Sign in</body></html>"


@dataclass(frozen=True)
class Sent:
    """What goes on the wire, and whether the connection survives it."""

    data: bytes
    close: bool = False
    drip: Fault | None = None
    """How the data comes byte by byte, if it does."""


def instead(path: str, faults: Sequence[Fault]) -> Response | None:
    """Give the answer that a fault puts in place of the real one, if one does."""
    for fault in faults:
        if fault.kind in _STATUSES:
            retry = () if fault.retry_after is None else (("Retry-After", str(fault.retry_after)),)
            return replace(error(int(fault.kind)), headers=retry)
        if fault.kind == "html":
            return Response(_PAGE, content_type=HTML)
        if fault.kind == "minus_one":
            return absent() if _ENTRY.search(path) else denied()
    return None


def spoiled(response: Response, faults: Sequence[Fault]) -> Response:
    """Do to an answer's body and type what the faults do to them."""
    for fault in faults:
        if fault.kind == "cut_json":
            kept = int(len(response.body) * fault.fraction)
            response = replace(response, body=response.body[:kept])
        elif fault.kind == "wrong_type":
            kind = HTML if response.content_type == JSON else JSON
            response = replace(response, content_type=kind)
        elif fault.kind == "no_time" and response.content_type == JSON:
            response = replace(response, body=_timeless(response.body, fault.entry_ids))
    return response


def _timeless(body: bytes, entry_ids: Collection[int]) -> bytes:
    """An answer in which some entries have no created_at."""
    answer = json.loads(body)
    if not isinstance(answer, dict):
        return body
    for entry in answer.get("feeds", [answer]):
        if entry.get("entry_id") in entry_ids:
            entry["created_at"] = None
    return json.dumps(answer).encode()


def dated(now: datetime, faults: Sequence[Fault]) -> str:
    """Write the `Date` header of an answer that is given at *now*."""
    skew = next((fault.seconds for fault in faults if fault.kind == "clock_skew"), 0.0)
    return format_datetime(now + timedelta(seconds=skew), usegmt=True)


def encode(
    request: Request, response: Response, faults: Sequence[Fault], now: datetime, *, gzip_on: bool
) -> Sent:
    """Make the bytes of an answer to an HTTP/1.1 request, dated *now*."""
    by_kind = {fault.kind: fault for fault in faults}
    sent = _encoded(request, spoiled(response, faults), faults, now, gzip_on=gzip_on)
    return replace(sent, drip=by_kind.get("drip"))


def _encoded(
    request: Request,
    response: Response,
    faults: Sequence[Fault],
    now: datetime,
    *,
    gzip_on: bool,
) -> Sent:
    by_kind = {fault.kind: fault for fault in faults}
    body, kind = response.body, response.content_type
    headers = [("Date", dated(now, faults)), ("Content-Type", kind), *_FIXED]
    headers += [("X-Request-Id", str(uuid.uuid4())), *response.headers]
    if response.status < 300:
        tag = f'"{zlib.crc32(body):08x}{len(body):08x}"'
        headers += [("ETag", tag), ("Cache-Control", "max-age=0, private, must-revalidate")]
        if request.method == "GET" and request.headers.get("if-none-match") == tag:
            return Sent(_head(304, headers))
    else:
        headers.append(("Cache-Control", "no-cache"))
    if gzip_on and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, compresslevel=1)
        headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
    if request.last or "wrong_length" in by_kind:
        extra = by_kind["wrong_length"].extra if "wrong_length" in by_kind else 0
        headers += [("Content-Length", str(len(body) + extra)), ("Connection", "close")]
        return Sent(_head(response.status, headers) + body, close=True)
    return _framed(_head(response.status, [*headers, *_CHUNKED]), body, by_kind.get("truncate"))


_CHUNKED = (("Transfer-Encoding", "chunked"),)


def _framed(head: bytes, body: bytes, truncate: Fault | None) -> Sent:
    """One chunk, as production sends; a truncated one ends early with the connection."""
    size = b"%x\r\n" % len(body)
    if truncate is not None:
        return Sent(head + size + body[: int(len(body) * truncate.fraction)], close=True)
    end = b"0\r\n\r\n"
    return Sent(b"".join((head, size, body, b"\r\n", end)) if body else head + end)


def _head(status: int, headers: Sequence[tuple[str, str]]) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
