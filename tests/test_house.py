"""The house: modules that fit in one's head, and the names at its door."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import fieldhouse

SRC = Path(fieldhouse.__file__).parent
MOST_LINES = 400


@pytest.mark.parametrize(
    "module", sorted(SRC.rglob("*.py")), ids=lambda path: path.relative_to(SRC).as_posix()
)
def test_no_module_is_longer_than_it_may_be(module: Path) -> None:
    """A module of src/ has at most 400 lines: what is longer is parted by what it is about."""
    lines = len(module.read_text("utf-8").splitlines())
    name = module.relative_to(SRC).as_posix()
    assert lines <= MOST_LINES, f"{name} has {lines} lines: part it"


def test_importing_reads_nothing_of_its_surroundings() -> None:
    """The environment, the folder, the streams and the time are looked at when something is done.

    So commands may be forked from a process that has imported them, as `command_kit` does.
    """
    read = {"environ", "getenv", "getcwd", "cwd", "home", "now", "utcnow", "isatty", "argv"}
    for module in SRC.rglob("*.py"):
        named = _named_at_import(ast.parse(module.read_text("utf-8")))
        assert [line for line, name in named if name in read] == [], module


def _named_at_import(node: ast.AST) -> Iterator[tuple[int, str]]:
    """The attributes that are read when a module is imported, and their lines."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Attribute):
            yield child.lineno, child.attr
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            for part in (*child.decorator_list, child.args):
                yield from _named_at_import(part)
        elif not isinstance(child, ast.Lambda):
            yield from _named_at_import(child)


def test_every_name_at_the_door_opens() -> None:
    """Each public name is there, is listed, and an unknown one is an AttributeError."""
    for name in fieldhouse.__all__:
        assert getattr(fieldhouse, name) is not None
        assert name in dir(fieldhouse)
    assert fieldhouse.__version__.count(".") == 2
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        fieldhouse.nothing  # noqa: B018


def test_the_door_costs_nothing() -> None:
    """``import fieldhouse`` imports no other module of ours and no library."""
    program = (
        "import sys, fieldhouse;"
        "heavy = ('pyarrow', 'duckdb', 'pydantic', 'httpx2', 'fieldhouse.');"
        "found = [m for m in sys.modules if m.startswith(heavy)];"
        "sys.exit(str(found) if found else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_command_that_looks_imports_what_looking_takes(tmp_path: Path) -> None:
    """``status`` starts without the HTTP client, retries, loads and compute kernels of copying."""
    url = f"duckdb:///{tmp_path / 'house.duckdb'}"
    program = (
        "import sys, fieldhouse;"
        f"house = fieldhouse.open_warehouse({url!r}, create=True); house.migrate(); house.close();"
        "from fieldhouse.cli import app;"
        f"app(['status', '--warehouse', {url!r}], standalone_mode=False);"
        "heavy = ('httpx2', 'stamina', 'pyarrow.compute', 'fieldhouse.sources');"
        "found = [m for m in sys.modules if m.startswith(heavy)];"
        "sys.exit(str(found) if found else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "no channel" in done.stdout
