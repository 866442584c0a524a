"""The questions that a warehouse answers and the calls that it carries out, each declared once.

A declaration is a name, a line of intent, parameters and result columns. Every engine has a file of
that name (``sql/<engine>/queries/`` or ``calls/``; on SQL Server ``readings`` is
``usp_Readings.sql``), takes these parameters, and answers these columns in these types. ``calls``
has the calls; ``queries`` the questions, and puts together those of a kind, each in a module of its
own: ``alarms`` (and its calls), ``analyses``, ``entries`` (ThingSpeak's endpoints), ``looking``
(pages), ``said`` (by people).
To add one: declare it there, write its file for each engine with the header as declared, and give
``tests/warehouse/test_questions.py`` an example to ask.
"""

from collections.abc import Mapping
from difflib import get_close_matches

from fieldhouse.errors import ConfigurationError
from fieldhouse.warehouse.questions.calls import CALLS
from fieldhouse.warehouse.questions.queries import QUERIES
from fieldhouse.warehouse.questions.question import Question

__all__ = ["CALLS", "QUERIES", "Question", "call", "query"]


def query(name: str) -> Question:
    """A question by its name. Raises ConfigurationError for one that there is not."""
    return _found(QUERIES, "queries", name)


def call(name: str) -> Question:
    """A call by its name. Raises ConfigurationError for one that there is not."""
    return _found(CALLS, "calls", name)


def _found(catalogue: Mapping[str, Question], kind: str, name: str) -> Question:
    if name in catalogue:
        return catalogue[name]
    close = get_close_matches(name, catalogue, 1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(catalogue)}"
    raise ConfigurationError(f"no {name[:60]!r} among the {kind}: {hint}")
