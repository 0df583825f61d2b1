"""The deployment tree on a page: choose leaves, see how far each node is."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from lab.optimize.paths import LEGAL
from pages.ui import charts

TREE, LOOK, LOOK_TREE = "_tree_paths", "_tree_leaf", "tree-look"
WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"
PLACES: dict[str, tuple[float, float]] = {
    "base": (4.4, 3), "prune": (1.1, 2), "cluster": (4.3, 2), "prune+cluster": (2.5, 1),
    "prune+PTQ": (0, 0), "PQAT": (1, 0), "prune+cluster+PTQ": (2, 0), "PCQAT": (3, 0), "cluster+PTQ": (4, 0),
    "CQAT": (5, 0), "PTQ": (6, 0), "QAT": (7, 0),
}  # fmt: skip
"""Where each node is drawn: across, and level from below."""
EDGES = (
    ("base", "prune"), ("base", "cluster"), ("base", "PTQ"), ("base", "QAT"), ("prune", "prune+cluster"),
    ("prune", "prune+PTQ"), ("prune", "PQAT"), ("cluster", "cluster+PTQ"), ("cluster", "CQAT"),
    ("prune+cluster", "prune+cluster+PTQ"), ("prune+cluster", "PCQAT"),
)  # fmt: skip
NAMES = {"base": "your model", "prune+cluster": "prune +<br>cluster", "prune+cluster+PTQ": "PTQ", "prune+PTQ": "PTQ",
         "cluster+PTQ": "PTQ"}  # fmt: skip
COLLABORATIVE = ("prune+cluster", "PQAT", "CQAT", "PCQAT")
TUNED = ("prune", "cluster", "QAT", *COLLABORATIVE)
LINE, DASH, MARK = "#8a8f8f", "#c2483d", "#17857f"
FILL = {WAITING: "rgba(127,127,127,0.08)", RUNNING: "#f0b24c", DONE: "#2f8f5b", FAILED: "#c2483d"}
LEAVES = tuple(path.label for path in LEGAL)


def pick(disabled: bool) -> list[str]:
    """Draw the tree with the chosen leaves marked, and the list of leaves; return the chosen ones.

    A click on a leaf of the drawing takes it in or out, as the list does.
    """
    st.session_state.setdefault(TREE, list(LEAVES))
    event = draw({}, st.session_state[TREE], key="tree-pick", on_click=None if disabled else "rerun")
    toggled = _clicked(event)
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


def look(leaves: Sequence[str], failed: Sequence[str], first: str) -> str:
    """Draw a walked tree; return the leaf that a person looks at, by a click or from the list.

    Args:
        leaves: that were walked.
        failed: those of them that have no file.
        first: looked at before anybody chose.
    """
    if st.session_state.get(LOOK) not in leaves:
        st.session_state[LOOK] = first
    draw(dict.fromkeys(failed, FAILED), leaves, LOOK_TREE, looked=st.session_state[LOOK], on_click=_looked)
    shown = [name for name in LEAVES if name in leaves]
    return str(st.pills("Look at", shown, key=LOOK, required=True, wrap=True,
                        label_visibility="collapsed"))  # fmt: skip


def _looked() -> None:
    """Look at the leaf that was clicked."""
    clicked = _clicked(st.session_state.get(LOOK_TREE))
    if clicked:
        st.session_state[LOOK] = clicked[0]


def _clicked(event: Any) -> tuple[str, ...]:
    points = [point.get("customdata") for point in (event or {}).get("selection", {}).get("points", [])]
    return tuple(name for name in (each[0] if isinstance(each, list) else each for each in points) if name in LEAVES)


def draw(
    states: Mapping[str, str], chosen: Sequence[str], key: str, looked: str | None = None, on_click: Any = None
) -> Any:
    """Draw the tree.

    Args:
        states: node → waiting, running, done or failed; a node without one has the colour of the legend.
        chosen: leaves that are wanted; the others are faint.
        key: names the chart on its page.
        looked: the leaf whose way is marked.
        on_click: "rerun", or what is called when a leaf is clicked; None makes a plain drawing.

    Returns:
        Streamlit's selection event, if it can be clicked.
    """
    figure = charts.subplots(rows=1, cols=1)
    way = _way(looked)
    for start, end in EDGES:
        (x0, y0), (x1, y1) = PLACES[start], PLACES[end]
        line = {"color": MARK, "width": 3} if end in way else {"color": LINE, "width": 1}
        figure.add_scatter(x=[x0, x1], y=[y0, y1], mode="lines", line=line, hoverinfo="skip")
    for name in PLACES:
        wanted = name not in LEAVES or name in chosen
        figure.add_scatter(**_node(name, states.get(name), wanted, name == looked))
    figure.update_xaxes(visible=False, range=[-0.6, 7.6])
    figure.update_yaxes(visible=False, range=[-0.75, 3.6])
    figure.update_layout(showlegend=False, hovermode="closest", clickmode="event+select")
    height = 330
    event = charts.show(figure, key, height) if on_click is None else charts.clickable(figure, key, height, on_click)
    st.caption(
        "Grey waits, orange runs, green is done, filled red failed. Red border: a collaborative step."
        if set(states.values()) - {FAILED} else
        "Green: trained again (fine-tuned). Red border: a collaborative step, which keeps what the steps before it "
        "made. Squares are leaves: int8 .tflite files."
    )  # fmt: skip
    return event


def _node(name: str, state: str | None, wanted: bool, looked: bool) -> dict[str, Any]:
    """Return one node as Plotly takes it."""
    (x, y), together = PLACES[name], name in COLLABORATIVE
    legend = FILL[DONE] if name in TUNED and wanted else FILL[WAITING]
    line = {"color": DASH if together else LINE, "width": 2.5 if together else 1}
    shown = {"opacity": 1.0 if wanted else 0.35}
    return {
        "x": [x], "y": [y], "mode": "markers+text", "text": [NAMES.get(name, name)], "customdata": [name], "name": name,
        "textposition": _label_place(name), "textfont": {"size": 14 if looked else 12}, "selected": {"marker": shown},
        "unselected": {"marker": shown}, "opacity": shown["opacity"],
        "hovertemplate": f"{name}: {_told(name, state, wanted)}<extra></extra>",
        "marker": {
            "size": 32 if looked else 22, "symbol": "square" if name in LEAVES else "circle",
            "color": legend if state is None else FILL[state],
            "line": {"color": MARK, "width": 5} if looked else line,
        },
    }  # fmt: skip


def _way(leaf: str | None) -> set[str]:
    """Return the nodes on the way to a leaf."""
    parent = {end: start for start, end in EDGES}
    way: set[str] = set()
    while leaf in parent:
        way.add(leaf)
        leaf = parent[leaf]
    return way


def _label_place(name: str) -> str:
    if name in LEAVES:
        return "bottom center"
    return {"prune+cluster": "middle right", "base": "top center"}.get(name, "middle left")


def _told(name: str, state: str | None, wanted: bool) -> str:
    if name in LEAVES and not wanted:
        return "not chosen"
    return state or ("a leaf" if name in LEAVES else "trained once for all leaves behind it")


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
