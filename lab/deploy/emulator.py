"""The virtual board: Node runs the very .uf2 on an RP2040 in JavaScript."""

import json
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from lab.deploy import uf2 as uf2_file
from lab.deploy.boards import BOARDS
from lab.deploy.events import HOP_SECONDS
from lab.errors import BadInput, LabError, Missing
from lab.progress import OnProgress, ignore
from lab.sound.clip import RATE_HZ
from lab.sound.features.core import FIRMWARE
from lab.sound.features.spec import HOP_LEN

BUNDLE = FIRMWARE / "virtual_board" / "build" / "run.mjs"
MAX_SECONDS = 600.0
WALL_SECONDS_PER_SECOND = 20.0
START_WALL_S = 60.0
GRACE_S = 30.0
MAX_ERROR_BYTES = 2000


@dataclass(frozen=True, slots=True)
class Emulation:
    """What the virtual board did.

    Attributes:
        hops: {t_s, code, probability, cycles, stages} a decision; `cycles` is one hop's work.
        events: {start_s, end_s}, by the board's own rule.
        led: brightness from 0 to 1 after each decision.
        serial: every line of its serial output.
        real_time: emulated seconds a second of this machine.
    """

    hops: list[dict[str, Any]]
    events: list[dict[str, float]]
    led: list[float]
    serial: list[str]
    real_time: float


def emulate(
    firmware: Path | bytes, samples: NDArray[np.int16], mic: str = "inject", on_progress: OnProgress = ignore
) -> Emulation:
    """Run firmware on the virtual board with sound at its microphone.

    Args:
        firmware: a .uf2 file, or its bytes.
        samples: int16 at 16 kHz, up to ten minutes.
        mic: "inject" puts words into the PIO's FIFO; "pdm" drives the data pin through the PIO program.
        on_progress: called about once a second with the hops heard; it may raise, and the board stops.

    Raises:
        BadInput: not firmware for the RP2040, an unknown mic, or too long a sound.
        Missing: Node or the virtual board's bundle is not there.
        LabError: the firmware stopped or hung.
    """
    if mic not in ("inject", "pdm"):
        raise BadInput(f"Microphone {mic!r} is unknown; choose inject or pdm.")
    seconds = len(samples) / RATE_HZ
    if seconds > MAX_SECONDS:
        raise BadInput(f"The sound lasts {seconds:.0f} s; the virtual board takes up to {MAX_SECONDS:.0f} s.")
    silence = np.zeros(HOP_LEN, np.int16)  # the last hop's line comes out while the next is heard
    told = run_board(firmware, np.concatenate([samples, silence]), ["--mic", mic], on_progress)
    return _read(told, len(samples) // HOP_LEN)


def run_board(
    firmware: Path | bytes,
    samples: NDArray[np.int16],
    options: list[str] | None = None,
    on_progress: OnProgress = ignore,
) -> list[dict[str, Any]]:
    """Run firmware and return what `run.mjs` told: serial lines, and at last an object with "end".

    Args:
        firmware, samples, on_progress: as for `emulate`.
        options: more options of `run.mjs`, such as ["--until", "done"].

    Raises:
        As `emulate`.
    """
    image = _bytes_of(firmware)
    uf2_file.read(image)
    command = [node(), str(_bundle())]
    limit_s = START_WALL_S + WALL_SECONDS_PER_SECOND * len(samples) / RATE_HZ
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-") as folder:
        (Path(folder) / "firmware.uf2").write_bytes(image)
        np.ascontiguousarray(samples, "<i2").tofile(Path(folder) / "sound.s16")
        given = ["firmware.uf2", "--pcm", "sound.s16", "--limit-s", f"{limit_s:.0f}", *_pins(), *(options or [])]
        with (Path(folder) / "errors").open("w+b") as errors:
            with _running([*command, *given], folder, errors, limit_s + GRACE_S) as process:
                told = list(_told(process, len(samples) // HOP_LEN, on_progress))
            errors.seek(0)
            said = errors.read(MAX_ERROR_BYTES).decode("utf-8", "replace").strip()
    if process.returncode or not told or "end" not in told[-1]:
        raise LabError(f"The virtual board failed: {said or f'it ended with {process.returncode}'}.")
    return told


@contextmanager
def _running(command: list[str], folder: str, errors: IO[bytes], limit_s: float) -> Iterator["subprocess.Popen[str]"]:
    """Run a program that cannot outlive the block, nor `limit_s` seconds."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        encoding="utf-8",
    )
    clock = threading.Timer(limit_s, process.kill)
    clock.start()
    try:
        yield process
        process.wait()
    finally:
        clock.cancel()
        process.kill()
        process.communicate()


def _told(process: "subprocess.Popen[str]", hop_count: int, on_progress: OnProgress) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        entry = json.loads(line)
        if "done_s" in entry:
            on_progress(min(int(entry["done_s"] / HOP_SECONDS), hop_count), hop_count, "listening on the virtual board")
        else:
            yield entry


def _pins() -> list[str]:
    board = BOARDS["pico"]  # all boards so far use the same pins
    return [
        "--led-pin", str(board.led_pin), "--data-pin", str(board.pdm_data_pin), "--clock-pin", str(board.pdm_clock_pin),
    ]  # fmt: skip


def _read(told: list[dict[str, Any]], hop_count: int) -> Emulation:
    end = told[-1]
    if end["end"] != "done":
        raise LabError(f"The virtual board stopped: {end['end']}.")
    serial, hops, led, active = [], [], [], []
    for entry in told[:-1]:
        serial.append(entry["line"])
        said = _parsed(entry["line"])
        if "hop" in said and said["hop"] <= hop_count:
            hops.append(_hop(said))
            led.append(round(entry["led"], 4))
            active.append((said["hop"], bool(said["event"])))
    return Emulation(hops, _events(active), led, serial, round(end["emulated_s"] / max(end["wall_s"], 1e-9), 2))


def _parsed(line: str) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _hop(said: dict[str, Any]) -> dict[str, Any]:
    return {
        "t_s": round(said["hop"] * HOP_SECONDS, 3),
        "code": said["code"],
        "probability": (said["code"] + 128) / 256,
        "cycles": said["cycles"]["total"],
        "stages": {name: count for name, count in said["cycles"].items() if name != "total"},
        "overruns": said["overruns"],
    }


def _events(active: list[tuple[int, bool]]) -> list[dict[str, float]]:
    found: list[dict[str, float]] = []
    before = False
    for hop, on in active:
        t_s = round(hop * HOP_SECONDS, 3)
        if on and not before:
            found.append({"start_s": t_s, "end_s": t_s})
        elif on:
            found[-1]["end_s"] = t_s
        before = on
    return found


def _bytes_of(firmware: Path | bytes) -> bytes:
    if isinstance(firmware, bytes):
        return firmware
    try:
        return firmware.read_bytes()
    except OSError as error:
        raise BadInput(f"{firmware} cannot be read: {error.strerror}.") from error


def node() -> str:
    """Return the Node program.

    Raises:
        Missing: there is none.
    """
    beside_python = Path(sys.executable).parent / "node"
    found = shutil.which("node") or (str(beside_python) if beside_python.exists() else None)
    if found is None:
        raise Missing("Node.js is missing: run `make setup`, or install Node 18 or later.")
    return found


def _bundle() -> Path:
    if not BUNDLE.exists():
        raise Missing("The virtual board is not built yet: run `make setup`.")
    return BUNDLE


def available() -> None:
    """Check that the virtual board can run here.

    Raises:
        Missing: says what is not there.
    """
    node()
    _bundle()
