"""The store: one instance's database and files."""

from lab.workspace.store.store import LOCAL_OWNER, Store, check_name, open_store, required
from lab.workspace.store.tables import Artifact, Clip, Edit, Job, JobEvent, Project, Run, Serving, now

__all__ = [
    "LOCAL_OWNER", "Artifact", "Clip", "Edit", "Job", "JobEvent", "Project", "Run", "Serving", "Store", "check_name",
    "now", "open_store", "required",
]  # fmt: skip
