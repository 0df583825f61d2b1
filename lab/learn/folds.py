"""Cross-validation over the folds that a data set's authors made, such as ESC-50's five."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lab.errors import BadInput
from lab.learn.models import Architecture
from lab.learn.schedule import BASELINE, Schedule
from lab.learn.training import train_baseline
from lab.progress import OnEpoch, OnProgress, ignore, ignore_epoch
from lab.sound import augment
from lab.sound.augment import SUGGESTED, Augmentation
from lab.sound.datasets import Dataset, Item, by_fold
from lab.sound.features import FeatureSpec

LEVELS = ("windows", "clips")


def cross_validate(
    items: Iterable[Item],
    spec: FeatureSpec,
    arch: Architecture,
    schedule: Schedule = BASELINE,
    seed: int = 0,
    on_progress: OnProgress = ignore,
    on_epoch: OnEpoch = ignore_epoch,
    augmentation: Augmentation | None = None,
) -> dict[str, Any]:
    """Test a network on each fold in turn, trained on the others.

    If the schedule has patience, the fold before the tested one validates,
    which decides when to stop; else it trains too.

    Args:
        items: sound files with folds.
        spec, arch, schedule, seed: as `train_baseline`.
        on_progress: called after each fold.
        on_epoch: called with each epoch's row, its stage "fold K".
        augmentation: adds copies to what trains.

    Returns:
        `folds`, one row each: fold, epochs, windows, clips (accuracies);
        `windows` and `clips`, each mean, least and greatest accuracy.

    Raises:
        BadInput: an item without a fold, or fewer than three folds.
    """
    items = list(items)
    rows: list[dict[str, Any]] = []
    folds = sorted({item.fold for item in items})
    for index, fold in enumerate(folds):
        on_progress(index, len(folds), f"fold {fold}")
        data = by_fold(items, fold)
        if not schedule.patience:
            data = Dataset(data.items, tuple("train" if side == "validate" else side for side in data.splits))
        learned = train_baseline(
            data, spec, arch, schedule, seed, on_epoch=_named(on_epoch, fold), augmentation=augmentation
        )
        accuracy = {level: learned.scores[level]["accuracy"] for level in LEVELS}
        rows.append({"fold": fold, "epochs": len(learned.history), **accuracy})
    on_progress(len(folds), len(folds), "done")
    return {"folds": rows, **{level: _spread(rows, level) for level in LEVELS}}


def _named(on_epoch: OnEpoch, fold: int) -> OnEpoch:
    return lambda row: on_epoch({**row, "stage": f"fold {fold}"})  # type: ignore[dict-item]


def _spread(rows: Sequence[dict[str, Any]], level: str) -> dict[str, float]:
    found = [row[level] for row in rows if row[level] is not None]
    if not found:
        raise BadInput("No fold had a clip as long as one window.")
    return {"mean": round(sum(found) / len(found), 4), "least": min(found), "greatest": max(found)}


def _recipe(name: str | None, copies: int | None) -> Augmentation | None:
    if name is None:
        return None
    recipe = SUGGESTED if name == "suggested" else augment.read(Path(name))
    return replace(recipe, copies=copies) if copies else recipe


def main() -> None:
    """Cross-validate a data set in ESC-50's layout and print one JSON object.

    `python -m lab.learn.folds FOLDER [--spec published] [--arch article] [--epochs 40 --augment suggested --copies 6]`
    """
    import argparse
    import json
    import sys

    from lab.learn.models import ARCHITECTURES
    from lab.sound.datasets import find_items
    from lab.sound.features import SPECS

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--spec", choices=list(SPECS), default="published")
    parser.add_argument("--arch", choices=list(ARCHITECTURES), default="article")
    parser.add_argument(
        "--epochs", type=int, help="train on all other folds for so long; else until one validates best"
    )
    parser.add_argument(
        "--augment", metavar="FILE|suggested", help="copies of what trains, as the Augment page saves it"
    )
    parser.add_argument("--copies", type=int, help="of each clip")
    given = parser.parse_args()
    schedule = Schedule("baseline", given.epochs, 3e-3, batch=128, cosine=True) if given.epochs else BASELINE
    recipe = _recipe(given.augment, given.copies)
    found = cross_validate(
        find_items(given.folder), SPECS[given.spec], ARCHITECTURES[given.arch], schedule, augmentation=recipe,
        on_progress=lambda done, total, message: print(f"{done}/{total} {message}", file=sys.stderr, flush=True),
    )  # fmt: skip
    print(json.dumps({"spec": given.spec, "arch": given.arch, **found}))


if __name__ == "__main__":
    main()
