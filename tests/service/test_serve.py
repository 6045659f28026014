"""`workbench serve`, as a process: answers, ends on a signal, refuses what would be unsafe."""

import re
import signal
import socket
import subprocess
import sys

import pytest

COMMAND = (sys.executable, "-m", "workbench", "serve")


def test_several_services_share_a_model_until_a_signal(call):
    with subprocess.Popen([*COMMAND, "loops", "mono"], stdout=subprocess.PIPE, text=True) as server:
        try:
            urls = [re.search(r"http://\S+", server.stdout.readline()).group() for _ in range(2)]
            assert urls == ["http://127.0.0.1:2003", "http://127.0.0.1:2005"]
            healths = [call.get(f"{url}/health").json() for url in urls]
            assert [health["service"] for health in healths] == ["orpheus-loops", "orpheus-mono"]
            assert len({health["weights_sha256"] for health in healths}) == 1
            for url in urls:
                assert len(call.post(f"{url}/predict", json={}).json()["variations"]) == 1
        finally:
            server.send_signal(signal.SIGINT)
        assert server.wait(60) == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["loops", "--host", "0.0.0.0"], "wants a token"),
        (["loops", "mono", "--port", "2222"], "--port is for a single service"),
        (["loops", "--runner", "poket"], "did you mean pocket"),
        (["loops", "--runner", "grammar", "--checkpoint", "x.pth"], "does not take these options"),
    ],
)
def test_it_refuses_in_a_sentence(arguments, says):
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_said():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [*COMMAND, "loops", "--runner", "grammar", "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
