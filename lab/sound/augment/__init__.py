"""More of a recording than was recorded: seeded copies of what trains.

`settings` names the effects and how far each may go, `effects` makes them,
`recipe` puts them into one `Augmentation` that a job, a run and a detector
carry as JSON.
"""

from lab.sound.augment.effects import (
    augmented,
    band_limit,
    level,
    mix,
    random_silence,
    room,
    time_shift,
    white_noise,
)  # fmt: skip
from lab.sound.augment.recipe import ARTICLE, SUGGESTED, Augmentation, read
from lab.sound.augment.settings import (
    EFFECTS,
    BandLimit,
    Effect,
    Knob,
    Level,
    Mixing,
    RandomSilence,
    Room,
    TimeShift,
    WhiteNoise,
    name_of,
)  # fmt: skip

__all__ = [
    "ARTICLE", "EFFECTS", "SUGGESTED", "Augmentation", "BandLimit", "Effect", "Knob", "Level", "Mixing",
    "RandomSilence", "Room", "TimeShift", "WhiteNoise", "augmented", "band_limit", "level", "mix", "name_of",
    "random_silence", "read", "room", "time_shift", "white_noise",
]  # fmt: skip
