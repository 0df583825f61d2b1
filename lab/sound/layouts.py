"""The layouts in which people keep labelled sound."""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab.errors import BadInput
from lab.sound.clip import Clip
from lab.sound.files import SUFFIXES, read_clip
from lab.sound.labels import check_label
from lab.sound.segments import Segment

ESC50_FILE = "esc50.csv"
ESC50_COLUMNS = ("filename", "fold", "category")
BACKGROUND_FOLDERS = ("_background_noise_", "background_noise")
_SPEAKER = re.compile(r"^([0-9a-f]{6,40})_nohash_\d+$")


@dataclass(frozen=True, slots=True)
class Found:
    """A sound file and what its place says about it.

    Attributes:
        path: where it lies.
        label: empty where nothing says.
        recording_id: files that share it are never split.
        fold: from 1; 0 for none.
        licence: what the layout is known to be under; empty where nothing says.
        origin: the data set or program that it comes from; empty where nothing says.
        unlabelled: whether its layout leaves it without a label on purpose.
        segments: where in it what is heard, if the layout says so.
    """

    path: Path
    label: str
    recording_id: str
    fold: int = 0
    licence: str = ""
    origin: str = ""
    unlabelled: bool = False
    segments: tuple[Segment, ...] = ()


def is_file(path: Path) -> bool:
    """Whether there is such a file; a name that no file can have names none."""
    try:
        return path.is_file()
    except OSError:
        return False


def find_esc50(folder: Path) -> Path | None:
    """Return the table of an ESC-50 layout: esc50.csv, or meta/esc50.csv, at most one folder down."""
    for pattern in (ESC50_FILE, f"meta/{ESC50_FILE}", f"*/{ESC50_FILE}", f"*/meta/{ESC50_FILE}"):
        found = sorted(folder.glob(pattern))
        if found:
            return found[0]
    return None


def esc50_table(table: Path) -> list[Found]:
    """Read an ESC-50 table; the sounds lie in `audio` beside it or beside its folder.

    Raises:
        BadInput: as `esc50_rows`.
    """
    root = table.parent.parent if table.parent.name == "meta" else table.parent
    try:
        data = table.read_bytes()
    except OSError as error:
        raise BadInput(f"{table.name} is not a CSV file that can be read.") from error
    rows = esc50_rows(data, table.name, lambda filename: is_file(root / "audio" / filename))
    return [Found(root / "audio" / row.filename, row.label, row.recording_id, row.fold, row.licence) for row in rows]


@dataclass(frozen=True, slots=True)
class Esc50Row:
    """A row of ESC-50's table; the recording is the Freesound clip that the file was cut from."""

    filename: str
    label: str
    recording_id: str
    fold: int
    licence: str


def esc50_rows(data: bytes, table: str, has: Callable[[str], bool]) -> list[Esc50Row]:
    """Read the rows of an ESC-50 table.

    Args:
        data: the table's bytes.
        table: its name, for errors.
        has: whether a file is there.

    Raises:
        BadInput: a missing column, a fold that is no number, or a file that is not there.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{table} is not a CSV file that can be read.") from error
    missing = [column for column in ESC50_COLUMNS if rows and column not in rows[0]]
    if missing or not rows:
        raise BadInput(f"{table} needs rows with the columns {', '.join(ESC50_COLUMNS)}.")
    return [_esc50_row(row, table, has) for row in rows]


def _esc50_row(row: dict[str, str], table: str, has: Callable[[str], bool]) -> Esc50Row:
    filename = row["filename"] or ""
    if Path(filename).name != filename or not has(filename):
        raise BadInput(f"{table} names {filename!a}, which is not in its audio folder.")
    try:
        fold = int(row["fold"])
    except (TypeError, ValueError) as error:
        raise BadInput(f"{table} gives {filename} the fold {row['fold']!r}; a number is needed.") from error
    recording = row.get("src_file") or Path(filename).stem
    return Esc50Row(filename, check_label(row["category"] or ""), recording, fold, _esc50_licence(row))


def _esc50_licence(row: dict[str, str]) -> str:
    """Return the licence of a row. Source: ESC-50's README; its ten-class subset is free for commercial use."""
    if "esc10" not in row:
        return ""
    return "ESC-10: CC BY" if row["esc10"] == "True" else "ESC-50: CC BY-NC"


def sound_files(folder: Path) -> list[Path]:
    """Return the sound files under a folder, hidden ones and links left out."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and not path.is_symlink() and path.is_file() and not _hidden(path, folder)
    )


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in path.relative_to(folder).parts)


def labelled_folders(path: Path) -> list[Found]:
    """Return the sound files of one file, or of a folder whose subfolders are labels.

    Speech Commands' file names tell the speaker, who is then the recording;
    its background noise is no label (`background_noise` reads it). A folder
    that holds only one folder is entered.

    Raises:
        BadInput: a subfolder's name cannot be a label.
    """
    if path.is_file():
        return [Found(path, "", path.name)]
    root = path
    while (only := _only_folder(root)) is not None:
        root = only
    found = []
    for file in sound_files(root):
        parts = file.relative_to(root).parts
        if parts[0] in BACKGROUND_FOLDERS:
            continue
        label = check_label(parts[0]) if len(parts) > 1 else ""
        found.append(Found(file, label, _recording(file, root), licence=speech_licence(file.stem)))
    return found


def _only_folder(folder: Path) -> Path | None:
    """Return the wrapper's content: a single folder that itself holds folders."""
    inside = [entry for entry in folder.iterdir() if not entry.name.startswith((".", "__MACOSX"))]
    if len(inside) != 1 or not inside[0].is_dir() or inside[0].is_symlink():
        return None
    return inside[0] if any(entry.is_dir() for entry in inside[0].iterdir()) else None


def _recording(file: Path, root: Path) -> str:
    return recording_of(file.stem) or file.relative_to(root).as_posix()


def recording_of(stem: str) -> str:
    """Return the speaker that a file name of Speech Commands tells, or nothing for another name."""
    speaker = _SPEAKER.match(stem)
    return f"speaker {speaker[1]}" if speaker else ""


def speech_licence(stem: str) -> str:
    """Return Speech Commands' licence for its file names, else nothing. Source: its README (CC BY 4.0)."""
    return "Speech Commands: CC BY 4.0" if _SPEAKER.match(stem) else ""


def background_noise(folder: Path) -> list[Clip]:
    """Return Speech Commands' background recordings, up to ten minutes each.

    Args:
        folder: the recordings' own folder, or the data set's.

    Raises:
        BadInput: no sound files there.
    """
    inner = [folder / name for name in BACKGROUND_FOLDERS if (folder / name).is_dir()]
    files = sound_files(inner[0] if inner else folder) if folder.is_dir() else []
    if not files:
        raise BadInput(f"{folder} holds no background recordings.")
    return [read_clip(file, "background", file.stem)[0] for file in files]
