"""What an answer means, judged by its body too: it is believed, or it is an error of ours."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec

from fieldhouse.errors import (
    ChannelNotFound,
    ChannelPrivate,
    FieldhouseError,
    KeyRejected,
    RateLimited,
    RequestRefused,
    SourceUnavailable,
)
from fieldhouse.sources.thingspeak.connection import Reply

__all__ = ["Answer", "Kind", "Question", "bare", "decoded", "judged"]

T = TypeVar("T")
Kind = Literal["feed", "entry", "json"]
"""What is asked for, which decides what ``-1`` means."""

_LAST = datetime(9000, 1, 1)
"""A server's clock that is beyond it is none: no plan could look ahead of it."""
_LONGEST_SAID = 200
"""Characters of what a server says of itself."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A believable answer, read, and the server's own clock when it was given (naive UTC)."""

    content: T
    date: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and with which key."""

    path: str
    parameters: dict[str, str | int]
    api_key: str | None
    channel_id: int | None
    kind: Kind
    fresh: bool = False
    """Whether it has to pass every cache."""
    behind: bool = False
    """Whether it may wait for others."""

    def asked(self) -> dict[str, str | int]:
        """The parameters as they are sent, once."""
        return self.parameters | ({"uncached": uuid4().hex} if self.fresh else {})

    @property
    def subject(self) -> str:
        return f"channel {self.channel_id}" if self.channel_id is not None else self.path


def decoded(body: bytes) -> Any:
    """Any JSON, plainly decoded. Raises SourceUnavailable for a text that is cut or is no JSON."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise SourceUnavailable(f"the answer is cut or is no JSON ({error})") from error


def judged(question: Question, reply: Reply, settings_file: str) -> Answer[bytes]:
    """Believe an answer, or raise what it means. By the body as much as by the status.

    ``settings_file`` is where advice says that a key is set.
    """
    status, body, subject = reply.status, reply.body, question.subject
    if status == 429:
        raise RateLimited(
            "ThingSpeak asks to slow down (429): set a longer rate_limit_delay",
            _seconds(reply.headers.get("Retry-After"), _date(reply.headers.get("Date"))),
        )
    if status >= 500 or status in (408, 425):
        said = f"{status} {_line(reply.reason)}".strip()
        raise SourceUnavailable(f"ThingSpeak answered {said}{reply.through}")
    if bare(body) == b"-1" and (question.kind != "entry" or status != 200):
        raise _refused(question, settings_file)
    if status == 401:
        raise _refused(question, settings_file)
    if status == 404:
        what = "number" if question.channel_id else "name"
        raise ChannelNotFound(f"{subject}: ThingSpeak knows nothing of that {what}")
    if 300 <= status < 400:
        raise RequestRefused(f"{subject}: sent on to {_place(reply)} ({status}){reply.through}")
    if status != 200:
        raise RequestRefused(
            f"{subject}: ThingSpeak refused ({status}{_details(body)}){reply.through}"
        )
    kind = reply.headers.get("Content-Type", "")
    if "json" not in kind and "javascript" not in kind:
        raise SourceUnavailable(
            f"{subject}: an answer of type {_line(kind) or 'unknown'!r}, not JSON{reply.through}"
        )
    if bare(body) in (b"0", b""):
        raise SourceUnavailable(f"{subject}: an answer without content{reply.through}")
    return Answer(body, _date(reply.headers.get("Date")))


def _refused(question: Question, settings_file: str) -> FieldhouseError:
    number = question.channel_id
    if number is None:
        return KeyRejected(
            "ThingSpeak does not accept that user API key (see your ThingSpeak profile)"
        )
    if question.api_key:
        return KeyRejected(
            f"channel {number}: ThingSpeak does not accept the key that is set for it; "
            "it takes a Read API Key of this very channel"
        )
    variable = f"KEY_OF_{number}"
    return ChannelPrivate(
        f"channel {number} is private: write its Read API Key into .env, {variable}=…, and two "
        f"lines into {settings_file}, [channels.{number}] and"
        f' api_key = {{ env = "{variable}" }}'
    )


def bare(body: bytes) -> bytes:
    """A short body without its quotes: ``-1``, ``0`` or nothing."""
    return body.strip().strip(b'"') if len(body) < 16 else body


def _place(reply: Reply) -> str:
    """Where a redirection leads, as far as may be shown: a network's log-in page, or https://."""
    try:
        parts = urlsplit(reply.headers.get("Location", ""))
    except ValueError:  # no URL: half an IPv6 address
        return "another place"
    return _line(f"{parts.scheme}://{parts.hostname}") if parts.hostname else "another place"


def _details(body: bytes) -> str:
    try:
        error = msgspec.json.decode(body)["error"]
        return f", {_line(str(error['details'] or error['message']))}"
    except (msgspec.MsgspecError, KeyError, TypeError, UnicodeDecodeError, RecursionError):
        return ""


def _line(text: str) -> str:
    """What a server says of itself, as a part of a line: nothing that moves the cursor or hides."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_LONGEST_SAID]


def _seconds(retry_after: str | None, now: datetime) -> float | None:
    """``Retry-After`` as seconds: a number, or a date; ``now`` is the server's clock, naive UTC."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    then = _instant(retry_after)
    return None if then is None else max(0.0, (then - now).total_seconds())


def _date(header: str | None) -> datetime:
    """The server's clock; ours where it has none, or one that no plan could reckon with."""
    then = _instant(header or "")
    if then is None or then > _LAST:
        return datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    return then


def _instant(text: str) -> datetime | None:
    """A date of HTTP's, naive UTC, as its dates are, whatever they say of it."""
    try:
        then = parsedate_to_datetime(text)
        return then.astimezone(UTC).replace(tzinfo=None) if then.tzinfo else then
    except (ValueError, TypeError, OverflowError):
        return None
