"""A process that owns a DuckDB file, as `fieldhouse serve` does, for tests: file, then options.

It says "owned" once others may come, and ends when its standard input does. ``--late``: it says
"held" first, and lets others come when it is told a line. ``--die-at N``: it is killed by the
signal 9 as it sends the N-th piece of its answers, counted from when others may come.
"""

import argparse
import os
import signal
import sys
from typing import Any

from fieldhouse.warehouse import open_warehouse
from fieldhouse.web import owning
from fieldhouse.web.limits import framed


def main() -> None:
    """Own the file until standard input ends."""
    given = argparse.ArgumentParser()
    given.add_argument("file")
    given.add_argument("--die-at", type=int)
    given.add_argument("--late", action="store_true")
    options = given.parse_args()
    if options.die_at:
        _die_at(options.die_at)
    with open_warehouse(options.file, own=True) as house:
        house.migrate()
        if options.late:
            _say("held")
            sys.stdin.readline()
        with owning.owned(house, options.file):
            _say("owned")
            sys.stdin.read()


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def _die_at(number: int) -> None:
    sent, pieces = framed.send_piecemeal, iter(range(1, number))

    async def dying(*given: Any) -> None:
        if next(pieces, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        await sent(*given)

    framed.send_piecemeal = dying


if __name__ == "__main__":
    main()
