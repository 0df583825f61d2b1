"""Sounds into projects, and out of them as data sets."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.errors import BadInput, LabError
from lab.progress import OnProgress, ignore
from lab.sound import datasets, facts
from lab.sound.datasets import Dataset, Item
from lab.sound.files import read_clip, wav_bytes
from lab.study import portable
from lab.workspace.store import LOCAL_OWNER, Clip, Store, open_store


def add(
    project: str, paths: Sequence[Path], label: str | None = None, on_progress: OnProgress = ignore
) -> dict[str, Any]:
    """Add files, folders, zips or an ESC-50 layout to a project, made if absent.

    A file that cannot be used is named in `refused` and the others go in.

    Returns:
        The object that `python -m lab data add --json` prints.

    Raises:
        BadInput: nothing could be added; says why.
        LabError: the disk is full; what was added before stays.
    """
    store = open_store()
    for path in paths:
        if not path.exists():
            raise BadInput(f"{path} is not there.")
    return add_to(store, store.project(project).id, paths, label, on_progress)


def add_to(
    store: Store, project_id: int, paths: Sequence[Path], label: str | None = None, on_progress: OnProgress = ignore
) -> dict[str, Any]:
    """Add sounds to a project by its number; as `add`."""
    added, already, notes, refused = 0, 0, [], []
    for path in paths:
        with datasets.opened(path, label) as items:
            for index, item in enumerate(items):
                name = item.source.name if isinstance(item.source, Path) else path.name
                on_progress(index, len(items), name)
                try:
                    is_new, said = _add_item(store, project_id, item, name)
                except BadInput as error:
                    refused.append({"file": name, "reason": str(error)})
                    continue
                added, already = added + is_new, already + (not is_new)
                notes += [f"{name}: {note}" for note in said]
    if refused and not added and not already:
        raise BadInput(refused[0]["reason"])
    counts = store.labels(project_id)
    return {"added": added, "already": already, "refused": refused, "notes": notes, "labels": counts}


def _add_item(store: Store, project_id: int, item: Item, name: str) -> tuple[bool, list[str]]:
    clip, notes = read_clip(item.source, item.label, item.recording_id)
    _, is_new = store.add_clip(
        project_id, wav_bytes(clip), name, clip.label, clip.recording_id, clip.seconds, facts.peak(clip.samples),
        licence=item.licence, notes=notes, clipped=facts.clipped(clip.samples), fold=item.fold,
    )  # fmt: skip
    return is_new, notes


def listing(project: str) -> dict[str, Any]:
    """Return a project's clips.

    Raises:
        BadInput: there is no project of that name.
    """
    store = open_store()
    clips = store.clips(_project_id(store, project))
    return {
        "project": project,
        "clips": [
            {"id": clip.id, "name": clip.name, "label": clip.label, "seconds": round(clip.seconds, 3),
             "recording": clip.recording_id, "peak": round(clip.peak, 4)}
            for clip in clips
        ],
    }  # fmt: skip


def export(project: str, out: Path, on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Write a project as one zip; the CLI's `project export`."""
    store = open_store()
    return portable.export(store, _project_id(store, project), out, on_progress)


def bring_in(path: Path, name: str | None, on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Make a new project of an exported zip; the CLI's `project import`."""
    if not path.exists():
        raise BadInput(f"{path} is not there.")
    return portable.bring_in(open_store(), path, LOCAL_OWNER, name, on_progress)


def _project_id(store: Store, name: str) -> int:
    found = store.find_project(name, LOCAL_OWNER)
    if found is None:
        raise BadInput(f"There is no project {name!r}; add sounds with `data add`.")
    return found.id


@contextmanager
def data_named(data: str, seed: int = 0) -> Iterator[Dataset]:
    """Open a folder or zip, or else a project, as a data set split by recording.

    Raises:
        BadInput: neither is there, or it holds no usable sound.
    """
    if Path(data).exists():
        with datasets.opened(Path(data)) as items:
            yield datasets.split(items, seed)
    else:
        store = open_store()
        yield project_dataset(store, _project_id(store, data), seed)


def project_dataset(store: Store, project_id: int, seed: int = 0) -> Dataset:
    """Return a project's clips as a data set split by recording; clips without a label are left out.

    Raises:
        BadInput: the project has no labelled clips.
    """
    items = [item_of(store, clip) for clip in store.clips(project_id) if clip.label]
    if not items:
        raise BadInput("This project has no labelled sounds yet; add some first.")
    return datasets.split(items, seed)


def item_of(store: Store, clip: Clip) -> Item:
    """Return a project's clip as an item whose samples can be read."""
    return Item(_source(store, clip.sha256), clip.label, clip.recording_id, clip.fold, clip.licence)


def _source(store: Store, sha256: str) -> Path | bytes:
    """Return the file itself where the store is a folder of this machine, else its bytes."""
    path = store.files.local_path(sha256)
    if path is None:
        return store.read_artifact(sha256)
    if not path.exists():
        raise LabError(f"The file {sha256[:12]}… is gone from the store.")
    return path
