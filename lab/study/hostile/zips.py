"""Zip files that climb out, blow up or lie: of sounds, of projects, of whole instances."""

import io
import json
import stat
import struct
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from lab.study.hostile.offer import Offer
from lab.study.hostile.sounds import tone

MIB = 2**20
OWNED = "owned"
"""What a file that should not exist is called."""


def packed(entries: Mapping[str, bytes], **kinds: int) -> bytes:
    """Return a zip of entries; `kinds` gives an entry a Unix file type by its name without dots."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = kinds.get(name.replace(".", ""), stat.S_IFREG | 0o644) << 16
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _renamed(data: bytes, old: str, new: str) -> bytes:
    """Return a zip whose entry has another name of the same length, which Python would not write."""
    assert len(old) == len(new)
    return data.replace(old.encode(), new.encode("latin-1"))


def _patched(data: bytes, offset: int, value: bytes) -> bytes:
    """Return a zip with bytes of its first central header changed."""
    place = data.index(b"PK\1\2") + offset
    return data[:place] + value + data[place + len(value) :]


def names() -> dict[str, bytes]:
    """Return zips whose entries' names lead somewhere."""
    wav = tone("wav")
    plain = packed({"alarm/sound.wav": wav})
    slips = {
        "a name that climbs": f"../../../../../../tmp/{OWNED}.wav",
        "a name that climbs later": f"alarm/../../{OWNED}.wav",
        "an absolute name": f"/tmp/{OWNED}.wav",
        "a drive": f"C:/{OWNED}.wav",
        "back slashes": f"..\\..\\{OWNED}.wav",
        "a name of dots": "alarm/...",
        "an empty folder name": "alarm//sound.wav",
        "a home": f"~/{OWNED}.wav",
        "a name of 5,000": "alarm/" + "x" * 5_000 + ".wav",
        "a thousand folders": "alarm/" * 1_000 + "sound.wav",
        "a hidden folder": ".ssh/authorized_keys.wav",
        "right to left": "alarm/\u202evaw.dnuos.wav",
        "a line break": "alarm/so\nund.wav",
        "a terminal's colour": "alarm/\x1b[31msound.wav",
        "a label of HTML": "<img src=x onerror=alert(1)>/sound.wav",
        "a label of shell": "$(touch owned)/sound.wav",
        "a label of emoji": "🔥/sound.wav",
        "a label of forty thousand": "a" * 40_000 + "/sound.wav",
        "half a character": "al\ud800rm/sound.wav",
        "spaces only": "  /sound.wav",
        "only dots": "./sound.wav",
        "a device": "CON/NUL.wav",
    }
    made = {}
    for says, name in slips.items():
        try:
            made[says] = packed({name: wav})
        except UnicodeEncodeError:  # Python writes no such name, others do
            made[says] = _renamed(plain, "alarm/sound.wav", "al\xed\xa0\x80/sound.wav"[:15])
    return {
        **made,
        "a NUL": _renamed(plain, "alarm/sound.wav", "alarm/so\0nd.wav"),
        "bytes of no text": _renamed(plain, "alarm/sound.wav", "alarm/\xff\xfe\xfd\x80n.wav"),
        "two entries of one name": _twice(wav),
        "a file that is a folder": packed({"alarm": wav, "alarm/sound.wav": wav}),
        "a link": packed({"link.wav": b"/etc/passwd"}, linkwav=stat.S_IFLNK | 0o777),
        "a link, then a file through it": packed({"out": b"/tmp", f"out/{OWNED}.wav": wav}, out=stat.S_IFLNK | 0o777),
        "a device file": packed({"null.wav": b""}, nullwav=stat.S_IFCHR | 0o666),
        "a pipe": packed({"pipe.wav": b""}, pipewav=stat.S_IFIFO | 0o666),
    }


def _twice(wav: bytes) -> bytes:
    return _renamed(packed({"alarm/a.wav": wav, "alarm/b.wav": wav}), "alarm/b.wav", "alarm/a.wav")


def bodies() -> dict[str, bytes]:
    """Return zips whose contents blow up, lie or are not there."""
    wav = tone("wav")
    plain = packed({"alarm/sound.wav": wav})
    bomb = packed({"alarm/zeros.wav": bytes(300 * MIB)})
    return {
        "nothing": packed({}),
        "an end alone": plain[-22:],
        "half of it": plain[: len(plain) // 2],
        "its last byte gone": plain[:-1],
        "another zip only": packed({"inner.zip": plain}),
        "300 MB of zeros": bomb,
        "300 MB of zeros in a zip in a zip": packed({"a.zip": packed({"b.zip": bomb})}),
        "60,000 empty files": _many(60_000),
        "5,000 empty sounds": _many(5_000),
        "a size that lies small": _patched(plain, 24, struct.pack("<I", 40)),
        "a size that lies large": _patched(plain, 24, struct.pack("<I", 0xFFFFFFF0)),
        "a wrong checksum": _patched(plain, 16, b"\1\2\3\4"),
        "an unknown packing": _patched(plain, 10, b"\x63\0"),
        "a password": _patched(plain, 8, b"\1\0"),
        "a place outside": _patched(plain, 42, b"\xff\xff\xff\x7f"),
        "one body, a hundred entries": _overlapping(wav),
        "a program before it": b"#!/bin/sh\ntouch owned\n" + plain,
        "sounds that are none": packed({f"alarm/{each}.wav": b"no sound" for each in range(20)}),
        "no sounds": packed({"README.md": b"hello"}),
        "a million in its count": _counted(plain),
        "a table of ESC-50 that climbs": _esc50("../../../etc/passwd", "alarm"),
        "a table of ESC-50 with a label of HTML": _esc50("sound.wav", "<b>"),
        "a table of ESC-50 of noise": packed({"esc50.csv": bytes(range(256)) * 40, "audio/sound.wav": wav}),
        "two tables": packed({"esc50.csv": b"filename,fold,category\n", "info.labels": b"{}", "a/s.wav": wav}),
    }


def _many(count: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(count):
            archive.writestr(f"alarm/{number}.wav", b"")
    return buffer.getvalue()


def _overlapping(wav: bytes) -> bytes:
    """Return a zip whose central directory names one body again and again."""
    data = packed({"alarm/000.wav": wav})
    start, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    entries = b"".join(data[start:end].replace(b"000", b"%03d" % number) for number in range(100))
    tail = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 100, 100, len(entries), start, 0)
    return data[:start] + entries + tail


def _counted(plain: bytes) -> bytes:
    place = plain.index(b"PK\5\6") + 8
    return plain[:place] + b"\xff\xff\xff\xff" + plain[place + 4 :]


def _esc50(file: str, label: str) -> bytes:
    table = f"filename,fold,category\n{file},1,{label}\n"
    return packed({"meta/esc50.csv": table.encode(), "audio/sound.wav": tone("wav")})


def edge_impulse() -> dict[str, bytes]:
    """Return exports of Edge Impulse that cannot be."""
    row = {"path": "training/sound.wav", "name": "sound", "label": {"type": "label", "label": "alarm"}}

    def export(rows: Any, **more: Any) -> bytes:
        text = json.dumps({"version": 1, "files": rows, **more}).encode()
        return packed({"info.labels": text, "training/sound.wav": tone("wav")})

    return {
        "no list": export("all"),
        "rows of numbers": export([1, 2]),
        "a row of nothing": export([{}]),
        "a path that climbs": export([{**row, "path": "../../../etc/passwd.wav"}]),
        "an absolute path": export([{**row, "path": "/etc/passwd.wav"}]),
        "a path of a NUL": export([{**row, "path": "a\0.wav"}]),
        "a path too long": export([{**row, "path": "x" * 9_000 + ".wav"}]),
        "half a character": export([{**row, "path": "\ud800.wav"}]),
        "a name of a list": export([{**row, "name": [[]]}]),
        "a name of half a character": export([{**row, "name": "\ud800"}]),
        "a name of a NUL": export([{**row, "name": "a\0b"}]),
        "a label of HTML": export([{**row, "label": {"type": "label", "label": "<b>"}}]),
        "a label of a list": export([{**row, "label": ["alarm"]}]),
        "an unknown kind": export([{**row, "label": {"type": "x"}}]),
        "segments of text": export([{**row, "label": {"type": "multi-label", "labels": "x"}}]),
        "segments of nan": export(
            [
                {
                    **row,
                    "label": {
                        "type": "multi-label",
                        "labels": [{"label": "a", "startIndex": float("nan"), "endIndex": 1}],
                    },
                }
            ]
        ),
        "depth": packed({"info.labels": b"[" * 100_000, "training/sound.wav": tone("wav")}),
    }


def card(**changes: Any) -> dict[str, bytes]:
    """Return the entries of an exported project with one sound, its card changed."""
    import hashlib

    wav = tone("wav")
    sha256 = hashlib.sha256(wav).hexdigest()
    clip = {
        "sha256": sha256,
        "name": "sound.wav",
        "label": "alarm",
        "recording": "sound",
        "source": "",
        "licence": "",
        "notes": [],
        "fold": 0,
        "segments": [],
    }
    told = {"schema": 1, "name": "Kitchen", "dataset": "0" * 64, "clips": [{**clip, **changes.pop("clip", {})}]}
    return {"project.json": json.dumps({**told, **changes}).encode(), f"audio/{sha256}.wav": wav}


def projects() -> dict[str, bytes]:
    """Return exported projects that were changed."""
    clips: dict[str, dict[str, Any]] = {
        "a sound elsewhere": {"sha256": "../../../../etc/passwd"},
        "a hash of a list": {"sha256": []},
        "a label of HTML": {"label": "<script>"},
        "a label of NUL": {"label": "a\0"},
        "a name of NUL": {"name": "a\0"},
        "a name of half a character": {"name": "\ud800"},
        "a name without end": {"name": "x" * 10**6},
        "a fold of text": {"fold": "1"},
        "a fold without end": {"fold": 10**40},
        "a fold of truth": {"fold": True},
        "notes of numbers": {"notes": [1]},
        "a million notes": {"notes": ["x"] * 10**6},
        "segments of text": {"segments": "x"},
        "segments of nan": {"segments": [{"start_s": float("nan"), "end_s": 1}]},
        "segments of lists": {"segments": [{"start_s": [], "end_s": {}}]},
        "a licence of an object": {"licence": {}},
    }
    made = {says: packed(card(clip=changes)) for says, changes in clips.items()}
    cards: dict[str, dict[str, Any]] = {
        "a name of a path": {"name": "../../../owned"},
        "a name of NUL": {"name": "\0"},
        "a name of a list": {"name": []},
        "clips of text": {"clips": "all"},
        "clips of nothing": {"clips": [None]},
        "another schema": {"schema": "1"},
        "augmentation of text": {"augment": "loud"},
        "augmentation of depth": {"augment": {"effects": [[[[]]]]}},
        "a wrong version": {"dataset": "f" * 64},
    }
    made |= {says: packed(card(**changes)) for says, changes in cards.items()}
    return {
        **made,
        "no card": packed({"audio/x.wav": tone("wav")}),
        "a card of depth": packed({"project.json": b"[" * 200_000}),
        "a card of 80 MB": packed({"project.json": b" " * (80 * MIB)}),
        "a card of other bytes": packed({"project.json": b"\xff"}),
        "no zip": b"project",
        "a card that is a link": packed({"project.json": b"/etc/passwd"}, projectjson=stat.S_IFLNK | 0o777),
    }


def backups() -> dict[str, bytes]:
    """Return backups that cannot be brought back."""

    def told(**changes: Any) -> bytes:
        return json.dumps({"format": 1, "schema": "0001", "made": "", "rows": {}, "files": 1, **changes}).encode()

    return {
        "a file that climbs": packed({"backup.json": told(), "files/../../../../tmp/owned": b"x"}),
        "an absolute file": packed({"backup.json": told(), "files//tmp/owned": b"x"}),
        "another's hash": packed({"backup.json": told(), f"files/00/{'0' * 64}": b"x"}),
        "a name of ours that climbs": packed({"backup.json": told(), "files/nodes/../../x.json": b"x"}),
        "an unknown schema": packed({"backup.json": told(schema="../../x")}),
        "a schema of a list": packed({"backup.json": told(schema=[])}),
        "tables of nothing": packed({"backup.json": told(files=0, rows={"projects": 5})}),
        "rows of text": packed({"backup.json": told(files=0, rows={"projects": 1}), "tables/projects.jsonl": b'"x"\n'}),
        "rows of SQL": packed(
            {
                "backup.json": told(files=0, rows={"projects": 1}),
                "tables/projects.jsonl": b'{"id": "1); DROP TABLE projects;--", "x": 1}\n',
            }
        ),
        "a card of a list": packed({"backup.json": b"[]"}),
        "depth": packed({"backup.json": b"[" * 200_000}),
        "no zip": b"x" * 99,
    }


def offers() -> Iterator[Offer]:
    """Yield all of them."""
    for number, (says, data) in enumerate([*names().items(), *bodies().items()]):
        yield Offer(f"a zip of {says}", ("data", "job")[number % 2], {"sounds.zip": data}, "", ",000 empty" in says)
    for says, data in edge_impulse().items():
        yield Offer(f"an Edge Impulse export of {says}", "data", {"export.zip": data})
    for number, (says, data) in enumerate(projects().items()):
        yield Offer(f"a project of {says}", ("project", "project job")[number % 2], {"project.zip": data})
    for says, data in backups().items():
        yield Offer(f"a backup of {says}", "restore", {"backup.zip": data})
