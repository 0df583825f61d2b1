"""The settings of an augmentation on a page: widgets to a recipe, kept with the project."""

import json
from typing import Any

import streamlit as st

from lab.errors import LabError
from lab.sound.augment import ARTICLE, EFFECTS, SUGGESTED, Augmentation, Effect, name_of
from lab.sound.augment.recipe import EACH, MAX_COPIES, MAX_SEED, TOGETHER
from lab.study import augmentation
from pages.ui import acting, flow
from pages.ui.session import store

ARRANGED = {TOGETHER: "All in one copy", EACH: "Each in its own copy"}
ABOUT = {
    "time_shift": "Sound earlier or later; silence takes the place it left.",
    "room": "Echoes of a room. RT60 is the time in which they fall by 60 dB: a bedroom has 0.4 s, a stairwell 2 s.",
    "mixing": "Another training sound on top, so that an alarm is known under a kettle.",
    "band_limit": "A cheap microphone or a closed door: less of the lows and highs, 24 dB an octave.",
    "level": "Nearer or farther. A gain that would clip is lowered until it fits.",
    "white_noise": "The hiss of a microphone. The article adds up to a fifth of full scale.",
    "random_silence": "Single samples set to zero at random, the article’s second way.",
}
TRAIN_USES = "Train uses these settings"
USUAL = {
    "baseline": "No copies: sounds train as they were recorded.",
    "finetune": "The article’s copies: white noise, random silence and mixing, each in a copy of its own.",
}


def seed(project_id: int) -> int:
    """Draw the seed's field and return it."""
    start = _start(project_id)
    return st.number_input(
        "Seed", 0, MAX_SEED, start.seed, key=f"{_key(project_id)}-seed", help="Equal seeds, equal copies."
    )


def settings(project_id: int, labels: list[str], seed: int) -> Augmentation:
    """Draw the other widgets and return what all say.

    Effects keep the order in which they came; with others among them, that of EFFECTS.

    Args:
        project_id: whose.
        labels: to be mixed in.
        seed: of the draws.

    Raises:
        BadInput: settings that exclude each other.
    """
    start, key = _start(project_id), _key(project_id)
    by_name = {name_of(effect): effect for effect in start.effects}
    with st.container(border=True):
        chosen = st.pills(
            "Effects", list(EFFECTS), default=list(by_name), selection_mode="multi", key=f"{key}-effects",
            format_func=lambda name: EFFECTS[name].title, help="Click an effect to switch it on or off.",
        )  # fmt: skip
        names = [name for name in (EFFECTS if set(chosen) - set(by_name) else by_name) if name in chosen]
        effects = []
        if names:
            for tab, name in zip(st.tabs([EFFECTS[name].title for name in names]), names, strict=True):
                with tab:
                    effects.append(_effect(name, by_name.get(name) or EFFECTS[name](), key, labels))
        else:
            st.caption("No effect is on: training hears the recordings alone, without copies.")
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        arranged = left.segmented_control(
            "Effects strike", list(ARRANGED), default=start.arrangement, format_func=ARRANGED.get, required=True,
            key=f"{key}-arranged",
        )  # fmt: skip
        copies = right.number_input("Copies of each clip", 1, MAX_COPIES, start.copies, key=f"{key}-copies")
    made = Augmentation(tuple(effects), copies, arranged or TOGETHER, seed)
    st.session_state[f"_draft-{project_id}"] = made
    return made


def _effect(name: str, start: Effect, key: str, labels: list[str]) -> Effect:
    """Draw one effect's ranges and chance."""
    st.caption(ABOUT[name])
    kind, values = EFFECTS[name], {}
    columns = st.columns(len(kind.knobs) + 1)
    for column, (knob_name, knob) in zip(columns, kind.knobs.items(), strict=False):
        values[knob_name] = _rounded(column.slider(
            knob.title, knob.least, knob.most, getattr(start, knob_name), knob.step, key=f"{key}-{name}-{knob_name}",
            help="Each copy draws a value between the two ends.", format=_digits(knob.step),
        ))  # fmt: skip
    values["chance"] = round(columns[-1].slider(
        "Chance", 0.0, 1.0, start.chance, 0.05, key=f"{key}-{name}-chance", format="percent",
        help="Share of the copies that it strikes.",
    ), 2)  # fmt: skip
    if name == "mixing":
        values["labels"] = tuple(st.multiselect(
            "Mix in sounds labelled", labels, [each for each in getattr(start, "labels", ()) if each in labels],
            placeholder="All labels that raise no event", key=f"{key}-mixing-labels",
        ))  # fmt: skip
    return kind(**values)


def _digits(step: float) -> str:
    return "%.0f" if step >= 1 else "%.2f" if step >= 0.01 else "%.3f"


def _rounded(ends: tuple[float, float]) -> tuple[float, float]:
    low, high = ends
    return round(low, 4), round(high, 4)


def presets(project_id: int, recipe: Augmentation | None) -> None:
    """Offer settings to begin with, and those shown as the command line's file."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Begin again with", width="content")
        for title, recipe in (("Room and microphone", SUGGESTED), ("The article’s three", ARTICLE)):
            acting.button(title, type="tertiary", on_click=_begin, args=(project_id, recipe), key=f"begin-{title}")
        if recipe is not None:
            st.download_button(
                "Download for the command line", json.dumps(recipe.to_json(), indent=2), "augmentation.json",
                "application/json", type="tertiary", icon=":material/download:", on_click="ignore",
                help="`python -m lab train baseline … --augment augmentation.json`",
            )  # fmt: skip


def use_bar(project_id: int, recipe: Augmentation | None) -> None:
    """Say whether training uses the settings shown, and offer to let it."""
    kept = augmentation.saved(store(), project_id)
    with st.container(horizontal=True, vertical_alignment="center", border=True, key="lab-augment-use"):
        if kept is not None and kept == recipe:
            st.markdown(f":material/check_circle: **{TRAIN_USES}.** They are saved with the project.")
        elif kept is not None:
            st.markdown(f"Train uses **{kept.says()}**, saved before.")
        else:
            st.markdown("Train makes its **usual copies** until you save these settings.")
        if recipe is not None and kept != recipe:
            acting.button("Use in training", type="primary", icon=":material/save:", on_click=_save,
                      args=(project_id, recipe))  # fmt: skip
        if kept is not None and kept != recipe:
            st.button("Show what is saved", on_click=_begin, args=(project_id, kept))
        if kept is not None:
            acting.button("Back to usual copies", type="tertiary", on_click=_save, args=(project_id, None))
    if problem := st.session_state.pop("_augment_problem", None):
        st.error(problem, icon=":material/error:")


def for_training(project_id: int, stage: str) -> dict[str, Any]:
    """Say how a project's training makes copies; return it as an argument of the task.

    Args:
        project_id: whose.
        stage: "baseline" or "finetune".

    Raises:
        BadInput: what is saved was written by a newer version.
    """
    kept = augmentation.saved(store(), project_id)
    with st.container(horizontal=True, vertical_alignment="center"):
        if kept is None:
            st.caption(f"Copies: {USUAL[stage]}", width="content")
        else:
            st.caption(f":material/check_circle: {TRAIN_USES}: {kept.says()}, seed {kept.seed}.", width="content")
        if stage == "baseline" and kept is not None and kept.mixing and not kept.mixing.labels:
            st.caption("A baseline knows no events: it mixes nothing in until Mixing names labels.", width="content")
        st.page_link(flow.AUGMENT, label="Augment", icon=":material/equalizer:")
    return {} if kept is None else {"augment": kept.to_json()}


def _start(project_id: int) -> Augmentation:
    """Return what the widgets begin with: what they showed last, what is saved, or what is suggested."""
    held = f"_start-{project_id}"
    if f"{_key(project_id)}-seed" not in st.session_state or held not in st.session_state:
        draft = st.session_state.get(f"_draft-{project_id}")
        st.session_state[held] = draft or _kept(project_id) or SUGGESTED
    begun: Augmentation = st.session_state[held]
    return begun


def _kept(project_id: int) -> Augmentation | None:
    try:
        return augmentation.saved(store(), project_id)
    except LabError:  # the bar below the widgets says it
        return None


def _key(project_id: int) -> str:
    return f"augment-{project_id}-{st.session_state.get('_augment_form', 0)}"


def _begin(project_id: int, recipe: Augmentation) -> None:
    st.session_state[f"_draft-{project_id}"] = recipe
    st.session_state["_augment_form"] = st.session_state.get("_augment_form", 0) + 1  # new widgets, with these values


def _save(project_id: int, recipe: Augmentation | None) -> None:
    try:
        augmentation.save(store(), project_id, recipe)
    except LabError as error:
        st.session_state["_augment_problem"] = str(error)
