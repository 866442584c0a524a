"""A small HTTP server over ClickHouse in process: ``python clickhouse_server.py FOLDER``.

It speaks as much of ClickHouse's HTTP interface as clickhouse-connect asks of it: statements in the
address, the body or a form, settings and parameters in the address, data behind an INSERT, and the
code of an error in its header. It lets the driver's own transport run, and several processes beside
each other; it proves nothing of a real server's HTTP layer. Its port is printed once it listens.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import chdb

OURS = {
    "query",
    "database",
    "session_id",
    "query_id",
    "wait_end_of_query",
    "client_protocol_version",
    "compress",
    "send_progress_in_http_headers",
    "http_headers_progress_interval_ms",
    "enable_http_compression",
}
"""Parameters of a request that are no settings here."""
FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
INSERT = re.compile(r"\s*INSERT\b", re.IGNORECASE)
INSERT_WITH_DATA = re.compile(rb"\s*INSERT\b[^;]*?\bFORMAT\s+\w+\s*?\n", re.IGNORECASE)
CODE = re.compile(r"Code: (\d+)")


class Handles:
    """Idle handles of the engine, each with the settings that it was made with."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._idle: defaultdict[frozenset[Any], list[Any]] = defaultdict(list)
        self._held = chdb.connect(folder)  # the engine shuts down with its last handle

    @contextmanager
    def of(self, settings: dict[str, str]) -> Iterator[Any]:
        """A handle with these settings; one whose statement failed is not used again."""
        idle = self._idle[frozenset(settings.items())]
        try:
            handle = idle.pop()
        except IndexError:
            handle = self._made(settings)
        try:
            yield handle
        except BaseException:
            handle.close()
            raise
        idle.append(handle)

    def _made(self, settings: dict[str, str]) -> Any:
        handle = chdb.connect(self._folder)
        for name in sorted(settings, key=lambda each: each == "readonly"):
            handle.query(f"SET {name} = '{settings[name]}'")
        return handle


class Handler(BaseHTTPRequestHandler):
    """One request, on a handle of the engine with its settings."""

    protocol_version = "HTTP/1.1"
    handles: Handles

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """Nothing: what matters is told by the tests."""

    def _answer(self) -> None:
        try:
            self._send(200, self._asked(), {})
        except Exception as error:
            code = CODE.search(str(error))
            header = {"X-ClickHouse-Exception-Code": code[1]} if code else {}
            self._send(500, str(error).encode(), header)

    def _asked(self) -> bytes:
        given = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Type", "").startswith("multipart/form-data"):
            given |= _form(self.headers, body)
            body = b""
        if "query" not in given:
            statement = INSERT_WITH_DATA.match(body)
            end = statement.end() if statement else len(body)
            given["query"], body = body[:end].decode(), body[end:]
        parameters = {
            name.removeprefix("param_"): value
            for name, value in given.items()
            if name.startswith("param_")
        }
        names = {name for name in given if not name.startswith("param_")} - OURS
        with self.handles.of({name: given[name] for name in names}) as handle:
            return _run(handle, given["query"], parameters, body)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _run(handle: Any, query: str, parameters: dict[str, str], body: bytes) -> bytes:
    found = FORMAT.search(query)
    fmt = found[1] if found else "TabSeparated"
    bare = query[: found.start()] if found else query
    if INSERT.match(query) and body:
        with handle.send_insert(bare, fmt) as insert:
            insert.append(body)
            insert.finish()
        return b""
    return bytes(handle.query(bare, fmt, params=parameters or None).bytes())


def _form(headers: Message, body: bytes) -> dict[str, str]:
    head = f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode()
    parts = BytesParser().parsebytes(head + body).get_payload()
    assert isinstance(parts, list)
    return dict(map(_field, parts))


def _field(part: Message) -> tuple[str, str]:
    held = part.get_payload(decode=True)
    assert isinstance(held, bytes)
    return str(part.get_param("name", header="content-disposition")), held.decode()


def main(folder: str) -> None:
    """Serve until killed."""
    Handler.handles = Handles(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
