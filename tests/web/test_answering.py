"""Long answers: made while they are sent, for as long as somebody waits, and never half told."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import pyarrow as pa
import pytest
from web_kit import HOSTILE, Site, Timed, a_world, fill, listening, serving

from fieldhouse.errors import WarehouseUnavailable
from fieldhouse.warehouse import Warehouse
from fieldhouse.web.served import Rules

LONG = "SELECT * FROM range(30000000) AS t(n)"
"""Some 300 MB of JSON."""
SLOW = "SELECT sum(a.range * b.range) AS s FROM range(1000000) AS a, range(1000000) AS b"
"""Hours of work before the first row."""


@dataclass
class Watched:
    """A warehouse that knows how many answers are being read; and can be away."""

    house: Warehouse
    open: int = 0
    is_away: bool = False
    breaks_after: int | None = None
    """After how many batches of an answer the connection is lost."""
    changed: threading.Condition = field(default_factory=threading.Condition)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.house, name)

    def query(self, *given: Any, **parameters: Any) -> pa.Table:
        self._be_there()
        with self._counted():
            return self.house.query(*given, **parameters)

    def stream(self, *given: Any, **parameters: Any) -> pa.RecordBatchReader:
        self._be_there()
        return self._read(lambda: self.house.stream(*given, **parameters))

    def scan(self, *given: Any, **parameters: Any) -> pa.RecordBatchReader:
        self._be_there()
        return self._read(lambda: self.house.scan(*given, **parameters))

    def wait_until(self, is_so: Callable[[], bool]) -> bool:
        with self.changed:
            return self.changed.wait_for(is_so, 20)

    def _be_there(self) -> None:
        if self.is_away:
            raise WarehouseUnavailable("warehouse.example: no connection")

    def _read(self, opened: Callable[[], pa.RecordBatchReader]) -> pa.RecordBatchReader:
        def batches() -> Iterator[Any]:
            with self._counted():
                reader = opened()
                yield reader.schema
                for number, batch in enumerate(reader):
                    if number == self.breaks_after:
                        raise WarehouseUnavailable("warehouse.example: the connection was lost")
                    yield batch

        made = batches()
        return pa.RecordBatchReader.from_batches(next(made), made)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, by: int) -> None:
        with self.changed:
            self.open += by
            self.changed.notify_all()


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Watched]]:
    """A site of little patience: a second for each step of an answer, and for each reader."""
    rules = Rules(seconds=1.0)
    with serving(tmp_path_factory.mktemp("quick"), a_world(days=0), rules=rules) as site:
        fill(site.served, [HOSTILE])
        watched = Watched(site.served.whole)
        served = replace(site.served, warehouse=watched)
        with listening(served) as url:
            yield replace(site, url=url, served=served), watched


def test_a_long_answer_is_streamed(quick: tuple[Site, Watched]) -> None:
    """It begins before it is all there, has no length, and ends as it should."""
    site, watched = quick
    with site.client() as client:
        asked = {"sql": "SELECT * FROM range(300000) AS t(n)", "limit": 1_000_000}
        with client.stream("POST", "/api/query", json=asked) as answer:
            assert "content-length" not in answer.headers and "etag" not in answer.headers
            text = answer.read()
    assert [row["n"] for row in json.loads(text)] == list(range(300_000))
    assert watched.wait_until(lambda: watched.open == 0)


def test_who_goes_away_is_not_worked_for(quick: tuple[Site, Watched]) -> None:
    """A client that hangs up amid an answer, or before its first row, frees its cursor at once."""
    site, watched = quick
    asked = {"sql": LONG, "limit": 1_000_000}
    with site.client() as client, client.stream("POST", "/api/query", json=asked) as answer:
        next(answer.iter_bytes())
        assert watched.open == 1
    assert watched.wait_until(lambda: watched.open == 0)
    body = json.dumps({"sql": SLOW}).encode()
    with socket.create_connection(("127.0.0.1", site.port)) as raw:
        head = f"POST /api/query HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        raw.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + body)
        assert watched.wait_until(lambda: watched.open > 0)
    assert watched.wait_until(lambda: watched.open == 0)


def test_who_reads_nothing_is_given_up(quick: tuple[Site, Watched]) -> None:
    """A client that takes nothing of what it asked for holds no cursor for long."""
    site, watched = quick
    body = json.dumps({"sql": LONG, "limit": 1_000_000}).encode()
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect(("127.0.0.1", site.port))
        head = f"POST /api/query HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        raw.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + body)
        assert watched.wait_until(lambda: watched.open > 0)
        assert watched.wait_until(lambda: watched.open == 0)
        raw.settimeout(20)
        taken = b"".join(iter(lambda: raw.recv(1 << 16), b""))
    assert taken.startswith(b"HTTP/1.1 200") and not taken.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize(
    ("rows", "limit", "said"),
    [(5, 5, "no"), (6, 5, "yes"), (5, 0, "yes"), (0, 0, "no"), (10_000, 10_000, "no"),
     (10_001, 10_000, "yes"), (2_000_000, 1_000_000, "unknown")],
)  # fmt: skip
@pytest.mark.parametrize("form", ["json", "csv", "arrow"])
def test_a_limit_says_when_it_cut(site: Site, rows: int, limit: int, said: str, form: str) -> None:
    """Whoever asks in SQL sees whether there was more; of what is too long to hold, that it may."""
    asked = {"sql": f"SELECT range AS n FROM range({rows})", "limit": limit}
    with site.client() as client, client.stream("POST", f"/api/query.{form}", json=asked) as answer:
        assert answer.status_code == 200 and answer.headers["fieldhouse-cut"] == said
        if said == "unknown":
            return
        text = answer.read()
    found = {
        "json": lambda: len(json.loads(text)),
        "csv": lambda: len(text.splitlines()) - 1,
        "arrow": lambda: pa.ipc.open_stream(text).read_all().num_rows,
    }
    assert found[form]() == min(rows, limit)


def test_a_slow_question_is_given_up(quick: tuple[Site, Watched]) -> None:
    """What takes longer than it may is answered 504 in one line, however many ask it."""
    site, watched = quick
    answers: list[httpx2.Response] = []

    def ask() -> None:
        with site.client() as client:
            answers.append(client.post("/api/query", json={"sql": SLOW}))

    asking = [threading.Thread(target=ask) for _ in range(8)]
    for one in asking:
        one.start()
    with site.client() as client:
        assert client.get("/healthz").text == "ok\n"
        assert client.get(f"/api/channels/{HOSTILE}/tags").status_code == 200
    for one in asking:
        one.join()
    assert [answer.status_code for answer in answers] == [504] * 8
    assert answers[0].json()["detail"] == "no answer within 1 s"
    assert watched.wait_until(lambda: watched.open == 0)


def test_what_breaks_off_is_not_ended(quick: tuple[Site, Watched]) -> None:
    """An error after the first megabytes breaks the connection: none takes it for the whole."""
    site, watched = quick
    wide = LONG.replace("*", "n, repeat('x', 60) AS text")
    asked = {"sql": wide, "limit": 1_000_000}
    with site.client() as client:
        watched.breaks_after = 8
        try:
            with pytest.raises(httpx2.RemoteProtocolError):
                client.post("/api/query.csv", json=asked)
            watched.breaks_after = 0
            early = client.post("/api/query", json=asked)
        finally:
            watched.breaks_after = None
    assert early.status_code == 503 and "lost" in early.json()["detail"]


def test_the_warehouse_gone_and_back(quick: tuple[Site, Watched]) -> None:
    """Without its warehouse the server says so, to programs and people, and is well again after."""
    site, watched = quick
    paths = ("/api/status", f"/api/channels/{HOSTILE}/readings", "/api/query?sql=SELECT 1", "/")
    with site.client() as client:
        watched.is_away = True
        try:
            assert client.get("/healthz").status_code == 200
            assert client.get("/readyz").status_code == 503
            for path in paths:
                answer = client.get(path)
                assert answer.status_code == 503 and answer.headers["retry-after"], path
                assert "no connection" in answer.json()["detail"]
            page = client.get("/", headers={"Accept": "text/html"})
            assert page.status_code == 503 and "<h1>Service Unavailable</h1>" in page.text
        finally:
            watched.is_away = False
        assert [client.get(path).status_code for path in ("/readyz", *paths)] == [200] * 5


def test_many_at_once(site: Site) -> None:
    """Two hundred connections at once are answered, each with its own answer."""
    found: dict[int, list[dict[str, int]]] = {}

    def ask(number: int) -> None:
        with site.client() as client:
            sql = f"SELECT {number} AS n, count(*) AS c FROM iot.SensorReadings"
            found[number] = client.get("/api/query", params={"sql": sql}).json()

    asking = [threading.Thread(target=ask, args=(number,)) for number in range(200)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert {number: rows[0]["n"] for number, rows in found.items()} == {n: n for n in range(200)}


def test_a_file_that_cannot_be_had(tmp_path: Path) -> None:
    """A warehouse that is closed under the server is told as such, and not as an empty one."""
    with serving(tmp_path, a_world(days=0)) as site:
        fill(site.served, [HOSTILE])
        site.served.whole.close()
        with site.client() as client:
            answer = client.get("/api/channels")
            assert answer.status_code == 503 and "closed" in answer.json()["detail"]


@pytest.mark.parametrize("kind", ["", "/trend", "/rhythm", "/lives", "/quality", "/texts", "/runs"])
def test_every_question_of_a_page_has_a_deadline(site: Site, kind: str) -> None:
    """Whatever a page of a channel asks of the warehouse ends in the time that an answer has."""
    watched: Any = Timed(site.served.warehouse)
    with (
        listening(replace(site.served, warehouse=watched)) as url,
        httpx2.Client(base_url=url, timeout=30, trust_env=False) as client,
    ):
        page = client.get(f"/channel/{HOSTILE}{kind}", headers={"Accept": "text/html"})
        assert page.status_code == 200
        rule = f"/channel/{HOSTILE}/corrections?look=1&field=2&where=%3E5"
        assert client.get(rule, headers={"Accept": "text/html"}).status_code == 200
        asked = {"field": 2}
        assert client.get(f"/api/channels/{HOSTILE}/trend", params=asked).status_code == 200
        assert client.get("/query/words").status_code == 200
    assert watched.given and all(seconds for _, seconds in watched.given), watched.given
