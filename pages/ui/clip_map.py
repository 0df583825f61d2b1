"""A map of the project's sounds: a click plays one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from lab.workspace.store import Clip
from pages.ui import acting, charts
from pages.ui.session import store
from pages.ui.shelf import NO_LABEL, describe
from pages.ui.words import count_of, percent
from pages.ui.work import is_open, job_panel, latest_job, latest_result, submit

TASK = "lab.study.tasks:map_clips"
SYMBOLS = ("circle", "diamond", "square", "x", "triangle-up")
"""Labels beyond the theme's colours share a colour, never a symbol with it."""


def panel(project_id: int) -> None:
    """Draw it when unfolded."""
    folded = st.expander("Map: what sounds alike", icon=":material/scatter_plot:", key="map", on_change="rerun")
    if not folded.open:
        return
    with folded:
        st.caption("Sounds that are alike, as the board hears them, lie together. Labels only colour them: one among "
                   "those of another colour deserves a second listening.")  # fmt: skip
        result = latest_result(project_id, TASK)
        if result:
            _drawn({clip.id: clip for clip in store().clips(project_id)}, result)
        acting.button(
            "Draw it anew" if result else "Draw the map", icon=":material/scatter_plot:", key="draw-map",
            disabled=is_open(latest_job(project_id, TASK)), on_click=submit,
            args=(TASK, {"project_id": project_id}, project_id),
        )  # fmt: skip
        job_panel(project_id, TASK)


def _drawn(clips: Mapping[int, Clip], result: Mapping[str, Any]) -> None:
    points = [(clips[number], x, y) for number, x, y in result["points"] if number in clips]
    event = charts.clickable(_figure(points), "clip-map", 420)
    missing = len(clips) - len(points)
    st.caption(
        f"{count_of(len(points), 'sound')}, by the two directions in which they differ most: "
        f"{percent(result['explained'], 0)} of their differences."
        + (f" {count_of(missing, 'sound')} more are not on it." if missing else "")
    )
    picked = [point.get("customdata") for point in event.selection.points] if event else []
    number = picked[0][0] if picked and picked[0] else None
    if number in clips:
        describe(clips[number])
        st.audio(store().read_artifact(clips[number].sha256), format="audio/wav", autoplay=True)


def _figure(points: Sequence[tuple[Clip, float, float]]) -> Any:
    figure = charts.subplots(rows=1, cols=1)
    groups: dict[str, list[tuple[Clip, float, float]]] = defaultdict(list)
    for point in points:
        groups[point[0].label or NO_LABEL].append(point)
    colours = len(figure.layout.template.layout.colorway or ()) or 1
    for place, label in enumerate(sorted(groups)):
        clips, xs, ys = zip(*groups[label], strict=True)
        figure.add_scattergl(
            x=xs, y=ys, mode="markers", name=label,
            marker={"size": 8, "opacity": 0.8, "symbol": SYMBOLS[place // colours % len(SYMBOLS)]},
            text=[clip.name for clip in clips], customdata=[[clip.id] for clip in clips],
            hovertemplate="%{text}<extra>" + label + "</extra>",
        )  # fmt: skip
    figure.update_xaxes(showticklabels=False, zeroline=False)
    figure.update_yaxes(showticklabels=False, zeroline=False)
    figure.update_layout(legend={"orientation": "h", "y": -0.05}, hovermode="closest")
    return figure
