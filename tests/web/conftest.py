"""Served warehouses: one full one that is only read, and small ones to change."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from web_kit import EMPTY, HOSTILE, PAUSED, WEATHER, Site, a_world, fill, serving


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Four channels, copied, corrected, tagged; tests only read it."""
    with serving(tmp_path_factory.mktemp("site"), a_world()) as made:
        fill(made.served, [WEATHER, HOSTILE, EMPTY, PAUSED])
        yield made
        assert not made.served.jobs.is_stopping, "a test has stopped the jobs of all others"


@pytest.fixture
def web(site: Site) -> Iterator[httpx2.Client]:
    """A client of the full site, on this machine."""
    with site.client() as client:
        yield client


@pytest.fixture(scope="session")
def small_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with the hostile channel's two days, and nothing long; to be copied."""
    folder = tmp_path_factory.mktemp("small")
    with serving(folder, a_world(days=0)) as made:
        fill(made.served, [HOSTILE, EMPTY, PAUSED])
    return folder / "fieldhouse.duckdb"


@pytest.fixture
def own(tmp_path: Path, small_file: Path) -> Iterator[Site]:
    """A small site of the test's own: the hostile channel's two days, and nothing long."""
    shutil.copy(small_file, tmp_path)
    with serving(tmp_path, a_world(days=0)) as made:
        yield made
