"""An export of Edge Impulse comes in with its labels, segments and recordings."""

import json
import zipfile

import numpy as np
import pytest

from lab.errors import BadInput
from lab.sound.clip import Clip
from lab.sound.datasets import by_recording, find_items
from lab.sound.files import wav_bytes
from lab.study import projects
from lab.workspace.store import open_store

ROWS = [
    {"path": "training/a.wav", "name": "alarm.2b0dmj3s.s1", "category": "training",
     "label": {"type": "label", "label": "alarm"}},
    {"path": "training/b.wav", "name": "alarm.2b0dmj3s.s2", "category": "training",
     "label": {"type": "label", "label": "alarm"}},
    {"path": "testing/c.wav", "name": "kitchen.31nbbm9v", "category": "testing", "label": {"type": "unlabeled"}},
    {"path": "testing/d.wav", "name": "long.44aa", "category": "testing", "label": {"type": "multi-label", "labels": [
        {"label": "alarm", "startIndex": 0, "endIndex": 500}, {"label": "quiet", "startIndex": 501, "endIndex": 999},
    ]}},
    {"path": "training/motion.json", "name": "motion", "category": "training",
     "label": {"type": "label", "label": "wave"}},
]  # fmt: skip


def sound(number):
    return wav_bytes(Clip(np.random.default_rng(number).integers(-900, 900, 16_000).astype(np.int16), "", ""))


def export(folder, rows=None, at_root=True):
    """Write an export; its table at its root, or one in each of its folders."""
    rows = ROWS if rows is None else rows
    for number, name in enumerate("abcd"):
        path = folder / ("training" if name in "ab" else "testing") / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sound(number))
    if at_root:
        (folder / "info.labels").write_text(json.dumps({"version": 1, "files": rows}))
        return folder
    for side in ("training", "testing"):
        mine = [{**row, "path": row["path"].split("/")[1]} for row in rows if row["category"] == side]
        (folder / side / "info.labels").write_text(json.dumps({"version": 1, "files": mine}))
    return folder


@pytest.mark.parametrize("at_root", [True, False])
def test_labels_and_recordings_come_from_the_table(tmp_path, at_root):
    found = {item.source.name: item for item in find_items(export(tmp_path / "mine", at_root=at_root))}
    assert {name: item.label for name, item in found.items()} == {
        "a.wav": "alarm", "b.wav": "alarm", "c.wav": "", "d.wav": "",
    }  # fmt: skip
    assert found["a.wav"].recording_id == found["b.wav"].recording_id == "alarm.2b0dmj3s"
    assert found["c.wav"].recording_id == "kitchen.31nbbm9v"
    assert {item.origin for item in found.values()} == {"Edge Impulse"}
    sides = by_recording(item for item in found.values() if item.label).splits
    assert len(set(sides)) == 1


def test_a_zip_of_it_becomes_clips_with_segments(tmp_path, lab_home):
    folder = export(tmp_path / "mine")
    with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(tmp_path))
    assert projects.add("Kitchen", [tmp_path / "mine.zip"])["labels"] == {"": 2, "alarm": 2}
    store = open_store()
    clips = {clip.name: clip for clip in store.clips(store.project("Kitchen").id)}
    assert clips["d.wav"].segments == [
        {"start_s": 0.0, "end_s": 0.5, "label": "alarm"}, {"start_s": 0.501, "end_s": 0.999, "label": "quiet"},
    ]  # fmt: skip
    assert clips["a.wav"].segments == []
    assert clips["a.wav"].source == "Edge Impulse"


def test_a_label_that_is_given_is_for_all(tmp_path):
    assert {item.label for item in find_items(export(tmp_path / "mine"), "whistle")} == {"whistle"}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"path": "../../etc/passwd.wav"}, "not in its folder"),
        ({"path": "/etc/passwd.wav"}, "not in its folder"),
        ({"path": "training/gone.wav"}, "not in its folder"),
        ({"path": "training/a.wav", "label": {"type": "label"}}, "does not say in full"),
        ({"path": "training/a.wav", "label": {"type": "label", "label": "a\x1b[2J"}}, "use letters"),
        ({"path": "training/a.wav", "label": {"type": "boxes"}}, "not known: 'boxes'"),
        ({"path": "training/a.wav", "label": {"type": "multi-label", "labels": [{"startIndex": "x"}]}}, "in full"),
        ({"path": "training/a.wav", "label": {"type": "multi-label", "labels": [
            {"label": "a", "startIndex": 9, "endIndex": 1}]}}, "ends after it starts"),
        ({"path": "training/motion.json"}, "as WAV, not JSON or CBOR"),
        ("training/a.wav", "needs a list of files"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_followed_is_one_sentence(tmp_path, row, says):
    with pytest.raises(BadInput, match=says):
        find_items(export(tmp_path / "mine", [row]))


@pytest.mark.parametrize("data", [b"", b"[]", b'{"files": 3}', b"\xff\xfe", b"[" * 100_000])
def test_a_table_that_is_no_table_is_one_sentence(tmp_path, data):
    folder = export(tmp_path / "mine")
    (folder / "info.labels").write_bytes(data)
    with pytest.raises(BadInput, match="not Edge Impulse's table"):
        find_items(folder)
