"""ThingSpeak over HTTP: every read that a warehouse needs, each answer judged by its body too.

A channel's key travels in the ``THINGSPEAKAPIKEY`` header, so that it stands in no URL.
"""

import logging
import random
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote

import httpx2
import msgspec
import stamina

from fieldhouse import events
from fieldhouse.errors import (
    ChannelNotFound,
    ChannelPrivate,
    FieldhouseError,
    Interrupted,
    KeyRejected,
    RateLimited,
    RequestRefused,
    SourceUnavailable,
)
from fieldhouse.sources.thingspeak.pacing import LONGEST_PAUSE, Pacer
from fieldhouse.sources.thingspeak.page import Page, parse_entry, parse_page

__all__ = ["BASE_URL", "MAX_RESULTS", "Answer", "Channel", "Kind", "ThingSpeak", "decoded"]

BASE_URL = "https://api.thingspeak.com"
MAX_RESULTS = 8000
"""Rows that one answer holds at the most."""
_DOUBTS = 2
"""How often a refusal is asked again when the channel has answered before."""
_NEVER_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.LocalProtocolError,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)
"""No request went out, so that none is counted."""

T = TypeVar("T")
logger = logging.getLogger(__name__)
Parameters = Mapping[str, str | int]
Kind = Literal["feed", "entry", "json"]


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A believable answer, read, and the server's own clock when it was given (naive UTC)."""

    content: T
    date: datetime


def decoded(body: bytes) -> Any:
    """Any JSON, plainly decoded. Raises SourceUnavailable for a text that is cut or is no JSON."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SourceUnavailable(f"the answer is cut or is no JSON ({error})") from error


class ThingSpeak:
    """A ThingSpeak server. One connection pool and one pace for all threads and channels.

    ``timeout`` is in seconds, for each of connecting, sending and every read. What is transient is
    asked again up to ``attempts`` times, ``backoff`` seconds apart at first, then doubling, with
    jitter; a ``Retry-After`` is honoured. Errors are those of ``fieldhouse.errors``.
    """

    def __init__(
        self,
        base_url: str = BASE_URL,
        *,
        pacer: Pacer | None = None,
        timeout: float = 10.0,
        attempts: int = 5,
        backoff: float = 1.0,
        observe: Callable[[events.Event], None] | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._pacer = pacer or Pacer()
        self._timeout, self._attempts, self._backoff = timeout, attempts, backoff
        self._observe = observe
        self._answered: set[int] = set()
        self._lock = threading.Lock()
        self._client: httpx2.Client | None = None

    def __repr__(self) -> str:
        return f"ThingSpeak({self.base_url!r})"

    def __enter__(self) -> "ThingSpeak":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if self._client:
                self._client.close()
            self._client = None

    def channel(
        self,
        channel_id: int,
        api_key: str | None = None,
        *,
        decimal_comma: bool = False,
        stop: threading.Event | None = None,
    ) -> "Channel":
        """One channel of this server, read with its own key, until ``stop`` is set."""
        return Channel(self, channel_id, api_key, decimal_comma=decimal_comma, stop=stop)

    def my_channels(self, user_key: str, tag: str | None = None) -> list[dict[str, Any]]:
        """The channels of the account that ``user_key`` belongs to, without their keys."""
        answer: Answer[Any] = self.get(
            "/channels.json", {"tag": tag} if tag else {}, api_key=user_key
        )
        return [
            {key: value for key, value in channel.items() if key != "api_keys"}
            for channel in answer.content
        ]

    def user_channels(self, user: str, tag: str | None = None) -> list[dict[str, Any]]:
        """The public channels of a user."""
        path = f"/users/{quote(user, safe='')}/channels.json"
        found: list[dict[str, Any]] = self.get(path, {"tag": tag} if tag else {}).content[
            "channels"
        ]
        return found

    def public_channels(self, page: int = 1, tag: str | None = None) -> dict[str, Any]:
        """One page (of 15) of the public channels: ``{"pagination": {…}, "channels": […]}``."""
        parameters: dict[str, str | int] = {"page": page}
        parameters |= {"tag": tag} if tag else {}
        found: dict[str, Any] = self.get("/channels/public.json", parameters).content
        return found

    def get(
        self,
        path: str,
        parameters: Parameters | None = None,
        *,
        api_key: str | None = None,
        channel_id: int | None = None,
        kind: Kind = "json",
        read: Callable[[bytes], T] = decoded,
        count: Callable[[], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Answer[T]:
        """Ask for ``path`` until the answer can be believed or the patience is at its end.

        ``read`` makes of a body what the caller wants, and raises SourceUnavailable for one that it
        cannot be made of; ``count`` is called once for each request that is really made. Once
        ``stop`` is set nothing is waited for, nor asked: Interrupted.
        """
        question = _Question(path, dict(parameters or {}), api_key, channel_id, kind)
        doubts = _DOUBTS if channel_id in self._answered else 0
        failed: Exception | None = None
        pause = 0.0

        def again(error: Exception) -> bool | float:
            nonlocal doubts
            if isinstance(error, (ChannelPrivate, KeyRejected, ChannelNotFound)):
                doubts -= 1
                return doubts >= 0
            if isinstance(error, RateLimited) and error.retry_after is not None:
                return error.retry_after if error.retry_after <= LONGEST_PAUSE else False
            return isinstance(error, SourceUnavailable)

        def unslept(error: Exception) -> bool | float:
            nonlocal failed, pause
            if not (verdict := again(error)):
                return False
            failed, pause = error, pause if verdict is True else verdict
            return 0.0  # nothing could end a sleep of stamina's: the pause is made below

        for attempt in stamina.retry_context(
            on=unslept,
            attempts=self._attempts,
            timeout=None,
            wait_initial=self._backoff,
            wait_max=max(30.0, self._backoff),
        ):
            if failed is not None:
                self._rest(channel_id, failed, pause, stop)
            pause = attempt.next_wait + random.uniform(0, self._backoff)  # noqa: S311 (no secret)
            with attempt:
                judged = self._ask(question, count, stop)
                answer = Answer(read(judged.content), judged.date)
        if channel_id is not None:
            self._answered.add(channel_id)
        return answer

    def _rest(
        self,
        channel_id: int | None,
        failed: Exception,
        pause: float,
        stop: threading.Event | None,
    ) -> None:
        """Pause before a question is asked again; Interrupted as soon as ``stop`` is set."""
        logger.info("%s; asking again in %.1f s", failed, pause)
        events.tell(self._observe, events.AskingAgain(channel_id, str(failed), pause))
        if (stop or threading.Event()).wait(pause):
            raise Interrupted

    def _ask(
        self,
        question: "_Question",
        count: Callable[[], None] | None,
        stop: threading.Event | None,
    ) -> Answer[bytes]:
        if question.api_key and not question.api_key.isascii():
            raise KeyRejected(
                f"{question.subject}: the key that is set for it is no ThingSpeak key"
            )
        self._pacer.wait(stop)
        began = time.perf_counter()
        outcome, size, made = "error", 0, True
        try:
            response = self._connected().get(
                self.base_url + question.path,
                params=question.parameters,
                headers={"THINGSPEAKAPIKEY": question.api_key} if question.api_key else {},
            )
            outcome, size = str(response.status_code), len(response.content)
            answer = _judge(question, response)
            self._pacer.calm()
            return answer
        except RateLimited as error:
            self._pacer.slow_down(error.retry_after)
            raise
        except httpx2.HTTPError as error:
            outcome, made = type(error).__name__, not isinstance(error, _NEVER_SENT)
            raise SourceUnavailable(f"{self.base_url} {_what(error)}") from error
        except httpx2.InvalidURL as error:
            made = False
            raise RequestRefused(
                f"{self.base_url} is no URL that can be asked ({error})"
            ) from error
        finally:
            if not made:
                self._pacer.not_made()
            elif count:
                count()
            took = time.perf_counter() - began
            events.tell(self._observe, events.RequestMade(question.channel_id, outcome, took, size))

    def _connected(self) -> httpx2.Client:
        with self._lock:
            if self._client is None:
                self._client = httpx2.Client(
                    timeout=self._timeout,
                    headers={"User-Agent": "fieldhouse (+https://pypi.org/project/fieldhouse)"},
                    limits=httpx2.Limits(max_keepalive_connections=32),
                )
                weakref.finalize(self, self._client.close)
            return self._client


class Channel:
    """One channel of a server, read with its own key; counts the requests made for it."""

    def __init__(
        self,
        server: ThingSpeak,
        channel_id: int,
        api_key: str | None = None,
        *,
        decimal_comma: bool = False,
        stop: threading.Event | None = None,
    ) -> None:
        self.channel_id = channel_id
        self.requests = 0
        self._server, self._api_key, self._decimal_comma = server, api_key, decimal_comma
        self._stop = stop

    def __repr__(self) -> str:
        return f"Channel({self.channel_id}, key {'set' if self._api_key else 'not set'})"

    def get(
        self,
        path: str,
        parameters: Parameters | None = None,
        kind: Kind = "json",
        read: Callable[[bytes], T] = decoded,
    ) -> Answer[T]:
        """Ask for ``/channels/ID`` + ``path``."""
        return self._server.get(
            f"/channels/{self.channel_id}{path}",
            parameters,
            api_key=self._api_key,
            channel_id=self.channel_id,
            kind=kind,
            read=read,
            count=self._count,
            stop=self._stop,
        )

    def page(
        self,
        *,
        results: int = MAX_RESULTS,
        start: datetime | None = None,
        end: datetime | None = None,
        uncached: str | None = None,
    ) -> tuple[Page, datetime]:
        """The newest ``results`` entries of ``[start, end]``, ascending; naive UTC, ends included.

        ``uncached`` is any text not sent before: ThingSpeak keeps an answer of more than 100 rows
        for five minutes by its whole query string. The second value is the server's clock.
        """
        parameters: dict[str, str | int] = {
            "results": results,
            "timezone": "Etc/UTC",
            "location": "true",
            "status": "true",
        }
        if start is not None:
            parameters["start"] = _utc_text(start)
        if end is not None:
            parameters["end"] = _utc_text(end)
        if uncached is not None and results > 100:
            parameters["uncached"] = uncached
        answer = self.get("/feeds.json", parameters, "feed", self._page)
        return answer.content, answer.date

    def entry(self, entry_id: int) -> Page | None:
        """One entry by its id, or None where ThingSpeak answers ``-1``.

        That answer does not tell an absent entry from a private channel or a revoked key.
        """
        parameters = {"timezone": "Etc/UTC", "location": "true", "status": "true"}
        try:
            return self.get(f"/feeds/{entry_id}.json", parameters, "entry", self._entry).content
        except ChannelNotFound:
            return None

    def metadata(self) -> Page:
        """The channel object with its labels: ``feeds.json?results=0``, their only source."""
        parameters: dict[str, str | int] = {"results": 0, "timezone": "Etc/UTC"}
        return self.get("/feeds.json", parameters, "feed", self._page).content

    def field(self, number: int, results: int = 100) -> dict[str, Any]:
        """The newest entries of one field (1 to 8), nulls included, as ThingSpeak words them."""
        found: dict[str, Any] = self.get(f"/fields/{number}.json", {"results": results}).content
        return found

    def last(self, field: int | None = None) -> dict[str, Any] | None:
        """The entry with the highest id, or the last one in which a field is set; None for none."""
        path = "/feeds/last.json" if field is None else f"/fields/{field}/last.json"
        found: Any = self.get(path, kind="entry").content
        return found if isinstance(found, dict) else None

    def status(self, results: int = 100) -> list[dict[str, Any]]:
        """The newest status texts: ``created_at``, ``entry_id``, ``status``."""
        found: list[dict[str, Any]] = self.get("/status.json", {"results": results}).content[
            "feeds"
        ]
        return found

    def last_data_age(self, field: int | None = None) -> int | None:
        """Seconds since the last entry, or since the last one in which a field is set."""
        where = "/feeds" if field is None else f"/fields/{field}"
        found: Any = self.get(f"{where}/last_data_age.json", kind="entry").content
        return int(found["last_data_age"]) if isinstance(found, dict) else None

    def settings(self) -> dict[str, Any]:
        """The channel itself, ``/channels/ID.json``; it lacks the labels."""
        found: dict[str, Any] = self.get(".json").content
        return found

    def _page(self, body: bytes) -> Page:
        return parse_page(body, decimal_comma=self._decimal_comma)

    def _entry(self, body: bytes) -> Page | None:
        absent = _bare(body) == b"-1"
        return None if absent else parse_entry(body, decimal_comma=self._decimal_comma)

    def _count(self) -> None:
        self.requests += 1


@dataclass(frozen=True, slots=True)
class _Question:
    path: str
    parameters: dict[str, str | int]
    api_key: str | None
    channel_id: int | None
    kind: Kind

    @property
    def subject(self) -> str:
        return f"channel {self.channel_id}" if self.channel_id is not None else self.path


def _utc_text(instant: datetime) -> str:
    """The documented form of ``start`` and ``end``; whole seconds."""
    return instant.isoformat(sep=" ", timespec="seconds")


def _judge(question: _Question, response: httpx2.Response) -> Answer[bytes]:
    """Believe an answer, or raise what it means. By the body as much as by the status."""
    status, body = response.status_code, response.content
    if status == 429:
        raise RateLimited(
            "ThingSpeak asks to slow down (429): set a longer rate_limit_delay",
            _seconds(response.headers.get("Retry-After")),
        )
    if status >= 500 or status in (408, 425):
        raise SourceUnavailable(f"ThingSpeak answered {status} {response.reason_phrase}")
    if _bare(body) == b"-1" and (question.kind != "entry" or status != 200):
        raise _refused(question)
    if status == 401:
        raise _refused(question)
    if status == 404:
        raise ChannelNotFound(f"{question.subject}: ThingSpeak knows nothing of that number")
    if status != 200:
        raise RequestRefused(f"{question.subject}: ThingSpeak refused ({status}{_details(body)})")
    kind = response.headers.get("Content-Type", "")
    if "json" not in kind and "javascript" not in kind:
        raise SourceUnavailable(
            f"{question.subject}: an answer of type {kind or 'unknown'!r}, not JSON"
        )
    if _bare(body) in (b"0", b""):
        raise SourceUnavailable(f"{question.subject}: an answer without content")
    return Answer(body, _date(response.headers.get("Date")))


def _refused(question: _Question) -> FieldhouseError:
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
    return ChannelPrivate(
        f"channel {number} is private: set its Read API Key, as THINGSPEAK_API_KEY "
        f'or in fieldhouse.toml as [channels.{number}] api_key = {{ env = "…" }}'
    )


def _bare(body: bytes) -> bytes:
    return body.strip().strip(b'"') if len(body) < 16 else body


def _details(body: bytes) -> str:
    try:
        error = msgspec.json.decode(body)["error"]
        return f", {error['details'] or error['message']}"
    except (msgspec.MsgspecError, KeyError, TypeError, UnicodeDecodeError):
        return ""


def _seconds(retry_after: str | None) -> float | None:
    """``Retry-After`` as seconds: a number, or a date."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _date(header: str | None) -> datetime:
    try:
        return parsedate_to_datetime(header or "").astimezone(UTC).replace(tzinfo=None)
    except (ValueError, TypeError):
        return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def _what(error: httpx2.HTTPError) -> str:
    """One clause on a network failure; never the URL, never a key."""
    if isinstance(error, httpx2.TimeoutException):
        return "did not answer in time"
    if isinstance(error, httpx2.ConnectError):
        return f"cannot be reached ({error})"
    if isinstance(error, httpx2.UnsupportedProtocol):
        return "is no http:// or https:// URL"
    return f"broke off its answer ({type(error).__name__})"
