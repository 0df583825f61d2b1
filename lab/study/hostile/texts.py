"""Words that people and programs choke on: labels, names, tables and settings."""

import json
from collections.abc import Iterator
from typing import Any

from lab.study.hostile.offer import Offer
from lab.study.hostile.sounds import tone

WORDS = {
    "nothing": "",
    "blanks": "   ",
    "a NUL": "al\0arm",
    "a line break": "alarm\nrm -rf /",
    "a tab": "al\tarm",
    "a colour of terminals": "\x1b[31malarm\x1b[0m",
    "a bell": "alarm\a",
    "right to left": "\u202emrala",
    "embedded direction": "\u2066alarm\u2069",
    "a width of zero": "al\u200barm",
    "a byte-order mark": "\ufeffalarm",
    "a line separator": "alarm\u2028x",
    "half a character": "al\ud800arm",
    "bytes of no text": "al\udcff\udcfe",
    "a hundred accents": "a" + "\u0301" * 100,
    "ten thousand letters": "a" * 10_000,
    "emoji": "🔥🚨",
    "a family of emoji": "👨\u200d👩\u200d👧",
    "a noncharacter": "\uffff",
    "a private character": "\ue000",
    "a path": "../../../../tmp/owned",
    "an absolute path": "/etc/passwd",
    "a Windows path": "C:\\Windows\\owned",
    "a device": "CON",
    "a dot": ".",
    "two dots": "..",
    "a hidden name": ".bashrc",
    "SQL": "x'); DROP TABLE clips;--",
    "HTML": "<script>alert(1)</script>",
    "Markdown": "![x](http://127.0.0.1:1/x) [y](javascript:alert(1))",
    "C": '"; system("touch owned"); char *s = "',
    "C in a comment": "*/ #error owned /*",
    "trigraphs": "??/\n??=",
    "CMake": "${CMAKE_COMMAND} $ENV{HOME} ) execute_process(COMMAND touch owned",
    "shell": "$(touch owned) `touch owned`",
    "a format": "%s%n%p{0.__class__}",
    "an option": "--out=/tmp/owned",
    "a formula": "=cmd|' /c calc'!A0",
    "a template": "{{7*7}}${7*7}#{7*7}",
}


def words() -> Iterator[Offer]:
    """Yield every word as a label, as a project's name and as a file's name."""
    wav = {"sound.wav": tone("wav")}
    for says, text in WORDS.items():
        yield Offer(f"a label of {says}", "labelled", wav, text)
        yield Offer(f"a project named by {says}", "named", wav, text)
        yield Offer(f"an upload named by {says}", "filename", wav, text)


def _table(text: str) -> dict[str, bytes]:
    return {"table.csv": text.encode("utf-8", "surrogatepass")}


TABLES = {
    "nothing": b"",
    "a NUL": b"file,start_s,end_s\n\0,0,1\n",
    "no columns": b"a,b,c\n1,2,3\n",
    "other bytes": b"\xff\xfe\x00file,start_s\n",
    "one quote": b'file,start_s,end_s\n"sound,0,1\n' * 3,
    "a cell of ten megabytes": b"file,start_s,end_s\n" + b"x" * 10_000_000 + b",0,1\n",
    "not a number": b"file,start_s,end_s\nsound.wav,nan,inf\n",
    "less than nothing": b"file,start_s,end_s\nx,-1,-2\n",
    "a huge number": b"file,start_s,end_s\nsound.wav,0,1e309\n",
    "too few cells": b"file,start_s,end_s\nsound.wav\n",
    "too many cells": b"file,start_s,end_s\nsound.wav,0,1,a,b,c,d\n",
    "a bad label": b'file,start_s,end_s,label\nsound.wav,0,1,"<script>"\n',
    "a formula": b"file,start_s,end_s,label\nsound.wav,0,1,=1+1\n",
    "a hundred thousand rows": b"file,start_s,end_s\n" + b"sound.wav,0,1\n" * 100_000,
}


def tables() -> Iterator[Offer]:
    """Yield tables of segments, label tracks of Audacity and manifests."""
    for says, data in TABLES.items():
        yield Offer(f"segments of {says}", "segments", {"table.csv": data})
        yield Offer(f"a label track of {says}", "segments", {"track.txt": data.replace(b",", b"\t")})
    manifests = {
        "a file outside": "file,label\n../../../etc/passwd,alarm\n",
        "an absolute file": "file,label\n/etc/passwd,a\n",
        "a NUL": "file,label\nso\0und.wav,alarm\n",
        "nothing": "",
        "no rows": "file,label\n",
        "half a character": "file,label\nso\ud800.wav,a\n",
        "a name of ten thousand": f"file,label\n{'x' * 10_000},a\n",
        "itself": "file,label\ntable.csv,alarm\n",
        "a folder": "file,label\n.,alarm\n",
        "a huge cell": "file,label\n" + "y" * 300_000 + ",a\n",
    }
    for says, text in manifests.items():
        yield Offer(f"a manifest of {says}", "evaluate", _table(text))


def _deep(count: int = 100_000) -> str:
    return "[" * count + "]" * count


def augmentations() -> Iterator[Offer]:
    """Yield settings of augmentation that cannot be."""
    noise = {"effect": "white_noise"}
    said: dict[str, Any] = {
        "a list": [],
        "null": None,
        "another schema": {"schema": 99},
        "effects of text": {"effects": "room"},
        "an unknown effect": {"effects": [{"effect": "__class__"}]},
        "an effect of nothing": {"effects": [None]},
        "an effect named by a list": {"effects": [{"effect": []}]},
        "copies without end": {"copies": 10**30},
        "copies of text": {"copies": "8"},
        "a seed of truth": {"seed": True},
        "an unknown setting": {"__init__": 1},
        "ranges upside down": {"effects": [{**noise, "amount": [1, 0]}]},
        "chance of nan": {"effects": [{**noise, "chance": float("nan")}]},
        "a chance of text": {"effects": [{**noise, "chance": "often"}]},
        "a chance of lists": {"effects": [{**noise, "chance": [[]]}]},
        "the same twice": {"effects": [noise, noise]},
        "an arrangement of lists": {"arrangement": [1]},
    }
    for says, data in said.items():
        yield Offer(f"an augmentation of {says}", "augment", {"augment.json": json.dumps(data).encode()})
    texts = {"depth": _deep(), "no JSON": "{", "a long number": "[" + "9" * 50_000 + "]", "many megabytes": "0" * 3**14}
    for says, text in texts.items():
        yield Offer(f"an augmentation of {says}", "augment", {"augment.json": text.encode()})
    yield Offer("an augmentation of other bytes", "augment", {"augment.json": b"\xff\xfe\x00{"})
