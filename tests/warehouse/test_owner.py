"""The note that an owner leaves beside its file: found by its own, and by nobody else's word."""

import http.server
import json
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from warehouse_kit import owner_of, through_owner

from fieldhouse.errors import WarehouseUnusable
from fieldhouse.warehouse import open_warehouse, owner, wire
from fieldhouse.warehouse.engines.duckdb.warehouse import DuckDBWarehouse
from fieldhouse.warehouse.owner import Note, file_of, left, note_of, place_of

NOTE = Note("http://127.0.0.1:4711", "a-secret", 12)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "a b.duckdb"
    file.touch()
    return file


def test_a_note_is_there_as_long_as_its_owner(file: Path, tmp_path: Path) -> None:
    """It is its owner's alone, is found by whatever name the file has, and is gone in the end."""
    link = tmp_path / "link.duckdb"
    link.symlink_to(file)
    with left(file, NOTE):
        assert note_of(file) == note_of(str(link)) == NOTE
        assert stat.S_IMODE(place_of(file).stat().st_mode) == 0o600
    assert note_of(file) is None
    assert {path.name for path in tmp_path.iterdir()} == {file.name, link.name}


def test_the_note_of_who_came_after_stays(file: Path) -> None:
    """An owner that ends takes its own note away, and no other; a stale one is replaced."""
    later = Note(NOTE.address, "another", 13)
    with left(file, NOTE):
        with left(file, later):
            assert note_of(file) == later
        assert note_of(file) is None
        owner._write(place_of(file), json.dumps(_said(later)).encode())
    assert note_of(file) == later


def _said(note: Note) -> dict[str, Any]:
    return {"address": note.address, "secret": note.secret, "pid": note.pid}


def test_a_folder_that_takes_no_note_is_told(tmp_path: Path) -> None:
    """One line says which file cannot be written, and what for."""
    told = pytest.raises(WarehouseUnusable, match=r"\.owner cannot be written \(.*other commands")
    with told, left(tmp_path / "none" / "x.duckdb", NOTE):
        pass


FORGED: dict[str, Callable[[Path], object]] = {
    "others may read it": lambda place: place.chmod(0o640),
    "others may write it": lambda place: place.chmod(0o602),
    "a link": lambda place: place.rename(f"{place}.2") and place.symlink_to(f"{place}.2"),
    "a folder": lambda place: place.unlink() or place.mkdir(),  # type: ignore[func-returns-value]
    "no JSON": lambda place: place.write_text("{"),
    "no text": lambda place: place.write_bytes(b"\xff\xfe"),
    "nothing": lambda place: place.write_text(""),
    "too little": lambda place: place.write_text('{"address": "http://127.0.0.1:1"}'),
    "too much": lambda place: place.write_text(json.dumps(_said(NOTE) | {"x": "y" * 9999})),
}


@pytest.mark.parametrize("how", FORGED)
def test_a_note_that_is_not_the_owners_alone_is_passed_over(file: Path, how: str) -> None:
    """What others could have written or read, and what is no note, leads nobody anywhere."""
    with left(file, NOTE):
        FORGED[how](place_of(file))
        assert note_of(file) is None


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="gives files away")
def test_a_note_of_another_user_is_passed_over(file: Path) -> None:
    """Unless that one owns the file as well, and so could change all of it anyway."""
    with left(file, NOTE):
        os.chown(place_of(file), 12345, 12345)
        assert note_of(file) is None
        os.chown(file, 12345, 12345)
        assert note_of(file) == NOTE
        place_of(file).unlink()


@pytest.mark.parametrize(
    "address",
    [
        "http://192.168.1.5:80",
        "http://localhost:80",
        "http://127.0.0.1.example.org:80",
        "http://127.0.0.1:80@example.org",
        "http://example.org#127.0.0.1",
        "https://127.0.0.1:80",
        "http://[::ffff:8.8.8.8]:80",
        "//127.0.0.1",
        "",
    ],
)
def test_a_note_leads_nowhere_but_to_this_machine(file: Path, address: str) -> None:
    """The secret is for this machine: no other address is followed, and no name looked up."""
    owner._write(place_of(file), json.dumps(_said(NOTE) | {"address": address}).encode())
    assert note_of(file) is None


def test_which_urls_name_a_file() -> None:
    """Those of the embedded engine; a server's warehouse has no owner, nor has one in memory."""
    assert file_of("duckdb:///x.duckdb") == file_of("x.duckdb") == "x.duckdb"
    assert file_of("duckdb:////a/x.duckdb") == file_of("/a/x.duckdb") == "/a/x.duckdb"
    assert file_of("sqlserver://u@host/db") is file_of(":memory:") is None
    assert file_of("duckdb:///:memory:") is None


class Listener(http.server.BaseHTTPRequestHandler):
    """Somebody at an owner's old address, who keeps all that is said there."""

    heard: list[str]
    answer: Callable[[Message], bytes]

    def do_GET(self) -> None:
        self.heard.append(f"{self.requestline}\n{self.headers}")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(type(self).answer(self.headers))

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None: ...


@contextmanager
def somebody(answer: Callable[[Message], bytes]) -> Iterator[tuple[str, list[str]]]:
    """A listener's address, and what it has heard."""
    heard: list[str] = []
    kind = type("Kept", (Listener,), {"heard": heard, "answer": staticmethod(answer)})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}", heard
        server.shutdown()


def test_the_secret_is_shown_to_nobody_who_does_not_know_it(file: Path) -> None:
    """At a stale note's address sits somebody else: asked for a proof, it has none, and is left."""
    for answer in (
        b"",
        b"<html>",
        b"{}",
        json.dumps({"proof": "", "program": wire.PROGRAM}).encode(),
        json.dumps({"proof": owner.proof("guessed", "x"), "program": "9"}).encode(),
    ):
        with somebody(lambda _, said=answer: said) as (address, heard):  # type: ignore[misc]
            note = Note(address, "the-secret", 1)
            with left(file, note), pytest.raises(AssertionError):
                through_owner(str(file))
            assert len(heard) == 1 and "the-secret" not in heard[0]


def test_an_owner_of_another_version_is_named(file: Path) -> None:
    """What is not of our version is not worked through: one line names both, and what to do."""

    def older(headers: Message) -> bytes:
        proven = owner.proof("the-secret", headers["Challenge"])
        return json.dumps({"proof": proven, "program": "0.0.1/1"}).encode()

    with (
        somebody(older) as (address, heard),
        left(file, Note(address, "the-secret", 17)),
        pytest.raises(WarehouseUnusable) as told,
    ):
        through_owner(str(file))
    ours = wire.PROGRAM.partition("/")[0]
    assert str(told.value) == (
        f"{file} is served by process 17, of another Fieldhouse (0.0.1, this is {ours}):"
        " bring both to one version, or stop that process"
    )
    assert len(heard) == 1 and "the-secret" not in heard[0]


def test_a_file_in_the_owners_process_is_opened_as_ever(tmp_path: Path) -> None:
    """What runs in the owner's process works on the file, and not through the note."""
    file = str(tmp_path / "x.duckdb")
    with owner_of(file), closing(open_warehouse(file)) as house:
        assert isinstance(house, DuckDBWarehouse)
