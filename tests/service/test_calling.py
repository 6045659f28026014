"""The tools over plain HTTP, by our client; and what the documentation page shows."""

import html
import re
import subprocess
from contextlib import closing

import httpx
import pytest
from tests.service.conftest import serving

from workbench.errors import RequestError, RunnerError
from workbench.models import GenerationRequest, load_runner
from workbench.service import LocalService, ToolsClient
from workbench.service.calling import tools_app
from workbench.service.classifying import classifier_app
from workbench.service.generation import performers
from workbench.service.generator import generator_app
from workbench.service.jobs import Jobs
from workbench.service.predict import BODIES, predict_app
from workbench.service.tools import TOOLS, Workroom
from workbench.service.variants import PORTS
from workbench.service.wire import EXAMPLE
from workbench.store import Store

SERVICES = ("base", "loops", "bridge")


@pytest.fixture(scope="module")
def tools(tmp_path_factory, pocket, classifier):
    store = Store.open(folder=tmp_path_factory.mktemp("store"))
    performs = performers(store, dict.fromkeys(SERVICES, pocket))
    with (
        Jobs(store, performs, most_waiting=40) as jobs,
        serving(tools_app(Workroom(jobs, classifier))) as url,
    ):
        yield url
    store.close()


@pytest.fixture(scope="module")
def client(tools):
    client = ToolsClient(tools)
    yield client
    client.close()


def test_jobs_are_started_watched_and_their_music_read(client):
    seen = []
    jobs = [client.start("orpheus_loops", seed=seed, num_variations=2) for seed in range(3)]
    records = client.results(jobs, on_progress=seen.append)
    assert [record["job_id"] for record in records] == jobs
    assert {record["status"] for record in records} == {"completed"}
    assert set(seen[-1]) == set(jobs)
    for record in records:
        for artifact in record["result"]["artifact_ids"]:
            assert client.score(artifact).length_ticks == 4 * 1920


def test_what_is_kept_can_be_gone_on_from(client):
    request = GenerationRequest(style="house", bars=2, num_variations=1)
    score = load_runner("grammar").generate(request).variations[0].score
    job = client.start("orpheus_continue", seed_hash=client.keep(score))
    (record,) = client.results([job])
    artifact = client.call("artifact_get", artifact_id=record["result"]["artifact_ids"][0])
    assert artifact["metadata"]["seed"]["hash"] == client.keep(score)


def test_errors_are_sentences_of_their_kind(client, tools, call):
    with pytest.raises(RequestError, match="temperature: Input should be less than or equal to 2"):
        client.start("orpheus_loops", temperature=3)
    with pytest.raises(RunnerError, match="404: no job 'none'"):
        client.call("job_status", job_id="none")
    assert call.post(f"{tools}/tools/orpheus_sing", json={}).status_code == 404


def test_a_full_queue_is_429_with_a_time_to_come_back(tmp_path, pocket, classifier, call):
    store = Store.open(folder=tmp_path)
    jobs = Jobs(store, performers(store, dict.fromkeys(SERVICES, pocket)), most_waiting=2)
    with serving(tools_app(Workroom(jobs, classifier))) as url:  # nobody works, so that all wait
        answers = [call.post(f"{url}/tools/orpheus_loops", json={}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert "2 jobs are waiting already" in answers[-1].json()["detail"]
    store.close()


def commands(page):
    return [html.unescape(line) for line in re.findall(r"<pre>(.*?)</pre>", page)]


def pasted(command):
    done = subprocess.run(
        ["bash", "-c", command + " -w '\n%{http_code}'"], capture_output=True, text=True, check=True
    )
    *body, status = done.stdout.split("\n")
    return int(status), "\n".join(body)


@pytest.mark.parametrize("name", PORTS)
def test_every_example_of_a_services_page_works_when_pasted(name, pocket, classifier, call):
    if name == "classifier":
        app = classifier_app(classifier)
    elif name == "generator":
        app = generator_app(pocket)
    else:
        app = predict_app(name, pocket)
    with serving(app) as url:
        page = call.get(f"{url}/docs").text
        assert "http" not in page.replace(url, "")  # nothing from elsewhere
        lines = commands(page)
        assert len(lines) == (5 if name in BODIES else 2)
        for line in lines:
            status, body = pasted(line)
            assert status == 200, (line, body)


def test_every_example_of_the_tools_page_works_or_asks_for_a_name(tools, client, call):
    client.keep(EXAMPLE)
    lines = commands(call.get(f"{tools}/docs").text)
    assert len(lines) == len(TOOLS)
    for line in lines:
        status, body = pasted(line)
        named = any(word in line for word in ("JOB_ID", "ARTIFACT_ID", "beat.mid"))
        assert (status == 200) != named, (line, body)


def test_a_service_beside_this_process(tmp_path):
    with (
        LocalService("mcp", "--runner", "grammar", "--http", "0", home=tmp_path) as service,
        closing(ToolsClient(service.url)) as client,
    ):
        (record,) = client.results([client.start("orpheus_loops")])
        assert record["status"] == "completed"
    with pytest.raises(httpx.ConnectError):
        httpx.get(service.url)
    with pytest.raises(RunnerError, match="did not start"):
        LocalService("serve", "loops", "--runner", "poket")


def test_tools_compose_where_a_service_runs_and_tell_it_whose_job_it_is(tmp_path, pocket):
    asked = []
    app = predict_app("loops", pocket)

    async def overheard(scope, receive, send):
        asked.append(
            f"{scope['path']}?{scope.get('query_string', b'').decode()}"
            if scope["type"] == "http"
            else ""
        )
        await app(scope, receive, send)

    with serving(overheard) as url:
        port = url.rsplit(":", 1)[1]
        words = ("mcp", "--http", "0", "--runner", "grammar", "--orpheus-loops-port", port)
        with (
            LocalService(*words, home=tmp_path) as service,
            closing(ToolsClient(service.url)) as client,
        ):
            jobs = [client.start(tool, seed=3) for tool in ("orpheus_loops", "orpheus_generate")]
            there, here = (
                client.call("artifact_get", artifact_id=record["result"]["artifact_ids"][0])
                for record in client.results(jobs)
            )
    assert f"/compose?client_job_id={jobs[0]}" in asked
    assert [it["metadata"]["model"]["name"] for it in (there, here)] == ["pocket", "grammar"]
