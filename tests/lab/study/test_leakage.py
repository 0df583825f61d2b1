"""What a leak is worth, on sounds whose label only memory can tell."""

import json
from itertools import pairwise

import numpy as np
import pytest

from lab.cli import main
from lab.errors import BadInput
from lab.learn.examples import Examples, LearningSet
from lab.sound.clip import RATE_HZ, Clip
from lab.sound.datasets import Dataset, Item, by_recording
from lab.sound.features import DEFAULT
from lab.sound.files import wav_bytes
from lab.study.leakage import by_window, measure, thinned
from lab.workspace.context import run_inline
from lab.workspace.store import open_store

LABELS = ("alarm", "not_alarm")


def tone(number, seconds=3.0):
    """Return a chord that no other recording has; its label is drawn by lot."""
    rng, time_s = np.random.default_rng(number), np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    pitches = rng.uniform(300, 7_500, 4)
    wave = sum(np.sin(2 * np.pi * pitch * time_s) for pitch in pitches) * 2_000 + rng.normal(0, 60, len(time_s))
    return wav_bytes(Clip(wave.astype(np.int16), "", ""))


def items(count=40, seconds=3.0):
    drawn = np.random.default_rng(3).permutation(count) % 2
    return [Item(tone(number, seconds), LABELS[drawn[number]], f"take {number}") for number in range(count)]


def learning_set(train, validate, test):
    """Return windows that each hold their own number."""
    starts = np.cumsum([0, train, validate, test])

    def side(start, end):
        windows = np.zeros((end - start, *DEFAULT.shape), np.int8)
        windows[:, 0, 0] = np.arange(start, end)
        return Examples(windows, np.zeros(end - start, np.int64), np.zeros(end - start, np.int64))

    sides = [side(start, end) for start, end in pairwise(starts)]
    return LearningSet(LABELS, DEFAULT, *sides, dataset="x")


def test_windows_are_dealt_out_whole_and_leaks_counted_by_hand():
    owners = np.repeat(np.arange(12), 5)
    dealt, leaked = by_window(learning_set(40, 10, 10), owners, seed=1)
    sides = [set(each.windows[:, 0, 0].tolist()) for each in (dealt.train, dealt.validate, dealt.test)]
    assert [len(side) for side in sides] == [40, 10, 10]
    assert set.union(*sides) == set(range(60))
    by_hand = sum(any(other // 5 == window // 5 for other in sides[0]) for window in sides[2])
    assert (leaked.windows, leaked.tested, leaked.leaked) == (60, 10, by_hand)


def test_a_recording_a_window_leaks_nothing():
    _, leaked = by_window(learning_set(40, 10, 10), np.arange(60), seed=1)
    assert leaked.leaked == 0


def test_what_only_memory_can_tell_looks_learned_when_windows_are_dealt_out():
    found = measure(by_recording(items(40, 2.5), 1, (0.6, 0.1, 0.3)), epochs=20, seed=1)
    assert found["leaked"] == found["tested"] > 0
    assert found["by_window"]["accuracy"] >= 0.8
    assert found["by_recording"]["accuracy"] <= 0.65
    assert found["gap"] == pytest.approx(found["by_window"]["accuracy"] - found["by_recording"]["accuracy"], abs=1e-4)


def test_a_large_set_is_thinned_by_whole_recordings_of_every_label_and_split():
    many = [Item(b"", LABELS[n % 2], f"take {n // 4}") for n in range(400)]
    whole = by_recording(many)
    thin = thinned(whole, 100)
    assert 80 <= len(thin.items) <= 130
    sizes = {item.recording_id: 0 for item in thin.items}
    for item in thin.items:
        sizes[item.recording_id] += 1
    of_whole = [item.recording_id for item in whole.items]
    assert all(count == of_whole.count(name) for name, count in sizes.items())
    assert set(thin.splits) == {"train", "validate", "test"}
    assert thinned(whole, 400) == whole


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([Item(tone(1), "alarm", "a"), Item(tone(2), "alarm", "b")], "two labels; there is alarm"),
        ([Item(tone(1), "alarm", "a"), Item(tone(2), "not_alarm", "b")], "two recordings of each label"),
        (items(8, 0.5), "of a second or more"),
    ],
    ids=["one label", "one recording a label", "too short"],
)
def test_too_little_is_said_in_a_sentence(given, says):
    with pytest.raises(BadInput, match=says):
        measure(by_recording(given), epochs=1)


def test_page_and_command_line_measure_the_same(lab_home, capfd):
    store = open_store()
    project = store.project("Kitchen")
    for number, item in enumerate(items(12, 1.5)):
        store.add_clip(project.id, item.source, f"{number}.wav", item.label, item.recording_id, 1.5, 0.3)
    told = []
    result = run_inline(
        "lab.study.tasks:measure_leaks", {"project_id": project.id, "epochs": 2}, store.config,
        on_progress=lambda *each: told.append(each),
    )  # fmt: skip
    assert [each[0] for each in told] == sorted(each[0] for each in told)
    assert {each[1] for each in told} == {100}
    assert main(["data", "leaks", "Kitchen", "--epochs", "2", "--json"]) == 0
    printed = json.loads(capfd.readouterr().out)
    assert {**printed, "seconds": 0} == {**result, "seconds": 0}


def test_an_empty_data_set_is_no_crash():
    with pytest.raises(BadInput, match="there is none"):
        measure(Dataset((), ()))
