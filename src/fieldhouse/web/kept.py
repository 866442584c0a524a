"""What pages keep between two requests, in memory and on disk; it is gone with the process."""

import secrets
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from fieldhouse.report.words import clean

if TYPE_CHECKING:
    from fieldhouse.planning import Import

__all__ = ["Message", "Messages", "Turns", "Upload", "Uploads"]

_MOST_MESSAGES = 200
_MOST_UPLOADS = 8
_LASTS = 3600.0
"""Seconds that a file waits to be imported."""
_LEFT_BEHIND = 86_400.0
_PREFIX = "fieldhouse-import-"
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Message:
    """What came of a deed, for the page that is shown after it."""

    line: str
    is_error: bool = False


class Messages:
    """Messages until somebody has read them. An address names one and never holds its text."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._kept: OrderedDict[str, Message] = OrderedDict()

    def leave(self, line: str, *, is_error: bool = False) -> str:
        """Leave a message; the word by which it is taken."""
        word = secrets.token_urlsafe(9)
        with self._changing:
            self._kept[word] = Message(line, is_error)
            while len(self._kept) > _MOST_MESSAGES:
                self._kept.popitem(last=False)
        return word

    def take(self, word: str) -> Message | None:
        """The message, this once."""
        with self._changing:
            return self._kept.pop(word, None)


class Turns:
    """Lets a few at a time do something; nobody waits."""

    def __init__(self, most: int) -> None:
        self._free = threading.BoundedSemaphore(most)

    @contextmanager
    def one(self) -> Iterator[bool]:
        """Whether it is one's turn, for the time of a ``with``."""
        is_ours = self._free.acquire(blocking=False)
        try:
            yield is_ours
        finally:
            if is_ours:
                self._free.release()


@dataclass(slots=True)
class Upload:
    """A file that somebody has sent, in a folder of its own, and what importing it would do."""

    word: str
    name: str
    """As it is shown, and kept in what is recorded."""
    path: Path
    by: str
    sent_at: float
    given: Mapping[str, str] = field(default_factory=dict)
    """The form as it was filled in."""
    errors: Mapping[str, str] = field(default_factory=dict)
    plan: "Import | None" = None
    asked: Any = None
    """What was asked for with the plan: the arguments of the import."""

    def drop(self) -> None:
        """Delete the file."""
        shutil.rmtree(self.path.parent, ignore_errors=True)


class Uploads:
    """Files on their way in, for an hour, a few at a time."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._kept: OrderedDict[str, Upload] = OrderedDict()
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def take_in(self, content: BinaryIO, name: str, by: str) -> Upload:
        """Keep a file; the oldest goes where there are too many."""
        word = secrets.token_urlsafe(9)
        folder = self._made() / word
        folder.mkdir(mode=0o700)
        upload = Upload(word, _name(name), folder / "file", by, time.monotonic())
        try:
            with upload.path.open("wb") as file:
                shutil.copyfileobj(content, file, 1 << 20)
        except BaseException:
            upload.drop()
            raise
        with self._changing:
            self._kept[word] = upload
            over = [self._kept.pop(old) for old in self._over()]
        for one in over:
            one.drop()
        return upload

    def get(self, word: str) -> Upload | None:
        """A file that waits."""
        with self._changing:
            return self._kept.get(word)

    def take_out(self, word: str) -> Upload | None:
        """A file that waits no more; whoever has it drops it, or puts it back."""
        with self._changing:
            return self._kept.pop(word, None)

    def put_back(self, upload: Upload) -> None:
        """Have a file wait again that was taken out."""
        with self._changing:
            self._kept[upload.word] = upload

    def close(self) -> None:
        """Delete all that waits."""
        with self._changing:
            self._kept.clear()
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None

    def _over(self) -> list[str]:
        now = time.monotonic()
        late = [word for word, one in self._kept.items() if now - one.sent_at > _LASTS]
        rest = [word for word in self._kept if word not in late]
        return [*late, *rest[:-_MOST_UPLOADS]]

    def _made(self) -> Path:
        with self._changing:
            if self._folder and not Path(self._folder.name).is_dir():  # the system has tidied up
                self._folder.cleanup()
                self._folder = None
            if self._folder is None:
                _sweep()
                self._folder = tempfile.TemporaryDirectory(
                    prefix=_PREFIX, ignore_cleanup_errors=True
                )
            return Path(self._folder.name)


def _sweep() -> None:
    """Delete what servers have left behind that were killed a day ago or more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > _LEFT_BEHIND:
                shutil.rmtree(folder)


def _name(given: str) -> str:
    """A file's name as a browser says it, without folders and what no name should hold."""
    name = clean(given.replace("\\", "/").rsplit("/", 1)[-1])
    return name[-_LONGEST_NAME:].lstrip(".") or "file"
