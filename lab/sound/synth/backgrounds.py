"""What else is heard in the room."""

from collections.abc import Callable
from typing import Literal

import numpy as np

from lab.sound.synth import machines, music, nature, voice
from lab.sound.synth.tones import Rng, Sound, band, shaped, wander, white


def pink(rng: Rng, n: int) -> Sound:
    """Return noise that falls by 3 dB an octave."""
    return shaped(rng, n, lambda f: np.float32(1) / np.sqrt(f))


def brown(rng: Rng, n: int) -> Sound:
    """Return noise that falls by 6 dB an octave from 20 Hz."""
    return shaped(rng, n, lambda f: np.float32(1) / (f + np.float32(20)))


def traffic(rng: Rng, n: int) -> Sound:
    """Return distant traffic: low noise, slowly passing."""
    return band(rng, n, 40, float(rng.uniform(300, 1200)), 1) * wander(rng, n, 0.6, 1.5)


BACKGROUNDS: dict[str, tuple[Literal["train", "test"], Callable[[Rng, int], Sound]]] = {
    "white": ("train", white),
    "pink": ("train", pink),
    "brown": ("train", brown),
    "hum": ("train", machines.hum),
    "speech": ("train", voice.speech),
    "babble": ("train", voice.babble),
    "music": ("train", music.band_music),
    "bangs": ("train", machines.bangs),
    "clatter": ("train", machines.clatter),
    "rain": ("train", nature.rain),
    "water": ("train", nature.water),
    "fan": ("train", machines.vacuum),
    "wind": ("train", nature.wind),
    "traffic": ("test", traffic),
    "surf": ("test", nature.thunder_sea),
    "music_box": ("test", lambda rng, n: music.tune(rng, n, music.struck("music_box"), (300, 900), (0.2, 0.6))),
}
"""Name → (split, generator). A scene of a family that does not train is heard over a "test" background."""
