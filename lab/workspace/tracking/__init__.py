"""Finished runs in MLflow: the team's, or one below LAB_HOME. Only `python -m lab track` imports MLflow."""

from lab.workspace.tracking.sender import Sender
from lab.workspace.tracking.sent import send, tracking_uri

__all__ = ["Sender", "send", "tracking_uri"]
