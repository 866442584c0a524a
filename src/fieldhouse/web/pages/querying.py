"""A person's own SQL: asked by its address, shown as a table and a plot, kept under a name."""

import tempfile
from collections.abc import Iterator
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import pyarrow as pa
from fastapi import APIRouter, Query, Request
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, JSONResponse, Response

from fieldhouse.errors import ConfigurationError, DeadlinePassed, FieldhouseError
from fieldhouse.exporting import files
from fieldhouse.warehouse.dictionary import TABLES, columns_of, meaning
from fieldhouse.web.access import Scope
from fieldhouse.web.pages.results import cells_of, plot_of
from fieldhouse.web.pages.shared import Given, Posted, done, given_in, show
from fieldhouse.web.problems import answer_of
from fieldhouse.web.reader import zone_for
from fieldhouse.web.served import House, Served, Who, needs

__all__ = ["router"]

router = APIRouter()
_LONGEST = 10_000
_LONGEST_NAME = 100
_READ = 10_000
"""Rows that are read for the plot; of these the table shows some."""
_SHOWN = 200
_EXPORTED = 1_000_000
_KINDS = {
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@router.get("/query")
async def query_page(request: Request, served: House) -> Response:
    """The page; with ``sql`` in its address, and the answer, unless another site led here."""
    given = given_in(request)
    statement, status, answer = given.whole("sql"), None, None
    if statement.strip() and not _is_foreign(request):
        try:
            answer = await served.threads.query(_asked, served, statement, zone_for(request))
        except FieldhouseError as error:
            given.refuse("sql", str(error))
            status = _status(error)
    return await run_in_threadpool(_page, request, served, given, answer, status)


def _is_foreign(request: Request) -> bool:
    return request.headers.get("sec-fetch-site") in ("cross-site", "same-site")


def _page(
    request: Request,
    served: Served,
    given: Given,
    answer: dict[str, Any] | None = None,
    status: int | None = None,
) -> Response:
    statement = given.whole("sql")
    return show(
        request,
        "query.html",
        given=given,
        status=status,
        statement=statement,
        is_foreign=_is_foreign(request),
        answer=answer,
        exports=_exports(statement) if answer else (),
        tables=_tables(served),
        saved=_saved(served),
        longest=_LONGEST,
    )


def _status(error: FieldhouseError) -> int:
    if isinstance(error, ConfigurationError):
        return 400
    return 504 if isinstance(error, DeadlinePassed) else 503


def _asked(served: Served, statement: str, zone: tzinfo) -> dict[str, Any]:
    """The answer's first rows, as they are shown; a plot has the reader's zone."""
    reader = served.warehouse.stream(_checked(statement), served.limits(_READ + 1))
    table = reader.read_all()
    rows = table.slice(0, _READ)
    return {
        "names": rows.schema.names,
        "numeric": [_is_number(kind) for kind in rows.schema.types],
        "rows": cells_of(rows.slice(0, _SHOWN)),
        "count": rows.num_rows,
        "is_cut": table.num_rows > _READ,
        "drawn": plot_of(rows, zone),
    }


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _checked(statement: str) -> str:
    if len(statement) > _LONGEST:
        raise ConfigurationError(f"a query has at most {_LONGEST:,} characters here")
    if "\0" in statement:
        raise ConfigurationError("SQL has no NUL in it")
    return statement


def _exports(statement: str) -> Iterator[tuple[str, str]]:
    asked = urlencode({"sql": statement, "limit": _EXPORTED})
    yield from ((form, f"/api/query.{form}?{asked}") for form in ("csv", "json", "arrow"))
    asked = urlencode({"sql": statement})
    yield from ((form, f"/query/export.{form}?{asked}") for form in _KINDS)


def _tables(served: Served) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """Tables, what each holds, and its columns with what they hold."""
    return [
        (name, TABLES.get(name, ""), [(c, kind, meaning(name, c)) for c, kind in columns])
        for name, columns in columns_of(served.warehouse).items()
    ]


def _saved(served: Served) -> list[dict[str, Any]]:
    rows = served.warehouse.query("saved_queries").to_pylist()
    return [row | {"address": "/query?" + urlencode({"sql": row["QueryText"]})} for row in rows]


@router.get("/query/words")
def words(served: House) -> JSONResponse:
    """Tables and columns, for whoever is writing a query."""
    known = [
        {"name": f"iot.{name}", "columns": [column for column, _, _ in columns]}
        for name, _, columns in _tables(served)
    ]
    headers = {"Cache-Control": "private, max-age=300"}
    return JSONResponse(known, headers=headers)


@router.get("/query/export.{form}")
async def export(
    request: Request, served: House, form: str, sql: Annotated[str, Query(max_length=_LONGEST)]
) -> Response:
    """The answer as a file, whole or not at all."""
    if form not in _KINDS:
        return answer_of(request, 404, f"there is {' and '.join(_KINDS)} here; others: /api/query")
    return await served.threads.query(_exported, served, form, sql)


def _exported(served: Served, form: str, sql: str) -> Response:
    folder = tempfile.TemporaryDirectory(prefix="fieldhouse-export-")
    target = Path(folder.name) / f"answer.{form}"
    try:
        answer = served.warehouse.stream(_checked(sql), served.limits(_EXPORTED + 1))
        files.write(_whole(answer), target)
    except BaseException:
        folder.cleanup()
        raise
    return FileResponse(
        target,
        media_type=_KINDS[form],
        filename=target.name,
        background=BackgroundTask(folder.cleanup),
    )


def _whole(answer: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """The same rows. Raises ConfigurationError, as they are read, where they are too many."""

    def batches() -> Iterator[pa.RecordBatch]:
        rows = 0
        for batch in answer:
            rows += batch.num_rows
            if rows > _EXPORTED:
                raise ConfigurationError(
                    f"the answer has more than {_EXPORTED:,} rows, which a file holds here:"
                    " ask for less at a time"
                )
            yield batch

    return pa.RecordBatchReader.from_batches(answer.schema, batches())


# Queries that are kept


@router.post("/query/save", dependencies=[needs(Scope.OPERATE)])
def save(request: Request, served: House, visitor: Who, given: Posted) -> Response:
    """Keep a query under a name, in place of one that has it."""
    name = given.read("name", _name, needed="a kept query has a name: write one")
    statement = given.whole("sql")
    try:
        if not _checked(statement).strip():
            raise ConfigurationError("there is no query to keep yet: write one")
    except ConfigurationError as error:
        given.refuse("sql", error)
    if given.errors or name is None:
        return _page(request, served, given)
    served.warehouse.call(
        "save_query",
        query_name=name,
        query_text=statement,
        saved_by=visitor.name,
        saved_at=served.clock(),
    )
    return done(request, "/query?" + urlencode({"sql": statement}), f"Kept as {name}.")


def _name(text: str) -> str:
    if len(text) > _LONGEST_NAME or not text.isprintable():
        raise ConfigurationError(f"a name is one line of at most {_LONGEST_NAME} characters")
    return text


@router.post("/query/forget", dependencies=[needs(Scope.OPERATE)])
def forget(request: Request, served: House, given: Posted) -> Response:
    """Keep a query no more."""
    name = given.whole("name")
    if name not in {row["QueryName"] for row in _saved(served)}:
        return answer_of(request, 404, "no query is kept under this name")
    served.warehouse.call("forget_query", query_name=name)
    return done(request, "/query", f"{name} is kept no more.")
