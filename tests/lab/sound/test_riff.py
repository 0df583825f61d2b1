"""WAV and AIFF files of which libsndfile is shown only what sound needs."""

import io
import struct
import subprocess
import sys

import numpy as np
import pytest

from lab.sound.clip import Clip
from lab.sound.files import read_clip, wav_bytes
from lab.sound.riff import Essential
from tests.conftest import ROOT

SAMPLES = np.random.default_rng(0).integers(-9_000, 9_000, 1_601).astype(np.int16)
WAV = wav_bytes(Clip(SAMPLES, "", ""))
DATA_AT = WAV.index(b"data")


def chunk(name, data, size=None):
    return name + struct.pack("<I", len(data) if size is None else size) + data


def test_chunks_before_and_after_the_sound_change_nothing():
    odd = chunk(b"bext", b"x" * 603) + b"\0" + chunk(b"LIST", b"INFOIART\3\0\0\0me\0\0")
    data = WAV[:DATA_AT] + odd + WAV[DATA_AT:] + chunk(b"LIST", b"INFO") + chunk(b"cue ", bytes(4))
    assert (read_clip(data)[0].samples == SAMPLES).all()
    assert Essential(io.BytesIO(data)).read() == Essential(io.BytesIO(WAV)).read()


def test_an_aiff_file_may_tell_its_format_behind_its_sound():
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, SAMPLES, 16_000, "PCM_16", format="AIFF")
    data = buffer.getvalue()
    at, end = data.index(b"COMM"), data.index(b"COMM") + 26
    turned = data[:at] + data[data.index(b"SSND") :] + data[at:end]
    assert (read_clip(turned)[0].samples == SAMPLES).all()


@pytest.mark.parametrize("before", [True, False])
def test_a_size_that_sends_libsndfile_round_in_circles_does_not(before):
    """A list whose part claims a size of -8: libsndfile steps back to it for ever, in C, where nothing stops it."""
    circle = chunk(b"LIST", b"LIST\xf8\xff\xff\xff" * 3, size=0)
    data = WAV[:DATA_AT] + circle + WAV[DATA_AT:] if before else WAV + circle
    script = "import sys; from lab.sound.files import read_clip; read_clip(sys.stdin.buffer.read())"
    done = subprocess.run([sys.executable, "-c", script], input=data, cwd=ROOT, timeout=60, capture_output=True)
    assert done.returncode == 0 or b"BadInput: The file is damaged" in done.stderr


def test_what_is_read_in_pieces_is_what_is_read_at_once():
    data = WAV[:DATA_AT] + chunk(b"JUNK", bytes(900)) + WAV[DATA_AT:]
    file = Essential(io.BytesIO(data))
    whole = file.read()
    assert len(whole) == len(WAV)
    file.seek(-40, 2)
    assert file.tell() == len(WAV) - 40
    assert file.read(1_000) == whole[-40:]
    file.seek(DATA_AT - 10)
    assert file.read(30) == whole[DATA_AT - 10 : DATA_AT + 20]
    file.seek(-9_999)
    assert file.tell() == DATA_AT + 20


def test_after_more_steps_than_a_file_needs_there_is_nothing_more():
    file = Essential(io.BytesIO(WAV))
    for _ in range(Essential.STEPS + len(WAV)):
        file.seek(0)
    assert file.read(4) == b""
