"""WAV and AIFF files by their own chunk sizes: whether all is there, and only what sound needs.

libsndfile reads a great many other chunks, and in some it goes round for ever when their sizes are hostile. So it is
never shown any.
"""

import os
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

UNKNOWN = (0, 0x7FFFFFFF, 0xFFFFFFFF)
"""Sizes that a recorder writes when it does not know yet; such a file ends where it ends."""

KEPT = {b"fmt ": 4_096, b"fact": 4_096, b"COMM": 4_096, b"FVER": 64}
"""Chunks that say how the sound is kept → the most bytes of one."""
CHUNKS = 1_000
_MAGICS = (b"RIFF", b"RIFX", b"RF64", b"FORM", b"fLaC", b"OggS", b"ID3", b".snd", b"caff", b"\xff\xfb")


def sound_magic(start: bytes) -> bool:
    """Whether a file begins as a sound file does."""
    return start.startswith(_MAGICS)


def missing_bytes(file: BinaryIO) -> int:
    """Return how many bytes of sound the header promises that the file does not have.

    Args:
        file: seekable; its position is left anywhere.

    Returns:
        0 for a whole file, for other formats, and where the header does not know.
    """
    size = file.seek(0, os.SEEK_END)
    form = _form(file)
    if form is None:
        return 0
    for name, at, length in _chunks(file, form):
        if name == form.sound:
            return 0 if length in UNKNOWN else max(0, at + length - size)
    return 0  # no sound chunk at all: libsndfile says so


@dataclass(frozen=True, slots=True)
class _Form:
    """How a kind of file writes numbers, and what it calls its sound."""

    head: bytes
    order: str
    sound: bytes


def _form(file: BinaryIO) -> _Form | None:
    file.seek(0)
    head = file.read(12)
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        return _Form(head, "<I", b"data")
    if head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC"):
        return _Form(head, ">I", b"SSND")
    return None


def _chunks(file: BinaryIO, form: _Form) -> Any:
    """Yield (name, where its bytes begin, their number) of each chunk."""
    at = 12
    for _ in range(CHUNKS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        (length,) = struct.unpack(form.order, head[4:])
        yield head[:4], at + 8, length
        at += 8 + length + length % 2


class Essential:
    """A file as libsndfile is shown it: a WAV or AIFF file has no chunk but those of its sound, others are as they are.

    Damaged headers make libsndfile seek to before the start; it then finds itself where it was, and gives up. Others
    send it round in circles: after more steps than a whole file needs, this one has no more bytes. It has no name, so
    that only its content says what it is.

    Args:
        file: seekable, and not to be moved by others meanwhile.
    """

    STEPS, STEP_BYTES = 50_000, 64
    """Calls that it answers: so many, and one for each few bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        size = file.seek(0, os.SEEK_END)
        self._head, self._start, end = _essential(file, size)
        self._size = len(self._head) + end - self._start
        self._steps = self.STEPS + size // self.STEP_BYTES
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        """Read as `io` files do, while there are steps left."""
        self._steps -= 1
        left = max(0, self._size - self._at) if self._steps > 0 else 0
        size = left if size < 0 else min(size, left)
        found = self._head[self._at : self._at + size]
        if len(found) < size:
            self._file.seek(self._start + self._at + len(found) - len(self._head))
            found += self._file.read(size - len(found))
        self._at += len(found)
        return found

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer as `io` files do."""
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move as `io` files do, but stay where the target does not exist."""
        self._steps -= 1
        to = offset + (0, self._at, self._size)[whence]
        if 0 <= to < 1 << 62:
            self._at = to
        return self._at

    def tell(self) -> int:
        """Return the place."""
        return self._at

    def write(self, data: bytes) -> int:
        """Refuse: libsndfile wants the method to be there."""
        raise OSError("a sound that is read is not written")


def _essential(file: BinaryIO, size: int) -> tuple[bytes, int, int]:
    """Return a head, and the stretch of the file that follows it."""
    form = _form(file)
    if form is None:
        return b"", 0, size
    kept, sound = b"", (size, size)
    for name, at, length in _chunks(file, form):
        if name in KEPT and length <= KEPT[name]:
            file.seek(at - 8)
            kept += file.read(8 + length + length % 2)
        elif name == form.sound:
            sound = (at - 8, size if length in UNKNOWN else min(size, at + length))
            if form.sound == b"data" or length in UNKNOWN:
                break  # an AIFF file may tell afterwards how its sound is kept
    length = min(4 + len(kept) + sound[1] - sound[0], 0xFFFFFFFF)
    return form.head[:4] + struct.pack(form.order, length) + form.head[8:] + kept, *sound
