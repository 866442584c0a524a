"""The proxy on the way to a server: read from the environment, or from the system's settings.

``HTTP_PROXY`` is for http:// servers, ``HTTPS_PROXY`` for https:// ones, ``ALL_PROXY`` for both,
``NO_PROXY`` names the servers that are asked directly; each in lower case too, which goes first.
"""

import re
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

import httpx2

from fieldhouse.errors import ConfigurationError

__all__ = ["VARIABLES", "Finding", "Proxy", "chosen", "described", "given"]

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
SYSTEM = "the system's settings"

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_HOST = re.compile(r"[\w.-]+")


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy, and the ``variable`` that names it; as text its address, without the login."""

    variable: str
    scheme: str
    host: str
    port: int
    login: tuple[str, str] | None = field(default=None, repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


class Finding(NamedTuple):
    """What is to be told of a variable that is set; ``ok`` unless it ends a run."""

    variable: str
    ok: bool
    text: str


def given(environ: Mapping[str, str], name: str) -> str | None:
    """A variable's value without the white space and quotes that files leave around it, if any."""
    value = environ.get(name, "").strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1].strip()
    return value or None


def chosen(url: str, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy through which ``url`` is to be asked; None: directly.

    Raises ConfigurationError, in one line that names the variable and shows no login.
    """
    server = urlsplit(url)
    if (named := _named(server.scheme, environ)) is None:
        return _systems(server, environ)
    excepted = _set("NO_PROXY", environ)
    if excepted and _excepts(environ[excepted], server):
        return None
    return _parsed(named, given(environ, named) or "")


def described(url: str, environ: Mapping[str, str]) -> list[Finding]:
    """Each variable that is set, and whether it is used for ``url``."""
    return list(_described(urlsplit(url), url, environ))


# Which variable


def _both(name: str) -> tuple[str, str]:
    return name.lower(), name


def _set(name: str, environ: Mapping[str, str]) -> str | None:
    """The variable of that name that counts: the lower-case one, if it is set."""
    for each in _both(name):
        # in a CGI script the client's header "Proxy" becomes HTTP_PROXY (httpoxy)
        if given(environ, each) and not (each == "HTTP_PROXY" and "REQUEST_METHOD" in environ):
            return each
    return None


def _named(scheme: str, environ: Mapping[str, str]) -> str | None:
    return _set(f"{scheme}_proxy".upper(), environ) or _set("ALL_PROXY", environ)


def _systems(server: SplitResult, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy of the desktop's settings on macOS and Windows; elsewhere they are variables."""
    if sys.platform not in ("darwin", "win32") or any(_set(name, environ) for name in VARIABLES):
        return None
    address = urllib.request.getproxies().get(server.scheme)
    if not address or urllib.request.proxy_bypass(server.hostname or ""):
        return None
    return _parsed(SYSTEM, address)


# What it says


def _parsed(variable: str, value: str) -> Proxy:
    address = value if "://" in value else f"http://{value.removeprefix('//')}"
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _wrong(variable) from None
    behind = f"{parts.path}{parts.query}{parts.fragment}"
    slip = "@" in behind or (address != value and parts.path.strip("/"))
    if slip or port == 0 or not address.isprintable() or not _is_host(host):
        raise _wrong(variable)
    if parts.scheme in ("socks4", "socks4a"):
        raise ConfigurationError(
            f"{variable}: SOCKS 4 is not spoken; if the proxy knows SOCKS 5, write "
            f"socks5://{host}:{port or 1080}"
        )
    scheme = {"socks": "socks5"}.get(parts.scheme, parts.scheme)
    if scheme not in _PORTS:
        raise _wrong(variable)
    login = unquote(parts.username or ""), unquote(parts.password or "")
    return Proxy(variable, scheme, host, port or _PORTS[scheme], login if any(login) else None)


def _is_host(text: str) -> bool:
    """An address, or a name that the network can write, outside of ASCII too."""
    if ":" in text:
        return _is_address(text)
    try:
        return bool(_HOST.fullmatch(text) and httpx2.URL(scheme="http", host=text).raw_host)
    except httpx2.InvalidURL:
        return False


def _wrong(variable: str) -> ConfigurationError:
    return ConfigurationError(
        f"{variable} must be the address of a proxy, as http://host:3128 or socks5://host:1080; an "
        "IPv6 address stands in brackets, special characters of a user or password as %40 for @"
    )


# Which servers are asked directly


def _excepts(exceptions: str, server: SplitResult) -> bool:
    return any(_is_meant(each, server) for each in re.split(r"[\s,;\"']+", exceptions) if each)


def _is_meant(entry: str, server: SplitResult) -> bool:
    """Whether an entry of NO_PROXY names the server: a name, its domain, an address, a network."""
    host = (server.hostname or "").rstrip(".")
    entry = entry.lower()
    if entry in ("*", "<local>"):
        return entry == "*" or "." not in host
    scheme, _, rest = entry.rpartition("://")
    name, port = _parted(rest.rstrip("/") if scheme else rest)
    own = server.port or _PORTS.get(server.scheme)
    if (scheme and scheme != server.scheme) or (port and port != str(own)):
        return False
    if _in_network(host, name):
        return True
    name = name.removeprefix("*").strip(".")
    if "*" in name or _is_address(host):
        return fnmatchcase(host, name) if name else False
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _parted(entry: str) -> tuple[str, str]:
    """The name and the port of an entry; an IPv6 address may stand without its brackets."""
    if entry.startswith("["):
        name, _, port = entry[1:].partition("]")
        return name, port.removeprefix(":")
    if entry.count(":") > 1:
        return entry, ""
    name, _, port = entry.partition(":")
    return name, port


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def _in_network(host: str, network: str) -> bool:
    try:
        return ip_address(host) in ip_network(network, strict=False)
    except (ValueError, TypeError):
        return False


# What is told of it


def _described(server: SplitResult, url: str, environ: Mapping[str, str]) -> Iterator[Finding]:
    if not any(_set(name, environ) for name in VARIABLES):
        yield from _of_the_system(server, environ)
    used, excepted = _named(server.scheme, environ), _set("NO_PROXY", environ)
    direct = bool(excepted and _excepts(environ[excepted], server))
    for name in (each for both in map(_both, VARIABLES[:3]) for each in both):
        if not given(environ, name):
            continue
        if name != used:
            yield Finding(name, True, f"not used: {_why_not(name, used, url, environ)}")
        elif direct:
            yield Finding(name, True, f"not used: {excepted} names {server.hostname}")
        else:
            yield _used(name, environ)
    if excepted:
        meant = f"used: {server.hostname} is asked directly"
        other = f"does not name {server.hostname}" if used else "not used: no proxy is set"
        yield Finding(excepted, True, meant if used and direct else other)
        if excepted.islower() and given(environ, "NO_PROXY"):
            yield Finding("NO_PROXY", True, f"not used: {excepted} goes first")


def _of_the_system(server: SplitResult, environ: Mapping[str, str]) -> Iterator[Finding]:
    try:
        if proxy := _systems(server, environ):
            yield Finding(SYSTEM, True, f"used: {proxy}")
    except ConfigurationError as error:
        yield Finding(SYSTEM, False, str(error))


def _used(name: str, environ: Mapping[str, str]) -> Finding:
    try:
        proxy = _parsed(name, given(environ, name) or "")
    except ConfigurationError as error:
        return Finding(name, False, str(error))
    login = ", with a user and password" if proxy.login else ""
    return Finding(name, True, f"used: {proxy}{login}")


def _why_not(name: str, used: str | None, url: str, environ: Mapping[str, str]) -> str:
    scheme = name.lower().removesuffix("_proxy")
    if scheme not in ("all", urlsplit(url).scheme):
        return f"it is for {scheme}://, and ThingSpeak is {url}"
    return f"{used} goes first" if used else "a CGI script's HTTP_PROXY is not to be trusted"
