"""Compiling a detector, and what came out of it."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from lab.deploy.boards import Board
from lab.errors import LabError
from lab.workspace import jobs
from lab.workspace.store import Job
from pages.ui import acting, charts, detectors, results, words
from pages.ui.results import figures
from pages.ui.session import store
from pages.ui.work import submit

COMPILE, TRY = "lab.study.tasks:compile_firmware", "lab.study.tasks:try_board"
APP = "lab.study.tasks:compile_app"
APPS = {
    "usb_microphone": ("MicNode", ":material/mic:", "the board is a USB microphone, to record with"),
    "selftest": ("Selftest", ":material/troubleshoot:", "the board checks its microphone, light and sums, and says so"),
}  # fmt: skip
FLASH_BYTES, RAM_BYTES = 2 * 2**20, 256 * 1024
ALARMS = {
    "t3": "T3 alarm, 3,150 Hz", "t3_520": "T3 alarm, 520 Hz", "continuous": "Continuous alarm",
    "sweep": "Sweeping alarm",
    "t4": "T4: a carbon monoxide alarm, not a fire alarm",
}  # fmt: skip


def compile_now(choice: detectors.Choice, board: Board, project_id: int) -> None:
    """Submit the compilation of a chosen detector."""
    try:
        submit(COMPILE, {"detector": detectors.artifact(choice), "board": board.name}, project_id)
    except LabError as error:
        st.error(str(error))


def finished(project_id: int, detector_sha: str, board: Board) -> Job | None:
    """Return the newest compilation of this detector for this board, or None."""
    wanted = {"detector": detector_sha, "board": board.name}
    rows = jobs.jobs(store(), project_id)
    return next((row for row in rows if row.task == COMPILE and row.state == jobs.DONE and row.args == wanted), None)


def outcome(result: Mapping[str, Any]) -> None:
    """Draw sizes, cycles and all files."""
    report = result.get("report") or {}
    figures(
        [
            (
                "Flash",
                words.size(report.get("flash_bytes")),
                f"{_share(report.get('flash_bytes'), FLASH_BYTES)} of 2 MB",
            ),
            (
                "RAM",
                words.size(report.get("ram_bytes")),
                f"{_share(report.get('ram_bytes'), RAM_BYTES)} of 256 KB, code included",
            ),
            ("Arena", words.size(report.get("arena_bytes")), "of it: the model’s tensors"),
            ("Work", f"{words.cycles(report.get('macs'))}", "multiply-accumulates a decision"),
            results.cycles(report.get("cycles"), report.get("cycles_reason")),
        ]
    )
    results.downloads(result.get("artifacts") or {}, key="firmware")


def uf2_of(result: Mapping[str, Any]) -> str | None:
    """Return the hash of a compilation's .uf2, or None."""
    return next((sha for name, sha in (result.get("artifacts") or {}).items() if name.endswith(".uf2")), None)


def apps(project_id: int, board: Board) -> dict[str, str]:
    """Return what was built for this board beside detectors: name in the flasher's list → hash of its .uf2."""
    rows = jobs.jobs(store(), project_id)
    done = [row for row in rows if row.task == APP and row.state == jobs.DONE and row.args.get("board") == board.name]
    newest = {row.args["app"]: uf2_of(row.result or {}) for row in reversed(done)}
    return {app_title(app, board): sha for app, sha in newest.items() if sha and app in APPS}


def app_title(app: str, board: Board) -> str:
    """Return the name of one of APPS in the flasher's list."""
    return f"{APPS[app][0]} on {board.title}"


def offer_apps(project_id: int, board: Board, built: Mapping[str, str], running: bool) -> None:
    """Offer to build the firmwares that are no detector; a built one is in the flasher's list."""
    with st.expander("Other firmware: MicNode, selftest", icon=":material/mic:"):
        for app, (name, icon, what) in APPS.items():
            is_built = app_title(app, board) in built
            with st.container(horizontal=True, vertical_alignment="center"):
                acting.button(
                    f"Build {name} again" if is_built else f"Build {name}", icon=icon, disabled=running,
                    on_click=submit, args=(APP, {"app": app, "board": board.name}, project_id),
                )  # fmt: skip
                st.markdown(f"{what}." + (" Built: choose it above." if is_built else ""))


def trial(uf2: str, project_id: int, running: bool) -> None:
    """Ask which alarm the virtual board shall hear, and submit it."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.selectbox("Sound", list(ALARMS), format_func=ALARMS.get, width=320)
        acting.button(
            "Play it to the virtual board", icon=":material/volume_up:", disabled=running,
            on_click=submit, args=(TRY, {"uf2": uf2, "kind": kind}, project_id),
        )  # fmt: skip


def heard(project_id: int, uf2: str) -> Mapping[str, Any] | None:
    """Return what the virtual board last did with this firmware, or None."""
    rows = jobs.jobs(store(), project_id)
    row = next((row for row in rows if row.task == TRY and row.state == jobs.DONE and row.args.get("uf2") == uf2), None)
    return {**row.result, "kind": row.args.get("kind")} if row and row.result else None


def show_trial(seen: Mapping[str, Any], threshold: float) -> None:
    """Draw the virtual board's trace and say what it heard."""
    name = ALARMS.get(str(seen.get("kind")), "sound")
    events = seen.get("events") or []
    said = f"an event {words.number(events[0]['start_s'])} s after the start" if events else "no event"
    st.markdown(f"**{name}**: {said}. Emulated: an RP2040 in JavaScript runs this very .uf2.")
    charts.board_trace(seen.get("trace", seen), threshold, key="trial")


def _share(part: float | None, whole: int) -> str:
    return "–" if part is None else f"{100 * part / whole:.0f} %"
