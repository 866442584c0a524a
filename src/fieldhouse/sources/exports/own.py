"""Files that `fieldhouse export` wrote, whose columns are ours, and how they become entries again.

A wide file has a column a field, a long one a row a value. Texts that no number is stand in a CSV
file's cells, elsewhere in columns beside (``Field1Text``); a CSV file for spreadsheets names the
zone of its times in its header, and may have a comma in its numbers.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.errors import ConfigurationError
from fieldhouse.readings import NUMBERS
from fieldhouse.sources.exports.chunk import Ints

__all__ = [
    "KEYS",
    "LEFT",
    "Rows",
    "guessed",
    "is_own",
    "label",
    "plain",
    "quoted",
    "translated",
    "whose",
    "zone_in",
]

_KEYS = {"ChannelID": "channel", "EntryID": "entry_id", "CreatedAt": "created_at"}
_LONG = {"FieldNumber": "number", "Field": "name", "Value": "value", "ValueText": "value_text"}
LEFT = frozenset({"ReadingID", "Epoch", "Superseded", "ImportedAt", "WithdrawnAt"})
"""What an import makes anew."""
_ZONED = re.compile(r"(CreatedAt|ImportedAt|WithdrawnAt) \((.+)\)")
_NUMBERED = re.compile(r" \(field ([1-8])\)\Z")
_FIELDS = tuple(f"field{n}" for n in range(1, 9))
_VALUES = (*(name.lower() for name in NUMBERS), "status")
KEYS = ("channel", *_LONG.values(), *(f"{key}_text" for key in _VALUES))
"""What columns of such a file may be beside ThingSpeak's keys."""
_COMMA = r"^(-?[0-9]+),([0-9]{6})$"
"""A number of ours where the decimal point is a comma; other texts with a comma are texts."""
Columns = dict[str, pa.Array]


def is_own(cells: Sequence[str]) -> bool:
    """Whether a header is that of readings as `fieldhouse export` writes them."""
    return {"ChannelID", "EntryID", "CreatedAt"} <= {plain(cell) for cell in cells}


def whose(cells: Sequence[str], row: Sequence[object]) -> int | None:
    """The channel that a row under a header of our own is of."""
    said = str(dict(zip(map(plain, cells), row, strict=False)).get("ChannelID", ""))
    return int(said) if re.fullmatch(r"-?[1-9][0-9]{0,17}", said) else None


def zone_in(cells: Sequence[str]) -> str | None:
    """The zone that a spreadsheet's header names for its times."""
    found = (_ZONED.fullmatch(cell) for cell in cells)
    return next((each[2] for each in found if each and each[1] == "CreatedAt"), None)


def translated(cells: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """The cells as ThingSpeak's keys, and ``channel``, ``name``, ``value``; others as they are.

    A text beside is ``field1_text``. What is left out is nothing. ``names`` has the keys of labels;
    where it has none of another order, all eight fields are told by the order of an export.
    """
    words = [plain(cell) for cell in cells]
    said = dict(_KEYS)
    if {"Field", "Value"} <= set(words):
        said |= _LONG
    beside = {at for at in range(1, len(words)) if _is_beside(words[at], words[at - 1])}
    called = [said.get(word) or _field(word, names) for word in words]
    called = ["" if word in LEFT else key for word, key in zip(words, called, strict=True)]
    own = [at for at in range(len(words)) if at not in beside]
    if "CreatedAt" in words:
        first = own.index(words.index("CreatedAt")) + 1
        fields = own[first : first + len(_FIELDS)]
        behind = [words[at] for at in own[first + len(_FIELDS) :]]
        known = {at: called[at].lower() for at in fields if called[at].lower() in _FIELDS}
        by_order = dict(zip(fields, _FIELDS, strict=False))
        if behind[:1] == ["Latitude"] and known.items() <= by_order.items():
            for at, key in by_order.items():
                called[at] = key
    for at in beside:
        key = called[at - 1].lower()
        called[at] = f"{key}_text" if key in _VALUES else ""
    return tuple(called)


def guessed(
    cells: Sequence[str], keys: Sequence[str | None], names: Mapping[str, str]
) -> dict[int, str]:
    """The columns that only their place makes those of fields, by the fields' numbers."""
    return {
        int(key.removeprefix("field")): cell
        for cell, key in zip(cells, keys, strict=True)
        if key in _FIELDS and _field(cell, names).lower() != key
    }


def quoted(name: str) -> str:
    """As a command line takes it: in double quotes, which all shells know, if these will do."""
    if re.fullmatch(r"[\w.°%/-]+", name):
        return name
    return shlex.quote(name) if set(name) & set('"$`\\!') else f'"{name}"'


def plain(cell: str) -> str:
    """A column's name without the zone behind it."""
    found = _ZONED.fullmatch(cell)
    return found[1] if found else cell


def _field(name: str, names: Mapping[str, str]) -> str:
    """A field's key by its label, or by the number that an export sets behind an odd one."""
    numbered = _NUMBERED.search(name)
    return names.get(name.casefold()) or (f"field{numbered[1]}" if numbered else name)


def label(cell: str, key: str) -> str:
    """A field's label out of its column, which has the number behind it where it had to."""
    numbered = _NUMBERED.search(cell)
    return cell[: numbered.start()] if numbered and key == f"field{numbered[1]}" else cell


def _is_beside(cell: str, before: str) -> bool:
    """Whether it is a column of texts: ``Field1Text``, ``Temperature (°C) Text``."""
    return cell == (f"{before}Text" if before in NUMBERS else f"{before} Text")


@dataclass(slots=True)
class Rows:
    """Makes entries of rows, piece by piece; ``names`` is how a long file's fields are called.

    ``labels`` gathers what rows that number their fields call them, by channel. Raises
    ConfigurationError for a field that is called otherwise and has no number.
    """

    file: str
    has_commas: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    labels: dict[int, dict[int, str]] = field(default_factory=dict, init=False)
    _held: tuple[Columns, Ints] | None = field(default=None, init=False)

    def entries(self, columns: Columns, places: Ints) -> tuple[Columns, Ints]:
        """Columns by ThingSpeak's keys; of a long file, but for the last entry, which may go on."""
        columns = {key: self._text(column) for key, column in columns.items()}
        for key in [key for key in columns if key.endswith("_text")]:
            of = key.removesuffix("_text")
            columns[of] = pc.coalesce(columns.pop(key), columns[of])
        if "number" in columns:
            columns["name"] = self._numbered(columns.pop("number"), columns)
        if "name" not in columns:
            return columns, places
        if self._held:
            before, lines = self._held
            columns = {k: pa.concat_arrays([before[k], column]) for k, column in columns.items()}
            places = np.concatenate([lines, places])
        starts = _starts(columns)
        last = int(starts[-1]) if len(starts) else 0
        self._held = {k: column[last:] for k, column in columns.items()}, places[last:]
        return self._gathered({k: c[:last] for k, c in columns.items()}, places[:last], starts[:-1])

    def rest(self) -> tuple[Columns, Ints] | None:
        """The last entry of a long file."""
        if self._held is None:
            return None
        columns, places = self._held
        self._held = None
        return self._gathered(columns, places, _starts(columns))

    def _numbered(self, number: pa.Array, columns: Columns) -> pa.Array:
        """The fields' names by their numbers, where they have one; what rows call them is kept."""
        names = ["channel", "number", "name"]
        told = pa.table([columns["channel"], number, columns["name"]], names=names)
        for row in told.group_by(names).aggregate([]).to_pylist():
            channel, n = whose(["ChannelID"], [row["channel"]]), row["number"]
            called = label(row["name"] or "", f"field{n}")
            if channel and f"field{n}" in _FIELDS and called and called != f"Field{n}":
                self.labels.setdefault(channel, {})[int(n)] = called
        return pc.coalesce(pc.binary_join_element_wise("Field", number, ""), columns["name"])

    def _text(self, column: pa.Array) -> pa.Array:
        if not self.has_commas:
            return column
        return pc.replace_substring_regex(column, _COMMA, r"\1.\2")

    def _gathered(self, columns: Columns, places: Ints, starts: Ints) -> tuple[Columns, Ints]:
        """One row for the rows of an entry, which follow one another."""
        entry = np.searchsorted(starts, np.arange(len(places)), side="right") - 1
        names = columns["name"].dictionary_encode()
        said = pa.array(map(self._key, names.dictionary.to_pylist()), pa.string())
        keys = said.take(names.indices)
        found = {key: columns[key].take(pa.array(starts)) for key in _KEYS.values()}
        for key in _VALUES:
            own = np.flatnonzero(pc.fill_null(pc.equal(keys, key), fill_value=False))
            place = np.full(len(starts), -1)
            place[entry[own]] = own
            found[key] = columns["value"].take(pa.array(place, mask=place < 0))
        return found, places[starts]

    def _key(self, name: str | None) -> str:
        key = _field(name or "", self.names).casefold()
        if key not in _VALUES:
            said = f"--field1 {quoted(name or '')}, with its own number, says which it is"
            raise ConfigurationError(
                f"{self.file}: a row is of {name!r}, which is none of Field1 to Field8 and no label"
                f" of the channel: {said}"
            )
        return key


def _starts(columns: Columns) -> Ints:
    """The rows at which another entry begins."""
    rows = len(columns["entry_id"])
    if not rows:
        return np.zeros(0, np.int64)
    begins = np.zeros(rows, bool)
    begins[0] = True
    for key in _KEYS.values():
        column = columns[key]
        is_other = pc.fill_null(pc.not_equal(column[1:], column[:-1]), fill_value=True)
        begins[1:] |= is_other.to_numpy(zero_copy_only=False)
    return np.flatnonzero(begins)
