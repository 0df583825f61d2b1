"""What of the cross toolchain this machine has, and where."""

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab import limits
from lab.errors import LabError, Missing
from lab.hostcc import cache_dir

PROGRAMS = ("arm-none-eabi-gcc", "cmake", "ninja")
SDK_PLACES = ("/usr/src/pico-sdk", "/usr/share/pico-sdk")
LIMITS = limits.Limits(seconds=600)
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
        kept = {key: os.environ[key] for key in ("HOME", "LANG") if key in os.environ}
        return {**kept, "PATH": path, "PICO_SDK_PATH": str(self.sdk)}


def find_toolchain() -> Toolchain:
    """Return the toolchain of this machine.

    Raises:
        Missing: says which part is not there and how to get it.
    """
    compiler = find_program("arm-none-eabi-gcc")
    if not compiler:
        raise Missing("The Arm compiler is missing: run `make setup` (it installs gcc-arm-none-eabi).")
    cmake, ninja = find_program("cmake"), find_program("ninja")
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


def find_program(name: str) -> str | None:
    """Return where a program is: on the path, or beside this Python."""
    beside_python = Path(sys.executable).parent / name  # wheels put cmake and ninja there
    return shutil.which(name) or (str(beside_python) if beside_python.exists() else None)


class ToolFailed(LabError):
    """A program of the toolchain refused its input.

    Attributes:
        output: all that it said.
    """

    def __init__(self, what: str, output: str) -> None:
        said = output.strip().splitlines()
        errors = [line for line in said if "error" in line.lower() and len(line) < MAX_LINE] or said[-3:]
        super().__init__(f"{what} failed: {' | '.join(line[:MAX_LINE] for line in errors[:6])}")
        self.output = output


def run_tool(command: list[str], folder: Path, tools: Toolchain, what: str, held: Sequence[int] = ()) -> str:
    """Run one step of a build within limits of time, processor, memory and disk, without a network; return its output.

    Args:
        command: program and arguments.
        folder: where it runs.
        tools: whose environment it sees.
        what: it does, in words, for errors.
        held: open files that all it starts keep open.

    Raises:
        ToolFailed: it ended with an error.
        LabError: it took too long and was stopped, with all that it had started.
    """
    try:
        status, output = limits.run(command, folder, LIMITS, tools.environment(), held)
    except limits.TooLong as error:
        raise LabError(f"{what} took more than {LIMITS.seconds:g} s and was stopped.") from error
    if status:
        raise ToolFailed(what, output)
    return output
