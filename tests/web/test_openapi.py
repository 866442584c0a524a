"""The API is what its OpenAPI says: every answer has a described status, type and shape."""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import positive_data_acceptance
from web_kit import EMPTY, HOSTILE, PAUSED, Site, a_world, fill, serving

HELD = (HOSTILE, EMPTY, PAUSED)


@pytest.fixture(scope="module")
def open_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A small site that anything may be done to."""
    with serving(tmp_path_factory.mktemp("open"), a_world(days=0)) as made:
        fill(made.served, HELD)
        yield made


def operations(site: Site) -> Iterator[APIOperation]:
    """What OpenAPI says can be asked."""
    described = schemathesis.openapi.from_url(f"{site.url}/api/openapi.json")
    for found in described.get_all_operations():
        yield found.ok()


def asked(operation: APIOperation, mode: GenerationMode, examples: int) -> None:
    """Ask what is generated, right or wrong, of channels that are there; check the answers."""

    @settings(
        max_examples=examples,
        phases=[Phase.generate],
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        number = case.path_parameters.get("channel")
        if isinstance(number, int):
            case.path_parameters["channel"] = HELD[number % len(HELD)]
        # a text that no time or zone is, is refused with 400: no schema says what is one
        case.call_and_validate(excluded_checks=[positive_data_acceptance], timeout=60)

    ask()


# the server, in a thread of this process, draws random numbers while cases are generated
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")
def test_every_answer_is_described(open_site: Site) -> None:
    """Whatever is asked, rightly or wrongly, the answer is one that OpenAPI describes."""
    many = list(operations(open_site))
    assert len(many) > 50
    for operation in many:
        asked(operation, GenerationMode.POSITIVE, 1)
        if (operation.query or operation.body) and not operation.path.endswith("{form}"):
            asked(operation, GenerationMode.NEGATIVE, 1)


def test_it_is_described_whole(open_site: Site) -> None:
    """Every operation has a description and its errors, every parameter says what it means."""
    with open_site.client() as client:
        described = client.get("/api/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    operations = [operation for path in described["paths"].values() for operation in path.values()]
    assert len(operations) > 50
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for operation in operations:
        assert operation["description"] and operation["tags"]
        answers = operation["responses"]
        assert {"400", "401", "403", "404", "422", "429", "503", "504"} <= answers.keys()
        assert "application/problem+json" in answers["422"]["content"]
        for parameter in operation.get("parameters", []):
            assert parameter.get("description") or parameter["in"] == "path", parameter
    assert described["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
