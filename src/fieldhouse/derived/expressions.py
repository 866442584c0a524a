"""Expressions over fields, as ``dew_point(temperature, humidity)``: read into a tree (pure).

A name is a field's: its label, ``field1``, or in quotes what is no plain word (``"Temp. out"``);
``temperature@12`` is channel 12's. There are numbers, ``+ - * / ^``, parentheses, comparisons with
``and``, ``or`` and ``not`` within ``if(condition, value, value)``, and functions: some are
operations, the others formulas, written in the same language.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from fieldhouse.derived.formulas import FORMULAS
from fieldhouse.errors import ConfigurationError

__all__ = [
    "FUNCTIONS",
    "OF_TIME",
    "Call",
    "Field",
    "Node",
    "Number",
    "back",
    "fields_of",
    "read",
    "resolved",
]

_LONGEST = 2_000
_DEEPEST = 30
_MOST = 1e100
_LARGEST = 300
"""Different operations of an expression, its formulas written out."""
_TOKEN = re.compile(
    r"""\s*(?: (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)(?![\w.])
        | (?P<word>[^\W\d]\w*) | "(?P<quoted>[^"]+)" | (?P<sign><=|>=|!=|<>|==|[-+*/^(),@<>=≤≥≠−×·])
        | (?P<odd>\S) )""",  # noqa: RUF001
    re.VERBOSE,
)
_SIGNS = {"≤": "<=", "≥": ">=", "≠": "!=", "<>": "!=", "==": "=", "−": "-", "×": "*", "·": "*"}  # noqa: RUF001
_WORDS = ("and", "or", "not")
_COMPARISONS = ("<", "<=", "=", "!=", ">=", ">")

_TAKES: Final = {
    **dict.fromkeys(("abs", "sqrt", "exp", "ln", "sin", "cos", "floor"), (1, 1)),
    "round": (1, 2),
    "clamp": (3, 3),
    "if": (2, 3),
    **dict.fromkeys(("min", "max"), (2, 9)),
    **dict.fromkeys(("previous", "elapsed", "last"), (1, 1)),
}
"""How many values each operation takes that is called by a name."""
OF_TIME: Final = ("previous", "elapsed", "last")
"""What looks at other readings: the value before, the hours since then, the last that is known."""
FUNCTIONS: Final = (*_TAKES, *FORMULAS)
"""All that may be called."""


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    """A number; None is what is not there."""

    value: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A field of a channel's."""

    channel_id: int
    number: int


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """An operation upon others: a sign, or one of the functions that are no formula."""

    operation: str
    of: "tuple[Node, ...]"


Node = Number | Field | Call
"""What is written twice is one node: two are the same if they are identical."""
Named = Callable[[str, int], int]
"""The number of a field by its name and its channel."""


def read(text: str, channel_id: int, named: Named) -> Node:
    """Read an expression over a channel's fields, and others' with ``@``.

    ``named`` finds fields, and raises ConfigurationError where there is none. Raises
    ConfigurationError, in one line, for what is no expression. Another channel's field is its last
    value that is known.
    """
    if len(text) > _LONGEST:
        raise ConfigurationError(f"an expression has at most {_LONGEST:,} characters")
    return _Reading(text, channel_id, named, {}, {}).whole()


def resolved(text: str, channel_id: int, named: Named) -> str:
    """The same expression with fields by their numbers, whatever their labels become."""
    tokens = list(_TOKEN.finditer(text))
    words = [found[str(found.lastgroup)] for found in tokens]
    said, end = [], 0
    for place, found in enumerate(tokens):
        after = words[place + 1 : place + 4]
        is_word = found.lastgroup == "word" and words[place].lower() in _WORDS
        if found.lastgroup not in ("word", "quoted") or is_word or after[:1] == ["("]:
            continue
        other = channel_id
        if after[:1] == ["@"]:
            other = -int(after[2]) if after[1] == "-" else int(after[1])
        begin = found.start(str(found.lastgroup)) - (found.lastgroup == "quoted")
        said += [text[end:begin], f"field{named(words[place], other)}"]
        end = found.end()
    return "".join([*said, text[end:]])


def fields_of(node: Node) -> frozenset[tuple[int, int]]:
    """The fields that it is made of: channels and numbers."""
    return frozenset((n.channel_id, n.number) for n in _nodes(node) if isinstance(n, Field))


def back(node: Node) -> int:
    """How many times over a value looks back at other readings; 0 if it needs its own alone."""
    depth: dict[Node, int] = {}
    for each in _nodes(node):
        if isinstance(each, Call):
            below = max((depth[n] for n in each.of), default=0)
            depth[each] = below + (each.operation in OF_TIME)
        else:
            depth[each] = 0
    return depth[node]


def _nodes(node: Node) -> Iterator[Node]:
    """Each once, what it is made of before itself."""
    seen: set[Node] = set()

    def walked(each: Node) -> Iterator[Node]:
        if each in seen:
            return
        seen.add(each)
        for below in each.of if isinstance(each, Call) else ():
            yield from walked(below)
        yield each

    yield from walked(node)


class _Reading:
    """An expression's words, taken one after the other."""

    def __init__(
        self,
        text: str,
        channel_id: int,
        named: Named,
        given: dict[str, Node],
        made: dict[Any, Node],
    ) -> None:
        self._text = " ".join(text.split())
        self._channel_id, self._named = channel_id, named
        self._given, self._made = given, made
        self._depth = 0
        self._words = [
            (str(found.lastgroup), found[str(found.lastgroup)]) for found in _TOKEN.finditer(text)
        ]

    def whole(self) -> Node:
        node = self._sum()
        if self._words:
            self._refuse(f"it cannot go on with {self._words[0][1]!r}")
        return node

    def _number(self, value: float | None) -> Node:
        return self._made.setdefault(("number", value), Number(value))

    def _call(self, operation: str, *of: Node) -> Node:
        """An operation; the same upon the same is one."""
        node = self._made.setdefault((operation, *map(id, of)), Call(operation, of))
        if len(self._made) > _LARGEST:
            self._refuse(f"it has more than {_LARGEST} operations, its formulas written out")
        return node

    # Values, from what binds least to what binds most

    def _sum(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._refuse("it is too deep")
        node = self._product()
        while sign := self._taken("+", "-"):
            node = self._call(sign, node, self._product())
        self._depth -= 1
        return node

    def _product(self) -> Node:
        node = self._signed()
        while sign := self._taken("*", "/"):
            node = self._call(sign, node, self._signed())
        return node

    def _signed(self) -> Node:
        negative = False
        while sign := self._taken("+", "-"):
            negative ^= sign == "-"
        node = self._power()
        if not negative:
            return node
        return self._call("-", self._number(0.0), node)

    def _power(self) -> Node:
        node = self._one()
        if not self._taken("^"):
            return node
        self._depth += 1
        if self._depth > _DEEPEST:
            self._refuse("it is too deep")
        exponent = self._signed()
        self._depth -= 1
        return self._call("^", node, exponent)

    def _one(self) -> Node:
        if self._taken("("):
            node = self._sum()
            self._require(")")
            return node
        kind, word = self._words.pop(0) if self._words else ("end", "")
        if kind == "number":
            return self._read_number(word)
        if kind == "word" and self._taken("("):
            return self._called(word.lower())
        if kind == "word" and word in self._given:
            return self._given[word]
        if kind not in ("word", "quoted"):
            self._refuse(f"a value is missing before {word!r}" if word else "it ends too early")
        return self._field(word)

    def _read_number(self, word: str) -> Node:
        value = float(word)
        if value > _MOST:
            self._refuse(f"{word[:20]} is too large")
        return self._number(value)

    def _field(self, name: str) -> Node:
        channel_id = self._channel_id
        if self._taken("@"):
            sign = -1 if self._taken("-") else 1
            kind, word = self._words.pop(0) if self._words else ("end", "")
            if kind != "number" or not word.isdigit() or not 0 < int(word) < 2**31:
                self._refuse("after @ comes a channel's number")
            channel_id = sign * int(word)
        number = self._named(name, channel_id)
        node = self._made.setdefault((channel_id, number), Field(channel_id, number))
        return node if channel_id == self._channel_id else self._call("last", node)

    # What is called

    def _called(self, name: str) -> Node:
        if name == "if":
            return self._choice()
        if name not in FUNCTIONS:
            self._refuse(f"there is no function {name}: there are {', '.join(sorted(FUNCTIONS))}")
        of = [self._sum()]
        while self._taken(","):
            of.append(self._sum())
        self._require(")")
        least, most = _TAKES[name] if name in _TAKES else (len(FORMULAS[name].takes),) * 2
        if not least <= len(of) <= most:
            count = str(least) if least == most else f"{least} to {most}"
            self._refuse(f"{name} takes {count} {'value' if most == 1 else 'values'}")
        return self._comes_to(name, of)

    def _choice(self) -> Node:
        condition = self._either()
        self._require(",")
        then = self._sum()
        other = self._sum() if self._taken(",") else self._number(None)
        self._require(")")
        return self._call("if", condition, then, other)

    def _either(self) -> Node:
        node = self._both()
        while self._taken_word("or"):
            node = self._call("or", node, self._both())
        return node

    def _both(self) -> Node:
        node = self._compared()
        while self._taken_word("and"):
            node = self._call("and", node, self._compared())
        return node

    def _compared(self) -> Node:
        if self._taken_word("not"):
            self._require("(")
            node = self._either()
            self._require(")")
            return self._call("not", node)
        if self._begins_condition():
            self._require("(")
            node = self._either()
            self._require(")")
            return node
        left = self._sum()
        if not (sign := self._taken(*_COMPARISONS)):
            self._refuse("a condition compares: temperature > 25")
        return self._call(sign, left, self._sum())

    def _comes_to(self, name: str, of: Sequence[Node]) -> Node:
        """What a function comes to: an operation, several, or a formula's."""
        match name:
            case "min" | "max":
                node = of[0]
                for each in of[1:]:
                    node = self._call(name, node, each)
                return node
            case "clamp":
                return self._call("min", self._call("max", of[0], of[1]), of[2])
            case "round":
                return self._call("round", of[0], self._digits(of))
        if name not in FORMULAS:
            return self._call(name, *of)
        formula = FORMULAS[name]
        given = dict(zip(formula.takes, of, strict=True))
        return _Reading(formula.text, self._channel_id, self._named, given, self._made).whole()

    def _digits(self, of: Sequence[Node]) -> Node:
        if len(of) == 1:
            return self._number(0.0)
        if not isinstance(of[1], Number) or of[1].value not in range(7):
            self._refuse("round takes a value, and 0 to 6 decimals")
        return of[1]

    # Words

    def _begins_condition(self) -> bool:
        """Whether what comes is a condition in parentheses, and no value in them."""
        depth = 0
        for place, (_, word) in enumerate(self._words):
            if word == "(":
                depth += 1
            elif word == ")":
                depth -= 1
            elif depth == 1 and _SIGNS.get(word, word) in _COMPARISONS:
                return True
            if depth == 0:
                return False if place == 0 else self._words[1][1].lower() == "not"
        return False

    def _taken(self, *signs: str) -> str | None:
        if not self._words or self._words[0][0] != "sign":
            return None
        sign = _SIGNS.get(self._words[0][1], self._words[0][1])
        if sign not in signs:
            return None
        del self._words[0]
        return sign

    def _taken_word(self, word: str) -> bool:
        is_there = bool(self._words) and self._words[0][0] == "word"
        is_there = is_there and self._words[0][1].lower() == word
        if is_there:
            del self._words[0]
        return is_there

    def _require(self, sign: str) -> None:
        if not self._taken(sign):
            found = repr(self._words[0][1]) if self._words else "its end"
            self._refuse(f"{sign!r} is missing before {found}")

    def _refuse(self, why: str) -> NoReturn:
        shown = self._text if len(self._text) <= 60 else f"{self._text[:57]}..."
        raise ConfigurationError(f"{shown!r} is no expression: {why}")
