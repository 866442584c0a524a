"""Requests as no client would make them: bytes, over a socket."""

import socket
from dataclasses import dataclass

from web_kit import Site

__all__ = ["Raw", "asked", "connected"]


@dataclass(frozen=True, slots=True)
class Raw:
    """What came back: the status (0 for nothing), all that stands before the body, and the body."""

    status: int
    head: str
    body: bytes

    def header(self, name: str) -> str | None:
        """A header's value."""
        for line in self.head.split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name:
                return value.strip()
        return None


def connected(site: Site) -> socket.socket:
    """A connection to a site."""
    return socket.create_connection(("127.0.0.1", site.port), timeout=30)


def asked(site: Site, *lines: str, body: bytes = b"", host: str | None = "localhost") -> Raw:
    """Send a request of these lines, ``Host`` and ``Connection: close``; all that comes back."""
    own = [f"Host: {host}"] if host is not None else []
    head = "\r\n".join([lines[0], *own, *lines[1:], "Connection: close", "", ""])
    with connected(site) as raw:
        raw.sendall(head.encode("utf-8") + body)
        return received(raw)


def received(raw: socket.socket) -> Raw:
    """All that comes until the other side hangs up."""
    taken = b""
    try:
        while part := raw.recv(1 << 16):
            taken += part
    except ConnectionError:
        pass
    head, _, body = taken.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    return Raw(int(words[1]) if len(words) > 1 else 0, head.decode("latin-1"), body)
