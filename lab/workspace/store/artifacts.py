"""Files by content, behind any fsspec address.

A file is written under a temporary name and then moved, so that a reader
never sees half of one; writing the same content twice keeps one.
"""

import contextlib
import errno
import hashlib
import os
import uuid
from pathlib import Path
from typing import Any

import fsspec

from lab.errors import LabError


class ArtifactFiles:
    """A folder of files named by their SHA-256.

    Args:
        url: any fsspec address, such as file:///… or s3://….
    """

    def __init__(self, url: str) -> None:
        self._fs: Any
        self._root: str
        self._fs, self._root = fsspec.core.url_to_fs(url)

    def put(self, data: bytes) -> str:
        """Keep some bytes; return their SHA-256.

        Raises:
            LabError: the disk is full or the folder cannot be written; nothing half-written stays.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._path(sha256)
        if not self._fs.exists(path):
            self._write(path, data)
        return sha256

    def _write(self, path: str, data: bytes) -> None:
        temporary = f"{self._root}/incoming/{uuid.uuid4().hex}"
        try:
            self._fs.makedirs(f"{self._root}/incoming", exist_ok=True)
            self._fs.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
            with self._fs.open(temporary, "wb") as file:
                file.write(data)
                _sync(file)
            self._fs.mv(temporary, path)
        except OSError as error:
            self._discard(temporary)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise LabError("The disk is full: nothing was saved. Free some space and try again.") from error
            raise LabError(f"The file could not be saved: {error.strerror or error}.") from error

    def _discard(self, path: str) -> None:
        with contextlib.suppress(OSError):  # it may never have been created
            self._fs.rm(path)

    def get(self, sha256: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            LabError: there is no such file, or its content is not what its name says.
        """
        try:
            data = bytes(self._fs.cat_file(self._path(sha256)))
        except FileNotFoundError as error:
            raise LabError(f"The file {sha256[:12]}… is gone from the store.") from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise LabError(f"The file {sha256[:12]}… was damaged in the store.")
        return data

    def remove(self, sha256: str) -> None:
        """Delete a file; nothing happens where it is gone already."""
        self._discard(self._path(sha256))

    def name(self, name: str, data: bytes) -> None:
        """Keep some bytes under a name of their own, in place of what it named before.

        Raises:
            LabError: as `put`.
        """
        path = f"{self._root}/{name}"
        if self._fs.exists(path):
            self._fs.rm(path)
        self._write(path, data)

    def named(self, name: str) -> bytes | None:
        """Return what a name stands for, or None."""
        try:
            return bytes(self._fs.cat_file(f"{self._root}/{name}"))
        except FileNotFoundError:
            return None

    def paths(self) -> list[str]:
        """Return the names of all files, below the store's address; those that are being written are not among them."""
        found = self._fs.find(self._root) if self._fs.exists(self._root) else []
        names = sorted(path[len(self._root) :].lstrip("/") for path in found)
        return [name for name in names if not name.startswith("incoming/")]

    def read(self, path: str) -> bytes:
        """Return the bytes of one of `paths`; a file by content is checked as `get` does.

        Raises:
            LabError: it is gone, or damaged.
        """
        sha256 = path.rpartition("/")[2]
        if self._path(sha256) == f"{self._root}/{path}":
            return self.get(sha256)
        return bytes(self._fs.cat_file(f"{self._root}/{path}"))

    def check(self) -> str:
        """Return one sentence when files can be read and kept.

        Raises:
            LabError: the folder cannot be written.
        """
        folder = Path(self._root)
        while not folder.exists():
            folder = folder.parent
        if not os.access(folder, os.W_OK | os.X_OK):
            raise LabError(f"The file store cannot be written: {folder} belongs to somebody else.")
        return "It answers."

    @property
    def folder(self) -> Path | None:
        """Return the folder on this machine's disk, or None where the files are elsewhere."""
        return Path(self._root) if "file" in self._fs.protocol else None

    def local_path(self, sha256: str) -> Path | None:
        """Return where a file lies on this machine's disk, or None where the store is elsewhere."""
        return Path(self._path(sha256)) if "file" in self._fs.protocol else None

    def _path(self, sha256: str) -> str:
        return f"{self._root}/{sha256[:2]}/{sha256}"


def _sync(file: Any) -> None:
    file.flush()
    try:
        os.fsync(file.fileno())
    except (OSError, AttributeError) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
