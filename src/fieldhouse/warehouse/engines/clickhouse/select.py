"""A user's own SELECT: one statement that reads, and nothing that can be written through it.

Three guards stand before it, of which each lets something through: its connection is read-only
(which still writes INTO OUTFILE), it must be one statement, and it stands as a subquery in ours.
"""

import re
from collections.abc import Sequence
from typing import Any

from fieldhouse.errors import ConfigurationError
from fieldhouse.warehouse.engines.clickhouse import binding
from fieldhouse.warehouse.engines.clickhouse.session import Session

__all__ = ["guarded"]

_ONE = "SELECT formatQuerySingleLineOrNull({statement:String}) AS Formatted"
_WHY = "SELECT formatQuerySingleLine({statement:String})"
_READS = re.compile(r"\(*\s*(SELECT|WITH|FROM)\b", re.IGNORECASE)
_ONLY_READS = "only one statement that reads is answered: a SELECT"
_ENDINGS = re.compile(r"\b(INTO\s+OUTFILE|FORMAT\s+\w+\s*$)", re.IGNORECASE)


def guarded(
    session: Session, statement: str, parameters: Sequence[Any]
) -> tuple[str, binding.Bound]:
    """The statement as it is asked, and its parameters. Raises ConfigurationError."""
    try:
        numbered, values = binding.numbered(statement, parameters)
    except ValueError as error:
        raise ConfigurationError(f"the statement has {error}") from None
    ours = session.named(numbered).strip().removesuffix(";")
    (formatted,) = session.answer(_ONE, {"statement": ours})["Formatted"].to_pylist()
    if formatted is None:
        session.answer(_WHY, {"statement": ours})  # is wrong, and the engine says how
        raise ConfigurationError(_ONLY_READS)
    if not _READS.match(formatted) or _ENDINGS.search(formatted):
        raise ConfigurationError(_ONLY_READS)
    return _within(ours), values


def _within(statement: str) -> str:
    return f"SELECT * FROM (\n{statement}\n)"  # noqa: S608 -- a user's own, whom the guards hold
