"""Jobs: what goes on beside the answering, begun and stopped by people."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from fieldhouse.errors import ConfigurationError
from fieldhouse.names import find_channels
from fieldhouse.polled import require_polled
from fieldhouse.state import BEGINNING, END, Span
from fieldhouse.web.access import Scope
from fieldhouse.web.jobs import Job
from fieldhouse.web.pages.shared import Given, Posted, done, given_in, show, zone_of
from fieldhouse.web.served import House, Served, needs

__all__ = ["led_to", "router"]

router = APIRouter()
_OPERATE = [needs(Scope.OPERATE)]
_PATIENCE = 2.0
"""Seconds that a page waits for a job, most of which end sooner."""


def led_to(request: Request, job: Job, address: str) -> Response:
    """Lead on to what came of a job that ends at once, else to the page of the job."""
    if not job.wait(_PATIENCE):
        return done(request, f"/jobs/{job.number}", "It has begun, and goes on beside this.")
    if job.error:
        return done(request, f"/jobs/{job.number}", job.error, is_error=True)
    failed = [run.error for run in job.runs if run.outcome != "success" and run.error]
    if failed or len(job.lines) > 1 or not job.lines:
        line = failed[0] if failed else "It has ended; this is what came of it."
        return done(request, f"/jobs/{job.number}", line, is_error=bool(failed))
    return done(request, address, job.lines[0])


@router.get("/jobs")
def jobs_page(request: Request, served: House) -> Response:
    """What goes on, and the last that have ended."""
    return _page(request, served, given_in(request))


def _page(request: Request, served: Served, given: Given) -> Response:
    jobs = served.jobs.all()
    return show(request, "jobs.html", given=given, jobs=jobs, now=served.clock())


@router.get("/jobs/{number}")
def job_page(request: Request, served: House, number: int) -> Response:
    """One job, and what came of each channel."""
    job = _found(served, number)
    return show(request, "job.html", job=job, names=_names(served), now=served.clock())


def _names(served: Served) -> dict[int, Any]:
    rows = served.warehouse.query("channels").to_pylist()
    return {row["ChannelID"]: row["ChannelName"] for row in rows}


def _found(served: Served, number: int) -> Job:
    if job := served.jobs.number(number):
        return job
    raise HTTPException(404, f"there is no job {number}, or it is forgotten")


@router.post("/jobs/run", dependencies=_OPERATE)
def run(request: Request, served: House, given: Posted) -> Response:
    """Copy what is new of some channels, or read a span of them again."""
    words = given.text("words").replace(",", " ").split()
    numbers: Sequence[int] = ()
    try:
        numbers = _numbers(served, words)
    except ConfigurationError as error:
        given.refuse("words", error)
    again = _again(request, given)
    if given.errors:
        return _page(request, served, given)
    job = served.jobs.start(numbers, kind="backfill" if again else "run", again=again)
    return led_to(request, job, "/jobs")


def _numbers(served: Served, words: Sequence[str]) -> Sequence[int]:
    if not words:
        return require_polled(served.settings, served.warehouse)
    found = find_channels(served.warehouse, words)
    if of_files := [number for number in found if number < 0]:
        raise ConfigurationError(
            f"{of_files[0]} is a channel of files, of which ThingSpeak has nothing"
        )
    return found


def _again(request: Request, given: Given) -> Span | None:
    """The span that is to be read again, if one is named."""
    zone, now = zone_of(request, given), request.app.state.served.clock()

    start, until = given.span(zone, now)
    if not (start or until) or given.errors:
        return None
    return Span(start or BEGINNING, until or END)


@router.post("/jobs/{number}/stop", dependencies=_OPERATE)
def stop(request: Request, served: House, number: int) -> Response:
    """Have a job end soon; what was read is written."""
    job = _found(served, number)
    job.stop()
    job.wait(_PATIENCE)
    return done(request, f"/jobs/{number}", "It ends; what was read is kept.")
