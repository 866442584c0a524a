import re
from pathlib import Path

import pytest

from fieldhouse.simulator import KINDS

PAGE = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text("utf-8")


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
def test_the_examples_run(code: str) -> None:
    """Every Python example of the page does what it says."""
    exec(compile(code, "docs/simulator.md", "exec"), {})


def test_every_fault_is_explained() -> None:
    """The page's table names all kinds, and no others."""
    table = PAGE.split("| kind |")[1]
    first_cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(first_cells))) == KINDS
