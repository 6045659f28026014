"""Real servers on loopback, with runners small enough for tests."""

import contextlib
import socket
import threading

import httpx
import pytest
import uvicorn

from workbench.models import load_classifier, load_runner


@contextlib.contextmanager
def serving(app):
    """A server on a free port, in a thread; its address."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def pocket():
    return load_runner("pocket")


@pytest.fixture(scope="session")
def classifier():
    return load_classifier("pocket")


@pytest.fixture
def call():
    with httpx.Client(timeout=120) as client:
        yield client
