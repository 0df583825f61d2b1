"""Files that are there whole or not at all."""

import errno
import os
import tempfile
from pathlib import Path

from lab.errors import LabError


def write_bytes(path: Path, data: bytes) -> Path:
    """Write a file whole: to a temporary name beside it, to disk, then renamed.

    Raises:
        LabError: the disk is full or the folder cannot be written; what was there before still is.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        Path(name).unlink(missing_ok=True)
    return path


def unwritable(path: Path, error: OSError) -> LabError:
    """Return the sentence for a file that could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return LabError(
            f"The disk is full: {path.name} was not written, and nothing else was changed. Free some space."
        )
    return LabError(f"{path} cannot be written: {error.strerror}.")
