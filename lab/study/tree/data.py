"""Examples of a problem: sounds on the board's features, keywords, pictures."""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.errors import BadInput
from lab.learn.examples import Examples, LearningSet, digest, from_dataset
from lab.learn.pictures import SHAPE as PICTURE
from lab.progress import OnProgress, ignore
from lab.sound import datasets
from lab.sound.datasets import Dataset
from lab.sound.features.mfcc import SHAPE as MFCC_SHAPE
from lab.sound.features.mfcc import mfcc
from lab.sound.features.spec import FeatureSpec

MAX_ARRAYS_BYTES = 2**30
MAX_CLASSES = 1_000
VALIDATE_SHARE = 10
"""One training picture, or speaker, in so many validates."""
CIFAR_JPEG, CIFAR_BATCHES = "cifar10_jpeg.npz", "data_batch_{}.bin"
CIFAR_LABELS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_UNREADABLE = (
    OSError,
    ValueError,
    EOFError,
    TokenError,
    SyntaxError,
    MemoryError,
    RecursionError,
    zipfile.BadZipFile,
    zlib.error,
)
CIFAR_ROW = 1 + 3 * 32 * 32


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """Examples by split, and the hash that names them."""

    labels: tuple[str, ...]
    train: Examples
    validate: Examples
    test: Examples
    dataset: str


@contextmanager
def _split(dataset: Dataset | Path) -> Iterator[Dataset]:
    if isinstance(dataset, Dataset):
        yield dataset
    else:
        with datasets.opened(dataset) as items:
            yield datasets.split(items)


def sounds(dataset: Dataset | Path, spec: FeatureSpec, on_progress: OnProgress = ignore) -> LearningSet:
    """Return the windows of labelled sounds; a label "alarm" comes first, so that a sigmoid means it."""
    with _split(dataset) as chosen:
        labels = sorted(chosen.classes, key=lambda label: (label != "alarm", label))
        return from_dataset(chosen, spec, labels, on_progress=on_progress)


def keywords(dataset: Dataset | Path, on_progress: OnProgress = ignore) -> Data:
    """Return one 49 × 10 window a clip, split by speaker.

    One training speaker in ten may stop a training early; the data set's validating and testing clips score together,
    so that figures rest on more examples and no choice was made on any of them.

    Args:
        dataset: sounds by split, or a folder in Speech Commands' layout.
        on_progress: called after each clip.

    Raises:
        BadInput: no usable sound.
    """
    with _split(dataset) as chosen:
        labels = tuple(chosen.classes)
        made: dict[str, list[tuple[NDArray[np.float32], int]]] = {"train": [], "validate": [], "score": []}
        for done, (item, side) in enumerate(zip(chosen.items, chosen.splits, strict=True), start=1):
            part = "score" if side != "train" else "validate" if _stops(item.recording_id) else "train"
            made[part].append((mfcc(item.clip().samples), labels.index(item.label)))
            if done % 50 == 0 or done == len(chosen.items):
                on_progress(done, len(chosen.items), "hearing keywords")
        train, validate, score = (_of(made[part]) for part in ("train", "validate", "score"))
        return Data(labels, train, validate, score, f"{chosen.sha256()}:stop")


def _stops(recording_id: str) -> bool:
    """Whether a training speaker is among those that may stop a training."""
    return hashlib.sha256(recording_id.encode()).digest()[0] % VALIDATE_SHARE == 0


def _of(rows: list[tuple[NDArray[np.float32], int]]) -> Examples:
    windows = np.array([row[0] for row in rows], np.float32).reshape(-1, *MFCC_SHAPE)
    return Examples(windows, np.array([row[1] for row in rows], np.int64), np.arange(len(rows)))


def pictures(folder: Path, on_progress: OnProgress = ignore) -> Data:
    """Return CIFAR-10's pictures as float32 from -1 to 1; one training picture in ten validates.

    Args:
        folder: holds CIFAR-10's binary version (data_batch_1.bin …), or `cifar10_jpeg.npz`, all pictures as JPEG files;
            or an .npz of arrays, as `arrays` takes.
        on_progress: called while they are read.

    Raises:
        BadInput: neither is there, or they cannot be read.
    """
    if folder.is_file():
        return arrays(folder, PICTURE)
    if (folder / CIFAR_JPEG).is_file():
        labels, train, test = _jpeg(folder / CIFAR_JPEG, on_progress)
    else:
        labels, train, test = _binary(folder)
    name = digest([part.tobytes() for pair in (train, test) for part in pair])
    validates = np.arange(len(train[1])) % VALIDATE_SHARE == 0
    whole = _pictures(*train)
    return Data(labels, whole.take(~validates), whole.take(validates), _pictures(*test), name)


Pair = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def _pictures(values: NDArray[np.uint8], classes: NDArray[np.uint8]) -> Examples:
    return Examples(values.astype(np.float32) / 127.5 - 1, classes.astype(np.int64), np.arange(len(classes)))


def _jpeg(path: Path, on_progress: OnProgress) -> tuple[tuple[str, ...], Pair, Pair]:
    from PIL import Image

    with np.load(path, allow_pickle=False) as file:
        labels = tuple(str(label) for label in file["classes"])
        pairs = []
        for side in ("train", "test"):
            data, starts, classes = file[f"{side}_jpeg"].tobytes(), file[f"{side}_offset"], file[f"{side}_label"]
            made = np.empty((len(classes), 32, 32, 3), np.uint8)
            for index in range(len(classes)):
                made[index] = np.asarray(Image.open(io.BytesIO(data[starts[index] : starts[index + 1]])).convert("RGB"))
                if index % 5_000 == 0:
                    on_progress(index, len(classes), f"reading {side} pictures")
            pairs.append((made, classes.astype(np.uint8)))
    return labels, pairs[0], pairs[1]


def _binary(folder: Path) -> tuple[tuple[str, ...], Pair, Pair]:
    names = [CIFAR_BATCHES.format(index) for index in range(1, 6)]
    roots = [path.parent for path in [folder / names[0], *folder.glob(f"*/{names[0]}")] if path.is_file()]
    if not roots:
        raise BadInput(f"{folder} holds no CIFAR-10: neither {CIFAR_JPEG} nor {names[0]} of its binary version.")
    train = [_batch(roots[0] / name) for name in names]
    whole = (np.concatenate([pair[0] for pair in train]), np.concatenate([pair[1] for pair in train]))
    return CIFAR_LABELS, whole, _batch(roots[0] / "test_batch.bin")


def _batch(path: Path) -> Pair:
    try:
        raw = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read: {error.strerror}.") from error
    if not len(raw) or len(raw) % CIFAR_ROW:
        raise BadInput(f"{path.name} is not a CIFAR-10 batch: {len(raw)} bytes are no whole number of pictures.")
    rows = raw.reshape(-1, CIFAR_ROW)
    return rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), rows[:, 0]


def arrays(path: Path, shape: tuple[int, ...]) -> Data:
    """Return the examples of a NumPy file: x_train, y_train, x_test, y_test, and optionally `classes`.

    Args:
        path: an .npz without pickled objects.
        shape: of one input of the model.

    Raises:
        BadInput: an array is missing or does not fit the model.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
        if unpacked > MAX_ARRAYS_BYTES:
            raise BadInput(
                f"{path.name} holds {unpacked / 2**20:,.0f} MB of arrays; up to {MAX_ARRAYS_BYTES >> 20} MB are read."
            )
        with np.load(path, allow_pickle=False) as file:
            found: dict[str, Any] = {name: file[name] for name in file.files}
    except _UNREADABLE as error:
        raise BadInput(f"{path.name} is not a readable .npz of plain arrays.") from error
    if not all(isinstance(each, np.ndarray) for each in found.values()):
        raise BadInput(f"{path.name} is not a readable .npz of plain arrays.")
    missing = [name for name in ("x_train", "y_train", "x_test", "y_test") if name not in found]
    if missing:
        raise BadInput(f"{path.name} lacks {', '.join(missing)}.")
    sides = [_array_side(found[f"x_{side}"], found[f"y_{side}"], side, shape) for side in ("train", "test")]
    count = 1 + max(int(side.classes.max(initial=0)) for side in sides)
    if count > MAX_CLASSES:
        raise BadInput(f"{path.name} numbers classes up to {count - 1}; at most {MAX_CLASSES} are told apart.")
    if len(np.unique(sides[0].classes)) < 2:
        raise BadInput(f"y_train of {path.name} holds one class; a model needs two or more.")
    labels = tuple(str(label) for label in found.get("classes", np.arange(count)))
    if len(labels) < count:
        raise BadInput(f"{path.name} names {len(labels)} classes and uses {count}.")
    validates = np.arange(len(sides[0])) % VALIDATE_SHARE == 0
    return Data(labels, sides[0].take(~validates), sides[0].take(validates), sides[1], digest([path.read_bytes()]))


def _array_side(x: NDArray[Any], y: NDArray[Any], side: str, shape: tuple[int, ...]) -> Examples:
    y = y.reshape(-1)
    if len(x) != len(y) or not len(x):
        raise BadInput(f"x_{side} has {len(x)} examples and y_{side} {len(y)}; they must be equally many, and some.")
    wanted = shape[:-1] if shape[-1:] == (1,) and x.ndim == len(shape) else shape
    if tuple(x.shape[1:]) != tuple(wanted):
        raise BadInput(f"x_{side} holds examples of {tuple(x.shape[1:])}; the model takes {shape}.")
    if not np.issubdtype(x.dtype, np.number) or not np.isfinite(x.astype(np.float32)).all():
        raise BadInput(f"x_{side} holds values that are no numbers.")
    if not np.issubdtype(y.dtype, np.integer) or y.min() < 0:
        raise BadInput(f"y_{side} must hold class numbers from 0.")
    return Examples(x.astype(np.float32), y.astype(np.int64), np.arange(len(y)))
