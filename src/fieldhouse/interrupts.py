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
_WAKE = b"\0"
"""Written by ourselves; a signal is written as its number."""
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
    """Python's turn: what begins after it is not meant by this signal.

    An engine may give it that turn amid a statement, and then wait for the end of its own work.
    """
    _ear.hear()
    _ear.wake()
    raise KeyboardInterrupt


class _Ear:
    """A pair of sockets into which the interpreter writes each signal, and a thread that reads."""

    def __init__(self) -> None:
        self._hearing = threading.RLock()
        self.cancels: dict[object, Callable[[], object]] = {}
        self._meant: set[object] = set()
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

    def hear(self) -> None:
        """Note what goes on if there was a signal: that is meant, whoever hears it first."""
        with self._hearing, suppress(BlockingIOError):
            if self._heard.recv(4096).strip(_WAKE):
                self._meant |= set(self.cancels)

    def wake(self) -> None:
        """Have the thread look at what is meant."""
        with suppress(BlockingIOError):
            self._told.send(_WAKE)

    def _listen(self) -> None:
        while True:
            select.select([self._heard], [], [])
            self.hear()
            while meant := self._going_on():
                for key in meant:
                    self._cancel(key)
                time.sleep(_AGAIN)

    def _going_on(self) -> set[object]:
        with self._hearing:
            self._meant &= set(self.cancels)
            return set(self._meant)

    def _cancel(self, key: object) -> None:
        """Without the lock: who is asked may not answer, and Python's turn waits for nobody."""
        if cancel := self.cancels.get(key):
            with suppress(Exception):  # it may have ended by itself
                cancel()


_ear = _Ear()
