"""Live pages: what is loaded is told to who listens, to nobody else, and until the end."""

import threading
from itertools import islice
from pathlib import Path

import httpx2
import pytest
from web_kit import HOSTILE, PAUSED, Site, a_world, fill, serving

from fieldhouse import events
from fieldhouse.web.pages import live


def opened(client: httpx2.Client, address: str) -> tuple[httpx2.Response, list[str]]:
    """A stream that has begun, and its lines as they come."""
    answer = client.send(client.build_request("GET", address), stream=True)
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = answer.iter_lines()
    assert next(lines) == "retry: 5000"
    return answer, lines  # type: ignore[return-value]


def loaded(channel_id: int, inserted: int = 1) -> events.RowsLoaded:
    return events.RowsLoaded(channel_id, inserted, 0, 0)


def test_who_listens_hears_of_the_channels_asked_for(own: Site) -> None:
    """Of what is loaded a page hears what it shows, in order; of loads without news nothing."""
    with own.client() as client:
        answer, lines = opened(client, f"/live?channels={HOSTILE},junk")
        for event in (loaded(PAUSED), loaded(HOSTILE, 0), loaded(HOSTILE)):
            own.served.heard(event)
        told = [*islice((line for line in lines if line), 2)]
        answer.close()
    assert told == ["event: loaded", f'data: {{"channel": {HOSTILE}}}']


def test_a_job_is_heard_of(own: Site) -> None:
    """A run that ends is told to the page of all channels."""
    with own.client() as client:
        answer, lines = opened(client, "/live")
        own.served.jobs.start([HOSTILE]).wait(60)
        told = next(line for line in lines if line.startswith("event: "))
        answer.close()
    assert told == "event: ended"


def test_listeners_are_few_enough(own: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """One too many is turned away; the others go on, and who leaves makes room."""
    monkeypatch.setattr(own.served.listening, "_most", 1)
    monkeypatch.setattr(live, "_LOOK", 0.02)
    with own.client() as client, own.client() as other:
        answer, _ = opened(client, "/live")
        assert other.get("/live").status_code == 503
        answer.close()
        for _ in range(500):
            answer = other.send(other.build_request("GET", "/live"), stream=True)
            answer.close()
            if answer.status_code == 200:
                break
        assert answer.status_code == 200


def test_streams_end_when_the_server_stops(tmp_path: Path) -> None:
    """A page that listens does not hold up the end: its stream is ended, not broken off."""
    ended = threading.Event()
    with serving(tmp_path, a_world(days=0)) as made:
        fill(made.served, [PAUSED])
        client = made.client()
        _, lines = opened(client, "/live")

        def read() -> None:
            for _ in lines:
                pass
            ended.set()

        threading.Thread(target=read, daemon=True).start()
    assert ended.wait(10)
    client.close()
