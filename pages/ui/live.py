"""The live picture of a microphone: a component fed by a fragment of its own."""

from base64 import b64encode
from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

from lab.study.ear import Ear
from lab.study.recent import SIGHT
from pages.ui import bundles, parts

EVERY_S = 0.15
SENT_S = 1.2
"""An update holds more than is new, so that one that the browser skips loses nothing."""

HANDSHAKE_S = 12.0


@cache
def _component() -> Any:
    html, css = bundles.markup("live")
    script = (bundles.COMPONENTS / "live" / "live.mjs").read_text("utf-8")
    return st.components.v2.component("lab_live", html=html, css=css, js=script)


def draw(
    ear: Ear, key: str, status: Callable[[Ear], str], changes: Callable[[Ear], object], on: bool, who: str = ""
) -> None:
    """Draw what an ear hears, again and again while it is on.

    Args:
        ear: what to draw.
        key: names it on its page.
        status: words under the picture.
        changes: what the rest of the page shows of the ear; where it changes, the page is run again.
        on: whether the microphone is on, or about to be.
        who: words on the detector that listens, under the drawn board.
    """

    def once() -> None:
        _component()(key=key, data=_update(ear, status(ear), who), height="content")
        if changes(ear) != before:
            st.rerun(scope="app")

    before = changes(ear)
    parts.fragment(once, run_every=EVERY_S if on else None)()


def _update(ear: Ear, status: str, who: str) -> dict[str, Any]:
    seen, detector = ear.sight(SENT_S), ear.detector
    return {
        "stream": seen.stream, "hop": seen.hop, "bands": SIGHT.bands, "rows": b64encode(seen.rows.tobytes()).decode(),
        "peaks": list(seen.peaks), "hops": [[hop.number, hop.code, int(hop.active)] for hop in seen.hops],
        "threshold": detector.threshold if detector else None, "on": ear.hears, "recording": ear.take is not None,
        "status": status, "who": who, "age_s": round(seen.age_s, 3),
    }  # fmt: skip
