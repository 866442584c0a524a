"""The house: modules that fit in one's head, and the names at its door."""

import subprocess
import sys
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
