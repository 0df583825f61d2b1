"""What each effect may draw: a range for each knob, and the chance to strike at all.

A range is drawn from uniformly, anew for each copy; where both ends are equal
nothing is drawn.
"""

from dataclasses import dataclass, fields
from math import isfinite
from typing import Any, ClassVar, get_args

from lab.errors import BadInput
from lab.sound.labels import check_label

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Knob:
    """One thing about an effect that can be set.

    Attributes:
        title: what people call it, with its unit.
        least, most: ends of what a range may hold.
        step: of a slider.
    """

    title: str
    least: float
    most: float
    step: float


class _Settings:
    """What all settings share: they check themselves when they are made."""

    __slots__ = ()
    title: ClassVar[str]
    knobs: ClassVar[dict[str, Knob]]
    chance: float

    def __post_init__(self) -> None:
        for name, knob in self.knobs.items():
            object.__setattr__(self, name, _range(f"{self.title}: {name}", getattr(self, name), knob))
        chance = _number(f"{self.title}: chance", self.chance)
        if not 0 <= chance <= 1:
            raise BadInput(f"{self.title}: chance is {chance:g}; choose 0 to 1.")
        object.__setattr__(self, "chance", chance)


@dataclass(frozen=True, slots=True)
class TimeShift(_Settings):
    """Sound earlier or later, silence where it was.

    Attributes:
        shift_s: seconds later; negative is earlier.
        chance: of striking a copy.
    """

    title: ClassVar[str] = "Time shift"
    knobs: ClassVar[dict[str, Knob]] = {"shift_s": Knob("Later by, s", -2.0, 2.0, 0.05)}
    shift_s: Range = (-0.25, 0.25)
    chance: float = 1.0


@dataclass(frozen=True, slots=True)
class Room(_Settings):
    """Echoes of a room.

    Attributes:
        rt60_s: time in which echoes fall by 60 dB, in seconds (ISO 3382). A furnished room has about 0.4, a
            stairwell 2.
        chance: of striking a copy.
    """

    title: ClassVar[str] = "Room"
    knobs: ClassVar[dict[str, Knob]] = {"rt60_s": Knob("Echoes fall by 60 dB in, s", 0.05, 3.0, 0.05)}
    rt60_s: Range = (0.2, 1.0)
    chance: float = 1.0


@dataclass(frozen=True, slots=True)
class Mixing(_Settings):
    """Another recording on top, the article's third.

    Attributes:
        level: its peak, as a share of this sound's.
        labels: whose training recordings are mixed in; none means those that raise no event.
        chance: of striking a copy.
    """

    title: ClassVar[str] = "Mixing"
    knobs: ClassVar[dict[str, Knob]] = {"level": Knob("Peak, share of the sound’s", 0.0, 2.0, 0.05)}
    level: Range = (0.0, 1.0)
    labels: tuple[str, ...] = ()
    chance: float = 1.0

    def __post_init__(self) -> None:
        _Settings.__post_init__(self)
        if isinstance(self.labels, str) or not all(isinstance(each, str) for each in self.labels):
            raise BadInput(f"Mixing: labels is {self.labels!r}; give a list of labels.")
        object.__setattr__(self, "labels", tuple(check_label(each) for each in self.labels))


@dataclass(frozen=True, slots=True)
class BandLimit(_Settings):
    """What a cheap microphone or a wall leaves: less of the lows and highs.

    Attributes:
        low_hz: below it sound falls by 24 dB an octave, and is 3 dB down at it; 0 leaves all lows.
        high_hz: above it likewise; 8000 leaves all highs.
        chance: of striking a copy.
    """

    title: ClassVar[str] = "Band limit"
    knobs: ClassVar[dict[str, Knob]] = {
        "low_hz": Knob("Less below, Hz", 0.0, 2_000.0, 10.0),
        "high_hz": Knob("Less above, Hz", 1_000.0, 8_000.0, 50.0),
    }
    low_hz: Range = (50.0, 300.0)
    high_hz: Range = (4_000.0, 8_000.0)
    chance: float = 1.0

    def __post_init__(self) -> None:
        _Settings.__post_init__(self)
        if self.low_hz[1] >= self.high_hz[0]:
            raise BadInput(
                f"Band limit: low_hz reaches {self.low_hz[1]:g} and high_hz begins at {self.high_hz[0]:g}; "
                "leave a band between them."
            )


@dataclass(frozen=True, slots=True)
class Level(_Settings):
    """Nearer or farther.

    Attributes:
        gain_db: in dB. A gain that would clip is lowered until the peak is full scale.
        chance: of striking a copy.
    """

    title: ClassVar[str] = "Level"
    knobs: ClassVar[dict[str, Knob]] = {"gain_db": Knob("Gain, dB", -40.0, 20.0, 1.0)}
    gain_db: Range = (-20.0, 6.0)
    chance: float = 1.0


@dataclass(frozen=True, slots=True)
class WhiteNoise(_Settings):
    """Flat noise, the article's first.

    Attributes:
        level: its peak, as a share of full scale.
        chance: of striking a copy.
    """

    title: ClassVar[str] = "White noise"
    knobs: ClassVar[dict[str, Knob]] = {"level": Knob("Peak, share of full scale", 0.0, 1.0, 0.005)}
    level: Range = (0.0, 0.2)
    chance: float = 1.0


@dataclass(frozen=True, slots=True)
class RandomSilence(_Settings):
    """Single samples set to zero at random, the article's second.

    Attributes:
        share: of the samples.
        chance: of striking a copy.
    """

    title: ClassVar[str] = "Random silence"
    knobs: ClassVar[dict[str, Knob]] = {"share": Knob("Share of samples silenced", 0.0, 1.0, 0.05)}
    share: Range = (0.2, 0.2)
    chance: float = 1.0


Effect = TimeShift | Room | Mixing | BandLimit | Level | WhiteNoise | RandomSilence
EFFECTS: dict[str, type[Effect]] = {
    "time_shift": TimeShift,
    "room": Room,
    "mixing": Mixing,
    "band_limit": BandLimit,
    "level": Level,
    "white_noise": WhiteNoise,
    "random_silence": RandomSilence,
}
"""Effects by their name in JSON, in the order in which sound meets them: source, room, others, microphone, wires."""

assert set(EFFECTS.values()) == set(get_args(Effect))


def name_of(effect: Effect | type[Effect]) -> str:
    """Return an effect's name in JSON."""
    kind = effect if isinstance(effect, type) else type(effect)
    return next(name for name, each in EFFECTS.items() if each is kind)


def to_json(effect: Effect) -> dict[str, Any]:
    """Return settings as JSON: `effect`, and what the dataclass holds."""
    values = {each.name: getattr(effect, each.name) for each in fields(effect)}
    return {
        "effect": name_of(effect),
        **{name: list(value) if isinstance(value, tuple) else value for name, value in values.items()},
    }


def from_json(data: Any) -> Effect:
    """Read what `to_json` gave; what is left out stays as usual.

    Raises:
        BadInput: no such effect or setting, or a value out of bounds.
    """
    named = data.get("effect") if isinstance(data, dict) else data
    if not isinstance(data, dict) or not isinstance(named, str) or named not in EFFECTS:
        raise BadInput(f"There is no effect {named!r}; choose among {', '.join(EFFECTS)}.")
    kind = EFFECTS[named]
    known = {each.name for each in fields(kind)}
    given = {name: value for name, value in data.items() if name != "effect"}
    if unknown := sorted(set(given) - known):
        raise BadInput(f"{kind.title} has no setting {unknown[0]!r}; it has {', '.join(sorted(known))}.")
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return kind(**values)


def _range(name: str, value: Any, knob: Knob) -> Range:
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise BadInput(f"{name} is {value!r}; give two numbers, the least and the most.")
    low, high = (_number(name, end) for end in value)
    if not knob.least <= low <= high <= knob.most:
        raise BadInput(
            f"{name} is {low:g} to {high:g}; choose the least first, from {knob.least:g} up to {knob.most:g}."
        )
    return low, high


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise BadInput(f"{name} holds {value!r}; give a number.")
    return float(value)
