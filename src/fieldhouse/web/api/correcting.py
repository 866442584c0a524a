"""Corrections: the rules about readings that are wrong, made and removed."""

from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from fieldhouse import corrections, names
from fieldhouse.conditions import EVERY, condition_of
from fieldhouse.errors import ConfigurationError
from fieldhouse.state import BEGINNING, END
from fieldhouse.warehouse import Warehouse
from fieldhouse.warehouse.questions import QUERIES
from fieldhouse.web import deeds
from fieldhouse.web.access import Scope
from fieldhouse.web.api.asked import Asked
from fieldhouse.web.api.described import table
from fieldhouse.web.api.working import Job, going_on
from fieldhouse.web.limits.whole import Answer
from fieldhouse.web.meant import span_of
from fieldhouse.web.served import House, Who, needs

__all__ = ["router"]

router = APIRouter()
_OPERATE = [needs(Scope.OPERATE)]
_LONGEST = 36_525 * 86_400


class NewCorrection(BaseModel):
    """A rule about the readings of a span of time, those that come later included."""

    model_config = ConfigDict(extra="forbid")

    channel: int = Field(strict=True, ge=-(2**31) + 1, le=2**31 - 1, examples=[9])
    kind: Literal["exclude", "scale", "shift"] = Field(
        description="Take values or readings out; multiply and add; move readings in time"
    )
    field: str | None = Field(
        None, max_length=300, description="A field's number or label", examples=["1"]
    )
    start: str | None = Field(None, alias="from", max_length=60, examples=["2026-11-01"])
    end: str | None = Field(None, alias="to", max_length=60, examples=["2026-11-24"])
    where: str | None = Field(None, max_length=500, examples=["value > 80"])
    scale: Decimal = Field(Decimal(1), examples=["1.8"])
    offset: Decimal = Field(Decimal(0), examples=["-0.4"])
    shift_seconds: int = Field(0, strict=True, ge=-_LONGEST, le=_LONGEST, examples=[3600])
    reason: str = Field(min_length=1, max_length=1000, examples=["the sensor was in the sun"])
    dry_run: bool = Field(False, strict=True, description="Say what it would do, and do nothing")


class MadeCorrection(BaseModel):
    """What a rule has changed, or with `dry_run` would."""

    correction_id: int | None
    channel_id: int
    readings: int
    beyond: int | None = Field(
        description="Of these, how many have a value now that is too large; unknown of a dry run"
    )


class RemovedCorrection(BaseModel):
    """What the end of a rule has changed."""

    correction_id: int
    channel_id: int
    readings: int


@table(router, "/corrections", QUERIES["corrections"].columns, tag="corrections")
def list_corrections(
    asked: Asked,
    channel: Annotated[
        int | None, Query(ge=-(2**31) + 1, le=2**31 - 1, description="Only this channel's")
    ] = None,
    removed: Annotated[bool, Query(description="Those removed as well")] = False,
) -> Answer:
    """The rules, in the order in which they apply."""

    def found(house: Warehouse) -> pa.Table:
        rows = house.query("corrections", channel_id=channel, removed=removed)
        for name, open_end in (("SpanStart", BEGINNING), ("SpanEnd", END)):
            place, column = rows.column_names.index(name), rows[name]
            is_open = pc.equal(column, pa.scalar(open_end, column.type))
            rows = rows.set_column(place, name, pc.if_else(is_open, None, column))
        return rows

    return asked.answer("corrections", found)


_BEGUN: dict[int | str, dict[str, Any]] = {
    202: {"model": Job, "description": "It goes on, as a job: a channel may be being read"}
}


@router.post(
    "/corrections",
    status_code=201,
    responses=_BEGUN,
    response_model=MadeCorrection,
    dependencies=_OPERATE,
    tags=["corrections"],
)
def make_correction(
    asked: Asked, given: NewCorrection, served: House, visitor: Who
) -> MadeCorrection | Response:
    """Make a rule, and apply it at once; aggregates and quality follow."""
    rule = _rule(asked, given)
    if given.dry_run:
        seen = corrections.preview(served.warehouse, rule)
        return MadeCorrection(
            correction_id=None, channel_id=given.channel, readings=seen.readings, beyond=None
        )
    deed = deeds.make(served.jobs, rule, reason=given.reason, by=visitor.name)
    made = deed.wait(served.rules.seconds)
    if made is None:
        return going_on(deed.job)
    return MadeCorrection(channel_id=given.channel, **asdict(made))


@router.delete(
    "/corrections/{number}",
    responses=_BEGUN,
    response_model=RemovedCorrection,
    dependencies=_OPERATE,
    tags=["corrections"],
)
def remove_correction(
    served: House, visitor: Who, number: Annotated[int, Path(ge=1, le=2**63 - 1)]
) -> RemovedCorrection | Response:
    """Undo a rule, as if it had never been."""
    kept = served.warehouse.query("corrections", removed=False).to_pylist()
    channels = {row["CorrectionID"]: row["ChannelID"] for row in kept}
    if number not in channels:
        raise HTTPException(404, f"there is no correction {number} that holds")
    deed = deeds.remove(served.jobs, channels[number], number, by=visitor.name)
    done = deed.wait(served.rules.seconds)
    if done is None:
        return going_on(deed.job)
    return RemovedCorrection(
        correction_id=number, channel_id=done.channel_id, readings=done.readings
    )


def _rule(asked: Asked, given: NewCorrection) -> corrections.Rule:
    names.find_channels(asked.served.warehouse, [given.channel])
    number = (
        None
        if given.field is None
        else names.find_field(asked.served.warehouse, given.channel, given.field)
    )
    start, end = span_of(given.start, given.end, asked.zone, asked.now)
    own: dict[str, Any] = {}
    if given.kind == "scale":
        own = {"scale": _exact(given.scale, 7, 12), "offset": _exact(given.offset, 12, 6)}
    if given.kind == "shift":
        own = {"shift": timedelta(seconds=given.shift_seconds)}
    return corrections.Rule(
        given.channel,
        given.kind,
        number,
        start=start,
        end=end,
        condition=EVERY if given.where is None else condition_of(given.where),
        **own,
    )


def _exact(value: Decimal, size: int, decimals: int) -> Decimal:
    """A number that the warehouse holds to its last digit."""
    if not value.is_finite() or abs(value) >= 10**size or value != round(value, decimals):
        raise ConfigurationError(
            f"{value:.20g} is no number below 10^{size} with at most {decimals} decimals"
        )
    return value
