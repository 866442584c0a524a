"""What a hostile stranger tries, or another site's page in a friend's browser: in vain."""

import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from raw_kit import asked, connected, received
from web_kit import HOSTILE, GoingOn, Scope, Site, a_world, listening, serving

from fieldhouse.web.served import Rules
from fieldhouse.web.serving import Address, Server

SECRET = f"/api/channels/{HOSTILE}/latest"
"""What nobody may see who was not let in."""
OPEN = ("/healthz", "/readyz", "/login", "/favicon.ico")


@pytest.fixture(scope="module")
def guarded(site: Site) -> Iterator[Site]:
    """The full site as it stands beyond loopback: a token is always asked for."""
    rules = Rules(hosts=frozenset({"field.example"}), trusts_machine=False, writes=True)
    served = replace(site.served, rules=rules)
    with listening(served) as url:
        yield replace(site, url=url, served=served)


# Whose name


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST", "localhost.", "localhost:1", "127.0.0.1:8321", "[::1]", "[::1]:80",
     "192.168.1.5:8321", "[fe80::1]", "0.0.0.0"],
)  # fmt: skip
def test_the_names_of_this_machine_and_addresses_are_ours(site: Site, host: str) -> None:
    """A machine's own names, and any address, which no name server can turn elsewhere."""
    assert asked(site, "GET /healthz HTTP/1.1", host=host).status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:8321",
     "user@localhost", "localhost@evil.example", "localhost/healthz?", "localhost/login?x=",
     "localhost#", "localhost?", "localhost\\", "localhost..", "localhost:port", "localhost:80:80",
     "[localhost]", "[::1", "::1", "", ".", "127.1", "2130706433", "0x7f.1",
     "localhost,evil.example", "localhost evil.example", "l\u043ecalhost", "localhost%00",
     "xn--lcalhost-n9g"],
)  # fmt: skip
def test_other_names_are_refused(site: Site, host: str) -> None:
    """DNS rebinding: a page of another name that resolves to this machine is refused everything."""
    for path in (SECRET, "/healthz", "/login"):
        answer = asked(site, f"GET {path} HTTP/1.1", host=host)
        assert answer.status in (400, 421), (host, path, answer)


def test_one_name_is_asked_for(site: Site) -> None:
    """None, two names, or a name in the target beside another in the header let nobody in."""
    assert asked(site, f"GET {SECRET} HTTP/1.0", host=None).status in (400, 421)
    assert asked(site, f"GET {SECRET} HTTP/1.1", host=None).status == 400
    for second in ("evil.example", "localhost"):
        twice = asked(site, f"GET {SECRET} HTTP/1.1", f"Host: {second}")
        assert twice.status in (400, 421)
    absolute = asked(site, f"GET http://evil.example{SECRET} HTTP/1.1")
    assert absolute.status == 404
    assert (
        asked(site, f"GET {SECRET} HTTP/1.1", "X-Forwarded-Host: localhost", host="evil").status
        == 421
    )


# Who


PATHS = [
    *(f"{way}{SECRET}" for way in ("/healthz/..", "/static/..", "/login/..", "/seam/..", "/")),
    *(f"/{word}{SECRET}" for word in ("static/%2e%2e", "seam/%2e%2e", "healthz%3f", "login%23")),
    f"/static/x/..%2f..{SECRET}",
    f"/static\\..{SECRET}",
    f"{SECRET};/healthz",
    f"{SECRET}?/healthz",
    f"{SECRET}#/healthz",
    f"{SECRET}%00/healthz",
    f"{SECRET}%2f..%2f..%2fhealthz",
    SECRET.upper(),
    "//login",
    "/login/",
    "/LOGIN",
    "/healthz/",
    "/",
    "/api",
    "/api/openapi.json",
    "/api/query?sql=SELECT+1",
    "/api/jobs",
    "*",
]


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_around_the_guard(guarded: Site, path: str) -> None:
    """Whatever a path looks like, a stranger is answered 401, or that there is no such thing."""
    for method in ("GET", "HEAD", "POST", "OPTIONS", "PUT", "TRACE", "get"):
        answer = asked(guarded, f"{method} {path} HTTP/1.1")
        assert answer.status in (400, 401, 404, 405, 421), (method, path, answer)
        assert b"Temperature" not in answer.body and b"script>" not in answer.body


@pytest.mark.parametrize("path", OPEN)
def test_what_is_open_says_nothing(guarded: Site, path: str) -> None:
    """A stranger learns that the server lives, and where to show a token; no name, no number."""
    answer = asked(guarded, f"GET {path} HTTP/1.1")
    assert answer.status == 200
    assert b"12001" not in answer.body and b"duckdb" not in answer.body


def test_a_stranger_is_told_what_to_do(guarded: Site) -> None:
    """A program is answered 401; a browser is led to the login page, and no further."""
    answer = asked(guarded, f"GET {SECRET} HTTP/1.1")
    assert answer.status == 401 and answer.header("www-authenticate") == "Bearer"
    page = asked(guarded, "GET /?api_key=fh_secret&q=1 HTTP/1.1", "Accept: text/html")
    assert page.status == 303 and page.header("location") == "/login?next=%2F%3Fq%3D1"


@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1", "X-Real-IP: 127.0.0.1",
     "X-Forwarded-Host: localhost", "Via: 1.1 proxy", "CF-Connecting-IP: 1.2.3.4"],
)  # fmt: skip
def test_what_a_proxy_passes_on_is_not_this_machines(site: Site, header: str) -> None:
    """What bears a proxy's mark comes from elsewhere, however the mark reads."""
    assert asked(site, f"GET {SECRET} HTTP/1.1").status == 200
    assert asked(site, f"GET {SECRET} HTTP/1.1", header).status == 401


def test_a_name_in_a_header_is_believed_from_its_proxy_only(site: Site) -> None:
    """The header of who was let in counts from the proxy's address, once, and not empty."""
    rules = Rules(trusts_machine=False, user_header="X-User", proxies=frozenset({"127.0.0.1"}))
    for address, lines, status in (
        ("127.0.0.1", ["X-User: ada"], 200),
        ("127.0.0.1", ["X-User: "], 401),
        ("127.0.0.1", ["X-User: ada", "X-User: root"], 401),
        ("127.0.0.1", ["X_User: ada"], 401),
        ("10.0.0.9", ["X-User: ada"], 401),
    ):
        here = replace(rules, proxies=frozenset({address}))
        with listening(replace(site.served, rules=here)) as url:
            there = replace(site, url=url)
            assert asked(there, f"GET {SECRET} HTTP/1.1", *lines).status == status
            post = asked(there, "DELETE /api/corrections/1 HTTP/1.1", *lines)
            assert post.status == (403 if status == 200 else 401), "a proxy's user may only read"


def test_a_proxy_on_this_machine_is_not_this_machine(site: Site) -> None:
    """Who comes through a named proxy is nobody without a name, though it is on loopback."""
    rules = Rules(user_header="X-User", proxies=frozenset({"127.0.0.1"}))
    with listening(replace(site.served, rules=rules)) as url:
        assert asked(replace(site, url=url), f"GET {SECRET} HTTP/1.1").status == 401


# Other sites' pages


EVIL: list[list[str]] = [
    ["Origin: http://evil.example"],
    ["Origin: null"],
    ["Origin: http://localhost"],
    ["Origin: http://localhost:1"],
    ["Origin: http://127.0.0.1:{port}"],
    ["Origin: http://sub.localhost:{port}"],
    ["Origin: http://localhost:{port}.evil.example"],
    ["Origin: http://user@localhost:{port}"],
    ["Origin: file://"],
    ["Origin: "],
    ["Sec-Fetch-Site: cross-site"],
    ["Sec-Fetch-Site: same-site"],
    ["Sec-Fetch-Site: cross-site", "Origin: http://localhost:{port}"],
    ["Sec-Fetch-Site: nonsense"],
    ["Referer: http://evil.example/", "Origin: http://evil.example"],
]


@pytest.mark.parametrize("lines", EVIL)
def test_another_sites_page_does_nothing(site: Site, lines: list[str]) -> None:
    """CSRF: what another site, or another port, has a browser send is refused (this machine)."""
    headers = [line.format(port=site.port) for line in lines]
    host = f"localhost:{site.port}"
    length = "Content-Length: 2"
    for request in ("POST /api/jobs", "DELETE /api/corrections/1", "POST /logout", "POST /login"):
        answer = asked(site, f"{request} HTTP/1.1", *headers, length, body=b"{}", host=host)
        assert answer.status == 403 and b"another site" in answer.body, (request, answer)


def test_our_own_page_may(site: Site) -> None:
    """A form of ours is taken: the right origin, or what a browser says of the same."""
    host = f"localhost:{site.port}"
    for line in (f"Origin: http://{host}", "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: none"):
        answer = asked(site, "DELETE /api/corrections/999 HTTP/1.1", line, host=host)
        assert answer.status == 404, line


@pytest.mark.parametrize("where", ["cross-site", "same-site"])
def test_another_sites_page_embeds_nothing(site: Site, where: str) -> None:
    """No picture, script or fetch of another site's is answered; a link may be followed."""
    site_line = f"Sec-Fetch-Site: {where}"
    for mode, kind in (("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe")):
        lines = site_line, f"Sec-Fetch-Mode: {mode}", f"Sec-Fetch-Dest: {kind}"
        assert asked(site, f"GET {SECRET} HTTP/1.1", *lines).status == 403
    lines = site_line, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"
    assert asked(site, "GET / HTTP/1.1", *lines).status == 200
    assert asked(site, f"GET {SECRET} HTTP/1.1", *lines).status == 200


@pytest.mark.parametrize("path", ["/api/query", "/api/query.csv", "/query/export.xlsx"])
def test_another_sites_link_carries_out_no_sql(site: Site, path: str) -> None:
    """A link may lead to a page; what it says in SQL is not carried out, whoever follows it."""
    line = f"GET {path}?sql=SELECT+1 HTTP/1.1"
    assert asked(site, line).status == 200
    lines = ("Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")
    for where in ("cross-site", "same-site"):
        assert asked(site, line, f"Sec-Fetch-Site: {where}", *lines).status == 403
    assert asked(site, line, "Sec-Fetch-Site: same-origin", *lines).status == 200


def test_a_devices_address_is_not_for_pages(site: Site) -> None:
    """Writing by GET, as devices do, is refused where another site's page has it done."""
    for line in ("Sec-Fetch-Site: cross-site", "Origin: http://evil.example"):
        assert asked(site, "GET /update?field1=1 HTTP/1.1", line).status == 403


@pytest.mark.parametrize("path", ["/", "/healthz", "/api", SECRET, "/nothing", "/login"])
def test_every_answer_says_what_a_browser_may(site: Site, path: str) -> None:
    """No frame, no foreign script, no guessing of kinds, no cache of others: on every answer."""
    answer = asked(site, f"GET {path} HTTP/1.1", "Origin: http://evil.example")
    policy = answer.header("content-security-policy") or ""
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("access-control-allow-origin") is None
    assert "no-" in (answer.header("cache-control") or "")
    assert answer.header("server") is None


# Lines in headers and logs


@pytest.mark.parametrize(
    "path",
    ["/nothing%0d%0aSet-Cookie:%20a=b", "/%0aERROR%20forged", "/api/channels/%0d%0a",
     "/login?next=/%0d%0aSet-Cookie:%20a=b", "/?q=%0d%0aX:%20y", "/%1b[31m", "/%e2%80%ae",
     f"/api/channels/{HOSTILE}/readings?tz=%0aforged", f"{SECRET}?field=%0d%0aforged"],
)  # fmt: skip
def test_no_line_is_forged(guarded: Site, caplog: pytest.LogCaptureFixture, path: str) -> None:
    """What ends a line in an address ends none in a header, in an answer's line, or in the log."""
    caplog.set_level(logging.DEBUG)
    token = guarded.token()
    for lines in ([], [f"Authorization: Bearer {token}"]):
        for accept in ("text/html", "*/*"):
            answer = asked(guarded, f"GET {path} HTTP/1.1", f"Accept: {accept}", *lines)
            assert answer.header("set-cookie") is None and answer.header("x") is None
            if answer.header("content-type") == "application/problem+json":
                import json

                assert "\n" not in json.loads(answer.body)["detail"]
    forged = [
        record.getMessage() for record in caplog.records if not record.getMessage().isprintable()
    ]
    assert not forged and token not in caplog.text


def test_an_errors_path_is_one_line_in_the_log(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """An address that fails at the server is logged in one line, without its query."""
    closed = replace(site.served, warehouse=_Failing())  # type: ignore[arg-type]
    with listening(closed) as url:
        there = replace(site, url=url)
        for path in ("/api/channels?api_key=fh_0_secret", "/api/status?key=fh_0_secret"):
            assert asked(there, f"GET {path} HTTP/1.1").status == 500
    said = [r.getMessage() for r in caplog.records if r.name.startswith("fieldhouse")]
    assert said and all("\n" not in line for line in said)
    assert not any("secret" in r.getMessage() for r in caplog.records)


class _Failing:
    def query(self, *_: object, **__: object) -> Any:
        raise RuntimeError("fh_0_secret? no: a bug")


# How much


def test_a_body_has_a_size(guarded: Site) -> None:
    """What is longer than it may is refused, told by its length or not, by parts or not."""
    token = f"Authorization: Bearer {guarded.token(*Scope)}"
    kind = "Content-Type: application/json"
    told = asked(guarded, "POST /api/jobs HTTP/1.1", token, kind, "Content-Length: 5000000")
    assert told.status == 413, "not one byte of it was waited for"
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    chunked = asked(
        guarded, "POST /api/jobs HTTP/1.1", token, kind, "Transfer-Encoding: chunked",
        body=chunk * 20 + b"0\r\n\r\n",
    )  # fmt: skip
    assert chunked.status in (0, 413)
    form = "Content-Type: application/x-www-form-urlencoded"
    login = asked(guarded, "POST /login HTTP/1.1", form, "Content-Length: 2000000")
    assert login.status == 413


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (["Content-Length: 5", "Transfer-Encoding: chunked"], b"0\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
        (["Content-Length: 5", "Content-Length: 6"], b"abcdef"),
        (["Content-Length: -1"], b""),
        (["Content-Length: 1e3"], b""),
        (["Transfer-Encoding: gzip"], b""),
        (["Transfer-Encoding: chunked"], b"ffffffffffffffffffff\r\n"),
        (["Transfer-Encoding: chunked"], b"zz\r\n"),
        ([" Folded: x"], b""),
        (["Bad Header: x"], b""),
        (["X: \x00"], b""),
        (["X" * 40_000 + ": 1"], b""),
        (["X: 1"] * 20_000, b""),
    ],
)
def test_a_request_that_is_none(guarded: Site, head: list[str], body: bytes) -> None:
    """Requests that two servers would read differently, or that never end, are refused as such."""
    answer = asked(guarded, "POST /login HTTP/1.1", *head, body=body)
    assert answer.status in (0, 400, 401, 413, 421, 431, 501), answer  # 401: its body was not read
    assert answer.body.count(b"HTTP/1.1") == 0, "one request has one answer"


@pytest.mark.parametrize(
    "body",
    [b"[" * 200_000, b'{"a":' * 100_000, b"\xff\xfe", b"9" * 10_000, b"1e999999999", b"\x00",
     b'{"sql": "\\ud800"}', b'{"sql": 1}', b'{"sql": "SELECT 1", "limit": 1e400}', b"", b"null"],
)  # fmt: skip
def test_json_that_is_none(site: Site, body: bytes) -> None:
    """Deep, huge, broken and empty bodies are refused in one line."""
    length = f"Content-Length: {len(body)}"
    kind = "Content-Type: application/json"
    answer = asked(site, "POST /api/query HTTP/1.1", kind, length, body=body)
    assert answer.status in (400, 422), answer
    assert answer.header("content-type") == "application/problem+json"


def test_a_visitor_has_a_rate(site: Site) -> None:
    """Who asks too often is told to wait, each by himself; this machine is not."""
    rules = Rules(trusts_machine=False, rate=0.5)
    served = replace(site.served, rules=rules)
    with listening(served) as url:
        there = replace(site, url=url, served=served)
        first, second = there.token(name="same name"), there.token(name="same name")
        with there.client(first) as client:
            seen = [client.get("/api/channels/tags").status_code for _ in range(8)]
        assert seen[:5] == [200] * 5 and seen[-1] == 429
        with there.client(second) as client:
            assert client.get("/api/channels/tags").status_code == 200
        with there.client("fh_0_wrong") as client:
            wrong = [client.get("/api/channels/tags") for _ in range(8)]
        assert [one.status_code for one in wrong[:5]] == [401] * 5
        assert wrong[-1].status_code == 429 and wrong[-1].headers["retry-after"]
    assert all(asked(site, "GET /healthz HTTP/1.1").status == 200 for _ in range(20))


# How slowly


@pytest.fixture(scope="module")
def hasty(site: Site) -> Iterator[Site]:
    """The full site with half a second of patience."""
    served = replace(site.served, rules=Rules(seconds=0.5))
    with listening(served) as url:
        yield replace(site, url=url, served=served)


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"G",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-",
        b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 9,
    ],
)
def test_a_head_that_does_not_end(hasty: Site, begun: bytes) -> None:
    """Slowloris: who does not finish asking is hung up on."""
    with connected(hasty) as raw:
        raw.sendall(begun)
        assert received(raw).status in (0, 408)


def test_a_head_that_comes_byte_by_byte(hasty: Site) -> None:
    """Bytes that come one by one buy no time."""
    with connected(hasty) as raw:
        raw.settimeout(0.05)
        sent = 0
        while sent < 2000:
            sent += 1
            try:
                raw.sendall(b"G" if sent == 1 else b"E")
                if raw.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
    assert sent < 2000


def test_a_body_that_does_not_come(hasty: Site) -> None:
    """A body that was promised and does not come is not waited for longer than an answer."""
    for lines in (["Content-Length: 1000"], ["Transfer-Encoding: chunked"]):
        head = ["POST /api/query HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
        with connected(hasty) as raw:
            raw.sendall("\r\n".join([*head, *lines, "", ""]).encode() + b'5\r\n{"sql\r\n'[:8])
            answer = received(raw)
        assert answer.status in (0, 408), answer


def test_many_who_do_not_finish(hasty: Site) -> None:
    """Hundreds of connections that say nothing hold up nobody, and are gone after a while."""
    silent = [connected(hasty) for _ in range(300)]
    try:
        assert asked(hasty, "GET /healthz HTTP/1.1").status == 200
        assert all(received(one).status == 0 for one in silent)
    finally:
        for one in silent:
            one.close()


def test_who_reads_slowly_is_not_hung_up_on(site: Site) -> None:
    """When a client's patience is looked at, who took some of it since is left; who did not, not.

    The looks are made here, between what is read, and not by a clock.
    """
    with _server(site) as (server, address), socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect(address)
        while not server.server_state.connections:
            pass
        (held,) = server.server_state.connections
        held.transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_SNDBUF, 4096
        )
        sql = "SELECT+range+FROM+range(1000000)"
        head = f"GET /api/query?sql={sql}&limit=1000000 HTTP/1.1"
        raw.sendall(f"{head}\r\nHost: localhost\r\n\r\n".encode())
        raw.recv(1)
        seen = 0
        while seen < 5:
            raw.recv(1 << 14)
            seen += _looked_at(held, is_taken=True)
            assert not held.transport.is_closing()
        while not held.transport.is_closing():
            _looked_at(held, is_taken=False)
        assert not received(raw).body.endswith(b"0\r\n\r\n")


@contextmanager
def _server(site: Site) -> Iterator[tuple[Server, Any]]:
    """A server of a site that can be looked into, and where it listens."""
    is_ready, address = threading.Event(), Address(port=0)
    with address.listening() as listened:
        jobs: Any = GoingOn(site.served.jobs)
        served = replace(site.served, ending=threading.Event(), jobs=jobs)
        server = Server(served, address, ready=is_ready.set)
        run = threading.Thread(target=server.run, args=([listened],))
        run.start()
        try:
            assert is_ready.wait(30)
            yield server, listened.getsockname()
        finally:
            server.should_exit = True
            run.join()


def _looked_at(held: Any, *, is_taken: bool) -> bool:
    """Have a connection's patience looked at, if something lies unread, and some of it was taken.

    Whether it was.
    """
    told: Future[bool] = Future()

    def look() -> None:
        lies = held._taking is not None and not held.transport.is_closing()
        is_due = lies and (not is_taken or held.transport.get_write_buffer_size() < held._unread)
        if is_due:
            held._taking.cancel()
            held._look()
        told.set_result(is_due)

    held.loop.call_soon_threadsafe(look)
    return told.result(30)


def test_a_world_of_its_own(tmp_path: Any) -> None:
    """A site of no channels answers its pages and its API as well."""
    with serving(tmp_path, a_world(days=0)) as empty:
        for path in ("/", "/api", "/api/channels", "/api/status.csv", "/api/corrections.arrow"):
            assert asked(empty, f"GET {path} HTTP/1.1").status == 200, path
