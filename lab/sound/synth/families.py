"""The table of generator families: what trains, what only tests, and what nothing was chosen by.

A family is one way of making a kind of sound. Families of the "test" split
are never trained on; those of the "fresh" split were not looked at either.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from lab.errors import BadInput
from lab.sound.synth import alarms, beeps, fresh, machines, music, nature, phones, voice
from lab.sound.synth.alarms import Dry
from lab.sound.synth.backgrounds import BACKGROUNDS
from lab.sound.synth.tones import Rng, Sound

ALARM, NOT_ALARM = "alarm", "not_alarm"
Split = Literal["train", "test", "fresh"]


@dataclass(frozen=True, slots=True)
class Family:
    """One generator.

    Attributes:
        name: unique.
        label: "alarm" or "not_alarm".
        kind: what people would call it.
        split: "train"; "test" for those kept from training; "fresh" for those kept from every choice, see `fresh`.
        weight: how often it is drawn among its label's families.
        draw: makes the dry sound, and when its alarm tone is on.
    """

    name: str
    label: str
    kind: str
    split: Split
    weight: float
    draw: Callable[[Rng, int], Dry]


def _negative(make: Callable[[Rng, int], Sound], rng: Rng, n: int) -> Dry:
    return make(rng, n), []


def _not_alarm(
    name: str, kind: str, make: Callable[[Rng, int], Sound], split: Split = "train", weight: float = 1
) -> Family:
    return Family(name, NOT_ALARM, kind, split, weight, partial(_negative, make))


def _tune(body: str, root: tuple[float, float], beat: tuple[float, float]) -> Callable[[Rng, int], Sound]:
    return partial(music.tune, note=music.struck(body), root_hz=root, beat_s=beat)


def _played(note: music.Note, root: tuple[float, float], beat: tuple[float, float]) -> Callable[[Rng, int], Sound]:
    return partial(music.tune, note=note, root_hz=root, beat_s=beat)


_ALARMS = (
    Family("t3", ALARM, "T3", "train", 4, alarms.t3),
    Family("t3_low", ALARM, "520 Hz T3", "train", 3.5, alarms.t3_low),
    Family("continuous", ALARM, "continuous", "train", 1, alarms.continuous),
    Family("continuous_low", ALARM, "520 Hz continuous", "train", 0.5, alarms.continuous_low),
    Family("sweep", ALARM, "sweep", "train", 1.5, alarms.sweep),
    Family("sweep_triangle", ALARM, "sweep", "train", 0.7, alarms.sweep_triangle),
    Family("pair", ALARM, "two T3", "train", 1.2, alarms.pair),
    Family("t3_horn", ALARM, "T3", "test", 3, alarms.t3_horn),
    Family("t3_low_speaker", ALARM, "520 Hz T3", "test", 2, alarms.t3_low_speaker),
    Family("warble", ALARM, "sweep", "test", 1, alarms.warble),
)

_ELECTRONIC = (
    _not_alarm("t4", "carbon monoxide alarm", beeps.t4, weight=2),
    _not_alarm("microwave", "microwave", beeps.microwave),
    _not_alarm("reversing", "reversing beep", beeps.reversing),
    _not_alarm("timer", "timer or alarm clock", beeps.timer, weight=1.5),
    _not_alarm("low_battery", "low-battery chirp", beeps.low_battery),
    _not_alarm("medical", "medical beeps", beeps.medical, weight=3),
    _not_alarm("monitor", "heart monitor", beeps.monitor, weight=1.5),
    _not_alarm("two_tone", "other electronic alarm", beeps.two_tone, weight=1.5),
    _not_alarm("buzzer", "buzzer", beeps.buzzer),
    _not_alarm("long_beeps", "long beeps", beeps.long_beeps, weight=1.5),
    _not_alarm("pure_low", "sine beeps near 520 Hz", beeps.pure_low, weight=1.5),
    _not_alarm("ping", "notification", beeps.ping, weight=1.5),
    _not_alarm("coin", "game sound", beeps.coin),
    _not_alarm("zap", "game sound", beeps.zap, "test"),
    _not_alarm("doorbell", "doorbell", beeps.doorbell),
    _not_alarm("electric_bell", "bell or old telephone", phones.electric_bell, weight=1.5),
    _not_alarm("phone_trill", "telephone ring", phones.phone_trill),
    _not_alarm("line_tone", "telephone line tone", phones.line_tone),
    _not_alarm("dtmf", "dialled digits", phones.dtmf, "test"),
    _not_alarm("modem", "modem", phones.modem),
)

_LIVING = (
    _not_alarm("songbird", "bird", nature.songbird, weight=1.5),
    _not_alarm("crow", "bird", nature.crow),
    _not_alarm("crickets", "insects", nature.crickets),
    _not_alarm("rain", "rain", nature.rain),
    _not_alarm("water", "water", nature.water),
    _not_alarm("wind", "wind", nature.wind),
    _not_alarm("fire", "crackling fire", nature.fire),
    _not_alarm("surf", "sea waves", nature.thunder_sea, "test"),
    _not_alarm("speech", "speech", voice.speech, weight=2),
    _not_alarm("babble", "several talkers", voice.babble, "test"),
    _not_alarm("crying", "crying baby", voice.crying),
    _not_alarm("meow", "cat", voice.meow),
    _not_alarm("bark", "dog", voice.bark),
    _not_alarm("whistle", "whistling", machines.whistle, weight=2.5),
    _not_alarm("referee", "pea whistle", machines.referee),
)

_MACHINES = (
    _not_alarm("kettle", "kettle", machines.kettle, weight=1.5),
    _not_alarm("drill", "electric drill", machines.drill),
    _not_alarm("vacuum", "vacuum cleaner", machines.vacuum),
    _not_alarm("engine", "engine", machines.engine),
    _not_alarm("horn", "horn", machines.horn, weight=1.5),
    _not_alarm("steam_train", "steam train", machines.steam_train, "test"),
    _not_alarm("siren", "siren", machines.siren, weight=1.5),
    _not_alarm("clatter", "dishes and keys", machines.clatter),
    _not_alarm("bangs", "knocks and steps", machines.bangs),
    _not_alarm("clock_tick", "ticking", machines.clock_tick),
    _not_alarm("hum", "mains hum", machines.hum),
)

_MUSIC = (
    _not_alarm("xylophone", "music", _tune("xylophone", (300, 1600), (0.1, 0.4)), weight=1.5),
    _not_alarm("glockenspiel", "music", _tune("glockenspiel", (500, 2000), (0.12, 0.5))),
    _not_alarm("bells", "bells", _tune("bell", (250, 1200), (0.3, 1.2))),
    _not_alarm("chimes", "chimes", _tune("chime", (400, 2200), (0.15, 1.5))),
    _not_alarm("music_box", "music", _tune("music_box", (500, 1800), (0.1, 0.4)), "test"),
    _not_alarm("bowl", "singing bowl", _tune("bowl", (200, 1100), (1.0, 3.0)), "test"),
    _not_alarm("piano", "music", _played(music.piano, (80, 700), (0.15, 0.6))),
    _not_alarm("flute", "music", _played(music.flute, (300, 1300), (0.15, 0.8)), weight=1.5),
    _not_alarm("strings", "music", _played(music.strings, (120, 900), (0.2, 0.9))),
    _not_alarm("chiptune", "music", _played(music.square, (150, 1200), (0.06, 0.3)), weight=1.5),
    _not_alarm("band_music", "music", music.band_music),
)

_FRESH = (
    _not_alarm("glass", "rubbed glass", fresh.glass, "fresh"),
    _not_alarm("bicycle_bell", "bicycle bell", fresh.bicycle_bell, "fresh"),
    _not_alarm("slot_machine", "game sound", fresh.slot_machine, "fresh"),
    _not_alarm("till", "till", fresh.till, "fresh"),
    _not_alarm("clarinet", "music", fresh.clarinet, "fresh"),
)

_QUIET = tuple(
    Family(f"only_{name}", NOT_ALARM, "background", split, 0.3, partial(_negative, make))
    for name, (split, make) in BACKGROUNDS.items()
)

FAMILIES: dict[str, Family] = {
    family.name: family for family in (*_ALARMS, *_ELECTRONIC, *_LIVING, *_MACHINES, *_MUSIC, *_QUIET, *_FRESH)
}


def find(name: str) -> Family:
    """Return a family by name.

    Raises:
        BadInput: there is none of that name.
    """
    if name not in FAMILIES:
        raise BadInput(f"There is no sound family {name!r}; there are {', '.join(FAMILIES)}.")
    return FAMILIES[name]
