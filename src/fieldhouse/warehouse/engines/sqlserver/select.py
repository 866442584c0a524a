"""Whether a user's statement is one SELECT and nothing more; told by its words.

T-SQL needs no mark between two statements, so that every word outside of texts, comments and quoted
names is looked at. Whatever passes is moreover rolled back; and what a login may do at all is the
server's to say (role ``iot_reader``).
"""

import re
from collections.abc import Iterator

from fieldhouse.errors import ConfigurationError

__all__ = ["require_select"]

_TOKEN = re.compile(
    r"""
    (?P<quoted>
        '(?:[^']|'')*'            # a text
      | \[(?:[^\]]|\]\])*\]       # a name in brackets
      | "(?:[^"]|"")*"            # a name in quotes
    )
  | (?P<line>--[^\n]*)            # a comment to the line's end
  | (?P<comment>/\*)              # the begin of one that may hold others
  | (?P<number>
        (?:0x[0-9a-f]*|\$?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d*)?)
        (?P<glued>[@\#\w$])?      # a word that touches it, which T-SQL takes for one of its own
    )
  | (?P<word>[@\#\w$]+|\S)        # a word, or any other sign
    """,
    re.VERBOSE | re.IGNORECASE,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_REFUSED = re.compile(
    r"""
    ALTER | BACKUP | BEGIN | BULK | CHECKPOINT | CLOSE | COMMIT | CREATE | DBCC | DEALLOCATE
    | DECLARE | DELETE | DENY | DISABLE | DROP | ENABLE | EXEC | EXECUTE | FETCH | GOTO | GRANT | IF
    | INSERT | INTO | KILL | MERGE | NEXT | OPEN | OPENDATASOURCE | OPENQUERY | OPENROWSET | PRINT
    | RAISERROR | RECEIVE | RECONFIGURE | RESTORE | RETURN | REVERT | REVOKE | ROLLBACK | SAVE
    | SEND | SET | SETUSER | SHUTDOWN | THROW | TRAN | TRANSACTION | TRUNCATE | UPDATE | UPDATETEXT
    | USE | WAITFOR | WHILE | WRITETEXT | ;
    """,
    re.VERBOSE,
)
"""What begins another statement, or makes a SELECT write or reach out of the database."""
_PAGING = {("FETCH", "ROWS"), ("FETCH", "ROW"), ("NEXT", "FETCH")}
"""Words with those before them, as in OFFSET 0 ROWS FETCH NEXT 5 ROWS ONLY."""
_SELECT_ONLY = "only one statement that reads is answered: a SELECT"


def require_select(statement: str) -> None:
    """Raise ConfigurationError unless a statement is one SELECT, as far as its words tell."""
    words = [word.upper() for word in _words(statement)]
    if words[-1:] == [";"]:
        words.pop()
    if not words or words[0] not in ("SELECT", "WITH", "("):
        raise ConfigurationError(_SELECT_ONLY)
    for before, word in zip(["", *words], words, strict=False):
        if word == ";":
            raise ConfigurationError(f"{_SELECT_ONLY}, and none after it")
        if _REFUSED.fullmatch(word) and (word, before) not in _PAGING:
            raise ConfigurationError(
                f"{_SELECT_ONLY}, without {word}; where that is a column, write [{word}]"
            )


def _words(text: str) -> Iterator[str]:
    """Words and signs, without texts, quoted names and comments."""
    place = 0
    while token := _TOKEN.search(text, place):
        place = token.end()
        if token["comment"]:
            place = _end_of_comment(text, place)
        elif token["line"] and len(token["line"].splitlines()) > 1:
            # the server may end a line where \r is, or another such sign, and read on behind it
            raise ConfigurationError(f"{_SELECT_ONLY}; its comment must end with a plain new line")
        elif token["glued"]:
            raise ConfigurationError(f"{_SELECT_ONLY}; after a number it needs a space")
        elif word := token["number"] or token["word"]:
            yield word


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
