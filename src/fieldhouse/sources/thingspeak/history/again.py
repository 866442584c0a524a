"""What to look at again: what was read without its labels, the settled past, and re-imports."""

from fieldhouse.sources.thingspeak.history.effects import FindState, Judge, Notice, Steps, Write
from fieldhouse.sources.thingspeak.history.knowledge import Knowledge
from fieldhouse.sources.thingspeak.history.windows import Window, read_window
from fieldhouse.state import BEGINNING, SECOND, Progress

__all__ = ["judge", "relabelled", "sweep"]


def relabelled(k: Knowledge) -> Steps:
    """When a label appears, what was read without it is read again: its values were hidden."""
    if k.label_appeared:
        k.learn((yield FindState()))
    if not k.again:
        return
    start, end = k.again
    yield from read_window(
        k,
        Window(
            start=None if start == BEGINNING else start,
            end=end,
            size=k.policy.page_size,
            proves=False,
            again=True,
        ),
    )


def sweep(k: Knowledge) -> Steps:
    """Read one window of the settled past a day, and compare it with ours.

    It comes down from the newest entries to the oldest, and then begins again.
    """
    if not k.coverage.is_whole or (k.swept_at and k.date - k.swept_at < k.policy.sweep_every):
        return
    reached = None
    if k.swept_at is not None:
        end = k.swept_to or k.settled(k.date) - SECOND
        window = Window(
            start=None, end=end, size=k.policy.page_size, proves=False, compares=True, pages=1
        )
        reached = yield from read_window(k, window)
    k.swept_at, k.swept_to = k.date, None if reached == BEGINNING else reached
    progress = Progress(swept_at=k.swept_at, swept_to=k.swept_to)
    yield Write(k.number, None, progress, k.horizon)


def judge(k: Knowledge) -> Steps:
    """Once all its time is read, the epoch is compared with older ones: it may re-import them."""
    if k.judged or not k.coverage.is_whole:
        return
    yield Write(k.number, None, Progress(judged=False, gaps=k.gaps), k.horizon)
    superseded = yield Judge(k.number)
    k.judged = True
    if superseded:
        yield Notice(
            "superseded",
            f"{k.name}: {superseded} readings of older epochs do not count any more:"
            f" epoch {k.number} replaces them",
        )
    yield Write(k.number, None, Progress(judged=True), k.horizon)
