"""Fresh processes: for each contestant its own interpreter, its own memory, its own peak."""

import multiprocessing
import re
import resource
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")
_STATUS = Path("/proc/self/status")
SPAWN = multiprocessing.get_context("spawn")


def fresh(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function of a module in a process that has done nothing else before."""
    with ProcessPoolExecutor(1, mp_context=SPAWN) as pool:
        return pool.submit(function, *args, **kwargs).result()


def peak_memory() -> int:
    """The largest resident memory of this process so far, in bytes.

    Not ``ru_maxrss`` where there is another: on Linux it begins with the peak of the process that
    started this one.
    """
    if _STATUS.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", _STATUS.read_text())
        assert found
        return int(found[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@contextmanager
def alongside(function: Callable[..., None], *args: Any) -> Iterator[Any]:
    """Run a function in a process for the length of a `with`; it is given a pipe to answer into.

    The value is the first thing that it sends. It is ended by SIGTERM.
    """
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=function, args=(theirs, *args), daemon=True)
    process.start()
    theirs.close()
    try:
        yield _first(ours)
    finally:
        process.terminate()
        process.join()


def _first(pipe: Connection) -> Any:
    try:
        return pipe.recv()
    except EOFError:
        raise RuntimeError("the process alongside ended before it said anything") from None
