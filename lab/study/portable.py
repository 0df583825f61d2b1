"""A project as one zip, and back: the same audio bytes, labels, licences, segments, split and augmentation.

The zip holds `project.json` and `audio/SHA256.wav`. It comes in whole or not
at all: everything is checked first, the files go in under the names of their
content, and the rows follow in one transaction.
"""

import json
import zipfile
from pathlib import Path
from typing import Any

from lab.atomic import written
from lab.errors import BadInput, LabError
from lab.progress import OnProgress, ignore
from lab.sound import facts
from lab.sound.augment import Augmentation
from lab.sound.files import read_clip, wav_bytes
from lab.sound.labels import check_label
from lab.sound.segments import MAX_SEGMENTS, Segment
from lab.sound.zips import unzipped
from lab.study import augmentation
from lab.study.versions import version
from lab.workspace.store import LOCAL_OWNER, Clip, Project, Store, check_name, required

SCHEMA = 1
CARD = "project.json"
MAX_CARD_BYTES = 64 * 2**20
MAX_FOLD, MAX_NOTES = 1_000, 100
TEXTS = {"name": 300, "label": 100, "recording": 300, "source": 300, "licence": 200}
_EPOCH = (1980, 1, 1, 0, 0, 0)


def export(store: Store, project_id: int, out: Path, on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Write a project's clips as a zip; equal projects give equal files.

    Returns:
        The object that `python -m lab project export --json` prints.

    Raises:
        LabError: the disk is full, or a clip's file is damaged; no half zip stays.
    """
    with store.session() as session:
        project = required(session.get(Project, project_id))
    clips = store.clips(project_id)
    named = version(store, project_id).sha256
    card = {"schema": SCHEMA, "name": project.name, "dataset": named, "clips": [_described(clip) for clip in clips]}
    if (recipe := augmentation.saved(store, project_id)) is not None:
        card["augment"] = recipe.to_json()
    with written(out) as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo(CARD, _EPOCH), json.dumps(card, indent=1, ensure_ascii=False))
        for place, clip in enumerate(clips):
            on_progress(place, len(clips), clip.name)
            archive.writestr(zipfile.ZipInfo(_audio(clip.sha256), _EPOCH), store.read_artifact(clip.sha256))
    return {"project": project.name, "out": str(out), "clips": len(clips), "dataset": named}


def bring_in(
    store: Store, path: Path, owner: str = LOCAL_OWNER, name: str | None = None, on_progress: OnProgress = ignore
) -> dict[str, Any]:
    """Make a new project of a zip that `export` wrote.

    Args:
        store: where.
        path: the zip.
        owner: whose the project will be.
        name: of the new project; by default its old one, with a number where that is taken.
        on_progress: called for each clip.

    Returns:
        The object that `python -m lab project import --json` prints.

    Raises:
        BadInput: not such a zip, changed on the way, or a name that is taken. Nothing was added.
        LabError: the disk is full. Nothing was added.
    """
    with unzipped(path) as folder:
        card = _card(folder)
        clips = [_checked(row, folder) for row in card["clips"]]
        if len({clip["sha256"] for clip in clips}) < len(clips):
            raise BadInput("The project names one sound twice; nothing was added.")
        recipe = _recipe(card)
        chosen = _free_name(store, owner, check_name(name or card["name"]), given=name is not None)
        store.room_for(sum((folder / _audio(clip["sha256"])).stat().st_size for clip in clips))
        for place, clip in enumerate(clips):
            on_progress(place, len(clips), clip["name"])
            store.put_artifact("wav", clip["name"], (folder / _audio(clip["sha256"])).read_bytes())
    with store.session() as session:
        session.add(project := Project(name=chosen, owner=owner))
        session.flush()
        session.add_all(Clip(project_id=project.id, **clip) for clip in clips)
        if recipe is not None:
            session.add(augmentation.run_of(project.id, recipe))
    got = version(store, project.id).sha256
    if got != card["dataset"]:
        store.delete_project(project.id)
        raise BadInput("The project's labels or recordings are not those that its version names; nothing was added.")
    return {"project": chosen, "project_id": project.id, "clips": len(clips), "dataset": got}


def _audio(sha256: str) -> str:
    return f"audio/{sha256}.wav"


def _described(clip: Clip) -> dict[str, Any]:
    return {
        "sha256": clip.sha256, "name": clip.name, "label": clip.label, "recording": clip.recording_id,
        "source": clip.source, "licence": clip.licence, "notes": clip.notes, "fold": clip.fold,
        "segments": clip.segments,
    }  # fmt: skip


def _card(folder: Path) -> dict[str, Any]:
    path = folder / CARD
    if not path.is_file() or path.stat().st_size > MAX_CARD_BYTES:
        raise BadInput(
            f"This zip is no exported project: it has no {CARD}. A zip of sounds is added on the Sounds page."
        )
    try:
        card = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise BadInput(f"The project's {CARD} cannot be read; export it again.") from error
    if not isinstance(card, dict) or card.get("schema") != SCHEMA:
        raise BadInput(f"The project's schema is not {SCHEMA}; export it again, or update the lab.")
    if not (_text(card.get("name")) and _text(card.get("dataset")) and isinstance(card.get("clips"), list)):
        raise BadInput(f"The project's {CARD} lacks its name, its version or its clips; export it again.")
    return card


def _recipe(card: dict[str, Any]) -> Augmentation | None:
    try:
        return Augmentation.from_json(card["augment"]) if "augment" in card else None
    except BadInput as error:
        raise BadInput(f"The project's augmentation cannot be used: {error} Nothing was added.") from error


def _text(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value and value.encode("utf-8", "replace").decode() == value


def _checked(row: Any, folder: Path) -> dict[str, Any]:
    """Return a clip's fields for the store, once row and file are what they should be."""
    if not isinstance(row, dict) or not all(_text(row.get(key)) for key in ("sha256", *TEXTS)):
        raise BadInput("A clip of the project is not described in text; nothing was added.")
    name, sha256 = row["name"], row["sha256"]
    if any(len(row[key]) > longest for key, longest in TEXTS.items()) or (
        row["label"] and check_label(row["label"]) != row["label"]
    ):
        raise BadInput(f"{name[:60]!a} has a name, label or licence that cannot be kept; nothing was added.")
    notes, segments, fold = row.get("notes"), row.get("segments"), row.get("fold")
    if not (isinstance(notes, list) and len(notes) <= MAX_NOTES and all(map(_text, notes))):
        raise BadInput(f"{name!a} has notes that cannot be read; nothing was added.")
    if type(fold) is not int or not 0 <= fold <= MAX_FOLD:
        raise BadInput(f"{name!a} has the fold {fold!r:.20}; a number from 0 to {MAX_FOLD} is needed.")
    path = folder / _audio(sha256)
    if len(sha256) != 64 or set(sha256) - set("0123456789abcdef") or not path.is_file():
        raise BadInput(f"The sound of {name!a} is not in the zip; nothing was added.")
    return {
        "name": name, "label": row["label"], "recording_id": row["recording"], "source": row["source"],
        "licence": row["licence"], "notes": notes, "fold": fold, "sha256": sha256, **_measured(path, name, sha256),
        "segments": _segments(segments, name),
    }  # fmt: skip


def _measured(path: Path, name: str, sha256: str) -> dict[str, Any]:
    import hashlib

    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BadInput(f"The sound of {name!a} was changed or damaged; nothing was added.")
    clip, _ = read_clip(data)
    if wav_bytes(clip) != data:
        raise BadInput(f"The sound of {name!a} is not 16-bit mono at 16 kHz; nothing was added.")
    return {"seconds": clip.seconds, "peak": facts.peak(clip.samples), "clipped": facts.clipped(clip.samples)}


def _segments(given: Any, name: str) -> list[dict[str, Any]]:
    if not isinstance(given, list) or len(given) > MAX_SEGMENTS:
        raise BadInput(f"{name!a} has segments that cannot be read; nothing was added.")
    return [Segment.from_json(each).to_json() for each in given]


def _free_name(store: Store, owner: str, name: str, given: bool) -> str:
    if store.find_project(name, owner) is None:
        return name
    if given:
        raise BadInput(f"There is a project {name!r} already; choose another name.")
    for number in range(2, 1_000):
        if store.find_project(check_name(f"{name} ({number})"), owner) is None:
            return f"{name} ({number})"
    raise LabError(f"There are a thousand projects named {name!r}; give another name.")
