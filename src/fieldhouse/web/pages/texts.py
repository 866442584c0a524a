"""What did not fit into numbers: texts that are kept beside them, entries that were rejected."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from fieldhouse.web.pages.shared import Given, channel_of, given_in, pages_of, show
from fieldhouse.web.served import House, Served

__all__ = ["router"]

router = APIRouter()
_SIZE = 100
_LONGEST = 200
_CUT = 2_000
"""Characters of a text that are shown."""


@router.get("/channel/{channel_id}/texts")
def texts_page(request: Request, served: House, channel_id: int) -> Response:
    """The texts beside a channel's numbers, by reason and column, the newest entries first."""
    channel = channel_of(served, channel_id)
    given = given_in(request)
    reasons = served.warehouse.query("text_reasons", channel_id=channel.number).to_pylist()
    asked = {"column_name": given.text("column") or None, **_asked(given)}
    rows, pages = _listed(served, given, "kept_texts", "Texts", channel.number, asked)
    called = {f"Field{n}": label for n, label in channel.labels.items()}
    return show(
        request,
        "texts.html",
        given=given,
        channel=channel,
        rows=rows,
        pages=pages,
        called=called,
        reasons=[(name, f"{name} ({count:,})") for name, count in _totals(reasons, "Reason")],
        columns=[
            (name, f"{called.get(name, name)} ({count:,})")
            for name, count in _totals(reasons, "ColumnName")
        ],
        cut=_CUT,
    )


@router.get("/channel/{channel_id}/rejected")
def rejected_page(request: Request, served: House, channel_id: int) -> Response:
    """The entries of a channel that could be no readings, the newest first."""
    channel = channel_of(served, channel_id)
    given = given_in(request)
    asked = _asked(given)
    rows, pages = _listed(served, given, "rejected_entries", "Entries", channel.number, asked)
    return show(
        request,
        "rejected.html",
        given=given,
        channel=channel,
        rows=rows,
        pages=pages,
        cut=_CUT,
    )


def _asked(given: Given) -> dict[str, Any]:
    contains = given.text("contains")
    if len(contains) > _LONGEST:
        given.refuse("contains", f"a text to look for has at most {_LONGEST} characters")
        contains = ""
    return {"reason": given.text("reason") or None, "contains": contains or None}


def _listed(
    served: Served, given: Given, question: str, total: str, channel_id: int, asked: dict[str, Any]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows of the page that is asked for, and where it is among the others."""

    def ask(skip: int, limit: int) -> list[dict[str, Any]]:
        found = served.warehouse.query(
            question, channel_id=channel_id, skip=skip, limit=limit, **asked
        )
        rows: list[dict[str, Any]] = found.to_pylist()
        return rows

    first = ask(0, _SIZE)
    pages = pages_of(given, _SIZE, first[0][total] if first else 0)
    skip = (pages["number"] - 1) * _SIZE
    return (ask(skip, _SIZE) if skip else first), pages


def _totals(rows: list[dict[str, Any]], name: str) -> list[tuple[str, int]]:
    totals: dict[str, int] = {}
    for row in rows:
        totals[row[name]] = totals.get(row[name], 0) + row["Texts"]
    return sorted(totals.items())
