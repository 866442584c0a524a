"""Ctrl-C for what works in an engine: Python itself hears it only when the engine is done.

A signal's handler of Python's runs between two steps of the main thread, and a statement that an
engine works at is one step, however long it takes. A thread of ours hears the signal as it comes
and cancels what the main thread waits for; Python's handler has its turn right after.
"""

import atexit
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

__all__ = ["cancelled_by", "end_at_once", "is_heard", "listen"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_AGAIN = 0.05
"""Seconds between two attempts to cancel: between two statements one has no effect."""


def listen() -> None:
    """Let INT and TERM be a KeyboardInterrupt of the main thread, whatever it waits for.

    For a program to call, in its main thread: signals are not a library's.
    """
    _ear.open()
    for number in _SIGNALS:
        signal.signal(number, _interrupt)


def end_at_once(code: int) -> None:
    """Let one more INT or TERM end the program with a code, whatever is still waited for."""
    for number in _SIGNALS:
        signal.signal(number, lambda *_: os._exit(code))
    # Python takes its handlers away before it is gone itself
    atexit.register(lambda: [signal.signal(number, signal.SIG_IGN) for number in _SIGNALS])


def is_heard() -> bool:
    """Whether an interrupt cancels what this thread begins now."""
    return _ear.is_open and threading.current_thread() is threading.main_thread()


@contextmanager
def cancelled_by(cancel: Callable[[], object]) -> Iterator[None]:
    """For the time of a ``with`` in the main thread: have an interrupt call ``cancel``.

    It is called from another thread, again and again until the ``with`` is left, and may raise.
    """
    if not is_heard():
        yield
        return
    key = object()
    try:
        _ear.cancels[key] = cancel
        yield
    finally:
        _ear.cancels.pop(key, None)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """Python's turn: what begins after it is not meant by this signal."""
    with _ear.draining:
        _ear.drain()
    raise KeyboardInterrupt


class _Ear:
    """A pair of sockets into which the interpreter writes each signal, and a thread that reads."""

    def __init__(self) -> None:
        self.draining = threading.RLock()
        self.cancels: dict[object, Callable[[], object]] = {}
        self.is_open = False

    def open(self) -> None:
        """Begin to hear; a second time is a no-op."""
        if self.is_open:
            return
        self._heard, self._told = socket.socketpair()
        for end in (self._heard, self._told):
            end.setblocking(False)
        signal.set_wakeup_fd(self._told.fileno(), warn_on_full_buffer=False)
        threading.Thread(target=self._listen, name="interrupts", daemon=True).start()
        self.is_open = True

    def drain(self) -> bool:
        """Whether there was a signal that nobody has answered; it counts as answered now."""
        try:
            return bool(self._heard.recv(4096))
        except BlockingIOError:
            return False

    def _listen(self) -> None:
        while True:
            select.select([self._heard], [], [])
            with self.draining:
                meant = set(self.cancels) if self.drain() else set()
            while meant := meant & set(self.cancels):
                for key in meant:
                    self._cancel(key)
                time.sleep(_AGAIN)

    def _cancel(self, key: object) -> None:
        """Without the lock: who is asked may not answer, and Python's turn waits for nobody."""
        if cancel := self.cancels.get(key):
            with suppress(Exception):  # it may have ended by itself
                cancel()


_ear = _Ear()
