"""A sound before and after augmentation, heard and seen beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from lab.sound.augment import Augmentation
from lab.sound.clip import RATE_HZ, Clip
from lab.sound.datasets import Dataset
from lab.study import augmentation
from lab.workspace.store import Clip as StoredClip
from pages.ui import augmenting, sight
from pages.ui.charts import show, subplots
from pages.ui.learning import FINETUNE
from pages.ui.session import store
from pages.ui.work import latest_job

TEST_S = 6.0
MADE_HERE = {
    "t3": "T3 alarm, 3150 Hz",
    "t3_520": "T3 alarm, 520 Hz",
    "continuous": "Continuous alarm",
    "sweep": "Sweeping alarm",
    "t4": "T4, carbon monoxide",
}
MOST_CHOICES = 500
LONGEST_S = 60.0
PICTURE_OF = {"published": 1, "default": 2}
"""Which of `sight.pictures` a spec's is."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A sound to try: a clip of the project, or one made here."""

    title: str
    sha256: str = ""
    recording_id: str = ""
    kind: str = ""

    def samples(self) -> NDArray[np.int16]:
        """Return int16 at 16 kHz, shape (n,), of at most a minute."""
        if self.kind:
            from lab.sound import synth

            return synth.test_alarm(self.kind, TEST_S)
        return sight.samples(self.sha256)[: int(LONGEST_S * RATE_HZ)]


def choices(clips: Sequence[StoredClip]) -> list[Choice]:
    """Return a project's sounds and then those made here."""
    own = [
        Choice(f"{clip.name} · {clip.label or 'no label'}", clip.sha256, clip.recording_id)
        for clip in clips[:MOST_CHOICES]
    ]
    return own + [Choice(f"Made here: {title}", kind=kind) for kind, title in MADE_HERE.items()]


def pick(project_id: int, clips: Sequence[StoredClip]) -> tuple[Choice, int, int]:
    """Draw the choice of a sound, the seed and the button for another draw; return all three."""
    counter = f"_draw-{project_id}"
    left, middle, right = st.columns([4, 1, 1], vertical_alignment="bottom")
    chosen = left.selectbox("Sound", choices(clips), format_func=lambda each: each.title, key=f"try-{project_id}")
    right.button("Another draw", icon=":material/casino:", on_click=_another, args=(counter,), width="stretch")
    with middle:
        seed = augmenting.seed(project_id)
    return chosen, seed, int(st.session_state.get(counter, 0))


def _another(counter: str) -> None:
    st.session_state[counter] = st.session_state.get(counter, 0) + 1


def spec_of(project_id: int) -> str:
    """Return the feature spec of the project's newest model, else the usual one."""
    runs = [run for run in store().runs(project_id) if run.kind in ("baseline", "finetune")]
    named = str(runs[0].data.get("spec")) if runs else "default"
    return named if named in PICTURE_OF else "default"


@st.cache_resource(max_entries=4, show_spinner=False)
def _split(home: str, project_id: int, clips: int) -> Dataset:
    """Return a project's clips by split: with thousands of them, too slow for each move of a slider."""
    return augmentation.split_of(store(), project_id)


def before_and_after(
    project_id: int, clips: Sequence[StoredClip], choice: Choice, recipe: Augmentation, draw: int
) -> None:
    """Draw a sound as it is and as one of its copies."""
    version = hash(tuple((clip.sha256, clip.label, clip.recording_id) for clip in clips))
    dataset = _split(str(store().config.home), project_id, version)
    job = latest_job(project_id, FINETUNE)
    positive = (job.args.get("positive") if job else None) or ["alarm"]
    others = augmentation.backgrounds(dataset, recipe, positive)
    samples = choice.samples()
    copies = recipe.told(samples, others, draw)
    if recipe.mixing and not len(others):
        st.caption("Nothing to mix in: no training sound has such a label.")
    at = _which(len(copies))
    said = ", ".join(copies[at].drawn) or "nothing struck this time" if copies else "no copy this time"
    after = copies[at].samples if copies else samples
    spec = spec_of(project_id)
    peak = max(_peak(samples), _peak(after), 0.01)
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader("Before", anchor=False)
        side = augmentation.side_of(dataset, choice.recording_id)
        st.caption(f"As recorded · peak {_peak(samples):.2f} · {_side(choice, side, len(samples), recipe)}")
        _one(samples, spec, peak, "before")
    with right:
        st.subheader("After", anchor=False)
        st.caption(f"Draw {draw + 1}: {said} · peak {_peak(after):.2f}")
        _one(after, spec, peak, "after")


def _which(count: int) -> int:
    """Draw the choice among several copies; return its place."""
    if count < 2:
        return 0
    return st.segmented_control(
        "Copy", range(count), default=0, format_func=lambda place: f"Copy {place + 1}", required=True,
        key=f"copy-{count}", label_visibility="collapsed",
    ) or 0  # fmt: skip


def _side(choice: Choice, split: str | None, count: int, recipe: Augmentation) -> str:
    learner = "fine-tuning" if recipe.mixing and not recipe.mixing.labels else "training"
    if choice.kind:
        return "made here"
    if split == "train" and count >= LONGEST_S * RATE_HZ:
        return f"it trains; its first {LONGEST_S:.0f} s are shown"
    if split == "train":
        return f"it trains: with these settings {learner} hears the very copy shown here"
    if split is None:
        return "without a label it does not train"
    return "held back: training makes no copies of it, this is how one would be"


def _peak(samples: NDArray[np.int16]) -> float:
    return float(np.abs(samples.astype(np.int32)).max(initial=0)) / 32_768


def _one(samples: NDArray[np.int16], spec: str, peak: float, key: str) -> None:
    """Draw player, waveform and spectrogram of the first seconds; both sides share the waveform's scale."""
    from lab.sound.files import wav_bytes

    st.audio(wav_bytes(Clip(samples.copy(), "", "")), format="audio/wav")
    part = samples[: int(sight.SHOWN_S * RATE_HZ)]
    seen = list(sight.pictures(part))
    if not seen:
        st.caption("Too short for a picture.")
        return
    _draw(part, [seen[PICTURE_OF[spec]]], peak, key)


def _draw(part: NDArray[np.int16], seen: Sequence[sight.Picture], peak: float, key: str) -> None:
    figure: Any = subplots(
        rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.1, row_heights=[0.4, 1.0],
        subplot_titles=["Waveform", seen[0].title],
    )  # fmt: skip
    time, shape = sight.outline(part)
    figure.add_scatter(x=time, y=shape, fill="toself", line={"width": 0.5}, hoverinfo="skip", row=1, col=1)
    sight.add_picture(figure, seen[0], 0.0, 2)
    figure.update_yaxes(range=[-peak, peak], showticklabels=False, row=1, col=1)
    figure.update_xaxes(range=[0, len(part) / RATE_HZ])
    figure.update_xaxes(title="seconds", row=2, col=1)
    figure.update_annotations(x=0, xanchor="left", font={"size": 13})
    figure.update_layout(showlegend=False)
    show(figure, f"{key}-pictures", 330, top=26)
