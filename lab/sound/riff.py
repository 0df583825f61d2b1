"""Whether a WAV or AIFF file is all there, by its own chunk sizes."""

import os
import struct
from typing import BinaryIO

UNKNOWN = (0, 0x7FFFFFFF, 0xFFFFFFFF)
"""Sizes that a recorder writes when it does not know yet; such a file ends where it ends."""

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
    file.seek(0)
    head = file.read(12)
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        order, sound = "<I", b"data"
    elif head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC"):
        order, sound = ">I", b"SSND"
    else:
        return 0
    at = 12
    for _ in range(1_000):
        file.seek(at)
        chunk = file.read(8)
        if len(chunk) < 8:
            return 0  # no sound chunk at all: libsndfile says so
        (length,) = struct.unpack(order, chunk[4:])
        if chunk[:4] == sound:
            return 0 if length in UNKNOWN else max(0, at + 8 + length - size)
        at += 8 + length + length % 2
    return 0
