"""C for this machine: compiled once with cc, kept in the user's cache."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab import limits
from lab.atomic import write_bytes
from lab.errors import LabError, Missing

FLAGS = ("-std=c11", "-O3", "-shared", "-fPIC", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
LIMITS = limits.Limits(seconds=300)


def cache_dir() -> Path:
    """Return the lab's folder in the user's cache: things that can be made again."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "tinyml-lab"


def shared_library(files: Mapping[str, str], flags: Sequence[str] = ()) -> Path:
    """Return a shared library of some C files, built if the cache has none of the same text.

    Args:
        files: name → text; all that end in .c are compiled.
        flags: options besides FLAGS.

    Raises:
        Missing: no C compiler.
        LabError: the compiler refused the text.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise Missing("No C compiler: `cc` is not on this machine. Install gcc.")
    command = [compiler, *FLAGS, *flags, "-o", "library.so", *sorted(name for name in files if name.endswith(".c"))]
    text = "\0".join((*command, *(part for item in sorted(files.items()) for part in item)))
    path = cache_dir() / "host" / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.so"
    return path if path.exists() else _compile(command, files, path)


def _compile(command: list[str], files: Mapping[str, str], path: Path) -> Path:
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-") as folder:
        for name, text in files.items():
            (Path(folder) / name).write_text(text, "utf-8")
        try:
            status, said = limits.run(command, Path(folder), LIMITS)
        except limits.TooLong as error:
            raise LabError(f"The C compiler took more than {LIMITS.seconds:g} s and was stopped.") from error
        except OSError as error:
            raise LabError(f"The C compiler could not build: {error.strerror}.") from error
        if status:
            raise LabError(f"The C compiler refused its input: {said.strip()[-2000:]}")
        return write_bytes(path, (Path(folder) / "library.so").read_bytes())
