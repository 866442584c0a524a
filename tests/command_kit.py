"""The command line in processes of its own, each forked from one that has imported what it needs.

Most of a short command's time is Python importing pyarrow, DuckDB and the like, and ourselves. Here
that is done once for a test run: nothing of ours reads its surroundings when it is imported, which
`test_house.py` holds. A test of how Python itself begins (PYTHONIOENCODING, a stream that is shut)
needs a process that is begun by hand.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

__all__ = ["Command", "begin_command", "run_command"]

OURS = (
    *("fieldhouse.cli", "fieldhouse.pipeline", "fieldhouse.settings", "fieldhouse.adding"),
    *("fieldhouse.cli.checks", "fieldhouse.cli.progress", "fieldhouse.cli.summary"),
    *("fieldhouse.corrections", "fieldhouse.exporting.formats", "fieldhouse.importing.carrying"),
    *("fieldhouse.insight.tendencies", "fieldhouse.moving", "fieldhouse.report.document"),
    *("fieldhouse.scheduling.fleet", "fieldhouse.sources.thingspeak.api", "fieldhouse.simulator"),
    *("fieldhouse.warehouse.engines.duckdb.load", "fieldhouse.warehouse.engines.duckdb.warehouse"),
    *("fieldhouse.warehouse.questions", "fieldhouse.watch.alerts", "fieldhouse.web.serving"),
)
LIBRARIES = (
    *("duckdb", "httpx2", "msgspec", "numpy", "pyarrow", "pyarrow.compute", "pyarrow.parquet"),
    *("pydantic", "rich.console", "rich.progress", "rich.table", "stamina", "typer", "typer.core"),
    "pandas",  # which pyarrow looks for when it makes an array of a list
)


def run_command(
    *arguments: str,
    env: Mapping[str, str],
    cwd: Path,
    timeout: int = 120,
    attempts: int | None = None,
) -> "subprocess.CompletedProcess[str]":
    """What ``python -m fieldhouse`` with these arguments does and prints; killed after ``timeout``.

    Its environment is ``env`` alone. With ``attempts`` what fails is asked for that often, and no
    more: for tests of what is said in the end, not of the growing pauses before it.
    """
    with TemporaryFile("w+") as out, TemporaryFile("w+") as err:
        files = [out.fileno(), err.fileno()]
        begun = _begun(arguments, env, cwd, files, timeout, attempts)
        code = begun.wait()
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(arguments, code, out.read(), err.read())


def begin_command(
    *arguments: str, env: Mapping[str, str], cwd: Path, merged: bool = False, timeout: int = 280
) -> "Command":
    """The same, begun: what it prints is read while it goes on, both streams as one if ``merged``.

    Left, as a context, it is waited for.
    """
    said = [os.pipe() for _ in range(1 if merged else 2)]
    begun = _begun(arguments, env, cwd, [said[0][1], said[-1][1]], timeout, None)
    for _, end in said:
        os.close(end)
    begun.stdout, *others = [os.fdopen(end) for end, _ in said]
    begun.stderr = others[0] if others else None
    return begun


class Command:
    """A command in a process of its own; what ``subprocess.Popen`` has of one."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.stdout: IO[str] | None = None
        self.stderr: IO[str] | None = None

    def __enter__(self) -> "Command":
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self.stdout, self.stderr):
            if stream:
                stream.close()
        self.wait()

    @property
    def returncode(self) -> int | None:
        """Its exit code, or less than zero: the signal that ended it."""
        return _server().codes.get(self.pid)

    def poll(self) -> int | None:
        """The exit code, once it has ended."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, as soon as it has ended."""
        server = _server()
        with server.changed:
            ended = server.changed.wait_for(lambda: self.pid in server.codes, timeout)
        assert ended, "the command goes on"
        return server.codes[self.pid]

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What is left of what it prints, once it has ended."""
        left: dict[IO[str], str] = {}
        streams = [stream for stream in (self.stdout, self.stderr) if stream]
        reading = [
            threading.Thread(target=lambda s=stream: left.update({s: s.read()}))  # type: ignore[misc]
            for stream in streams
        ]
        for each in reading:
            each.start()
        self.wait(timeout)
        for each, stream in zip(reading, streams, strict=True):
            each.join()
            stream.close()
        return left[streams[0]], left[streams[1]] if len(streams) > 1 else ""

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Let it do nothing more."""
        self.send_signal(signal.SIGKILL)


class _Server:
    """The process that forks; it ends with our end of the socket."""

    def __init__(self) -> None:
        self.codes: dict[int, int] = {}
        self.changed = threading.Condition()
        self._turn = threading.Lock()
        self._begun: list[int] = []
        self._socket, theirs = socket.socketpair()
        path = os.pathsep.join(filter(None, sys.path))
        with theirs:
            self._process = subprocess.Popen(
                # pyarrow has a thread of its allocator's, which a fork is not told of
                [
                    *(sys.executable, "-W", "ignore::DeprecationWarning"),
                    *(__file__, str(theirs.fileno())),
                ],
                env={"PATH": os.environ["PATH"], "PYTHONPATH": path},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        threading.Thread(target=self._hear, daemon=True).start()
        atexit.register(self._end)

    def begin(self, job: dict[str, object], files: list[int]) -> int:
        """Fork a command that prints into these files; its number."""
        with self._turn:
            socket.send_fds(self._socket, [b"!"], files)
            self._socket.sendall(json.dumps(job).encode() + b"\n")
            with self.changed:
                assert self.changed.wait_for(lambda: self._begun, 120), "nothing is forked"
                return self._begun.pop()

    def _hear(self) -> None:
        with self._socket.makefile() as told:
            for line in told:
                pid, *code = map(int, line.split())
                with self.changed:
                    if code:
                        self.codes[pid] = code[0]
                    else:
                        self.codes.pop(pid, None)  # of an earlier process
                        self._begun.append(pid)
                    self.changed.notify_all()

    def _end(self) -> None:
        self._socket.shutdown(socket.SHUT_WR)
        self._process.wait()


@cache
def _server() -> _Server:
    return _Server()


def _begun(
    arguments: tuple[str, ...],
    env: Mapping[str, str],
    cwd: Path,
    files: list[int],
    timeout: int,
    attempts: int | None,
) -> Command:
    job = {
        "arguments": arguments,
        "environment": dict(env),
        "folder": str(cwd),
        "timeout": timeout,
        "attempts": attempts,
    }
    return Command(_server().begin(job, files))


def _serve(ours: socket.socket) -> None:
    """Fork for each job, say its number, and its exit code when it has ended.

    The child leaves here, and becomes the command.
    """
    for library in (*LIBRARIES, *OURS):
        importlib.import_module(library)
    gc.freeze()  # no child looks through what all of them share
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready = select.select([ours, woken], [], [])[0]
        if woken in ready:
            os.read(woken, 4096)
            _say_who_ended(ours)
        if ours in ready:
            head, files, _, _ = socket.recv_fds(ours, 1, 2)
            if not head:
                os._exit(0)
            job = b""
            while not job.endswith(b"\n"):
                job += ours.recv(65_536)
            if not (child := os.fork()):
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for each in (woken, wake, ours.detach()):
                    os.close(each)
                return _become(json.loads(job), files)
            for each in files:
                os.close(each)
            ours.sendall(b"%d\n" % child)


def _say_who_ended(ours: socket.socket) -> None:
    while True:
        try:
            child, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not child:
            return
        ours.sendall(b"%d %d\n" % (child, os.waitstatus_to_exitcode(status)))


def _become(job: dict[str, Any], files: list[int]) -> None:
    for number, file in enumerate(files, 1):
        os.dup2(file, number)
        os.close(file)
    # those of the process that forks may know another kind of file below
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(job["environment"])
    os.chdir(job["folder"])
    time.tzset()
    signal.alarm(job["timeout"])
    if job["attempts"]:
        importlib.import_module("stamina").set_testing(True, attempts=job["attempts"], cap=True)
    sys.argv = ["fieldhouse", *job["arguments"]]
    try:
        runpy.run_module("fieldhouse", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if isinstance(ended.code, int):
            _end(ended.code)
        raise


def _end(code: int) -> None:
    """End as Python does, but leave what all of them share as it is: taking it down takes long."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
