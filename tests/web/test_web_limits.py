"""How much goes on at a time: devices, queries, rules and pages do not wait for one another."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from web_kit import HOSTILE, Scope, Site, Timed, a_world, fill, listening, serving

from fieldhouse.errors import Interrupted
from fieldhouse.web.limits.threads import Threads
from fieldhouse.web.served import Rules

RULE = {"channel": HOSTILE, "kind": "exclude", "field": "2", "where": "> 150", "reason": "a test"}

SQL = "SELECT 1 AS n"


@pytest.fixture(scope="module")
def brisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A small site that takes entries, and waits five seconds for anything."""
    rules = Rules(writes=True, seconds=5.0)
    with serving(tmp_path_factory.mktemp("brisk"), a_world(days=0), rules=rules) as made:
        fill(made.served, [HOSTILE])
        yield made


def test_devices_that_wait_hold_up_nobody(brisk: Site) -> None:
    """Sixty devices that wait for a channel which is being read: pages and the API are answered.

    Each device is told to send again; what it sends then is taken.
    """
    key = brisk.token(Scope.READ, Scope.WRITE)
    with brisk.client() as client:
        made = client.post(f"/channels.json?api_key={key}", data={"name": "M", "field1": "T"})
        number = made.json()["id"]

        def update(_: int) -> httpx2.Response:
            with brisk.client() as device:
                return device.post("/update", data={"api_key": f"{key}@{number}", "field1": "1"})

        with ThreadPoolExecutor(60) as devices:
            with brisk.served.whole.lock(number):
                waiting = [devices.submit(update, n) for n in range(60)]
                assert waiting[0].exception(30) is None
                for path in ("/", f"/channel/{HOSTILE}", "/api/status", "/readyz"):
                    assert client.get(path).status_code == 200
                refused = waiting[0].result()
                assert refused.status_code == 503 and refused.headers["retry-after"]
            answers = [one.result() for one in waiting]
        assert {answer.status_code for answer in answers} <= {200, 503}
        assert update(0).status_code == 200


@pytest.mark.parametrize("address", ["/query", "/query/export.parquet", "/api/query"])
def test_peoples_queries_have_one_limit(site: Site, address: str) -> None:
    """By page, file or API: where as many run as may, the next is told to come again.

    Another server of the same process is not meant, and nothing else of this one.
    """
    sql = {"sql": SQL}
    slow = _Slow(site.served.whole)
    busy = replace(site.served, threads=Threads(patience=0.1), warehouse=slow)  # type: ignore[arg-type]
    with listening(busy) as url, ThreadPoolExecutor(6) as others:
        there = replace(site, url=url)

        def asked() -> httpx2.Response:
            with there.client() as client:
                return client.get("/query/export.parquet", params=sql)

        waiting = [others.submit(asked) for _ in range(6)]
        with there.client() as client:
            while slow.asked < 6:
                client.get("/healthz")
            refused = client.get(address, params=sql)
            assert refused.status_code == 503 and "other queries" in refused.text
            assert client.get("/").status_code == 200
            with site.client() as other:
                assert other.get(address, params=sql).status_code == 200
            slow.go_on.set()
            assert {one.result().status_code for one in waiting} == {200}
            assert client.get(address, params=sql).status_code == 200


class _Slow:
    """A warehouse that keeps a person's own SQL waiting until it is told to go on."""

    def __init__(self, house: Any) -> None:
        self._house, self.asked, self.go_on = house, 0, threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._house, name)

    def stream(self, statement: str, *given: Any, **options: Any) -> Any:
        if statement == SQL:
            self.asked += 1
            assert self.go_on.wait(60)
        return self._house.stream(statement, *given, **options)


def test_what_is_asked_has_a_deadline_unasked(brisk: Site) -> None:
    """Nobody can forget it: the warehouse that requests have carries it in itself."""
    watched = Timed(brisk.served.whole)
    served = replace(brisk.served, warehouse=watched)  # type: ignore[arg-type]
    served.warehouse.query("channels")
    served.warehouse.query("channels", served.limits(rows=1))
    assert watched.given[0] == ("channels", 5.0) and watched.given[1][1] == 5.0
    served.ending.set()
    try:
        with pytest.raises(Interrupted):
            served.warehouse.query("channels")
    finally:
        served.ending.clear()


def test_a_rule_of_the_apis_is_a_job(own: Site) -> None:
    """It is told among the jobs; what the job finds wrong is the answer's line, with its status."""
    jobs = own.served.jobs
    with own.client() as client:
        wrong = client.post("/api/corrections", json={**RULE, "reason": "  "})
        assert wrong.status_code == 400 and "a reason is missing" in wrong.json()["detail"]
        made = client.post("/api/corrections", json=RULE)
        assert made.status_code == 201 and made.json()["readings"] > 0
        assert (jobs.all()[0].kind, jobs.all()[0].channel_ids) == ("correct", (HOSTILE,))
        gone = client.delete(f"/api/corrections/{made.json()['correction_id']}")
        assert gone.status_code == 200 and gone.json()["readings"] == made.json()["readings"]
        assert jobs.all()[0].kind == "undo"


def test_a_rule_that_waits_goes_on_beside_the_answer(brisk: Site) -> None:
    """While its channel is being read the answer names the job, and in the end the rule is made."""
    jobs = brisk.served.jobs
    with brisk.client() as client:
        with brisk.served.whole.lock(HOSTILE):
            begun = client.post("/api/corrections", json=RULE)
            assert begun.status_code == 202
            assert begun.headers["location"] == f"/api/jobs/{begun.json()['number']}"
            assert begun.json()["kind"] == "correct" and begun.json()["ended_at"] is None
        assert jobs.all()[0].wait(60)
        assert client.get(begun.headers["location"]).json()["error"] is None
        assert [rule["Reason"] for rule in client.get("/api/corrections").json()] == ["a test"]


def test_a_page_says_that_the_server_ends(tmp_path: Path) -> None:
    """What is asked amid the end is told to come again, and is no failure in the log."""
    with serving(tmp_path, a_world(days=0)) as site:
        served = replace(site.served, ending=threading.Event())
        ended = replace(served, warehouse=_Ended(served.whole))  # type: ignore[arg-type]
        with listening(ended) as url, replace(site, url=url).client() as client:
            answer = client.get("/")
            assert answer.status_code == 503 and "stopping" in answer.json()["detail"]
            assert answer.headers["retry-after"]


class _Ended:
    """A warehouse whose answers nobody waits for any longer."""

    def __init__(self, house: object) -> None:
        self._house = house

    def __getattr__(self, name: str) -> object:
        return getattr(self._house, name)

    def query(self, *_: object, **__: object) -> None:
        raise Interrupted("the answer is no longer wanted")


@pytest.mark.parametrize(("part", "ahead"), [(0, 0), (1, 1), (500_000, 1), (999_999, 1)])
def test_all_who_ask_within_a_second_look_up_to_its_end(brisk: Site, part: int, ahead: int) -> None:
    """They ask the same, so that one answer is all of theirs; none looks further than a second."""
    second = datetime(2026, 3, 29, 1, 59, 59)
    served = replace(brisk.served, clock=lambda: second + timedelta(microseconds=part))
    assert served.as_of == second + timedelta(seconds=ahead)
