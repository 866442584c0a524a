"""What pages keep between two requests, in memory and on disk; it is gone with the process."""

import secrets
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from fieldhouse.errors import WarehouseUnavailable
from fieldhouse.report.words import clean

if TYPE_CHECKING:
    from fieldhouse.importing import Import

__all__ = ["Message", "Messages", "Upload", "Uploads"]

_MOST_MESSAGES = 200
_MOST_UPLOADS = 8
_LASTS = 3600.0
"""Seconds that a file waits to be imported, since somebody looked at it."""
_SAFE = 600.0
"""Seconds that it is safe from those that come after it."""
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


@dataclass(slots=True)
class Upload:
    """A file that somebody has sent, in a folder of its own, and what importing it would do."""

    word: str
    name: str
    """As it is shown, and kept in what is recorded."""
    path: Path
    by: str
    seen_at: float
    """When it was looked at last, by the process' clock."""
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
    """Files on their way in, for an hour, a few at a time; none goes that is being looked at."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._kept: OrderedDict[str, Upload] = OrderedDict()
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def take_in(self, content: BinaryIO, name: str, by: str) -> Upload:
        """Keep a file; the one that was looked at the longest ago goes where there are too many.

        Raises WarehouseUnavailable where all of them were looked at a while ago only.
        """
        self._make_room()
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
        return upload

    def get(self, word: str) -> Upload | None:
        """A file that waits, and is looked at."""
        with self._changing:
            if found := self._kept.get(word):
                found.seen_at = time.monotonic()
                self._kept.move_to_end(word)
            return found

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

    def _make_room(self) -> None:
        """Drop what waits for nobody, and of the others the oldest if there is no room for one."""
        now = time.monotonic()
        with self._changing:
            idle = {word: now - one.seen_at for word, one in self._kept.items()}
            gone = [word for word, seconds in idle.items() if seconds > _LASTS]
            over = len(self._kept) - len(gone) + 1 - _MOST_UPLOADS
            old = [word for word, seconds in idle.items() if _SAFE < seconds <= _LASTS]
            if over > len(old):
                raise WarehouseUnavailable(
                    f"{_MOST_UPLOADS} files wait to be imported already: import or delete one"
                )
            dropped = [self._kept.pop(word) for word in (*gone, *old[: max(0, over)])]
        for one in dropped:
            one.drop()

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
