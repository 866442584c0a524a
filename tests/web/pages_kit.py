"""Reading pages as a person does: their tables by name, forms, the lines that say what is wrong."""

from collections.abc import Iterable
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "hr", "img"}


class Page(HTMLParser):
    """A page: ``tables`` by their captions, or what they are called; ``wrong``: lines at fields."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.wrong: dict[str, str] = {}
        self.said: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.values: dict[str, str] = {}
        self._name = self._text = ""
        self._rows: list[list[str]] = []
        self._at: str | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "div" and given.get("role") == "group":
            self._name = given["aria-label"]
        if tag == "table":
            self._rows = []
        if tag == "tr":
            self._rows.append([])
        if tag in ("td", "th"):
            self._text = ""
        if tag == "input" and given.get("type") != "checkbox":
            self.values[given.get("name", "")] = given.get("value", "")
        if given.get("role") in ("alert", "status"):
            self._at, self._text = given.get("id", "said"), ""

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"
        if tag in ("td", "th"):
            self._rows[-1].append(" ".join(self._text.split()))
        if tag == "table":
            self.tables[self._name] = self._rows
        if tag == "p" and self._at:
            line = " ".join(self._text.split())
            if self._at == "said":
                self.said.append(line)
            else:
                self.wrong[self._at.removesuffix("-wrong")] = line
            self._at = None

    def handle_data(self, data: str) -> None:
        self._text += data


def page_of(answer: object, status: int = 200) -> Page:
    """The page of an answer, which holds nothing that could run."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text[:2000]}"  # type: ignore[attr-defined]
    text = answer.text  # type: ignore[attr-defined]
    page = Page(text)
    assert not page.open
    for tag, given in page.tags:
        assert tag not in ("iframe", "object", "embed", "style", "base")
        assert not any(name.startswith("on") or name == "style" for name in given), given
        if tag == "script":
            assert given.get("src", "").startswith("/static/")
        assert not given.get("href", "").lower().startswith(("javascript:", "data:"))
    assert "\u202e" not in text or "<bdi>" in text
    return page


def number(text: str) -> float:
    """A number as pages write it."""
    return float(text.replace("\N{MINUS SIGN}", "-").replace("\xa0", "").replace(",", ""))


def column(rows: Iterable[list[str]], place: int) -> list[str]:
    """A column of a table, its heading left out."""
    return [row[place] for row in list(rows)[1:]]
