"""Firmware onto the drive RPI-RP2 that a board in boot mode shows, mounted on this very machine.

The board takes blocks as they arrive and restarts at the last one, so a file is written in one go to
its own name: neither a temporary file nor a rename means anything there. Nothing can be read back.
"""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lab.deploy import uf2
from lab.errors import BadInput, LabError

INFO, BOARD_ID = "INFO_UF2.TXT", "RPI-RP2"
NAME = "FIRMWARE.UF2"
INFO_BYTES = 4096
PLACES = {
    "linux": ("/media/*", "/media/*/*", "/run/media/*/*", "/mnt/*"),
    "darwin": ("/Volumes/*",),
    "win32": tuple(f"{letter}:/" for letter in "DEFGHIJKLMNOPQRSTUVWXYZ"),
}
"""Platform → where drives are mounted."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What came of a copy.

    Attributes:
        size_bytes: of the .uf2.
        restarted: the drive went away, as it does when the board starts what it got.
    """

    size_bytes: int
    restarted: bool


def find(places: Iterable[str] | None = None) -> list[Path]:
    """Return the mounted drives of RP2040 boards in boot mode.

    Args:
        places: patterns of folders; by default those of this platform.
    """
    patterns = PLACES.get(sys.platform, ()) if places is None else places
    folders = {folder for pattern in patterns for folder in _matching(pattern)}
    return sorted(folder for folder in folders if is_board(folder))


def is_board(folder: Path) -> bool:
    """Whether a folder is such a drive: its INFO_UF2.TXT says the RP2040's board id."""
    try:
        with (folder / INFO).open("rb") as file:
            lines = file.read(INFO_BYTES).decode("ascii", "replace").splitlines()
    except OSError:
        return False
    return f"Board-ID: {BOARD_ID}" in (line.strip() for line in lines)


def copy(firmware: bytes, folder: Path) -> Copied:
    """Write a .uf2 onto a board's drive, to the board itself and not only to this machine's memory.

    Raises:
        BadInput: the file is not one for the RP2040; nothing was written.
        LabError: the drive is gone or does not take it.
    """
    uf2.read(firmware)
    if not is_board(folder):
        raise BadInput(f"{folder} is no board in boot mode any more: hold BOOTSEL while you plug the board in.")
    try:
        with (folder / NAME).open("wb") as file:
            file.write(firmware)
            file.flush()
            _to_board(file.fileno(), folder)
    except OSError as error:
        raise LabError(
            f"The board's drive did not take the file ({error.strerror}): "
            "hold BOOTSEL while you plug the board in, then copy again; or flash it over USB."
        ) from error
    return Copied(len(firmware), not is_board(folder))


def _to_board(handle: int, folder: Path) -> None:
    """Wait until the drive has it all. A drive that went away meanwhile has restarted, which is no failure."""
    try:
        os.fsync(handle)
    except OSError:
        if is_board(folder):
            raise


def _matching(pattern: str) -> list[Path]:
    base = Path(pattern.split("*", 1)[0])
    try:
        return list(base.glob(pattern[len(str(base)) :].lstrip("/"))) if "*" in pattern else [base]
    except OSError:
        return []
