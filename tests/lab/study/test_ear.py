import errno
import os
import threading
from fractions import Fraction

import numpy as np
import pytest

from lab.deploy.prepared import prepared_detector
from lab.deploy.twin import Twin
from lab.sound import synth
from lab.sound.files import read_clip
from lab.study import ear as ears
from lab.study.ear import Ear
from lab.workspace import takes
from lab.workspace.store import open_store

FRAME = 960


@pytest.fixture
def store():
    return open_store()


@pytest.fixture
def project(store):
    return store.project("kitchen").id


def frames(samples):
    """Yield a sound at 16 kHz as frames of 48 kHz, each sample three times."""
    import av

    whole = np.repeat(samples, 3)
    for place in range(len(whole) // FRAME):
        frame = av.AudioFrame.from_ndarray(whole[None, place * FRAME : (place + 1) * FRAME].copy(), "s16", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, place * FRAME, Fraction(1, 48_000)
        yield frame


def feed(ear, samples):
    """Let an ear hear a sound, and end the stream."""
    for frame in frames(samples):
        ear.offer(frame)
    finish(ear)


def finish(ear):
    thread = ear._thread
    ear.ended()
    thread.join(20)
    assert not thread.is_alive()


def test_a_take_is_in_the_store_clip_by_clip(store, project):
    ear = Ear(store)
    ear.start_take(project, "alarm", 1.0)
    feed(ear, np.random.default_rng(1).integers(-5_000, 5_000, 57_600).astype(np.int16))
    clips = store.clips(project)
    assert [clip.seconds for clip in clips] == [1.0, 1.0, 1.0]
    assert len({clip.recording_id for clip in clips}) == 1
    assert [saved.clip_id for saved in ear.saved] == [clip.id for clip in clips]
    wav = read_clip(store.read_artifact(clips[0].sha256))[0]
    assert len(wav.samples) == 16_000


def test_a_sound_that_was_there_is_kept_once_and_marked(store, project):
    ear = Ear(store)
    ear.start_take(project, "alarm", 1.0)
    feed(ear, np.zeros(40_000, np.int16))
    assert [saved.again for saved in ear.saved] == [False, True]
    assert ears.AGAIN in ear.saved[1].notes
    assert len(store.clips(project)) == 1


def test_one_clip_is_exactly_as_long_as_asked_and_the_take_ends(store, project):
    ear = Ear(store)
    ear.start_take(project, "alarm", 2.0, clips=1)
    feed(ear, synth.test_alarm("t3", 4.0))
    assert [clip.seconds for clip in store.clips(project)] == [2.0]
    assert ear.take is None
    assert takes.interrupted(store.config, project) == []


def test_a_stream_that_ends_in_mid_take_keeps_what_it_can_and_tells_the_rest(store, project):
    ear = Ear(store)
    ear.start_take(project, "alarm", 2.0)
    feed(ear, synth.test_alarm("t3", 2.5))
    (told,) = takes.interrupted(store.config, project)
    assert told.saved == 1
    assert told.lost_s == pytest.approx(0.5, abs=0.03)
    assert told.reason == ears.LEFT
    assert [clip.seconds for clip in store.clips(project)] == [2.0]
    takes.forget(store.config, told)
    assert takes.interrupted(store.config, project) == []


def test_a_silent_stream_is_a_microphone_that_is_gone(store, project, monkeypatch):
    monkeypatch.setattr(ears, "SILENT_S", 0.2)
    ear = Ear(store)
    ear.start_take(project, "alarm", 1.0)
    for frame in frames(synth.test_alarm("t3", 1.5)):
        ear.offer(frame)
    ear._thread.join(20)
    assert ear.problem == ears.GONE
    assert len(store.clips(project)) == 1
    assert not ear.hears


def test_a_full_disk_ends_the_take_and_leaves_confirmed_clips_whole(store, project, monkeypatch):
    room = {"left": 2}
    plain = os.fsync
    heard_full = threading.Event()

    def fsync(handle):
        if room["left"] <= 0:
            heard_full.set()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        plain(handle)

    ear = Ear(store)
    ear.start_take(project, "alarm", 1.0)
    for frame in frames(synth.test_alarm("t3", 1.2)):
        ear.offer(frame)
    while not ear.saved:
        ear._thread.join(0.01)
    room["left"] = 0
    monkeypatch.setattr(os, "fsync", fsync)
    feed(ear, synth.test_alarm("continuous", 2.5))
    assert heard_full.is_set()
    assert "disk is full" in ear.problem
    clips = store.clips(project)
    assert len(clips) == len(ear.saved) == 1
    assert len(read_clip(store.read_artifact(clips[0].sha256))[0].samples) == 16_000
    assert ear.take is None


def test_an_ear_decides_as_the_twin_does_and_gives_the_page_its_rows(store):
    detector = prepared_detector()
    ear = Ear(store, detector)
    sound = synth.test_alarm("t3", 5.0)
    for frame in frames(sound):
        ear.offer(frame)
    finish(ear)
    seen = ear.sight(2.0)
    samples, hops = ear.last(10.0)
    codes = Twin(detector).hear(samples).codes
    assert seen.hop == len(samples) // 512
    assert seen.rows.shape == (len(seen.peaks) * 2, 64)
    assert [hop.code for hop in hops][-len(codes) :] == codes.tolist()
    assert seen.hops[-1] == hops[-1]


def test_an_ear_gives_the_sound_of_some_time_ago_with_its_decisions(store):
    ear = Ear(store, prepared_detector())
    for frame in frames(synth.test_alarm("t3", 5.0)):
        ear.offer(frame)
    finish(ear)
    whole, hops = ear.last(60.0)
    samples, then = ear.last(1.024, 2.048)
    end = len(whole) - 2 * 16_384
    assert samples.tolist() == whole[end - 16_384 : end].tolist()
    assert then == hops[-96:-64]
    assert len(ear.last(3.0, len(whole) / 16_000 - 0.512)[0]) == 8_192  # no more was heard before
    assert len(ear.last(3.0, 30.0)[0]) == 0


def test_another_detector_takes_over_in_mid_stream(store):
    ear = Ear(store)
    for frame in frames(synth.test_alarm("t3", 1.5)):
        ear.offer(frame)
    while ear.sight(1).hop < 40:
        ear._thread.join(0.01)
    ear.listen_with(prepared_detector())
    for frame in frames(synth.test_alarm("t3", 2.0)):
        ear.offer(frame)
    finish(ear)
    seen = ear.sight(2.0)
    assert seen.hops[-1].number == seen.hop
