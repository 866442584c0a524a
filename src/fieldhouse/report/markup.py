"""Elements of SVG and HTML, put together so that no text can become markup (pure)."""

from collections.abc import Iterable
from html import escape

__all__ = ["Markup", "joined", "tag"]

_VOID = frozenset({"meta", "br", "hr", "link", "input"})


class Markup(str):
    """Text that is markup already; everything else is escaped, by templates as well."""

    __slots__ = ()

    def __html__(self) -> str:
        """Itself: what libraries ask that escape."""
        return str(self)


def tag(name: str, /, *content: str, **attributes: object) -> Markup:
    """An element. ``class_`` is ``class``, ``x_y`` is ``x-y``; an attribute that is None is not."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_attribute(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{joined(content)}</{name}>")


def joined(content: Iterable[str]) -> Markup:
    """Texts and elements, one after the other."""
    return Markup(
        "".join(part if isinstance(part, Markup) else escape(part, quote=False) for part in content)
    )


def _attribute(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
