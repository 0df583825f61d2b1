"""Sounds into projects, and out of them as data sets."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.errors import BadInput, LabError
from lab.progress import OnProgress, ignore
from lab.sound import datasets, facts
from lab.sound.datasets import Dataset, Item
from lab.sound.files import read_clip, wav_bytes
from lab.study import portable
from lab.workspace.store import LOCAL_OWNER, Clip, Store, open_store

READERS = 2
AHEAD = 6
"""Sounds that are read before they are due; one may be ten minutes long."""


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
    outcome = Outcome()
    for path in paths:
        with datasets.opened(path, label) as items:
            named = ((item.source.name if isinstance(item.source, Path) else path.name, item) for item in items)
            for index, (name, item, ready) in enumerate(read_ahead(named)):
                on_progress(index, len(items), name)
                outcome.add(store, project_id, item, name, ready)
    return outcome.told(store, project_id)


@dataclass(frozen=True, slots=True)
class Ready:
    """A sound as a project keeps it: its WAV file, what is measured once, and what was converted."""

    wav: bytes
    label: str
    seconds: float
    peak: float
    clipped: int
    notes: list[str]


def read_ahead(named: Iterable[tuple[str, Item]]) -> Iterator[tuple[str, Item, Future[Ready]]]:
    """Yield named items in their order while the next few are read and resampled: the disk need not wait for that."""
    pool, waiting = ThreadPoolExecutor(READERS), deque[tuple[str, Item, Future[Ready]]]()
    try:
        for name, item in named:
            waiting.append((name, item, pool.submit(_read, item)))
            if len(waiting) > AHEAD:
                yield waiting.popleft()
        yield from waiting
    finally:
        pool.shutdown(cancel_futures=True)


def _read(item: Item) -> Ready:
    clip, notes = read_clip(item.source, item.label, item.recording_id)
    samples = clip.samples
    return Ready(wav_bytes(clip), clip.label, clip.seconds, facts.peak(samples), facts.clipped(samples), notes)


@dataclass(slots=True)
class Outcome:
    """What became of sounds that were added one after another.

    Attributes:
        added: how many are new in the project.
        already: how many were in it.
        notes: what was converted, a line each.
        refused: those that cannot be used, each with `file` and `reason`.
    """

    added: int = 0
    already: int = 0
    notes: list[str] = field(default_factory=list)
    refused: list[dict[str, str]] = field(default_factory=list)

    def add(self, store: Store, project_id: int, item: Item, name: str, ready: Future[Ready]) -> None:
        """Add one to a project once it has been read, or note why not.

        Raises:
            LabError: the disk is full; what was added before stays.
        """
        try:
            sound = ready.result()
        except BadInput as error:
            self.refused.append({"file": name, "reason": str(error)})
            return
        _, is_new = store.add_clip(
            project_id, sound.wav, name, sound.label, item.recording_id, sound.seconds, sound.peak,
            source=item.origin, licence=item.licence, notes=sound.notes, clipped=sound.clipped, fold=item.fold,
            segments=[each.to_json() for each in item.segments],
        )  # fmt: skip
        self.added, self.already = self.added + is_new, self.already + (not is_new)
        self.notes += [f"{name}: {note}" for note in sound.notes]

    def told(self, store: Store, project_id: int) -> dict[str, Any]:
        """Return it as plain data, with the project's labels.

        Raises:
            BadInput: every one was refused; says why the first was.
        """
        if self.refused and not self.added and not self.already:
            raise BadInput(self.refused[0]["reason"])
        counts = store.labels(project_id)
        return {"added": self.added, "already": self.already, "refused": self.refused, "notes": self.notes,
                "labels": counts}  # fmt: skip


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
