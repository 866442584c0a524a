"""What failed on the way to a server, told as ours: one line, and whether to ask again.

The line names the server, or the proxy by the variable that names it; never a login, never a key.
"""

import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpcore2
import httpx2

from fieldhouse.errors import ConnectionBarred, SourceError, SourceUnavailable
from fieldhouse.sources.thingspeak.certificates import Trust, distrusted
from fieldhouse.sources.thingspeak.deadline import Deadline, TlsFailed
from fieldhouse.sources.thingspeak.proxies import Proxy

__all__ = ["Way", "failure", "is_foreseen", "login_wanted", "never_sent"]

_NETWORK = (
    httpx2.HTTPError,
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.ProxyError,
    httpcore2.UnsupportedProtocol,
)
_BEFORE = (
    httpcore2.ConnectError,
    httpcore2.ConnectTimeout,
    httpcore2.LocalProtocolError,
    httpcore2.ProxyError,
    httpcore2.UnsupportedProtocol,
    httpx2.InvalidURL,
)
_PASSING = ("408", "425", "429")
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG")
"""What OpenSSL makes of an answer that is none of TLS's."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a server is reached: through a proxy or directly, and whom its TLS trusts, if any."""

    base_url: str
    proxy: Proxy | None = None
    trust: Trust | None = None

    @property
    def over_socks(self) -> bool:
        return self.proxy is not None and self.proxy.scheme.startswith("socks")

    @property
    def through(self) -> str:
        """The end of a line about what may be the server's or the proxy's doing."""
        return f", through the proxy of {self.proxy.variable}" if self.proxy else ""


def is_foreseen(way: Way, error: Exception) -> bool:
    """Whether an error is the network's, not a defect; SOCKS's library asserts what it is told."""
    return isinstance(error, _NETWORK) or way.over_socks


def never_sent(error: SourceError) -> bool:
    """Whether an error of `Connection.get` came before any request had gone out to the server."""
    return isinstance(error.__cause__, _BEFORE)


def failure(way: Way, error: Exception, deadline: Deadline) -> SourceError:
    """Tell what a library raised."""
    match error:
        case TlsFailed():
            return _tls(way, error)
        case httpcore2.ProxyError() if way.proxy:
            return _refused(way, way.proxy, str(error))
        case httpcore2.ConnectError() | httpcore2.ConnectTimeout() if (
            way.proxy and not deadline.received  # it has said nothing yet
        ):
            return SourceUnavailable(_no_proxy(way, way.proxy, error))
    return SourceUnavailable(_lost(way, error, deadline))


def login_wanted(way: Way) -> ConnectionBarred:
    """What to do about a proxy that asks who we are."""
    status = "" if way.over_socks else " (407)"
    if way.proxy is None:
        name = f"{urlsplit(way.base_url).scheme}_proxy".upper()
        return ConnectionBarred(
            f"a proxy on the way to {way.base_url} wants a user and a password{status}: set "
            f"{name}=http://user:password@host:port"
        )
    if way.proxy.login:
        return ConnectionBarred(f"{_of(way.proxy)} does not accept its user and password{status}")
    where = str(way.proxy).replace("://", "://user:password@")
    return ConnectionBarred(
        f"{_of(way.proxy)} wants a user and a password{status}: set {way.proxy.variable}={where}"
    )


def _of(proxy: Proxy) -> str:
    """The beginning of a line about a proxy."""
    return f"{proxy.variable}: the proxy {proxy}"


def _refused(way: Way, proxy: Proxy, words: str) -> SourceError:
    """What a proxy answers to a tunnel: a status and its reason, or the SOCKS library's words."""
    if words.startswith(("407", "Invalid", "Requested NO")):
        return login_wanted(way)
    if words.startswith("Requested"):
        return ConnectionBarred(f"{_of(proxy)} takes no user and password: leave them out")
    lasting = words.startswith("4") and not words.startswith(_PASSING)
    kind = ConnectionBarred if lasting else SourceUnavailable
    return kind(f"{_of(proxy)} does not connect to {way.base_url} ({words.rstrip('.')})")


def _no_proxy(way: Way, proxy: Proxy, error: Exception) -> str:
    host = urlsplit(way.base_url).hostname or ""
    here = host in ("localhost", "::1") or host.startswith("127.")
    hint = f"; {way.base_url} is on this machine: NO_PROXY={host} asks it directly" if here else ""
    late = isinstance(error, httpcore2.TimeoutException)
    if late and proxy.scheme == "https":
        hint = f"; if it speaks no TLS, {_plain(proxy)}{hint}"
    return f"{_of(proxy)} cannot be reached ({'not in time' if late else error}){hint}"


def _lost(way: Way, error: Exception, deadline: Deadline) -> str:
    who = way.base_url
    match error:
        case httpcore2.ConnectError():
            return f"{who} cannot be reached ({error})"
        case httpcore2.TimeoutException():
            came = f"{deadline.received:,} bytes in {deadline.spent:.1f} s"
            return f"{who} did not answer in time ({came}){way.through}"
        case httpcore2.UnsupportedProtocol():
            return f"{who} is no http:// or https:// URL"
        case AssertionError() | LookupError() if way.proxy:
            return f"{_of(way.proxy)} does not answer as a SOCKS proxy does"
    return f"{who} broke off its answer ({type(error).__name__}){way.through}"


def _tls(way: Way, error: TlsFailed) -> SourceError:
    proxy = way.proxy if way.proxy and way.proxy.scheme == "https" and not error.behind else None
    who = _of(proxy) if proxy else way.base_url
    match error.reason:
        case ssl.SSLCertVerificationError() as reason if way.trust:
            return ConnectionBarred(f"{who} {distrusted(reason, way.trust)}")
        case ssl.SSLError(reason=str(reason)) if reason in _NO_TLS:
            return ConnectionBarred(f"{who} speaks no TLS: {_plain(proxy)}")
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError() | ssl.SSLSyscallError():
            return SourceUnavailable(f"{who} broke off its handshake{way.through}")
        case ssl.SSLError() as reason:
            return ConnectionBarred(f"{who}: no TLS can be agreed on ({reason.reason})")
    through = "" if proxy else way.through
    return SourceUnavailable(f"{who} cannot be reached ({error.reason}){through}")


def _plain(proxy: Proxy | None) -> str:
    if proxy is None:
        return "is it an http:// address?"
    address = str(proxy).replace("https://", "http://")
    return f"write {proxy.variable}={address}, with its user and password if it wants them"
