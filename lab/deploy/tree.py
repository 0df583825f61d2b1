"""The build tree of a board: configured once, kept in the user's cache, held by one build at a time.

The firmware's sources are copied into it, so every checkout of the project
shares the tree and only what differs is compiled.
"""

import fcntl
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.atomic import unwritable, write_bytes
from lab.deploy import package
from lab.deploy.boards import Board
from lab.deploy.toolchain import Toolchain, find_toolchain, run_tool
from lab.hostcc import cache_dir
from lab.progress import OnProgress

SRAM = range(0x20000000, 0x20040000)
PRODUCTS = (".elf", ".bin", ".uf2", ".hex", ".dis", ".elf.map")
NOT_COUNTED = (".heap", ".stack_dummy", ".stack1_dummy")


@dataclass(frozen=True, slots=True)
class Tree:
    """One board's tree, while this build holds it.

    Attributes:
        folder: its root: source/, build/ and a lock.
        board: the Pico SDK's name of the board.
        tools: what builds it.
        lock: the open lock. All programs of a build keep it open: where this process is killed, the next build waits
            for what it had started.
    """

    folder: Path
    board: str
    tools: Toolchain
    lock: int

    def build(self, app: str, generated: Mapping[str, str], on_progress: OnProgress) -> None:
        """Compile an app with some generated files.

        Raises:
            ToolFailed: CMake, the compiler or the linker refused.
        """
        self._clear(app, generated)
        for name, text in package.listed(generated).items():
            path = self.folder / "source" / name
            if not path.exists() or path.read_bytes() != text.encode():  # Ninja goes by the time of writing
                write_bytes(path, text.encode())
        self._configure(on_progress)
        on_progress(2, 4, "compiling")
        self._run([self.tools.ninja, "-C", str(self._made), app], "Compiling the firmware")

    def _clear(self, app: str, generated: Mapping[str, str]) -> None:
        """Take away what an earlier build left and this one would not write anew: its C, and what it made."""
        for path in (self.folder / "source" / package.GENERATED).glob("*"):
            if path.name not in generated:
                path.unlink()
        for suffix in PRODUCTS:
            self.made(f"{app}{suffix}").unlink(missing_ok=True)

    def _run(self, command: list[str], what: str) -> str:
        return run_tool(command, self.folder, self.tools, what, (self.lock,))

    def _configure(self, on_progress: OnProgress) -> None:
        done = self.folder / "configured"
        if done.exists():
            return
        on_progress(1, 4, "configuring the SDK (once for each board)")
        source = self.folder / "source"
        options = [*_options(self.board, self.tools), f"-DLAB_GENERATED={source / package.GENERATED}"]
        command = [self.tools.cmake, "-S", str(source), "-B", str(self._made), *options]
        self._run(command, "Configuring the firmware")
        write_bytes(done, b"")

    def made(self, name: str) -> Path:
        """Return the path of what a build left."""
        return self._made / name

    @property
    def _made(self) -> Path:
        return self.folder / "build"

    def ram_bytes(self, elf: Path) -> int:
        """Return the bytes of all sections that lie in SRAM when the firmware runs, without heap and stack."""
        size = str(Path(self.tools.compiler).with_name("arm-none-eabi-size"))
        table = self._run([size, "-A", "-d", str(elf)], "Measuring the firmware")
        rows = [line.split() for line in table.splitlines()]
        sections = [(row[0], int(row[1]), int(row[2])) for row in rows if len(row) == 3 and row[1].isdigit()]
        return sum(count for name, count, at in sections if at in SRAM and name not in NOT_COUNTED)


@contextmanager
def held_tree(board: Board) -> Iterator[Tree]:
    """Yield a board's tree; another build waits until this one is over.

    Raises:
        Missing: the toolchain is not there.
        LabError: the cache cannot be written.
    """
    tools = find_toolchain()
    compiler = Path(tools.compiler).resolve()
    key = json.dumps([str(tools.sdk), str(compiler), compiler.stat().st_mtime_ns, *_options(board.name, tools)])
    folder = cache_dir() / "firmware" / f"{board.name}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise unwritable(folder, error) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Tree(folder, board.name, tools, lock.fileno())


def _options(board: str, tools: Toolchain) -> list[str]:
    return [
        "-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={tools.ninja}", f"-DPICO_BOARD={board}", "-DPICO_NO_PICOTOOL=1",
        "-DCMAKE_BUILD_TYPE=Release",
    ]  # fmt: skip
