"""The synthesizer: repeatable, fast, and acoustically what it says."""

import subprocess
import sys
import time
from itertools import pairwise

import numpy as np
import pytest

from lab.errors import BadInput
from lab.sound import synth
from lab.sound.synth.scenes import Scene

RATE = 16_000
ALARMS = [name for name, family in synth.FAMILIES.items() if family.label == "alarm"]


@pytest.mark.parametrize("family", list(synth.FAMILIES))
def test_every_family_renders_sound_and_says_where_its_alarm_is(family):
    for seed in (0, 1):
        scene = synth.render(family, seed, 6)
        assert scene.samples.dtype == np.int16
        assert scene.samples.shape == (6 * RATE,)
        assert scene.samples.any()
        assert scene.label == synth.FAMILIES[family].label
        assert bool(scene.segments) == (scene.label == "alarm")
        assert all(0 <= a < b <= 6 for a, b in scene.segments)
        assert all(a[1] < b[0] for a, b in pairwise(scene.segments))


def test_the_same_seed_gives_the_same_samples_in_another_process():
    code = (
        "import hashlib; from lab.sound import synth; "
        "print(hashlib.sha256(b''.join(s.samples.tobytes() for s in synth.scenes(6, 5, seconds=2))).hexdigest())"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout for _ in "ab"
    ]
    assert runs[0] == runs[1]
    assert len(runs[0].strip()) == 64


def test_another_seed_gives_another_scene():
    assert not np.array_equal(synth.render("t3", 0, 2).samples, synth.render("t3", 1, 2).samples)


def test_a_scene_is_the_same_alone_and_in_its_plan():
    plan = synth.plan(5, 11)
    scene = list(synth.scenes(5, 11, seconds=2))[3]
    np.testing.assert_array_equal(scene.samples, synth.render(*plan[3], 2).samples)


def test_families_kept_for_testing_never_train():
    train = {name for name, _ in synth.plan(3_000, 0, "train")} | {name for name, _ in synth.plan(3_000, 0, "validate")}
    test = {name for name, _ in synth.plan(3_000, 0, "test")}
    fresh = {name for name, _ in synth.plan(300, 0, "fresh", alarms=0)}
    assert fresh == {"glass", "bicycle_bell", "slot_machine", "till", "clarinet"}
    assert not train & test
    assert train | test == set(synth.FAMILIES) - fresh


def test_train_and_validate_share_families_but_no_seed():
    train, validate = synth.plan(2_000, 0, "train"), synth.plan(2_000, 0, "validate")
    assert not set(train) & set(validate)


def test_half_of_a_plan_are_alarms_and_about_a_third_of_these_are_low():
    names = [name for name, _ in synth.plan(8_000, 3)]
    alarms = [name for name in names if name in ALARMS]
    assert len(alarms) / len(names) == pytest.approx(0.5, abs=0.03)
    assert sum(name.endswith("_low") for name in alarms) / len(alarms) == pytest.approx(0.32, abs=0.04)


def test_a_second_of_processor_makes_150_seconds_of_sound():
    started = time.process_time()
    seconds = sum(len(scene.samples) / RATE for scene in synth.scenes(40, 8))
    assert seconds / (time.process_time() - started) > 150


def band_energy(samples, low_hz, high_hz):
    spectrum = np.abs(np.fft.rfft(samples.astype(float) * np.hanning(len(samples)))) ** 2
    bins = slice(int(low_hz * len(samples) / RATE), int(high_hz * len(samples) / RATE) + 1)
    return spectrum[bins].sum() / spectrum.sum()


def test_a_clean_t3_is_three_half_seconds_of_its_tone_every_four():
    samples = synth.test_alarm("t3", 10, -20)
    on = np.abs(samples.reshape(-1, 800).astype(int)).max(axis=1) > 1_000  # twentieths of a second
    starts = np.flatnonzero(np.diff(on.astype(int)) == 1) + 1
    assert (starts / 20).tolist() == [0.5, 1.5, 2.5, 4.5, 5.5, 6.5, 8.5, 9.5]
    assert on.sum() / 20 == pytest.approx(4.0)
    assert np.abs(samples).max() == pytest.approx(3_277, abs=2)
    assert band_energy(samples[8_000:16_000], 3_100, 3_200) > 0.99


def test_a_clean_low_alarm_is_a_square_of_520_hz():
    tone = synth.test_alarm("t3_520", 2)[9_000:15_000]
    first = band_energy(tone, 500, 540)
    assert band_energy(tone, 1_540, 1_580) / first == pytest.approx(1 / 9, rel=0.05)
    assert band_energy(tone, 1_020, 1_060) < 1e-4


def test_clean_continuous_and_sweeping_alarms_start_at_once_and_never_stop():
    for kind in ("continuous", "sweep"):
        quietest = np.abs(synth.test_alarm(kind, 20).reshape(-1, 1_600).astype(int)).max(axis=1).min()
        assert quietest > 2_000


def test_t4_is_no_alarm():
    assert synth.FAMILIES["t4"].label == "not_alarm"
    assert synth.render("t4", 0, 5).segments == ()


@pytest.mark.parametrize("seed", range(12))
def test_t3_pulses_stay_within_ten_per_cent(seed):
    segments = synth.render("t3", seed, 30).segments
    inner = [pair for pair in segments if pair[0] > 4 and pair[1] < 26]
    for start, end in inner[1:-1]:
        assert 0.449 <= end - start <= 0.551
    gaps = [b[0] - a[1] for a, b in pairwise(inner)]
    assert all(0.449 <= gap <= 0.551 or 1.349 <= gap <= 1.651 for gap in gaps)


def made(segments, tail_s=0.0):
    return Scene(np.zeros(5 * RATE, np.int16), segments, "T3", "t3", tail_s)


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        ((), [0, 0, 0, 0, 0]),
        (((0.75, 1.0),), [1, 0, 0, 0, 0]),
        (((0.76, 1.0),), [-1, 0, 0, 0, 0]),
        (((0.9, 1.2),), [-1, -1, 0, 0, 0]),
        (((2.0, 5.0),), [0, 0, 1, 1, 1]),
        (((1.0, 1.1), (1.3, 1.5)), [0, 1, 0, 0, 0]),
    ],
)
def test_windows_are_labelled_by_a_quarter_second_of_tone(segments, expected):
    labels = synth.window_labels(made(segments), np.arange(5) * RATE, RATE)
    assert labels.dtype == np.int8
    assert labels.tolist() == expected


def test_a_loud_echo_alone_is_neither_yes_nor_no():
    labels = synth.window_labels(made(((0.5, 1.0),), tail_s=0.2), np.arange(5) * RATE, RATE)
    assert labels.tolist() == [1, -1, 0, 0, 0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: synth.render("nonsense", 0), "no sound family 'nonsense'"),
        (lambda: synth.render("t3", -1), "seed -1"),
        (lambda: synth.render("t3", 0, 0), "0 s"),
        (lambda: synth.render("t3", 0, 601), "601 s"),
        (lambda: synth.plan(1, 0, "other"), "Split 'other'"),
        (lambda: synth.plan(1, 0, "fresh"), "'fresh' has no alarms; it got a share of 0.5"),
        (lambda: synth.test_alarm("bell", 5), "'bell'"),
    ],
)
def test_what_cannot_be_made_is_refused(call, message):
    with pytest.raises(BadInput, match=message):
        call()


@pytest.mark.parametrize("family", [*ALARMS, "t4", "medical", "whistle", "speech", "xylophone"])
def test_a_tenth_of_a_second_is_no_trouble(family):
    assert len(synth.render(family, 3, 0.1).samples) == 1_600
