"""A server that stands before the simulator and has at hand every answer that it once fetched.

The simulator makes each page as it is asked for, in Python, on the cores that the client needs too:
that would be the measure of it, not of the client. ThingSpeak itself keeps its answers likewise.
"""

from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

_PASSING = "uncached"
"""The parameter by which Fieldhouse asks past ThingSpeak's cache; nothing moves here."""


class _Answer(NamedTuple):
    status: int
    kind: str
    body: bytes


Key = tuple[str, frozenset[tuple[str, str]]]


class Front(ThreadingHTTPServer):
    """Answers for the simulator at ``behind``, whose content must not change."""

    daemon_threads = True

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = urlsplit(behind).netloc
        self.answers: dict[Key, _Answer] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, target: str) -> _Answer:
        """The answer to a request's path and query."""
        parts = urlsplit(target)
        query = frozenset(pair for pair in parse_qsl(parts.query) if pair[0] != _PASSING)
        key = parts.path, query
        if key not in self.answers:
            self.answers[key] = self._fetched(target)
        return self.answers[key]

    def _fetched(self, target: str) -> _Answer:
        connection = HTTPConnection(self.behind)
        try:
            connection.request("GET", target)
            answer = connection.getresponse()
            return _Answer(answer.status, answer.headers["Content-Type"], answer.read())
        finally:
            connection.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Front

    def do_GET(self) -> None:
        answer = self.server.answer(self.path)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
