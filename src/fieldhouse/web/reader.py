"""Who reads a page: in which time zone, how wide, whether his browser unpacks what is packed."""

import gzip
from collections.abc import Mapping
from contextlib import suppress
from zoneinfo import ZoneInfo

from starlette.requests import HTTPConnection
from starlette.responses import Response

from fieldhouse.errors import ConfigurationError
from fieldhouse.report.page import NARROW, WIDE
from fieldhouse.times import zone_of

__all__ = ["ZONE_COOKIE", "as_packed", "chosen_zone", "widths_for", "zone_for"]

ZONE_COOKIE = "fieldhouse_zone"
"""What a reader has chosen; the page's script writes it, so it is believed only if it is a zone."""
_WORTH_IT = 1000
_LEVEL = 4
"""A page of 200 KB is packed in some milliseconds; the best would take ten times as long."""


def zone_for(request: HTTPConnection) -> ZoneInfo:
    """The zone that the address names (``tz``), or else the reader's choice, or the settings'.

    Raises ConfigurationError for an address that names none.
    """
    named = request.query_params.get("tz")
    return zone_of(named) if named else chosen_zone(request)


def chosen_zone(request: HTTPConnection) -> ZoneInfo:
    """The reader's choice, or else that of the settings."""
    with suppress(ConfigurationError):
        if chosen := request.cookies.get(ZONE_COOKIE):
            return zone_of(chosen)
    zone: ZoneInfo = request.app.state.served.settings.display_zone
    return zone


def widths_for(request: HTTPConnection) -> Mapping[str, int]:
    """The one picture that a page with a script needs first: a slim one for what is a phone.

    The script draws as wide as there is room; two of each would cost as much as the rest of a page.
    """
    is_phone = "Mobi" in request.headers.get("user-agent", "")
    return {"slim": NARROW} if is_phone else {"broad": WIDE}


def as_packed(request: HTTPConnection, answer: Response) -> Response:
    """The same answer, deflated where the client takes that."""
    answer.headers.append("Vary", "Accept-Encoding")
    accepted = request.headers.get("accept-encoding", "")
    if len(answer.body) < _WORTH_IT or "gzip" not in accepted:
        return answer
    answer.body = gzip.compress(bytes(answer.body), _LEVEL, mtime=0)
    answer.headers["Content-Encoding"] = "gzip"
    answer.headers["Content-Length"] = str(len(answer.body))
    return answer
