"""Pages out of templates; every text of a person's is escaped, and so are ours."""

import hashlib
from datetime import datetime, tzinfo
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse

from fieldhouse.report.figure import instant_of
from fieldhouse.report.markup import joined
from fieldhouse.report.ticks import number_text, time_text, zone_text
from fieldhouse.report.words import clean

__all__ = ["rendered", "static_address"]


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
    made.filters["time"] = _time
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


def rendered(request: HTTPConnection, template: str, /, **values: Any) -> HTMLResponse:
    """A page; templates know ``visitor``, ``path`` and ``zone`` besides what they are given."""
    served = request.app.state.served
    known = {
        "visitor": getattr(request.state, "visitor", None),
        "path": request.url.path,
        "zone": served.zone,
        **values,
    }
    return HTMLResponse(_environment().get_template(template).render(known))


@cache
def static_address(name: str) -> str:
    """Where a file of ours is served, under an address that changes with what is in it."""
    content = (files("fieldhouse.web") / "static" / name).read_bytes()
    return f"/static/{hashlib.sha256(content).hexdigest()[:12]}/{name}"
