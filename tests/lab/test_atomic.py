import errno
import os

import pytest

from lab.atomic import write_bytes
from lab.errors import LabError


def test_a_file_is_written_whole(tmp_path):
    assert write_bytes(tmp_path / "new" / "a.bin", b"abc").read_bytes() == b"abc"


def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    target = tmp_path / "a.bin"
    target.write_bytes(b"before")

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LabError, match="disk is full"):
        write_bytes(target, b"after")
    assert target.read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_a_folder_that_is_a_file_is_one_sentence(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LabError, match="cannot be written"):
        write_bytes(tmp_path / "file" / "a.bin", b"x")
