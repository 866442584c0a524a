"""The pace: what it says is what it keeps, whoever asks, and nobody waits for nothing."""

import threading
from collections.abc import Callable
from itertools import pairwise

import pytest
from virtual import Stop, Time

from fieldhouse import errors, events
from fieldhouse.simulator import Fault, Simulator, World
from fieldhouse.sources.thingspeak.api import ThingSpeak
from fieldhouse.sources.thingspeak.pacing import Pacer


@pytest.fixture
def time() -> Time:
    """A clock that no test waits for."""
    return Time()


def turns(pacer: Pacer, time: Time, stop: threading.Event, count: int) -> list[float]:
    """The instants at which so many requests may be made one after the other."""
    instants = []
    for _ in range(count):
        pacer.wait(stop)
        instants.append(time.now())
    return instants


@pytest.mark.parametrize("delay", [0.0, 0.25, 1.0, 7.5, 90.0, 400.0])
def test_the_distance_is_kept(time: Time, delay: float) -> None:
    """The first request goes at once, each further one after the distance."""
    pacer = Pacer(delay, now=time.now)
    assert turns(pacer, time, Stop(time), 4) == [0, delay, 2 * delay, 3 * delay]


@pytest.mark.parametrize(("delay", "complaints"), [(0.0, 1), (0.0, 6), (0.5, 6), (1.0, 3), (45, 2)])
def test_the_distance_that_is_said_after_complaints_is_kept(
    time: Time, delay: float, complaints: int
) -> None:
    """It counts from the last complaint, however many there were."""
    pacer = Pacer(delay, now=time.now)
    pacer.wait()
    for _ in range(complaints):
        pacer.slow_down()
    assert pacer.delay == min(max(delay, 0.025) * 2**complaints, 60.0)
    instants = turns(pacer, time, Stop(time), 4)
    assert instants == pytest.approx([pacer.delay * n for n in (1, 2, 3, 4)])


def test_a_complaint_never_makes_it_faster(time: Time) -> None:
    """A distance of the user's own that is longer than any widening stays."""
    pacer = Pacer(120.0, now=time.now)
    pacer.slow_down()
    assert pacer.delay == 120.0


def test_six_threads_that_heard_a_complaint_go_one_by_one(time: Time) -> None:
    """After the seconds that the server named, one at a time, in the distance that is said."""
    pacer, stop = Pacer(0.0, now=time.now), Stop(time)
    pacer.slow_down(25.0)
    gone: list[float] = []

    def ask() -> None:
        pacer.wait(stop)
        gone.append(time.now())

    time.side_by_side([ask] * 6)
    assert gone[0] == pytest.approx(25.0)
    assert all(b - a >= pacer.delay - 1e-9 for a, b in pairwise(sorted(gone)))


def test_threads_that_wait_already_heed_a_complaint(time: Time) -> None:
    """What another thread was answered widens the distance of those that stand in line."""
    pacer, stop = Pacer(1.0, now=time.now), Stop(time)
    pacer.wait(stop)
    gone: list[float] = []

    def ask() -> None:
        pacer.wait(stop)
        gone.append(time.now())
        if len(gone) == 1:
            pacer.slow_down(10.0)

    time.side_by_side([ask] * 4)
    first, *others = sorted(gone)
    assert first == pytest.approx(1.0)
    assert others[0] >= first + 10.0
    assert all(b - a >= 2.0 - 1e-9 for a, b in pairwise(others))


def test_a_narrower_distance_is_soon_noticed(time: Time) -> None:
    """Who stood in line while the distance was wide does not sleep through its narrowing."""
    pacer, stop = Pacer(0.0, now=time.now), Stop(time)
    for _ in range(9):
        pacer.slow_down()
    gone: list[float] = []

    def ask() -> None:
        pacer.wait(stop)
        gone.append(time.now())
        for _ in range(400):
            pacer.calm()

    time.side_by_side([ask] * 8)
    assert pacer.delay == 0.0
    assert max(gone) - min(gone) < 3.0


def test_nobody_in_line_is_overtaken(time: Time) -> None:
    """The turns are given in the order in which the threads came."""
    pacer, stop = Pacer(1.0, now=time.now), Stop(time)
    order: list[int] = []

    def one(number: int) -> Callable[[], None]:
        def ask() -> None:
            stop.wait(number * 0.001)
            pacer.wait(stop)
            order.append(number)

        return ask

    time.side_by_side([one(number) for number in range(8)])
    assert order == sorted(order)


@pytest.mark.parametrize("retry_after", [None, 25.0, 299.0])
def test_every_wait_ends_at_once_when_stopping(time: Time, retry_after: float | None) -> None:
    """All that stand in line are let go with Interrupted, and none asks any more."""
    pacer, stop = Pacer(60.0, now=time.now), Stop(time)
    pacer.wait(stop)
    pacer.slow_down(retry_after)

    def ask() -> None:
        pacer.wait(stop)

    def call_off() -> None:
        stop.wait(0.5)
        stop.set()

    *outcomes, _ = time.side_by_side([ask, ask, ask, call_off])
    assert [type(each) for each in outcomes] == [errors.Interrupted] * 3
    assert time.now() == pytest.approx(0.5)
    with pytest.raises(errors.Interrupted):
        pacer.wait(stop)
    assert time.now() == pytest.approx(0.5)


def test_one_who_is_called_off_does_not_hold_up_the_others(time: Time) -> None:
    """Of two works that share a pace one is stopped: the other goes on as if alone."""
    pacer, mine, other = Pacer(2.0, now=time.now), Stop(time), Stop(time)
    pacer.wait(other)
    gone: list[float] = []

    def go_on() -> None:
        other.wait(0.1)
        pacer.wait(other)
        gone.append(time.now())

    def call_off() -> None:
        mine.wait(0.5)
        mine.set()

    stopped, _, _ = time.side_by_side([lambda: pacer.wait(mine), go_on, call_off])
    assert isinstance(stopped, errors.Interrupted)
    assert 2.0 <= gone[0] <= 3.0


def test_a_pause_beyond_patience_is_told_to_everybody(time: Time) -> None:
    """Asked to come back in an hour, no thread sleeps through it: the next ones are told, too."""
    pacer, stop = Pacer(1.0, now=time.now), Stop(time)
    pacer.slow_down(3600.0)
    for _ in range(3):
        with pytest.raises(errors.RateLimited, match="60 minutes") as raised:
            pacer.wait(stop)
        assert raised.value.retry_after == pytest.approx(3600.0)
    assert time.now() == 0.0
    stop.wait(3301.0)
    assert turns(pacer, time, stop, 1) == [3600.0]


def test_complaints_leave_no_thread_behind() -> None:
    """The pace is a lock and an instant: nothing of it runs by itself."""
    before = threading.active_count()
    pacer = Pacer(0.001)
    for _ in range(50):
        pacer.slow_down()
    assert threading.active_count() == before


class Purse:
    """A budget of some requests that says what was taken."""

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self) -> None:
        if not self.left:
            raise errors.BudgetExhausted("used up")
        self.left -= 1

    def give_back(self) -> None:
        self.left += 1


def test_nothing_is_spent_by_who_does_not_ask(time: Time) -> None:
    """A wait that was called off, or a pause that nobody waits for, costs no request."""
    purse, stop = Purse(2), Stop(time)
    pacer = Pacer(5.0, budget=purse, now=time.now)
    pacer.wait(stop)
    assert purse.left == 1
    stop.set()
    with pytest.raises(errors.Interrupted):
        pacer.wait(stop)
    pacer.slow_down(3600.0)
    with pytest.raises(errors.RateLimited):
        pacer.wait(Stop(time))
    assert purse.left == 1


def test_an_empty_budget_is_told_without_waiting(time: Time) -> None:
    """A thousand channels that can't be asked any more are told so at once, not one a second."""
    pacer = Pacer(60.0, budget=Purse(1), now=time.now)
    pacer.wait(Stop(time))
    for _ in range(1000):
        with pytest.raises(errors.BudgetExhausted):
            pacer.wait(Stop(time))
    assert time.now() == 0.0


@pytest.fixture
def observed(simulator: Simulator, world: World, time: Time) -> "Observed":
    """A client of the simulator in that time; channel 9 has an entry."""
    world.add_channel(id=9, name="Weather", fields={1: "T"}).write(fields={1: "20.5"})
    return Observed(simulator, time)


class Observed:
    """A client, when each of its requests was answered, and what was waited for."""

    def __init__(self, simulator: Simulator, time: Time) -> None:
        self.time, self.stop = time, Stop(time)
        self.answers: list[tuple[str, float]] = []
        self.pauses: list[float] = []
        self.pacer = Pacer(0.0, now=time.now)
        self.server = ThingSpeak(simulator.url, pacer=self.pacer, backoff=0.02, observe=self.see)
        self.source = self.server.channel(9, stop=self.stop)

    def see(self, event: events.Event) -> None:
        if isinstance(event, events.RequestMade):
            self.answers.append((event.outcome, self.time.now()))
        if isinstance(event, events.AskingAgain):
            self.pauses.append(event.seconds)


def test_complaints_of_a_server_space_its_requests(
    observed: Observed, simulator: Simulator
) -> None:
    """Without a Retry-After each request keeps the distance from the complaint before it."""
    simulator.faults.add(Fault("429", times=3))
    with observed.server:
        observed.source.page()
        observed.source.page()
    assert [outcome for outcome, _ in observed.answers] == ["429"] * 3 + ["200"] * 2
    gaps = [b - a for (_, a), (_, b) in pairwise(observed.answers)]
    assert all(gap >= kept - 1e-9 for gap, kept in zip(gaps, (0.05, 0.1, 0.2, 0.2), strict=True))


def test_threads_that_are_complained_to_come_back_one_by_one(
    observed: Observed, simulator: Simulator
) -> None:
    """Six at once are told to come back in 25 seconds: no two of them come back together."""
    simulator.faults.add(Fault("429", times=6, retry_after=25))
    with observed.server:
        outcomes = observed.time.side_by_side([observed.source.page] * 6)
    assert not [each for each in outcomes if isinstance(each, BaseException)]
    served = sorted(at for outcome, at in observed.answers if outcome == "200")
    assert served[0] >= 25.0
    assert all(b - a >= 0.05 - 1e-9 for a, b in pairwise(served))


@pytest.mark.parametrize("fault", [Fault("429", retry_after=25), Fault("503"), Fault("reset")])
def test_a_pause_between_attempts_ends_at_once_when_stopping(
    observed: Observed, simulator: Simulator, fault: Fault
) -> None:
    """Whatever it is that is waited for before a question is asked again."""
    simulator.faults.add(fault)

    def call_off() -> None:
        observed.stop.wait(0.01)
        observed.stop.set()

    with observed.server:
        outcome, _ = observed.time.side_by_side([observed.source.page, call_off])
    assert isinstance(outcome, errors.Interrupted)
    assert observed.time.now() == pytest.approx(0.01)
    assert len(simulator.requests) == 1


def test_what_is_asked_again_is_told_before_the_pause(
    observed: Observed, simulator: Simulator
) -> None:
    """Once for each pause that is made, and not after the last attempt."""
    simulator.faults.add(Fault("503", times=None))
    with observed.server, pytest.raises(errors.SourceUnavailable):
        observed.source.page()
    assert len(observed.pauses) == 4
    assert len(observed.answers) == 5


def test_requests_that_never_went_out_are_not_counted(time: Time) -> None:
    """A server that can't be reached costs neither the budget nor the channel a request."""
    purse = Purse(3)
    pacer = Pacer(0.0, budget=purse, now=time.now)
    with ThingSpeak("http://127.0.0.1:9", pacer=pacer, attempts=3) as server:
        source = server.channel(9, stop=Stop(time))
        with pytest.raises(errors.SourceUnavailable, match="cannot be reached"):
            source.page()
    assert (purse.left, source.requests) == (3, 0)


def test_who_is_behind_lets_others_go_first_but_not_for_ever(time: Time) -> None:
    """Of a crowd in front and some behind, every tenth turn is one of those behind."""
    pacer, stop = Pacer(1.0, now=time.now), Stop(time)
    gone: list[tuple[float, str]] = []

    def ask(kind: str) -> Callable[[], None]:
        def asked() -> None:
            pacer.wait(stop, behind=kind == "behind")
            gone.append((time.now(), kind))

        return asked

    time.side_by_side([*[ask("behind")] * 2, *[ask("front")] * 22])
    order = [kind for _, kind in sorted(gone)]
    assert order.count("behind") == 2
    places = [place for place, kind in enumerate(order) if kind == "behind"]
    assert places[1] - places[0] >= 9 and places[0] <= 10


def test_workers_that_share_a_pace_keep_it_together(time: Time) -> None:
    """Each of four keeps four times the distance; what a complaint widened stays as wide."""
    pacer = Pacer(0.5, now=time.now)
    pacer.share(4)
    assert turns(pacer, time, Stop(time), 3) == [0, 2, 4]
    pacer.slow_down()
    pacer.share(1)
    assert pacer.delay == 4.0
    for _ in range(100):
        pacer.calm()
    assert pacer.delay == 0.5
