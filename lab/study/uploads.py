"""One uploaded sound into a project: what the Sounds page does with each file it is given."""

from lab.sound import facts
from lab.sound.clip import Clip
from lab.sound.files import read_clip, wav_bytes
from lab.workspace.store import Store

UPLOADED = "uploaded"


def take_in(store: Store, project_id: int, name: str, data: bytes, label: str) -> tuple[bool, list[str]]:
    """Read an uploaded sound file and add it.

    Args:
        store, project_id: where.
        name: what the browser says the file is called; only ever shown, never a path.
        data: its bytes.
        label: what is heard; empty where nobody has said.

    Returns:
        Whether it is new in the project, and notes on what was converted.

    Raises:
        BadInput: it cannot be used; nothing was added.
        LabError: the disk is full; nothing was added.
    """
    clip, notes = read_clip(data, label, name)
    return keep(store, project_id, name, clip, UPLOADED, "", notes), notes


def keep(store: Store, project_id: int, name: str, clip: Clip, source: str, licence: str, notes: list[str]) -> bool:
    """Add a clip to a project; return whether it is new there."""
    return store.add_clip(
        project_id, wav_bytes(clip), name, clip.label, clip.recording_id, clip.seconds, facts.peak(clip.samples),
        source=source, licence=licence, notes=notes, clipped=facts.clipped(clip.samples),
    )[1]  # fmt: skip
