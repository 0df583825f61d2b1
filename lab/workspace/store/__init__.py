"""The store: one instance's database and files."""

from lab.workspace.store.guard import EVERYBODY, ROLES, NotAllowed
from lab.workspace.store.personal import PersonStore, store_of
from lab.workspace.store.store import LOCAL_OWNER, Store, check_name, open_store, required
from lab.workspace.store.tables import Artifact, Clip, Edit, Job, JobEvent, Project, Run, Serving, now

__all__ = [
    "EVERYBODY", "LOCAL_OWNER", "ROLES", "Artifact", "Clip", "Edit", "Job", "JobEvent", "NotAllowed", "PersonStore",
    "Project", "Run", "Serving", "Store", "check_name", "now", "open_store", "required", "store_of",
]  # fmt: skip
