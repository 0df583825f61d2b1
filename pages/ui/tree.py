"""The deployment tree on a page: choose leaves, see how far each node is."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from lab.optimize.paths import LEGAL
from pages.ui import charts

TREE = "_tree_paths"
WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"
PLACES: dict[str, tuple[float, float]] = {
    "base": (3.5, 3), "prune": (1.25, 2), "cluster": (5.0, 2), "prune+cluster": (2.25, 1),
    "PTQ": (6.5, 0), "QAT": (7.25, 0), "prune+PTQ": (0.0, 0), "PQAT": (0.75, 0), "prune+cluster+PTQ": (1.9, 0),
    "PCQAT": (2.65, 0), "cluster+PTQ": (4.65, 0), "CQAT": (5.4, 0),
}  # fmt: skip
"""Where each node is drawn: across, and level from below."""
EDGES = (
    ("base", "prune"), ("base", "cluster"), ("base", "PTQ"), ("base", "QAT"), ("prune", "prune+cluster"),
    ("prune", "prune+PTQ"), ("prune", "PQAT"), ("cluster", "cluster+PTQ"), ("cluster", "CQAT"),
    ("prune+cluster", "prune+cluster+PTQ"), ("prune+cluster", "PCQAT"),
)  # fmt: skip
NAMES = {"base": "your model", "prune+cluster": "prune + cluster", "prune+cluster+PTQ": "PTQ", "prune+PTQ": "PTQ",
         "cluster+PTQ": "PTQ"}  # fmt: skip
COLLABORATIVE = ("prune+cluster", "PQAT", "CQAT", "PCQAT")
TUNED = ("prune", "cluster", "QAT", *COLLABORATIVE)
GREEN, LINE, DASH = "#2f8f5b", "#8a8f8f", "#c2483d"
FILL = {WAITING: "rgba(127,127,127,0.08)", RUNNING: "#f0b24c", DONE: "#2f8f5b", FAILED: "#c2483d"}
LEAVES = tuple(path.label for path in LEGAL)


def pick(disabled: bool) -> list[str]:
    """Draw the tree with the chosen leaves marked, and the list of leaves; return the chosen ones.

    A click on a leaf of the drawing takes it in or out, as the list does.
    """
    st.session_state.setdefault(TREE, list(LEAVES))
    event = draw({}, st.session_state[TREE], key="tree-pick", click=not disabled)
    clicked = [point.get("customdata") for point in (event or {}).get("selection", {}).get("points", [])]
    names = [name[0] if isinstance(name, list) else name for name in clicked]
    toggled = tuple(name for name in names if name in LEAVES)
    if toggled and toggled != st.session_state.get("_tree_clicked"):
        chosen = st.session_state[TREE]
        st.session_state[TREE] = [name for name in LEAVES if (name in chosen) != (name in toggled)]
        st.session_state["_tree_clicked"] = toggled
        st.rerun()
    st.session_state["_tree_clicked"] = toggled
    return list(
        st.pills(
            "Paths", LEAVES, selection_mode="multi", key=TREE, disabled=disabled, help="Click leaves above, or here."
        )
    )


def draw(states: Mapping[str, str], chosen: Sequence[str], key: str, click: bool = False) -> Any:
    """Draw the tree.

    Args:
        states: node → waiting, running, done or failed; empty before anything ran.
        chosen: leaves that are wanted; the others are faint.
        key: names the chart on its page.
        click: leaves can be clicked.

    Returns:
        Streamlit's selection event, if `click`.
    """
    figure = charts.subplots(rows=1, cols=1)
    for start, end in EDGES:
        (x0, y0), (x1, y1) = PLACES[start], PLACES[end]
        figure.add_scatter(x=[x0, x1], y=[y0, y1], mode="lines", line={"color": LINE, "width": 1}, hoverinfo="skip")
    for name, (x, y) in PLACES.items():
        wanted, together = name not in LEAVES or name in chosen, name in COLLABORATIVE
        state = states.get(name, WAITING)
        figure.add_scatter(
            x=[x], y=[y], mode="markers+text", text=[NAMES.get(name, name)], customdata=[name], name=name,
            textposition=_label_place(name), opacity=1.0 if wanted else 0.35,
            hovertemplate=f"{name}: {_told(name, state, wanted)}<extra></extra>", textfont={"size": 13},
            marker={
                "size": 24, "symbol": "square" if name in LEAVES else "circle",
                "color": FILL[state] if states else (FILL[DONE] if name in TUNED and wanted else FILL[WAITING]),
                "line": {"color": DASH if together else LINE, "width": 2.5 if together else 1},
            },
        )  # fmt: skip
    figure.update_xaxes(visible=False, range=[-0.6, 7.9])
    figure.update_yaxes(visible=False, range=[-0.75, 3.5])
    figure.update_layout(showlegend=False, hovermode="closest", clickmode="event+select")
    event = charts.show_clickable(figure, key, 330) if click else charts.show(figure, key, 330)
    st.caption(
        "Green: trained again (fine-tuned). Red border: a collaborative step, which keeps what the steps before it "
        "made. Squares are leaves: int8 .tflite files."
        if not states else
        "Grey waits, orange runs, green is done, filled red failed. Red border: a collaborative step."
    )  # fmt: skip
    return event


def _label_place(name: str) -> str:
    if name in LEAVES:
        return "bottom center"
    return "middle right" if name == "prune+cluster" else "top center"


def _told(name: str, state: str, wanted: bool) -> str:
    if name in LEAVES and not wanted:
        return "not chosen"
    return state


def states_of(events: Sequence[Mapping[str, Any]], paths: Sequence[str]) -> dict[str, str]:
    """Return each node's state from what a walk told, in order; of several seeds the least finished counts."""
    told: dict[tuple[str, Any], str] = {}
    for event in events:
        if "node" in event:
            told[event["node"], event.get("seed")] = str(event["state"])
    made = dict.fromkeys(PLACES, WAITING)
    for (name, _), state in told.items():
        shown = RUNNING if state not in (DONE, FAILED) else state
        made[name] = shown if made[name] in (WAITING, DONE) or shown == FAILED else made[name]
    return {name: state for name, state in made.items() if name not in LEAVES or name in paths or state != WAITING}
