"""Sound files of many kinds, damaged in many ways."""

import io
import struct
from collections.abc import Callable, Iterator

import numpy as np

from lab.study.hostile.offer import Offer

RATE_HZ = 16_000
KINDS = {
    "wav": ("WAV", "PCM_16"), "wav24": ("WAV", "PCM_24"), "float": ("WAV", "FLOAT"), "ulaw": ("WAV", "ULAW"),
    "adpcm": ("WAV", "IMA_ADPCM"), "rf64": ("RF64", "PCM_16"), "w64": ("W64", "PCM_16"), "aiff": ("AIFF", "PCM_16"),
    "au": ("AU", "PCM_16"), "caf": ("CAF", "PCM_16"), "flac": ("FLAC", "PCM_16"), "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"), "mp3": ("MP3", "MPEG_LAYER_III"),
}  # fmt: skip
"""Name → libsndfile's words for file and samples."""
Damage = Callable[[bytes, np.random.Generator], bytes]


def tone(kind: str) -> bytes:
    """Return half a second of a tone as a sound file."""
    import soundfile

    form, samples = KINDS[kind]
    wave = 0.4 * np.sin(2 * np.pi * 3_000 * np.arange(RATE_HZ // 2) / RATE_HZ)
    buffer = io.BytesIO()
    soundfile.write(buffer, wave, RATE_HZ, samples, format=form)
    return buffer.getvalue()


def _flipped(start: int, end: int, count: int) -> Damage:
    def damage(data: bytes, rng: np.random.Generator) -> bytes:
        made = bytearray(data)
        for place in rng.integers(min(start, len(data) - 1), min(end, len(data)), count):
            made[place] ^= 1 << int(rng.integers(8))
        return bytes(made)

    return damage


DAMAGES: dict[str, Damage] = {
    "cut after its first bytes": lambda data, rng: data[:13],
    "cut in its header": lambda data, rng: data[:40],
    "cut in half": lambda data, rng: data[: len(data) // 2],
    "with its last byte gone": lambda data, rng: data[:-1],
    "with a header of zeros": lambda data, rng: bytes(64) + data[64:],
    "with a header of ones": lambda data, rng: data[:8] + b"\xff" * 56 + data[64:],
    "with bits of its header turned": _flipped(4, 64, 24),
    "with bits of its sound turned": _flipped(64, 1 << 30, 400),
    "twice in a row": lambda data, rng: data + data,
    "followed by a program": lambda data, rng: data + b"#!/bin/sh\ntouch owned\n" * 50,
}


def damaged() -> Iterator[Offer]:
    """Yield every kind with every damage, through the Sounds page or the command line in turns."""
    for number, kind in enumerate(KINDS):
        data = tone(kind)
        for place, (says, damage) in enumerate(DAMAGES.items()):
            door = ("upload", "labelled")[(number + place) % 2]
            made = damage(data, np.random.default_rng([number, place]))
            yield Offer(f"{kind} {says}", door, {f"sound.{kind}": made}, "noise")


def _wav(rate: int = RATE_HZ, channels: int = 1, bits: int = 16, tag: int = 1, data: bytes = bytes(3_200),
         size: int | None = None, block: int | None = None) -> bytes:  # fmt: skip
    block = channels * bits // 8 & 0xFFFF if block is None else block
    head = struct.pack("<HHIIHH", tag, channels & 0xFFFF, rate, rate * block & 0xFFFFFFFF, block, bits)
    size = len(data) if size is None else size
    body = b"WAVEfmt " + struct.pack("<I", 16) + head + b"data" + struct.pack("<I", size & 0xFFFFFFFF) + data
    return b"RIFF" + struct.pack("<I", len(body) & 0xFFFFFFFF) + body


def _floats(value: float) -> bytes:
    return np.full(4_000, value, "<f4").tobytes()


def lying() -> Iterator[Offer]:
    """Yield WAV files whose headers say what cannot be, and files that are no sound at all."""
    made = {
        "no channels": _wav(channels=0), "65,535 channels": _wav(channels=65_535, block=2),
        "65,535 channels of one sample": _wav(channels=65_535, block=65_534, data=bytes(131_070)),
        "767,999 Hz": _wav(rate=767_999, data=bytes(2**20)), "15,991 Hz": _wav(rate=15_991),
        "0 Hz": _wav(rate=0), "1 Hz": _wav(rate=1), "4 GHz": _wav(rate=0xFFFFFFFF), "0 bits": _wav(bits=0),
        "7 bits": _wav(bits=7), "255 bits": _wav(bits=255), "an unknown coding": _wav(tag=0x1234),
        "a coding of MP3 in WAV": _wav(tag=0x55), "4 GB promised": _wav(size=0xFFFFFFFE),
        "no sound": _wav(data=b""), "one sample": _wav(data=b"\1\2"), "half a sample": _wav(data=b"\1"),
        "a block of nothing": _wav(block=0), "not a number": _wav(tag=3, bits=32, data=_floats(float("nan"))),
        "infinity": _wav(tag=3, bits=32, data=_floats(float("inf"))),
        "a million times full scale": _wav(tag=3, bits=32, data=_floats(1e6)),
        "the smallest numbers": _wav(tag=3, bits=32, data=_floats(1e-45)),
        "hours of silence promised at 4 kHz": _wav(rate=4_000, size=0x7FFFFFFE),
        "an hour of silence": _wav(rate=4_000, bits=8, data=b"\x80" * (4_000 * 3_600)),
        "a chunk that never ends": b"RIFF\xff\xff\xff\xffWAVE" + b"LIST\xf8\xff\xff\xff" * 200,
        "thousands of chunks": b"RIFF\0\0\0\0WAVE" + b"JUNK\0\0\0\0" * 20_000 + b"data\0\0\0\0",
    }  # fmt: skip
    others = {
        "nothing": b"", "one byte": b"R", "a page of HTML": b"<html><script>alert(1)</script></html>" * 40,
        "a program": b"\x7fELF" + bytes(range(256)) * 16, "a pickle": b"cos\nsystem\n(S'touch owned'\ntR.",
        "a picture": b"\x89PNG\r\n\x1a\n" + bytes(900), "a zip by another name": b"PK\x03\x04" + bytes(200),
        "a playlist of this machine's files": b"#EXTM3U\nfile:///etc/passwd\n", "text": b"not a sound\n" * 400,
        "an MP3 tag of 256 MB": b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + bytes(400),
        "a FLAC picture of 16 MB": b"fLaC\x06\xff\xff\xff" + bytes(400), "an Ogg page of nothing": b"OggS" + bytes(600),
        "a SoundFont": b"RIFF\x20\0\0\0sfbk" + bytes(64), "MIDI": b"MThd\0\0\0\x06\0\1\xff\xff\0\x60" + bytes(90),
    }  # fmt: skip
    for number, (says, data) in enumerate([*made.items(), *others.items()]):
        yield Offer(f"a .wav of {says}", ("labelled", "upload")[number % 2], {"sound.wav": data}, "noise")
        if number % 4 == 0:
            yield Offer(f"features of {says}", "features", {"sound.wav": data})
