"""The virtual environment .venv, with exactly the pinned packages."""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import system_packages

OLDEST, NEWEST = (3, 11), (3, 13)
STAMP = "lab-requirements.sha256"


class SetupError(Exception):
    """The set-up cannot go on; says what to do."""


def python(root: Path) -> Path:
    """Return the environment's Python."""
    return root / ".venv" / "bin" / "python"


def install(root: Path, requirements: str) -> None:
    """Bring .venv to the pinned requirements; returns at once when it has them.

    Raises:
        SetupError: an unsuitable Python, or packages that cannot be had.
    """
    check_version(sys.version_info[:2])
    if has(root, requirements):
        return
    installer(root)
    print(f"Installing Python packages from {requirements} (some minutes the first time) …", flush=True)
    uv = root / ".venv" / "bin" / "uv"
    done = subprocess.run([uv, "pip", "install", "--python", python(root), "-r", root / requirements], cwd=root)
    if done.returncode:
        raise SetupError(f"The Python packages of {requirements} could not be installed; see above.")
    (root / ".venv" / STAMP).write_text("\n".join(wanted(root, requirements)))


def check_version(version: tuple[int, ...]) -> None:
    """Refuse a Python that the packages do not exist for.

    Raises:
        SetupError: says which will do.
    """
    if not OLDEST <= version <= NEWEST:
        raise SetupError(
            f"Python {version[0]}.{version[1]} will not do; the lab needs 3.11 to 3.13. "
            "Try `make run PYTHON=python3.12`."
        )


def has(root: Path, requirements: str) -> bool:
    """Whether .venv was brought to these very requirements, or to more."""
    stamp = root / ".venv" / STAMP
    return python(root).exists() and stamp.exists() and wanted(root, requirements)[-1] in stamp.read_text()


def wanted(root: Path, requirements: str) -> list[str]:
    """Return the hashes that a file of requirements brings: its own last, after those that it contains."""
    contained = ["requirements.txt"] if requirements == "requirements-dev.txt" else []
    return [hashlib.sha256((root / name).read_bytes()).hexdigest() for name in [*contained, requirements]]


def installer(root: Path) -> None:
    """Make .venv with uv in it.

    Raises:
        SetupError: Python cannot make environments here.
    """
    if (root / ".venv" / "bin" / "uv").exists() and python(root).exists():
        return
    need = missing_system_packages()
    if need and not system_packages.install(need):
        print(f"Not installed: {' '.join(need)}. {system_packages.how(need)}", flush=True)
    shutil.rmtree(root / ".venv", ignore_errors=True)
    print("Making .venv …", flush=True)
    if subprocess.run([sys.executable, "-m", "venv", root / ".venv"]).returncode:
        raise SetupError(f"Python cannot make a virtual environment. {system_packages.how(['python3-venv'])}")
    if subprocess.run([python(root), "-m", "pip", "install", "--quiet", "uv"], env=_pip_environment()).returncode:
        raise SetupError("pip could not install uv; is a package index configured and reachable?")


def missing_system_packages() -> list[str]:
    """Return what this machine lacks to make an environment and build cmsisdsp in it."""
    need = []
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        need.append("python3-venv")
    if not (Path(sysconfig.get_paths()["include"]) / "Python.h").exists():
        need.append("python3-dev")
    if not shutil.which("cc") or not shutil.which("c++"):  # cmsisdsp's CMake asks for both
        need += ["g++", "libc6-dev"]
    return need


def _pip_environment() -> dict[str, str]:
    return {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
