"""Whatever the schema allows, and much that it does not: never a 5xx."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from workbench.models import load_runner
from workbench.service.calling import tools_app
from workbench.service.classifying import classifier_app
from workbench.service.generation import performers
from workbench.service.generator import generator_app
from workbench.service.jobs import Jobs
from workbench.service.predict import predict_app
from workbench.service.tools import Workroom
from workbench.store import Store

AS_MUCH = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def bridge_schema():
    app = predict_app("bridge", load_runner("grammar"))
    return schemathesis.openapi.from_asgi("/openapi.json", app).exclude(path="/score")


@pytest.fixture(scope="module")
def base_schema(pocket):
    app = predict_app("base", pocket)
    return schemathesis.openapi.from_asgi("/openapi.json", app).include(path="/score")


@pytest.fixture(scope="module")
def tools_schema(tmp_path_factory, classifier):
    store = Store.open(folder=tmp_path_factory.mktemp("store"))
    performs = performers(store, dict.fromkeys(("base", "loops", "bridge"), load_runner("grammar")))
    with Jobs(store, performs) as jobs:
        yield schemathesis.openapi.from_asgi("/openapi.json", tools_app(Workroom(jobs, classifier)))
    store.close()


@pytest.fixture(scope="module")
def classifier_schema(classifier):
    return schemathesis.openapi.from_asgi("/openapi.json", classifier_app(classifier))


@pytest.fixture(scope="module")
def generator_schema():
    app = generator_app(load_runner("grammar"))
    return schemathesis.openapi.from_asgi("/openapi.json", app)


def hammered(schema):
    """Every operation, with what its schema allows and with what it does not."""
    for result in schema.get_all_operations():
        operation = result.ok()
        for mode in GenerationMode if len(operation.body) else [GenerationMode.POSITIVE]:

            @AS_MUCH
            @given(case=operation.as_strategy(generation_mode=mode))
            def asked(case):
                assert case.call().status_code < 500

            asked()


def test_a_service(bridge_schema):
    hammered(bridge_schema)


def test_scores(base_schema):
    hammered(base_schema)


def test_the_tools(tools_schema):
    hammered(tools_schema)


def test_the_classifier(classifier_schema):
    hammered(classifier_schema)


def test_the_generator(generator_schema):
    hammered(generator_schema)
