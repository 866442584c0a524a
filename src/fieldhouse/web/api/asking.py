"""A person's own SQL: one SELECT, read-only, within its time, and so many rows of it."""

import itertools
from collections.abc import Iterable, Iterator
from typing import Annotated

import pyarrow as pa
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from fieldhouse.errors import ConfigurationError
from fieldhouse.warehouse import Limits, Warehouse
from fieldhouse.web.api.asked import Asked
from fieldhouse.web.api.described import ANY_COLUMNS, FORM, answers_of, table
from fieldhouse.web.limits.whole import Answer

__all__ = ["router"]

router = APIRouter()
CUT = "Fieldhouse-Cut"
"""The header that says whether there are more rows than the limit."""
_HELD = 6_000_000
"""Bytes of an answer that are looked through before the first is sent."""
_LONGEST = 100_000
_MOST = 1_000_000

Parameter = str | int | float | bool | None
RowLimit = Annotated[int, Query(ge=0, le=_MOST, description="The first rows, and no more")]


class Statement(BaseModel):
    """A SELECT, and what stands in for its question marks."""

    model_config = ConfigDict(extra="forbid")

    sql: str = Field(
        min_length=1,
        max_length=_LONGEST,
        examples=["SELECT ChannelID, count(*) FROM iot.CurrentReadings GROUP BY 1"],
    )
    parameters: list[Parameter] = Field(default_factory=list, max_length=1_000)
    limit: int = Field(10_000, ge=0, le=_MOST, strict=True)


@table(router, "/query", ANY_COLUMNS, tag="query")
def query(
    asked: Asked,
    sql: Annotated[
        str,
        Query(
            min_length=1,
            max_length=10_000,
            description="One SELECT, in the warehouse's own SQL",
            examples=["SELECT ChannelID, ChannelName FROM iot.Channels"],
        ),
    ],
    limit: RowLimit = 10_000,
) -> Answer:
    """Ask in SQL; nothing can be changed by it. `Fieldhouse-Cut` says if the limit cut rows."""
    return _asked(asked, Statement(sql=sql, limit=limit))


@router.post(
    "/query.{form}",
    response_class=Response,
    responses={200: answers_of(ANY_COLUMNS)},
    operation_id="query_with_parameters_as",
    openapi_extra={"parameters": [FORM]},
    tags=["query"],
)
@router.post(
    "/query",
    response_class=Response,
    responses={200: answers_of(ANY_COLUMNS)},
    operation_id="query_with_parameters",
    tags=["query"],
)
def query_with_parameters(asked: Asked, statement: Statement) -> Answer:
    """Ask in SQL that is too long for an address, or has parameters."""
    return _asked(asked, statement)


def _asked(asked: Asked, statement: Statement) -> Answer:
    if "\0" in statement.sql:
        raise ConfigurationError("SQL has no NUL in it")

    late: dict[str, str] = {}

    def found(house: Warehouse) -> pa.RecordBatchReader:
        limits = Limits(rows=statement.limit + 1)
        answer = house.stream(statement.sql, limits, parameters=statement.parameters)
        rows, late[CUT] = _first(answer, statement.limit)
        return _told_apart(rows)

    return asked.answer("query", found, is_own_sql=True, late=late)


def _first(answer: pa.RecordBatchReader, limit: int) -> tuple[pa.RecordBatchReader, str]:
    """The rows up to the limit, and whether it cut any: ``yes``, ``no``.

    What is too large to be held is passed on as it comes, and then nobody knows yet: ``unknown``.
    """
    held: list[pa.RecordBatch] = []
    size = rows = 0
    for batch in answer:
        held.append(batch)
        size, rows = size + batch.nbytes, rows + batch.num_rows
        if size > _HELD:
            rest = _up_to(limit, itertools.chain(held, answer))
            return pa.RecordBatchReader.from_batches(answer.schema, rest), "unknown"
    whole = _up_to(limit, held)
    is_cut = "yes" if rows > limit else "no"
    return pa.RecordBatchReader.from_batches(answer.schema, whole), is_cut


def _up_to(limit: int, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    left = limit
    for batch in batches:
        yield batch.slice(0, left)
        left -= min(left, batch.num_rows)


def _told_apart(answer: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """Columns of one name have a number each: a row of JSON has a name once."""
    names: list[str] = []
    for name in answer.schema.names:
        others = {*names, *answer.schema.names}
        forms = (f"{name} ({number})" for number in itertools.count(2))
        is_new = name not in names
        names.append(name if is_new else next(form for form in forms if form not in others))
    if names == answer.schema.names:
        return answer
    schema = pa.schema(
        [field.with_name(name) for field, name in zip(answer.schema, names, strict=True)]
    )

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in answer:
            yield pa.record_batch(batch.columns, schema)

    return pa.RecordBatchReader.from_batches(schema, batches())
