"""Pages out of templates; every text of a person's is escaped, and so are ours."""

from datetime import datetime, tzinfo
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, Response

from fieldhouse.errors import ConfigurationError
from fieldhouse.report.figure import instant_of
from fieldhouse.report.markup import joined
from fieldhouse.report.ticks import number_text, time_text, zone_text
from fieldhouse.report.words import clean
from fieldhouse.web.ages import age_text, length_text
from fieldhouse.web.reader import as_packed, chosen_zone, zone_for
from fieldhouse.web.static import static_address

__all__ = ["CHANNEL_PAGES", "PAGES", "page_of", "rendered"]

PAGES = (
    ("/", "Channels"),
    ("/map", "Map"),
    ("/query", "Query"),
    ("/runs", "Runs"),
    ("/jobs", "Jobs"),
    ("/manage", "Manage"),
)
"""What every page leads to: addresses, and what they are called."""
CHANNEL_PAGES = (
    ("", "Plots"),
    ("/readings", "Readings"),
    ("/rhythm", "Rhythm"),
    ("/trend", "Trend"),
    ("/forecast", "Forecast"),
    ("/relations", "Relations"),
    ("/hours", "Hours"),
    ("/anomalies", "Anomalies"),
    ("/quality", "Quality"),
    ("/lives", "Lives and gaps"),
    ("/texts", "Raw values"),
    ("/rejected", "Rejected"),
    ("/corrections", "Corrections"),
    ("/runs", "Runs"),
)
"""What each page of a channel leads to: what follows ``/channel/9``, and how it is called."""


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("fieldhouse.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    made.globals["static"] = static_address
    made.globals["zone_name"] = zone_text
    made.globals["pages_of_all"] = PAGES
    made.globals["channel_pages"] = CHANNEL_PAGES
    made.filters["time"] = _time
    made.filters["age"] = age_text
    made.filters["duration"] = length_text
    made.filters["iso"] = lambda at: f"{at.isoformat()}Z"
    made.filters["verbatim"] = lambda text: joined([str(text)])
    made.filters["number"] = number_text
    return made


def _shown(value: Any) -> Any:
    """None is nothing; a text loses what turns a line around or ends it, unless ``verbatim``."""
    if value is None:
        return ""
    return clean(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _time(value: datetime | None, zone: tzinfo, *, seconds: bool = False) -> str:
    return "" if value is None else time_text(instant_of(value), zone, seconds=seconds)


def rendered(request: HTTPConnection, template: str, /, **values: Any) -> Response:
    """A page; templates know ``visitor``, ``path``, ``zone`` and ``now`` besides their values."""
    return as_packed(request, HTMLResponse(page_of(request, template, **values)))


def page_of(request: HTTPConnection, template: str, /, **values: Any) -> str:
    """The same as a text."""
    served = request.app.state.served
    known = {
        "visitor": getattr(request.state, "visitor", None),
        "path": request.url.path,
        "zone": values["zone"] if "zone" in values else _zone(request),
        "zone_given": request.query_params.get("tz"),
        "now": served.clock(),
        **values,
    }
    return _environment().get_template(template).render(known)


def _zone(request: HTTPConnection) -> tzinfo:
    """The reader's; the page that tells him that his address names none has to have one, too."""
    try:
        return zone_for(request)
    except ConfigurationError:
        return chosen_zone(request)
