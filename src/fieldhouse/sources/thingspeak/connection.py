"""The one place that makes an HTTP client: its proxy, its certificates, its time, its pool."""

import os
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any
from urllib.parse import quote, urlencode

import httpcore2
import httpx2

from fieldhouse.errors import ConfigurationError, RequestRefused, SourceUnavailable
from fieldhouse.sources.thingspeak import certificates, proxies
from fieldhouse.sources.thingspeak.deadline import Deadline, Network
from fieldhouse.sources.thingspeak.failures import Way, failure, is_foreseen, login_wanted

__all__ = ["Connection", "Reply", "surroundings"]

_KEPT = 32
"""Idle connections that are kept for the next requests."""
_KEPT_SECONDS = 5.0
_HEADERS = {"User-Agent": "fieldhouse (+https://pypi.org/project/fieldhouse)"}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came, read whole and decompressed."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    through: str = ""
    """The end of a line about it: which proxy it came through, if through one."""


class Connection:
    """The way to one server, for any number of threads.

    ``timeout`` seconds bound a whole request, see `Deadline`. Proxies (with ``use_proxies``) and
    certificates are those of the environment when this is made. Raises ConfigurationError for what
    is wrong with them.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout: float,
        use_proxies: bool = True,
    ) -> None:
        self._base_url, self._timeout = base_url, timeout
        self._closed = False
        self._way = _way(base_url, os.environ, use_proxies=use_proxies)
        self._pool = _pool(self._way)
        self._asking: httpx2.Request | None = None

    def get(
        self,
        path: str,
        parameters: Mapping[str, str | int],
        headers: Mapping[str, str] | None = None,
        *,
        stop: threading.Event | None = None,
    ) -> Reply:
        """Ask once, and read the answer whole; given up within a moment once ``stop`` is set.

        Raises SourceUnavailable for what may be otherwise in a moment, ConnectionBarred for a proxy
        or a certificate that will not, RequestRefused for a URL that is none.
        """
        deadline = Deadline(self._timeout, stop=stop)
        try:
            reply = self._asked(path, parameters, headers or {}, deadline)
        except httpx2.InvalidURL as error:
            line = f"{self._base_url} is no URL that can be asked ({error})"
            raise RequestRefused(line) from error
        except Exception as error:
            deadline.abandon()
            if self._closed:
                raise SourceUnavailable(f"{self._base_url} was closed while asked") from error
            if not is_foreseen(self._way, error):
                raise
            raise failure(self._way, error, deadline) from error
        if reply.status == 407:
            raise login_wanted(self._way)
        return reply

    def close(self) -> None:
        """Close all connections; whoever reads from one of them is told at once."""
        self._closed = True
        self._pool.close()

    def _asked(
        self,
        path: str,
        parameters: Mapping[str, str | int],
        headers: Mapping[str, str],
        deadline: Deadline,
    ) -> Reply:
        times = {"connect": deadline, "read": deadline, "write": deadline, "pool": None}
        own = [(name.encode(), value.encode()) for name, value in headers.items()]
        base = self._template()
        query = urlencode(parameters, quote_via=quote, errors="surrogatepass")
        target = f"{path}?{query}" if query else path
        answer = self._pool.handle_request(
            httpcore2.Request(
                method=b"GET",
                url=httpcore2.URL(
                    scheme=base.url.raw_scheme,
                    host=base.url.raw_host,
                    port=base.url.port,
                    target=base.url.raw_path.rstrip(b"/") + target.encode("ascii"),
                ),
                headers=[*base.headers.raw, *own],
                extensions={"timeout": times},
            )
        )
        reply = httpx2.Response(answer.status, headers=answer.headers, stream=_Body(answer.stream))
        with closing(reply):
            body = reply.read()
        reason = answer.extensions.get("reason_phrase", b"").decode("ascii", "ignore")
        return Reply(answer.status, reason, reply.headers, body, self._way.through)

    def _template(self) -> httpx2.Request:
        """What all requests have in common: made once, since making one costs as much as asking."""
        if self._asking is None:
            client = httpx2.Client(headers=_HEADERS, trust_env=False, verify=False)
            self._asking = client.build_request("GET", self._base_url)
        return self._asking


def surroundings(base_url: str, *, use_proxies: bool = True) -> list[proxies.Finding]:
    """What the environment names of proxies and certificates, and whether it is used."""
    found = proxies.described(base_url, os.environ)
    if not use_proxies:
        found = [each._replace(ok=True, text="not used: proxies is no") for each in found]
    secure = base_url.startswith("https:") or any("used: https:" in each.text for each in found)
    needless = None if secure else f"{base_url} needs no certificates"
    return [*found, *certificates.described(os.environ, needless=needless)]


def _way(base_url: str, environ: Mapping[str, str], *, use_proxies: bool) -> Way:
    proxy = proxies.chosen(base_url, environ) if use_proxies else None
    secure = base_url.lower().startswith("https:") or (proxy and proxy.scheme == "https")
    return Way(base_url, proxy, certificates.trust(environ) if secure else None)


def _pool(way: Way) -> httpcore2.ConnectionPool:
    context = way.trust.context if way.trust else None
    return httpcore2.ConnectionPool(
        ssl_context=context,
        proxy=_proxy(way.proxy, context) if way.proxy else None,
        max_connections=None,
        max_keepalive_connections=_KEPT,
        keepalive_expiry=_KEPT_SECONDS,
        network_backend=Network(),
    )


def _proxy(proxy: proxies.Proxy, context: ssl.SSLContext | None) -> httpcore2.Proxy:
    if proxy.scheme.startswith("socks") and find_spec("socksio") is None:
        raise ConfigurationError(
            f"{proxy.variable}: a SOCKS proxy needs one package more: pip install socksio"
        )
    url = httpx2.URL(str(proxy))  # which writes a name outside of ASCII as the network has it
    return httpcore2.Proxy(
        httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=proxy.port, target="/"),
        auth=(_hidden(proxy.login[0]), _hidden(proxy.login[1])) if proxy.login else None,
        ssl_context=context if proxy.scheme == "https" else None,
    )


class _Hidden(bytes):
    """A secret that the libraries' debug logs do not show."""

    def __repr__(self) -> str:
        return "'…'"


def _hidden(text: str) -> _Hidden:
    return _Hidden(text.encode("utf-8", "surrogateescape"))


class _Body(httpx2.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        self._stream.close()
