"""The command line in processes of its own, each forked from one that has imported the libraries.

Most of a short command's time is Python importing pyarrow, DuckDB and the like. Here that is done
once for a test run, and with them what is below the command line, which reads nothing of its
surroundings when it is imported; the command line is imported by every command anew.
"""

import atexit
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

__all__ = ["run_command"]

OURS = (
    *("fieldhouse.pipeline", "fieldhouse.settings", "fieldhouse.warehouse.questions"),
    *("fieldhouse.sources.thingspeak.api", "fieldhouse.warehouse.engines.duckdb.warehouse"),
)
LIBRARIES = (
    *("duckdb", "httpx2", "msgspec", "numpy", "pyarrow", "pyarrow.compute", "pyarrow.parquet"),
    *("pydantic", "rich.console", "rich.progress", "rich.table", "stamina", "typer", "typer.core"),
)
_turn = threading.Lock()


def run_command(
    *arguments: str, env: Mapping[str, str], cwd: Path, timeout: int = 120
) -> "subprocess.CompletedProcess[str]":
    """What ``python -m fieldhouse`` with these arguments does and prints; killed after ``timeout``.

    Its environment is ``env`` alone; what Python itself would heed of it (PYTHONIOENCODING, say)
    needs a process that is begun by hand.
    """
    with TemporaryDirectory() as folder:
        said = [Path(folder) / name for name in ("out", "err")]
        job = {
            "arguments": arguments,
            "environment": dict(env),
            "folder": str(cwd),
            "timeout": timeout,
            "said": [str(path) for path in said],
        }
        with _turn:
            server = _server()
            assert server.stdin and server.stdout
            server.stdin.write(json.dumps(job) + "\n")
            server.stdin.flush()
            code = server.stdout.readline()
            assert code, "the process that forks commands has ended"
        return subprocess.CompletedProcess(
            arguments, int(code), *(path.read_text() for path in said)
        )


@cache
def _server() -> "subprocess.Popen[str]":
    server = subprocess.Popen(
        # pyarrow has a thread of its allocator's, which a fork is not told of; it needs none there
        [sys.executable, "-W", "ignore::DeprecationWarning", __file__],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(server.communicate)  # it ends with its input
    return server


def _serve() -> None:
    """Fork for each job, and say the exit code; the child leaves here and becomes the command."""
    for library in (*LIBRARIES, *OURS):
        importlib.import_module(library)
    for line in iter(sys.stdin.readline, ""):
        if not (child := os.fork()):
            return _become(json.loads(line))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(code, flush=True)  # noqa: T201 (the answer)
    os._exit(0)


def _become(job: dict[str, object]) -> None:
    out, err = job["said"]
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, out, os.O_WRONLY | os.O_CREAT),
        (2, err, os.O_WRONLY | os.O_CREAT),
    ):
        opened = os.open(path, flags)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(job["environment"])
    os.chdir(job["folder"])
    time.tzset()
    signal.alarm(job["timeout"])
    sys.argv = ["fieldhouse", *job["arguments"]]
    runpy.run_module("fieldhouse", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _serve()
