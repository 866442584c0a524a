"""A fleet and its pace, simulated: when each channel is polled, and how long a new reading waits.

docs/scale.md works the same out on paper; here every request has its turn, one after the other.
"""

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Fleet", "told"]

_TURNS = 4
"""Polls of each channel that are simulated."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Channels that are polled every ``pause`` seconds, by so many threads, at one pace.

    ``pace`` is the least distance between two requests, ``answer`` how long one takes, in seconds.
    """

    channels: int
    pause: float
    pace: float
    answer: float
    workers: int

    @property
    def share(self) -> float:
        """The share of what can be asked that the fleet wants: above 1 it falls behind."""
        return self.channels / self.pause * self.slot

    @property
    def slot(self) -> float:
        """Seconds that a request takes of the fleet's time."""
        return max(self.pace, self.answer / self.workers)

    @property
    def delay(self) -> float:
        """On paper: half of the time between two polls, and the answer."""
        return max(self.pause, self.channels * self.slot) / 2 + self.answer

    def simulated(self, seed: int = 1) -> float:
        """Mean seconds from a reading to its being read, at any instant of any channel."""
        polled = self._polls(random.Random(seed))
        gaps = [later - earlier for times in polled for earlier, later in pairwise(times)]
        return sum(gap * gap for gap in gaps) / (2 * sum(gaps)) + self.answer

    def _polls(self, chance: random.Random) -> Sequence[Sequence[float]]:
        """When each channel is asked: due by its own grid, served in the order of being due."""
        grid = [chance.uniform(0, self.pause) for _ in range(self.channels)]
        due = [(at, number) for number, at in enumerate(grid)]
        heapq.heapify(due)
        free = [0.0] * self.workers
        polled: list[list[float]] = [[] for _ in grid]
        turn, last = 0.0, self.channels * _TURNS
        for _ in range(last):
            at, number = heapq.heappop(due)
            begun = max(at, turn, heapq.heappop(free))
            turn = begun + self.pace
            heapq.heappush(free, begun + self.answer)
            polled[number].append(begun)
            missed = (begun - grid[number]) // self.pause + 1  # due times that have passed are one
            heapq.heappush(due, (grid[number] + missed * self.pause, number))
        return [times[1:] for times in polled]


def told(channels: int, cadence: float, pace: float, *, seed: int = 1) -> tuple[float, float]:
    """Mean seconds that a hint waits for its request: on paper (one server), and simulated.

    Each channel speaks about every ``cadence`` seconds, at random; a request every ``pace``.
    """
    share = channels / cadence * pace
    chance = random.Random(seed)
    at = turn = waited = 0.0
    count = 400_000
    for _ in range(count):
        at += chance.expovariate(channels / cadence)
        begun = max(at, turn)
        waited += begun - at
        turn = begun + pace
    return share * pace / (2 * (1 - share)), waited / count
