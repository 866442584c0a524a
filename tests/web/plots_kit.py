"""What the tests of pages share: a page's parts, read as a browser would."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx2


@dataclass
class Page(HTMLParser):
    """A page's elements as they come: tags with their attributes, and texts by their element."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append((self._open[-1] if self._open else "", data))

    def all(self, tag: str, **attributes: str) -> Iterator[dict[str, str | None]]:
        """The attributes of all elements of a tag that have these."""
        for name, given in self.tags:
            if (
                name == tag
                and attributes.items()
                <= {
                    key.replace("-", "_").replace("class", "class_"): value
                    for key, value in given.items()
                }.items()
            ):
                yield given


def page(web: httpx2.Client, address: str) -> tuple[str, Page]:
    """A page as text and as elements; it is answered as one."""
    answer = web.get(address, headers={"Accept": "text/html"})
    assert answer.status_code == 200, answer.text[:500]
    assert answer.headers["content-type"].startswith("text/html")
    read = Page()
    read.feed(answer.text)
    return answer.text, read


def data_of(text: str) -> dict[str, Any]:
    """What a page carries for its script to draw."""
    (held,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
    return json.loads(held)  # type: ignore[no-any-return]


Bucket = dict[str, float]


def buckets(level: dict[str, Any]) -> list[Bucket]:
    """A line's columns, unpacked: times in seconds, values as they are."""
    rows: list[Bucket] = []
    at = width = count = mean = 0
    for n in range(len(level["at"])):
        at, width = at + level["at"][n], width + level["width"][n]
        count, mean = count + level["count"][n], mean + level["mean"][n]
        rows.append(
            {
                "start": at * level["unit"] / 1000,
                "end": (at + width) * level["unit"] / 1000,
                "count": count,
                "mean": mean / level["scale"],
                "least": (mean - level["below"][n]) / level["scale"],
                "greatest": (mean + level["above"][n]) / level["scale"],
            }
        )
    return rows


def lines_of(data: dict[str, Any]) -> dict[tuple[str, str], list[Bucket]]:
    """All lines of a page's figures, by the names of their panels and their own."""
    return {
        (panel["title"], line["name"]): buckets(line["levels"][0])
        for figure in data["figures"]
        for panel in figure["panels"]
        for line in panel["lines"]
    }
