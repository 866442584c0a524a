"""A warehouse through its owner: what crosses is what was given, and who hangs up is not served."""

import inspect
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_questions import examples
from warehouse_kit import DAY, FAR, HOUR, T0, batch, owner_of, row, tables, through_owner

from fieldhouse import errors, events
from fieldhouse.errors import (
    ConfigurationError,
    FieldhouseError,
    WarehouseError,
    WarehouseUnusable,
)
from fieldhouse.readings import Batch
from fieldhouse.state import BEGINNING, END, NOTHING, Gap, Labels, Progress, Run, Span
from fieldhouse.warehouse import Limits, Warehouse, open_warehouse, owner, wire
from fieldhouse.warehouse.offer import digest
from fieldhouse.warehouse.questions import CALLS, QUERIES

SLOW = "SELECT COUNT(*) AS n FROM range(100000) AS a, range(100000000) AS b"
"""What nobody waits for."""
ENDLESS = "SELECT a.range AS n FROM range(100000) AS a, range(100000000) AS b"


@pytest.fixture
def file(tmp_path: Path, migrated: Path) -> str:
    """A file of this version's schema."""
    file = tmp_path / "fieldhouse.duckdb"
    file.write_bytes(migrated.read_bytes())
    return str(file)


@pytest.fixture
def here(file: str) -> Iterator[Warehouse]:
    """The owner's warehouse."""
    with owner_of(file) as house:
        yield house


@pytest.fixture
def remote(file: str, here: Warehouse) -> Iterator[Warehouse]:
    """The same, as another process sees it."""
    with closing(through_owner(file)) as house:
        yield house


def filled(warehouse: Warehouse) -> None:
    rows = [row(n, T0 + n * HOUR / 6, Field1=n % 7, Field8="-0.000001") for n in range(1, 300)]
    warehouse.load([batch(rows, covered=(Span(T0, T0 + DAY),), gaps=(Gap(500, 501),))])
    warehouse.call("refresh_aggregates")


# What crosses


def test_every_question_is_answered_as_by_the_owner(here: Warehouse, remote: Warehouse) -> None:
    """Each of the catalogue, with all parameters and with few: the same rows in the same types."""
    filled(remote)
    for name, question in QUERIES.items():
        for parameters in examples(question):
            expected = here.query(name, **parameters)
            assert remote.query(name, **parameters).equals(expected), name
            assert remote.scan(name, **parameters).read_all().equals(expected), name
    two = Limits(columns=("Field8", "EntryID"), rows=3)
    assert remote.query("readings", two, channel_id=9).equals(
        here.query("readings", two, channel_id=9)
    )


def test_every_call_is_carried_out_by_the_owner(here: Warehouse, remote: Warehouse) -> None:
    """Each of the catalogue goes through, tables of rows among its parameters included."""
    filled(here)
    made = remote.call("set_correction", **next(examples(CALLS["set_correction"])))
    for name in sorted(CALLS, key=lambda name: name == "forget_channel"):
        question = CALLS[name]
        parameters = next(examples(question))
        if name == "remove_correction":
            parameters["correction_id"] = made["CorrectionID"][0].as_py()
        assert remote.call(name, **parameters).schema.equals(question.columns), name
    assert here.query("channels").num_rows == 0


def test_a_batch_crosses_exactly() -> None:
    """Every part of a batch, to the last digit: its digest, by which a repetition is known, too."""
    progress = {
        "covered": (Span(BEGINNING, END), Span(T0, T0 + timedelta(microseconds=1))),
        "gaps": (Gap(1, 2, "absent", T0, None, 3), Gap(5, 5)),
        "labels": Labels(T0, ((1, "Grad °C\u2028"), (8, ""))),
        "again": NOTHING,
        "judged": False,
        "began_with": 2**62,
        "swept_at": END,
    }
    rows = [row(n, Field1="999999999999.999999", Field2="-0.000001", Status="ä\0") for n in (1, 2)]
    metadata = {"name": "x", "latitude": Decimal("1.500000"), "created_at": T0, "field1": None}
    given = [
        batch(rows, **progress),
        batch(),
        Batch(9, 2, *_tables(batch(rows)), Progress(), FAR, metadata, 7, recalled=True),
        Batch(9, 2, *(t.slice(1) for t in _tables(batch(rows))), Progress(gaps=()), FAR, {}, 0),
    ]
    body = b"".join(f.head() + bytes(f.data) for f in wire.frames_of_batches(given))
    crossed = [*wire.batches_from(wire.frames_in(body))]
    assert crossed == given
    assert [digest(one) for one in crossed] == [digest(one) for one in given]
    assert [repr(one.progress) for one in crossed] == [repr(one.progress) for one in given]
    for cut in range(1, len(body), 97):
        with pytest.raises(WarehouseError, match="cut off"):
            [*wire.batches_from(wire.frames_in(body[:cut])), *_none_cut_cleanly(body, cut)]


def _none_cut_cleanly(body: bytes, cut: int) -> Iterator[Batch]:
    """A cut between two batches is none: the rest is missing, and is not this function's to see."""
    raise WarehouseError("cut off")
    yield from ()


def _tables(one: Batch) -> tuple[pa.Table, pa.Table, pa.Table]:
    return one.readings, one.raw, one.rejected


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.binary(max_size=20),
    st.datetimes(),
    st.dates(),
    st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-1e12, max_value=1e12),
)


@given(st.lists(VALUES, max_size=8))
def test_values_cross_exactly(values: list[Any]) -> None:
    """A parameter's value and type, whatever it is: nothing is rounded, shifted or made a text."""
    crossed = wire.values_from(wire.values_frame({str(n): v for n, v in enumerate(values)}))
    assert list(crossed.values()) == values
    assert [type(v) for v in crossed.values()] == [type(v) for v in values]


def test_values_that_are_cut_are_refused() -> None:
    """Wherever they end: nothing is made of a part, and no error is the library's own."""
    data = bytes(wire.values_frame({"channel_id": 9, "words": ["a", "b"]}).data)
    last = data.rindex(b"b")
    for size in range(last):
        with pytest.raises(WarehouseError):
            wire.values_from(wire.Frame(wire.Kind.ROWS, data[:size]))


def test_a_users_parameters_cross(here: Warehouse, remote: Warehouse) -> None:
    """Those of a SELECT, lists and zones included; what no column holds is told in one line."""
    values = [
        1,
        "x",
        None,
        Decimal("1.50"),
        date(2024, 1, 1),
        T0.replace(tzinfo=UTC),
        [1, None],
        b"\0",
    ]
    statement = f"SELECT {', '.join(f'? AS c{n}' for n in range(len(values)))}"
    assert remote.sql(statement, values).equals(here.sql(statement, values))
    with pytest.raises(ConfigurationError, match="a value of object that no column holds"):
        remote.sql("SELECT ?", [object()])


@pytest.mark.parametrize(
    "statement",
    ["SELECT nothing", "SELEC 1", "", "SELECT 1; SELECT 2", "DELETE FROM iot.Channels", "COMMIT"],
)
def test_a_wrong_statement_is_told_alike(
    here: Warehouse, remote: Warehouse, statement: str
) -> None:
    """In the same line, of the same class, as by the owner itself; nothing is written."""
    lines = []
    for house in (here, remote):
        with pytest.raises(FieldhouseError) as told:
            house.sql(statement)
        lines.append((type(told.value), str(told.value)))
    assert lines[0] == lines[1]


ERRORS = [
    kind
    for kind in vars(errors).values()
    if inspect.isclass(kind) and issubclass(kind, FieldhouseError)
]


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_crosses(kind: type[FieldhouseError]) -> None:
    """Its class, its line, and what it carries beside: seconds, a holder, disputed entries."""
    more = {
        errors.RateLimited: [{"retry_after": 1.5}, {}],
        errors.WarehouseLocked: [{"holder": "process 9"}],
        errors.EntryConflict: [{"disputed": ((1, T0), (2, BEGINNING))}, {}],
    }
    for carried in more.get(kind, [{}]):
        error = kind("a line, with ünïcode", **carried)
        crossed = wire.error_from(wire.error_frame(error))
        assert type(crossed) is kind and str(crossed) == str(error)
        assert vars(crossed) == vars(error)


def test_every_event_crosses() -> None:
    """What a job tells is told as it was; what this version does not know is passed over."""
    run = Run(channel_id=9, started_at=T0, quality_score=1 / 3, error="x")
    for event in (
        events.RequestMade(None, "200", 0.1, 5),
        events.AskingAgain(9, "why", 1.0),
        events.WarehouseAwaited("x"),
        events.FleetStarted(1),
        events.RunStarted(9),
        events.PageRead(9, 1, T0, None),
        events.FileRead("x", "y", 1, 2),
        events.RowsLoaded(9, 1, 2, 3),
        events.Noticed(9, "gap", "x"),
        events.AnalysisStarted((9, 10)),
        events.RunEnded(run),
    ):
        assert wire.event_from(wire.event_frame(event)) == event
    unknown = wire.Frame(wire.Kind.EVENT, b'{"name": "Later", "said": {"x": 1}}')
    assert wire.event_from(unknown) is None


# Writing


def test_a_load_is_known_again_whoever_offers_it(here: Warehouse, remote: Warehouse) -> None:
    """A load whose answer was lost is offered again, there or here: nothing changes."""
    given = [batch([row(n, Field1=n) for n in range(1, 9)], covered=(Span(T0, T0 + DAY),))]
    assert remote.load(given)[9].inserted == 8
    held = tables(here)
    assert remote.load(given)[9].duplicates == here.load(given)[9].duplicates == 8
    assert tables(here) == tables(remote) == held


def test_opened_to_read_it_writes_nothing(file: str, here: Warehouse) -> None:
    """Every way to write is refused in the line that the file itself has for it."""
    filled(here)
    held = tables(here)
    with closing(through_owner(file, read_only=True)) as house:
        ways: list[Callable[[], object]] = [
            house.migrate,
            lambda: house.load([batch([row(1000)])]),
            lambda: house.call("forget_channel", channel_id=9),
        ]
        for way in ways:
            with pytest.raises(WarehouseUnusable) as told:
                way()
            assert str(told.value) == f"{file}: opened read-only"
        assert tables(house) == held


def test_a_lock_is_held_by_one(file: str, here: Warehouse, remote: Warehouse) -> None:
    """Whoever asks for a channel that another holds waits, here or there; its holder does not."""
    taken: list[str] = []

    def take(house: Warehouse, name: str) -> None:
        with house.lock(9):
            taken.append(name)

    with closing(through_owner(file)) as other:
        with remote.lock(9), remote.lock(9), other.lock(10):
            waiting = [
                threading.Thread(target=take, args=(house, name))
                for house, name in ((here, "here"), (other, "there"))
            ]
            for thread in waiting:
                thread.start()
            assert remote.query("channels").num_rows == 0
            assert not taken
            taken.append("first")
        for thread in waiting:
            thread.join()
    assert taken[0] == "first" and set(taken[1:]) == {"here", "there"}


def test_a_lock_is_waited_for_as_long_as_is_said(here: Warehouse, remote: Warehouse) -> None:
    """Here and there: what is not free in time is refused in one line, and nothing is held then."""
    with ThreadPoolExecutor(1) as other, here.lock(9):
        for house in (here, remote):
            refused = other.submit(_locked, house, 0.05)
            assert "channel 9 is being read or written" in str(refused.exception(30))
            assert isinstance(refused.exception(), errors.WarehouseLocked)
    for house in (here, remote):
        _locked(house, 0.05)


def _locked(house: Warehouse, wait: float) -> None:
    with house.lock(9, wait):
        pass


def test_a_lock_that_fails_oddly(
    here: Warehouse, remote: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What no engine should raise is told in one line, and the next one who asks has the lock."""

    def odd(channel_id: int, wait: float | None = None) -> Any:
        raise LookupError("odd")

    monkeypatch.setattr(here, "lock", odd)
    with pytest.raises(WarehouseError, match="unexpected LookupError"), remote.lock(9):
        raise AssertionError("nobody holds it")
    monkeypatch.undo()
    _locked(remote, 5)


def test_a_lock_ends_with_who_holds_it(file: str, here: Warehouse, remote: Warehouse) -> None:
    """One whose connection ends, or that ended as it waited, holds nothing any longer."""
    holder, waiter = through_owner(file), through_owner(file)
    held = holder.lock(9)
    held.__enter__()
    failed: list[Exception] = []

    def wait() -> None:
        try:
            with waiter.lock(9):
                pass
        except FieldhouseError as error:
            failed.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    while not any(thread.name == "lock of 9" for thread in threading.enumerate()):
        remote.query("channels")
    waiter.close()
    holder.close()
    waiting.join()
    with remote.lock(9):
        pass
    with here.lock(9):
        pass


def test_what_is_slow_keeps_nobody_else_waiting(file: str, remote: Warehouse) -> None:
    """Held locks, opened and slow scans, more than there are threads: others are answered."""
    with ExitStack() as stack:
        readers = [remote.stream(ENDLESS) for _ in range(33)]
        for channel_id in range(1, 81):
            stack.enter_context(remote.lock(channel_id))
        threads = [threading.Thread(target=_refused, args=(remote,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        assert remote.query("channels", Limits(60)).num_rows == 0
        assert remote.load([batch([row(1)])])[9].inserted == 1
        assert [reader.read_next_batch().num_rows > 0 for reader in readers[:3]] == [True] * 3
        for thread in threads:
            thread.join()


def _refused(house: Warehouse) -> None:
    with pytest.raises(errors.DeadlinePassed):
        house.stream(SLOW, Limits(0.3)).read_all()


# Hanging up


def watching(house: Any) -> int:
    """Statements of an owner that may still be running."""
    return len(house._watch)


def assert_given_up(house: Warehouse) -> None:
    """What nobody wants any more has ended, as soon as its owner has learnt of it."""
    for _ in range(2000):
        if not watching(house):
            break
        house.query("channels")
    assert not watching(house)


def test_a_reader_let_go_of_frees_the_owner(here: Warehouse, remote: Warehouse) -> None:
    """Its cursor reads no further, whether it was begun or not."""
    reader = remote.stream(ENDLESS)
    assert reader.read_next_batch().num_rows
    unread = remote.stream(ENDLESS)
    del reader, unread
    assert_given_up(here)


def test_who_hangs_up_is_not_computed_for(file: str, here: Warehouse) -> None:
    """A question that would take hours ends when its asker closes; the asker is told one line."""
    with closing(through_owner(file)) as house:
        told: list[Exception] = []

        def ask() -> None:
            try:
                house.stream(SLOW).read_all()
            except FieldhouseError as error:
                told.append(error)

        asking = threading.Thread(target=ask)
        asking.start()
        while not watching(here):
            here.query("channels")
    asking.join()
    assert len(told) == 1 and "\n" not in str(told[0])
    assert_given_up(here)


def test_an_owner_that_ends_ends_its_answers(file: str) -> None:
    """What is being read is cut in one line, which is transient, and what waits is let go."""
    with ExitStack() as stack:
        stack.enter_context(owner_of(file))
        house = stack.enter_context(closing(through_owner(file)))
        reader = house.stream(ENDLESS)
        reader.read_next_batch()
        stack.pop_all().close()
        with pytest.raises(FieldhouseError):
            while True:
                reader.read_next_batch()
    with closing(open_warehouse(file)) as own:
        assert own.query("channels").num_rows == 0


def test_closed_it_says_so(file: str, here: Warehouse) -> None:
    """A second close is none; the owner keeps the file."""
    house = through_owner(file)
    house.close()
    house.close()
    for ask in (lambda: house.query("channels"), lambda: house.sql("SELECT 1"), house.migrate):
        with pytest.raises(WarehouseUnusable, match="closed: open it again"):
            ask()
    assert here.query("channels").num_rows == 0


# Who may ask


def test_nobody_is_answered_without_the_secret(file: str, here: Warehouse) -> None:
    """Nor with another, of another version, through a proxy, or from a page: nothing is told."""
    note = owner.note_of(file)
    assert note
    known = {"Authorization": f"Bearer {note.secret}", "Fieldhouse": wire.PROGRAM}
    asked = b"".join(
        frame.head() + bytes(frame.data) for frame in wire.question_frames("channels", Limits(), {})
    )
    random.seed(9)
    with httpx2.Client(base_url=note.address, trust_env=False) as client:

        def status(path: str = "query", /, **headers: str) -> int:
            answer = client.post(f"/seam/{path}", headers=headers, content=asked)
            assert note.secret not in answer.text
            return answer.status_code

        assert status(**known) == 200
        assert status() == 401
        for wrong in ("", "Bearer", "Bearer x", f"Basic {note.secret}", f"Bearer {note.secret}x"):
            assert status(**(known | {"Authorization": wrong})) == 401
        assert status(**(known | {"Fieldhouse": "0.0/1"})) == 426
        assert status(**known, **{"X-Forwarded-For": "127.0.0.1"}) == 403
        assert status(**known, Forwarded="for=127.0.0.1") == 403
        assert status(**known, Origin="http://example.org") == 403
        assert status("nothing", **known) == 404
        for path in (
            "query",
            "scan",
            "stream",
            "load",
            "call",
            "migrate",
            "advice",
            "jobs",
            "lock",
        ):
            assert status(path) == 401
        for challenge in ("", "short", "x" * 65, "../" * 9):
            assert client.get("/seam/owner", headers={"Challenge": challenge}).status_code == 400
        assert client.get("/seam/query", headers=known).status_code == 405


def test_what_is_no_question_is_refused(file: str, here: Warehouse) -> None:
    """Bytes that nobody of ours sends end in an error, and the owner serves on."""
    note = owner.note_of(file)
    assert note
    known = {"Authorization": f"Bearer {note.secret}", "Fieldhouse": wire.PROGRAM}
    random.seed(9)
    bodies = [b"", b"J", b"\xff" * 20, b"J\0\0\0\1{", *(random.randbytes(40) for _ in range(20))]
    with httpx2.Client(base_url=note.address, trust_env=False) as client:
        for path in ("query", "scan", "stream", "load", "call", "jobs", "lock", "stop"):
            for body in bodies:
                answer = client.post(f"/seam/{path}", headers=known, content=body)
                assert answer.content[:1] in (wire.Kind.ERROR, b"J"), (path, body)
    with closing(through_owner(file)) as house:
        assert house.query("channels").num_rows == 0
