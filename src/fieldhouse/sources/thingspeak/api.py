"""ThingSpeak over HTTP: every read that a warehouse needs, each answer judged by its body too.

A channel's key travels in the ``THINGSPEAKAPIKEY`` header, so that it stands in no URL.
"""

import logging
import random
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

import stamina

from fieldhouse import events
from fieldhouse.errors import (
    ChannelNotFound,
    ChannelPrivate,
    ConfigurationError,
    Interrupted,
    KeyRejected,
    RateLimited,
    SourceError,
    SourceUnavailable,
)
from fieldhouse.retries import told_by_us
from fieldhouse.sources.thingspeak import listing
from fieldhouse.sources.thingspeak.channel import Channel, Parameters
from fieldhouse.sources.thingspeak.connection import Connection
from fieldhouse.sources.thingspeak.failures import never_sent
from fieldhouse.sources.thingspeak.judging import Answer, Kind, Question, decoded, judged
from fieldhouse.sources.thingspeak.pacing import LONGEST_PAUSE, Pacer

__all__ = ["BASE_URL", "Answer", "Channel", "Kind", "ThingSpeak", "decoded"]

BASE_URL = "https://api.thingspeak.com"
_DOUBTS = 2
"""How often a refusal is asked again when the channel has answered before."""

T = TypeVar("T")
logger = logging.getLogger(__name__)


class ThingSpeak:
    """A ThingSpeak server. One connection pool and one pace for all threads and channels.

    ``timeout`` is in seconds, for a whole request; an answer that flows has longer (`Deadline`).
    What is transient is asked again up to ``attempts`` times, ``backoff`` seconds apart at first,
    then doubling, with jitter; a ``Retry-After`` is honoured. Proxies and certificates are those
    that the environment names; with ``proxies`` False no proxy is asked. ``settings_file`` is where
    advice says that a key is set. Entered (``with``), it raises ConfigurationError for what is
    wrong with them; otherwise the first request does. Errors are those of ``fieldhouse.errors``.
    """

    def __init__(
        self,
        base_url: str = BASE_URL,
        *,
        pacer: Pacer | None = None,
        timeout: float = 10.0,
        attempts: int = 5,
        backoff: float = 1.0,
        proxies: bool = True,
        settings_file: str = "fieldhouse.toml",
        observe: Callable[[events.Event], None] | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._pacer = pacer or Pacer()
        self._timeout, self._attempts, self._backoff = timeout, attempts, backoff
        self._proxies, self._settings_file = proxies, settings_file
        self._observe = observe
        self._answered: set[int] = set()
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def __repr__(self) -> str:
        return f"ThingSpeak({self.base_url!r})"

    def __enter__(self) -> "ThingSpeak":
        self._connected()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def share_pace(self, workers: int) -> None:
        """Keep a distance that so many workers may keep side by side."""
        self._pacer.share(workers)

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if self._connection:
                self._connection.close()
            self._connection = None

    def channel(
        self,
        channel_id: int,
        api_key: str | None = None,
        *,
        decimal_comma: bool = False,
        stop: threading.Event | None = None,
    ) -> "Channel":
        """One channel of this server, read with its own key, until ``stop`` is set.

        Raises ConfigurationError for a number below 1: of a channel of files there is nothing to
        ask.
        """
        if channel_id < 1:
            raise ConfigurationError(f"channel {channel_id} is no channel of ThingSpeak's")
        return Channel(self, channel_id, api_key, decimal_comma=decimal_comma, stop=stop)

    def my_channels(self, user_key: str, tag: str | None = None) -> list[dict[str, Any]]:
        """The channels of the account that ``user_key`` belongs to, without their keys."""
        answer: Answer[Any] = self.get(
            "/channels.json", {"tag": tag} if tag else {}, api_key=user_key, read=listing.mine
        )
        return [
            {key: value for key, value in channel.items() if key != "api_keys"}
            for channel in answer.content
        ]

    def user_channels(self, user: str, tag: str | None = None) -> list[dict[str, Any]]:
        """The public channels of a user. Raises ChannelNotFound for one that is none."""
        path = f"/users/{quote(user, safe='')}/channels.json"
        answer: Answer[Any] = self.get(path, {"tag": tag} if tag else {}, read=listing.channels)
        return list(answer.content["channels"])

    def public_channels(self, page: int = 1, tag: str | None = None) -> dict[str, Any]:
        """One page (of 15) of the public channels: ``{"pagination": {…}, "channels": […]}``."""
        parameters: dict[str, str | int] = {"page": page}
        parameters |= {"tag": tag} if tag else {}
        found: dict[str, Any] = self.get(
            "/channels/public.json", parameters, read=listing.page
        ).content
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
        fresh: bool = False,
        behind: bool = False,
        stop: threading.Event | None = None,
    ) -> Answer[T]:
        """Ask for ``path`` until the answer can be believed or the patience is at its end.

        ``read`` makes of a body what the caller wants, and raises SourceUnavailable for one that it
        cannot be made of; ``count`` is called once for each request that is really made. ``fresh``
        adds to each a text that was never sent before; ``behind`` lets others go first. Once
        ``stop`` is set nothing is waited for, nor asked: Interrupted.
        """
        question = Question(path, dict(parameters or {}), api_key, channel_id, kind, fresh, behind)
        doubts = _DOUBTS if channel_id in self._answered else 0
        failed: Exception | None = None
        pause = 0.0

        def again(error: Exception) -> bool | float:
            nonlocal doubts
            if isinstance(error, (ChannelPrivate, KeyRejected, ChannelNotFound)):
                doubts -= 1
                return doubts >= 0
            if isinstance(error, RateLimited) and error.retry_after is not None:
                is_bearable = error.retry_after <= LONGEST_PAUSE
                return is_bearable and (error.retry_after or True)  # 0: when we would ask again
            return isinstance(error, SourceUnavailable)

        def unslept(error: Exception) -> bool | float:
            nonlocal failed, pause
            if not (verdict := again(error)):
                return False
            failed, pause = error, pause if verdict is True else verdict
            return 0.0  # nothing could end a sleep of stamina's: the pause is made below

        with told_by_us():
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
        logger.warning("%s; asking again in %.1f s", failed, pause)
        events.tell(self._observe, events.AskingAgain(channel_id, str(failed), pause))
        if (stop or threading.Event()).wait(pause):
            raise Interrupted

    def _ask(
        self,
        question: Question,
        count: Callable[[], None] | None,
        stop: threading.Event | None,
    ) -> Answer[bytes]:
        key = question.api_key or ""
        if not (key.isascii() and key.isprintable()):
            raise KeyRejected(
                f"{question.subject}: the key that is set for it is no ThingSpeak key"
            )
        self._pacer.wait(stop, behind=question.behind)
        began = time.perf_counter()
        outcome, size, made, wrong = "error", 0, True, None
        try:
            headers = {"THINGSPEAKAPIKEY": key} if key else {}
            reply = self._connected().get(question.path, question.asked(), headers, stop=stop)
            outcome, size = str(reply.status), len(reply.body)
            answer = judged(question, reply, self._settings_file)
            self._pacer.calm()
            return answer
        except RateLimited as error:
            wrong = type(error).__name__
            self._pacer.slow_down(error.retry_after)
            raise
        except SourceError as error:
            wrong = type(error).__name__
            made = not never_sent(error)
            if error.__cause__:
                outcome = type(error.__cause__).__name__
            if stop is not None and stop.is_set():
                raise Interrupted from error
            raise
        finally:
            if not made:
                self._pacer.not_made()
            elif count:
                count()
            took = time.perf_counter() - began
            told = events.RequestMade(question.channel_id, outcome, took, size, wrong, made)
            events.tell(self._observe, told)

    def _connected(self) -> Connection:
        with self._lock:
            if self._connection is None:
                self._connection = Connection(
                    self.base_url, timeout=self._timeout, use_proxies=self._proxies
                )
                weakref.finalize(self, self._connection.close)
            return self._connection
