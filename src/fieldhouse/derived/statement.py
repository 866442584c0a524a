"""Expressions as one SELECT, in words that every engine's SQL has (pure).

No file holds it, since what is computed is a user's to say; but nothing of a user's text is in it.
A tree is made of our own operations, and only the names of our columns, numbers and these words are
written. What differs between engines is behind the view ``iot.DerivableReadings``.

What an operation needs twice, or two operations need, is a column, each computed a SELECT further
out than what it is made of. No value is ever larger than 10^150, so that nothing overflows: what
would be, what is divided by nought, and what no function is defined for is NULL.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from fieldhouse.derived.expressions import OF_TIME, Call, Field, Node, Number, fields_of

__all__ = ["select"]

_LARGEST: Final = "1e12"
"""What a DECIMAL(18, 6) no longer holds."""
_MOST = 1e150
_DEEPEST = 12
"""Parentheses within one another, before a column is made of them: parsers have limits."""
_ORDER = "ORDER BY p.AtSecond, p.IsBase, p.Epoch, p.EntryID"
_LN_10 = "2.302585092994046e0"
"""Engines differ in what they call the natural logarithm, but not in LOG10."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A value in SQL: of columns of which level, no larger than what, how deep, if not a column."""

    text: str
    level: int = 0
    bound: float = 1e12
    depth: int = 0
    is_plain: bool = False
    """Whether it may stand twice: a column, or a number."""


def select(
    nodes: Mapping[int, Node],
    channel_id: int,
    *,
    within: timedelta,
    start: datetime,
    end: datetime,
    reach: timedelta,
) -> tuple[str, list[Any]]:
    """The derived readings of ``[start, end)``: SQL with question marks, and their values.

    ``nodes``: expressions over ``channel_id``, by the number of the field that each makes. Values
    of other readings are at most ``within`` old; what lies ``reach`` before ``start`` is read for
    them. Columns: Epoch, EntryID, CreatedAt, and FieldN of each, a float or NULL; a reading of
    which all are NULL is left out.
    """
    writing = _Writing(nodes.values(), within)
    made = {number: writing.column(node) for number, node in nodes.items()}
    inner = writing.whole(channel_id)
    fields = ", ".join(
        f"CASE WHEN ABS(q.{name}) < {_LARGEST} THEN q.{name} END AS Field{number}"
        for number, name in made.items()
    )
    there = " OR ".join(f"ABS(q.{name}) < {_LARGEST}" for name in made.values())
    text = (
        f"SELECT q.Epoch, q.EntryID, q.CreatedAt, {fields} FROM ({inner}) AS q"  # noqa: S608
        f" WHERE q.IsBase = 1 AND q.CreatedAt >= ? AND ({there})"
    )
    return text, [start - reach, end, start]


class _Writing:
    """The SELECTs of some expressions, from the readings outwards."""

    def __init__(self, nodes: Any, within: timedelta) -> None:
        self._nodes = list(nodes)
        self._within = f"{within.total_seconds():.0f}e0"
        self._columns: dict[Node, _Text] = {}
        self._levels: list[list[str]] = []
        self._named = 0
        self._uses = _uses(self._nodes)

    def column(self, node: Node) -> str:
        """The name of the column that holds a value."""
        return self._held(self._text(node)).text.removeprefix("p.")

    def whole(self, channel_id: int) -> str:
        """The innermost SELECT, and those around it."""
        fields = sorted(set().union(*(fields_of(node) for node in self._nodes)))
        channels = sorted({channel_id, *(channel for channel, _ in fields)})
        shown = "".join(f", {_read(*field)} AS {_input(*field)}" for field in fields)
        text = (
            "SELECT r.Epoch, r.EntryID, r.CreatedAt, r.AtSecond,"  # noqa: S608
            f" CASE WHEN r.ChannelID = {channel_id:d} THEN 1 ELSE 0 END AS IsBase{shown}"
            " FROM iot.DerivableReadings AS r"
            f" WHERE r.ChannelID IN ({', '.join(f'{each:d}' for each in channels)})"
            " AND r.CreatedAt >= ? AND r.CreatedAt < ?"
        )
        for columns in self._levels:
            text = f"SELECT p.*, {', '.join(columns)} FROM ({text}) AS p"  # noqa: S608
        return text

    # A node's text

    def _text(self, node: Node) -> _Text:
        if node in self._columns:
            return self._columns[node]
        if isinstance(node, Number):
            return _number(node)
        if isinstance(node, Field):
            return _Text(f"p.{_input(node.channel_id, node.number)}", is_plain=True)
        made = self._operation(node)
        if made.bound > _MOST:
            made = self._held(made)
            text = f"CASE WHEN ABS({made.text}) <= {_MOST!r} THEN {made.text} END"
            made = _Text(text, made.level, _MOST, 1)
        if self._uses[node] > 1 or made.depth > _DEEPEST:
            made = self._columns[node] = self._held(made)
        return made

    def _held(self, text: _Text) -> _Text:
        """As a column, or a number, that may stand as often as one likes."""
        if text.is_plain and (text.text.startswith("p.") or text.level == 0):
            return text if text.text.startswith("p.") else self._new(text)
        return self._new(text)

    def _new(self, text: _Text) -> _Text:
        while len(self._levels) <= text.level:
            self._levels.append([])
        self._named += 1
        name = f"c{self._named}"
        self._levels[text.level].append(f"{text.text} AS {name}")
        return _Text(f"p.{name}", text.level + 1, text.bound, is_plain=True)

    def _twice(self, node: Node) -> _Text:
        """A value that is needed more than once."""
        text = self._text(node)
        if not text.is_plain:
            text = self._columns[node] = self._new(text)
        return text

    def _operation(self, node: Call) -> _Text:
        if node.operation in OF_TIME:
            return self._of_time(node.operation, self._twice(node.of[0]))
        if node.operation == "if":
            return self._choice(node)
        if node.operation in ("+", "-", "*") or _is_by_number(node):
            return _plain(node.operation, *map(self._text, node.of))
        return _OPERATIONS[node.operation](*map(self._twice, node.of))

    def _choice(self, node: Call) -> _Text:
        condition, then, other = node.of
        if_true, if_false = self._text(then), self._text(other)
        found = self._condition(condition)
        otherwise = ""
        if not (isinstance(other, Number) and other.value is None):
            otherwise = f" WHEN NOT {found.text} THEN {if_false.text}"
        text = f"CASE WHEN {found.text} THEN {if_true.text}{otherwise} END"
        return _over(text, max(if_true.bound, if_false.bound), found, if_true, if_false)

    def _condition(self, node: Node) -> _Text:
        assert isinstance(node, Call)  # noqa: S101 -- the grammar has no other
        if node.operation in ("and", "or", "not"):
            of = [self._condition(each) for each in node.of]
            word = node.operation.upper()
            text = f"(NOT {of[0].text})" if word == "NOT" else f"({of[0].text} {word} {of[1].text})"
            return _over(text, 1.0, *of)
        of = [self._twice(each) for each in node.of]
        sign = "<>" if node.operation == "!=" else node.operation
        return _over(f"({of[0].text} {sign} {of[1].text})", 1.0, *of)

    def _of_time(self, operation: str, x: _Text) -> _Text:
        """What other readings say, if it is not older than it may be."""
        if operation == "last":
            return self._last(x)
        over = (
            f"OVER (PARTITION BY p.IsBase, CASE WHEN {x.text} IS NULL THEN 0 ELSE 1 END {_ORDER}"
            " ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING)"
        )
        at = self._new(_Text(f"MAX(p.AtSecond) {over}", x.level))
        is_near = f"{x.text} IS NOT NULL AND p.AtSecond - {at.text} <= {self._within}"
        if operation == "elapsed":
            text = f"CASE WHEN {is_near} THEN (p.AtSecond - {at.text}) / 3600e0 END"
            return _Text(text, at.level, 1e6, 1)
        value = self._new(_Text(f"MAX({x.text}) {over}", x.level))
        return _Text(f"CASE WHEN {is_near} THEN {value.text} END", at.level, x.bound, 1)

    def _last(self, x: _Text) -> _Text:
        begun = f"COUNT({x.text}) OVER ({_ORDER} ROWS UNBOUNDED PRECEDING)"
        group = self._new(_Text(begun, x.level))
        over = f"OVER (PARTITION BY {group.text})"
        seen = f"CASE WHEN {x.text} IS NOT NULL THEN p.AtSecond END"
        at = self._new(_Text(f"MAX({seen}) {over}", group.level))
        value = self._new(_Text(f"MAX({x.text}) {over}", group.level))
        text = f"CASE WHEN p.AtSecond - {at.text} <= {self._within} THEN {value.text} END"
        return _Text(text, at.level, x.bound, 1)


def _uses(nodes: Sequence[Node]) -> Counter[Node]:
    """How often each is needed, by others or as what is wanted."""
    uses: Counter[Node] = Counter()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        uses[node] += 1
        if uses[node] == 1 and isinstance(node, Call):
            waiting += node.of
    return uses


def _input(channel_id: int, number: int) -> str:
    """The column of a field that is read."""
    return f"f{number:d}_{channel_id:d}".replace("-", "m")


def _read(channel_id: int, number: int) -> str:
    return f"CASE WHEN r.ChannelID = {channel_id:d} THEN r.Field{number:d} END"


def _number(node: Number) -> _Text:
    if node.value is None:
        return _Text("NULL", bound=0.0, is_plain=True)
    said = repr(float(node.value))
    return _Text(said if "e" in said else f"{said}e0", bound=abs(node.value), is_plain=True)


def _over(text: str, bound: float, *of: _Text) -> _Text:
    """A text that is made of others."""
    deepest = max(each.depth for each in of) + 1
    return _Text(text, max(each.level for each in of), bound, deepest)


# Operations


def _plain(sign: str, a: _Text, b: _Text) -> _Text:
    bounds = {"*": lambda: a.bound * b.bound, "/": lambda: a.bound / b.bound}
    bound = bounds.get(sign, lambda: a.bound + b.bound)()
    return _over(f"({a.text} {sign} {b.text})", bound, a, b)


def _is_by_number(node: Call) -> bool:
    """Whether it is divided by a number that is none of nought's neighbours."""
    by = node.of[-1]
    return node.operation == "/" and isinstance(by, Number) and abs(by.value or 0.0) >= 1e-100


def _divided(a: _Text, b: _Text) -> _Text:
    text = f"CASE WHEN ABS({b.text}) >= 1e-100 THEN {a.text} / {b.text} END"
    return _over(text, a.bound * 1e100, a, b)


def _raised(a: _Text, b: _Text) -> _Text:
    size = f"LOG10(CASE WHEN {a.text} <> 0e0 THEN ABS({a.text}) END)"
    text = (
        f"CASE WHEN {a.text} = 0e0 THEN CASE WHEN {b.text} > 0e0 THEN 0e0"
        f" WHEN {b.text} = 0e0 THEN 1e0 END"
        f" WHEN {a.text} < 0e0 AND FLOOR({b.text}) <> {b.text} THEN NULL"
        f" WHEN {b.text} * {size} < -145e0 THEN 0e0"
        f" WHEN {b.text} * {size} <= 145e0 THEN POWER({a.text}, {b.text}) END"
    )
    return _over(text, _MOST, a, b)


def _least(a: _Text, b: _Text, sign: str) -> _Text:
    text = f"CASE WHEN {a.text} {sign}= {b.text} THEN {a.text} WHEN {b.text} {sign} {a.text}"
    return _over(f"{text} THEN {b.text} END", max(a.bound, b.bound), a, b)


def _rounded(x: _Text, digits: _Text) -> _Text:
    """Half away from nought."""
    scale = f"1{'0' * int(digits.bound)}e0"
    sized = f"FLOOR(ABS({x.text}) * {scale} + 0.5e0) / {scale}"
    return _over(f"CASE WHEN {x.text} < 0e0 THEN 0e0 - {sized} ELSE {sized} END", x.bound, x)


_OPERATIONS: Final[dict[str, Callable[..., _Text]]] = {
    "/": _divided,
    "^": _raised,
    "min": lambda a, b: _least(a, b, "<"),
    "max": lambda a, b: _least(a, b, ">"),
    "round": _rounded,
    "abs": lambda x: _over(f"ABS({x.text})", x.bound, x),
    "floor": lambda x: _over(f"FLOOR({x.text})", x.bound + 1, x),
    "sqrt": lambda x: _over(
        f"SQRT(CASE WHEN {x.text} >= 0e0 THEN {x.text} END)", max(1.0, x.bound), x
    ),
    "ln": lambda x: _over(
        f"(LOG10(CASE WHEN {x.text} > 0e0 THEN {x.text} END) * {_LN_10})", 1e3, x
    ),
    "exp": lambda x: _over(
        f"CASE WHEN {x.text} < -340e0 THEN 0e0"
        f" WHEN {x.text} <= 340e0 THEN EXP(CASE WHEN ABS({x.text}) <= 340e0 THEN {x.text} END) END",
        _MOST,
        x,
    ),
    "sin": lambda x: _over(f"SIN({_angle(x)})", 1.0, x),
    "cos": lambda x: _over(f"COS({_angle(x)})", 1.0, x),
}


def _angle(x: _Text) -> str:
    """An angle in radians; one beyond 10^15 says nothing any more."""
    return f"CASE WHEN ABS({x.text}) <= 1e15 THEN {x.text} END"
