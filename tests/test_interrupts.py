"""Ctrl-C reaches a statement that an engine works at."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are sent as POSIX has them")

_LONG = {
    "duckdb": "SELECT count(*) FROM range(100000) a, range(100000) b"
    " WHERE regexp_matches(a.range::VARCHAR || b.range, '.*7.*7.*7')",
    "chdb": "SELECT count() FROM numbers(3000000) a, numbers(3000000) b"
    " WHERE a.number * b.number = 17",
}
"""Hours of work, in the midst of which the engine looks at no signal."""
_PROGRAM = """
import os, signal, sys, threading
from fieldhouse.cli import main
threading.Timer({delay}, os.kill, (os.getpid(), {number})).start()
main()
"""


@pytest.mark.parametrize(
    ("scheme", "number"),
    [("duckdb", signal.SIGINT), ("duckdb", signal.SIGTERM), ("chdb", signal.SIGINT)],
)
def test_ctrl_c_ends_a_statement_that_an_engine_works_at(
    tmp_path: Path, scheme: str, number: signal.Signals
) -> None:
    """The command ends with code 130 and one line, long before the statement would."""
    if scheme == "chdb":
        pytest.importorskip("chdb")
    url = f"{scheme}:///{tmp_path / 'held'}{'.duckdb' if scheme == 'duckdb' else ''}"
    environment = {**os.environ, "FIELDHOUSE_WAREHOUSE": url}
    made = subprocess.run([sys.executable, "-m", "fieldhouse", "migrate"], env=environment)
    assert made.returncode == 0
    program = _PROGRAM.format(delay=3, number=int(number))
    asked = subprocess.run(
        [sys.executable, "-c", program, "query", _LONG[scheme]],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (asked.returncode, asked.stderr) == (130, "fieldhouse: interrupted\n")


_UNANSWERED = """
import hashlib, os, signal, threading, time
from fieldhouse import interrupts
interrupts.listen()
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    with interrupts.cancelled_by(lambda: time.sleep(600)):
        hashlib.pbkdf2_hmac('sha256', b'', b'', 4_000_000)  # a step that lets other threads go on
        time.sleep(600)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_ctrl_c_waits_for_nobody_who_is_asked_to_cancel() -> None:
    """A server that does not answer when a statement is to be ended holds up nothing."""
    done = subprocess.run(
        [sys.executable, "-c", _UNANSWERED], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "interrupted\n", done.stderr


_AMID = """
import signal, threading
from fieldhouse import interrupts
interrupts.listen()
ended, later = threading.Event(), threading.Event()
try:
    with interrupts.cancelled_by(ended.set):
        try:
            signal.raise_signal(signal.SIGINT)  # Python's handler has its turn at once
        finally:
            print("cancelled" if ended.wait(30) else "goes on")
except KeyboardInterrupt:
    with interrupts.cancelled_by(later.set):
        print("cancelled as well" if later.wait(0.3) else "interrupted")
"""


def test_an_engine_that_gives_python_its_turn_is_cancelled_all_the_same() -> None:
    """It waits for the end of its own work then, which has to be told; what comes later has not."""
    done = subprocess.run([sys.executable, "-c", _AMID], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("cancelled\ninterrupted\n", "")
