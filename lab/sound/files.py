"""Sound files in, clips out; and clips as WAV.

Whatever libsndfile reads becomes mono int16 at 16 kHz. A 16 kHz mono 16-bit
file keeps its samples as they are; of anything else a note says what was done.
"""

import io
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from lab.errors import BadInput
from lab.sound.clip import RATE_HZ, Clip
from lab.sound.labels import check_label
from lab.sound.resample import BLOCK_S, resampled
from lab.sound.riff import Essential, missing_bytes, sound_magic

MAX_CLIP_S = 600
MAX_OVER = 100.0
"""Float samples reach from -1 to 1; somewhat more is cut, 40 dB more is no sound."""
MIN_SAMPLES = 512
"""A clip holds at least one hop."""

RATES_HZ = (4_000, 768_000)
MAX_CHANNELS = 64
BLOCK_VALUES = 2**22
"""Values read at a time, at most, over all channels."""
SUFFIXES = frozenset(
    {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".caf", ".w64"}
)
"""Names that a folder's sound files end in."""
READABLE = "WAV, FLAC, Ogg, MP3 or AIFF"


@dataclass(frozen=True, slots=True)
class Format:
    """How a file keeps its sound.

    Attributes:
        rate_hz, channels: as recorded.
        subtype: libsndfile's word for the sample format, such as "PCM_24".
        frames: samples a channel, as the header says.
    """

    rate_hz: int
    channels: int
    subtype: str
    frames: int

    @property
    def seconds(self) -> float:
        """Return the length by the header, in seconds."""
        return self.frames / self.rate_hz

    @property
    def is_ours(self) -> bool:
        """Whether samples can be taken as they are."""
        return (self.rate_hz, self.channels, self.subtype) == (RATE_HZ, 1, "PCM_16")

    def notes(self) -> list[str]:
        """Return what is changed on the way to a clip, in words."""
        found = []
        if self.channels > 1:
            found.append(f"{self.channels} channels were mixed to one.")
        if self.rate_hz != RATE_HZ:
            found.append(f"Resampled from {self.rate_hz} Hz to {RATE_HZ} Hz.")
        if self.subtype in _WIDTHS:
            found.append(f"{_WIDTHS[self.subtype]} samples were converted to 16-bit.")
        return found


_WIDTHS = {
    "PCM_U8": "8-bit", "PCM_S8": "8-bit", "PCM_24": "24-bit", "PCM_32": "32-bit",
    "FLOAT": "32-bit float", "DOUBLE": "64-bit float",
}  # fmt: skip


def read_clip(
    source: Path | bytes, label: str = "", recording_id: str = "", max_seconds: float = MAX_CLIP_S
) -> tuple[Clip, list[str]]:
    """Read a whole sound file.

    Args:
        source: a path, or the file's bytes.
        label: what is heard; empty where nobody has said yet.
        recording_id: the recording it belongs to.
        max_seconds: longer files are refused.

    Returns:
        The clip, and notes on what was converted.

    Raises:
        BadInput: not sound, damaged, empty, too short, too long, or a label that cannot be used.
    """
    label = check_label(label) if label else ""
    with _opened(source) as (sound, name):
        form = _format(sound, name)
        if form.seconds > max_seconds:
            raise _too_long(name, form.seconds, max_seconds)
        blocks = []
        for block in _int16_blocks(sound, form, name):
            blocks.append(block)
            if sum(map(len, blocks)) > max_seconds * RATE_HZ:  # a header may understate
                raise _too_long(name, sum(map(len, blocks)) / RATE_HZ, max_seconds)
    samples = np.concatenate([np.zeros(0, np.int16), *blocks])
    if len(samples) < MIN_SAMPLES:
        raise BadInput(f"{name} has {len(samples)} samples at 16 kHz; a clip needs {MIN_SAMPLES}. Record longer.")
    notes = form.notes()
    if not samples.any():
        notes.append("It is silent throughout.")
    return Clip(samples, label, recording_id), notes


def stream_blocks(path: Path) -> Iterator[NDArray[np.int16]]:
    """Yield a sound file of any length as mono int16 at 16 kHz, about ten seconds at a time.

    Raises:
        BadInput: not sound, damaged or empty. Damage at the end is found there.
    """
    with _opened(path) as (sound, name):
        yield from _int16_blocks(sound, _format(sound, name), name)


def wav_bytes(clip: Clip) -> bytes:
    """Return a clip as a 16-bit mono WAV file; equal clips give equal bytes."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(clip.rate_hz)
        file.writeframes(clip.samples.astype("<i2").tobytes())
    return buffer.getvalue()


def _too_long(name: str, seconds: float, limit: float) -> BadInput:
    return BadInput(
        f"{name} lasts {seconds / 60:.1f} minutes; a project takes clips of up to {limit / 60:g}. "
        "Cut it, or let `evaluate` stream it."
    )


@contextmanager
def _opened(source: Path | bytes) -> Iterator[tuple[Any, str]]:
    """Open a file for libsndfile, after looking whether all of it is there."""
    import soundfile

    name = source.name if isinstance(source, Path) else "The file"
    try:
        file: BinaryIO = source.open("rb") if isinstance(source, Path) else io.BytesIO(source)
    except OSError as error:
        raise BadInput(f"{source!s} cannot be read: {error.strerror}.") from error
    with file:
        start = file.read(12)
        if not start:
            raise BadInput(f"{name} is empty.")
        lacking = missing_bytes(file)
        if lacking:
            raise BadInput(
                f"{name} is cut short: {lacking} bytes of what its header promises are missing. Copy it again."
            )
        file.seek(0)
        try:
            sound = soundfile.SoundFile(Essential(file))
        except (soundfile.LibsndfileError, TypeError, ValueError, OSError) as error:
            damaged = f"{name} is damaged or cut short; its sound cannot be read."
            raise BadInput(
                damaged if sound_magic(start) else f"{name} is not a sound file that can be read; use {READABLE}."
            ) from error
        with sound:
            yield sound, name


def _format(sound: Any, name: str) -> Format:
    form = Format(sound.samplerate, sound.channels, sound.subtype, sound.frames)
    if not RATES_HZ[0] <= form.rate_hz <= RATES_HZ[1]:
        raise BadInput(f"{name} has {form.rate_hz} samples a second; {RATES_HZ[0]} to {RATES_HZ[1]} can be used.")
    if form.channels > MAX_CHANNELS:
        raise BadInput(f"{name} has {form.channels} channels; at most {MAX_CHANNELS} can be mixed.")
    if form.frames == 0:
        raise BadInput(f"{name} holds no sound: it has a header and 0 samples.")
    return form


def _int16_blocks(sound: Any, form: Format, name: str) -> Iterator[NDArray[np.int16]]:
    if form.is_ours:
        yield from _raw_blocks(sound, form, name, "int16")
        return
    for block in resampled(_mono_blocks(sound, form, name), form.rate_hz):
        yield np.clip(np.rint(block * np.float32(32_768)), -32_768, 32_767).astype(np.int16)


def _mono_blocks(sound: Any, form: Format, name: str) -> Iterator[NDArray[np.float32]]:
    for block in _raw_blocks(sound, form, name, "float32"):
        if not np.isfinite(block).all():
            raise BadInput(f"{name} has values that are not numbers (NaN or infinite); export it again.")
        if np.abs(block).max(initial=0) > MAX_OVER:
            raise BadInput(f"{name} has values over {MAX_OVER:g} times full scale, which is no sound; export it again.")
        yield block.mean(axis=1, dtype=np.float32) if block.ndim > 1 else block


def _raw_blocks(sound: Any, form: Format, name: str, dtype: str) -> Iterator[NDArray[Any]]:
    import soundfile

    got = 0
    while True:
        try:
            block = sound.read(min(BLOCK_S * form.rate_hz, BLOCK_VALUES // form.channels), dtype=dtype)
        except soundfile.LibsndfileError as error:
            raise BadInput(f"{name} is damaged after {got / form.rate_hz:.1f} s; copy it again.") from error
        if not len(block):
            break
        got += len(block)
        yield block
    if got < form.frames and "MPEG" not in form.subtype:  # MP3 headers only estimate
        raise BadInput(
            f"{name} is cut short: it has {got} of the {form.frames} samples that it promises. Copy it again."
        )
