"""Proxies as a desktop, a company or a container sets them: they work, or one line names which."""

import base64
import logging
import ssl
import sys
import urllib.request
from collections.abc import Iterator

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ways_kit import HttpProxy, Reader, Scripted, SocksProxy, Terminator, Writer

from fieldhouse import errors
from fieldhouse.simulator import Fault, Simulator, World
from fieldhouse.sources.thingspeak import certificates, proxies
from fieldhouse.sources.thingspeak.api import ThingSpeak
from fieldhouse.sources.thingspeak.connection import Connection, surroundings
from fieldhouse.sources.thingspeak.pacing import Pacer
from fieldhouse.thingspeak_client import ThingSpeakClient

PLAIN = "http://thingspeak.test"
SECURE = "https://thingspeak.test"
PASSWORD = "geh@im#9"
QUOTED = "geh%40im%239"

Environment = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def bare(monkeypatch: Environment, world: World) -> None:
    """Nothing is set, whatever is on the machine that tests; channel 9 has an entry."""
    for name in (*proxies.VARIABLES, *certificates.VARIABLES, "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    world.add_channel(id=9, name="Weather", fields={1: "T"}).write(fields={1: "20.5"})


@pytest.fixture
def port(simulator: Simulator) -> int:
    return int(simulator.url.rpartition(":")[2])


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(
    port: int,
    authority: trustme.CA,
    monkeypatch: Environment,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[int]:
    """The port at which the simulator speaks TLS as thingspeak.test, by a CA that is trusted."""
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with Terminator(port, tls_of(authority, "thingspeak.test")) as terminator:
        yield terminator.port


def tls_of(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def client(url: str, attempts: int = 1, timeout: float = 5) -> ThingSpeak:
    return ThingSpeak(url, pacer=Pacer(0), attempts=attempts, backoff=0.01, timeout=timeout)


def entries(url: str) -> int:
    """How many entries channel 9 has, asked for at ``url``."""
    with client(url) as server:
        return server.channel(9).page()[0].served


# What works


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize(
    "form",
    [
        "http://127.0.0.1:{}",
        "http://127.0.0.1:{}/",
        "127.0.0.1:{}",
        "//127.0.0.1:{}",
        " http://127.0.0.1:{} ",
        '"http://127.0.0.1:{}"',
        "'127.0.0.1:{}'",
        "HTTP://127.0.0.1:{}/path?x",
    ],
)
def test_a_proxy_is_asked_however_it_is_written(
    port: int, monkeypatch: Environment, variable: str, form: str
) -> None:
    """In either case of the variable, without a scheme, with white space, quotes or a path."""
    with HttpProxy(port) as proxy:
        monkeypatch.setenv(variable, form.format(proxy.port))
        assert entries(PLAIN) == 1
    assert proxy.asked[0].startswith("GET http://thingspeak.test/channels/9/feeds.json?")


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_https_goes_through_a_tunnel(secure: int, monkeypatch: Environment, variable: str) -> None:
    """CONNECT, and within it TLS with the server itself."""
    with HttpProxy(secure) as proxy:
        monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        assert entries(SECURE) == 1
    assert proxy.asked[0] == "CONNECT thingspeak.test:443 HTTP/1.1"


def test_a_proxy_may_speak_tls_itself(
    secure: int, authority: trustme.CA, monkeypatch: Environment
) -> None:
    """An https:// proxy: TLS with it, and TLS with the server within."""
    with HttpProxy(secure, tls=tls_of(authority, "localhost")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"https://localhost:{proxy.port}")
        assert entries(SECURE) == 1


@pytest.mark.parametrize("scheme", ["socks", "socks5", "socks5h", "SOCKS5"])
def test_socks_is_spoken(port: int, monkeypatch: Environment, scheme: str) -> None:
    """``socks://``, as desktops write it, is SOCKS 5, and the proxy finds the host by its name."""
    with SocksProxy(port) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"{scheme}://127.0.0.1:{proxy.port}/")
        assert entries(PLAIN) == 1
    assert proxy.asked == ["thingspeak.test"]


def test_socks_carries_tls(secure: int, monkeypatch: Environment) -> None:
    """An https:// server through SOCKS."""
    with SocksProxy(secure) as proxy:
        monkeypatch.setenv("all_proxy", f"socks5h://127.0.0.1:{proxy.port}")
        assert entries(SECURE) == 1


@pytest.mark.parametrize("kind", [HttpProxy, SocksProxy])
@pytest.mark.parametrize("login", [("worker", PASSWORD, QUOTED), ("a b", "ü:ß", "%C3%BC:%C3%9F")])
def test_a_user_and_a_password_are_given(
    port: int,
    monkeypatch: Environment,
    kind: "type[HttpProxy | SocksProxy]",
    login: tuple[str, str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Percent-encoded in the variable, in clear to the proxy, in no log of any library."""
    user, password, quoted = login
    caplog.set_level(logging.DEBUG)
    with kind(port, login=f"{user}:{password}") as proxy:
        scheme = "http" if kind is HttpProxy else "socks5"
        address = f"{scheme}://{user.replace(' ', '%20')}:{quoted}@127.0.0.1:{proxy.port}"
        monkeypatch.setenv("ALL_PROXY", address)
        assert entries(PLAIN) == 1
    chosen = proxies.chosen(PLAIN, {"ALL_PROXY": address})
    shown = f"{chosen!r}{chosen}{caplog.text}"
    encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
    raw = repr(password.encode())[2:-1]
    assert not any(each in shown for each in (quoted, password, encoded, raw))


def test_an_at_sign_in_a_password_is_understood(port: int, monkeypatch: Environment) -> None:
    """The last @ parts the login from the host, as in curl."""
    with HttpProxy(port, login="worker:p@ss") as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://worker:p@ss@127.0.0.1:{proxy.port}")
        assert entries(PLAIN) == 1


def test_an_empty_variable_is_not_set(simulator: Simulator, monkeypatch: Environment) -> None:
    """Neither an empty one nor one of white space; an empty lower-case twin hides no other."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.setenv(name, "  " if name.islower() else "")
    assert entries(simulator.url) == 1
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with pytest.raises(errors.SourceUnavailable, match="HTTP_PROXY"):
        entries(simulator.url)


def test_the_lower_case_twin_goes_first(port: int, monkeypatch: Environment) -> None:
    """As everywhere else; and a variable for the scheme goes before ALL_PROXY."""
    with HttpProxy(port) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        for name in ("HTTP_PROXY", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, "nonsense://x")
        assert entries(PLAIN) == 1


def test_a_request_to_a_cgi_script_names_no_proxy() -> None:
    """There HTTP_PROXY is a header that anybody can send; http_proxy is not."""
    cgi = {"REQUEST_METHOD": "GET", "HTTP_PROXY": "http://evil.test:1"}
    assert proxies.chosen(PLAIN, cgi) is None
    assert proxies.chosen(PLAIN, {**cgi, "http_proxy": "http://fine.test:1"}) is not None


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_the_systems_own_proxy_settings_are_used(system: str, monkeypatch: Environment) -> None:
    """On macOS and Windows, where no variable names a proxy."""
    own = {"https": "http://10.0.0.1:3128", "socks": "http://10.0.0.1:1080"}
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(urllib.request, "getproxies", lambda: own)
    monkeypatch.setattr(urllib.request, "proxy_bypass", lambda host: host == "localhost")
    chosen = proxies.chosen(SECURE, {})
    assert chosen is not None
    assert (chosen.variable, str(chosen)) == ("the system's settings", "http://10.0.0.1:3128")
    assert proxies.chosen("https://localhost:1", {}) is None
    assert [each.text for each in proxies.described(SECURE, {})] == ["used: http://10.0.0.1:3128"]
    named = proxies.chosen(SECURE, {"https_proxy": "http://own.test:1"})
    assert named is not None
    assert named.host == "own.test"


# NO_PROXY


@pytest.mark.parametrize(
    ("url", "exceptions", "direct"),
    [
        ("http://api.thingspeak.com", "*", True),
        ("http://api.thingspeak.com", "localhost, api.thingspeak.com", True),
        ("http://api.thingspeak.com", "localhost api.thingspeak.com", True),
        ("http://api.thingspeak.com", "thingspeak.com", True),
        ("http://api.thingspeak.com", ".thingspeak.com", True),
        ("http://api.thingspeak.com", "*.thingspeak.com", True),
        ("http://api.thingspeak.com", "API.ThingSpeak.com.", True),
        ("http://api.thingspeak.com", "api.thingspeak.com:80", True),
        ("http://api.thingspeak.com", "api.thingspeak.com:443", False),
        ("http://api.thingspeak.com", "http://api.thingspeak.com", True),
        ("http://api.thingspeak.com", '"thingspeak.com"', True),
        ("http://api.thingspeak.com", "speak.com, m", False),
        ("http://api.thingspeak.com", "www.api.thingspeak.com", False),
        ("http://api.thingspeak.com", "<local>", False),
        ("http://thingspeak", "<local>", True),
        ("http://localhost:8900", "localhost,127.0.0.0/8,::1", True),
        ("http://127.0.0.1:8900", "localhost,127.0.0.0/8,::1", True),
        ("http://[::1]:8900", "localhost,127.0.0.0/8,::1", True),
        ("http://[::1]:8900", "[::1]", True),
        ("http://[::1]:8900", "[::1]:8900", True),
        ("http://[::1]:8900", "[::1]:80", False),
        ("http://[fd00::7]", "fd00::/8", True),
        ("http://192.168.7.9:80", "192.168.*", True),
        ("http://192.168.7.9:80", "192.168.7.9", True),
        ("http://192.168.7.9:80", "192.168.0.0/16", True),
        ("http://192.168.7.9:80", "10.0.0.0/8, 192.168.7.0/33, junk/x, /, :, ://", False),
        ("http://10.1.2.3", "0.1.2.3", False),
    ],
)
def test_exceptions_are_understood(url: str, exceptions: str, direct: bool) -> None:
    """Names, domains, ports, networks, IPv6, commas or spaces; junk excepts nobody."""
    proxy = {"HTTP_PROXY": "http://proxy.test:3128"}
    for name in ("NO_PROXY", "no_proxy"):
        assert (proxies.chosen(url, {**proxy, name: exceptions}) is None) is direct


def test_an_excepted_server_is_asked_directly(
    simulator: Simulator, monkeypatch: Environment
) -> None:
    """A desktop's settings, a broken SOCKS among them, do not stand in the way."""
    monkeypatch.setenv("ALL_PROXY", "socks4://127.0.0.1:1/")
    monkeypatch.setenv("no_proxy", "localhost,127.0.0.0/8,::1")
    assert entries(simulator.url) == 1


def test_proxies_can_be_left_aside(simulator: Simulator, monkeypatch: Environment) -> None:
    """With ``proxies=False`` the server is asked directly, whatever is set."""
    monkeypatch.setenv("HTTP_PROXY", "nonsense")
    with ThingSpeak(simulator.url, pacer=Pacer(0), proxies=False) as server:
        assert server.channel(9).page()[0].served == 1


# What does not work, in one line


@pytest.mark.parametrize(
    "value",
    [
        "http://",
        "http://:3128",
        "http://proxy.test:0",
        "http://proxy.test:99999",
        "http://proxy.test:abc",
        "http://my proxy:3128",
        "http://::1:3128",
        "::1",
        "http://[::1",
        "http://proxy<1>:3128",
        "ftp://proxy.test:3128",
        "nonsense://proxy.test",
        "http:/proxy.test:3128",
        f"http://worker:{PASSWORD}@proxy.test:3128",
        "http://worker:77/55@proxy.test:3128",
        "http://worker:77?55@proxy.test:3128",
        "proxy\x01.test",
    ],
)
def test_what_is_no_proxy_is_one_line(monkeypatch: Environment, value: str) -> None:
    """It names the variable and what would be right, before anything is asked, and no password."""
    monkeypatch.setenv("HTTPS_PROXY", value)
    with pytest.raises(errors.ConfigurationError) as raised, client(SECURE):
        pass
    line = str(raised.value)
    assert line.startswith("HTTPS_PROXY must be the address of a proxy, as http://host:3128")
    assert "\n" not in line
    assert not any(part in line for part in ("geh", "77", "55", "worker"))


PARTS = ("http://", "socks5://", "user:", "p%40ss", "@", "[::1]", ":3128", "xn--", "ü", "://", "::")
ODD = ".,;*%[]<>\\\"'_-#?&=\t\x00\udc80 0/:@"
junk = st.lists(st.sampled_from([*PARTS, *ODD, "localhost", "10.0.0.0/8"]), max_size=8).map("".join)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(proxy=junk, exceptions=junk, url=st.sampled_from([PLAIN, SECURE, "http://[::1]:1"]))
def test_whatever_is_set_works_or_is_one_line(
    monkeypatch: Environment, proxy: str, exceptions: str, url: str
) -> None:
    """No text in any variable makes anything but a client or a line that begins with its name."""
    with monkeypatch.context() as patch:
        patch.setattr("os.environ", {"ALL_PROXY": proxy, "NO_PROXY": exceptions})
        try:
            Connection(url, timeout=1).close()
        except errors.ConfigurationError as error:
            assert str(error).startswith("ALL_PROXY")
            assert str(error).isprintable()
            assert "p%40ss" not in str(error)
        surroundings(url)


@pytest.mark.parametrize("scheme", ["socks4", "socks4a"])
def test_old_socks_is_told_what_to_write(monkeypatch: Environment, scheme: str) -> None:
    """SOCKS 4 is not spoken; most such proxies speak 5 too, and the line says how to say so."""
    monkeypatch.setenv("all_proxy", f"{scheme}://worker:{QUOTED}@127.0.0.1:1080")
    with pytest.raises(errors.ConfigurationError) as raised, client(SECURE):
        pass
    assert str(raised.value).startswith("all_proxy: SOCKS 4 is not spoken")
    assert "socks5://" in str(raised.value)
    assert QUOTED not in str(raised.value)


def test_socks_without_its_library_says_what_to_install(monkeypatch: Environment) -> None:
    """One line with the variable and the package, before anything is asked."""
    monkeypatch.setenv("ALL_PROXY", "socks://127.0.0.1:1080/")
    monkeypatch.setitem(sys.modules, "socksio", None)
    with pytest.raises(errors.ConfigurationError, match=r"ALL_PROXY.*pip install socksio"):
        client(SECURE).__enter__()


def test_the_lenient_client_says_it_in_its_log(
    monkeypatch: Environment, caplog: pytest.LogCaptureFixture
) -> None:
    """``ThingSpeakClient`` raises for none of it: an ERROR and None."""
    monkeypatch.setenv("HTTPS_PROXY", "ftp://x")
    assert ThingSpeakClient(9, base_url=SECURE).get_channel_feed() is None
    assert "HTTPS_PROXY must be" in caplog.text


@pytest.mark.parametrize(
    ("url", "variable", "value"),
    [
        (PLAIN, "HTTP_PROXY", "http://worker:secret@127.0.0.1:1"),
        (SECURE, "HTTPS_PROXY", "http://worker:secret@127.0.0.1:1"),
        (SECURE, "ALL_PROXY", "socks5://worker:secret@127.0.0.1:1"),
    ],
)
def test_a_proxy_that_is_not_there_is_named(
    monkeypatch: Environment, url: str, variable: str, value: str
) -> None:
    """It may be back in a moment, so that it is transient; the line is about it, not the server."""
    monkeypatch.setenv(variable, value)
    with client(url) as server, pytest.raises(errors.SourceUnavailable) as raised:
        server.channel(9).page()
    assert str(raised.value).startswith(f"{variable}: the proxy ")
    assert "cannot be reached" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_loopback_server_behind_a_proxy_gets_a_hint(
    simulator: Simulator, monkeypatch: Environment
) -> None:
    """A simulator on this machine is hardly meant to be asked through a proxy."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with pytest.raises(errors.SourceUnavailable, match=r"NO_PROXY=127\.0\.0\.1"):
        entries(simulator.url)


@pytest.mark.parametrize("login", ["", "worker:wrong@"])
@pytest.mark.parametrize(("url", "variable"), [(PLAIN, "HTTP_PROXY"), (SECURE, "HTTPS_PROXY")])
def test_a_proxy_that_wants_a_login_is_told_as_the_proxys(
    port: int, monkeypatch: Environment, url: str, variable: str, login: str
) -> None:
    """Its 407 is permanent: asked once; the line tells a missing login from a wrong one."""
    with HttpProxy(port, login="worker:secret") as proxy:
        monkeypatch.setenv(variable, f"http://{login}127.0.0.1:{proxy.port}")
        with client(url, attempts=5) as server, pytest.raises(errors.ConnectionBarred) as raised:
            server.channel(9).page()
        assert len(proxy.asked) == 1
    line = str(raised.value)
    assert line.startswith(f"{variable}: the proxy http://127.0.0.1:{proxy.port} ")
    assert ("does not accept" if login else f"{variable}=http://user:password@") in line
    assert "407" in line
    assert "ThingSpeak" not in line
    assert "wrong" not in line
    assert not raised.value.transient


def test_a_407_without_a_proxy_of_ours_is_told_too(
    simulator: Simulator, monkeypatch: Environment
) -> None:
    """A proxy that stands in between unasked: the line says which variable to set."""

    async def want_login(reader: Reader, writer: Writer) -> None:
        writer.write(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")

    with Scripted(want_login) as between:
        url = f"http://127.0.0.1:{between.port}"
        with client(url) as server, pytest.raises(errors.ConnectionBarred, match="HTTP_PROXY"):
            server.channel(9).page()


@pytest.mark.parametrize(("url", "variable"), [(PLAIN, "HTTP_PROXY"), (SECURE, "HTTPS_PROXY")])
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("403 Forbidden", errors.FieldhouseError),
        ("502 Bad Gateway", errors.SourceUnavailable),
        ("503 Service Unavailable", errors.SourceUnavailable),
    ],
)
def test_what_a_proxy_refuses_is_not_put_on_the_server_alone(
    port: int,
    monkeypatch: Environment,
    url: str,
    variable: str,
    status: str,
    expected: type[errors.FieldhouseError],
) -> None:
    """The line names the variable beside the status; a 5xx is transient, a 403 is not."""
    with HttpProxy(port, status=status) as proxy:
        monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
        with client(url) as server, pytest.raises(expected) as raised:
            server.channel(9).page()
    assert variable in str(raised.value)
    assert status.split(maxsplit=1)[0] in str(raised.value)
    assert raised.value.transient is (status[0] == "5")


@pytest.mark.parametrize("login", ["", "worker:wrong@"])
def test_a_socks_proxy_that_wants_a_login_says_so(
    port: int, monkeypatch: Environment, login: str
) -> None:
    """Permanent, named by its variable, no password in it."""
    with SocksProxy(port, login="worker:secret") as proxy:
        monkeypatch.setenv("ALL_PROXY", f"socks5://{login}127.0.0.1:{proxy.port}")
        with client(PLAIN, attempts=5) as server, pytest.raises(errors.ConnectionBarred) as raised:
            server.channel(9).page()
    assert str(raised.value).startswith("ALL_PROXY: the proxy socks5://127.0.0.1:")
    assert "password" in str(raised.value)
    assert "wrong" not in str(raised.value)
    assert proxy.accepted == 1


def test_a_socks_proxy_that_cannot_reach_the_server_says_so(
    port: int, monkeypatch: Environment
) -> None:
    """Its reply is told in words, and is transient."""
    with SocksProxy(port, reply=5) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"socks5://127.0.0.1:{proxy.port}")
        with client(PLAIN) as server, pytest.raises(errors.SourceUnavailable) as raised:
            server.channel(9).page()
    assert "ALL_PROXY" in str(raised.value)
    assert "refused" in str(raised.value)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x05"])
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
def test_a_proxy_of_another_kind_is_named(
    monkeypatch: Environment, answer: bytes, variable: str
) -> None:
    """SOCKS where HTTP is meant, HTTP where SOCKS is, or nothing at all: a line, no traceback."""

    async def speak(reader: Reader, writer: Writer) -> None:
        await reader.read(1)
        writer.write(answer)
        await writer.drain()

    with Scripted(speak) as proxy:
        scheme = "http" if variable == "HTTPS_PROXY" else "socks5"
        monkeypatch.setenv(variable, f"{scheme}://127.0.0.1:{proxy.port}")
        with client(SECURE) as server, pytest.raises(errors.SourceError) as raised:
            server.channel(9).page()
    assert variable in str(raised.value)


def test_tls_to_a_proxy_that_speaks_none_says_what_to_write(
    port: int, monkeypatch: Environment
) -> None:
    """The usual slip, HTTPS_PROXY=https://… for a proxy that is asked over http://: asked once."""
    with HttpProxy(port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"https://worker:secret@127.0.0.1:{proxy.port}")
        with client(SECURE, attempts=5) as server, pytest.raises(errors.ConnectionBarred) as raised:
            server.channel(9).page()
    assert str(raised.value).startswith("HTTPS_PROXY: the proxy ")
    assert "HTTPS_PROXY=http://" in str(raised.value)
    assert "secret" not in str(raised.value)
    assert proxy.accepted == 1


def test_a_proxy_that_waits_for_what_is_no_http_gets_the_same_hint(
    port: int, monkeypatch: Environment
) -> None:
    """It may also be slow: transient."""
    with HttpProxy(port, patient=True) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"https://127.0.0.1:{proxy.port}")
        with (
            client(SECURE, timeout=0.3) as server,
            pytest.raises(errors.SourceUnavailable, match="HTTPS_PROXY=http://"),
        ):
            server.channel(9).page()


@pytest.mark.parametrize("kind", [HttpProxy, SocksProxy])
def test_a_server_that_is_silent_behind_a_proxy_is_not_the_proxys_fault(
    monkeypatch: Environment, kind: "type[HttpProxy | SocksProxy]"
) -> None:
    """The proxy answered, the server's handshake did not: the line is about the server."""

    async def wait(reader: Reader, writer: Writer) -> None:
        await reader.read()

    with Scripted(wait) as silent, kind(silent.port) as proxy:
        scheme = "http" if kind is HttpProxy else "socks5"
        monkeypatch.setenv("ALL_PROXY", f"{scheme}://127.0.0.1:{proxy.port}")
        with (
            client(SECURE, timeout=0.4) as server,
            pytest.raises(errors.SourceUnavailable) as raised,
        ):
            server.channel(9).page()
    assert str(raised.value).startswith(f"{SECURE} did not answer in time")
    assert "ALL_PROXY" in str(raised.value)


def test_a_lost_answer_through_a_proxy_names_it(
    simulator: Simulator, port: int, monkeypatch: Environment
) -> None:
    """What fails further on may be the server or the proxy: the line says both."""
    simulator.faults.add(Fault("reset", times=None))
    with HttpProxy(port) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        with client(PLAIN) as server, pytest.raises(errors.SourceUnavailable) as raised:
            server.channel(9).page()
    assert str(raised.value).startswith(PLAIN)
    assert "HTTP_PROXY" in str(raised.value)


# What is told of it


def told(url: str, **environment: str) -> dict[str, str]:
    found = proxies.described(url, environment)
    assert all(finding.ok for finding in found)
    return {finding.variable: finding.text for finding in found}


def test_each_variable_is_told_and_whether_it_is_used() -> None:
    """The one in use with its address and no login; of the others, why they are not."""
    proxy = f"http://worker:{QUOTED}@proxy.test:3128"
    said = told(SECURE, https_proxy=proxy, HTTPS_PROXY="http://x:1", HTTP_PROXY="y", ALL_PROXY="z")
    assert said == {
        "https_proxy": "used: http://proxy.test:3128, with a user and password",
        "HTTPS_PROXY": "not used: https_proxy goes first",
        "HTTP_PROXY": "not used: it is for http://, and ThingSpeak is https://thingspeak.test",
        "ALL_PROXY": "not used: https_proxy goes first",
    }
    assert told(SECURE, ALL_PROXY="http://z:1", NO_PROXY="here.test") == {
        "ALL_PROXY": "used: http://z:1",
        "NO_PROXY": "does not name thingspeak.test",
    }
    assert told(SECURE, ALL_PROXY="nonsense", no_proxy="*.test", NO_PROXY="x") == {
        "ALL_PROXY": "not used: no_proxy names thingspeak.test",
        "no_proxy": "used: thingspeak.test is asked directly",
        "NO_PROXY": "not used: no_proxy goes first",
    }
    assert told(SECURE) == {}


def test_one_that_is_wrong_is_told_as_such() -> None:
    """The same line as a run's."""
    (finding,) = proxies.described(SECURE, {"HTTPS_PROXY": "ftp://x"})
    assert not finding.ok
    assert finding.text.startswith("HTTPS_PROXY must be the address of a proxy")
