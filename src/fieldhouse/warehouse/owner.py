"""Who owns a DuckDB file: the note that a serving process leaves beside it (a leaf).

A note says where the owner is reached, on this machine, and a secret that is new with every start.
Whoever can read it may ask the owner for all that the file holds, as whoever can read the file may;
so it is its owner's alone (mode 0600, where the platform has modes), and a note that somebody else
could have written is passed over. A note may be stale: `proof` is how an owner shows that it is the
one that wrote it, before anybody shows it the secret.
"""

import hmac
import os
import secrets
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from fieldhouse.errors import WarehouseUnusable

__all__ = ["Note", "file_of", "is_loopback", "left", "new_secret", "note_of", "place_of", "proof"]

_LARGEST = 4096
_TRIES = 20
"""How often a note that somebody reads is replaced again, where the platform minds (Windows)."""


@dataclass(frozen=True, slots=True)
class Note:
    """How the owner of a file is reached: ``http://127.0.0.1:port``, and what it is asked with."""

    address: str
    secret: str = field(repr=False)
    pid: int


def file_of(url: str) -> str | None:
    """The file of ``duckdb:///relative``, ``duckdb:////absolute`` or a bare path; else None.

    A tilde that it begins with is the user's home.
    """
    if "://" in url:
        if not url.startswith("duckdb://"):
            return None
        url = url.removeprefix("duckdb://").removeprefix("/")
    if url == ":memory:":
        return None
    try:
        return str(Path(url).expanduser()) if url.startswith("~") else url
    except RuntimeError:  # nobody of that name is at home here
        return url


def place_of(file: str | Path) -> Path:
    """Where the note about a file is, by whatever name the file is called."""
    resolved = Path(file).resolve()
    return resolved.with_name(f"{resolved.name}.owner")


def new_secret() -> str:
    """A secret for one start of an owner."""
    return secrets.token_urlsafe(32)


def proof(secret: str, challenge: str) -> str:
    """What only who knows the secret can answer a challenge with; it does not tell the secret."""
    return hmac.digest(secret.encode(), challenge.encode(), "sha256").hex()


def note_of(file: str | Path) -> Note | None:
    """The note about a file, stale or not; None where there is none that can be trusted."""
    try:
        text = _text(place_of(file), Path(file))
        note = msgspec.json.decode(text, type=Note) if text else None
    except (OSError, ValueError, msgspec.MsgspecError):
        return None
    return note if note and note.secret.isascii() and _is_here(note.address) else None


@contextmanager
def left(file: str | Path, note: Note) -> Iterator[None]:
    """Leave a note for the time of a ``with``, in place of one that is there. WarehouseUnusable."""
    place = place_of(file)
    try:
        _write(place, msgspec.json.encode(note))
    except OSError as error:
        raise WarehouseUnusable(
            f"{place} cannot be written ({error.strerror}): other commands find this process by it"
        ) from error
    try:
        yield
    finally:
        if note_of(file) == note:  # not another's, who came after
            with suppress(OSError):
                place.unlink()


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own, by number; names are nobody's."""
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return False


def _is_here(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "http" and is_loopback(parts.hostname or "") and "@" not in parts.netloc


def _text(place: Path, file: Path) -> bytes | None:
    """What a note says that nobody else could have written; None otherwise."""
    opened = os.open(place, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(opened, "rb") as note:
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode):
            return None
        if hasattr(os, "geteuid"):
            trusted = (os.geteuid(), file.stat().st_uid)  # who owns the file can change all of it
            if found.st_uid not in trusted or stat.S_IMODE(found.st_mode) & 0o077:
                return None
        return note.read(_LARGEST)


def _write(place: Path, text: bytes) -> None:
    """Write a file of mode 0600 whole, or not at all."""
    opened, name = tempfile.mkstemp(prefix=f"{place.name}.", dir=place.parent)
    try:
        with os.fdopen(opened, "wb") as note:
            note.write(text)
        _replace(name, place)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _replace(name: str, place: Path) -> None:
    for again in reversed(range(_TRIES)):
        try:
            Path(name).replace(place)
            return
        except PermissionError:
            if not again:
                raise
            time.sleep(0.05)
