"""A file of several statements: what one answers, the ones after it may name."""

import re
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from fieldhouse.warehouse.engines.clickhouse.session import Session

__all__ = ["MORE", "Script"]

MORE = "More"
"""The last column of an answer that ends a turn; true: the file is run again."""
_COMMENTS = re.compile(r"(?:\s*--[^\n]*\n)*\s*")
_CONDITION = re.compile(r"^\s*-- if (\w+)$", re.MULTILINE)
_ASKS = re.compile(r"\(*\s*(SELECT|WITH)\b")


class Script:
    """Statements with the values that they name, run in order; turn after turn, if they say so.

    The columns of an answer of one row, but for the last statement's, are values of those that
    follow, and of the next turn. A line ``-- if Name`` before a statement has it run only where
    that value is true.
    """

    def __init__(self, session: Session, folder: str, name: str, values: Mapping[str, Any]) -> None:
        self._session = session
        self._statements = session.statements(folder, name)
        self._values = dict(_columns(values))

    def turn(self) -> pa.Table:
        """Run the statements; the last answer, or that which ends the turn."""
        answer = pa.table({})
        for statement in self._statements:
            condition, bare = _parted(statement)
            if condition and not self._values.get(condition):
                continue
            if not _ASKS.match(bare):
                self._session.do(bare, self._values)
                continue
            answer = self._session.answer(bare, self._values)
            if answer.num_rows and answer.column_names[-1] == MORE:
                return answer
            if answer.num_rows == 1 and statement is not self._statements[-1]:
                self._values |= answer.to_pylist()[0]
        return answer


def _columns(values: Mapping[str, Any]) -> Any:
    """Values by their names; a table's columns as lists."""
    for name, value in values.items():
        if isinstance(value, pa.Table):
            yield from value.to_pydict().items()
        else:
            yield name, value


def _parted(statement: str) -> tuple[str | None, str]:
    """The condition that stands before a statement, and the statement without its comments."""
    end = _COMMENTS.match(statement).end()  # type: ignore[union-attr]
    found = _CONDITION.search(statement[:end])
    return found[1] if found else None, statement[end:]
