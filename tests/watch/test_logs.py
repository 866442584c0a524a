"""The log as JSON lines: each one object, with the run's id, whatever is logged."""

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = r"""
import logging
from fieldhouse.cli import output
output.set_up_log(verbose=True)
log = logging.getLogger("fieldhouse.x")
log.info("two\nlines of %s", "\u202e\"text\"")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("failed")
"""


def run(folder: Path, wanted: str) -> subprocess.CompletedProcess[str]:
    given = {**os.environ, "FIELDHOUSE_LOG": wanted}
    words = [sys.executable, "-c", SCRIPT]
    return subprocess.run(words, cwd=folder, env=given, capture_output=True, text=True)


def test_each_line_is_an_object(tmp_path: Path) -> None:
    """Line ends and tracebacks stay in their line; all lines of a process have one run."""
    lines = [json.loads(line) for line in run(tmp_path, "json").stderr.splitlines()]
    assert [line["message"] for line in lines] == ['two\nlines of \u202e"text"', "failed"]
    assert "ZeroDivisionError" in lines[1]["error"]
    assert len({line["run"] for line in lines}) == 1 and lines[0]["level"] == "INFO"
    assert lines[0]["time"].endswith("+00:00")


def test_without_a_word_it_is_the_architectures(tmp_path: Path) -> None:
    """Time, logger, level, message; a word that is none is refused."""
    first = run(tmp_path, "").stderr.splitlines()[0]
    assert first.endswith(" - fieldhouse.x - INFO - two")
    assert "FIELDHOUSE_LOG must be text or json" in run(tmp_path, "xml").stderr
