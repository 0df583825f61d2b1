"""An augmentation: which effects, in which order, how many copies, and the seed.

Equal augmentations give equal copies of equal sounds, whichever other sounds
there are and in whichever order: each copy's generator is seeded with the
sound itself. So the page lets hear the very copies that training will see.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lab.errors import BadInput
from lab.sound.augment import settings
from lab.sound.augment.effects import Copy, Rng, Samples, apply, one_by_each, strikes
from lab.sound.augment.settings import (
    BandLimit,
    Effect,
    Level,
    Mixing,
    RandomSilence,
    Room,
    TimeShift,
    WhiteNoise,
)  # fmt: skip

SCHEMA = 1
MAX_COPIES = 8
MAX_SEED = 2**31 - 1
MAX_FILE_BYTES = 64 * 1024
TOGETHER, EACH = "together", "each"
ARRANGEMENTS = (TOGETHER, EACH)


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How copies are made of what trains.

    Attributes:
        effects: in the order in which they strike; each kind at most once. None at all: no copies.
        copies: of each clip and draw.
        arrangement: "together" sends each copy through all effects; "each" gives, as the article does, a copy by
            every effect alone.
        seed: another seed, other copies.
    """

    effects: tuple[Effect, ...] = ()
    copies: int = 1
    arrangement: str = TOGETHER
    seed: int = 0

    def __post_init__(self) -> None:
        kinds = [type(effect) for effect in self.effects]
        twice = next((kind.title for kind in kinds if kinds.count(kind) > 1), None)
        if twice:
            raise BadInput(f"{twice} is named twice; name each effect once.")
        _whole("copies", self.copies, 1, MAX_COPIES)
        _whole("seed", self.seed, 0, MAX_SEED)
        if self.arrangement not in ARRANGEMENTS:
            raise BadInput(f"arrangement is {self.arrangement!r}; choose {TOGETHER} or {EACH}.")

    @property
    def mixing(self) -> Mixing | None:
        """Return the settings of mixing, where it is among the effects."""
        return next((effect for effect in self.effects if isinstance(effect, Mixing)), None)

    def copies_of(self, samples: Samples, backgrounds: Sequence[Samples] = (), draw: int = 0) -> list[Samples]:
        """Return copies of a sound.

        Args:
            samples: int16 at 16 kHz, shape (n,).
            backgrounds: what mixing chooses from; none, and it does nothing.
            draw: another number, other copies: training counts them.

        Returns:
            int16, each of shape (n,). With "each", effects that do not strike give none.
        """
        return [copy.samples for copy in self.told(samples, backgrounds, draw)]

    def told(self, samples: Samples, backgrounds: Sequence[Samples] = (), draw: int = 0) -> list[Copy]:
        """Return the same copies, each with what was drawn for it."""
        made: list[Copy] = []
        for index in range(self.copies if self.effects else 0):
            rng = self._rng(samples, draw, index)
            if self.arrangement == EACH:
                made += one_by_each(self.effects, samples, backgrounds, rng)
            else:
                made.append(self._together(samples, backgrounds, rng))
        return made

    def _together(self, samples: Samples, backgrounds: Sequence[Samples], rng: Rng) -> Copy:
        """Send one copy through all effects, each with a generator of its own: to change one moves no other."""
        own = {name: np.random.default_rng(rng.integers(2**63)) for name in settings.EFFECTS}
        said: list[str] = []
        for effect in self.effects:
            mine = own[settings.name_of(effect)]
            if strikes(effect, mine):
                samples = apply(effect, samples, backgrounds, mine, said.append)
        return Copy(samples, said)

    def _rng(self, samples: Samples, draw: int, copy: int) -> Rng:
        own = int.from_bytes(hashlib.sha256(samples.tobytes()).digest()[:8], "little")
        return np.random.default_rng([self.seed, draw, copy, own])

    def says(self) -> str:
        """Return the effects in words."""
        if not self.effects:
            return "no copies"
        names = ", ".join(effect.title.lower() for effect in self.effects)
        return names if self.arrangement == TOGETHER else f"{names}, each in a copy of its own"

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON."""
        return {
            "schema": SCHEMA, "effects": [settings.to_json(effect) for effect in self.effects],
            "copies": self.copies, "arrangement": self.arrangement, "seed": self.seed,
        }  # fmt: skip

    @classmethod
    def from_json(cls, data: Any) -> "Augmentation":
        """Read what `to_json` gave; what is left out stays as usual.

        Raises:
            BadInput: not such an object, an unknown name, or a value out of bounds.
        """
        if not isinstance(data, dict):
            raise BadInput(f"An augmentation is a JSON object with a list of effects; got {type(data).__name__}.")
        given = dict(data)
        schema, effects = given.pop("schema", SCHEMA), given.pop("effects", [])
        if schema != SCHEMA:
            raise BadInput(f"The augmentation's schema is {schema!r}; this version reads {SCHEMA}.")
        if not isinstance(effects, list):
            raise BadInput(f"effects is {effects!r}; give a list.")
        if unknown := sorted(map(str, set(given) - {"copies", "arrangement", "seed"})):
            raise BadInput(f"An augmentation has no setting {unknown[0]!r}; it has effects, copies, arrangement, seed.")
        return cls(tuple(settings.from_json(each) for each in effects), **given)


def read(path: Path) -> Augmentation:
    """Read an augmentation from a JSON file.

    Raises:
        BadInput: no such file, too large, no JSON, or as `Augmentation.from_json`.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadInput(f"{path.name} has more than {MAX_FILE_BYTES // 1024} KB; an augmentation has few.")
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path.name} is not JSON: {str(error)[:120]}.") from error
    return Augmentation.from_json(data)


def _whole(name: str, value: Any, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadInput(f"{name} is {value!r}; give a whole number from {least} to {most}.")


ARTICLE = Augmentation((WhiteNoise(), RandomSilence(), Mixing()), arrangement=EACH)
"""The article's: three copies, by white noise, random silence and mixing."""
SUGGESTED = Augmentation(
    (
        TimeShift((-0.25, 0.25), 0.8), Room((0.2, 0.8), 0.5), Mixing((0.0, 0.5), chance=0.5),
        BandLimit((50.0, 300.0), (4_000.0, 8_000.0), 0.3), Level((-20.0, 6.0), 0.8), WhiteNoise((0.0, 0.01), 0.5),
    )
)  # fmt: skip
"""What happens between an alarm and a board: time, echoes, others, a microphone, distance, its noise."""
