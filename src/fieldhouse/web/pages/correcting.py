"""The rules about a channel's readings: made after a look at what they would do, and undone."""

from decimal import Decimal
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from fieldhouse import corrections, ruletexts
from fieldhouse.conditions import EVERY, condition_of
from fieldhouse.corrections import Kind, Rule
from fieldhouse.errors import ConfigurationError
from fieldhouse.names import field_named
from fieldhouse.state import BEGINNING, END
from fieldhouse.web import deeds
from fieldhouse.web.access import Scope
from fieldhouse.web.pages.shared import (
    Channel,
    Given,
    Posted,
    channel_of,
    given_in,
    show,
    zone_of,
)
from fieldhouse.web.pages.working import led_to
from fieldhouse.web.served import House, Served, Who, needs

__all__ = ["router"]

router = APIRouter()
_OPERATE = [needs(Scope.OPERATE)]
_KINDS: dict[str, Kind] = {"exclude": "exclude", "scale": "scale", "shift": "shift"}
_SAMPLES = 10
_FORM = ("kind", "field", "from", "to", "where", "scale", "offset", "shift", "reason", "tz")


@router.get("/channel/{channel_id}/corrections")
def corrections_page(request: Request, served: House, channel_id: int) -> Response:
    """The rules, and a form that the address fills in; with ``look`` what its rule would do."""
    channel = channel_of(served, channel_id)
    given = given_in(request)
    rule = _rule(request, channel, given) if given.text("look") else None
    return _page(request, served, channel, given, rule)


def _page(
    request: Request, served: Served, channel: Channel, given: Given, rule: Rule | None
) -> Response:
    rows = served.warehouse.query(
        "corrections", channel_id=channel.number, removed=True
    ).to_pylist()
    listed = [row | {"said": ruletexts.said(row), **_open(row)} for row in rows]
    return show(
        request,
        "corrections.html",
        given=given,
        channel=channel,
        rules=[row for row in listed if row["RemovedAt"] is None],
        removed=[row for row in listed if row["RemovedAt"]],
        fields=[(n, label) for n, label in sorted(channel.labels.items())],
        rule=rule,
        preview=corrections.preview(served.warehouse, rule, limit=_SAMPLES) if rule else None,
        filled=[(name, given.text(name)) for name in _FORM if given.text(name)],
    )


def _open(row: dict[str, Any]) -> dict[str, Any]:
    """The ends of a rule's span; None is open."""
    return {
        "start": None if row["SpanStart"] == BEGINNING else row["SpanStart"],
        "end": None if row["SpanEnd"] == END else row["SpanEnd"],
    }


def _rule(request: Request, channel: Channel, given: Given) -> Rule | None:
    """The rule that is filled in; None if something is wrong with it, which is then told."""
    zone, now = zone_of(request, given), request.app.state.served.clock()
    kind = _KINDS.get(given.text("kind", "exclude"))
    if kind is None:
        given.refuse("kind", "a rule excludes, corrects values or moves times")
    number = given.read("field", lambda word: field_named(channel.labels, word, channel.title))
    start, end = given.span(zone, now)
    where = given.read("where", condition_of) or EVERY
    own: dict[str, Any] = {}
    if kind == "scale":
        own["scale"] = _or(given.read("scale", ruletexts.factor_of), Decimal(1))
        own["offset"] = given.read("offset", ruletexts.addend_of) or Decimal(0)
    elif kind == "shift":
        needed = "say by how much, as 1h or -90m"
        if shift := given.read("shift", ruletexts.shift_of, needed=needed):
            own["shift"] = shift
    if given.errors or kind is None:
        return None
    try:
        return Rule(channel.number, kind, number, start, end, where, **own)
    except ConfigurationError as error:
        given.refuse("rule", error)
        return None


def _or(number: Decimal | None, default: Decimal) -> Decimal:
    return default if number is None else number


@router.post("/channel/{channel_id}/corrections", dependencies=_OPERATE)
def make(request: Request, served: House, visitor: Who, channel_id: int, given: Posted) -> Response:
    """Make the rule that was looked at."""
    channel = channel_of(served, channel_id)
    rule = _rule(request, channel, given)
    reason = given.read("reason", str, needed="say why: it is kept with the rule")
    if rule is None or reason is None:
        return _page(request, served, channel, given, rule)
    deed = deeds.make(served.jobs, rule, reason=reason, by=visitor.name)
    return led_to(request, deed.job, f"/channel/{channel_id}/corrections")


@router.post("/channel/{channel_id}/corrections/{number}/remove", dependencies=_OPERATE)
def remove(request: Request, served: House, visitor: Who, channel_id: int, number: int) -> Response:
    """Undo a rule."""
    channel = channel_of(served, channel_id)
    rows = served.warehouse.query("corrections", channel_id=channel.number)
    if number not in rows["CorrectionID"].to_pylist():
        raise HTTPException(404, f"{channel.title} has no rule {number}, or it is removed")
    deed = deeds.remove(served.jobs, channel_id, number, by=visitor.name)
    return led_to(request, deed.job, f"/channel/{channel_id}/corrections")
