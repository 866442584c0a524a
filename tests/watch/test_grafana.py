"""Grafana's files: JSON of its shape, data sources that exist, questions that are ones."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

GRAFANA = Path(__file__).parents[2] / "deploy" / "grafana"
BOARDS = sorted((GRAFANA / "dashboards").glob("*.json"))
SOURCES = (GRAFANA / "provisioning" / "datasources" / "fieldhouse.yaml").read_text()

each = pytest.mark.parametrize("board", BOARDS, ids=lambda file: file.stem)


def targets(board: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each panel's targets, with their panel."""
    panels = json.loads(board.read_text())["panels"]
    return [(panel, target) for panel in panels for target in panel["targets"]]


@each
def test_a_dashboard_has_grafanas_shape(board: Path) -> None:
    """What its schema asks for; panels have their own numbers and places; sources are there."""
    read = json.loads(board.read_text())
    assert {"uid", "title", "schemaVersion", "panels", "templating", "time"} <= read.keys()
    assert read["schemaVersion"] >= 36 and re.fullmatch(r"[\w-]{1,40}", read["uid"])
    numbers = [panel["id"] for panel in read["panels"]]
    assert len(set(numbers)) == len(numbers)
    taken: set[tuple[int, int]] = set()
    for panel in read["panels"]:
        at = panel["gridPos"]
        assert panel["title"] and at["x"] + at["w"] <= 24
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
    for panel, target in targets(board):
        for source in (panel["datasource"], target["datasource"]):
            assert f"uid: {source['uid']}\n    type: {source['type']}\n" in SOURCES


def test_dashboards_have_names_of_their_own() -> None:
    """No two share a uid, which would have Grafana load one of them only."""
    uids = [json.loads(board.read_text())["uid"] for board in BOARDS]
    assert len(BOARDS) == 4 and len(set(uids)) == 4


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool: apt install prometheus")
def test_prometheus_takes_every_expression(tmp_path: Path) -> None:
    """Each panel's expression is one that Prometheus parses."""
    rules = [
        {"record": f"panel_{at}", "expr": target["expr"]}
        for at, (_, target) in enumerate(targets(GRAFANA / "dashboards" / "operations.json"))
    ]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    done = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_sql_server_takes_every_statement(tmp_path: Path) -> None:
    """Each panel's SQL, with Grafana's macros filled in, is parsed by Microsoft's grammar."""
    for at, (_, target) in enumerate(targets(GRAFANA / "dashboards" / "sqlserver.json")):
        sql = re.sub(r"\$__timeFilter\((\S+?)\)", r"\1 >= '2026-01-01'", target["rawSql"])
        sql = sql.replace("${channel}", "9").replace("${field}", "1")
        assert "$" not in sql
        (tmp_path / f"{at}.sql").write_text(f"{sql};\n")
    maxdop = Path(sys.executable).parent / "maxdop"
    words = [maxdop, "--check", "--parser-version", "2019", tmp_path]
    done = subprocess.run(words, capture_output=True, text=True)
    assert "could not be parsed" not in done.stderr
