"""The MCP tools, called by the official client over both transports."""

import base64
import json
import sys
import wave
from concurrent.futures import ThreadPoolExecutor

import anyio
import numpy as np
import pytest
from mcp import Client, MCPError, StdioServerParameters
from tests.service.conftest import serving

from workbench.daw import TOOLS as STUDIO_TOOLS
from workbench.daw import Studio
from workbench.models import load_runner
from workbench.score import Score
from workbench.service.calling import tools_app
from workbench.service.generation import performers
from workbench.service.jobs import Jobs
from workbench.service.mcp import mcp_server
from workbench.service.tools import TOOLS, Workroom
from workbench.store import Store


@pytest.fixture
def room(tmp_path, pocket, classifier):
    store = Store.open(folder=tmp_path / "store")
    (tmp_path / "uploads").mkdir()
    (tmp_path / "uploads" / "a.txt").write_bytes(b"Hello, World!")
    with Jobs(store, performers(store, dict.fromkeys(("base", "loops", "bridge"), pocket))) as jobs:
        studio = Studio(runner=load_runner("grammar"))
        yield Workroom(jobs, classifier, tmp_path / "uploads", studio)
    store.close()


CALLED = set()


def run(main, *arguments):
    """Run a coroutine to its end, on a thread of its own: the browser's driver keeps a loop on this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(anyio.run, main, *arguments).result()


async def finished(client, answer):
    """The polled record of a job that was started."""
    assert answer["status"] == "pending"
    assert answer["message"].endswith("Use job_poll() to retrieve results.")
    while True:
        polled = await call(client, "job_poll", job_ids=[answer["job_id"]], timeout_ms=10_000)
        if polled["results"]:
            return polled["results"][0]


async def call(client, name, **arguments):
    CALLED.add(name)
    result = await client.call_tool(name, arguments)
    assert not result.is_error, result.content
    assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content


async def a_session(client):
    """From an empty store to a bridge between loops, through every tool."""
    CALLED.clear()
    listed = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(listed) == set(TOOLS) | set(STUDIO_TOOLS)
    schema = listed["orpheus_loops"].input_schema["properties"]
    assert schema["temperature"]["description"].startswith("Sampling temperature 0.0-2.0")
    loops = await finished(client, await call(client, "orpheus_loops", num_variations=2, seed=3))
    assert loops["status"] == "completed"
    set_id = loops["result"]["variation_set_id"]
    kept = (await call(client, "artifact_list", variation_set_id=set_id))["artifacts"]
    assert [artifact["variation_index"] for artifact in kept] == [0, 1]
    shown = await call(client, "artifact_get", artifact_id=kept[0]["id"])
    assert any(Score.from_midi(base64.b64decode(shown["content_base64"])).notes)
    inspected = await call(client, "cas_inspect", hash=kept[0]["content_hash"])
    assert (inspected["exists"], inspected["mime_type"]) == (True, "audio/midi")
    stored = await call(
        client, "cas_store", content_base64=shown["content_base64"], mime_type="audio/midi"
    )
    assert stored["hash"] == kept[0]["content_hash"]
    sound = await call(client, "midi_render", hash=stored["hash"], sample_rate_hz=22_050)
    assert sound["mime_type"] == "audio/wav"
    about = await call(client, "cas_inspect", hash=sound["hash"])
    with wave.open(about["local_path"]) as wav:
        assert wav.getframerate() == 22_050
        assert wav.getnframes() >= sound["duration_s"] * 22_050
        frames = np.frombuffer(wav.readframes(wav.getnframes()), "<i2")
    assert np.abs(frames.astype(int)).max() > 1000
    for tool in ("orpheus_continue", "orpheus_generate_seeded"):
        started = await call(client, tool, seed_hash=stored["hash"], parent_id=kept[0]["id"])
        assert (await finished(client, started))["status"] == "completed"
    assert len((await call(client, "artifact_get", artifact_id=kept[0]["id"]))["children"]) == 2
    first, second = (artifact["content_hash"] for artifact in kept)
    ends = {"section_a_hash": first, "section_b_hash": second, "bars": 2}
    bridged = await finished(client, await call(client, "orpheus_bridge", **ends))
    (name,) = bridged["result"]["artifact_ids"]
    between = await call(client, "artifact_get", artifact_id=name)
    assert between["metadata"]["seed"] == {"hash": first, "arrives_at": second}
    assert set(between["tags"]) == {"type:midi", "phase:generation", "tool:orpheus_bridge"}
    midi = base64.b64decode(between["content_base64"])
    assert Score.from_midi(midi).length_ticks == 2 * 1920
    upload = {"file_path": "a.txt", "mime_type": "text/plain"}
    band = await finished(client, await call(client, "orpheus_generate", seed=2))
    (content,) = band["result"]["output_hashes"]
    judged = await call(client, "orpheus_classify", hash=content)
    assert judged["classification"]["confidence"] >= 0.5
    uploaded = await call(client, "cas_upload_file", **upload)
    assert uploaded["hash"] == "288a86a79f20a3d6dccdca7713beaed1"
    started = await call(client, "orpheus_generate", num_variations=32)
    assert (await call(client, "job_cancel", job_id=started["job_id"]))["cancelled"]
    assert (await finished(client, {**started, "status": "pending"}))["status"] == "cancelled"
    assert (await call(client, "job_status", job_id=loops["job_id"]))["result"] == loops["result"]
    assert len((await call(client, "job_list"))["jobs"]) == 6
    assert set(listed) == CALLED | set(STUDIO_TOOLS)


async def a_song(client):
    """A song by the DAW's tools: a bass that is composed, a note that is wrong, and what there is then."""
    await call(client, "stori_set_tempo", tempo=92)
    bass = await call(client, "stori_generate_midi", role="bass", style="funk", tempo=92, bars=4)
    assert bass["notesAdded"] > 8
    notes = [{"pitch": 300, "startBeat": 0, "durationBeats": 1, "velocity": 90}]
    wrong = await client.call_tool(
        "stori_add_notes", {"regionId": bass["regionId"], "notes": notes}
    )
    assert wrong.is_error
    assert wrong.structured_content["errors"][0]["field"] == "notes[0].pitch"
    song = (await call(client, "stori_read_project"))["project"]
    assert song["tempo"] == 92
    ((region,),) = [track["regions"] for track in song["tracks"]]
    assert (region["durationBeats"], region["noteCount"]) == (16, bass["totalNotes"])


def test_the_daw_is_played_by_the_same_server(room):
    async def main():
        async with Client(mcp_server(room)) as client:
            await a_song(client)

    run(main)


def test_in_process(room):
    async def main():
        async with Client(mcp_server(room)) as client:
            await a_session(client)

    run(main)


def test_over_streamable_http(room):
    async def main(url):
        async with Client(f"{url}/mcp") as client:
            await a_session(client)

    with serving(tools_app(room)) as url:
        run(main, url)


def test_over_stdio(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"Hello, World!")
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "workbench", "mcp", "--uploads", str(tmp_path)],
        env={"WORKBENCH_HOME": str(tmp_path)},
    )

    async def main():
        async with Client(server) as client:
            await a_session(client)

    run(main)


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        (
            "orpheus_loops",
            {"temperature": 2.5},
            "temperature: Input should be less than or equal to 2",
        ),
        ("orpheus_loops", {"top_p": -0.1}, "top_p: "),
        ("orpheus_loops", {"seed_hash": "../../etc"}, "seed_hash: "),
        ("orpheus_loops", {"tempo": 3}, "tempo: Extra inputs"),
        ("orpheus_continue", {}, "seed_hash: Field required"),
        ("job_status", {"job_id": "none"}, "no job 'none'"),
        ("job_poll", {"job_ids": [], "timeout_ms": 1}, "job_ids: "),
        ("job_poll", {"job_ids": ["a"], "timeout_ms": 1, "mode": "some"}, "mode: "),
        ("cas_store", {"content_base64": "!", "mime_type": "text/plain"}, "is not base64"),
        (
            "cas_upload_file",
            {"file_path": "../store/workbench.sqlite", "mime_type": "a/b"},
            "is not below",
        ),
        ("cas_upload_file", {"file_path": "/etc/passwd", "mime_type": "a/b"}, "is not below"),
        ("cas_upload_file", {"file_path": "absent.mid", "mime_type": "a/b"}, "No such file"),
        ("midi_render", {"hash": "0" * 32}, "no blob"),
        ("artifact_get", {"artifact_id": "none"}, "no artifact"),
        ("orpheus_sing", {}, "no tool is called 'orpheus_sing'"),
    ],
)
def test_wrong_arguments_are_said_before_anything_is_begun(room, tool, arguments, says):
    async def main():
        async with Client(mcp_server(room)) as client:
            with pytest.raises(MCPError) as caught:
                await client.call_tool(tool, arguments)
            assert says in str(caught.value)
            assert caught.value.code == -32602

    run(main)
    assert room.jobs.store.jobs() == []


def test_links_out_of_the_uploads_folder_are_not_followed(room, tmp_path):
    (room.uploads / "link").symlink_to(tmp_path / "store")

    async def main():
        async with Client(mcp_server(room)) as client:
            path = {"file_path": "link/workbench.sqlite", "mime_type": "a/b"}
            with pytest.raises(MCPError, match="is not below"):
                await client.call_tool("cas_upload_file", path)

    run(main)
