"""Objects as XML, in the form of ThingSpeak's documentation, which is Rails' `to_xml`.

A name has `-` for `_`, a number or a time says its type, a null is `nil="true"`, a list is an
element of type array with one element of the singular name for each of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ["HEAD", "document", "elements", "escaped"]

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'

_TYPES = {"created_at": "dateTime", "updated_at": "dateTime", "entry_id": "integer"}
_TYPES |= {"latitude": "decimal", "longitude": "decimal"}
_TYPES |= {"id": "integer", "last_entry_id": "integer", "channel_id": "integer"}
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document can hold, not even as a reference."""
_MARKS = re.compile("[&<>\r]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


def document(root: str, value: Any) -> bytes:
    """One object, or a list of them, as a document of its own."""
    return (HEAD + "".join(elements(root, value))).encode()


def escaped(value: object) -> str:
    """Text as it stands between two tags; a line end keeps its carriage return."""
    text = _FORBIDDEN.sub("\ufffd", str(value))
    return _MARKS.sub(lambda mark: _ENTITIES[mark[0]], text)


def elements(name: str, value: Any, indent: str = "") -> Iterator[str]:
    """An element and all that it holds, line by line."""
    tag, kind = name.replace("_", "-"), _kind(name, value)
    if isinstance(value, Mapping):
        yield f"{indent}<{tag}>\n"
        for key, each in value.items():
            yield from elements(key, each, indent + "  ")
        yield f"{indent}</{tag}>\n"
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield f'{indent}<{tag} type="array"{">" if value else "/>"}\n'
        for each in value:
            yield from elements(tag.removesuffix("s"), each, indent + "  ")
        if value:
            yield f"{indent}</{tag}>\n"
    elif value is None:
        yield f'{indent}<{tag}{kind} nil="true"/>\n'
    else:
        said = str(value).lower() if isinstance(value, bool) else escaped(value)
        yield f"{indent}<{tag}{kind}>{said}</{tag}>\n"


def _kind(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return ' type="boolean"'
    kind = _TYPES.get(name) or ("integer" if isinstance(value, int) else None)
    return f' type="{kind}"' if kind else ""
