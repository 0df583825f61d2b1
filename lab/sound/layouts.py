"""The layouts in which people keep labelled sound."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from lab.errors import BadInput
from lab.sound.clip import Clip
from lab.sound.files import SUFFIXES, read_clip
from lab.sound.labels import check_label

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
    """

    path: Path
    label: str
    recording_id: str
    fold: int = 0
    licence: str = ""


def find_esc50(folder: Path) -> Path | None:
    """Return the table of an ESC-50 layout: esc50.csv, or meta/esc50.csv, at most one folder down."""
    for pattern in (ESC50_FILE, f"meta/{ESC50_FILE}", f"*/{ESC50_FILE}", f"*/meta/{ESC50_FILE}"):
        found = sorted(folder.glob(pattern))
        if found:
            return found[0]
    return None


def esc50_table(table: Path) -> list[Found]:
    """Read an ESC-50 table; the sounds lie in `audio` beside it or beside its folder.

    The recording is the Freesound clip that a file was cut from.

    Raises:
        BadInput: a missing column, a fold that is no number, or a file that is not there.
    """
    root = table.parent.parent if table.parent.name == "meta" else table.parent
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{table.name} is not a CSV file that can be read.") from error
    missing = [column for column in ESC50_COLUMNS if rows and column not in rows[0]]
    if missing or not rows:
        raise BadInput(f"{table.name} needs rows with the columns {', '.join(ESC50_COLUMNS)}.")
    return [_esc50_row(row, root, table.name) for row in rows]


def _esc50_row(row: dict[str, str], root: Path, table: str) -> Found:
    filename = row["filename"] or ""
    path = root / "audio" / filename
    if Path(filename).name != filename or not path.is_file():
        raise BadInput(f"{table} names {filename!a}, which is not in its audio folder.")
    try:
        fold = int(row["fold"])
    except (TypeError, ValueError) as error:
        raise BadInput(f"{table} gives {filename} the fold {row['fold']!r}; a number is needed.") from error
    return Found(path, check_label(row["category"] or ""), row.get("src_file") or path.stem, fold, _esc50_licence(row))


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
        found.append(Found(file, label, _recording(file, root), licence=_folder_licence(file)))
    return found


def _only_folder(folder: Path) -> Path | None:
    """Return the wrapper's content: a single folder that itself holds folders."""
    inside = [entry for entry in folder.iterdir() if not entry.name.startswith((".", "__MACOSX"))]
    if len(inside) != 1 or not inside[0].is_dir() or inside[0].is_symlink():
        return None
    return inside[0] if any(entry.is_dir() for entry in inside[0].iterdir()) else None


def _recording(file: Path, root: Path) -> str:
    speaker = _SPEAKER.match(file.stem)
    return f"speaker {speaker[1]}" if speaker else file.relative_to(root).as_posix()


def _folder_licence(file: Path) -> str:
    """Return Speech Commands' licence for its files. Source: its README (CC BY 4.0)."""
    return "Speech Commands: CC BY 4.0" if _SPEAKER.match(file.stem) else ""


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
