"""Prometheus and Alertmanager themselves: our rules, our routes, a message and its end."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from watch_kit import NOW, Hook, free_port

from fieldhouse import events
from fieldhouse.state import Run
from fieldhouse.watch.exposing import listening
from fieldhouse.watch.metrics import Metrics

DEPLOY = Path(__file__).parents[2] / "deploy" / "prometheus"
needs = pytest.mark.skipif(
    not (shutil.which("promtool") and shutil.which("prometheus-alertmanager")),
    reason="Prometheus is not installed: apt install prometheus prometheus-alertmanager",
)


def tool(*words: str) -> str:
    done = subprocess.run(words, cwd=DEPLOY, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs
def test_the_rules_hold_what_they_say() -> None:
    """promtool: the configuration is one, and each of the architecture's rules fires and ends."""
    assert "SUCCESS: 12 rules found" in tool("promtool", "check", "config", "prometheus.yml")
    assert "SUCCESS" in tool("promtool", "test", "rules", "rules.test.yml")


@needs
def test_the_routes_lead_where_they_should() -> None:
    """amtool: critical goes to the pager and by mail, warnings by mail, the rest nowhere."""
    tool("amtool", "check-config", "alertmanager.yml")
    for severity, receivers in (
        ("critical", "pager,mail"),
        ("warning", "mail"),
        ("info", "nobody"),
    ):
        route = ("amtool", "config", "routes", "test", "--config.file=alertmanager.yml")
        assert tool(*route, f"severity={severity}").strip() == receivers


@needs
def test_every_metric_of_the_rules_is_one_of_ours() -> None:
    """No rule waits for a name that nothing has: each is exposed once all has been seen."""
    import re

    from prometheus_client.parser import text_string_to_metric_families

    from fieldhouse.watch.exposing import text_of

    metrics = Metrics()
    metrics.observe(events.RunEnded(Run(channel_id=9, started_at=NOW, ended_at=NOW)))
    seen = events.ChannelSeen(9, NOW, NOW, 60.0, 0, 90.0)
    metrics.observe(events.Surveyed((seen,), {}, 0, 100))
    text = text_of(metrics).decode()
    names = {s.name for f in text_string_to_metric_families(text) for s in f.samples}
    rules = (DEPLOY / "rules.yml").read_text()
    named = set(re.findall(r"\b((?:fieldhouse|api|records|quality|database)_\w+)\b", rules))
    assert named and named - names == set()


PROMETHEUS = """
global: {{scrape_interval: 200ms, evaluation_interval: 200ms}}
rule_files: [rules.yml]
scrape_configs:
  - job_name: fieldhouse
    static_configs: [{{targets: ["127.0.0.1:{metrics}"]}}]
alerting:
  alertmanagers: [{{static_configs: [{{targets: ["127.0.0.1:{manager}"]}}]}}]
"""
ALERTMANAGER = """
route: {{receiver: hook, group_by: [alertname], group_wait: 200ms, group_interval: 500ms}}
receivers:
  - name: hook
    webhook_configs: [{{url: "http://127.0.0.1:{hook}/", send_resolved: true}}]
"""


@needs
def test_a_low_score_goes_all_the_way(tmp_path: Path) -> None:
    """Scraped, judged by our rule (its wait left out), routed: one message, and one when it ends.

    Twenty channels are one message.
    """
    rules = (DEPLOY / "rules.yml").read_text().replace("for: 15m", "for: 0s")
    (tmp_path / "rules.yml").write_text(rules)
    metrics = Metrics()
    scored(metrics, 50.0)
    with Hook() as hook, listening(metrics, 0) as port:
        manager, server = free_port(), free_port()
        (tmp_path / "prometheus.yml").write_text(PROMETHEUS.format(metrics=port, manager=manager))
        (tmp_path / "manager.yml").write_text(ALERTMANAGER.format(hook=hook.port))
        with (
            running(
                tmp_path,
                "prometheus-alertmanager",
                "--config.file=manager.yml",
                f"--storage.path={tmp_path / 'am'}",
                f"--web.listen-address=127.0.0.1:{manager}",
                "--cluster.listen-address=",
            ),
            running(
                tmp_path,
                "prometheus",
                "--config.file=prometheus.yml",
                f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{server}",
            ),
        ):
            until(lambda: low(hook, "firing"))
            assert len(low(hook, "firing")[0]["alerts"]) == 20
            scored(metrics, 95.0)
            until(lambda: low(hook, "resolved"))
            found = httpx2.get(
                f"http://127.0.0.1:{server}/api/v1/query?query=count(quality_score)",
                trust_env=False,
            ).json()
    assert found["data"]["result"][0]["value"][1] == "20"
    assert (len(low(hook, "firing")), len(low(hook, "resolved"))) == (1, 1)


def scored(metrics: Metrics, score: float) -> None:
    for number in range(1, 21):
        run = Run(channel_id=number, started_at=NOW, ended_at=NOW, quality_score=score)
        metrics.observe(events.RunEnded(run))


def low(hook: Hook, status: str) -> list[dict[str, object]]:
    return [
        each
        for each in hook.got
        if each["status"] == status and each["groupLabels"]["alertname"] == "FieldhouseLowScore"
    ]


@contextmanager
def running(folder: Path, *words: str) -> Iterator[None]:
    log = (folder / f"{words[0]}.log").open("wb")
    with log, subprocess.Popen(words, cwd=folder, stdout=log, stderr=log) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait()


def until(reached: Callable[[], object], patience: float = 120.0) -> None:
    """Wait for something, as long as a slow machine may take."""
    ends = time.monotonic() + patience
    while not reached():
        assert time.monotonic() < ends, "it did not come"
        time.sleep(0.1)
