"""Whatever the schema allows, and much that it does not: never a 5xx."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error

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
    max_examples=25,
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


bridge = schemathesis.pytest.from_fixture("bridge_schema")
base = schemathesis.pytest.from_fixture("base_schema")
tools = schemathesis.pytest.from_fixture("tools_schema")
judge = schemathesis.pytest.from_fixture("classifier_schema")
generator = schemathesis.pytest.from_fixture("generator_schema")


@bridge.parametrize()
@AS_MUCH
def test_a_service(case):
    case.call_and_validate(checks=[not_a_server_error])


@base.parametrize()
@AS_MUCH
def test_scores(case):
    case.call_and_validate(checks=[not_a_server_error])


@tools.parametrize()
@AS_MUCH
def test_the_tools(case):
    case.call_and_validate(checks=[not_a_server_error])


@judge.parametrize()
@AS_MUCH
def test_the_classifier(case):
    case.call_and_validate(checks=[not_a_server_error])


@generator.parametrize()
@AS_MUCH
def test_the_generator(case):
    case.call_and_validate(checks=[not_a_server_error])
