"""The documents are true: their commands run, their Python runs, every command is named."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from command_kit import begin_command, run_command
from fieldhouse.simulator import Clock, Simulator, World, demo

ROOT = Path(__file__).resolve().parents[1]
GUIDE = (ROOT / "docs" / "guide.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")


@pytest.fixture(scope="module")
def environment() -> "dict[str, str]":
    """A world with the channels that the documents speak of, small ones."""
    world = World(clock=Clock())
    for number, make in (
        (12001, demo.weather),
        (12002, demo.air_quality),
        (12003, demo.greenhouse),
    ):
        make(world, id=number, years=0.2)
    world.add_channel(id=9, name="my_house", fields={1: "Light"}).write(fields={1: "5"})
    with Simulator(world) as simulator:
        yield {
            "PATH": os.environ["PATH"],
            "THINGSPEAK_BASE_URL": simulator.url,
            "THINGSPEAK_RATE_LIMIT_DELAY": "0",
        }


def commands(text: str) -> list[str]:
    """The command lines of the console blocks."""
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def bring_files(environment: dict[str, str], folder: Path) -> None:
    """The files that the documents import: a channel's download, and a logger's."""
    download = f"{environment['THINGSPEAK_BASE_URL']}/channels/12003/feeds.csv?results=100"
    with urllib.request.urlopen(download) as answer:
        (folder / "feeds.csv").write_bytes(answer.read())
    (folder / "log.csv").write_text("When,Temp,Hum\n2026-01-05 10:00,21.5,40\n")


@pytest.fixture(scope="module")
def copied(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the channels that the guide speaks of, as it is after the beginning."""
    folder = tmp_path_factory.mktemp("copied")
    type_all(["fieldhouse run 12001 12002 12003 --quiet"], environment, folder)
    return folder


def type_all(lines: list[str], environment: dict[str, str], folder: Path) -> None:
    """Type commands in their order: they all end with exit code 0 and no complaint.

    What ends in & goes on beside the others, and is stopped by Ctrl-C at their end.
    """
    with ExitStack() as beside:
        for line in lines:
            words = shlex.split(line)
            if words[0] != "fieldhouse":
                continue
            if words[-1] == "&":
                beside.enter_context(going_on(words[:-1], environment, folder))
            else:
                type_one(line, words, environment, folder)


@contextmanager
def going_on(words: list[str], environment: dict[str, str], folder: Path) -> Iterator[None]:
    """A command that serves: once it has said where, the others go on."""
    serving = begin_command(*words[1:], "--port", "0", env=environment, cwd=folder)
    try:
        assert serving.stdout and "http://127.0.0.1" in serving.stdout.readline()
        yield
    finally:
        serving.send_signal(signal.SIGINT)
        _, complaints = serving.communicate(timeout=60)
    assert serving.returncode == 130 and complaints.count("\n") == 1, complaints


def type_one(typed: str, words: list[str], environment: dict[str, str], folder: Path) -> None:
    """Type one command."""
    done = run_command(*words[1:], env=environment, cwd=folder)
    assert done.returncode == 0, f"{typed}\n{done.stdout}{done.stderr}"
    assert not done.stderr or words[1:3] == ["tokens", "make"], f"{typed}\n{done.stderr}"


def sections(text: str) -> dict[str, list[str]]:
    """The command lines of each section that has some."""
    parts = [(part.partition("\n")[0], commands(part)) for part in re.split(r"(?m)^## ", text)]
    return {title: lines for title, lines in parts if lines}


BEGINNING = ("Begin", "Copy channels")


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "lines",
    [
        commands(README),
        [line for title in BEGINNING for line in sections(GUIDE)[title]],
    ],
    ids=["readme", "guide"],
)
def test_what_a_document_begins_with_succeeds(
    lines: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    """Typed in their order into an empty folder."""
    type_all(lines, environment, tmp_path)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("title", [title for title in sections(GUIDE) if title not in BEGINNING])
def test_every_command_of_the_guide_succeeds(
    title: str, environment: dict[str, str], copied: Path, tmp_path: Path
) -> None:
    """A section's commands, typed in their order where its channels were copied."""
    shutil.copytree(copied, tmp_path, dirs_exist_ok=True)
    bring_files(environment, tmp_path)
    type_all(sections(GUIDE)[title], environment, tmp_path)


def test_the_guides_python_runs(environment: dict[str, str], tmp_path: Path) -> None:
    """The Python blocks, one after the other, in one folder."""
    bring_files(environment, tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    assert blocks
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks) + "\nassert feed and table.num_rows == 2"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_every_command_is_in_the_guide(environment: dict[str, str]) -> None:
    """A command that no page names fails here."""
    shown = subprocess.run(
        [sys.executable, "-m", "fieldhouse", "--help"],
        env={**environment, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    names = re.findall(r"^\W*([a-z]+)  +\S", shown.split("Commands")[1], re.MULTILINE)
    assert len(names) == 38
    assert [name for name in names if f"fieldhouse {name}" not in GUIDE] == []


PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_installs_what_is_not_published(page: Path) -> None:
    """Extras are installed from a checkout: no index has a package of our name."""
    assert not re.search(r"pip install.* '?fieldhouse\b(?!/)", page.read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    """No page links to a file that is not there, or to a heading that no page has."""
    for target, heading in re.findall(r"\]\(([^)#:]*)(?:#([^)]+))?\)", page.read_text("utf-8")):
        file = page.parent / target if target else page
        assert file.exists(), target
        assert not heading or heading in anchors(file), f"{target}#{heading}"


def anchors(page: Path) -> list[str]:
    """The headings of a page, as links name them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_the_documents_become_a_site(tmp_path: Path) -> None:
    """Every page and docstring of the reference can be built without a warning, offline."""
    build = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    done = subprocess.run([*build, ROOT / "docs", tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    words = (tmp_path / "searchindex.js").read_text("utf-8")
    assert "open_warehouse" in words
    assert "watermark" in words
