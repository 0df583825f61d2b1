"""Alarms of a chosen pitch, level and room: what a bench varies one by one.

A staged scene is quiet or noisy for LEAD_S, then an alarm sounds to the end.
Sounders, rooms, microphones and backgrounds are those that training does not
hear, and drawn anew by every seed.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lab.errors import BadInput
from lab.sound.clip import RATE_HZ
from lab.sound.synth import alarms
from lab.sound.synth.backgrounds import BACKGROUNDS
from lab.sound.synth.room import Place, peak_of, record
from lab.sound.synth.tones import Pulse, Rng, Sound, gate, partials, phase, repeat, run

Pattern = Literal["t3", "t4", "continuous", "sweep"]
PATTERNS: tuple[Pattern, ...] = ("t3", "t4", "continuous", "sweep")
LEAD_S = 1.5
"""Before the first tone: long enough to fill a detector's window."""
QUIET_DB = 120.0
"""A signal-to-noise ratio at which no background is left."""
LOW_HZ = 1_000.0
"""A sounder below this is the low-frequency kind."""
SWEEP_SHARE = 0.18
"""How far a sweep goes up from its pitch."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where and how an alarm sounds.

    Attributes:
        pattern: rhythm of the tone; "t4" is no fire alarm.
        freq_hz: its pitch; below 1 kHz it is a low-frequency square wave.
        level_db: peak of the direct sound, in dB of full scale.
        snr_db: how far the background's RMS lies below that of the tone while it sounds.
        rt60_s: reverberation time; 0 is outdoors.
        floor_db: RMS of the microphone's own noise, in dB of full scale.
    """

    pattern: Pattern = "t3"
    freq_hz: float = 3_150.0
    level_db: float = -20.0
    snr_db: float = 30.0
    rt60_s: float = 0.5
    floor_db: float = -70.0

    def __post_init__(self) -> None:
        rules = (
            (self.pattern in PATTERNS, f"pattern {self.pattern!r} is none of {', '.join(PATTERNS)}"),
            (200 <= self.freq_hz <= 6_000, f"pitch is {self.freq_hz} Hz; choose 200 to 6000"),
            (-90 <= self.level_db <= 0, f"level is {self.level_db} dB of full scale; choose -90 to 0"),
            (-40 <= self.snr_db <= QUIET_DB, f"signal-to-noise ratio is {self.snr_db} dB; choose -40 to {QUIET_DB:g}"),
            (0 <= self.rt60_s <= 5, f"reverberation time is {self.rt60_s} s; choose 0 to 5"),
            (-120 <= self.floor_db <= 0, f"the microphone's noise is {self.floor_db} dB; choose -120 to 0"),
        )
        for fits, complaint in rules:
            if not fits:
                raise BadInput(f"The alarm cannot be staged: {complaint}.")

    def but(self, **changes: Any) -> "Stage":
        """Return a copy with some fields changed, checked."""
        return replace(self, **changes)


def staged(stage: Stage, seed: int, seconds: float = LEAD_S + 8.5) -> NDArray[np.int16]:
    """Return what a microphone hears of an alarm that begins after LEAD_S.

    Args:
        stage: the alarm and its room.
        seed: draws sounder, room, microphone and background.
        seconds: length, over LEAD_S and up to 600.

    Returns:
        int16 at 16 kHz, shape (16000·seconds,).

    Raises:
        BadInput: an impossible length or a negative seed.
    """
    if seed < 0 or not LEAD_S < seconds <= 600:
        raise BadInput(f"Cannot stage {seconds} s from seed {seed}; choose {LEAD_S} to 600 s and a seed from 0.")
    rng = np.random.default_rng([seed, 0x57A6E])
    n = round(seconds * RATE_HZ)
    tone = _tone(rng, stage, n)
    dry = tone * gate(_pulses(rng, stage.pattern, seconds), n, alarms.ramp_s(rng))
    crest_db = 20 * np.log10(peak_of(dry) / np.sqrt(np.mean(np.square(tone))))
    place = Place(stage.level_db, stage.snr_db + float(crest_db), stage.floor_db, stage.rt60_s)
    return record(rng, dry, _background(rng, n), place)


def _tone(rng: Rng, stage: Stage, n: int) -> Sound:
    low = stage.freq_hz < LOW_HZ
    if stage.pattern == "sweep":
        turns = phase(float(rng.uniform(0.8, 3)), n, float(rng.random())) / np.float32(2 * np.pi)
        freq = stage.freq_hz * (1 + np.float32(SWEEP_SHARE) * turns)
        top = stage.freq_hz * (1 + SWEEP_SHARE)
        return partials(phase(freq, n), top, [(1, 1.0), (2, float(rng.uniform(0.02, 0.2)))])
    if low:
        return alarms.low_speaker(rng, stage.freq_hz, n)
    return alarms.horn(rng, stage.freq_hz, n)


def _pulses(rng: Rng, pattern: Pattern, seconds: float) -> list[Pulse]:
    if pattern in ("continuous", "sweep"):
        return [(LEAD_S, seconds)]
    stretch = rng.uniform(0.9, 1.1, 3)
    if pattern == "t3":
        on, off, pause = np.array([0.5, 0.5, 1.5]) * stretch
        cycle, beeps = 3 * on + 2 * off + pause, run(3, float(on), float(off))
    else:
        on, off, pause = np.array([0.1, 0.1, 5.0]) * stretch
        cycle, beeps = 4 * on + 3 * off + pause, run(4, float(on), float(off))
    return [pulse for pulse in repeat(LEAD_S, beeps, float(cycle), seconds) if pulse[0] >= LEAD_S]


def _background(rng: Rng, n: int) -> Sound:
    makers: list[Callable[[Rng, int], Sound]] = [make for split, make in BACKGROUNDS.values() if split == "test"]
    return np.asarray(makers[int(rng.integers(len(makers)))](rng, n), np.float32)
