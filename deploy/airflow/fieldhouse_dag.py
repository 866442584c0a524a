"""Fieldhouse in Airflow 3: every 15 minutes the channels are brought up to date, a task a shard.

Copy this file to Airflow's folder of DAGs. Fieldhouse lives in an environment of its own on the
workers (its libraries and Airflow's need not agree), by default /opt/fieldhouse; its settings are
those of /etc/fieldhouse: fieldhouse.toml, .env, secrets by reference. The variables FIELDHOUSE_BIN
and FIELDHOUSE_FOLDER of the workers say otherwise.

One shard for a DuckDB file; on a server as many as there are workers to use. Whatever their number,
set daily_budget: it is counted in the warehouse, for all of them.
"""

import os
import signal
import subprocess
from collections.abc import Sequence
from datetime import datetime, timedelta

from airflow.sdk import BaseOperator, Param, dag, task
from airflow.sdk.exceptions import AirflowFailException

PROGRAM = os.environ.get("FIELDHOUSE_BIN", "/opt/fieldhouse/bin/fieldhouse")
FOLDER = os.environ.get("FIELDHOUSE_FOLDER", "/etc/fieldhouse")


class FieldhouseRun(BaseOperator):
    """Bring one shard's channels up to date; ``shard`` is as 2/4, the second of four."""

    template_fields: Sequence[str] = ("shard",)

    def __init__(self, *, shard: str, **options: object) -> None:
        super().__init__(**options)
        self.shard = shard
        self._running: subprocess.Popen[str] | None = None

    def execute(self, context: object) -> None:
        """Run it. A channel that failed is tried again; what is configured wrongly is not."""
        command = [PROGRAM, "run", "--quiet", "--shard", self.shard]
        with subprocess.Popen(  # noqa: S603 (our own program)
            command, cwd=FOLDER, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as self._running:
            for line in self._running.stdout or ():
                self.log.info("%s", line.rstrip())
        code = self._running.returncode
        if code == 2:
            raise AirflowFailException("the usage or the configuration is wrong: the log says how")
        if code:
            raise RuntimeError(f"exit code {code}: the log says which channel failed, and why")

    def on_kill(self) -> None:
        """Stop it between two pages: what was read is written."""
        if self._running and self._running.poll() is None:
            self._running.send_signal(signal.SIGINT)
            self._running.wait(timeout=60)


@dag(
    schedule="*/15 * * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,  # a run brings all that is new, whenever the last one was
    max_active_runs=1,
    params={"shards": Param(1, type="integer", minimum=1, description="Tasks side by side")},
    default_args={"retries": 2, "retry_delay": timedelta(minutes=2)},
    doc_md=__doc__,
    tags=["fieldhouse"],
)
def fieldhouse() -> None:
    """Bring all channels up to date, each by one of the shards' tasks."""

    @task
    def shards(params: dict[str, int] | None = None) -> list[str]:
        count = (params or {}).get("shards", 1)
        return [f"{number}/{count}" for number in range(1, count + 1)]

    FieldhouseRun.partial(
        task_id="run", execution_timeout=timedelta(hours=6), map_index_template="{{ task.shard }}"
    ).expand(shard=shards())


fieldhouse()
