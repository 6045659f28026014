"""The one thing of the DAW that changes: a song in work, its history, and calls of tools on it."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.daw.issues import Issue, ToolError
from workbench.daw.performing import Quality
from workbench.daw.project import Project
from workbench.daw.resolving import referenced, resolved
from workbench.daw.tools import Band, Context, Tool
from workbench.daw.validating import allowed, checked
from workbench.errors import ConflictError
from workbench.models.requests import CancelToken, Runner
from workbench.score import EmotionVector

FAILURES_ALLOWED = 3  # of add_notes in one region, before it is no longer tried
BREAKS = "stori_add_notes"
UNDO_STEPS = 1000


@dataclass(slots=True, kw_only=True)
class Caller:
    """On whose behalf tools are called: one request, or one agent of a team."""

    allowed: frozenset[str] | None = None
    """Names of the tools it may call; None is all."""
    emotion: EmotionVector | None = None
    """How what is composed for it should feel."""
    quality: Quality = "balanced"
    cancel: CancelToken | None = None
    """Stops what is being composed for it."""
    failures: Counter[str] = field(default_factory=Counter)
    """Of `stori_add_notes` in a row, by region."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of one call."""

    tool: str
    arguments: Mapping[str, Any]
    """As it was done: ids in place of names, the server's ids, colours and defaults added."""
    answer: Mapping[str, Any]
    """{"success": true, …}, or {"success": false, "errors": [{code, field, message, suggestion}]}."""

    @property
    def ok(self) -> bool:
        return bool(self.answer["success"])


@dataclass(frozen=True, slots=True)
class _Step:
    """What undoing goes back to. `key` says which calls are undone together."""

    key: object
    label: str
    project: Project


class Studio:
    """A song in work. Thread-safe; composing goes on beside other calls.

    Args:
        project: what to begin with; an empty song by default.
        runner: what composes; without one, tools that compose answer with an error.
        caller: for calls that name none.
        seed: of everything composed; the same calls in the same order give the same music.
        new_id: gives each new entity its id.
    """

    def __init__(
        self,
        project: Project | None = None,
        *,
        runner: Runner | None = None,
        caller: Caller | None = None,
        seed: int = 0,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self.runner, self.seed = runner, seed
        self.caller = caller or Caller()
        self._new_id = new_id
        self._project = project or Project(id=new_id())
        self._version = 0
        self._undo: deque[_Step] = deque(maxlen=UNDO_STEPS)
        self._redo: list[_Step] = []
        self._composed: Counter[str] = Counter()
        self._observers: list[Callable[[Project], None]] = []
        self._lock = threading.RLock()

    @property
    def project(self) -> Project:
        return self._project

    @property
    def version(self) -> int:
        """How many changes there have been, undone and redone ones too: the id of this state."""
        return self._version

    @property
    def undo_label(self) -> str | None:
        """What `undo` takes back; None when there is nothing."""
        return self._undo[-1].label if self._undo else None

    @property
    def redo_label(self) -> str | None:
        return self._redo[-1].label if self._redo else None

    def on_change(self, tell: Callable[[Project], None]) -> Callable[[], None]:
        """Have `tell` called with the song after each change; the result ends that."""
        self._observers.append(tell)

        def forget() -> None:
            if tell in self._observers:
                self._observers.remove(tell)

        return forget

    def call(
        self, name: str, arguments: Mapping[str, Any], *, caller: Caller | None = None
    ) -> ToolResult:
        """Do one call; one step to undo. What is wrong with it is in the result, the song unchanged."""
        return self._call(name, arguments, caller or self.caller, object(), name)

    def batch(
        self,
        calls: Iterable[tuple[str, Mapping[str, Any]]],
        *,
        caller: Caller | None = None,
        on_result: Callable[[int, ToolResult], None] | None = None,
    ) -> list[ToolResult]:
        """Do calls in turn; together one step to undo.

        A string argument that is entirely "$N.field" is that field of result N of the batch, from 0.
        A call that fails leaves the others to be done. `on_result` hears the number of each call and
        its result before the next is taken from `calls`.
        """
        key, results = object(), list[ToolResult]()
        for name, arguments in calls:
            given: Any = arguments
            if isinstance(arguments, Mapping):
                given = referenced(arguments, [result.answer for result in results])
            results.append(self._call(name, given, caller or self.caller, key, "Several changes"))
            if on_result is not None:
                on_result(len(results) - 1, results[-1])
        return results

    def put(self, project: Project, label: str, *, expected: Project | None = None) -> None:
        """Replace the song, as one step to undo. Raises `ConflictError` unless it is the expected one."""
        with self._lock:
            if expected is not None and self._project is not expected:
                raise ConflictError(
                    "the song has changed meanwhile; read it again and propose anew"
                )
            changed = self._put(project, _Step(object(), label, self._project))
        self._tell(changed)

    def undo(self) -> bool:
        """Go back one step; whether there was one."""
        return self._travel(self._undo, self._redo)

    def redo(self) -> bool:
        """Go forward one step that was undone; whether there was one."""
        return self._travel(self._redo, self._undo)

    def _call(
        self, name: str, arguments: Any, caller: Caller, key: object, label: str
    ) -> ToolResult:
        region = _region_meant(self._project, name, arguments)
        if region is not None and caller.failures[region] >= FAILURES_ALLOWED:
            return _failed(name, arguments, _tripped(region))
        try:
            tool = allowed(name, caller.allowed)
            result, changed = self._done(tool, arguments, caller, key, label)
        except ToolError as error:
            if region is not None:
                caller.failures[region] += 1
            return _failed(name, arguments, *error.issues)
        if region is not None:
            del caller.failures[region]
        self._tell(changed)
        return result

    def _done(
        self, tool: Tool, arguments: Any, caller: Caller, key: object, label: str
    ) -> tuple[ToolResult, bool]:
        project, take = self._project, None
        call = checked(tool, arguments, project)
        if tool.prepare is not None:  # not under the lock: it may take minutes
            band = Band(
                runner=self.runner,
                emotion=caller.emotion,
                quality=caller.quality,
                seed=self._next_seed(tool, call.given),
                cancel=caller.cancel,
            )
            take = tool.prepare(project, call.arguments, band)
        with self._lock:
            if self._project is not project:  # somebody else's call was done meanwhile
                call = checked(tool, arguments, self._project)
            outcome = tool.apply(
                self._project, call.arguments, Context(new_id=self._new_id, take=take)
            )
            changed = self._put(outcome.project, _Step(key, label, self._project))
        done = call.arguments.model_dump(by_alias=True, exclude_none=True)
        answer = {"success": True, **outcome.answer}
        return ToolResult(tool.name, {**done, **outcome.added}, answer), changed

    def _next_seed(self, tool: Tool, given: Mapping[str, Any]) -> int:
        """By the studio's seed, the part, and how many times that has been composed.

        By part, so that agents that compose side by side do not change each other's music.
        """
        part = f"{tool.name}/{str(given.get('role', '')).lower()}"
        with self._lock:
            self._composed[part] += 1
            count = self._composed[part]
        digest = hashlib.sha256(f"{self.seed}/{part}/{count}".encode()).digest()
        return int.from_bytes(digest[:4], "big")

    def _put(self, project: Project, step: _Step) -> bool:
        if project is self._project or project == self._project:
            return False
        if not self._undo or self._undo[-1].key is not step.key:
            self._undo.append(step)
        self._redo.clear()
        self._project = project
        self._version += 1
        return True

    def _travel(self, back: Any, forth: Any) -> bool:
        with self._lock:
            if not back:
                return False
            step = back.pop()
            forth.append(_Step(object(), step.label, self._project))
            self._project = step.project
            self._version += 1
        self._tell(changed=True)
        return True

    def _tell(self, changed: bool) -> None:
        if changed:
            for tell in tuple(self._observers):
                tell(self._project)


def _region_meant(project: Project, name: object, arguments: Any) -> str | None:
    """The region that the breaker counts for, "" where none is named; None for other tools."""
    if name != BREAKS:
        return None
    meant = arguments.get("regionId") if isinstance(arguments, Mapping) else None
    if not isinstance(meant, str):
        return ""
    return str(resolved({"regionId": meant}, frozenset({"regionId"}), project)[0]["regionId"])


def _failed(name: object, arguments: object, *issues: Issue) -> ToolResult:
    given = dict(arguments) if isinstance(arguments, Mapping) else {}
    errors = [issue.as_dict() for issue in issues]
    return ToolResult(str(name), given, {"success": False, "errors": errors})


def _tripped(region: str) -> Issue:
    return Issue(
        "CIRCUIT_OPEN",
        "regionId",
        f"{BREAKS} failed {FAILURES_ALLOWED} times for region {region[:100]!r} and is no longer tried",
        "go on with something else, or compose the part: stori_generate_midi",
    )
