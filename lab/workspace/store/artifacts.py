"""Files by content, behind any fsspec address.

In a folder a file is written under a temporary name and then moved, so that a
reader never sees half of one; an object store shows a file when it is whole.
Writing the same content twice keeps one.
"""

import contextlib
import errno
import hashlib
import logging
import os
import time
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from lab.errors import LabError
from lab.workspace.store.places import FULL, opened, told

log = logging.getLogger(__name__)

INCOMING, INSTANCES = "incoming/", "instances/"
"""Below these lie no files that people keep: half-written ones, and a note for each database that uses the store."""
UNSAVED, AWAY = "The file could not be saved", "The file could not be read"


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as it lies in the store.

    Attributes:
        name: below the store's address.
        size_bytes: its size.
        age_s: since it was last written.
    """

    name: str
    size_bytes: int
    age_s: float


class ArtifactFiles:
    """A place of files named by their SHA-256.

    Args:
        url: any fsspec address, such as file:///… or s3://….
    """

    written_bytes: ClassVar[int] = 0
    """How much this process has written to any store."""

    def __init__(self, url: str) -> None:
        self._fs: Any
        self._fs, self._root, self.is_object_store = opened(url)

    def put(self, data: bytes) -> str:
        """Keep some bytes; return their SHA-256.

        Raises:
            LabError: the disk is full, or the place cannot be written or does not answer; nothing half-written stays.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._path(sha256)
        with told(UNSAVED):
            if not self._fs.exists(path):
                self._write(path, data)
        return sha256

    def _write(self, path: str, data: bytes) -> None:
        ArtifactFiles.written_bytes += len(data)
        if self.is_object_store:
            self._fs.pipe_file(path, data)
            return
        temporary = f"{self._root}/{INCOMING}{uuid.uuid4().hex}"
        try:
            self._fs.makedirs(f"{self._root}/{INCOMING}", exist_ok=True)
            self._fs.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
            with self._fs.open(temporary, "wb") as file:
                file.write(data)
                _sync(file)
            self._fs.mv(temporary, path)
        except OSError:
            with contextlib.suppress(OSError):  # it may never have been created
                self._fs.rm(temporary)
            raise

    def get(self, sha256: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            LabError: there is no such file, its content is not what its name says, or the place does not answer.
        """
        try:
            with told(AWAY, FileNotFoundError):
                data = bytes(self._fs.cat_file(self._path(sha256)))
        except FileNotFoundError as error:
            raise LabError(f"The file {sha256[:12]}… is gone from the store.") from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise LabError(f"The file {sha256[:12]}… was damaged in the store.")
        return data

    def remove(self, sha256: str) -> None:
        """Delete a file; nothing happens where it is gone already. One that cannot be deleted now is swept later."""
        self.discard(f"{sha256[:2]}/{sha256}")

    def discard(self, name: str) -> bool:
        """Delete one of the store's files; return whether that worked."""
        try:
            self._fs.rm_file(f"{self._root}/{name}")
        except FileNotFoundError:
            return False
        except Exception as error:  # a place that is away: sweeping comes by again
            log.warning("kept=%s error=%s", name, error)
            return False
        return True

    def name(self, name: str, data: bytes) -> None:
        """Keep some bytes under a name of their own, in place of what it named before.

        Raises:
            LabError: as `put`.
        """
        path = f"{self._root}/{name}"
        with told(UNSAVED):
            if not self.is_object_store and self._fs.exists(path):
                self._fs.rm(path)
            self._write(path, data)

    def named(self, name: str) -> bytes | None:
        """Return what a name stands for, or None."""
        try:
            with told(AWAY, FileNotFoundError):
                return bytes(self._fs.cat_file(f"{self._root}/{name}"))
        except FileNotFoundError:
            return None

    def all(self) -> list[Stored]:
        """Return every file below the store's address, half-written ones and notes included.

        Raises:
            LabError: the place does not answer.
        """
        with told("The files could not be listed"):
            found = self._fs.find(self._root, detail=True) if self._fs.exists(self._root) else {}
        return [
            Stored(path[len(self._root) :].lstrip("/"), int(info["size"]), _age_s(info))
            for path, info in sorted(found.items())
        ]

    def paths(self) -> list[str]:
        """Return the names of all files that people keep."""
        return [file.name for file in self.all() if not file.name.startswith((INCOMING, INSTANCES))]

    def read(self, path: str) -> bytes:
        """Return the bytes of one of `paths`; a file by content is checked as `get` does.

        Raises:
            LabError: it is gone, or damaged.
        """
        sha256 = path.rpartition("/")[2]
        if self._path(sha256) == f"{self._root}/{path}":
            return self.get(sha256)
        if (data := self.named(path)) is None:
            raise LabError(f"The file {path} is gone from the store.")
        return data

    def check(self) -> str:
        """Return one sentence when files can be kept.

        Raises:
            LabError: the folder cannot be written, or the place does not answer.
        """
        if self.folder is None:
            with told("Nothing can be read"):
                if not self._fs.exists(self._root.partition("/")[0]):
                    raise LabError("The file store does not answer, or has no such bucket.")
            return "It answers."
        folder = self.folder
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


def _age_s(info: dict[str, Any]) -> float:
    at = info.get("mtime") or info.get("LastModified") or info.get("created")
    if at is None:
        return 0.0
    return time.time() - float(at.timestamp() if isinstance(at, datetime) else at)


def _sync(file: Any) -> None:
    file.flush()
    try:
        os.fsync(file.fileno())
    except (OSError, AttributeError) as error:
        if isinstance(error, OSError) and error.errno in (*FULL, errno.EIO):
            raise
