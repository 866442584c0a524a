"""Lives by number: whatever ran before, and on whatever machine, a number draws the same lives.

Hypothesis mixes constants of whatever local modules are imported into what it draws, so that a seed
of its own gives other lives after other tests. Here a backend of ours draws instead; what fails is
replayed, shrunk and printed by Hypothesis as ever.
"""

from contextlib import AbstractContextManager, nullcontext
from random import Random
from typing import Any, ClassVar

from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, PrimitiveProvider

__all__ = ["lives_of"]


def lives_of(number: int) -> str:
    """The name of the backend that draws the lives of a number, for Hypothesis's settings."""
    name = f"lives-{number}"
    AVAILABLE_PROVIDERS[name] = type("Numbered", (_Numbered,), {"number": number})
    return name


class _Numbered(PrimitiveProvider):
    """Draws each life from its number and its place alone, however many are lived."""

    number: ClassVar[int]

    def __init__(self, _: object = None, /) -> None:
        super().__init__(None)
        self._place = 0
        self._random = Random()

    def per_test_case_context_manager(self) -> AbstractContextManager[None]:
        self._place += 1
        self._random.seed(f"{self.number}/{self._place}")
        return nullcontext()

    def draw_boolean(self, p: float = 0.5) -> bool:
        return self._random.random() < p

    def draw_integer(
        self,
        min_value: int | None = None,
        max_value: int | None = None,
        *,
        weights: dict[int, float] | None = None,
        shrink_towards: int = 0,
    ) -> int:
        assert min_value is not None
        assert max_value is not None
        point = self._random.random()
        for value, weight in (weights or {}).items():
            if point < weight:
                return value
            point -= weight
        return self._random.randint(min_value, max_value)

    def draw_float(self, **_: Any) -> float:
        raise NotImplementedError("no life has a float")

    def draw_string(self, *_: Any, **__: Any) -> str:
        raise NotImplementedError("no life has a text")

    def draw_bytes(self, *_: Any, **__: Any) -> bytes:
        raise NotImplementedError("no life has bytes")
