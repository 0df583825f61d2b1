"""What an HDF5 file from a stranger may hold: numbers of its own, not too many.

HDF5 can point at other files of this machine: by links, by raw storage elsewhere, by virtual datasets. Whoever reads
such weights reads those files.
"""

from typing import Any

import h5py  # type: ignore[import-untyped]

from lab.errors import BadInput

MAX_BYTES = 512 * 2**20
MAX_THINGS = 100_000


def check(file: h5py.File, name: str) -> None:
    """Refuse a file that points outside itself, or whose arrays take too much.

    Args:
        file: open for reading.
        name: of the file, for errors.

    Raises:
        BadInput: says which.
        OSError, RuntimeError: the file is damaged.
    """
    total, count = 0, 0

    def linked(path: str, link: Any) -> str | None:
        nonlocal count
        count += 1
        if isinstance(link, h5py.ExternalLink):
            return f"{name} points at another file ({path[:80]!a}); save the model with its weights inside."
        if count > MAX_THINGS:
            return f"{name} holds more than {MAX_THINGS:,} things; a model of the lab has a few hundred."
        return None

    def met(path: str, thing: Any) -> str | None:
        nonlocal total
        if not isinstance(thing, h5py.Dataset):
            return None
        if thing.external or thing.is_virtual:
            return f"{name} keeps {path[:80]!a} in another file; save the model with its weights inside."
        total += thing.size * thing.dtype.itemsize if thing.size else 0
        too_many = f"{name} holds more than {MAX_BYTES >> 20} MB of weights; the lab reads no more."
        return too_many if total > MAX_BYTES else None

    problem = file.visititems_links(linked) or file.visititems(met)  # HDF5 does not bear errors on its way
    if problem:
        raise BadInput(problem)
