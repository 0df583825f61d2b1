"""Zip files from strangers, unpacked so that nothing lands outside its folder.

The whole archive is judged before a byte is written, sizes are counted again
while writing, and a refused or failed archive leaves nothing behind.
"""

import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath

from lab.atomic import unwritable
from lab.errors import BadInput

MIB = 2**20
BLOCK_BYTES = MIB


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a zip may hold.

    Attributes:
        files: entries.
        total_bytes: size of everything unpacked.
        ratio: unpacked over packed, once more than free_bytes come out.
        free_bytes: below this a good ratio (silence) is no bomb.
    """

    files: int = 50_000
    total_bytes: int = 4_096 * MIB
    ratio: float = 100.0
    free_bytes: int = 256 * MIB


LIMITS = Limits()


@contextmanager
def unzipped(source: Path | bytes, limits: Limits = LIMITS) -> Iterator[Path]:
    """Unpack a zip into a temporary folder that is gone afterwards.

    Raises:
        As `unzip`.
    """
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-zip-") as folder:
        yield unzip(source, Path(folder) / "content", limits)


def unzip(source: Path | bytes, into: Path, limits: Limits = LIMITS) -> Path:
    """Unpack a zip into a folder that does not exist yet.

    Args:
        source: the file, or its bytes.
        into: the folder to make; on any error it is not there.
        limits: how much is allowed.

    Returns:
        into.

    Raises:
        BadInput: not a zip, damaged, encrypted, too large, or an entry that is a link, has an
            absolute name or climbs out with `..`.
        LabError: the disk is full or the folder cannot be written.
    """
    name = source.name if isinstance(source, Path) else "The zip file"
    try:
        with zipfile.ZipFile(source if isinstance(source, Path) else BytesIO(source)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            for entry in entries:
                _check_entry(entry, name)
            _check_names(entries, name)
            _check_size(entries, name, limits)
            _write_all(archive, entries, into, limits, name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise BadInput(f"{name} is not a whole zip file: {_sentence(error)}.") from error
    except OSError as error:
        raise BadInput(f"{name} cannot be read: {error.strerror or 'it is damaged'}.") from error
    return into


def _check_entry(entry: zipfile.ZipInfo, name: str) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    path = PurePosixPath(entry.filename)
    drive = len(entry.filename) > 1 and entry.filename[1] == ":"
    # orig_filename still has what ZipInfo cuts off after a NUL or turns round on Windows.
    if path.is_absolute() or drive or "\\" in entry.orig_filename or "\0" in entry.orig_filename:
        raise BadInput(f"{name} names {entry.filename!a}, which is not a plain relative name. Nothing was unpacked.")
    if ".." in path.parts:
        raise BadInput(f"{name} names {entry.filename!a}, which leads out of its folder. Nothing was unpacked.")
    if kind not in (0, stat.S_IFREG):
        raise BadInput(f"{name} holds {entry.filename!a}, which is a link or device. Nothing was unpacked.")
    if entry.flag_bits & 1:
        raise BadInput(f"{name} is encrypted; unpack it yourself and add the folder.")


def _check_names(entries: list[zipfile.ZipInfo], name: str) -> None:
    files = [PurePosixPath(entry.filename) for entry in entries]
    folders = {parent for file in files for parent in file.parents}
    if len(set(files)) < len(files) or folders & set(files):
        raise BadInput(f"{name} holds two entries of one name. Nothing was unpacked.")


def _check_size(entries: list[zipfile.ZipInfo], name: str, limits: Limits) -> None:
    total, packed = sum(entry.file_size for entry in entries), sum(entry.compress_size for entry in entries)
    if len(entries) > limits.files:
        raise BadInput(f"{name} holds {len(entries)} files; at most {limits.files} are unpacked.")
    if total > limits.total_bytes:
        raise BadInput(f"{name} unpacks to {total // MIB} MiB; at most {limits.total_bytes // MIB} MiB are allowed.")
    if total > limits.free_bytes and total > limits.ratio * max(1, packed):
        raise BadInput(f"{name} unpacks to {total // max(1, packed)} times its size, as a bomb does; it was refused.")


def _write_all(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], into: Path, limits: Limits, name: str) -> None:
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        into.mkdir()
    except OSError as error:
        raise unwritable(into, error) from error
    left = limits.total_bytes
    try:
        for entry in entries:
            left -= _write(archive, entry, into, left, name)
    except OSError as error:
        shutil.rmtree(into, ignore_errors=True)
        raise unwritable(into, error) from error
    except BaseException:
        shutil.rmtree(into, ignore_errors=True)
        raise


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, into: Path, left: int, name: str) -> int:
    target = into.joinpath(*PurePosixPath(entry.filename).parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with archive.open(entry) as packed, target.open("xb") as file:
        while block := packed.read(BLOCK_BYTES):
            written += len(block)
            if written > min(left, entry.file_size):
                raise BadInput(f"{name} holds more in {entry.filename!a} than it says; it was refused.")
            file.write(block)
    return written


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def is_zip(path: Path) -> bool:
    """Whether a file is named, or begins, like a zip."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return path.suffix.lower() == ".zip" or file.read(4) == b"PK\x03\x04"
