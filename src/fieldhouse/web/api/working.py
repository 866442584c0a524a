"""Jobs: turns over channels that go on beside the answering."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from fieldhouse import names
from fieldhouse.errors import ConfigurationError
from fieldhouse.polled import require_polled
from fieldhouse.state import BEGINNING, END
from fieldhouse.state import Span as Again
from fieldhouse.web import jobs
from fieldhouse.web.access import Scope
from fieldhouse.web.api.asked import Asked
from fieldhouse.web.meant import span_of
from fieldhouse.web.served import House, Served, needs

__all__ = ["Job", "going_on", "router", "told"]

router = APIRouter(prefix="/jobs", tags=["jobs"])
_OPERATE = [needs(Scope.OPERATE)]
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]


class NewJob(BaseModel):
    """What is to be copied; a backfill with a span reads that time again."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["run", "backfill"] = "run"
    channels: list[str] | None = Field(
        None,
        max_length=10_000,
        description="Numbers, ranges, addresses or tags; by default all that are polled",
        examples=[["9"]],
    )
    start: str | None = Field(None, alias="from", max_length=60, examples=["2026-11-01"])
    end: str | None = Field(None, alias="to", max_length=60, examples=["2026-11-24"])


class ChannelRun(BaseModel):
    """What came of one channel."""

    channel_id: int
    outcome: str
    fetched: int
    inserted: int
    updated: int
    error: str | None


class Job(BaseModel):
    """A turn over some channels."""

    number: int
    kind: str
    channels: list[int]
    started_at: datetime
    ended_at: datetime | None
    error: str | None
    runs: list[ChannelRun]


@router.get("")
def list_jobs(served: House) -> list[Job]:
    """What goes on and the last that have ended, the newest first."""
    return [told(job) for job in served.jobs.all()]


@router.get("/{number}")
def job(served: House, number: Number) -> Job:
    """One of them."""
    return told(_found(served, number))


@router.post("", status_code=202, dependencies=_OPERATE)
def start_job(asked: Asked, given: NewJob, served: House) -> Job:
    """Begin a turn; it goes on beside this, and is told under its number."""
    zone, now = asked.zone, asked.now
    again = None
    if given.start is not None or given.end is not None:
        if given.kind != "backfill":
            raise ConfigurationError("from and to are of a backfill: a run fetches what is new")
        start, end = span_of(given.start or None, given.end or None, zone, now)
        again = Again(start or BEGINNING, end or END)
    return told(served.jobs.start(_channels(served, given), kind=given.kind, again=again))


@router.delete("/{number}", status_code=202, dependencies=_OPERATE)
def stop_job(served: House, number: Number) -> Job:
    """Have it end soon; what was read is written."""
    found = _found(served, number)
    found.stop()
    return told(found)


def _channels(served: Served, given: NewJob) -> list[int]:
    if given.channels is None:
        return require_polled(served.settings, served.warehouse)
    held = set(served.warehouse.query("channels")["ChannelID"].to_pylist())
    found: list[int] = []
    for word in given.channels:
        number = names.channel_number(word)
        if number is not None and number > 0:  # it may be a new one
            found.append(number)
        else:
            found += names.find_channels(served.warehouse, [word], held)
    if not found:
        raise ConfigurationError("no channel is named: write its number, as 9")
    if files := [number for number in found if number < 0]:
        raise ConfigurationError(f"channel {files[0]} is of files: no source has it")
    return found


def _found(served: Served, number: int) -> jobs.Job:
    if job := served.jobs.number(number):
        return job
    raise HTTPException(404, f"there is no job {number}, or it is forgotten")


def going_on(job: jobs.Job) -> Response:
    """The answer to what has begun and takes longer than an answer may: where it is told."""
    where = {"Location": f"/api/jobs/{job.number}"}
    content = told(job).model_dump_json()
    return Response(content, 202, where, media_type="application/json")


def told(job: jobs.Job) -> Job:
    """A job as the API tells it."""
    return Job(
        number=job.number,
        kind=job.kind,
        channels=list(job.channel_ids),
        started_at=job.started_at.replace(tzinfo=UTC),
        ended_at=job.ended_at and job.ended_at.replace(tzinfo=UTC),
        error=job.error,
        runs=[
            ChannelRun(
                channel_id=run.channel_id,
                outcome=run.outcome,
                fetched=run.fetched,
                inserted=run.inserted,
                updated=run.updated,
                error=run.error,
            )
            for run in job.runs
        ],
    )
