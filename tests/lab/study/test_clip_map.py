"""The map of a project's sounds: what is alike lies together."""

import numpy as np
import pytest

from lab.errors import BadInput
from lab.sound.clip import RATE_HZ, Clip
from lab.sound.files import wav_bytes
from lab.study.clip_map import describe, draw, principal
from lab.workspace.context import run_inline
from lab.workspace.store import open_store


def tone(pitch_hz, number, seconds=1.2):
    rng, time_s = np.random.default_rng(number), np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    wave = 6_000 * np.sin(2 * np.pi * pitch_hz * (1 + 0.002 * number) * time_s) + rng.normal(0, 40, len(time_s))
    return wave.astype(np.int16)


@pytest.fixture
def store(lab_home):
    return open_store()


def add(store, samples, name):
    wav = wav_bytes(Clip(samples, "", name))
    store.add_clip(store.project("Kitchen").id, wav, name, "", name, len(samples) / RATE_HZ, 0.2)


def test_the_axes_are_the_principal_components_that_numpy_finds():
    rows = np.random.default_rng(4).normal(size=(40, 6)) @ np.diag([1, 2, 3, 4, 5, 6.0])
    rows[:, 3] = rows[:, 0] * 2 + 0.1 * rows[:, 3]
    places, explained = principal(rows)
    values, vectors = np.linalg.eigh(np.corrcoef(rows.T))
    scaled = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    assert np.allclose(np.abs(places), np.abs(scaled @ vectors[:, [-1, -2]]))
    assert explained == pytest.approx(values[-2:].sum() / values.sum())
    assert all(places[np.abs(places[:, axis]).argmax(), axis] > 0 for axis in (0, 1))


def test_sounds_without_any_difference_lie_on_one_place():
    places, explained = principal(np.ones((4, 64)))
    assert np.allclose(places, 0)
    assert explained == 1.0


def test_a_short_sound_has_its_64_numbers_too():
    assert describe(tone(3_000, 1, 0.1)).shape == (64,)
    assert np.isfinite(describe(np.zeros(600, np.int16))).all()


def test_what_is_alike_lies_together(store):
    for number in range(6):
        for pitch in (600, 3_100, 6_500):
            add(store, tone(pitch, number), f"{pitch} {number}.wav")
    told = []
    result = run_inline("lab.study.tasks:map_clips", {"project_id": store.project("Kitchen").id}, store.config,
                        on_progress=lambda *each: told.append(each))  # fmt: skip
    names = {clip.id: clip.name.split()[0] for clip in store.clips(store.project("Kitchen").id)}
    places = {
        pitch: np.array([row[1:] for row in result["points"] if names[row[0]] == pitch]) for pitch in names.values()
    }
    middles = {pitch: found.mean(axis=0) for pitch, found in places.items()}
    for pitch, found in places.items():
        for place in found:
            assert min(middles, key=lambda each: np.linalg.norm(place - middles[each])) == pitch
    assert (result["shown"], result["all"], len(told)) == (18, 18, 18)
    assert 0.3 < result["explained"] <= 1


def test_very_many_sounds_are_thinned_evenly(store, monkeypatch):
    monkeypatch.setattr("lab.study.clip_map.MOST_CLIPS", 4)
    for number in range(10):
        add(store, tone(1_000, number, 0.2), f"{number}.wav")
    result = draw(store, store.project("Kitchen").id)
    assert (result["shown"], result["all"]) == (4, 10)
    assert [row[0] for row in result["points"]] == [1, 4, 7, 10]


@pytest.mark.parametrize("count", [0, 2])
def test_too_few_sounds_are_said(store, count):
    for number in range(count):
        add(store, tone(1_000, number, 0.2), f"{number}.wav")
    with pytest.raises(BadInput, match=f"3 sounds or more; this project has {count}"):
        draw(store, store.project("Kitchen").id)
