"""Layouts, and splits that never part one recording."""

import csv
import shutil
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import BadInput
from lab.sound.datasets import Dataset, Item, by_fold, by_recording, find_items, opened, relabelled, split
from lab.sound.layouts import background_noise


def write_wav(path, seed=0, n=2_000):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(np.random.default_rng(seed).integers(-99, 99, n).astype("<i2").tobytes())
    return path


def write_esc50(root, rows, inside="meta"):
    (root / inside).mkdir(parents=True, exist_ok=True)
    with (root / inside / "esc50.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["filename", "fold", "target", "category", "esc10", "src_file", "take"])
        for name, fold, category, source in rows:
            writer.writerow([name, fold, 0, category, "True", source, "A"])
            write_wav(root / "audio" / name, seed=hash(name) % 1_000)
    return root


ESC_ROWS = [
    ("1-10-A-0.wav", 1, "dog", "10"), ("1-10-B-0.wav", 1, "dog", "10"), ("2-11-A-0.wav", 2, "dog", "11"),
    ("3-12-A-1.wav", 3, "rain", "12"), ("4-13-A-1.wav", 4, "rain", "13"), ("5-14-A-1.wav", 5, "rain", "14"),
]  # fmt: skip


@pytest.mark.parametrize("inside", ["meta", "."])
def test_an_esc50_folder_gives_category_fold_and_source(tmp_path, inside):
    items = find_items(write_esc50(tmp_path / "ESC-50-master", ESC_ROWS, inside))
    assert [(item.label, item.recording_id, item.fold) for item in items] == [
        ("dog", "10", 1), ("dog", "10", 1), ("dog", "11", 2), ("rain", "12", 3), ("rain", "13", 4), ("rain", "14", 5),
    ]  # fmt: skip
    assert len(items[0].clip().samples) == 2_000


def test_an_esc50_zip_is_read_like_its_folder(tmp_path):
    write_esc50(tmp_path / "in" / "ESC-50-master", ESC_ROWS)
    shutil.make_archive(str(tmp_path / "esc"), "zip", tmp_path / "in")
    with opened(tmp_path / "esc.zip") as items:
        assert [item.fold for item in items] == [1, 1, 2, 3, 4, 5]
        zipped = split(items).sha256()
        place = items[0].source
    assert not place.exists()
    assert zipped == split(find_items(tmp_path / "in")).sha256()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "needs rows with the columns filename, fold, category"),
        ("filename,fold,category\n", "needs rows"),
        ("filename,fold,category\nno.wav,1,dog\n", r"names 'no\.wav', which is not in its audio folder"),
        ("filename,fold,category\n../audio/1-10-A-0.wav,1,dog\n", "which is not in its audio folder"),
        ("filename,fold,category\n1-10-A-0.wav,first,dog\n", "the fold 'first'; a number is needed"),
        ("filename,fold,category\n1-10-A-0.wav,1,a/b\n", "in it"),
        ("filename,fold,category\n1-10-A-0.wav\n", "a number is needed"),
    ],
)
def test_a_broken_table_is_refused(tmp_path, text, message):
    write_esc50(tmp_path, ESC_ROWS, ".")
    (tmp_path / "esc50.csv").write_text(text)
    with pytest.raises(BadInput, match=message):
        find_items(tmp_path)


def test_a_table_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "esc50.csv").write_bytes(b"\xff\xfe\x00\x01" * 20)
    with pytest.raises(BadInput, match="not a CSV file"):
        find_items(tmp_path)


def test_folders_are_labels_and_speakers_are_recordings(tmp_path):
    for name in ("cat/0a1b2c3d_nohash_0.wav", "cat/0a1b2c3d_nohash_1.wav", "bed/0a1b2c3d_nohash_0.wav", "bed/x.wav"):
        write_wav(tmp_path / name)
    write_wav(tmp_path / "_background_noise_" / "tap.wav")
    write_wav(tmp_path / "cat" / ".hidden.wav")
    (tmp_path / "cat" / "notes.txt").write_text("not sound")
    items = find_items(tmp_path)
    assert [(item.label, item.recording_id) for item in items] == [
        ("bed", "speaker 0a1b2c3d"), ("bed", "bed/x.wav"), ("cat", "speaker 0a1b2c3d"), ("cat", "speaker 0a1b2c3d"),
    ]  # fmt: skip
    assert [clip.recording_id for clip in background_noise(tmp_path)] == ["tap"]


def test_a_folder_around_the_folders_is_entered(tmp_path):
    for name in ("alarm/a.wav", "quiet/b.wav"):
        write_wav(tmp_path / "data" / name)
    assert [item.label for item in find_items(tmp_path)] == ["alarm", "quiet"]


def test_one_label_folder_alone_keeps_its_label(tmp_path):
    write_wav(tmp_path / "alarm" / "a.wav")
    assert [item.label for item in find_items(tmp_path)] == ["alarm"]


def test_files_without_a_folder_need_a_label(tmp_path):
    path = write_wav(tmp_path / "a.wav")
    with pytest.raises(BadInput, match=r"does not say what a\.wav is"):
        find_items(tmp_path)
    assert find_items(path, "alarm")[0].label == "alarm"
    assert find_items(tmp_path, "alarm")[0].label == "alarm"


def test_a_folder_that_cannot_be_a_label_is_refused(tmp_path):
    write_wav(tmp_path / "dog 🐶" / "a.wav")
    write_wav(tmp_path / "cat" / "a.wav")
    with pytest.raises(BadInput, match="U0001f436"):
        find_items(tmp_path)


def test_nothing_there_is_said(tmp_path):
    with pytest.raises(BadInput, match="holds no sound files"):
        find_items(tmp_path)
    with pytest.raises(BadInput, match="is not there"):
        find_items(tmp_path / "absent")
    with pytest.raises(BadInput, match="no background recordings"):
        background_noise(tmp_path)


def made(rows):
    return [Item(f"{index}".encode(), label, recording) for index, (label, recording) in enumerate(rows)]


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 30).map(str)), min_size=1, max_size=80),
    st.integers(0, 5),
)
def test_no_recording_is_ever_on_two_sides(rows, seed):
    dataset = by_recording(made(rows), seed)
    sides = {split: {item.recording_id for item in dataset.of(split)} for split in ("train", "validate", "test")}
    assert not sides["train"] & sides["test"]
    assert not sides["train"] & sides["validate"]
    assert not sides["validate"] & sides["test"]
    assert sum(map(len, (dataset.of(side) for side in sides))) == len(rows)
    assert by_recording(made(rows), seed) == dataset


def test_each_label_gets_its_share_of_each_side():
    dataset = by_recording(made([(label, f"{label}{n}") for label in "ab" for n in range(100)]))
    for label in "ab":
        counts = [sum(item.label == label for item in dataset.of(side)) for side in ("train", "validate", "test")]
        assert counts == [70, 15, 15]


@pytest.mark.parametrize(("recordings", "sides"), [(1, [1, 0, 0]), (2, [1, 0, 1]), (3, [1, 1, 1])])
def test_few_recordings_still_train(recordings, sides):
    dataset = by_recording(made([("a", str(n)) for n in range(recordings)]))
    assert [len(dataset.of(side)) for side in ("train", "validate", "test")] == sides


def test_folds_are_the_authors():
    items = [Item(b"", "a", str(fold), fold) for fold in (1, 2, 3, 4, 5)]
    assert by_fold(items).splits == ("train", "train", "train", "validate", "test")
    assert by_fold(items, 1).splits == ("test", "train", "train", "train", "validate")
    assert split(items) == by_fold(items)
    with pytest.raises(BadInput, match="fold 6"):
        by_fold(items, 6)


def test_a_dataset_refuses_a_recording_on_two_sides():
    items = tuple(made([("a", "same"), ("a", "same")]))
    with pytest.raises(BadInput, match="Recording 'same' is in both train and test"):
        Dataset(items, ("train", "test"))


def test_the_hash_names_content_labels_and_split_but_no_order():
    items = made([("a", "1"), ("b", "2"), ("b", "3")])
    dataset = Dataset(tuple(items), ("train", "test", "train"))
    turned = Dataset(tuple(items[::-1]), ("train", "test", "train"))
    assert dataset.sha256() == turned.sha256()
    assert len(dataset.sha256()) == 64
    assert Dataset(tuple(items), ("train", "train", "test")).sha256() != dataset.sha256()
    other = (Item(b"9", "a", "1"), *items[1:])
    assert Dataset(other, dataset.splits).sha256() != dataset.sha256()


def test_labels_can_be_merged():
    items = made([("dog", "1"), ("cat", "2"), ("rain", "3")])
    assert [item.label for item in relabelled(items, {"rain": "alarm"}, "other")] == ["other", "other", "alarm"]
    assert [item.label for item in relabelled(items, {"dog": "animal", "cat": "animal"})] == ["animal", "animal"]


def test_the_real_esc10_has_forty_clips_a_class_and_five_folds(real_data):
    items = find_items(real_data / "esc10")
    assert len(items) == 400
    dataset = split(items)
    assert len(dataset.classes) == 10
    assert [len(dataset.of(side)) for side in ("train", "validate", "test")] == [240, 80, 80]
    clips = [item.clip() for item in items[::40]]
    assert {len(clip.samples) for clip in clips} == {80_000}


def test_the_real_speech_commands_are_labelled_by_folder_and_split_by_speaker(real_data):
    dataset = by_recording(find_items(real_data / "speech_commands"))
    assert dataset.classes == ("bed", "cat", "happy")
    assert len(dataset.items) == 4_050
    assert all(item.recording_id.startswith("speaker ") for item in dataset.items)


def test_the_real_background_noise_is_read(real_data):
    clips = background_noise(real_data)
    assert len(clips) == 6
    assert all(clip.seconds > 30 for clip in clips)
