"""The DAG of deploy/airflow, run from its beginning to its end by Airflow itself.

Airflow has an environment of its own, whose program FIELDHOUSE_TEST_AIRFLOW names (`make
check-deploy` makes one); without it these tests are skipped.
"""

import os
import shutil
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from fieldhouse.simulator import Simulator, World

ROOT = Path(__file__).parents[2]
CHANNELS = range(1, 13)
Run = Callable[[int], "subprocess.CompletedProcess[str]"]


def lives_elsewhere(folder: Path) -> Path:
    """Fieldhouse as Airflow's workers have it: a program of another environment."""
    program = folder / "fieldhouse"
    path = os.pathsep.join(path for path in sys.path if path.endswith("src"))
    program.write_text(
        f'#!/bin/sh\nexport PYTHONPATH="{path}"\nexec "{sys.executable}" -m fieldhouse "$@"\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


@pytest.fixture
def airflow(tmp_path: Path) -> Run:
    """Have Airflow run the DAG once over so many shards, with a state of its own."""
    named = os.environ.get("FIELDHOUSE_TEST_AIRFLOW") or shutil.which("airflow")
    if not named:
        pytest.skip("FIELDHOUSE_TEST_AIRFLOW names no Airflow: make check-deploy")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "deploy" / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "FIELDHOUSE_BIN": str(lives_elsewhere(tmp_path)),
        "FIELDHOUSE_FOLDER": str(tmp_path),
    }

    def call(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(Path(named).absolute()), *words],
            env=environment,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=280,
        )

    assert call("db", "migrate").returncode == 0
    return lambda count: call("dags", "test", "fieldhouse", "-c", f'{{"shards": {count}}}')


@pytest.mark.timeout(900)
def test_each_channel_is_run_by_one_shard(airflow: Run, tmp_path: Path) -> None:
    """Three mapped tasks succeed; together they bring every channel, and none of them twice."""
    world = World()
    for number in CHANNELS:
        world.add_channel(number).write(fields={1: "1"})
    with Simulator(world) as simulator:
        (tmp_path / "fieldhouse.toml").write_text(
            f'[thingspeak]\nbase_url = "{simulator.url}"\nrate_limit_delay = 0\n'
            + "".join(f"[channels.{number}]\n" for number in CHANNELS)
        )
        done = airflow(3)
        asked = Counter(seen.path for seen in simulator.requests)
    assert done.returncode == 0, done.stdout[-4000:]
    assert done.stdout.count("starting task_id=run") == 3
    assert set(asked) == {f"/channels/{number}/feeds.json" for number in CHANNELS}
    assert len(set(asked.values())) == 1, asked


@pytest.mark.timeout(900)
def test_a_wrong_configuration_is_not_tried_again(airflow: Run, tmp_path: Path) -> None:
    """What is wrong stands in the log, and the task has failed for good."""
    (tmp_path / "fieldhouse.toml").write_text("[thingspeak]\nrate_limit_dely = 0\n")
    done = airflow(1)
    assert "rate_limit_dely is no setting; did you mean rate_limit_delay?" in done.stdout
    assert "AirflowFailException" in done.stdout
    assert done.stdout.count("starting task_id=run") == 1
