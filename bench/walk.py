"""A channel's pages over HTTP, newest first, with nothing done to them: what any client must do."""

import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

import httpx2

from bench.sizes import PAGE

_OLDEST = re.compile(rb'"feeds":\[\{"created_at":"([^"]+)"')


def pages(url: str, channel_id: int, size: int = PAGE) -> Iterator[bytes]:
    """The bodies of ``feeds.json``, ``size`` rows each, back to the channel's first entry."""
    query: dict[str, str | int] = {
        "results": size,
        "timezone": "Etc/UTC",
        "location": "true",
        "status": "true",
    }
    with httpx2.Client(timeout=60) as client:
        while True:
            answer = client.get(f"{url}/channels/{channel_id}/feeds.json", params=query)
            oldest = _OLDEST.search(answer.content, 0, 4096)
            if not oldest:
                return
            yield answer.content
            query["end"] = before(oldest[1].decode())


def before(created_at: str) -> str:
    """The second before an entry's, as ``end`` takes it."""
    instant = datetime.fromisoformat(created_at) - timedelta(seconds=1)
    return instant.strftime("%Y-%m-%d %H:%M:%S")


def ceiling(url: str, channel_id: int, rows: int) -> float:
    """Rows a second that the server gives to a client that throws them away."""
    began = time.perf_counter()
    count = sum(1 for _ in islice(pages(url, channel_id), rows // PAGE))
    return count * PAGE / (time.perf_counter() - began)
