"""`fieldhouse simulate` at a terminal."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pty = pytest.importorskip("pty", reason="terminals are POSIX's")

_AT_A_TERMINAL = (
    "import fcntl, runpy, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "runpy.run_module('fieldhouse', run_name='__main__', alter_sys=True)"
)


def shown(terminal: int) -> Iterator[bytes]:
    """What a terminal shows, until who writes to it has gone."""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # so Linux says it
            return
        if not piece:
            return
        yield piece


def test_ctrl_c_twice_ends_a_simulation_in_one_line(tmp_path: Path) -> None:
    """It says what is true of it, and no more; exit code 130 as elsewhere, no traceback."""
    terminal, own = pty.openpty()
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    words = [sys.executable, "-c", _AT_A_TERMINAL, "simulate", "--port", "0"]
    with subprocess.Popen(
        words, env=given, cwd=tmp_path, stdin=own, stdout=own, stderr=own, start_new_session=True
    ) as process:
        os.close(own)
        said, pieces = b"", shown(terminal)
        while b"Ctrl-C stops" not in said:
            said += next(pieces)
        os.write(terminal, b"\x03")
        while b"stopped" not in said:
            said += next(pieces)
        os.write(terminal, b"\x03")
        said += b"".join(pieces)
        assert process.wait(60) == 130
    os.close(terminal)
    _, _, ending = said.decode().replace("\r\n", "\n").partition("Ctrl-C stops\n")
    assert ending.replace("^C", "").splitlines() == [
        "fieldhouse: stopped; what was written to it is gone with it"
    ]
    assert not [*tmp_path.iterdir()]
