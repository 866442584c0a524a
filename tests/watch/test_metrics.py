"""Metrics: the architecture's nine, equal to the run records, few whatever the channels are."""

import re
import shutil
import subprocess
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from watch_kit import NOW, installed

from fieldhouse import events
from fieldhouse.errors import ConfigurationError, FieldhouseError
from fieldhouse.settings.metrics import MetricsSettings
from fieldhouse.simulator import Fault
from fieldhouse.state import Run
from fieldhouse.watch.exposing import listening, pushed, text_of, written
from fieldhouse.watch.metrics import Metrics
from fieldhouse.watch.survey import survey

SEEDS = {
    "pipeline_duration_seconds": "gauge",
    "api_requests": "counter",
    "records_fetched": "counter",
    "records_inserted": "counter",
    "duplicates_skipped": "counter",
    "aggregation_duration_seconds": "histogram",
    "quality_score": "gauge",
    "api_errors": "counter",
    "database_errors": "counter",
}
"""The architecture's metrics; a counter's name on the wire ends in ``_total``."""


def sums(metrics: Metrics) -> dict[str, float]:
    """Each sample's name, all its labels added up."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text_of(metrics).decode()):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0) + sample.value
    return found


def test_the_nine_are_there_by_name_and_type() -> None:
    """Under their names, of their types, from the start; what never happened is zero."""
    text = text_of(Metrics()).decode()
    families = {f.name: f.type for f in text_string_to_metric_families(text)}
    assert families | SEEDS == families
    for name in ("api_requests", "records_fetched", "records_inserted", "duplicates_skipped"):
        assert f"\n{name}_total 0.0\n" in text
    for name in ("api_errors_total", "database_errors_total"):
        assert sums(Metrics())[name] == 0


def test_what_is_scraped_equals_the_run_records(tmp_path: Path) -> None:
    """Of three channels over an hour, a failing one included, over HTTP, as Prometheus reads it."""
    with installed(tmp_path, channels=3) as house:
        house.pass_time(30)
        house.run()
        house.simulator.faults.add(Fault("500", channel_id=2, times=3))
        for _ in range(5):
            house.pass_time()
            house.run()
        events.tell(house.parts.observe, survey(house.warehouse, house.settings, house.now))
        with listening(house.metrics, 0) as port:
            answer = httpx2.get(f"http://127.0.0.1:{port}/metrics", trust_env=False)
        families = {f.name: f for f in text_string_to_metric_families(answer.text)}
        runs = house.warehouse.query("runs", limit=1000).to_pylist()
        house.pass_time()
    scraped = {
        name: sum(s.value for s in families[name].samples if s.name == f"{name}_total")
        for name, kind in SEEDS.items()
        if kind == "counter"
    }
    assert scraped["api_requests"] == sum(run["Requests"] for run in runs)
    assert scraped["records_fetched"] == sum(run["Fetched"] for run in runs)
    assert scraped["records_inserted"] == sum(run["Inserted"] for run in runs)
    assert scraped["duplicates_skipped"] == sum(run["Duplicates"] for run in runs)
    assert scraped["api_errors"] == 3 and scraped["database_errors"] == 0
    scores = {s.labels["channel_id"]: s.value for s in families["quality_score"].samples}
    last = {str(run["ChannelID"]): run["QualityScore"] for run in reversed(runs)}
    assert scores == last
    ended = families["fieldhouse_last_success_timestamp_seconds"].samples
    assert {s.labels["channel_id"] for s in ended} == {"1", "2", "3"}
    refreshes = families["aggregation_duration_seconds"].samples
    assert next(s.value for s in refreshes if s.name.endswith("_count")) >= 1


def test_labels_stay_few_with_ten_thousand_channels() -> None:
    """Beyond what is set, all channels are one: the worst score, the longest run, the oldest."""
    few, many, none = Metrics(), Metrics(), Metrics(MetricsSettings(per_channel=False))
    for metrics, channels in ((few, 200), (many, 10_000), (none, 2)):
        for number in range(1, channels + 1):
            run = Run(
                channel_id=number,
                started_at=NOW,
                ended_at=NOW + timedelta(seconds=number),
                quality_score=float(number % 100),
            )
            metrics.observe(events.RunEnded(run))
            metrics.observe(events.Noticed(number, f"kind {number}", "x"))
    series = {
        name: len(re.findall(r"^[^#]", text_of(metrics).decode(), re.MULTILINE))
        for name, metrics in (("few", few), ("many", many), ("none", none))
    }
    print("series:", series)  # noqa: T201 (the figure is to be seen)
    assert series["many"] == series["none"] < 150
    assert series["few"] < series["many"] + 3 * 200
    text = text_of(many).decode()
    assert 'quality_score{channel_id="all"} 0.0' in text
    assert 'pipeline_duration_seconds{channel_id="all"} 10000.0' in text


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool: apt install prometheus")
def test_a_textfile_is_whole_and_well_formed(tmp_path: Path) -> None:
    """What a one-shot run leaves is what promtool takes; where it can't be left is one line."""
    file = tmp_path / "fieldhouse.prom"
    metrics = Metrics()
    metrics.observe(events.RunEnded(Run(channel_id=9, started_at=NOW, ended_at=NOW)))
    written(metrics, file)
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=file.read_bytes(), capture_output=True
    )
    assert checked.returncode == 0, checked.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["fieldhouse.prom"]
    with pytest.raises(ConfigurationError, match="cannot be written: No such file"):
        written(metrics, tmp_path / "nowhere" / "x.prom")


def test_a_push_gateway_is_sent_all(tmp_path: Path) -> None:
    """A gateway gets everything under the job's name; one that is not there is one line."""
    got: list[tuple[str, bytes]] = []

    class Gateway(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            got.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Gateway) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        pushed(Metrics(), f"http://127.0.0.1:{server.server_port}")
        thread.join()
    ((path, body),) = got
    assert path == "/metrics/job/fieldhouse" and b"records_inserted_total 0.0" in body
    with pytest.raises(FieldhouseError, match="does not take metrics"):
        pushed(Metrics(), f"http://127.0.0.1:{server.server_port}")
