"""All that is offered, in one list."""

from lab.study.hostile import models, sounds, texts, zips
from lab.study.hostile.offer import Offer


def offers(slow: bool = True) -> list[Offer]:
    """Return every offer, the same each time; without slow ones for a quick look."""
    made = [*sounds.damaged(), *sounds.lying(), *texts.words(), *texts.tables(), *texts.augmentations(),
            *zips.offers(), *models.offers()]  # fmt: skip
    return [each for each in made if slow or not each.slow]
