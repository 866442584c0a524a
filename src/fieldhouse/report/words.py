"""Texts that come from outside, as a picture or a page may show them (pure)."""

import re
import unicodedata

__all__ = ["clean", "cut", "unit_of", "width_of"]

_UNIT = re.compile(r"\s*(?:\(([^()]{1,16})\)|\[([^\[\]]{1,16})\])\s*$")
_WIDE = 1.05
_NARROW = 0.54
"""How wide a letter is, in sizes of the font: about as in the usual fonts without serifs."""


def clean(text: str) -> str:
    """A text in one line, without what steers a terminal, turns a line round, or is no character.

    Control characters could move a terminal's cursor, direction overrides could show a text other
    than it is, and neither may stand in XML.
    """
    if text.isascii() and text.isprintable():  # most are, and a page has thousands
        return " ".join(text.split())
    kept = (" " if character.isspace() else character for character in text)
    shown = "".join(c for c in kept if c == "\u200d" or unicodedata.category(c)[0] != "C")
    return " ".join(shown.split())


def unit_of(label: str) -> tuple[str, str]:
    """A label parted into what is measured and its unit: ``Temperature (°C)``; no unit is empty."""
    found = _UNIT.search(label)
    if not found or not found.start():
        return label, ""
    return label[: found.start()], (found[1] or found[2]).strip()


def width_of(text: str, size: float) -> float:
    """About how wide a text is drawn, in the unit of the font's size."""
    return size * sum(
        _WIDE if unicodedata.east_asian_width(c) in "WF" else _NARROW
        for c in text
        if not unicodedata.combining(c)
    )


def cut(text: str, width: float, size: float) -> str:
    """The text, or as much of its beginning as about fits, with an ellipsis."""
    if width_of(text, size) <= width:
        return text
    while text and width_of(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip() + "…"
