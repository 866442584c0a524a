"""Which channels are copied: adding, pausing, removing and tagging them."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from fieldhouse import adding
from fieldhouse.errors import ConfigurationError
from fieldhouse.names import find_channels
from fieldhouse.parts import Parts
from fieldhouse.scheduling.fleet import run_fleet
from fieldhouse.state import Run
from fieldhouse.web.access import Scope
from fieldhouse.web.jobs import Job
from fieldhouse.web.meant import tags_of
from fieldhouse.web.pages.shared import Given, Posted, done, given_in, show
from fieldhouse.web.pages.working import led_to
from fieldhouse.web.served import House, Served, needs

__all__ = ["router"]

router = APIRouter()
_OPERATE = [needs(Scope.OPERATE)]
_LISTED = 100
"""Channels of a list of ThingSpeak's that are added at a time."""
_SHOWN = 8


@router.get("/manage")
def manage_page(request: Request, served: House) -> Response:
    """All channels that are held, with what may be done to them."""
    return _page(request, served, given_in(request))


def _page(request: Request, served: Served, given: Given) -> Response:
    rows = served.warehouse.query("channels").to_pylist()
    return show(
        request,
        "manage.html",
        given=given,
        rows=rows,
        tags=tags_of(served.warehouse),
        chosen={text for text in given.all("channel") if text.lstrip("-").isdigit()},
        busy=served.jobs.busy(),
    )


@router.post("/manage/add", dependencies=_OPERATE)
def add(request: Request, served: House, given: Posted) -> Response:
    """Add channels of ThingSpeak's, and copy them at once."""
    numbers = given.read("words", _numbers) or []
    own = given.read("called", adding.tag_of)
    user, tag = given.text("user"), given.text("of_tag")
    if not (numbers or user or tag or given.errors):
        given.refuse("words", "name channels by number, address or range, as 9 or 20001-20010")
    if given.errors:
        return _page(request, served, given)
    job = served.jobs.carry_out("add", numbers, _adding(numbers, user, tag, own))
    return led_to(request, job, "/manage")


def _numbers(text: str) -> list[int]:
    words = text.replace(",", " ").split()
    try:
        return list(dict.fromkeys(n for word in words for n in adding.numbers_of(word)))
    except ConfigurationError as error:  # less what it says of the command line
        raise ConfigurationError(str(error).partition("; ")[0]) from None


def _adding(
    numbers: Sequence[int], user: str, tag: str, own: str | None
) -> Callable[[Parts, Job], list[Run]]:
    def work(parts: Parts, job: Job) -> list[Run]:
        wanted = list(numbers)
        if user or tag:
            found = adding.listed(parts.server, user or None, tag or None)
            wanted += [int(channel["id"]) for channel in islice(found, _LISTED)]
            if not wanted:
                raise ConfigurationError("ThingSpeak lists no such channel")
        there = []
        for one in adding.added(parts, wanted, own):
            job.lines.append(one.error or f"Channel {one.number} is added: {one.name or 'no name'}")
            there += [] if one.error else [one.number]
        return run_fleet(parts, there) if there and not parts.stop.is_set() else []

    return work


@router.post("/manage/change", dependencies=_OPERATE)
def change(request: Request, served: House, given: Posted) -> Response:
    """Pause, resume, remove or tag the channels that are ticked or named."""
    deed = given.text("deed")
    chosen = given.read("named", lambda text: _found(served, text.replace(",", " ").split())) or ()
    ticked = [text for text in given.all("channel") if text.lstrip("-").isdigit()]
    try:
        numbers = list(dict.fromkeys([*chosen, *find_channels(served.warehouse, ticked)]))
    except ConfigurationError as error:
        given.refuse("named", error)
        numbers = []
    if not numbers:
        given.refuse("named", "tick channels in the table, or name them here")
    tag = None
    if deed in ("tag", "untag"):
        tag = given.read("tag", adding.tag_of, needed="write the tag, as farm")
    elif deed not in _DEEDS:
        given.refuse("deed", "choose what is to be done")
    if given.errors:
        return _page(request, served, given)
    line = _DEEDS[deed](served, numbers, tag)
    return done(request, "/manage", f"{_said(numbers)} {line}")


def _found(served: Served, words: Sequence[str]) -> tuple[int, ...]:
    return find_channels(served.warehouse, words)


def _said(numbers: Sequence[int]) -> str:
    if len(numbers) > _SHOWN:
        return f"{len(numbers):,} channels:"
    return f"Channel{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}:"


def _pause(served: Served, numbers: list[int], _: str | None) -> str:
    now = served.clock()
    served.warehouse.call("set_polled", channel_ids=numbers, is_active=True, paused_at=now)
    return "paused, until resumed."


def _resume(served: Served, numbers: list[int], _: str | None) -> str:
    served.warehouse.call("set_polled", channel_ids=numbers, is_active=True)
    return "copied again from now on."


def _remove(served: Served, numbers: list[int], _: str | None) -> str:
    served.warehouse.call("set_polled", channel_ids=numbers, is_active=False)
    return "copied no more; what is held stays."


def _tag(served: Served, numbers: list[int], tag: str | None) -> str:
    served.warehouse.call("tag_channels", channel_ids=numbers, tags=[tag])
    return f"tagged {tag}."


def _untag(served: Served, numbers: list[int], tag: str | None) -> str:
    served.warehouse.call("untag_channels", channel_ids=numbers, tags=[tag])
    return f"no longer tagged {tag}."


_DEEDS: dict[str, Callable[[Served, list[int], Any], str]] = {
    "pause": _pause,
    "resume": _resume,
    "remove": _remove,
    "tag": _tag,
    "untag": _untag,
}
