"""Artifacts and runs as rows: how they are written and read. Knows no jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from workbench.errors import NotFoundError, RequestError
from workbench.store.tables import artifact_tags, artifacts, runs, value_of
from workbench.store.values import LARGEST_INDEX, Artifact, NewArtifact, Run

_ID_DIGITS = 16  # of a uuid's 32: short enough for a chat model to repeat


def insert_run(
    connection: Connection, kind: str, record: Mapping[str, Any], now: datetime, new_id: UUID
) -> str:
    """Write a run and return its id."""
    values = {"id": str(new_id), "kind": kind, "record": dict(record), "created_at": now}
    connection.execute(runs.insert().values(values))
    return str(new_id)


def read_run(connection: Connection, run_id: str) -> Run:
    """The run of that id. Raises `NotFoundError`."""
    row = connection.execute(select(runs).where(runs.c.id == run_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"no run {run_id!r} is in the store")
    return value_of(row, Run)


def insert_artifacts(
    connection: Connection,
    new: Sequence[NewArtifact],
    run_id: str | None,
    now: datetime,
    new_id: Callable[[], UUID],
) -> list[Artifact]:
    """Write artifacts in their order, with ids and with places in their sets.

    Raises `NotFoundError` for a parent that is not there, `RequestError` for a place that is taken.
    """
    _check_parents(connection, new)
    return [
        _insert(
            connection,
            asdict(artifact)
            | {
                "id": f"artifact_{new_id().hex[:_ID_DIGITS]}",
                "variation_index": index,
                "run_id": run_id,
                "tags": list(dict.fromkeys(artifact.tags)),
                "created_at": now,
            },
        )
        for artifact, index in zip(new, _places(connection, new), strict=True)
    ]


def select_artifacts(*where: ColumnElement[bool], tag: str | None = None) -> Select[Any]:
    """The query for artifacts, newest first."""
    query = select(artifacts).where(*where)
    if tag is None:
        return query.order_by(artifacts.c.number.desc())
    # In the order of the tags' own index, so that a page of a frequent tag needs no sorting.
    return (
        query.join(artifact_tags, artifact_tags.c.artifact_number == artifacts.c.number)
        .where(artifact_tags.c.tag == tag)
        .order_by(artifact_tags.c.artifact_number.desc())
    )


def read_artifacts(connection: Connection, query: Select[Any]) -> list[Artifact]:
    """What the query finds."""
    return [_artifact(row) for row in connection.execute(query)]


def _insert(connection: Connection, values: Mapping[str, Any]) -> Artifact:
    row = connection.execute(artifacts.insert().returning(artifacts), values).one()
    if row.tags:
        tagged = [{"tag": tag, "artifact_number": row.number} for tag in row.tags]
        connection.execute(artifact_tags.insert(), tagged)
    return _artifact(row)


def _artifact(row: Row[Any]) -> Artifact:
    return value_of(row, Artifact, tags=tuple(row.tags))


def _check_parents(connection: Connection, new: Iterable[NewArtifact]) -> None:
    asked = {artifact.parent_id for artifact in new if artifact.parent_id is not None}
    if not asked:
        return
    there = connection.scalars(select(artifacts.c.id).where(artifacts.c.id.in_(asked)))
    if missing := sorted(asked.difference(there)):
        raise NotFoundError(f"no artifact {missing[0]!r} is in the store to be a parent")


def _places(connection: Connection, new: Sequence[NewArtifact]) -> list[int | None]:
    """The index of each in its set: as asked for, else after all others of the set."""
    sets = {artifact.variation_set_id for artifact in new} - {None}
    free = {set_id: _first_free(connection, set_id, new) for set_id in sets}
    places = []
    for artifact in new:
        place, set_id = artifact.variation_index, artifact.variation_set_id
        if set_id is not None and place is None:
            place = free[set_id]
            free[set_id] += 1
        if place is not None and place > LARGEST_INDEX:
            raise RequestError(f"variation set {set_id!r} has no index left after {LARGEST_INDEX}")
        places.append(place)
    return places


def _first_free(connection: Connection, set_id: str | None, new: Iterable[NewArtifact]) -> int:
    """The index after the set's last, those asked for counted. Raises `RequestError` for one taken."""
    index = artifacts.c.variation_index
    of_set = artifacts.c.variation_set_id == set_id
    asked = [
        artifact.variation_index
        for artifact in new
        if artifact.variation_set_id == set_id and artifact.variation_index is not None
    ]
    taken = [place for place in asked if asked.count(place) > 1]
    if asked:
        taken += connection.scalars(select(index).where(of_set, index.in_(asked)).limit(1))
    if taken:
        raise RequestError(
            f"variation set {set_id!r} has an artifact at index {taken[0]}; "
            "choose another index, or leave it out for the next free one"
        )
    last = connection.scalar(select(func.max(index)).where(of_set))
    return max([-1 if last is None else last, *asked]) + 1
