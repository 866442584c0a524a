"""Who may do what: tokens and their scopes, browsers and their sessions, until they are revoked."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from web_kit import EMPTY, HOSTILE, NOW, Scope, Site, listening

from fieldhouse.cli import serving as commands
from fieldhouse.errors import ConfigurationError
from fieldhouse.times import utc_now
from fieldhouse.warehouse import open_warehouse
from fieldhouse.web.access import Sessions, Tokens, Visitor, lasting, made_token, scopes_of
from fieldhouse.web.served import Rules

READING = f"/api/channels/{HOSTILE}/tags"
SITE = {"Origin": "{url}", "Content-Type": "application/x-www-form-urlencoded"}
NEXT = {
    "/": "/",
    "/channels/9?from=2026#top": "/channels/9?from=2026#top",
    "//evil.example": "/",
    "/\\evil.example": "/",
    "\\\\evil.example": "/",
    "http://evil.example": "/",
    "javascript:alert(1)": "/",
    "/\t/evil.example": "/",
    "/\n/evil.example": "/",
    " //evil.example": "/",
    "/x\r\nSet-Cookie: a=b": "/",
    "///evil.example": "/",
    "/%2F/evil.example": "/%2F/evil.example",
    "evil.example": "/",
    "": "/",
}
"""Where a login leads to, by what was asked for."""


@pytest.fixture(scope="module")
def beyond(site: Site) -> Iterator[Site]:
    """The full site, asking everybody for a token."""
    served = replace(site.served, rules=Rules(trusts_machine=False, writes=True))
    with listening(served) as url:
        yield replace(site, url=url, served=served)


def logged_in(site: Site, token: str, next: str = "/") -> tuple[int, str | None, str | None]:
    """Show a token on the login page: the status, where it leads, the cookie."""
    with site.client() as browser:
        answer = browser.post(
            "/login", data={"token": token, "next": next}, headers={"Origin": site.url}
        )
        return answer.status_code, answer.headers.get("location"), answer.headers.get("set-cookie")


def test_scopes_are_apart(beyond: Site) -> None:
    """A token may what its scopes say, and nothing more; what writes asks for its own token."""
    asked = {Scope.READ: ("GET", READING), Scope.OPERATE: ("DELETE", "/api/corrections/999")}
    for scopes in ((Scope.READ,), (Scope.WRITE,), (Scope.OPERATE,), (Scope.READ, Scope.OPERATE)):
        with beyond.client(beyond.token(*scopes)) as client:
            for scope, (method, path) in asked.items():
                is_refused = client.request(method, path).status_code == 403
                assert is_refused is not {scope, Scope.READ}.issubset(scopes), (scopes, scope)


def test_a_token_is_shown_in_any_of_its_places(beyond: Site) -> None:
    """As a bearer, in ThingSpeak's headers, or in its parameters; elsewhere it is nothing."""
    token = beyond.token()
    with beyond.client() as client:
        for headers in (
            {"Authorization": f"Bearer {token}"},
            {"Authorization": f"bearer  {token}"},
            {"THINGSPEAKAPIKEY": token},
            {"X-THINGSPEAKAPIKEY": token},
        ):
            assert client.get(READING, headers=headers).status_code == 200
        for name in ("api_key", "key"):
            assert client.get(READING, params={name: token}).status_code == 200
        for headers in (
            {"Authorization": token},
            {"Authorization": f"Basic {token}"},
            {"Authorization": "Bearer"},
            {"Cookie": f"fieldhouse_session={token}"},
            {"X-Api-Key": token},
        ):
            assert client.get(READING, headers=headers).status_code == 401
        assert client.get(READING, params={"token": token}).status_code == 401


@pytest.mark.parametrize(
    "spoilt",
    ["{0}x", "{0}", "x{0}", "{0} ", "fh_{1}_", "fh_{1}", "fh__{2}", "FH_{1}_{2}", "fh_{1}_{2}",
     "{2}", "fh", "_", "", "fh_\u00e9_\u00ff", "fh_" + "9" * 5000, "fh_{1}_{2}\n", "null",
     "' OR 1=1 --", "fh_' OR '1'='1_x"],
)  # fmt: skip
def test_a_token_is_taken_whole(site: Site, spoilt: str) -> None:
    """A part of a token, or more than it, or its id with another secret, lets nobody in."""
    token = site.token()
    _, token_id, secret = token.split("_", 2)
    shown = spoilt.format(token, token_id, secret)
    found = site.served.tokens.visitor(shown, NOW)
    assert (found is not None) is (shown == token)


def test_a_secret_is_kept_nowhere(beyond: Site, caplog: pytest.LogCaptureFixture) -> None:
    """The warehouse has the hash alone; no page, answer or line of the log has the token."""
    caplog.set_level("DEBUG")
    token = beyond.token(*Scope)
    secret = token.split("_", 2)[2]
    rows = beyond.served.warehouse.query("access_tokens").to_pylist()
    assert hashlib.sha256(token.encode()).hexdigest() in {row["TokenHash"] for row in rows}
    assert secret not in str(rows)
    seen = []
    with beyond.client(token) as client:
        for path in ("/", "/api", "/api/jobs", "/nothing", "/api/query?sql=SELECT x"):
            for headers in ({}, {"Accept": "text/html"}):
                answer = client.get(path, headers=headers)
                seen.append(answer.text + str(answer.headers))
        seen.append(client.get("/api/nothing", params={"api_key": token}).text)
    wrong = beyond.client(token[:-1])
    seen.append(wrong.get(READING).text)
    seen.append(str(wrong.get("/?api_key=" + token[:-1], headers={"Accept": "text/html"}).headers))
    wrong.close()
    seen.append(logged_in(beyond, token)[2] or "")
    visitor = beyond.served.tokens.visitor(token, NOW)
    seen += [repr(visitor), repr(beyond.served.sessions)]
    seen += [r.getMessage() for r in caplog.records if not r.name.startswith("http")]
    assert [text for text in seen if secret[:-1] in text] == []


def test_a_revoked_token_is_taken_no_more(beyond: Site) -> None:
    """Revoked, it lets nobody in, nor the browsers that were let in by it; others go on."""
    first, second = beyond.token(), beyond.token()
    cookie = (logged_in(beyond, first)[2] or "").partition(";")[0]
    with beyond.client(first) as client, beyond.client(Cookie=cookie) as browser:
        assert client.get(READING).status_code == browser.get(READING).status_code == 200
        beyond.served.warehouse.call("revoke_token", token_id=first.split("_")[1], revoked_at=NOW)
        beyond.served.tokens.look_again()
        assert client.get(READING).status_code == browser.get(READING).status_code == 401
    with beyond.client(second) as client:
        assert client.get(READING).status_code == 200


def test_a_look_at_the_tokens_is_good_for_two_seconds(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another process revoked is taken for two seconds at the most, on the real clock."""
    from fieldhouse.web import access

    now = [100.0]
    monkeypatch.setattr(access, "monotonic", lambda: now[0])
    tokens = Tokens(site.served.warehouse)
    token = made_token(site.served.warehouse, "x", [Scope.READ], NOW)
    assert tokens.visitor(token, NOW)
    site.served.warehouse.call("revoke_token", token_id=token.split("_")[1], revoked_at=NOW)
    now[0] += 2.01
    assert tokens.visitor(token, NOW) is None


def test_a_token_lasts_as_long_as_it_was_made_for(site: Site) -> None:
    """It is taken until its end, which is excluded; sessions that it began end with it."""
    token = site.token(lasts=timedelta(hours=1))
    visitor = site.served.tokens.visitor(token, NOW + timedelta(minutes=59))
    assert visitor
    sessions = Sessions()
    secret = sessions.begin(visitor, NOW)
    assert sessions.visitor(secret, site.served.tokens, NOW + timedelta(minutes=59))
    later = NOW + timedelta(hours=1)
    assert site.served.tokens.visitor(token, later) is None
    assert sessions.visitor(secret, site.served.tokens, later) is None


def test_sessions_are_bounded_and_end(site: Site) -> None:
    """A session ends after thirty days, or when told to; the newest ten thousand are kept."""
    token = site.token()
    visitor = site.served.tokens.visitor(token, NOW)
    assert visitor
    sessions = Sessions()
    secret = sessions.begin(visitor, NOW)
    assert sessions.visitor(secret, site.served.tokens, NOW + timedelta(days=29, hours=23))
    assert sessions.visitor(secret, site.served.tokens, NOW + timedelta(days=30)) is None
    assert sessions.visitor(secret + "x", site.served.tokens, NOW) is None
    other = sessions.begin(visitor, NOW)
    assert other != secret
    sessions.end(other)
    assert sessions.visitor(other, site.served.tokens, NOW) is None
    newest = [sessions.begin(visitor, NOW) for _ in range(10_000)]
    assert sessions.visitor(secret, site.served.tokens, NOW) is None
    assert sessions.visitor(newest[0], site.served.tokens, NOW)
    stranger = sessions.begin(Visitor("x", frozenset(Scope)), NOW)
    assert sessions.visitor(stranger, site.served.tokens, NOW) is None, "a session has a token"


def test_a_browser_comes_in_and_goes(beyond: Site) -> None:
    """A token shown once is a cookie that no script reads; after the logout it is worth nothing."""
    status, where, cookie = logged_in(beyond, beyond.token(name="<i>Ada</i>"), "/api?x=1")
    assert (status, where) == (303, "/api?x=1")
    assert cookie and {"HttpOnly", "SameSite=lax", "Path=/"} <= set(re.split("; ", cookie))
    with beyond.client(Cookie=cookie.partition(";")[0]) as browser:
        page = browser.get("/", headers={"Accept": "text/html"})
        assert page.status_code == 200 and "<i>Ada" not in page.text
        for headers in ({}, {"Origin": "http://evil.example"}):
            assert browser.post("/logout", headers=headers).status_code == 403
        assert browser.post("/logout", headers={"Origin": beyond.url}).status_code == 303
        assert browser.get(READING).status_code == 401


@pytest.mark.parametrize("scope", [Scope.WRITE, Scope.OPERATE])
def test_whoever_came_in_can_go(beyond: Site, scope: Scope) -> None:
    """A session that may see nothing ends all the same."""
    cookie = (logged_in(beyond, beyond.token(scope))[2] or "").partition(";")[0]
    with beyond.client(Cookie=cookie, Origin=beyond.url) as browser:
        assert browser.get(READING).status_code == 403
        assert browser.post("/logout").status_code == 303
        assert browser.get(READING).status_code == 401


@pytest.mark.parametrize(
    ("proxy", "said", "is_secure"),
    [("127.0.0.1", ["https"], True), ("127.0.0.1", ["http"], False), ("127.0.0.1", [], False),
     ("127.0.0.1", ["https", "http"], False), ("10.0.0.2", ["https"], False)],
)  # fmt: skip
def test_behind_a_proxy_with_tls_a_cookie_is_secure(
    site: Site, proxy: str, said: list[str], is_secure: bool
) -> None:
    """What a proxy says of TLS is believed from those that are named, and if it says one thing."""
    rules = Rules(trusts_machine=False, proxies=frozenset({proxy}))
    token = site.token()
    with (
        listening(replace(site.served, rules=rules)) as url,
        replace(site, url=url).client() as web,
    ):
        headers = [("Origin", url), *(("X-Forwarded-Proto", one) for one in said)]
        answer = web.post("/login", data={"token": token}, headers=headers)
        assert answer.status_code == 303
        assert ("; secure" in answer.headers["set-cookie"].lower()) is is_secure
        assert ("strict-transport-security" in answer.headers) is is_secure


@pytest.mark.parametrize("name", ["api_key", "key", "apikey", "write_api_key"])
def test_a_token_in_an_address_is_shown_nowhere(beyond: Site, name: str) -> None:
    """Under each name that clients have for it, it lets in, and no address of ours repeats it."""
    token = beyond.token()
    with beyond.client() as client:
        answer = client.get("/api/runs", params={name: token, "limit": 1})
        assert answer.status_code == 200 and token not in str(answer.headers)
        asked = {name: token[:-1], "q": "x"}
        led = client.get("/", params=asked, headers={"Accept": "text/html"})
        assert led.status_code == 303 and led.headers["location"] == "/login?next=%2F%3Fq%3Dx"


def test_a_wrong_token_is_asked_for_again(beyond: Site) -> None:
    """A wrong token gets the page once more, with 401, no cookie, and nothing of what was typed."""
    with beyond.client() as browser:
        answer = browser.post("/login", data={"token": "fh_typed_wrong", "next": "//evil.example"})
    assert answer.status_code == 401 and "set-cookie" not in answer.headers
    assert "fh_typed_wrong" not in answer.text and "evil.example" not in answer.text
    for data in ({}, {"token": "x" * 100_000}, {"next": "/" * 10_000, "token": "x"}):
        with beyond.client() as browser:
            assert browser.post("/login", data=data).status_code in (401, 422)


@pytest.mark.parametrize("next", NEXT)
def test_a_login_leads_nowhere_else(site: Site, next: str) -> None:
    """Whatever address is asked for after the login, it is one of this server's."""
    tokens = site.token()
    status, where, cookie = logged_in(site, tokens, next)
    assert status == 303 and where == NEXT[next] and cookie
    assert "a=b" not in cookie
    with site.client() as browser:
        page = browser.get("/login", params={"next": next})
    assert f'value="{NEXT[next]}"' in page.text


def test_a_session_on_https_is_for_https(site: Site) -> None:
    """A cookie's name is the same, and a session of one site is none of another."""
    cookie = (logged_in(site, site.token())[2] or "").partition(";")[0]
    other = replace(site.served, rules=Rules(trusts_machine=False), sessions=Sessions())
    with listening(other) as url, replace(site, url=url).client(Cookie=cookie) as browser:
        assert browser.get(READING).status_code == 401


@pytest.mark.parametrize(
    "cookie",
    ["=", "fieldhouse_session", 'fieldhouse_session="', ";;;", "a" * 8000, "\u00e9=\u00e9",
     "fieldhouse_session=a; fieldhouse_session=b", "$Version=1"],
)  # fmt: skip
def test_cookies_may_be_anything(beyond: Site, cookie: str) -> None:
    """A cookie that is none lets nobody in and breaks nothing."""
    with beyond.client() as browser:
        answer = browser.get(READING, headers={"Cookie": cookie.encode("latin-1")})  # type: ignore[dict-item]
    assert answer.status_code == 401


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\x00b", "a\x1b[31mb", "\u202eadA"])
def test_a_token_has_a_name(site: Site, name: str) -> None:
    """A token's name is a line of up to a hundred characters that can be printed."""
    with pytest.raises(ConfigurationError, match="name is 1 to 100"):
        site.token(name=name)


def test_words_of_scopes() -> None:
    """Scopes are told by name, in any case; another word is refused with those that there are."""
    assert scopes_of([" Read", "WRITE"]) == {Scope.READ, Scope.WRITE}
    for words in (["admin"], [], ["read", ""]):
        with pytest.raises(ConfigurationError, match="read, operate, write"):
            scopes_of(words)


def test_a_later_versions_scope_lets_in_nowhere(site: Site) -> None:
    """A scope that this version does not know is no scope."""
    token = site.token()
    house = site.served.warehouse
    row = next(r for r in house.query("access_tokens").to_pylist() if r["TokenID"] in token)
    house.call(
        "add_token", token_id="ffffffff", token_name="x", token_hash=row["TokenHash"],
        scopes="read everything", created_at=NOW, expires_at=None,
    )  # fmt: skip
    site.served.tokens.look_again()
    assert site.served.tokens.visitor(token.replace(row["TokenID"], "ffffffff"), NOW) is None
    assert site.served.tokens.is_live("ffffffff", NOW)


def test_a_channel_without_readings_has_an_empty_answer(site: Site) -> None:
    """What is empty is an empty list, and no error."""
    with site.client() as client:
        assert client.get(f"/api/channels/{EMPTY}/readings").json() == []


def test_the_state_of_a_token_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The list of the command line says which are taken, expired and revoked."""
    url = f"duckdb:///{tmp_path / 'tokens.duckdb'}"
    now = utc_now()
    with open_warehouse(url) as house:
        house.migrate()
        made_token(house, "taken", [Scope.READ], now, lasting("1y"))
        made_token(house, "expired", [Scope.READ], now - timedelta(days=2), timedelta(days=1))
        text = made_token(house, "revoked", [Scope.READ], now - timedelta(days=2), lasting("1d"))
        house.call("revoke_token", token_id=text.split("_")[1], revoked_at=now)
    commands.list_tokens(url, as_json=True)
    listed = json.loads(capsys.readouterr().out)
    assert all(row["state"] == row["name"] for row in listed) and len(listed) == 3


@pytest.mark.parametrize(
    ("text", "days"), [("90d", 90), ("1y", 365), ("2y", 730), ("1mo", 30), ("36h", 1.5)]
)
def test_a_length_of_a_tokens_life(text: str, days: float) -> None:
    """A year has 365 days."""
    assert lasting(text) == timedelta(days=days)


@pytest.mark.parametrize("text", ["soon", "0d", "9999999999d", "99999999999999y"])
def test_no_length_of_a_tokens_life(text: str) -> None:
    """What is none, and what no calendar holds, is refused in one line."""
    with pytest.raises(ConfigurationError):
        lasting(text)
