"""What the pages are made of. Pages say what; these modules say how."""

from pages.ui.detectors import card as detector_card
from pages.ui.flow import navigation
from pages.ui.frame import empty, frame, header, safety
from pages.ui.parts import shows_errors
from pages.ui.session import current_project, owner, pick_project, require_login, store
from pages.ui.work import job_panel, latest_job, submit

__all__ = [
    "current_project", "detector_card", "empty", "frame", "header", "job_panel", "latest_job",
    "navigation", "owner", "pick_project", "require_login", "safety", "shows_errors", "store", "submit",
]  # fmt: skip
