"""The text of a file piece by piece, whatever it is packed in and written in: UTF-8 comes out.

Nothing is held but the piece at hand, so that neither a long file nor a small one that unpacks to
a huge one takes memory.
"""

import codecs
import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from fieldhouse.errors import ConfigurationError

__all__ = ["Member", "members", "pieces"]

PIECE = 1 << 20
_GZIP, _ZIP = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""The marks by which a text says how it is written; UTF-32's begins like UTF-16's."""

Progress = Callable[[int], None]
"""Told how many bytes of the file, as it lies on disk, have been read."""


@dataclass(frozen=True, slots=True)
class Member:
    """One text: a file, or what a zip archive holds under the name ``inner``.

    ``called``: the file's name, if it is another than its path.
    """

    path: Path
    inner: str | None = None
    called: str | None = None

    @property
    def name(self) -> str:
        """As lines name it."""
        outer = self.called or str(self.path)
        return f"{outer}/{self.inner}" if self.inner else outer


def members(path: Path, called: str | None = None) -> tuple[Member, ...]:
    """The texts in a file, more than one in some zip archives. Raises ConfigurationError.

    ``called`` is how lines name the file, if not by its path.
    """
    shown = called or str(path)
    with _told(shown):
        if path.is_dir():
            raise ConfigurationError(f"{shown} is a folder: name the files in it")
        with path.open("rb") as file:
            if file.read(4) not in _ZIP:
                return (Member(path, called=called),)
            with zipfile.ZipFile(file) as archive:
                names = [each.filename for each in archive.infolist() if not each.is_dir()]
    if "mimetype" in names or any(name.startswith(("xl/", "word/")) for name in names):
        raise ConfigurationError(f"{shown} is an Office document: save it as CSV")
    if found := tuple(Member(path, name, called) for name in sorted(names) if not _is_hidden(name)):
        return found
    raise ConfigurationError(f"{shown} is an archive with no file in it")


def _is_hidden(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1].startswith(".")


def pieces(
    member: Member, encoding: str | None = None, progress: Progress | None = None
) -> Iterator[bytes]:
    r"""The text of a member, as UTF-8 without a mark; NUL becomes ``\x00``.

    ``encoding`` is how it is written where no mark says so; None is UTF-8, strictly, and "utf-8"
    keeps bytes that are none as ``\xe9``. Raises ConfigurationError: one line on what is wrong.
    """
    with _told(member.name), ExitStack() as stack:
        raw = stack.enter_context(member.path.open("rb"))
        stream = _unpacked(stack, raw, member)
        decoder: _Decoder | None = None
        while piece := stream.read(PIECE):
            decoder = decoder or _Decoder(piece, encoding, member.name)
            if progress:
                progress(raw.tell())
            yield decoder.decode(piece)
        if decoder:
            yield decoder.decode(b"", final=True)


def _unpacked(stack: ExitStack, raw: IO[bytes], member: Member) -> Any:
    stream: Any = raw
    if member.inner is not None:
        archive = stack.enter_context(zipfile.ZipFile(raw))
        stream = stack.enter_context(archive.open(member.inner))
    is_packed = stream.read(len(_GZIP)) == _GZIP
    stream.seek(0)
    if is_packed:
        stream = stack.enter_context(gzip.GzipFile(fileobj=stream))
    return stream


class _Decoder:
    """Text from bytes, piece by piece; counts lines, so that an error says where."""

    def __init__(self, head: bytes, encoding: str | None, name: str) -> None:
        self._name, self._lines, self._rest = name, 0, b""
        mark, marked = next(((m, e) for m, e in _MARKS if head.startswith(m)), (b"", None))
        if marked is None and encoding is None:
            _refuse_binary(head, name)
        self._encoding = marked or encoding or "utf-8"
        self._skip = len(mark)
        lenient = marked is None and encoding is not None and _is_utf8(encoding)
        self._decoder = _decoder_of(self._encoding, "backslashreplace" if lenient else "strict")

    def decode(self, piece: bytes, *, final: bool = False) -> bytes:
        piece, self._skip = piece[self._skip :], 0
        try:
            text = self._decoder.decode(piece, final)
            data = text.encode()
        except UnicodeError as error:
            raise ConfigurationError(self._complaint(error)) from None
        self._lines += data.count(b"\n")
        return data.replace(b"\0", rb"\x00") if b"\0" in data else data

    def _complaint(self, error: UnicodeError) -> str:
        line, what = self._lines + 1, "what stands there"
        if isinstance(error, UnicodeDecodeError):
            line += error.object[: error.start].count(b"\n")
            what = f"the byte 0x{error.object[error.start]:02X}"
        complaint = f"{self._name}, line {line}: {what} is no {self._encoding.upper()}"
        if not _is_utf8(self._encoding):
            return f"{complaint}: --encoding names another encoding"
        return (
            f"{complaint}: if the file is written in another encoding, name it, as --encoding"
            rf" cp1252; --encoding utf-8 keeps such bytes as \xe9"
        )


def _is_utf8(encoding: str) -> bool:
    return encoding.lower().replace("_", "-") in ("utf-8", "utf8")


def _decoder_of(encoding: str, errors: str) -> codecs.IncrementalDecoder:
    try:
        "a".encode(encoding)
        return codecs.getincrementaldecoder(encoding)(errors)
    except LookupError:
        raise ConfigurationError(
            f"{encoding!r} is no text encoding: --encoding takes cp1252, latin-1, utf-16 and such"
        ) from None


def _refuse_binary(head: bytes, name: str) -> None:
    if b"\0" not in head[:4096]:
        return
    even, odd = head[:4096:2].count(0), head[1:4096:2].count(0)
    if max(even, odd) > len(head[:4096]) // 4:
        order = "be" if even > odd else "le"
        raise ConfigurationError(
            f"{name} seems to be UTF-16 without a mark: say so with --encoding utf-16-{order}"
        )
    raise ConfigurationError(
        f"{name} is no text: CSV, JSON and XML as ThingSpeak writes them can be imported, also in"
        " .gz and .zip"
    )


@contextmanager
def _told(name: str) -> Iterator[None]:
    """What the system and the unpackers raise, as one line of ours."""
    try:
        yield
    except OSError as error:
        if isinstance(error, gzip.BadGzipFile) or not error.strerror:
            raise ConfigurationError(f"{name} is damaged: {error}") from error
        raise ConfigurationError(f"{name} cannot be read: {error.strerror}") from error
    except EOFError as error:
        raise ConfigurationError(f"{name} is cut: what is packed in it has no end") from error
    except (zipfile.BadZipFile, zlib.error) as error:
        raise ConfigurationError(f"{name} is damaged: {error}") from error
    except (RuntimeError, NotImplementedError) as error:  # a password, an unknown packing
        if isinstance(error, ConfigurationError):
            raise
        raise ConfigurationError(f"{name} cannot be unpacked: {error}") from error
