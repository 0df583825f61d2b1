"""What of the cross toolchain this machine has, and where."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError, Missing
from lab.hostcc import cache_dir

SDK_PLACES = ("/usr/src/pico-sdk", "/usr/share/pico-sdk")
BUILD_TIMEOUT_S = 600
MAX_LINE = 300


@dataclass(frozen=True, slots=True)
class Toolchain:
    """Programs and folders that a firmware build needs."""

    cmake: str
    ninja: str
    compiler: str
    sdk: Path

    def environment(self) -> dict[str, str]:
        """Return the environment of a build: no more than it needs."""
        folders = [str(Path(program).parent) for program in (self.cmake, self.ninja, self.compiler)]
        path = os.pathsep.join([*dict.fromkeys(folders), "/usr/bin", "/bin"])
        kept = {key: os.environ[key] for key in ("HOME", "TMPDIR", "LANG") if key in os.environ}
        return {**kept, "PATH": path, "PICO_SDK_PATH": str(self.sdk)}


def find_toolchain() -> Toolchain:
    """Return the toolchain of this machine.

    Raises:
        Missing: says which part is not there and how to get it.
    """
    compiler = _program("arm-none-eabi-gcc")
    if not compiler:
        raise Missing("The Arm compiler is missing: run `make setup` (it installs gcc-arm-none-eabi).")
    cmake, ninja = _program("cmake"), _program("ninja")
    if not cmake or not ninja:
        raise Missing("CMake or Ninja is missing: run `make setup` (it installs cmake and ninja).")
    sdk = find_sdk()
    if sdk is None:
        raise Missing("The Pico SDK is missing: run `make setup`, or set PICO_SDK_PATH to a copy of it.")
    return Toolchain(cmake, ninja, compiler, sdk)


def find_sdk() -> Path | None:
    """Return the Pico SDK: PICO_SDK_PATH, the distribution's, or the lab's own prefix."""
    own = cache_dir() / "pico-sdk" / "root" / "usr" / "src" / "pico-sdk"
    for place in (os.environ.get("PICO_SDK_PATH", ""), *SDK_PLACES, str(own)):
        if place and (Path(place) / "pico_sdk_init.cmake").is_file():
            return Path(place).resolve()
    return None


def _program(name: str) -> str | None:
    beside_python = Path(sys.executable).parent / name  # wheels put cmake and ninja there
    return shutil.which(name) or (str(beside_python) if beside_python.exists() else None)


def run_tool(command: list[str], folder: Path, tools: Toolchain, what: str) -> str:
    """Run one step of a build; return its output.

    Raises:
        LabError: it failed or took too long; the last lines say why.
    """
    try:
        done = subprocess.run(
            command, cwd=folder, env=tools.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", timeout=BUILD_TIMEOUT_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{what} took more than {BUILD_TIMEOUT_S} s and was stopped.") from error
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()
        errors = [line for line in said if "error" in line.lower() and len(line) < MAX_LINE] or said[-3:]
        raise LabError(f"{what} failed: {' | '.join(line[:MAX_LINE] for line in errors[:6])}")
    return done.stdout
