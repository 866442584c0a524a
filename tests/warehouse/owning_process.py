"""A process that owns a DuckDB file, as `fieldhouse serve` does, for tests: file, then options.

It says "owned" once others may come, and ends when its standard input does. ``--die-at N`` kills it
with the signal 9 as it sends the N-th piece of an answer, counted from when it is there.
"""

import argparse
import os
import signal
import sys
from typing import Any

from fieldhouse.warehouse import open_warehouse
from fieldhouse.web import owning, streaming


def main() -> None:
    """Own the file until standard input ends."""
    given = argparse.ArgumentParser()
    given.add_argument("file")
    given.add_argument("--die-at", type=int)
    options = given.parse_args()
    if options.die_at:
        _die_at(options.die_at)
    with open_warehouse(options.file, own=True) as house:
        house.migrate()
        with owning.owned(house, options.file):
            sys.stdout.write("owned\n")
            sys.stdout.flush()
            sys.stdin.read()


def _die_at(number: int) -> None:
    sent, pieces = streaming._body, iter(range(1, number + 1))

    async def dying(*given: Any) -> None:
        if next(pieces, number) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        await sent(*given)

    streaming._body = dying


if __name__ == "__main__":
    main()
