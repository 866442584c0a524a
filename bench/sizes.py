"""How much is measured, and what is to be reached."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

PAGE = 8_000
"""Rows of a page: the most that ThingSpeak gives in one answer."""
CADENCE = timedelta(seconds=3)
"""Between two readings: at this pace ten million are a year. A paid licence allows one a second."""
HISTORY_END = datetime(2026, 6, 3)
"""Where the pre-filled histories end: a Wednesday, so that a new page changes a week begun."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Rows, unless said otherwise."""

    rows: int = 1_000_000
    history: int = 10_000_000
    short_history: int = 100_000
    beside_history: int = 50_000_000
    """Of each of two engines."""
    hourly_channels: int = 40
    hours: int = 8_760
    """Of each of the channels above: a year."""
    report_rows: int = 5_259_600
    """A minute apart: ten years."""
    polled_channels: int = 200
    seed_rows: int = 2_000
    dlt_rows: int = 160_000
    dlt_workers: tuple[int, ...] = (1, 2)
    """Numbers of processes that dlt may normalise with; the better one counts."""
    browsing: float = 30.0
    """Seconds that browsers are watched by themselves."""
    turns: int = 288
    """Of the schedule, five minutes apart: a day."""
    repeats: int = 3
    """Repetitions of what takes seconds."""
    quick_repeats: int = 9
    """Repetitions of what takes parts of a second."""

    @property
    def quarter(self) -> int:
        """The shorter of the two histories whose peak memory is compared."""
        return self.rows // 4


FULL = Sizes()
QUICK = replace(
    FULL,
    rows=80_000,
    history=400_000,
    short_history=40_000,
    beside_history=400_000,
    hours=876,
    report_rows=100_000,
    polled_channels=40,
    seed_rows=300,
    dlt_rows=40_000,
    dlt_workers=(1,),
    browsing=4.0,
    turns=8,
    repeats=1,
    quick_repeats=5,
)

SHARE_OF_BOUND = 0.65
TIMES_DLT = 50.0
FLAT = 1.3
QUIET_POLL = 0.006
"""Seconds of CPU a channel."""
PAGE_REFRESH = 0.045
CLICKHOUSE_REFRESH = 0.15
HOURS_REFRESH = 3.0
"""Seconds, for 350,400 hours."""
TIMES_RAW = 100.0
REPORT_SECONDS = 5.0
REPORT_MEGABYTES = 3.0
ANSWER = 0.05
LATE_ANSWER = 0.15
"""Seconds of a page or a call of the API, at the median and at the 95th percentile."""
BESIDE = 1.3
"""How much slower two things are beside one another."""
STEADY = 1.1
STEADY_MEMORY = 1.25
"""Peak memory for four times the rows, over that for one: the issue says it "does not grow"."""
