"""What Listen says of the detector: that it listens, and which alarm it heard after how long."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from lab.deploy.detector import Detector
from lab.deploy.events import RHYTHMIC, T3_HOPS, T3_RULE, active_hops, threshold_code
from lab.deploy.live import Hop
from lab.study import guide
from lab.study.ear import Ear
from pages.ui import detectors, guiding, live

HISTORY_S = 19.0
TOLD = "_listen_told"


def who(choice: detectors.Choice, detector: Detector) -> str:
    """Return who listens, in one sentence."""
    name = f"“{detector.name}”" if choice.sha256 else "The prepared detector"
    return f"{name} listens, on the same code the board runs. The light is the board's: how sure it is."


def status(heard: Ear) -> str:
    """Return what the detector says now, in a few words."""
    if not heard.hears or heard.detector is None:
        return "The microphone is off"
    hops = heard.sight(live.SENT_S).hops
    if not hops:
        return "Filling its first second …"
    if not hops[-1].active:
        return "Sounds like an alarm; listening for its rhythm" if waits(hops, heard.detector) else "Listening"
    guiding.did(guide.HEARD)
    return _alarm(heard, heard.detector)


def _alarm(heard: Ear, detector: Detector) -> str:
    """Return which alarm was heard, and how long it had sounded by then; that is remembered while it goes on."""
    _, hops = heard.last(HISTORY_S)
    starts = [place for place in range(1, len(hops)) if hops[place].active and not hops[place - 1].active]
    if starts:
        st.session_state[TOLD] = _seconds(hops, starts[-1], detector)
    seconds = st.session_state.get(TOLD, 0.0)
    name = "T3 alarm heard" if is_t3(hops, detector) else "Alarm heard"
    return f"{name} after {seconds:.1f} s" if seconds >= 0.1 else name


def _seconds(hops: Sequence[Hop], start: int, detector: Detector) -> float:
    """Return how long before an event the first decision of it reached the threshold."""
    least = threshold_code(detector.threshold)
    before = hops[max(0, start - detector.rule.look_back) : start + 1]
    first = next((hop for hop in before if hop.code >= least), hops[start])
    return hops[start].t_s - first.t_s


def waits(hops: Sequence[Hop], detector: Detector) -> bool:
    """Whether the newest decisions reach the threshold, and the rule asks for a rhythm besides."""
    least, (enough, window) = threshold_code(detector.threshold), T3_HOPS
    return detector.rule.kind in RHYTHMIC and sum(hop.code >= least for hop in hops[-window:]) >= enough


def is_t3(hops: Sequence[Hop], detector: Detector) -> bool:
    """Whether a T3's rhythm is in the newest of some decisions, whatever the detector's own rule."""
    codes, beats = np.array([hop.code for hop in hops], np.int8), np.array([hop.beat for hop in hops], np.bool_)
    return bool(len(codes)) and bool(active_hops(codes, detector.threshold, T3_RULE, beats)[-1])
