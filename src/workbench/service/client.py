"""The other end of our services: an HTTP client, and the `remote` runner on top of it."""

from __future__ import annotations

import copy
import json
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import httpx
from opentelemetry.propagate import inject

from workbench.errors import RequestError, RunnerError
from workbench.models import (
    CancelToken,
    GenerationRequest,
    GenerationResult,
    Progress,
    RunnerInfo,
    TokenScores,
    Verdict,
)
from workbench.models.requests import OnProgress
from workbench.score import Score
from workbench.service.wire import (
    ComposeBody,
    info_received,
    progress_received,
    received,
    scores_received,
    sent,
)
from workbench.settings import read_settings

CONNECT_S, SILENCE_S = 5.0, 60.0  # to wait for a connection; between two signs of life
IDLE_S = (
    2.0  # a connection is kept; servers close theirs after 5 s, and then a request would be lost
)
TRIES = 3
POLL_MS = 500
LONGEST_PAUSE_S = 10.0


class ServiceClient:
    """Calls one service; keeps its connections open, safe for many threads.

    Tries again, `TRIES` times in all, only where nothing was begun: when no connection came about, and
    when the service was full and says when to come back.
    """

    def __init__(self, url: str, *, token: str | None = None) -> None:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self.url = url.rstrip("/")
        self._http = httpx.Client(
            base_url=self.url,
            headers=headers,
            timeout=httpx.Timeout(SILENCE_S, connect=CONNECT_S),
            limits=httpx.Limits(max_connections=64, keepalive_expiry=IDLE_S),
        )
        weakref.finalize(self, self._http.close)  # for callers who do not

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str) -> Any:
        """The JSON at a path."""
        with self._answer("GET", path, None) as answer:
            return json.loads(answer.read())

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON that comes back for a body."""
        with self._answer("POST", path, body) as answer:
            return json.loads(answer.read())

    def lines(self, path: str, body: Mapping[str, Any]) -> Iterator[Any]:
        """The JSON lines that come back for a body, as they come; leaving early hangs up."""
        with self._answer("POST", path, body) as answer:
            for line in answer.iter_lines():
                yield json.loads(line)

    @contextmanager
    def _answer(
        self, method: str, path: str, body: Mapping[str, Any] | None
    ) -> Iterator[httpx.Response]:
        for last in (*[False] * (TRIES - 1), True):
            try:
                with self._http.stream(method, path, json=body, headers=_trace()) as answer:
                    if answer.status_code != httpx.codes.TOO_MANY_REQUESTS or last:
                        self._raise_for(answer)
                        yield answer
                        return
                    pause_s = float(answer.headers.get("retry-after", 1))
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
                if last:
                    raise RunnerError(
                        f"nothing answers at {self.url}: {error}; is the service running?"
                    ) from error
                pause_s = 0.2
            except httpx.HTTPError as error:
                raise RunnerError(
                    f"{self.url} broke off: {type(error).__name__} {error}"
                ) from error
            time.sleep(min(pause_s, LONGEST_PAUSE_S))

    def _raise_for(self, answer: httpx.Response) -> None:
        """The service's own sentence as the error it is."""
        if answer.is_success:
            return
        content = answer.read()
        try:
            detail = json.loads(content)["detail"]
        except (ValueError, KeyError, TypeError):
            detail = content[:200].decode(errors="replace")
        if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
            raise RequestError(str(detail))
        raise RunnerError(f"{self.url} answers {answer.status_code}: {detail}")


class ToolsClient:
    """Calls the tools that `workbench mcp --http` serves: jobs, artifacts, content."""

    def __init__(self, url: str, *, token: str | None = None) -> None:
        self._client = ServiceClient(url, token=token)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def call(self, tool: str, **arguments: Any) -> Any:
        """What a tool answers. Raises `RequestError` for wrong arguments."""
        return self._client.post(f"/tools/{tool}", arguments)

    def start(self, tool: str, **arguments: Any) -> str:
        """Start a tool that composes; the id of its job."""
        job_id: str = self.call(tool, **arguments)["job_id"]
        return job_id

    def results(
        self, job_ids: Sequence[str], on_progress: Callable[[Mapping[str, Any]], None] | None = None
    ) -> list[dict[str, Any]]:
        """Wait until all jobs are over; their records in the order given.

        `on_progress` hears the records of all jobs by id, about twice a second and at the end.
        """
        pending = True
        records: dict[str, dict[str, Any]] = {}
        while pending:
            polled = self.call("job_poll", job_ids=list(job_ids), timeout_ms=POLL_MS, mode="all")
            pending = polled["pending"]
            records = {record["job_id"]: record for record in polled["results"]}
            if on_progress is not None:
                on_progress(records | {i: self.call("job_status", job_id=i) for i in pending})
        return [records[job_id] for job_id in job_ids]

    def keep(self, score: Score) -> str:
        """Keep a score as MIDI; its hash, which tools take as a seed."""
        name: str = self.call("cas_store", content_base64=sent(score), mime_type="audio/midi")[
            "hash"
        ]
        return name

    def score(self, artifact_id: str) -> Score:
        """The music of an artifact."""
        return received(
            self.call("artifact_get", artifact_id=artifact_id)["content_base64"], "content"
        )


class RemoteClassifier:
    """A classifier that runs as a service."""

    def __init__(self, url: str, *, token: str | None = None) -> None:
        self._client = ServiceClient(url, token=token or read_settings().token)
        health = self._client.get("/health")
        self.name: str = health.get("runner", health["service"])
        self.weights_sha256: str = health.get("weights_sha256", "")

    def classify(self, score: Score) -> Verdict:
        """Judge a piece there. Raises `RequestError` for one that cannot be judged."""
        judged = self._client.post("/predict", {"midi_input": sent(score)})
        return Verdict.of(judged["classification"]["probabilities"]["human"], judged["num_tokens"])


def _trace() -> dict[str, str]:
    """The header that lets the service go on with the caller's trace, where there is one."""
    headers: dict[str, str] = {}
    inject(headers)
    return headers


class RemoteRunner:
    """Composes on another machine, where `workbench serve` runs: the same request, the same result.

    Args:
        url: of the service; `WORKBENCH_REMOTE_URL` when not given.
        token: that the service wants; `WORKBENCH_TOKEN` when not given.
    """

    def __init__(self, url: str | None = None, *, token: str | None = None) -> None:
        settings = read_settings()
        url = url or settings.remote_url
        if url is None:
            raise RunnerError(
                'remote needs the address of a service: url="http://host:2003" or WORKBENCH_REMOTE_URL'
            )
        self._client = ServiceClient(url, token=token or settings.token)
        self._info = info_received(self._client.get("/info"))
        self._query: dict[str, str] = {}

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def for_job(self, job_id: str) -> RemoteRunner:
        """The same runner, over the same connections, telling the service whose work it is."""
        named = copy.copy(self)
        named._query = {"client_job_id": job_id}
        return named

    @property
    def info(self) -> RunnerInfo:
        """What composes there."""
        return self._info

    def generate(
        self,
        request: GenerationRequest,
        *,
        cancel: CancelToken | None = None,
        on_progress: OnProgress | None = None,
    ) -> GenerationResult:
        """Compose there. Cancelling is heard with the next sign of progress, and keeps what is whole."""
        result = None
        for progress in self.stream(request, cancel=cancel):
            result = progress.result
            if on_progress is not None:
                on_progress(progress)
        assert result is not None
        return result

    def stream(
        self, request: GenerationRequest, *, cancel: CancelToken | None = None
    ) -> Iterator[Progress]:
        """Compose there, telling how far it is; the last `Progress` holds the result."""
        ticket, asked_to_stop = None, cancel is not None and cancel.cancelled
        query = self._query | ({"stopped": "true"} if asked_to_stop else {})
        body = ComposeBody.of(request).model_dump(exclude_none=True)
        for told in self._client.lines(f"/compose?{urlencode(query)}", body):
            if "detail" in told:
                raise RunnerError(f"{self._client.url}: {told['detail']}")
            ticket = told.get("ticket", ticket)
            if cancel is not None and cancel.cancelled and not asked_to_stop and ticket:
                asked_to_stop = True
                self._client.post(f"/compose/{ticket}/stop", {})
            if "tokens" in told:
                progress = progress_received(told, request)
                yield progress
                if progress.result is not None:
                    return
        raise RunnerError(f"{self._client.url} broke off before it had a result")

    def score(self, tokens: Sequence[int]) -> TokenScores:
        """Log-probabilities of tokens, as the runner there gives them."""
        return scores_received(self._client.post("/score", {"tokens": list(tokens)}))
