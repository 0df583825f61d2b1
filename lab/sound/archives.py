"""Reading a published data set out of its archive, clip by clip: nothing is unpacked to disk.

Names inside an archive only tell label and recording; they are never paths of this machine.
"""

import hashlib
import tarfile
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lab.errors import BadInput
from lab.progress import OnProgress, ignore
from lab.sound.datasets import Item
from lab.sound.layouts import esc50_rows, recording_of, speech_licence
from lab.sound.published import Choice, Published

MOST_CLIP_BYTES = 8 * 2**20
MOST_ENTRIES = 200_000
MOST_TOTAL_BYTES = 8 * 2**30
TOLD_EACH = 2_000
ESC50_CLIPS = 2_000
COMMIT_CHARS = 40


@dataclass(frozen=True, slots=True)
class Member:
    """A clip in an archive: the name of its entry, and what is known of it."""

    entry: str
    label: str
    recording_id: str
    licence: str
    fold: int = 0

    @property
    def name(self) -> str:
        """Return its file's name; words get theirs in front, as speakers repeat."""
        file = PurePosixPath(self.entry).name
        return file if self.fold else f"{self.label} {file}"

    def item(self, data: bytes, origin: str) -> Item:
        """Return it with its bytes, as a project takes it in."""
        return Item(data, self.label, self.recording_id, self.fold, self.licence, origin)


def check(path: Path, published: Published) -> None:
    """See that an archive without a published checksum is whole and holds what its authors say.

    Raises:
        BadInput: it is not, or does not.
    """
    if published.sha256:
        return
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_TOTAL_BYTES:
                raise BadInput(f"{published.name}'s archive holds more than it should; it was deleted.")
            damaged = archive.testzip()  # reads all of it, and compares every file's CRC
            found = _esc50(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise BadInput(f"What came is not {published.name}'s whole archive; it was deleted. Try again.") from error
    labels = {member.label for member in found}
    if damaged or len(found) != ESC50_CLIPS or labels != set(published.labels):
        raise BadInput(
            f"What came is not {published.name} as it was published: {len(found)} clips of {len(labels)} kinds, "
            f"{'one of them damaged' if damaged else 'where 2000 of 50 are due'}; it was deleted."
        )


def members(path: Path, published: Published, on_progress: OnProgress = ignore) -> list[Member]:
    """Return the clips of an archive.

    Raises:
        BadInput: it cannot be read.
    """
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return _esc50(archive)
    found = []
    for number, (_, entry) in enumerate(_tar(path, published)):
        if number % TOLD_EACH == 0:
            on_progress(0, 0, f"{published.name}: looking through the archive, {number:,} files so far")
        if member := _word(entry.name, published):
            found.append(member)
    return found


def choose(found: Iterable[Member], choice: Choice) -> list[Member]:
    """Return what a choice leaves: of each label the same clips each time, of as many recordings as there are."""
    by_label: dict[str, list[Member]] = defaultdict(list)
    for member in found:
        if not choice.labels or member.label in choice.labels:
            by_label[member.label].append(member)
    return [member for label in sorted(by_label) for member in _some(by_label[label], choice.most)]


def _some(found: list[Member], most: int) -> list[Member]:
    """Take one clip of each recording, in an order drawn from names, then a second of each, up to `most`."""
    if not most or len(found) <= most:
        return found
    by_recording: dict[str, list[Member]] = defaultdict(list)
    for member in sorted(found, key=lambda each: hashlib.sha256(each.entry.encode()).digest()):
        by_recording[member.recording_id].append(member)
    turns = [(turn, place, each) for place, group in enumerate(by_recording.values())
             for turn, each in enumerate(group)]  # fmt: skip
    return [each for _, _, each in sorted(turns, key=lambda row: row[:2])][:most]


def read(path: Path, published: Published, chosen: Sequence[Member]) -> Iterator[tuple[Member, bytes]]:
    """Yield chosen clips with their bytes, in the archive's order.

    Raises:
        BadInput: the archive cannot be read, or a clip is far too long.
    """
    return (_read_zip if path.suffix == ".zip" else _read_tar)(path, published, chosen)


def _read_zip(path: Path, published: Published, chosen: Sequence[Member]) -> Iterator[tuple[Member, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for member in chosen:
            if archive.getinfo(member.entry).file_size > MOST_CLIP_BYTES:
                raise BadInput(f"{member.name} is too long for a clip of {published.name}.")
            yield member, archive.read(member.entry)


def _read_tar(path: Path, published: Published, chosen: Sequence[Member]) -> Iterator[tuple[Member, bytes]]:
    wanted = {member.entry: member for member in chosen}
    for archive, info in _tar(path, published):
        if member := wanted.get(info.name):
            file = archive.extractfile(info) if info.size <= MOST_CLIP_BYTES else None
            if file is None:
                raise BadInput(f"{member.name} is too long for a clip of {published.name}.")
            yield member, file.read()


def origin(path: Path, published: Published) -> str:
    """Return the source to note with each clip: the data set, and the commit that GitHub writes into its archives."""
    if path.suffix != ".zip":
        return f"{published.name} 0.02"
    with zipfile.ZipFile(path) as archive:
        commit = archive.comment.decode("ascii", "replace")
    is_commit = len(commit) == COMMIT_CHARS and not set(commit) - set("0123456789abcdef")
    return f"{published.name} {commit[:8]}" if is_commit else published.name


def _esc50(archive: zipfile.ZipFile) -> list[Member]:
    names = set(archive.namelist())
    tables = sorted(name for name in names if name.endswith("meta/esc50.csv"))
    if not tables:
        raise BadInput("The archive has no table meta/esc50.csv, so it is not ESC-50.")
    if archive.getinfo(tables[0]).file_size > MOST_CLIP_BYTES:
        raise BadInput("The archive's table is far too long, so it is not ESC-50.")
    root = tables[0].removesuffix("meta/esc50.csv")
    rows = esc50_rows(archive.read(tables[0]), "esc50.csv", lambda name: f"{root}audio/{name}" in names)
    return [Member(f"{root}audio/{row.filename}", row.label, row.recording_id, row.licence, row.fold) for row in rows]


def _word(entry: str, published: Published) -> Member | None:
    path = PurePosixPath(entry)
    label, licence = path.parent.name, speech_licence(path.stem)
    if not licence or label not in published.labels or path.suffix != ".wav":
        return None
    return Member(entry, label, recording_of(path.stem) or path.stem, licence)


def _tar(path: Path, published: Published) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """Yield the plain files of a packed tar archive as they come; each can be read until the next is asked for."""
    try:
        with tarfile.open(path, "r|gz") as archive:
            for number, info in enumerate(archive):
                if number > MOST_ENTRIES:
                    raise BadInput(f"{published.name}'s archive holds more files than it should.")
                archive.members = []  # type: ignore[attr-defined]  # else it remembers every one
                if info.isfile():
                    yield archive, info
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise BadInput(f"{published.name}'s archive cannot be read; delete it and download it again.") from error
