"""What is tried again is told in our words: the library that counts the attempts stays silent."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["told_by_us"]


class _Ours(threading.local):
    depth = 0


_ours = _Ours()


def _is_another(_: logging.LogRecord) -> bool:
    """Whether a line of stamina's is about a retry of somebody else in this program."""
    return not _ours.depth


logging.getLogger("stamina").addFilter(_is_another)


@contextmanager
def told_by_us() -> Iterator[None]:
    """Try something again within this, and log it yourself."""
    _ours.depth += 1
    try:
        yield
    finally:
        _ours.depth -= 1
