"""The times that a file says, in all their forms, as naive UTC.

ThingSpeak writes ``2024-11-24T12:00:00Z``, ``…+02:00``, ``… UTC``, ``… +0200``. Others write local
times, with the abbreviation of a zone or none: these need a zone. In the hour that a zone has twice
the order of the entries tells which it is; a time that a zone skips is no time.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation

import pyarrow as pa
import pyarrow.compute as pc

from fieldhouse.errors import ConfigurationError
from fieldhouse.typed import type_times

__all__ = ["Clock"]

_WHOLE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})$"
_BARE = r"^([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2})$"
_LOCAL = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ]+(\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,6})\d*)?)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d\d:?\d\d|[A-Za-z]{2,5})?",
    re.ASCII,
)
_ZERO = ("Z", "UTC", "GMT")
_1970 = datetime(1970, 1, 1)
_UNIX = {"unix": 1, "unix-ms": 1000}


@dataclass(slots=True)
class Clock:
    """Reads the times of one file, in its order.

    ``zone`` is that of times which name none; None: UTC, and no abbreviation is understood.
    ``form`` is None for the forms above, ``unix`` or ``unix-ms``, or one of strptime's.
    ``name`` and ``column`` are for lines that say what is wrong.
    """

    zone: tzinfo | None = None
    form: str | None = None
    name: str = "the file"
    column: str = "created_at"
    has_bare: bool = field(default=False, init=False)
    """Whether a time was read as UTC because nothing names its zone."""
    _last: datetime = field(default=datetime.min, init=False)
    _falls: bool = field(default=False, init=False)

    def read(self, text: pa.Array) -> pa.Array:
        """Naive UTC in microseconds for each text; null where it is no time."""
        text = text.cast(pa.string())
        return self._read_plain(text) if self.form is None else self._one_by_one(text)

    def _read_plain(self, text: pa.Array) -> pa.Array:
        """By one cast what has a zone in a known form, the rest one by one."""
        marked = pc.replace_substring_regex(text, r" ?UTC$", "Z")
        marked = pc.replace_substring_regex(marked, r" ?([+-]\d\d):?(\d\d)$", r"\1:\2")
        if self.zone is None:
            bare = pc.match_substring_regex(text, _BARE)
            self.has_bare = self.has_bare or bool(pc.any(bare).as_py())
            marked = pc.if_else(bare, pc.binary_join_element_wise(marked, "Z", ""), marked)
        whole = pc.match_substring_regex(marked, _WHOLE)
        try:
            found = pc.if_else(whole, marked, None).cast(pa.timestamp("us", tz="UTC"))
        except pa.ArrowInvalid:  # a day that no month has, an hour that no day has
            found = type_times(pc.if_else(whole, text, None))
        found = found.cast(pa.timestamp("us"))
        odd = pc.and_(pc.is_valid(text), pc.is_null(found))
        if not pc.any(odd).as_py():
            return found
        return pc.replace_with_mask(found, odd, self._one_by_one(text.filter(odd)))

    def _one_by_one(self, text: pa.Array) -> pa.Array:
        read = self._iso if self.form is None else self._formed
        values = [None if each is None else read(each.strip()) for each in text.to_pylist()]
        return pa.array(values, pa.timestamp("us"))

    def _iso(self, text: str) -> datetime | None:
        if not (match := _LOCAL.fullmatch(text)):
            return None
        day, minute, second, fraction, zone = match.groups()
        micros = (fraction or "").ljust(6, "0")
        try:
            local = datetime.fromisoformat(f"{day}T{minute or '00:00'}:{second or '00'}.{micros}")
            if zone and zone[0] in "+-":
                offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
                return local + offset if zone[0] == "-" else local - offset
            if zone and zone.upper() in _ZERO:
                return local
            return self._local(local, zone)
        except (ValueError, OverflowError):
            return None

    def _formed(self, text: str) -> datetime | None:
        try:
            if self.form in _UNIX:
                micros = Decimal(text) * 1_000_000 / _UNIX[self.form]
                return _1970 + timedelta(microseconds=int(micros))
            instant = datetime.strptime(text, self.form or "")
            if instant.tzinfo:
                return instant.astimezone(UTC).replace(tzinfo=None)
            return self._local(instant, None)
        except (ValueError, OverflowError, InvalidOperation):
            return None

    def _local(self, local: datetime, abbreviation: str | None) -> datetime | None:
        if self.zone is None:
            if abbreviation:
                raise ConfigurationError(
                    f"{self.name}: {self.column} names its zone as {abbreviation!r}, which several"
                    " have: say which, as --tz Europe/Zurich"
                )
            self.has_bare = True
            return local
        first, second = (_utc(local, self.zone, fold) for fold in (0, 1))
        if first > second:
            return None  # the clocks skipped it
        instant = first
        if first < second:
            instant = self._one_of(local, first, second, abbreviation)
        elif self._last != instant:
            self._falls = instant < self._last
        self._last = instant
        return instant

    def _one_of(
        self, local: datetime, first: datetime, second: datetime, abbreviation: str | None
    ) -> datetime:
        """Which of two instants a local time is that comes twice."""
        if abbreviation:
            names = [local.replace(tzinfo=self.zone, fold=fold).tzname() for fold in (0, 1)]
            if abbreviation in names and names[0] != names[1]:
                return (first, second)[names.index(abbreviation)]
        if self._falls:
            return second if second < self._last else first
        return first if first > self._last else second


def _utc(local: datetime, zone: tzinfo, fold: int) -> datetime:
    return local.replace(tzinfo=zone, fold=fold).astimezone(UTC).replace(tzinfo=None)
