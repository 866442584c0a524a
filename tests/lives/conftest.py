"""Lives to be told; quiet: a client that asks again says so in a log that nobody reads here."""

from collections.abc import Iterator

import pytest
import stamina.instrumentation
from duck import OverDuckDB
from machine import Lives


@pytest.fixture(autouse=True)
def _no_word_of_retries() -> Iterator[None]:
    hooks = stamina.instrumentation.get_on_retry_hooks()
    stamina.instrumentation.set_on_retry_hooks([])
    yield
    stamina.instrumentation.set_on_retry_hooks(hooks)


@pytest.fixture(params=[Lives, OverDuckDB], ids=["pure", "duckdb"])
def life(request: pytest.FixtureRequest) -> Iterator[Lives]:
    """A life to be told, on either house."""
    made: Lives = request.param()
    yield made
    made.house.close()
