"""Uploads on their way to a job: files that the page puts where the worker finds them, each person's apart."""

import hashlib
import shutil
import time
import uuid
from pathlib import Path

from lab.atomic import write_bytes
from lab.errors import BadInput
from lab.workspace.people import LOCAL
from lab.workspace.settings import Settings

KEPT_S = 24 * 3600.0


def stage(config: Settings, owner: str, name: str, data: bytes) -> Path:
    """Put an upload where the worker finds it; what anybody put there a day ago goes.

    Args:
        config: of the instance.
        owner: id of whose it is.
        name: as it came; only its last part is used.
        data: its bytes.

    Raises:
        LabError: the disk is full.
    """
    for old in _top(config).glob("*/*"):
        if time.time() - old.stat().st_mtime > KEPT_S:
            shutil.rmtree(old, ignore_errors=True)
    return write_bytes(folder(config, owner) / uuid.uuid4().hex / Path(name).name, data)


def given(config: Settings, owner: str | None, path: str) -> Path:
    """Return a file that a job's arguments name, where its owner may name it.

    That is what they uploaded; for who sits at this computer (or runs the command line, None) any file or folder.

    Raises:
        BadInput: it is not there, or not theirs: both in the same words.
    """
    found = Path(path)
    if owner not in (None, LOCAL.id):
        found = found.resolve()
        if not found.is_relative_to(folder(config, str(owner)).resolve()):
            raise BadInput(f"{found.name} is not there.")
    if not found.exists():
        raise BadInput(f"{found if owner in (None, LOCAL.id) else found.name} is not there.")
    return found


def _top(config: Settings) -> Path:
    return config.home / "incoming"


def folder(config: Settings, owner: str) -> Path:
    """Return where one person's uploads wait."""
    return _top(config) / hashlib.sha256(owner.encode()).hexdigest()[:16]
