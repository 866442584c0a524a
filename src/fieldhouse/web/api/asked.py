"""What a request of the API asks for: its parameters, read once, and how they are answered."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

import pyarrow as pa
from fastapi import Depends, HTTPException, Path, Query, Request

from fieldhouse import times
from fieldhouse.errors import ConfigurationError
from fieldhouse.exporting.formats import Csv
from fieldhouse.protocol import KEYS
from fieldhouse.warehouse import Limits, Warehouse
from fieldhouse.web.api.forms import MEDIA, Form, form_of, written
from fieldhouse.web.limits.bounded import Bounded
from fieldhouse.web.limits.whole import Answer
from fieldhouse.web.meant import require_held, span_of
from fieldhouse.web.served import House, Served

__all__ = [
    "Asked",
    "Channel",
    "Fields",
    "Offset",
    "Rows",
    "Span",
    "checked_names",
    "next_page",
    "paged",
]

Found = Callable[[Warehouse], pa.Table | pa.RecordBatchReader]


@dataclass(frozen=True, slots=True)
class _Asked:
    request: Request
    served: Served
    zone: ZoneInfo
    form: Form
    csv: Csv

    @property
    def now(self) -> datetime:
        """The instant of the question, naive UTC."""
        return self.served.as_of

    def query(
        self, question: str, *, only: tuple[str, ...] | None = None, **given: Any
    ) -> pa.Table:
        """What a question is answered, at once."""
        return self.served.warehouse.query(question, Limits(columns=only), **given)

    def answer(
        self,
        name: str,
        found: Found,
        *,
        one: bool = False,
        is_own_sql: bool = False,
        headers: Mapping[str, str] | None = None,
        late: Mapping[str, str] | None = None,
    ) -> Answer:
        """Answer with what is found, when it comes to that; times are told in the zone.

        With ``one`` the table has a row, or there is nothing: 404. ``late`` are headers that are
        there once it is found.
        """

        def making(stop: threading.Event) -> Iterator[bytes]:
            house = Bounded(self.served.warehouse, self.served.rules.seconds, stop)
            answer = found(house)
            if one and isinstance(answer, pa.Table) and not answer.num_rows:
                raise HTTPException(404, f"there is no {name}")
            reader = answer.to_reader() if isinstance(answer, pa.Table) else answer
            yield from written(_told(reader, self.zone), self.form, self.csv, one=one)

        threads = self.served.threads
        return Answer(
            making,
            seconds=self.served.rules.seconds,
            media_type=MEDIA[self.form],
            headers={"Vary": "Accept", **self._as_file(name), **(headers or {})},
            threads=threads.queries if is_own_sql else threads.answers,
            patience=threads.patience if is_own_sql else None,
            late=late,
            ending=self.served.ending,
        )

    def _as_file(self, name: str) -> dict[str, str]:
        """A browser keeps what it cannot show as a file of this name."""
        if self.form is Form.JSON:
            return {}
        return {"Content-Disposition": f'attachment; filename="{name}.{self.form}"'}


async def _asked(
    request: Request,
    served: House,
    tz: Annotated[
        str | None,
        Query(
            max_length=60,
            description="The zone in which times are read and told; by default the server's",
            examples=["Europe/Zurich"],
        ),
    ] = None,
    separator: Annotated[
        str | None,
        Query(
            max_length=3,
            description="Of a CSV file: `,`, `;` or `tab`; `;` where decimals have a comma",
            examples=[";"],
        ),
    ] = None,
    decimal_comma: Annotated[bool, Query(description="In a CSV file 12.5 is 12,5")] = False,
    bom: Annotated[
        bool, Query(description="A CSV file begins with the mark that Excel looks for")
    ] = False,
) -> _Asked:
    form = form_of(request.path_params.get("form"), request.headers.get("accept", ""))
    zone = times.zone_of(tz) if tz is not None else served.settings.display_zone
    sign = "\t" if separator == "tab" else separator or (";" if decimal_comma else ",")
    csv = Csv(sign, decimal_comma, bom)
    return _Asked(request, served, zone, form, csv)


Asked = Annotated[_Asked, Depends(_asked)]
"""Made on the loop, as all that waits for nothing: a thread for each would cost more than it."""


async def checked_names(request: Request) -> None:
    """Refuse parameters that a route does not have: a misspelt one would be passed over."""
    route = request.scope.get("route")
    known = {*KEYS, *_names_of(getattr(route, "dependant", None))}
    if unknown := [name for name in request.query_params if name not in known]:
        named = ", ".join(sorted(known.difference(KEYS))) or "none"
        raise HTTPException(422, f"{unknown[0][:60]!r} is no parameter here; there is {named}")


def _names_of(dependant: Any) -> set[str]:
    if dependant is None:
        return set()
    own = {one.alias for one in dependant.query_params}
    return own.union(*(_names_of(one) for one in dependant.dependencies))


def _told(reader: pa.RecordBatchReader, zone: ZoneInfo) -> pa.RecordBatchReader:
    """Times that have no zone yet, which are UTC's, told in one."""
    if not any(_is_naive(field.type) for field in reader.schema):
        return reader
    schema = pa.schema(
        [
            field.with_type(pa.timestamp(_unit(field.type), zone.key))
            if _is_naive(field.type)
            else field
            for field in reader.schema
        ]
    )

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            columns = [
                column.cast(pa.timestamp(field.type.unit, "UTC")).cast(field.type)
                if _is_naive(column.type)
                else column
                for field, column in zip(schema, batch.columns, strict=True)
            ]
            yield pa.record_batch(columns, schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _unit(kind: pa.TimestampType) -> str:
    """Microseconds as everywhere, or what is finer: nothing of a time is cut."""
    return "ns" if kind.unit == "ns" else "us"


def _is_naive(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) and kind.tz is None)


# Spans of time

_FORMS = "As `2026-11-24T12:00`, `2026-11`, `2026-W48`, `yesterday`, `7d` (ago)"


@dataclass(frozen=True, slots=True)
class _Span:
    """``[start, end)``, naive UTC; None is open."""

    start: datetime | None
    end: datetime | None


async def _span(
    asked: Asked,
    start: Annotated[
        str | None,
        Query(alias="from", max_length=60, description=_FORMS, examples=["2026-11-01"]),
    ] = None,
    end: Annotated[
        str | None,
        Query(
            alias="to",
            max_length=60,
            description=f"{_FORMS}; a day, month or year ends with its end",
            examples=["2026-11-24"],
        ),
    ] = None,
    last: Annotated[
        str | None,
        Query(
            max_length=20,
            description="So long until now, instead: `24h`, `7d`, `1mo`",
            examples=["7d"],
        ),
    ] = None,
) -> _Span:
    if last is not None:
        if start is not None or end is not None:
            raise ConfigurationError("last is until now: leave out from and to")
        times.length_of(last)
        return _Span(times.instant_of(last, asked.zone, asked.now), None)
    return _Span(*span_of(start, end, asked.zone, asked.now))


Span = Annotated[_Span, Depends(_span)]


# Channels and fields

_LARGEST = 2**31 - 1
ChannelNumber = Annotated[
    int, Path(ge=-_LARGEST, le=_LARGEST, description="The channel's number", examples=[9])
]


def _held(asked: Asked, channel: ChannelNumber) -> int:
    """A channel that the warehouse holds; 404 for another."""
    require_held(asked.served.warehouse, channel)
    return channel


Channel = Annotated[int, Depends(_held)]
Fields = Annotated[
    list[str] | None,
    Query(
        alias="field",
        max_length=8,
        description="A field's number or label, once for each; by default all that have one",
        examples=[["1"]],
    ),
]


# Pages

Rows = Annotated[
    int, Query(alias="limit", ge=1, le=10_000, description="Rows at a time", examples=[100])
]
Offset = Annotated[
    int, Query(alias="skip", ge=0, le=2**31, description="Rows passed over", examples=[0])
]


def paged(asked: _Asked, found: pa.Table, limit: int, skip: int) -> tuple[pa.Table, dict[str, str]]:
    """The rows of a page, and where they go on if they do."""
    page = found.slice(skip, limit)
    if skip + limit >= found.num_rows:
        return page, {}
    return page, next_page(asked, skip + limit)


def next_page(asked: _Asked, skip: int) -> dict[str, str]:
    """The header that says where rows go on; it repeats no key."""
    url = asked.request.url
    kept = [
        (name, value)
        for name, value in parse_qsl(url.query, keep_blank_values=True)
        if name not in ("skip", *KEYS)
    ]
    return {"Link": f'<{url.path}?{urlencode([*kept, ("skip", str(skip))])}>; rel="next"'}
