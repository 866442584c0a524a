"""Lives of a channel, drawn by Hypothesis: anything happens there, and anything happens to us.

`Lives` draws what happens and checks, after every run, what must be true of any run. When a life
ends the world falls quiet (`settle`), and after some more runs the house must hold what
`verdict.py` says. Times are seconds; our clock is the server's plus ``self.off``.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import ClassVar

from house import House, Orders, Outcome
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from model import DAY, FIELDS, HOUR, MINUTE, Identity, Source, identity, instant
from pure import PureHouse
from verdict import Judge, epochs

_ASKED = {"results", "timezone", "location", "status", "start", "end"}
"""The parameters of a question; any other is there to be fresh, and never twice the same."""

SETTLING = [1, 2 * MINUTE, 6 * MINUTE, 6 * MINUTE, 65 * MINUTE, 65 * MINUTE]
"""The pauses before the first runs in the quiet: absences are believed only minutes after."""
DAYS = 20
"""For so many days a dispute, or the sweep of a whole history, may go on in the quiet."""
POLLS = 200
"""For so many polls more, ids may be asked for one by one."""
GAP_BUDGET, INVESTIGATION, SETTLED = 30, 20, 6

some = st.integers(1, 5)
indices = st.lists(st.integers(0, 400), min_size=1, max_size=4)
agos = st.sampled_from([0, 1, 30, 10 * MINUTE, 2 * HOUR, 30 * HOUR, 9 * DAY])
sizes = st.sampled_from([1, 2, 3, 5, 20, 100, 8000, 8000])
afters = st.integers(0, 8)


class Lives(RuleBasedStateMachine):
    """One life of a channel."""

    make: ClassVar[Callable[[Source], House]] = PureHouse

    def __init__(self) -> None:
        super().__init__()
        self.source = Source()
        self.house = type(self).make(self.source)
        self.judge = Judge(self.source)
        self.off = 0
        self.broken = True
        """Whether a run or a check did not come to its end; then nothing is settled."""
        self.fresh: set[str] = set()
        self.seen = 0
        self.held = self.house.ever_held()
        self.withheld: set[Identity] = set()
        """What some run could not see of a life, and may have taken for absent until it asks."""
        self.broken = self.settled = False

    # The world: devices

    @rule(count=some, step=st.sampled_from([0, 1, 60, 900]), mask=st.integers(1, 7))
    def live(self, count: int, step: int, mask: int) -> None:
        self.source.live(count, step=step, mask=mask)

    @rule(count=st.integers(4, 14), missing=st.integers(1, 3), late=st.booleans(), ago=agos)
    def ragged(self, count: int, missing: int, late: bool, ago: int) -> None:
        """Single entries, each followed by some ids that are skipped or come late."""
        for n in range(count):
            self.source.live(1)
            if late:
                self.source.write(self.source.now - ago - k * 977 - n for k in range(missing))
            else:
                self.source.skip(missing)
            self.source.wait(1)

    @rule(count=st.integers(101, 150), seconds=st.integers(1, 3))
    def burst(self, count: int, seconds: int) -> None:
        self.source.write(self.source.now - n * seconds // count for n in range(count))

    @rule(count=some, ago=agos, step=st.sampled_from([0, 1, 400]))
    def late(self, count: int, ago: int, step: int) -> None:
        self.source.write(self.source.now - ago - n * step for n in range(count))

    @precondition(lambda self: self.source.own)
    @rule(index=st.integers(0, 400), count=some)
    def tie(self, index: int, count: int) -> None:
        """Late entries in a second that has one already."""
        own = self.source.own
        self.source.write([own[index % len(own)].created_at] * count)

    @rule(count=some, ahead=st.sampled_from([90, 20 * MINUTE, 3 * DAY, 5500 * DAY]))
    def future(self, count: int, ahead: int) -> None:
        self.source.write(self.source.now + ahead + n for n in range(count))

    @rule(count=st.sampled_from([1, 2, 40, 120]))
    def skip(self, count: int) -> None:
        self.source.skip(count)

    @rule(
        ago=agos,
        delays=st.lists(st.sampled_from([0, 20, 100, 290, 40 * MINUTE]), min_size=1, max_size=5),
    )
    def bulk(self, ago: int, delays: list[int]) -> None:
        self.source.bulk([self.source.now - ago + n for n in range(len(delays))], delays)

    # The world: the owner

    @rule(gradually=st.booleans())
    def clear(self, gradually: bool) -> None:
        self.source.clear(gradually=gradually)

    @precondition(lambda self: self.source.channel.leftovers)
    @rule(which=st.one_of(st.none(), indices))
    def vanish(self, which: list[int] | None) -> None:
        self.source.vanish(which)

    @precondition(
        lambda self: (
            self.source.own
            and not self.source.channel.leftovers
            and not self.source.channel.life.withheld
        )
    )
    @rule(
        dropped=st.one_of(st.just([]), indices),
        corrected=st.one_of(st.just([]), indices),
        put_in=st.one_of(st.just([]), indices),
        first=st.one_of(st.none(), st.integers(1, 30)),
        by_time=st.booleans(),
    )
    def reimport(
        self,
        dropped: list[int],
        corrected: list[int],
        put_in: list[int],
        first: int | None,
        by_time: bool,
    ) -> None:
        self.source.reimport(
            dropped=dropped, corrected=corrected, put_in=put_in, first=first, by_time=by_time
        )

    @precondition(lambda self: self.source.to_import)
    @rule(count=st.integers(1, 200))
    def import_more(self, count: int) -> None:
        self.source.import_more(count)

    @precondition(lambda self: self.source.own)
    @rule(which=indices, follows=st.booleans())
    def delete(self, which: list[int], follows: bool) -> None:
        self.source.delete(which, counter_follows=follows)

    @precondition(lambda self: self.source.own)
    @rule(count=some, follows=st.booleans())
    def delete_newest(self, count: int, follows: bool) -> None:
        self.source.delete(range(-count, 0), counter_follows=follows)

    @rule(number=st.sampled_from(FIELDS), shown=st.booleans())
    def relabel(self, number: int, shown: bool) -> None:
        self.source.relabel(number, shown)

    # The world: the service

    @precondition(lambda self: self.source.own)
    @rule(which=indices, count=st.integers(1, 100))
    def withhold(self, which: list[int], count: int) -> None:
        self.source.withhold([index + n for index in which for n in range(count)])

    @precondition(lambda self: self.source.channel.life.withheld)
    @rule()
    def restore(self) -> None:
        self.source.restore()

    @rule(value=st.one_of(st.none(), st.integers(0, 20)), after=afters, times=some)
    def dip(self, value: int | None, after: int, times: int) -> None:
        self.source.fault("dip", value=value, after=after, times=times)

    @rule(
        kind=st.sampled_from(["500", "502", "503", "html", "cut_json", "reset", "wrong_type"]),
        after=afters,
        times=some,
    )
    def gateway(self, kind: str, after: int, times: int) -> None:
        self.source.fault(kind, after=after, times=times)

    @rule(private=st.booleans())
    def private(self, private: bool) -> None:
        self.source.private(private)

    @rule(seconds=st.sampled_from([1, 20, 2 * MINUTE, 6 * MINUTE, HOUR, 5 * HOUR, DAY, 3 * DAY]))
    def wait(self, seconds: int) -> None:
        self.source.wait(seconds)

    @rule(seconds=st.sampled_from([0, 1, 45]))
    def pace(self, seconds: int) -> None:
        self.source.pace(seconds)

    # We

    @rule(off=st.sampled_from([0, 0, 0, -25 * HOUR, 3 * DAY, -20_500 * DAY]))
    def our_clock(self, off: int) -> None:
        """Right, a day behind, three ahead, or at 1970."""
        self.off = off

    @rule(page_size=sizes)
    def run(self, page_size: int) -> None:
        self.read(self.orders(page_size))

    @rule(seconds=st.sampled_from([1, MINUTE, 10 * MINUTE, DAY]))
    def poll(self, seconds: int) -> None:
        self.source.wait(seconds)
        self.read(self.orders(8000))

    @rule(page_size=sizes, steps=st.integers(0, 25))
    def killed(self, page_size: int, steps: int) -> None:
        self.read(replace(self.orders(page_size), steps=steps))

    @rule(page_size=sizes, budget=st.integers(0, 10))
    def short_of_budget(self, page_size: int, budget: int) -> None:
        self.read(replace(self.orders(page_size), budget=budget))

    @rule(page_size=sizes, ago=agos)
    def again(self, page_size: int, ago: int) -> None:
        """`backfill --from`."""
        start = instant(self.source.now - ago)
        self.read(replace(self.orders(page_size), again=start))

    @rule(page_size=sizes, after=afters, inner=sizes)
    def two_processes(self, page_size: int, after: int, inner: int) -> None:
        """The channel's lock is lost, and another process makes a whole run meanwhile."""
        other, going_on = replace(self.orders(inner), unlocked=True), True
        self.source.meanwhile(after, lambda: self.house.run(other) if going_on else None)
        self.read(replace(self.orders(page_size), unlocked=True))
        going_on = False

    @rule(
        after=afters,
        what=st.sampled_from(["live", "late", "clear", "gradually", "newest", "private", "shown"]),
    )
    def meanwhile(self, after: int, what: str) -> None:
        """Something happens between two requests of a run to come."""
        self.source.meanwhile(after, lambda: self._happen(what))

    def _happen(self, what: str) -> None:
        source = self.source
        match what:
            case "live":
                source.live(3, step=1)
            case "late":
                source.write([source.now - 5 * HOUR, source.now - DAY])
            case "clear" | "gradually":
                source.clear(gradually=what == "gradually")
            case "newest":
                source.delete([-1])
            case "private":
                source.private(True)
            case "shown":
                source.relabel(3, True)

    # What must be true of any run

    def orders(self, page_size: int = 8000) -> Orders:
        return Orders(now=instant(self.source.now + self.off), page_size=page_size)

    def read(self, orders: Orders) -> Outcome:
        """One run, and the checks of it."""
        self.broken = True
        self.judge.watch(self.held)
        self.withheld |= {identity(entry) for entry in self.source.channel.life.withheld}
        there = self._seen_by_all()
        absent = self._called_absent(there)
        outcome = self.house.run(orders)
        self._nothing_is_lost()
        self.judge.watch(self.held, complete=outcome.state == "success")
        there &= self._seen_by_all()
        wrong = self._called_absent(there) - absent
        assert not wrong, f"called absent while they were served: {sorted(wrong)}"
        self._asked_well(orders, outcome)
        whole = orders.steps is None and orders.budget is None and not orders.unlocked
        if self.source.innocent and whole:
            assert outcome.state == "success", f"fails for no reason: {outcome.error}"
        self.broken = False
        return outcome

    def _seen_by_all(self) -> set[int]:
        """The ids of what is served now, and was so at each run."""
        return {each.id for each in self.source.own if identity(each) not in self.withheld}

    def _called_absent(self, ids: set[int]) -> set[int]:
        runs = self.house.gaps("absent")
        return {i for first, last in runs for i in range(first, last + 1) if i in ids}

    def _nothing_is_lost(self) -> None:
        held = self.house.ever_held()
        assert self.held <= held, f"was held and is lost: {sorted(self.held - held)[:10]}"
        self.held = held

    def _asked_well(self, orders: Orders, outcome: Outcome) -> None:
        """No question twice for fresh answers, and not endlessly many of them."""
        for _, path, query in self.house.seen[self.seen :]:
            pairs = set(filter(None, query.split("&")))
            fresh = {pair for pair in pairs if pair.partition("=")[0] not in _ASKED}
            assert not fresh & self.fresh, f"asked twice with the same text: {path}?{query}"
            self.fresh |= fresh
        self.seen = len(self.house.seen)
        rows = len(self.source.channel.entries) + len(self.held)
        bound = GAP_BUDGET + INVESTIGATION + 3 * (rows // max(1, orders.page_size - 1) + 1)
        bound *= 4 if orders.unlocked else 1  # another's whole run, and planning anew
        assert outcome.requests <= bound, f"{outcome.requests} requests in a run, not {bound}"

    # The end

    def teardown(self) -> None:
        try:
            if not self.broken and not self.settled:
                self.settle()
        finally:
            self.house.close()

    def settle(self) -> None:
        """The world is quiet: a bounded number of runs, and all is as it must be and stays so."""
        self.source.quiet()
        self.off, good = 0, 0
        differences: list[str] = []
        outcome: Outcome | None = None
        for number, (days, pause) in enumerate(self._pauses(), 1):
            self.source.wait(pause)
            outcome = self.read(self.orders())
            if number < len(SETTLING):
                continue
            last = days >= 2 and (good >= 2 or days == DAYS)
            differences = self.judge.differences(self.house, aggregates=last)
            good = good + 1 if outcome.state == "success" and not differences else 0
            if good >= 3 and days >= 2:
                break
        self.broken = self.settled = True
        assert outcome is not None
        assert outcome.state == "success", f"fails for ever: {outcome.error}"
        assert not differences, "\n".join([f"{epochs(self.held)} epochs", *differences[:20]])
        assert good >= 3, "is right at one time and wrong at another"
        self._comes_to_rest()
        self.broken = False

    def _comes_to_rest(self) -> None:
        """What was called absent is asked for once more; then a poll asks next to nothing."""
        absent = sum(last - first + 1 for first, last in self.house.gaps("absent"))
        for _ in range(2 + absent // 5):
            self.source.wait(10 * MINUTE)
            outcome = self.read(self.orders())
            assert outcome.state == "success", f"fails again: {outcome.error}"
            if outcome.requests <= SETTLED:
                return
        raise AssertionError(f"{outcome.requests} requests for a settled poll")

    def _pauses(self) -> Iterator[tuple[int, int]]:
        """The pauses before the runs in the quiet, and on which day of it: minutes, then days.

        Ids that nothing but asking for each can explain take as many polls as they take.
        """
        yield from ((0, pause) for pause in SETTLING)
        for day in range(DAYS + 1):
            if day:
                yield day, DAY + 10 * MINUTE
            polls = sum(last - first + 1 for first, last in self.house.gaps("open")) // 5
            for _ in range(min(polls, POLLS)):
                if self.house.gaps("open"):
                    yield day, 10 * MINUTE
