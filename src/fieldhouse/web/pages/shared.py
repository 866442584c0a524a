"""What pages have in common: a channel, what was asked of it, forms, what is wrong in them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Annotated, Any, TypeVar
from urllib.parse import quote, urlencode

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from fieldhouse import times
from fieldhouse.errors import ConfigurationError
from fieldhouse.names import field_named
from fieldhouse.report.words import unit_of
from fieldhouse.warehouse import Limits
from fieldhouse.web import meant
from fieldhouse.web.access import Scope, Visitor
from fieldhouse.web.ages import exact_text
from fieldhouse.web.reader import chosen_zone
from fieldhouse.web.rendering import rendered
from fieldhouse.web.served import Served

__all__ = [
    "Channel",
    "Field",
    "Given",
    "Posted",
    "Shown",
    "channel_of",
    "chosen_field",
    "count_in",
    "done",
    "given_in",
    "looked_back_from",
    "pages_of",
    "show",
    "span_of",
    "zone_of",
]

T = TypeVar("T")
_MOST_FIELDS = 12_000
"""Of a form: as many as there may be channels in one, and some."""
Shown = tuple[datetime, datetime]
"""A span ``[start, end)``, naive UTC."""


class Given:
    """What a person filled in, and what is wrong with it, each by the field's name."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._texts: dict[str, list[str]] = {}
        for name, text in pairs:
            self._texts.setdefault(name, []).append(text)
        self.errors: dict[str, str] = {}

    def text(self, name: str, default: str = "") -> str:
        """A field's text, without the blanks around it."""
        return self._texts.get(name, [default])[-1].strip() or default

    def whole(self, name: str) -> str:
        """A field's text as it stands."""
        return self._texts.get(name, [""])[-1]

    def all(self, name: str) -> list[str]:
        """Every text of a field that may come several times."""
        return self._texts.get(name, [])

    def names(self) -> list[str]:
        """The fields that came, in the order of their names."""
        return sorted(self._texts)

    def read(self, name: str, reader: Callable[[str], T], *, needed: str = "") -> T | None:
        """A field's value; None where it is empty or wrong, and then the line is kept.

        ``needed`` is the line for an empty one, if it may not be.
        """
        text = self.text(name)
        if not text:
            if needed:
                self.errors[name] = needed
            return None
        try:
            return reader(text)
        except ConfigurationError as error:
            self.errors[name] = str(error)
            return None

    def span(self, zone: tzinfo, now: datetime) -> tuple[datetime | None, datetime | None]:
        """The fields ``from`` and ``to``; None is open, or wrong, and then the line is kept."""
        start = self.read("from", lambda text: meant.span_of(text, None, zone, now)[0])
        end = self.read("to", lambda text: meant.span_of(None, text, zone, now)[1])
        if start and end and start >= end:
            self.refuse("to", f"{self.text('to')} is not after {self.text('from')}")
            return None, None
        return start, end

    def refuse(self, name: str, error: ConfigurationError | str) -> None:
        """Something is wrong with a field."""
        self.errors.setdefault(name, str(error))

    @property
    def status(self) -> int:
        """That of the page that shows it."""
        return 400 if self.errors else 200


def given_in(request: Request) -> Given:
    """What an address asks for."""
    return Given(request.query_params.multi_items())


async def _posted(request: Request) -> Given:
    form = await request.form(max_files=0, max_fields=_MOST_FIELDS)
    return Given([(name, text) for name, text in form.multi_items() if isinstance(text, str)])


Posted = Annotated[Given, Depends(_posted)]
"""A form, read after a route's other dependencies have let it by."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a channel: its number, its whole label, and that in two: what, and which unit."""

    number: int
    label: str
    title: str
    unit: str


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel that is held."""

    number: int
    name: str
    row: Mapping[str, Any] = field(repr=False)
    tags: Sequence[str] = ()

    @property
    def title(self) -> str:
        """Its name and number."""
        return f"{self.name} ({self.number})" if self.name else f"Channel {self.number}"

    @property
    def labels(self) -> dict[int, str]:
        """The labels of its fields, by number."""
        named = ((n, self.row[f"Field{n}Name"]) for n in range(1, 9))
        return {n: label for n, label in named if label and label.strip()}

    def field(self, number: int) -> Field:
        """A field, labelled or not."""
        label = self.labels.get(number) or f"Field {number}"
        return Field(number, label, *unit_of(label))


def channel_of(served: Served, channel_id: int) -> Channel:
    """A channel that is held. Raises the 404 that says it is not."""
    row = meant.row_of(served.warehouse, channel_id)
    tags = meant.tags_of(served.warehouse).get(channel_id, ())
    return Channel(channel_id, row["ChannelName"] or "", row, tags)


def chosen_field(served: Served, channel: Channel, given: Given) -> tuple[Field, list[Field]]:
    """The field that is asked for, and those that there are: with a label, or with a value."""
    numbers = _numbers(served, channel)
    labels = channel.labels
    number = given.read("field", lambda word: field_named(labels, word, channel.title))
    return channel.field(number or numbers[0]), [channel.field(n) for n in numbers]


def _numbers(served: Served, channel: Channel) -> list[int]:
    """Those with a label, and of the others those with a value; one at least."""
    others = tuple(n for n in range(1, 9) if n not in channel.labels)
    held: dict[str, Any] = {}
    if others:
        wanted = Limits(columns=tuple(f"HasField{n}" for n in others))
        (held,) = served.warehouse.query(
            "field_spans", wanted, channel_id=channel.number
        ).to_pylist()
    return [n for n in range(1, 9) if n in channel.labels or held[f"HasField{n}"]] or [1]


def count_in(text: str, name: str, most: int) -> int:
    """A whole number from 1 on. Raises ConfigurationError, which calls it by its name."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise ConfigurationError(f"{name} are a number from 1 to {most:,}")
    return int(text)


def looked_back_from(served: Served, channel: Channel, length: timedelta) -> datetime:
    """Now, or just after the newest reading where it is older than ``length``; naive UTC."""
    now = served.as_of
    found = served.warehouse.query("newest_reading", channel_id=channel.number, as_of=now)
    newest: datetime | None = found["CreatedAt"][0].as_py()
    return now if newest is None or now - newest <= length else newest + timedelta(seconds=1)


def zone_of(request: Request, given: Given) -> tzinfo:
    """The zone that is asked for, or the reader's own."""
    return given.read("tz", times.zone_of) or chosen_zone(request)


def span_of(
    served: Served, channel: Channel, given: Given, zone: tzinfo, default: timedelta | None = None
) -> Shown:
    """The span that is asked for; else the newest readings', as long as ``default``, None is all.

    Readings of the far future are none of it unless they are asked for.
    """
    now = served.as_of
    start, end = given.span(zone, now)
    if start is None or end is None:
        first, last = _held(served, channel, now)
        end = max(end or last, datetime.min + timedelta(seconds=1))
        start = start or (max(first, times.earlier(end, default)) if default else first)
        start = min(start, end - timedelta(seconds=1))
    return start, end


def _held(served: Served, channel: Channel, now: datetime) -> Shown:
    """From the first reading to just after the newest, of those that are not of the future."""
    end = now + timedelta(microseconds=1)
    wanted = Limits(columns=("FirstAt", "LastAt"))
    (row,) = served.warehouse.query(
        "field_spans", wanted, channel_id=channel.number, end_at=end
    ).to_pylist()
    if row["LastAt"] is None:
        return now - timedelta(days=1), now
    return row["FirstAt"], row["LastAt"] + timedelta(seconds=1)


def show(
    request: Request, template: str, /, *, given: Given | None = None, status: int | None = None,
    **values: Any,
) -> Response:  # fmt: skip
    """A page, with what came of the deed that led to it, and with what a visitor may do."""
    served: Served = request.app.state.served
    visitor: Visitor = request.state.visitor
    page = rendered(
        request,
        template,
        message=served.messages.take(request.query_params.get("said", "")),
        given=given or Given([]),
        may_operate=Scope.OPERATE in visitor.scopes,
        may_all=visitor.scopes >= set(Scope),
        plain=exact_text,
        **values,
    )
    page.status_code = status or (given.status if given else 200)
    return page


def done(request: Request, address: str, line: str, *, is_error: bool = False) -> Response:
    """Lead on to a page of ours, which says what came of a deed."""
    served: Served = request.app.state.served
    word = served.messages.leave(line, is_error=is_error)
    joint = "&" if "?" in address else "?"
    return RedirectResponse(f"{address}{joint}said={quote(word)}", 303)


def pages_of(given: Given, size: int, count: int) -> dict[str, Any]:
    """Where one is in a long list: the rows to skip, and the addresses before and after."""
    last = max(1, -(-count // size))
    try:
        number = min(max(1, int(given.text("page", "1"))), last)
    except ValueError:
        number = 1
    kept = [(n, given.text(n)) for n in given.names() if n not in ("page", "said")]

    def address(to: int) -> str | None:
        return "?" + urlencode([*kept, ("page", to)]) if 1 <= to <= last else None

    return {
        "number": number,
        "last": last,
        "first_row": (number - 1) * size + 1,
        "last_row": min(number * size, count),
        "count": count,
        "before": address(number - 1),
        "after": address(number + 1),
    }
