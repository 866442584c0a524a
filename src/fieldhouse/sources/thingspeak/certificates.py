"""Whom an https:// connection trusts: the system's store, or what the environment names instead.

The first of these that is set decides: ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` together, as OpenSSL
has them; ``REQUESTS_CA_BUNDLE``; ``CURL_CA_BUNDLE``, the last two a file or a folder each.
"""

import os
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2

from fieldhouse.errors import ConfigurationError
from fieldhouse.sources.thingspeak.proxies import Finding, given

__all__ = ["VARIABLES", "Trust", "described", "distrusted", "trust"]

VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")
_OUT_OF_TIME = (9, 10)  # OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and _HAS_EXPIRED
_ANOTHER_NAME = (62, 64)
_NOBODY_VOUCHES = (2, 18, 19, 20, 21)


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom connections trust: ``variable`` and ``path`` say by what, None by the system's store."""

    context: ssl.SSLContext
    variable: str | None = None
    path: str | None = None
    overlooked: tuple[str, ...] = ()
    """The variables that are set and come too late."""


def trust(environ: Mapping[str, str]) -> Trust:
    """Whom to trust. Raises ConfigurationError: the variable, the path, what is wrong with it."""
    named = [name for name in VARIABLES if given(environ, name)]
    if not named:
        return Trust(httpx2.create_ssl_context(trust_env=False))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a company's intermediate will do
    used = _used(named)
    for name in used:
        path = given(environ, name) or ""
        if name == "SSL_CERT_DIR":
            _load_folders(context, path, needed=len(used) == 1)
        else:
            _load(context, name, path)
    first = given(environ, used[0])
    return Trust(context, used[0], first, tuple(name for name in named if name not in used))


def described(environ: Mapping[str, str], *, needless: str | None = None) -> list[Finding]:
    """Each variable that is set, and whether it is used; ``needless`` says why none is needed."""
    return list(_described(environ, needless))


def distrusted(error: ssl.SSLCertVerificationError, trusting: Trust) -> str:
    """Why a certificate is not accepted, and what would help: half a line."""
    if error.verify_code in _OUT_OF_TIME:
        now = f"{datetime.now(UTC):%Y-%m-%d %H:%M}"
        return f"has a certificate out of its time, by this machine's clock: {now} UTC"
    if error.verify_code in _ANOTHER_NAME:
        return "shows another server's certificate"
    if error.verify_code not in _NOBODY_VOUCHES:
        return f"has a certificate that is not accepted ({error.verify_message})"
    if trusting.variable is None:
        return (
            "has a certificate that nobody vouches for whom this machine trusts: if your company "
            "looks into its traffic, set SSL_CERT_FILE to a PEM file with its CA's certificate"
        )
    late = " and ".join(trusting.overlooked)
    return (
        "has a certificate that nobody vouches for in "
        f"{trusting.variable} ({trusting.path}): add the CA's certificate there"
        f"{f', or unset it: {late} would count then' if late else ''}"
    )


def _used(named: list[str]) -> list[str]:
    """Those that count: OpenSSL's two, or the first of the others."""
    return [name for name in named if name in VARIABLES[:2]] or named[:1]


def _load(context: ssl.SSLContext, variable: str, path: str) -> None:
    place = f"{variable}: {path}"
    if _is_folder(path):
        if variable == "SSL_CERT_FILE":
            raise ConfigurationError(f"{place} is a folder: name a file, or set SSL_CERT_DIR")
        _require_hashed(place, path)
        context.load_verify_locations(capath=path)
        return
    try:
        context.load_verify_locations(cafile=path)
    except FileNotFoundError:
        raise ConfigurationError(f"{place}: there is no such file") from None
    except ssl.SSLError:
        raise ConfigurationError(f"{place} {_no_pem(path)}") from None
    except OSError as error:
        raise ConfigurationError(f"{place} cannot be read: {error.strerror}") from None


def _no_pem(path: str) -> str:
    with Path(path).open("rb") as file:
        der = file.read(2)[:1] == b"\x30"
    how = f": it seems to be DER; openssl x509 -inform der -in {path} -out ca.pem" if der else ""
    return f"holds no certificates in PEM form{how}"


def _load_folders(context: ssl.SSLContext, paths: str, *, needed: bool) -> None:
    """Load those that are there; OpenSSL passes over the others, unless nothing else is named."""
    there = [path for path in paths.split(os.pathsep) if _is_folder(path)]
    if needed and not there:
        what = (
            " is a file: name it in SSL_CERT_FILE"
            if _is_file(paths)
            else ": there is no such folder"
        )
        raise ConfigurationError(f"SSL_CERT_DIR: {paths}{what}")
    if needed and len(there) == 1:
        _require_hashed(f"SSL_CERT_DIR: {there[0]}", there[0])
    if there:
        context.load_verify_locations(capath=os.pathsep.join(there))


def _is_folder(path: str) -> bool:
    with suppress(OSError):  # a folder above may not be entered, a name be too long
        return Path(path).is_dir()
    return False


def _is_file(path: str) -> bool:
    with suppress(OSError):
        return Path(path).is_file()
    return False


def _require_hashed(place: str, folder: str) -> None:
    """OpenSSL finds a certificate in a folder by the hash of its subject, or not at all."""
    try:
        hashed = any(_HASHED.fullmatch(entry.name) for entry in Path(folder).iterdir())
    except OSError as error:
        raise ConfigurationError(f"{place} cannot be read: {error.strerror}") from None
    if not hashed:
        raise ConfigurationError(
            f"{place} holds no certificate under its hashed name: openssl rehash {folder}"
        )


def _described(environ: Mapping[str, str], needless: str | None) -> Iterator[Finding]:
    named = [name for name in VARIABLES if given(environ, name)]
    used = _used(named)
    for name in named:
        if needless:
            yield Finding(name, True, f"not used: {needless}")
        elif name not in used:
            yield Finding(name, True, f"not used: {used[0]} goes first")
        elif name != used[0]:
            yield _beside(used[0], name, given(environ, name) or "")
        else:
            yield _checked(name, environ)


def _checked(name: str, environ: Mapping[str, str]) -> Finding:
    try:
        trust({name: environ[name]})
    except ConfigurationError as error:
        return Finding(name, False, str(error))
    return Finding(name, True, f"used: {given(environ, name)}")


def _beside(first: str, name: str, paths: str) -> Finding:
    there = any(_is_folder(path) for path in paths.split(os.pathsep))
    text = f"used beside {first}: {paths}" if there else f"not used: {paths} is no folder"
    return Finding(name, True, text)
