"""Questions that do not wait for each other, asked side by side."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["together"]

A = TypeVar("A")
B = TypeVar("B")


def together(here: Callable[[], A], beside: Callable[[], B]) -> tuple[A, B]:
    """What two pieces of work return: the one is done here, the other beside it in a thread.

    Raises what either raises, once both have ended.
    """
    with ThreadPoolExecutor(1) as other:
        begun = other.submit(beside)
        return here(), begun.result()
