"""What the store keeps, as plain values: jobs, artifacts, runs. Knows no database and no files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from workbench.errors import RequestError

JobState = Literal["pending", "running", "completed", "failed", "cancelled"]
"""pending → running → completed, failed or cancelled; pending → cancelled. The last three are over."""

JOB_STATES: tuple[JobState, ...] = ("pending", "running", "completed", "failed", "cancelled")

LONGEST_NAME = 500  # characters; PostgreSQL's indexes take 2704 bytes, and UTF-8 needs up to 4 each
LARGEST_INDEX = 2**31 - 1  # PostgreSQL's integer

_HASH = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Work asked of a service. Times are in UTC."""

    id: str
    tool: str
    caller: str
    client_job_id: str | None
    """What the client calls it."""
    request: Mapping[str, Any]
    state: JobState
    owner: str | None
    """The process that runs it, or ran it, as `owner_name` names it."""
    progress: tuple[int, ...]
    """Tokens so far, per variation."""
    result: Mapping[str, Any] | None
    error: str | None
    cancel_asked: bool
    run_id: str | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    """When it was over, however it ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewArtifact:
    """Something made, its content among the blobs already.

    Raises `RequestError` for a value that cannot be kept.
    """

    content_hash: str
    variation_set_id: str | None = None
    variation_index: int | None = None
    """Its place in the set, from 0; None in a set is the next free one."""
    parent_id: str | None = None
    """The artifact it was made from."""
    tags: tuple[str, ...] = ()
    """Kept in this order, each once."""
    creator: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """How it was made: parameters in effect, hash of the seed, tokens, job."""

    def __post_init__(self) -> None:
        check_hash(self.content_hash)
        check_names(
            creator=self.creator, variation_set_id=self.variation_set_id, parent_id=self.parent_id
        )
        for tag in self.tags:
            check_names(tag=tag)
        check_json("metadata", self.metadata)
        index = self.variation_index
        if index is not None and self.variation_set_id is None:
            raise RequestError(
                f"variation_index {index} needs a set to be in; give variation_set_id"
            )
        if index is not None and not 0 <= index <= LARGEST_INDEX:
            raise RequestError(f"variation_index must be 0 to {LARGEST_INDEX}, got {index}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """An artifact as it is kept: a `NewArtifact` with a name of its own, even where content is equal."""

    id: str
    content_hash: str
    variation_set_id: str | None
    variation_index: int | None
    parent_id: str | None
    run_id: str | None
    tags: tuple[str, ...]
    creator: str
    metadata: Mapping[str, Any]
    created_at: datetime
    """In UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How artifacts came to be: what a model runner's `record` says."""

    id: str
    kind: str
    """The tool of the job, or what `add_artifacts` was told."""
    record: Mapping[str, Any]
    created_at: datetime
    """In UTC."""


def utc_now() -> datetime:
    """The clock, unless another is given."""
    return datetime.now(UTC)


def check_hash(text: object) -> str:
    """The name of a content, as it came. Raises `RequestError` for anything that is not one."""
    if not isinstance(text, str) or not _HASH.fullmatch(text):
        raise RequestError(
            f"a content hash is 32 digits of 0-9 and a-f (small letters), got {text!r}"
        )
    return text


def writable(text: str) -> str:
    """Text as both databases take it: PostgreSQL has no NUL, and neither can write half a surrogate."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def check_names(**names: str | None) -> None:
    """Raises `RequestError` for a name that cannot be kept and looked up as it is."""
    for what, name in names.items():
        if name is not None and name != writable(name):
            raise RequestError(f"{what} must be text without NUL and lone surrogates, got {name!r}")
        if name is not None and len(name) > LONGEST_NAME:
            raise RequestError(
                f"{what} must be at most {LONGEST_NAME} characters, got {len(name)}: {name[:40]!r}…"
            )


def check_json(what: str, value: object) -> None:
    """Raises `RequestError` for what JSON cannot say: other types, NaN, infinity, a circle."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise RequestError(f"{what} must be plain JSON: {error}") from error
