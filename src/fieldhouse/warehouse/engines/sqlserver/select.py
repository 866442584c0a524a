"""Whether a user's statement is one SELECT of this database and nothing more; told by its words.

T-SQL needs no mark between two statements, so that every word outside of texts, comments and quoted
names is looked at. A name of three or four parts would lead into another database or to a linked
server. Whatever passes is moreover rolled back; and what a login may do at all is the server's to
say (role ``iot_reader``).
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from fieldhouse.errors import ConfigurationError

__all__ = ["require_select"]

_TOKEN = re.compile(
    r"""
    (?P<text>'(?:[^']|'')*')
  | (?P<quoted>
        \[(?:[^\]]|\]\])*\]       # a name in brackets
      | "(?:[^"]|"")*"            # a name in quotes
    )
  | (?P<line>--[^\n]*)            # a comment to the line's end
  | (?P<comment>/\*)              # the begin of one that may hold others
  | (?P<number>
        (?:0x[0-9a-f]*|\$?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d*)?)
        (?P<glued>[@\#\w$])?      # a word that touches it, which T-SQL takes for one of its own
    )
  | (?P<word>[@\#\w$]+)
  | (?P<sign>[!-~])               # any other sign of ASCII
  | (?P<strange>\S)              # what may be white space to the server, or part of a name
    """,
    re.VERBOSE | re.IGNORECASE,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_REFUSED = re.compile(
    r"""
    ADD | ALTER | BACKUP | BEGIN | BULK | CHECKPOINT | CLOSE | COMMIT | CREATE | DBCC | DEALLOCATE
    | DECLARE | DELETE | DENY | DISABLE | DROP | DUMP | ENABLE | EXEC | EXECUTE | FETCH | GOTO
    | GRANT | IF | INSERT | INTO | KILL | LOAD | MERGE | NEXT | OPEN | OPENDATASOURCE | OPENQUERY
    | OPENROWSET | OPENXML | PRINT | RAISERROR | READTEXT | RECEIVE | RECONFIGURE | RESTORE
    | RETURN | REVERT | REVOKE | ROLLBACK | SAVE | SEND | SET | SETUSER | SHUTDOWN | THROW | TRAN
    | TRANSACTION | TRUNCATE | UPDATE | UPDATETEXT | USE | WAITFOR | WHILE | WRITETEXT | ;
    """,
    re.VERBOSE,
)
"""What begins another statement, or makes a SELECT write or reach out of the database."""
_PAGING = {("FETCH", "ROWS"), ("FETCH", "ROW"), ("NEXT", "FETCH")}
"""Words with those before them, as in OFFSET 0 ROWS FETCH NEXT 5 ROWS ONLY."""
_SELECT_ONLY = "only one statement that reads is answered: a SELECT"


class _Token(NamedTuple):
    """A word, a number or a sign; ``is_name``: whether it may be a part of a name."""

    text: str
    is_name: bool


def require_select(statement: str) -> None:
    """Raise ConfigurationError unless a statement is one SELECT, as far as its words tell."""
    tokens = list(_tokens(statement))
    if tokens and tokens[-1].text == ";":
        tokens.pop()
    _require_plain([token.text.upper() for token in tokens])
    _require_own(tokens)


def _require_plain(words: list[str]) -> None:
    """Refuse what is no SELECT, and what begins another statement."""
    if not words or words[0] not in ("SELECT", "WITH", "("):
        raise ConfigurationError(_SELECT_ONLY)
    for before, word in zip(["", *words], words, strict=False):
        if word == ";":
            raise ConfigurationError(f"{_SELECT_ONLY}, and none after it")
        if _REFUSED.fullmatch(word) and (word, before) not in _PAGING:
            raise ConfigurationError(
                f"{_SELECT_ONLY}, without {word}; where that is a column, write [{word}]"
            )


def _require_own(tokens: Iterable[_Token]) -> None:
    """Refuse names of more than two parts, also those whose parts between the dots are empty."""
    dots, after_name = 0, False
    for token in tokens:
        if token.text == ".":
            dots += 1
        elif not token.is_name or after_name:
            dots = 0
        after_name = token.is_name
        if dots > 1:
            raise ConfigurationError(
                f"{_SELECT_ONLY}, of this database: a name has two parts at most, as"
                " iot.SensorReadings or r.Field1 (give a table a short name: … AS r)"
            )


def _tokens(text: str) -> Iterator[_Token]:
    """Words, names and signs in their order, without comments."""
    place = 0
    while token := _TOKEN.search(text, place):
        place = token.end()
        if token["comment"]:
            place = _end_of_comment(text, place)
        elif token["line"] is not None:
            _require_one_line(token["line"])
        elif token["glued"]:
            raise ConfigurationError(f"{_SELECT_ONLY}; after a number it needs a space")
        elif strange := token["strange"]:
            raise ConfigurationError(f"{_SELECT_ONLY}; U+{ord(strange):04X} is no sign of SQL")
        elif token["text"] or token["quoted"]:
            yield _Token("''", is_name=token["text"] is None)
        else:
            yield _Token(token[0], is_name=token["word"] is not None)


def _require_one_line(comment: str) -> None:
    """The server may end a line where another sign of one is, and read on behind it."""
    if len(comment.splitlines()) > 1:
        raise ConfigurationError(f"{_SELECT_ONLY}; its comment must end with a plain new line")


def _end_of_comment(text: str, place: int) -> int:
    """Where a comment ends that has begun; comments nest in T-SQL."""
    depth = 1
    while depth:
        edge = _COMMENT_EDGE.search(text, place)
        if edge is None:
            raise ConfigurationError(f"{_SELECT_ONLY}; its comment is not closed")
        depth += 1 if edge[0] == "/*" else -1
        place = edge.end()
    return place
