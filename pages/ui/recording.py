"""The parts of the Record page: what to record, the clips as they come, and the way round WebRTC."""

import time
from collections.abc import Sequence
from html import escape
from typing import Any

import streamlit as st

from lab.errors import LabError
from lab.sound.labels import check_label
from lab.study.ear import Ear, Saved
from lab.workspace import takes
from lab.workspace.takes import Take
from pages.ui import acting, consenting, flow, live, parts, webrtc
from pages.ui.session import store
from pages.ui.words import count_of, percent

USUAL = ("alarm", "not_alarm")
ONE, ON = "One clip", "A take, cut into clips"
SHOWN = 6
TALLY_FROM_S = 5.0
LOOK_S = 2.0
NO_WAY = (
    "The browser and the lab did not reach each other by WebRTC: no direct way for UDP between them. Record below over "
    "plain HTTP instead. Whoever runs the lab can set up a relay (LAB_TURN_URL, LAB_TURN_USER, LAB_TURN_SECRET)."
)


def ear() -> Ear:
    """Return this visit's ear for recording."""
    if "_record_ear" not in st.session_state:
        st.session_state["_record_ear"] = Ear(store())
    made: Ear = st.session_state["_record_ear"]
    return made


def microphone(heard: Ear) -> bool:
    """Draw the microphone's switch and the live picture; return whether sound comes."""
    state = webrtc.microphone(heard, "record-microphone")
    on = bool(state.playing or state.signalling)
    since = st.session_state.setdefault("_record_since", time.monotonic()) if on else time.monotonic()
    if not on:
        st.session_state.pop("_record_since", None)

    def changes(each: Ear) -> object:
        late = on and not each.hears and time.monotonic() - since > live.HANDSHAKE_S
        st.session_state["_record_late"] = late
        return each.hears, each.take is None, len(each.saved), each.problem, late

    live.draw(heard, "record-live", lambda each: status(each, on), changes, on)
    return on and heard.hears


def status(heard: Ear, on: bool) -> str:
    """Return the words under the picture.

    Args:
        heard: the ear.
        on: whether the microphone is on, or about to be.
    """
    if not heard.hears:
        return "Connecting: no sound has come yet." if on else "The microphone is off."
    tally, take = heard.tally, heard.take
    words = [f"recording {take.heard_s:.0f} s"] if take else []
    if tally.expected > TALLY_FROM_S * 16_000:
        words.append(f"{percent(tally.share, 2)} of the sound received")
        words.append(f"{count_of(len(tally.gaps), 'gap')}, {tally.missing / 16:.0f} ms" if tally.gaps else "no gap")
    return " · ".join(words) or "Listening. Nothing is kept yet."


def controls(project_id: int, heard: Ear, hears: bool) -> str:
    """Draw what to record and the button for it; return the label chosen."""
    known = [label for label in store().labels(project_id) if label]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = st.selectbox(
            "Label", list(dict.fromkeys([*known, *USUAL])), key="record-label", accept_new_options=True, width=230,
            help="What is heard. Type a new one if you need it.",
        )  # fmt: skip
        mode = st.segmented_control("Record", [ONE, ON], default=ONE, required=True, key="record-mode")
        clip_s = st.slider("Length of a clip", 1, 10, 3, format="%d s", key="record-seconds", width=220)
    with st.container(horizontal=True, vertical_alignment="center"):
        if heard.take:
            st.button("Stop", type="primary", icon=":material/stop:", on_click=heard.stop_take, key="record-stop")
        else:
            acting.button(
                "Record", type="primary", icon=":material/fiber_manual_record:",
                disabled=not (hears and consenting.given()), key="record-start",
                on_click=_start, args=(heard, project_id, label, mode, clip_s),
            )  # fmt: skip
        st.caption(_told(heard, hears, mode, clip_s))
    return label or USUAL[0]


def _told(heard: Ear, hears: bool, mode: str | None, clip_s: int) -> str:
    if heard.take:
        return f"{count_of(heard.take.saved, 'clip')} saved so far; each is on disk before it is counted."
    if not consenting.given():
        return "First agree to it, above."
    if not hears:
        return "Waits until sound comes." if "_record_since" in st.session_state else "Turn the microphone on first."
    return f"Records {clip_s} s." if mode == ONE else f"Records until you stop, and saves a clip each {clip_s} s."


def _start(heard: Ear, project_id: int, label: str, mode: str, clip_s: int) -> None:
    if not consenting.given():
        heard.problem = consenting.FIRST
        return
    try:
        heard.start_take(project_id, check_label(label or ""), clip_s, 1 if mode == ONE else None)
    except LabError as error:
        heard.problem = str(error)


def saved(heard: Ear) -> None:
    """List what this visit saved, newest first."""
    if heard.problem:
        st.error(heard.problem, icon=":material/error:")
    if not heard.saved:
        return
    st.success(_summary(heard.saved), icon=":material/check_circle:")
    st.page_link(flow.SOUNDS, label="Hear and see them on Sounds", icon=":material/graphic_eq:")
    rows = "".join(_row(clip) for clip in reversed(heard.saved[-SHOWN:]))
    st.html(f'<table class="lab-wires"><tr><th>clip</th><th>label</th><th>length</th><th></th></tr>{rows}</table>')


def _summary(clips: Sequence[Saved]) -> str:
    again = sum(clip.again for clip in clips)
    return f"Saved: {count_of(len(clips) - again, 'clip')}, 16 kHz, mono, 16 bit." + (
        f" {again} more had been here already, sample for sample: each sound is kept once." if again else ""
    )


def _row(clip: Saved) -> str:
    cells = (clip.name, clip.label, f"{clip.seconds:.1f} s", " ".join(clip.notes))
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def interrupted(project_id: int) -> None:
    """Tell of takes that ended early, until somebody has read it; look again while one may yet turn out to be."""
    every = LOOK_S if takes.noted(store().config, project_id) else None
    parts.fragment(_tell, run_every=every)(project_id)


def _tell(project_id: int) -> None:
    for take in takes.interrupted(store().config, project_id):
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"lab-take-{take.name}"):
            st.markdown(f":material/warning: {_fate(take)}")
            acting.button("I see", key=f"seen-{take.name}", on_click=takes.forget, args=(store().config, take))


def _fate(take: Take) -> str:
    kept = f"{count_of(take.saved, 'clip')} ({take.saved_s:.1f} s) labelled “{take.label}” " + (
        "is saved" if take.saved == 1 else "are saved"
    )
    lost = f"about {take.lost_s:.1f} s were not yet cut and are lost" if take.lost_s >= 0.05 else "nothing is lost"
    why = take.reason or "The lab was stopped."
    return f"A take was interrupted. {why} {kept[0].upper()}{kept[1:]}; {lost}."


def elsewhere(problem: str) -> None:
    """Say why there is no microphone at this address, and which way is left."""
    st.error(problem, icon=":material/lock_open:")
    st.markdown("Or record with what this device has of its own, and add the file on Sounds.")
    st.page_link(flow.SOUNDS, label="Go to Sounds", icon=":material/graphic_eq:")


def fallback(project_id: int, label: str) -> None:
    """Offer to record over HTTP, with the reason where there is one."""
    late = bool(st.session_state.get("_record_late"))
    if late:
        st.warning(NO_WAY, icon=":material/lan:")
    with st.expander("No sound comes? Record without WebRTC", expanded=late, icon=":material/upload:"):
        st.caption(
            "The browser records first and sends the whole recording afterwards: no live picture, no long takes."
        )
        count = st.session_state.setdefault("_record_http", 0)
        sound = st.audio_input("Recording", sample_rate=16_000, key=f"record-http-{count}")
        acting.button(
            "Keep this recording", disabled=sound is None or not consenting.given(), key="record-keep", on_click=_keep,
            args=(sound, project_id, label),
        )  # fmt: skip
    if said := st.session_state.pop("_record_kept", None):
        (st.success if said[0] else st.error)(said[1])


def _keep(sound: Any, project_id: int, label: str) -> None:
    from lab.sound.files import read_clip

    if not consenting.given():
        st.session_state["_record_kept"] = (False, consenting.FIRST)
        return
    try:
        clip, _ = read_clip(sound.getvalue(), check_label(label))
        kept = ear().keep(project_id, clip.samples, clip.label, f"{clip.label} recorded", "recorded here, over HTTP")
        st.session_state["_record_kept"] = (True, f"Saved {kept.name}, {kept.seconds:.1f} s.")
        st.session_state["_record_http"] += 1
    except LabError as error:
        st.session_state["_record_kept"] = (False, str(error))
