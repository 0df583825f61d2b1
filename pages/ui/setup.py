"""Which parts of the set-up are in, arriving or missing, and what to do about it."""

import json
from html import escape

import streamlit as st

from lab.errors import Missing
from pages.ui.parts import fragment
from pages.ui.session import store

READY, INSTALLING, MISSING, FAILED = "ready", "installing", "missing", "failed"
PARTS = {
    "python": ("Python parts", "Run `make run` again."),
    "compiler": ("Arm compiler", "Run `make run` again with a network, or install gcc-arm-none-eabi, cmake and ninja."),
    "sdk": ("Pico SDK", "Run `make run` again with a network, or set PICO_SDK_PATH to your copy."),
    "emulator": ("Virtual board", "Install Node 18 or later (`sudo apt install nodejs npm`) and run `make run` again."),
}  # fmt: skip
ORDER = tuple(PARTS)


def parts() -> dict[str, str]:
    """Return the state of each part: ready, installing, missing or failed.

    What is found on the machine is ready whatever the set-up wrote; what it is still
    bringing is installing; anything else is missing or failed.
    """
    told, found = _told().get("parts", {}), _found()
    return {name: READY if found[name] else _not_ready(told.get(name, MISSING)) for name in ORDER}


def _not_ready(told: str) -> str:
    return told if told in (INSTALLING, FAILED) else MISSING


def _told() -> dict[str, dict[str, str]]:
    try:
        told = json.loads((store().config.home / "setup.json").read_text())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _found() -> dict[str, bool]:
    from lab.deploy import toolchain

    tools = all(toolchain.find_program(name) for name in toolchain.PROGRAMS)
    return {"python": True, "compiler": tools, "sdk": toolchain.find_sdk() is not None, "emulator": _emulator()}


def _emulator() -> bool:
    from lab.deploy import emulator

    try:
        emulator.available()
    except Missing:
        return False
    return True


def panel() -> None:
    """Draw the parts, live while some are arriving; nothing when all are ready."""
    states = parts()
    if all(state == READY for state in states.values()):
        _firmware_failed()
        return
    if INSTALLING in states.values():
        _live()
    else:
        _draw(states)


def _firmware_failed() -> None:
    """Say why compiling ahead failed; a person's own build will try again."""
    told = _told()
    if told.get("parts", {}).get("firmware") == FAILED:
        said = escape(str(told.get("messages", {}).get("firmware", "")))
        st.caption(f"**Firmware could not be compiled ahead.** {said} Building it on the Firmware page tries again.")


@fragment(run_every=2.0)
def _live() -> None:
    states = parts()
    if INSTALLING not in states.values():
        st.rerun(scope="app")
    _draw(states)


def _draw(states: dict[str, str]) -> None:
    items = "".join(f'<li class="{state}"><i></i>{PARTS[name][0]}: {state}</li>' for name, state in states.items())
    st.html(f'<ul class="lab-parts">{items}</ul>')
    told = _told().get("messages", {})
    for name, state in states.items():
        if state in (MISSING, FAILED):
            said = escape(str(told[name])) + " " if told.get(name) else ""
            st.caption(f"**{PARTS[name][0]}.** {said}{PARTS[name][1]} Everything before it works without.")
