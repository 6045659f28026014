"""Proposals to one studio from their making to their end: accepted, discarded, failed or expired."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Literal

from workbench.daw.project import Project, Region
from workbench.daw.studio import Studio
from workbench.daw.variations import Phrase, Variation, commit, diff
from workbench.errors import ConflictError, NotFoundError

EXPIRY_S = 3600.0
LABEL_CHARACTERS = 50

Status = Literal["CREATED", "STREAMING", "READY", "COMMITTED", "DISCARDED", "FAILED", "EXPIRED"]
NEXT: dict[Status, tuple[Status, ...]] = {
    "CREATED": ("STREAMING", "DISCARDED", "FAILED", "EXPIRED"),
    "STREAMING": ("READY", "DISCARDED", "FAILED", "EXPIRED"),
    "READY": ("COMMITTED", "DISCARDED", "FAILED", "EXPIRED"),
    "COMMITTED": (),
    "DISCARDED": (),
    "FAILED": (),
    "EXPIRED": (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One proposal as it stands. Base and variation are there as long as it can be accepted."""

    id: str
    intent: str
    base_version: int
    made_at_s: float
    status: Status = "CREATED"
    base: Project | None = None
    variation: Variation | None = None
    error: str | None = None

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        return () if self.variation is None else self.variation.phrases


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """What accepting came to: the regions that changed, whole."""

    version: int
    applied: tuple[str, ...]
    label: str
    regions: tuple[tuple[str, Region], ...]
    """Track ids and regions."""

    def as_dict(self) -> dict[str, Any]:
        """As it travels."""
        return {
            "newStateId": str(self.version),
            "appliedPhraseIds": list(self.applied),
            "undoLabel": self.label,
            "updatedRegions": [
                {"regionId": region.id, "trackId": track_id, **_content(region)}
                for track_id, region in self.regions
            ],
        }


class Proposals:
    """The proposals to a studio. Times are seconds of any one clock, handed in with each call."""

    def __init__(self, studio: Studio, *, expiry_s: float = EXPIRY_S) -> None:
        self.studio, self.expiry_s = studio, expiry_s
        self._all: dict[str, Proposal] = {}

    def begin(
        self, proposal_id: str, intent: str, *, now_s: float, base_version: int | None = None
    ) -> Proposal:
        """A new proposal to the song as it is. Raises `ConflictError` when that is not `base_version`."""
        self.expire(now_s)
        if proposal_id in self._all:
            raise ConflictError(f"there is a variation {proposal_id} already; give another id")
        self._same_base(self.studio.version if base_version is None else base_version)
        proposal = Proposal(
            id=proposal_id,
            intent=intent,
            base_version=self.studio.version,
            made_at_s=now_s,
            base=self.studio.project,
        )
        self._all[proposal_id] = proposal
        return proposal

    def get(self, proposal_id: str, *, now_s: float) -> Proposal:
        """Raises `NotFoundError`."""
        self.expire(now_s)
        if proposal_id not in self._all:
            raise NotFoundError(f"no variation {proposal_id!r}; propose one first")
        return self._all[proposal_id]

    def stream(self, proposal_id: str, *, now_s: float) -> Proposal:
        """Say that composing has begun."""
        return self._move(self.get(proposal_id, now_s=now_s), "STREAMING")

    def ready(
        self,
        proposal_id: str,
        proposed: Project,
        *,
        now_s: float,
        explanation: str | None = None,
    ) -> Proposal:
        """Say what is proposed."""
        proposal = self.get(proposal_id, now_s=now_s)
        moved = self._move(proposal, "READY")
        assert proposal.base is not None
        variation = diff(
            proposal.base,
            proposed,
            variation_id=proposal.id,
            intent=proposal.intent,
            explanation=explanation,
        )
        self._all[proposal_id] = replace(moved, variation=variation)
        return self._all[proposal_id]

    def fail(self, proposal_id: str, error: str, *, now_s: float) -> Proposal:
        """Say that nothing came of it, and why."""
        return self._move(self.get(proposal_id, now_s=now_s), "FAILED", error)

    def discard(self, proposal_id: str, *, now_s: float) -> None:
        """End a proposal; nothing of it is kept. Once more does no harm, nor does an unknown id."""
        self.expire(now_s)
        proposal = self._all.get(proposal_id)
        if proposal is not None and proposal.status != "DISCARDED":
            self._move(proposal, "DISCARDED")

    def commit(
        self,
        proposal_id: str,
        accepted: Collection[str],
        *,
        now_s: float,
        base_version: int | None = None,
    ) -> Committed:
        """Accept phrases, as one step to undo.

        Raises `NotFoundError`, `ConflictError` (not ready, over already, or the song has changed),
        `RequestError` (phrases it does not have); the proposal stays ready then.
        """
        proposal = self.get(proposal_id, now_s=now_s)
        variation = proposal.variation
        if proposal.status != "READY" or variation is None:
            raise ConflictError(f"variation {proposal_id} is {proposal.status}, not READY")
        self._same_base(proposal.base_version)
        if base_version is not None:
            self._same_base(base_version)
        before = self.studio.project
        after = commit(before, variation, accepted)
        label = f"Accept Variation: {proposal.intent[:LABEL_CHARACTERS]}"
        self.studio.put(after, label, expected=before)
        self._move(proposal, "COMMITTED")
        touched = [
            (track.id, region)
            for track in after.tracks
            for region in track.regions
            if before.region(region.id) is not region and before.region(region.id) != region
        ]
        applied = tuple(phrase.id for phrase in variation.phrases if phrase.id in accepted)
        return Committed(
            version=self.studio.version, applied=applied, label=label, regions=tuple(touched)
        )

    def expire(self, now_s: float) -> None:
        """End what has waited too long."""
        for proposal in tuple(self._all.values()):
            if NEXT[proposal.status] and now_s - proposal.made_at_s >= self.expiry_s:
                self._move(proposal, "EXPIRED")

    def _move(self, proposal: Proposal, status: Status, error: str | None = None) -> Proposal:
        if status not in NEXT[proposal.status]:
            raise ConflictError(
                f"variation {proposal.id} is {proposal.status} and cannot become {status}"
            )
        moved = replace(proposal, status=status, error=error)
        if not NEXT[status]:  # over: nothing of it is kept but that
            moved = replace(moved, base=None, variation=None)
        self._all[proposal.id] = moved
        return moved

    def _same_base(self, version: int) -> None:
        if version != self.studio.version:
            raise ConflictError(
                f"the song has changed: it is at state {self.studio.version}, not {version}; read it "
                "again and propose anew"
            )


def _content(region: Region) -> dict[str, Any]:
    told = region.as_dict()
    del told["id"]
    return told
