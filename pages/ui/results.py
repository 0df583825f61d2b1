"""What finished work gave: figures, plots and files."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from lab.deploy.detector import Detector
from lab.errors import LabError
from pages.ui import charts, guiding, words
from pages.ui.session import store

ORDER = (".uf2", ".detector", ".zip", ".tflite", ".h", ".elf", ".bin", ".json")
MEANING = {
    ".uf2": "firmware to drop on the board", ".elf": "firmware with symbols", ".bin": "raw firmware",
    ".h": "the model as a C header", ".tflite": "the int8 model", ".zip": "the generated C",
    ".detector": "model, threshold and event rule", ".json": "the report",
}  # fmt: skip


def figures(entries: Sequence[tuple[str, str, str]]) -> None:
    """Draw (name, value, how it was measured) triples as a row of figures."""
    items = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd><small>{escape(how)}</small></div>"
        for name, value, how in entries
    )
    st.html(f'<dl class="lab-figures">{items}</dl>')


def downloads(artifacts: Mapping[str, str], key: str, main: str = ".uf2") -> None:
    """Draw a download button a file, the main kind first and marked.

    Args:
        artifacts: file name → SHA-256.
        key: tells the buttons of one page apart.
        main: suffix of the file most people came for.
    """
    with st.container(horizontal=True, key=f"lab-downloads-{key}"):
        for name in sorted(artifacts, key=_place):
            _download(name, artifacts[name], key, name.endswith(main))


def _place(name: str) -> tuple[int, str]:
    return next((place for place, suffix in enumerate(ORDER) if name.endswith(suffix)), len(ORDER)), name


def _download(name: str, sha256: str, key: str, main: bool) -> None:
    try:
        size_bytes = store().artifact(sha256).size_bytes
    except LabError as error:
        st.caption(f"{name}: {error}")
        return
    suffix = next((suffix for suffix in ORDER if name.endswith(suffix)), "")
    st.download_button(
        f"{name} · {words.size(size_bytes)}", data=_bytes(name, sha256), file_name=name,
        key=f"{key}-{name}", on_click="ignore", type="primary" if main else "secondary", icon=":material/download:",
        help=MEANING.get(suffix),
    )  # fmt: skip


def _bytes(name: str, sha256: str) -> Callable[[], bytes]:
    """Return what gives a file when its button is pressed; that somebody took firmware along is noted then."""
    kept, note = store(), guiding.taken() if name.endswith(".uf2") else None

    def read() -> bytes:
        if note is not None:
            note()
        return kept.read_artifact(sha256)

    return read


def demo(result: Mapping[str, Any]) -> None:
    """Draw the demo's outcome: figures, the virtual board's trace and the files."""
    events, emulated = result.get("events") or {}, result.get("emulated") or {}
    figures(
        [
            (
                "Windows right",
                words.percent(result.get("window_accuracy")),
                "synthetic sounds of kinds it never trained on",
            ),
            ("Alarms heard", words.percent(events.get("recall"), 0), "events, the same sounds"),
            (
                "False alarms",
                f"{words.number(events.get('false_alarms_per_hour'))} / h",
                "of the other sounds, one after another",
            ),
            ("Model", words.size(_size(result.get("tflite"))), "int8 .tflite"),
            ("Firmware", words.size(_size(result.get("uf2"))), ".uf2, twice its flash"),
            cycles(emulated.get("hop_cycles")),
        ]
    )
    if result.get("skipped"):
        st.info(str(result["skipped"]), icon=":material/info:")
    if result.get("trace"):
        heard(emulated)
        threshold = Detector.from_bytes(store().read_artifact(result["detector"])).threshold
        charts.board_trace(result["trace"], threshold, key="demo-trace")
    downloads(result.get("artifacts") or {}, key="demo")


def cycles(count: float | None, reason: str | None = None) -> tuple[str, str, str]:
    """Return the figure of one hop's work, or why there is none."""
    share = f"{100 * (count or 0) / words.HOP_CYCLES:.0f} % of the 32 ms a hop has at 125 MHz, emulated"
    return "Cycles a hop", words.cycles(count), share if count else reason or "not emulated"


def heard(emulated: Mapping[str, Any]) -> None:
    """Say what the virtual board made of the test alarm, and whatever is wrong with it."""
    if emulated.get("detected"):
        events = emulated.get("events") or []
        after = f" at {words.number(events[0]['start_s'])} s" if events else ""
        st.success(f"The virtual board heard the T3 test alarm{after}.", icon=":material/lightbulb:")
    else:
        st.warning("The virtual board ran, but raised no event for the test alarm.", icon=":material/hearing_disabled:")
    if emulated.get("codes_differ"):
        st.warning(
            f"{emulated['codes_differ']} decisions of the board differ from this computer’s. That is a defect; please "
            "report it.", icon=":material/difference:",
        )  # fmt: skip
    if emulated.get("overruns"):
        st.warning(
            f"The board was too slow: it missed {emulated['overruns']} hops. Choose a smaller network.",
            icon=":material/speed:",
        )  # fmt: skip


def _size(sha256: str | None) -> int | None:
    try:
        return store().artifact(sha256).size_bytes if sha256 else None
    except LabError:
        return None
