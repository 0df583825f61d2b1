import numpy as np
import pytest

from lab.errors import BadInput
from lab.sound.clip import Clip
from lab.sound.files import read_clip, wav_bytes
from lab.sound.segments import Segment, read_csv
from lab.study.cutting import cut, trim
from lab.workspace.store import edits, open_store


@pytest.fixture
def store(lab_home):
    return open_store()


@pytest.fixture
def clip(store):
    samples = np.arange(-16_000, 16_000).astype(np.int16)
    wav = wav_bytes(Clip(samples, "alarm", "kitchen"))
    return store.add_clip(store.project("Kitchen").id, wav, "long.wav", "alarm", "kitchen", 2.0, 0.49, fold=3)[0]


def clips(store, clip):
    return store.clips(clip.project_id)


def test_a_trimmed_clip_is_exactly_that_stretch_and_undo_brings_back_the_whole(store, clip):
    trim(store, clip, 0.5, 1.5)
    (part,) = clips(store, clip)
    found = read_clip(store.read_artifact(part.sha256))[0].samples
    assert (found[0], found[-1], len(found)) == (-8_000, 7_999, 16_000)
    assert (part.name, part.recording_id, part.seconds, part.peak, part.fold) == (
        "long.wav", "kitchen", 1.0, 8_000 / 32_768, 3,
    )  # fmt: skip
    edits.undo(store, edits.newest(store, clip.project_id).id)
    assert [each.sha256 for each in clips(store, clip)] == [clip.sha256]


def test_a_recording_becomes_clips_of_one_recording_each_with_its_label(store, clip):
    assert cut(store, clip, [Segment(0.0, 0.56), Segment(1.01, 1.62, "whistle")]) == 2
    found = {each.name: (each.label, each.recording_id, each.seconds) for each in clips(store, clip)}
    assert found == {
        "long 0.00-0.56 s.wav": ("alarm", "kitchen", 0.56), "long 1.01-1.62 s.wav": ("whistle", "kitchen", 0.61),
    }  # fmt: skip
    edits.undo(store, edits.newest(store, clip.project_id).id)
    assert [each.name for each in clips(store, clip)] == ["long.wav"]


@pytest.mark.parametrize("segments", [[], [Segment(0.0, 0.5), Segment(1.0, 2.5)], [Segment(0.0, 0.001)]])
def test_segments_that_cannot_be_cut_leave_the_recording_whole(store, clip, segments):
    with pytest.raises(BadInput):
        cut(store, clip, segments)
    assert [each.name for each in clips(store, clip)] == ["long.wav"]


def test_a_table_of_segments_is_read_by_file():
    found = read_csv(b"file,start_s,end_s\na.flac,0.0,0.56\nb.flac,1,2\na.flac,1.01,1.62\n")
    assert found == {"a.flac": [Segment(0.0, 0.56), Segment(1.01, 1.62)], "b.flac": [Segment(1.0, 2.0)]}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "needs rows"),
        (b"file,start_s\na,1\n", "needs rows"),
        (b"\xff\xfe", "not a CSV file"),
        (b"file,start_s,end_s\na,0,1\nb,x,2\n", "Line 3"),
        (b"file,start_s,end_s\na,2,1\n", "Line 2.*ends after"),
        (b"file,start_s,end_s\na,nan,1\n", "Line 2"),
        (b"file,start_s,end_s\na\n", "Line 2"),
    ],
)
def test_a_bad_table_of_segments_is_one_sentence(data, says):
    with pytest.raises(BadInput, match=says):
        read_csv(data)


def test_the_real_alarms_segments_are_read(real_data):
    found = read_csv((real_data / "alarms" / "alarm_segments.csv").read_bytes())
    assert found["smoke_splicesound_369848.flac"][0] == Segment(0.0, 0.56)
