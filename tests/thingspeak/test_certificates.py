"""Certificates over real TLS: whom a connection trusts, and what is said where it cannot."""

import os
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from ways_kit import HttpProxy, Reader, Scripted, Terminator, Writer

from fieldhouse import errors, events
from fieldhouse.simulator import Simulator, World
from fieldhouse.sources.thingspeak import certificates, proxies
from fieldhouse.sources.thingspeak.api import ThingSpeak
from fieldhouse.sources.thingspeak.pacing import Pacer

Environment = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def bare(monkeypatch: Environment, world: World) -> None:
    """Nothing is set, whatever is on the machine that tests; channel 9 has an entry."""
    for name in (*proxies.VARIABLES, *certificates.VARIABLES):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    world.add_channel(id=9, name="Weather", fields={1: "T"}).write(fields={1: "20.5"})


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def pem(authority: trustme.CA, tmp_path: Path) -> Path:
    """The CA's certificate, as a company gives it out."""
    path = tmp_path / "company.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def served(simulator: Simulator) -> Iterator[Callable[[trustme.LeafCert], Terminator]]:
    """Serve the simulator with a certificate."""
    port = int(simulator.url.rpartition(":")[2])
    running: list[Terminator] = []

    def serve(certificate: trustme.LeafCert) -> Terminator:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        terminator = Terminator(port, context)
        terminator.__enter__()
        running.append(terminator)
        return terminator

    yield serve
    for terminator in running:
        terminator.__exit__(None, None, None)


@pytest.fixture
def server(served: Callable[[trustme.LeafCert], Terminator], authority: trustme.CA) -> Terminator:
    """The simulator with a certificate of the company's CA."""
    return served(authority.issue_cert("localhost"))


def entries(
    server: Terminator, host: str = "localhost", observe: events.Observer | None = None
) -> int:
    url = f"https://{host}:{server.port}"
    with ThingSpeak(url, pacer=Pacer(0), backoff=0.01, observe=observe) as thingspeak:
        return thingspeak.channel(9).page()[0].served


def hashed(pem: Path) -> Path:
    """A folder that holds a certificate under its hashed name, as ``openssl rehash`` makes it."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl command to name certificates by their hash")
    name = ["openssl", "x509", "-subject_hash", "-noout", "-in", str(pem)]
    done = subprocess.run(name, capture_output=True, text=True, check=True)
    folder = pem.parent / "certs"
    folder.mkdir()
    (folder / f"{done.stdout.strip()}.0").write_bytes(pem.read_bytes())
    return folder


# What works


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("form", ["{}", " {} ", '"{}"', "'{}'"])
def test_a_companys_ca_is_trusted_by_any_of_the_variables(
    server: Terminator, pem: Path, monkeypatch: Environment, variable: str, form: str
) -> None:
    """Those of OpenSSL, of requests, of curl; with white space or quotes around the path too."""
    monkeypatch.setenv(variable, form.format(pem))
    assert entries(server) == 1


@pytest.mark.parametrize("variable", ["SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_folder_of_certificates_is_trusted(
    server: Terminator, pem: Path, monkeypatch: Environment, variable: str
) -> None:
    """Hashed, as OpenSSL wants them; SSL_CERT_DIR may list several folders."""
    folder = str(hashed(pem))
    if variable == "SSL_CERT_DIR":
        folder = os.pathsep.join(["/no/such/folder", folder])
    monkeypatch.setenv(variable, folder)
    assert entries(server) == 1


def test_the_first_variable_decides(
    server: Terminator, pem: Path, tmp_path: Path, monkeypatch: Environment
) -> None:
    """OpenSSL's two, then requests', then curl's: what comes later is not even looked at."""
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tmp_path / "missing.pem"))
    assert entries(server) == 1
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "missing"))  # OpenSSL overlooks it too
    assert entries(server) == 1


def test_an_intermediate_of_the_companys_will_do(
    served: Callable[[trustme.LeafCert], Terminator],
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: Environment,
) -> None:
    """A file that holds only the CA that signed, not its root."""
    signer = authority.create_child_ca()
    path = tmp_path / "signer.pem"
    signer.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    assert entries(served(signer.issue_cert("localhost"))) == 1


def test_a_key_log_that_cannot_be_written_is_no_hindrance(
    server: Terminator, pem: Path, monkeypatch: Environment
) -> None:
    """A developer's SSLKEYLOGFILE, left over, is not ours."""
    monkeypatch.setenv("SSLKEYLOGFILE", "/no/such/folder/keys.log")
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    assert entries(server) == 1


def test_a_plain_server_needs_no_certificates(
    simulator: Simulator, monkeypatch: Environment
) -> None:
    """Over http:// nothing of it is looked at."""
    for variable in certificates.VARIABLES:
        monkeypatch.setenv(variable, "/no/such/file")
    with ThingSpeak(simulator.url, pacer=Pacer(0)) as server:
        assert server.channel(9).page()[0].served == 1


# What does not, in one line


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "there is no such file"),
        (b"", "no certificates in PEM form"),
        (b"not a certificate\n", "no certificates in PEM form"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "PEM form"),
        (b"\x30\x82\x01\x02", "openssl x509 -inform der"),
    ],
)
def test_a_file_that_will_not_do_is_named(
    tmp_path: Path, monkeypatch: Environment, variable: str, content: bytes | None, words: str
) -> None:
    """Missing, empty, garbage, DER: the variable, the file, what is wrong; before anything runs."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv(variable, str(path))
    with pytest.raises(errors.ConfigurationError) as raised, ThingSpeak("https://x.test"):
        pass
    assert str(raised.value).startswith(f"{variable}: {path}")
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("variable", certificates.VARIABLES)
@pytest.mark.parametrize("path", ["x" * 5_000, "/dev/null/ca.pem", "https://ca.test/ca.pem", "~"])
def test_what_is_no_path_is_named(monkeypatch: Environment, variable: str, path: str) -> None:
    """Whatever the system says of it, it is one line that begins with the variable."""
    monkeypatch.setenv(variable, path)
    with pytest.raises(errors.ConfigurationError) as raised, ThingSpeak("https://x.test"):
        pass
    assert str(raised.value).startswith(f"{variable}: {path}")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_a_file_that_may_not_be_read_is_named(pem: Path, monkeypatch: Environment) -> None:
    """The permissions are told."""
    pem.chmod(0)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with (
        pytest.raises(errors.ConfigurationError, match=f"SSL_CERT_FILE: {pem}.*[Pp]ermission"),
        ThingSpeak("https://x.test"),
    ):
        pass


@pytest.mark.parametrize(
    ("variable", "make", "words"),
    [
        ("SSL_CERT_DIR", None, "there is no such folder"),
        ("SSL_CERT_DIR", "file", "SSL_CERT_FILE"),
        ("SSL_CERT_DIR", "folder", "openssl rehash"),
        ("SSL_CERT_FILE", "folder", "SSL_CERT_DIR"),
        ("REQUESTS_CA_BUNDLE", "folder", "openssl rehash"),
    ],
)
def test_a_folder_that_will_not_do_is_named(
    tmp_path: Path, monkeypatch: Environment, variable: str, make: str | None, words: str
) -> None:
    """Missing, a file for a folder, a folder for a file, certificates without hashed names."""
    path = tmp_path / "certs"
    if make == "file":
        path.write_text("x")
    elif make == "folder":
        path.mkdir()
        (path / "company.pem").write_text("x")
    monkeypatch.setenv(variable, str(path))
    with pytest.raises(errors.ConfigurationError) as raised, ThingSpeak("https://x.test"):
        pass
    assert str(raised.value).startswith(f"{variable}: {path}")
    assert words in str(raised.value)


def test_an_unknown_ca_is_asked_once(server: Terminator) -> None:
    """Permanent; the line names the server and the variable to set for a company's own CA."""
    made: list[events.Event] = []
    with pytest.raises(errors.ConnectionBarred, match="SSL_CERT_FILE") as raised:
        entries(server, observe=made.append)
    assert str(raised.value).startswith(f"https://localhost:{server.port}")
    assert not raised.value.transient
    assert len(made) == 1


def test_a_named_file_without_the_ca_is_named(
    server: Terminator, tmp_path: Path, monkeypatch: Environment
) -> None:
    """The line says which variable was used; others that are set and not used are told too."""
    path = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/company.pem")
    with pytest.raises(errors.ConnectionBarred) as raised:
        entries(server)
    assert f"SSL_CERT_FILE ({path})" in str(raised.value)
    assert "REQUESTS_CA_BUNDLE" in str(raised.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_another_servers_certificate_is_told(
    served: Callable[[trustme.LeafCert], Terminator],
    authority: trustme.CA,
    pem: Path,
    monkeypatch: Environment,
    host: str,
) -> None:
    """A name that does not fit is no missing CA: the line does not say to set one."""
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with pytest.raises(errors.ConnectionBarred, match="another server's") as raised:
        entries(served(authority.issue_cert("other.test")), host)
    assert "SSL_CERT_FILE" not in str(raised.value)


@pytest.mark.parametrize("days", [-1, 1])
def test_a_certificate_out_of_its_time_tells_our_clock(
    served: Callable[[trustme.LeafCert], Terminator],
    authority: trustme.CA,
    pem: Path,
    monkeypatch: Environment,
    days: int,
) -> None:
    """Expired, or not yet valid: perhaps it is our clock that is wrong, as without a battery."""
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    now = datetime.now(UTC)
    begin, end = sorted([now + timedelta(days=days), now + timedelta(days=2 * days)])
    certificate = authority.issue_cert("localhost", not_before=begin, not_after=end)
    with pytest.raises(errors.ConnectionBarred, match=f"clock.*{now:%Y-%m-%d}"):
        entries(served(certificate))


def test_a_server_that_speaks_no_tls_is_told(simulator: Simulator) -> None:
    """https:// where http:// is served: asked once."""
    url = simulator.url.replace("http://", "https://")
    with (
        ThingSpeak(url, pacer=Pacer(0), backoff=0.01) as server,
        pytest.raises(errors.ConnectionBarred, match="http://"),
    ):
        server.channel(9).page()


def test_a_connection_lost_in_the_handshake_is_transient() -> None:
    """A server that hangs up is asked again."""

    async def hang_up(reader: Reader, writer: Writer) -> None:
        await reader.read(1)

    with Scripted(hang_up) as gone:
        url = f"https://127.0.0.1:{gone.port}"
        with (
            ThingSpeak(url, pacer=Pacer(0), attempts=3, backoff=0.01) as server,
            pytest.raises(errors.SourceUnavailable),
        ):
            server.channel(9).page()
        assert gone.accepted == 3


def test_a_proxys_certificate_is_told_as_the_proxys(
    simulator: Simulator, authority: trustme.CA, monkeypatch: Environment
) -> None:
    """An https:// proxy that nobody vouches for: its variable is named, asked once."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with HttpProxy(1, tls=context) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"https://localhost:{proxy.port}")
        with (
            ThingSpeak("https://thingspeak.test", pacer=Pacer(0), backoff=0.01) as server,
            pytest.raises(errors.ConnectionBarred) as raised,
        ):
            server.channel(9).page()
    assert str(raised.value).startswith("HTTPS_PROXY: the proxy https://localhost:")
    assert "SSL_CERT_FILE" in str(raised.value)


# What is told of it


def test_each_variable_is_told_and_whether_it_is_used(pem: Path) -> None:
    """The one in use with its file; of the others, why they are not."""
    environment = {"SSL_CERT_FILE": str(pem), "CURL_CA_BUNDLE": "/x"}
    found = certificates.described(environment)
    assert [(each.variable, each.ok, each.text) for each in found] == [
        ("SSL_CERT_FILE", True, f"used: {pem}"),
        ("CURL_CA_BUNDLE", True, "not used: SSL_CERT_FILE goes first"),
    ]
    beside = {"SSL_CERT_FILE": str(pem), "SSL_CERT_DIR": "/x"}
    assert certificates.described(beside)[1].text == "not used: /x is no folder"
    (plain,) = certificates.described({"SSL_CERT_FILE": "/x"}, needless="it is http://")
    assert (plain.ok, plain.text) == (True, "not used: it is http://")
    (wrong,) = certificates.described({"REQUESTS_CA_BUNDLE": "/x"})
    assert (wrong.ok, wrong.text) == (False, "REQUESTS_CA_BUNDLE: /x: there is no such file")
    assert certificates.described({}) == []
