"""The section of a report that says in which ways a channel's readings are good."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from fieldhouse.insight.dimensions import share_text
from fieldhouse.report.facts import Facts
from fieldhouse.report.figure import instant_of
from fieldhouse.report.markup import Markup, joined, tag
from fieldhouse.report.page import Column, table
from fieldhouse.report.ticks import time_text
from fieldhouse.report.words import clean

__all__ = ["dimensions"]

_NONE = "\N{EN DASH}"
_COLUMNS = [
    Column("Way"),
    Column("Of", "words"),
    Column("Share", "number"),
    Column("Why", "words"),
    Column("Worst from", "time"),
    Column("To", "time"),
]


def dimensions(facts: Facts, zone: tzinfo) -> Markup:
    """The six dimensions of the span: the channel's, and of fields what is wrong."""
    labels = {field.number: clean(field.label) for field in facts.lines}
    rows = [
        (
            row["Dimension"].capitalize(),
            _of_what(row, labels),
            share_text(row) or _NONE,
            row["Reason"],
            _when(row["WorstFrom"], zone),
            _when(row["WorstTo"], zone),
        )
        for row in facts.dimensions
        if not row["FieldNumber"] or row["Broken"]
    ]
    since = ""
    if facts.judged_from > facts.start:  # of more, each would have to be read
        since = f" since {_when(facts.judged_from, zone)}"
    caption = f"What of the readings{since} keeps to each; of fields, where something does not"
    return joined([tag("h3", "In six ways"), table(_COLUMNS, rows, caption)])


def _of_what(row: Mapping[str, Any], labels: Mapping[int, str]) -> str:
    number = row["FieldNumber"]
    return labels.get(number, f"Field {number}") if number else "the channel"


def _when(instant: datetime | None, zone: tzinfo) -> str:
    return _NONE if instant is None else time_text(instant_of(instant), zone)
