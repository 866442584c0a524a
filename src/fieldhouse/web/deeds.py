"""Rules about readings, made and undone as jobs: in one way, for pages and the API."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from fieldhouse import corrections
from fieldhouse.corrections import Made, Removed, Rule
from fieldhouse.errors import FieldhouseError
from fieldhouse.parts import Parts
from fieldhouse.state import Run
from fieldhouse.web.jobs import Job, Jobs

__all__ = ["Deed", "make", "remove"]

T = TypeVar("T")


@dataclass(slots=True)
class Deed(Generic[T]):
    """A job that has begun, and what it has come to once it has ended."""

    job: Job = field(init=False)
    result: T | None = None
    error: FieldhouseError | None = None

    def wait(self, seconds: float) -> T | None:
        """The result; None as long as there is none. Raises what the job failed by."""
        self.job.wait(seconds)
        if self.error:
            raise self.error
        return self.result


def make(jobs: Jobs, rule: Rule, *, reason: str, by: str) -> Deed[Made]:
    """Make a rule, and apply it. Raises WarehouseUnavailable where no job can be begun."""
    corrections.kept_text(reason, "a reason")  # what is none is refused at once, and begins nothing

    def work(parts: Parts) -> Made:
        return corrections.make(parts.warehouse, rule, reason=reason, by=by, now=parts.clock())

    def said(made: Made) -> str:
        beyond = f", {made.beyond:,} of them to a value that is none" if made.beyond else ""
        return (
            f"Rule {made.correction_id} changed {made.readings:,} readings{beyond}."
            " Aggregates and quality are up to date."
        )

    return _begun(jobs, "correct", rule.channel_id, work, said)


def remove(jobs: Jobs, channel_id: int, number: int, *, by: str) -> Deed[Removed]:
    """Undo a rule of a channel. Raises WarehouseUnavailable where no job can be begun."""

    def work(parts: Parts) -> Removed:
        return corrections.remove(parts.warehouse, number, by=by, now=parts.clock())

    def said(gone: Removed) -> str:
        archived = (
            f" Aggregates from before {gone.archived_before:%Y-%m-%d} are archived, and stay."
            if gone.archived_before
            else ""
        )
        return f"Rule {number} is undone: {gone.readings:,} readings changed back.{archived}"

    return _begun(jobs, "undo", channel_id, work, said)


def _begun(
    jobs: Jobs,
    kind: str,
    channel_id: int,
    work: Callable[[Parts], T],
    said: Callable[[T], str],
) -> Deed[T]:
    deed: Deed[T] = Deed()

    def carried_out(parts: Parts, job: Job) -> list[Run]:
        try:
            deed.result = result = work(parts)
        except FieldhouseError as error:
            deed.error = error
            raise
        job.lines.append(said(result))
        return []

    deed.job = jobs.carry_out(kind, [channel_id], carried_out)
    return deed
