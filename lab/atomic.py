"""Files that are there whole or not at all."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from lab.errors import LabError


def write_bytes(path: Path, data: bytes) -> Path:
    """Write a file whole: to a temporary name beside it, to disk, then renamed.

    Raises:
        LabError: the disk is full or the folder cannot be written; what was there before still is.
    """
    with written(path) as file:
        file.write(data)
    return path


@contextlib.contextmanager
def written(path: Path) -> Iterator[IO[bytes]]:
    """Write a file whole in many steps: to a temporary name beside it, to disk, then renamed.

    Raises:
        LabError: as `write_bytes`.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def unwritable(path: Path, error: OSError) -> LabError:
    """Return the sentence for a file that could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return LabError(
            f"The disk is full: {path.name} was not written, and nothing else was changed. Free some space."
        )
    return LabError(f"{path} cannot be written: {error.strerror}.")
