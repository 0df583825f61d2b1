"""Hostile and broken archives: each refused, nothing left behind."""

import io
import shutil
import stat
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.errors import BadInput, LabError
from lab.sound import zips
from lab.sound.zips import Limits, is_zip, unzip, unzipped


def zipped(*entries, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return buffer.getvalue()


def entry(name, mode):
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def test_a_good_zip_is_unpacked_and_its_temporary_folder_is_gone_afterwards():
    with unzipped(zipped(("a/one.txt", b"1"), ("a/b/two.txt", b"22"))) as folder:
        assert (folder / "a/one.txt").read_bytes() == b"1"
        assert (folder / "a/b/two.txt").read_bytes() == b"22"
    assert not folder.exists()


def understated():
    data = zipped(("a.txt", b"x" * 5_000), method=zipfile.ZIP_STORED)
    size = (5_000).to_bytes(4, "little")
    return data.replace(size * 2, size + (50).to_bytes(4, "little"))


def encrypted():
    data = bytearray(zipped(("a.txt", b"secret")))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (zipped(("good.txt", b"1"), ("../evil.txt", b"2")), r"names '\.\./evil\.txt', which leads out"),
        (zipped(("a/../../evil.txt", b"2")), "leads out"),
        (zipped(("/etc/evil.txt", b"2")), "not a plain relative name"),
        (zipped(("C:/evil.txt", b"2")), "not a plain relative name"),
        (zipped(("..\\evil.txt", b"2")), "not a plain relative name"),
        (zipped((entry("link", stat.S_IFLNK | 0o777), b"/etc/passwd")), "'link', which is a link or device"),
        (zipped((entry("pipe", stat.S_IFIFO | 0o644), b"")), "is a link or device"),
        (zipped(("bomb.wav", bytes(300 * 2**20))), r"unpacks to \d+ times its size, as a bomb does"),
        (zipped(("a", b"1"), ("a/b", b"2")), "two entries of one name"),
        (understated(), "is not a whole zip|holds more"),
        (encrypted(), "is encrypted"),
        (b"no zip", "is not a whole zip file"),
        (b"", "is not a whole zip file"),
        (zipped(("a.txt", b"hello" * 100))[:-30], "is not a whole zip file"),
    ],
    ids=["up", "up inside", "absolute", "drive", "backslash", "link", "pipe", "bomb", "both file and folder",
         "understated", "encrypted", "garbage", "empty", "truncated"],
)  # fmt: skip
def test_a_hostile_or_broken_zip_leaves_nothing(data, message, tmp_path):
    into = tmp_path / "deep" / "content"
    with pytest.raises(BadInput, match=message) as raised:
        unzip(data, into)
    assert "\n" not in str(raised.value)
    assert not into.exists()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_damage_inside_is_found_while_unpacking(tmp_path):
    data = bytearray(zipped(("a.txt", b"first"), ("b.txt", bytes(range(256)) * 40), method=zipfile.ZIP_STORED))
    data[data.index(bytes(range(256))) + 9] ^= 0xFF
    with pytest.raises(BadInput, match="Bad CRC-32"):
        unzip(bytes(data), tmp_path / "content")
    assert not (tmp_path / "content").exists()


def test_too_many_or_too_much_is_refused(tmp_path):
    data = zipped(("a", b"123"), ("b", b"456"))
    with pytest.raises(BadInput, match="holds 2 files; at most 1"):
        unzip(data, tmp_path / "content", Limits(files=1))
    with pytest.raises(BadInput, match="unpacks to 0 MiB; at most 0 MiB"):
        unzip(data, tmp_path / "content", Limits(total_bytes=5))


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    into = tmp_path / "content"
    into.mkdir()
    (into / "mine.txt").write_text("kept")
    with pytest.raises(LabError, match="cannot be written"):
        unzip(zipped(("a", b"1")), into)
    assert (into / "mine.txt").read_text() == "kept"


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zips, "_write", full)
    with pytest.raises(LabError, match="The disk is full"):
        unzip(zipped(("a", b"1")), tmp_path / "content")
    assert not (tmp_path / "content").exists()


def test_a_zip_is_known_by_its_name_or_its_beginning(tmp_path):
    for name, data, expected in (("a.zip", b"", True), ("b", zipped(("x", b"1")), True), ("c.wav", b"RIFF", False)):
        (tmp_path / name).write_bytes(data)
        assert is_zip(tmp_path / name) is expected
    assert is_zip(tmp_path) is False
    assert is_zip(tmp_path / "absent") is False


def test_shutil_made_archives_are_read(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("hello")
    made = shutil.make_archive(str(tmp_path / "out"), "zip", tmp_path / "in")
    with unzipped(tmp_path / "out.zip") as folder:
        assert (folder / "a.txt").read_text() == "hello"
    assert made.endswith("out.zip")


GOOD = zipped(("a/one.txt", b"1" * 300), ("a/b/two.txt", bytes(range(256))))


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=6))
@settings(max_examples=400, deadline=None)
def test_a_damaged_zip_is_whole_or_refused_and_never_half_there(edits):
    data = bytearray(GOOD)
    for place, value in edits:
        data[place] = value
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "beside.txt").write_text("kept")
        said, left = "", {"beside.txt", "content"}
        try:
            unzip(bytes(data), root / "content")
        except LabError as error:
            said, left = str(error), {"beside.txt"}
        assert "\n" not in said
        assert {path.name for path in root.iterdir()} == left
