"""The lives of a number are the same lives, here and anywhere."""

import os
import subprocess
import sys
from datetime import date
from hashlib import sha256

from drawing import lives_of
from house import Held, Orders, Outcome, Reading
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from machine import Lives
from model import Source

from fieldhouse.simulator import Faults


class Idle:
    """A house that reads nothing: what happens in the world is all that there is to a life."""

    def __init__(self, _: Source) -> None:
        self.faults, self.seen = Faults(), []

    def run(self, _: Orders) -> Outcome:
        return Outcome("success", 0)

    def current(self) -> list[Reading]:
        return []

    def ever_held(self) -> set[Held]:
        return set()

    def gaps(self, _: str) -> list[tuple[int, int]]:
        return []

    def days(self) -> dict[date, int] | None:
        return None

    def close(self) -> None:
        """There is nothing to close."""


def digests(number: int, lives: int) -> list[str]:
    """Of each life of a number, what was written and how it left; not where nothing was."""
    found = []

    class Told(Lives):
        make = Idle

        def teardown(self) -> None:
            told = [sorted(each.items()) for each in (self.source.lives_of, self.source.left)]
            if any(told):
                found.append(sha256(repr((self.source.now, told)).encode()).hexdigest())

    run_state_machine_as_test(
        Told,
        settings=settings(
            backend=lives_of(number),
            max_examples=lives,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return found


ELSEWHERE = """
import importlib, pkgutil, fieldhouse, test_same_lives
for module in pkgutil.walk_packages(fieldhouse.__path__, "fieldhouse."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(*test_same_lives.digests(7, 9))
"""


def test_a_number_draws_the_same_lives_here_and_anywhere() -> None:
    """The lives of a number depend on nothing else: not on the modules that other tests imported,
    nor on how many are lived, nor on PYTHONHASHSEED."""
    seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    there = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    found = there.stdout.split()
    assert len(found) > 5
    assert found == digests(7, 12)[: len(found)]


def test_numbers_draw_different_lives() -> None:
    """No life is that of another place or of another number."""
    found = digests(7, 20) + digests(8, 20)
    assert len(set(found)) == len(found) > 30
