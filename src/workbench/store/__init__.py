"""What lasts: content by its hash, and jobs, artifacts and runs that several processes share."""

from workbench.store.blobs import BlobInfo, Blobs, hash_of
from workbench.store.owners import owner_alive, owner_name
from workbench.store.store import Store
from workbench.store.values import Artifact, Job, JobState, NewArtifact, Run

__all__ = [
    "Artifact",
    "BlobInfo",
    "Blobs",
    "Job",
    "JobState",
    "NewArtifact",
    "Run",
    "Store",
    "hash_of",
    "owner_alive",
    "owner_name",
]
