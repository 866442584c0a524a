"""What lies in deploy/ is what it says: schemas hold, units verify, and each command exists."""

import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from typer.main import get_command

from fieldhouse.cli import app
from fieldhouse.settings import load_settings

DEPLOY = Path(__file__).parents[2] / "deploy"
MANIFESTS = sorted(
    path for path in (DEPLOY / "kubernetes").glob("*.yaml") if path.name != "kustomization.yaml"
)
UNITS = sorted((DEPLOY / "systemd").iterdir())
TASK = DEPLOY / "windows" / "fieldhouse-task.xml"


def documents(path: Path) -> list[dict[str, Any]]:
    return [one for one in yaml.safe_load_all(path.read_text("utf-8")) if one]


def containers(manifest: object) -> Iterator[dict[str, Any]]:
    """The containers of a manifest, wherever it has its pods."""
    if isinstance(manifest, dict):
        yield from manifest.get("containers", ())
        for value in manifest.values():
            yield from containers(value)


def lines() -> Iterator[tuple[str, str]]:
    """Every command of Fieldhouse's that something in deploy/ starts, and where it stands."""
    for unit in UNITS:
        text = unit.read_text("utf-8").replace("\\\n#", "").replace("\\\n", "")
        for line in re.findall(r"^(?:# )?ExecStart=/opt/fieldhouse/bin/(.+)$", text, re.MULTILINE):
            yield unit.name, line
    for path in MANIFESTS:
        for one in documents(path):
            for container in containers(one):
                yield path.name, shlex.join(container["command"])
    for path in DEPLOY.glob("*compose.yaml"):
        for name, service in documents(path)[0]["services"].items():
            if command := service.get("command"):
                yield f"{path.name} {name}", shlex.join(command)
    program, words = (element_of(name) for name in ("Command", "Arguments"))
    yield TASK.name, f"{program.rpartition(chr(92))[2].removesuffix('.exe')} {words}"


def element_of(name: str) -> str:
    found = ElementTree.parse(TASK).getroot().find(f".//{{*}}{name}")
    assert found is not None and found.text
    return found.text


PENDING = "schedule" not in get_command(app).commands  # type: ignore[attr-defined]
"""Whether what the deployments start is still to come."""
COMMANDS = sorted(
    {
        (where, found[0])
        for where, line in lines()
        if (found := re.search(r"\bfieldhouse [a-z].*", line))
    }
)


@pytest.mark.parametrize(("where", "line"), COMMANDS)
def test_each_command_exists(where: str, line: str) -> None:
    """What a unit, a manifest or a task starts is a command of ours, and has these options."""
    if PENDING and ("schedule" in line or "--shard" in line):
        pytest.skip("the schedule is to come")
    name, *rest = shlex.split(line.strip("'").split("$(")[0].rstrip('"'))[1:]
    command = get_command(app).commands[name]  # type: ignore[attr-defined]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word.partition("=")[0] for word in rest if word.startswith("--")} <= known


def test_commands_were_found() -> None:
    """The test above has looked into every kind of deployment."""
    places = " ".join(where for where, _ in COMMANDS)
    for place in ("service", "workers.yaml", "cronjob.yaml", "serve.compose.yaml", "task.xml"):
        assert place in places


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_manifests_hold_to_kubernetes_schemas(path: Path) -> None:
    """Each manifest is what Kubernetes 1.31 and the newest known accept, and nothing more."""
    validate = pytest.importorskip(
        "kubernetes_validate", reason="make check-deploy brings kubernetes-validate"
    )
    for one in documents(path):
        for version in ("1.31", validate.latest_version()):
            validate.validate(one, version, strict=True)


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_pods_have_no_more_rights_than_they_need(path: Path) -> None:
    """No pod is root, may write its own image, or talks to the cluster; each has its limits."""
    for one in documents(path):
        for pod in pods(one):
            assert pod["securityContext"]["runAsNonRoot"] is True
            assert pod["automountServiceAccountToken"] is False
            for container in pod["containers"]:
                rights = container["securityContext"]
                assert rights["readOnlyRootFilesystem"] is True
                assert rights["allowPrivilegeEscalation"] is False
                assert rights["capabilities"] == {"drop": ["ALL"]}
                assert container["resources"]["limits"]["memory"]


def pods(manifest: object) -> Iterator[dict[str, Any]]:
    if isinstance(manifest, dict):
        if "containers" in manifest:
            yield manifest
        for value in manifest.values():
            yield from pods(value)


def test_the_shards_of_the_job_are_all_of_them() -> None:
    """As many pods as the command divides by, so that no channel is left out."""
    (job,) = documents(DEPLOY / "kubernetes" / "cronjob.yaml")
    (container,) = containers(job)
    spec = job["spec"]["jobTemplate"]["spec"]
    found = re.search(
        r'--shard "\$\(\(JOB_COMPLETION_INDEX \+ 1\)\)/(\d+)"', container["command"][-1]
    )
    assert found
    assert spec["completions"] == spec["maxFailedIndexes"] == int(found[1])


def test_the_configuration_of_the_cluster_is_read(tmp_path: Path) -> None:
    """The ConfigMap's fieldhouse.toml is one, its secrets found in the secret's files."""
    if PENDING:
        pytest.skip("the schedule is to come")
    (config,) = documents(DEPLOY / "kubernetes" / "config.yaml")
    (secret,) = documents(DEPLOY / "kubernetes" / "secret.example.yaml")
    text = config["data"]["fieldhouse.toml"].replace("/run/secrets/fieldhouse", str(tmp_path))
    tomllib.loads(text)
    (tmp_path / "fieldhouse.toml").write_text(text)
    for name in secret["stringData"]:
        (tmp_path / name).write_text(f"the {name}")
    environ = {"FIELDHOUSE_SECRETS_DIR": str(tmp_path)}
    settings = load_settings(directory=tmp_path, environ=environ)
    assert settings.warehouse_password == "the db_password"
    key = settings.channel(9).api_key
    assert key and key.get_secret_value() == "the key_of_9"


def test_units_verify(tmp_path: Path) -> None:
    """systemd finds nothing wrong with the units, but that this machine lacks the program."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed: apt install systemd")
    for unit in UNITS:
        text = unit.read_text("utf-8").replace("/opt/fieldhouse/bin/fieldhouse", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    units = [str(tmp_path / unit.name) for unit in UNITS]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
