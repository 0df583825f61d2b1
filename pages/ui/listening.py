"""The parts of the Listen page: the detector at work, a test alarm, and a person's verdict."""

import time
from collections.abc import Sequence

import streamlit as st

from lab.deploy.detector import Detector
from lab.deploy.events import threshold_code
from lab.deploy.live import Hop
from lab.errors import LabError
from lab.study.ear import Ear
from pages.ui import acting, consenting, detectors, live, telling, webrtc, words
from pages.ui.session import store
from pages.ui.work import latest_job, latest_result, submit

TEACH, GET_READY = "lab.study.tasks:teach", "lab.study.tasks:get_ready"
READY_S = 1_800
KEPT_S = 4.0
SOFT_DB = -26.0
TEST_S = 12.0
STAYS_S = 20.0
"""Of an alarm without a rhythm: a rule may ask that it stays for 16 s."""
PLAYER_S = 3 * TEST_S
"""A slow line brings the sound late, and a person may want to hear it again."""
PLAYED = "_listen_played"
ALARMS = {
    "t3": "T3 smoke alarm", "t3_520": "520 Hz alarm", "continuous": "Continuous", "sweep": "Sweeping",
    "t4": "T4, no fire alarm",
}  # fmt: skip


def choose(project_id: int) -> tuple[detectors.Choice, Detector] | None:
    """Draw the choice of detector, at first the newest taught one or the prepared one; return it, loaded."""
    choices = detectors.find(project_id)
    if not choices:
        return None
    chosen = st.selectbox(
        "Detector", choices, index=_first(choices, project_id), format_func=lambda each: each.title,
        key=f"listen-detector-{len(choices)}", width=420,
    )  # fmt: skip
    return chosen, detectors.load(chosen)


def _first(choices: Sequence[detectors.Choice], project_id: int) -> int:
    """Return the place of the detector taught last, else of the prepared one."""
    taught = (latest_result(project_id, TEACH) or {}).get("detector")
    shas = [choice.sha256 for choice in choices]
    return shas.index(taught) if taught in shas else len(choices) - 1


def ear(detector: Detector) -> Ear:
    """Return this visit's ear, listening with the detector."""
    if "_listen_ear" not in st.session_state:
        st.session_state["_listen_ear"] = Ear(store(), detector)
    made: Ear = st.session_state["_listen_ear"]
    if made.detector != detector:
        made.listen_with(detector)
    return made


def microphone(heard: Ear, who: str = "") -> bool:
    """Draw the microphone's switch, the live picture and the board of `who`, if anybody; return whether sound comes."""
    state = webrtc.microphone(heard, "listen-microphone")
    on = bool(state.playing or state.signalling)
    live.draw(heard, "listen-live", telling.status, lambda each: each.hears, on, who)
    return on and heard.hears


def test_alarm() -> None:
    """Draw the choice of a test alarm and the button that plays it, softly."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.selectbox("Test alarm", list(ALARMS), format_func=ALARMS.get, key="listen-alarm", width=240)
        st.button("Play a test alarm", icon=":material/volume_up:", key="listen-play", on_click=_play, args=(kind,))
    played = st.session_state.get(PLAYED)
    if played and time.monotonic() < played[1]:
        st.audio(alarm_wav(played[0]), format="audio/wav", autoplay=True)
        st.caption("Played softly through the speakers. It is no fire: tell the people in the room.")


def _play(kind: str) -> None:
    """Let the player stay while the alarm sounds, whatever draws the page anew meanwhile."""
    st.session_state[PLAYED] = (kind, time.monotonic() + PLAYER_S)


@st.cache_data(max_entries=8, show_spinner=False)
def alarm_wav(kind: str) -> bytes:
    """Return a test alarm as a WAV file."""
    from lab.sound import synth
    from lab.sound.clip import Clip
    from lab.sound.files import wav_bytes

    seconds = STAYS_S if kind in ("continuous", "sweep") else TEST_S
    return wav_bytes(Clip(synth.test_alarm(kind, seconds, SOFT_DB), "", ""))


def verdict(project_id: int, heard: Ear, hears: bool) -> None:
    """Draw the button that keeps what the detector got wrong."""
    agreed = consenting.ask() if hears else consenting.given()
    with st.container(horizontal=True, vertical_alignment="center"):
        acting.button(
            "That was wrong", icon=":material/thumb_down:", disabled=not (hears and agreed), key="listen-wrong",
            on_click=_keep, args=(project_id, heard),
            help=f"Keeps the last {KEPT_S:.0f} s as a sound of this project, labelled the other way round.",
        )  # fmt: skip
        said = st.session_state.get("_listen_kept")
        if said and said[0] == project_id:
            st.markdown(said[1])
            if said[2]:
                acting.button("Undo", type="tertiary", icon=":material/undo:", key="listen-undo", on_click=_undo)


def wrong_label(detector: Detector, hops: Sequence[Hop]) -> str:
    """Return the label that the detector should have given: the other side of what it said."""
    fired = any(hop.active or hop.code >= threshold_code(detector.threshold) for hop in hops)
    quiet = [label for label in detector.labels if label not in detector.positive]
    return (quiet or ["not_alarm"])[0] if fired else detector.positive[0]


def _keep(project_id: int, heard: Ear) -> None:
    detector = heard.detector
    if not consenting.given():
        st.session_state["_listen_kept"] = (project_id, f":material/error: {consenting.FIRST}", None)
        return
    samples, hops = heard.last(KEPT_S)
    if detector is None or not len(samples):
        text = ":material/error: Nothing was kept: the page has heard nothing yet."
        st.session_state["_listen_kept"] = (project_id, text, None)
        return
    label = wrong_label(detector, hops)
    try:
        kept = heard.keep(
            project_id, samples, label, f"{label} corrected {time.strftime('%H-%M-%S')}", "corrected here"
        )
        text = f":material/check_circle: Kept the last {kept.seconds:.1f} s as **{label}**. It is on disk."
        st.session_state["_listen_kept"] = (project_id, text, kept.clip_id)
    except LabError as error:
        st.session_state["_listen_kept"] = (project_id, f":material/error: {error}", None)


def _undo() -> None:
    project_id, _, clip_id = st.session_state["_listen_kept"]
    store().delete_clips([clip_id])
    st.session_state["_listen_kept"] = (project_id, "Taken out again.", None)


def teach(project_id: int, choice: detectors.Choice) -> None:
    """Draw the button that teaches the detector the project's sounds."""
    counts = {label: count for label, count in store().labels(project_id).items() if label}
    told = ", ".join(f"{count} {label}" for label, count in counts.items()) or "none yet"
    with st.container(horizontal=True, vertical_alignment="center"):
        acting.button(
            "Teach it", type="primary", icon=":material/school:", disabled=not counts, key="listen-teach",
            on_click=_teach, args=(project_id, choice),
        )  # fmt: skip
        st.caption(f"From the sounds of this project ({told}); about ten seconds.")


def get_ready(choice: detectors.Choice) -> None:
    """Let the worker start and prepare a lesson while somebody listens, so that "Teach it" takes seconds."""
    _get_ready(detectors.artifact(choice))


@st.cache_resource(max_entries=64, ttl=READY_S, show_spinner=False)
def _get_ready(sha256: str) -> None:
    for place in range(store().config.workers):  # each of its processes
        submit(GET_READY, {"detector": sha256, "process": place}, None)


def _teach(project_id: int, choice: detectors.Choice) -> None:
    submit(TEACH, {"project_id": project_id, "detector": detectors.artifact(choice)}, project_id)


def taught(project_id: int) -> None:
    """Draw before and after of the last lesson, on sounds that it has never seen."""
    job = latest_job(project_id, TEACH)
    result = latest_result(project_id, TEACH)
    if job is None or result is None or job.result != result:
        return
    st.subheader("Before and after", anchor=False)
    rows = "".join(_row(name, row) for name, row in result["held_out"].items() if row["windows"])
    st.html(
        '<table class="lab-wires"><tr><th>sounds</th><th>windows</th><th>right before</th>'
        f"<th>right after</th></tr>{rows}</table>"
    )
    st.caption(
        "Windows of a second. All but the last row are sounds that the lesson never saw. "
        f"Taught in {result['seconds']:.1f} s; only the head changed: {result['weights']:,} weights. "
        "It is chosen above now, and can be on the Firmware page."
    )


def _row(name: str, row: dict[str, float]) -> str:
    before, after = words.percent(row["before"]), words.percent(row["after"])
    return f"<tr><td>{name}</td><td>{row['windows']:,}</td><td>{before}</td><td><b>{after}</b></td></tr>"
