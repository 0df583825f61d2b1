"""Firmware onto the drive of a board in boot mode; a folder stands in for the drive."""

import errno
import os

import pytest

from lab.deploy import drive, uf2
from lab.errors import BadInput, LabError

INFO = "UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n"
FIRMWARE = uf2.write(bytes(range(256)) * 40)


@pytest.fixture
def media(tmp_path):
    for name, info in (("RPI-RP2", INFO), ("RP2350", INFO.replace("RPI-RP2", "RP2350")), ("Photos", None)):
        (tmp_path / "me" / name).mkdir(parents=True)
        if info:
            (tmp_path / "me" / name / "INFO_UF2.TXT").write_text(info, newline="")
    return tmp_path


@pytest.fixture
def board(media):
    return media / "me" / "RPI-RP2"


def test_only_the_drive_of_an_rp2040_in_boot_mode_is_found(media, board):
    assert drive.find([f"{media}/*", f"{media}/*/*", f"{media}/absent/*", f"{media}/absent"]) == [board]
    assert drive.find([str(board)]) == [board]


def test_each_platform_has_its_places():
    assert {name: places[0] for name, places in drive.PLACES.items()} == {
        "linux": "/media/*", "darwin": "/Volumes/*", "win32": "D:/",
    }  # fmt: skip


def test_the_file_arrives_whole_and_is_on_the_drive_before_it_is_said(board, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_size))
    assert drive.copy(FIRMWARE, board) == drive.Copied(len(FIRMWARE), restarted=False)
    assert (board / "FIRMWARE.UF2").read_bytes() == FIRMWARE
    assert synced == [len(FIRMWARE)]


def test_a_drive_that_goes_away_at_the_last_block_has_restarted(board, monkeypatch):
    def gone(handle):
        (board / "INFO_UF2.TXT").unlink()
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", gone)
    assert drive.copy(FIRMWARE, board).restarted


def test_a_drive_that_does_not_take_it_is_one_sentence(board, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LabError, match=r"did not take the file \(No space left on device\): hold BOOTSEL"):
        drive.copy(FIRMWARE, board)


def test_what_is_no_firmware_or_no_board_is_refused_untouched(media, board):
    with pytest.raises(BadInput, match="not a whole"):
        drive.copy(FIRMWARE[:-1], board)
    with pytest.raises(BadInput, match="no board in boot mode any more"):
        drive.copy(FIRMWARE, media / "me" / "Photos")
    assert [path.name for path in board.iterdir()] == ["INFO_UF2.TXT"]
    assert list((media / "me" / "Photos").iterdir()) == []
