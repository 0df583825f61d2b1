"""The lab's charts. Plotly is imported when the first one is drawn."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import streamlit as st

CONFIG = {"displayModeBar": False, "scrollZoom": False, "responsive": True}
LED = [[0, "rgba(127,127,127,0.16)"], [0.04, "#7a3d12"], [0.5, "#ef8a1d"], [1, "#ffd45e"]]
NAME_WIDE, NAME_HIGH = 0.2, 0.12
"""Parts of a plot that a point's name takes."""
SOUND = [[0, "#0b1214"], [0.3, "#12494d"], [0.6, "#1f9d8f"], [0.82, "#f0b24c"], [1, "#fff3cf"]]


def subplots(**layout: Any) -> Any:
    """Return an empty figure of several plots; takes what plotly's make_subplots takes.

    Plotly looks into pandas when it is being imported, even halfway by another session: import it first.
    """
    import pandas  # noqa: F401
    from plotly.subplots import make_subplots

    return make_subplots(**layout)


def show(figure: Any, key: str, height: int, top: int = 8, hovers: str = "x unified") -> None:
    """Draw a figure as wide as its place.

    Args:
        figure: a Plotly figure.
        key: names the chart on its page.
        height: in pixels.
        top: margin above it, in pixels.
        hovers: Plotly's hovermode.
    """
    draw(finished(figure, height, top, hovers), key)


def finished(figure: Any, height: int, top: int = 8, hovers: str = "x unified") -> Any:
    """Return a figure with the lab's size, margins and axes; see `show`."""
    figure.update_layout(height=height, margin={"l": 8, "r": 8, "t": top, "b": 8}, hovermode=hovers)
    figure.update_xaxes(automargin=True, fixedrange=True)
    figure.update_yaxes(automargin=True, fixedrange=True)
    return figure


def draw(figure: Any, key: str) -> None:
    """Draw a finished figure, which stays as it is."""
    st.plotly_chart(figure, key=key, config=CONFIG)


def colour(figure: Any, place: int) -> str:
    """Return a colour of the theme, whichever is shown: Streamlit's template holds places for them."""
    return str(figure.layout.template.layout.colorway[place])


def board_trace(trace: Mapping[str, Sequence[float]], threshold: float | None, key: str) -> None:
    """Draw the probability over time with the board's LED under it.

    Args:
        trace: `t_s`, `probability` and `led` (0 to 1), one entry a hop.
        threshold: drawn as a dashed line.
        key: names the chart on its page.
    """
    figure = subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.84, 0.16], vertical_spacing=0.06)
    figure.add_scatter(
        x=trace["t_s"], y=trace["probability"], fill="tozeroy", line={"width": 2, "shape": "hv"}, name="alarm",
        hovertemplate="%{y:.2f}", row=1, col=1,
    )  # fmt: skip
    figure.add_heatmap(
        x=trace["t_s"], z=[list(trace["led"])], y=["LED"], zmin=0, zmax=1, colorscale=LED, showscale=False,
        hovertemplate="LED at %{z:.0%}<extra></extra>", row=2, col=1,
    )  # fmt: skip
    if threshold is not None:
        figure.add_hline(
            y=threshold, line={"dash": "dot", "width": 1.5, "color": "#8a8f8f"}, annotation_text="threshold",
            annotation_position="top right", row=1, col=1,
        )  # fmt: skip
    figure.update_yaxes(range=[0, 1.03], title="probability", row=1, col=1)
    figure.update_yaxes(showgrid=False, row=2, col=1)
    figure.update_xaxes(title="seconds since the board started", row=2, col=1)
    figure.update_layout(showlegend=False)
    show(figure, key, 330)


def waveform(samples: Sequence[int], rate_hz: int, key: str, height: int = 150) -> None:
    """Draw samples over time."""
    figure = subplots(rows=1, cols=1)
    x = [index / rate_hz for index in range(len(samples))]
    figure.add_scattergl(x=x, y=list(samples), line={"width": 1}, hovertemplate="%{y}<extra></extra>")
    figure.update_xaxes(title="s")
    show(figure, key, height)


def matrix(values: Any, key: str, height: int, across: str = "", down: str = "") -> None:
    """Draw a matrix of numbers as a picture that tells each number under the pointer.

    Args:
        values: rows of numbers, the first row at the top; None leaves a gap.
        key: names the chart on its page.
        height: in pixels.
        across, down: what columns and rows are.
    """
    figure = subplots(rows=1, cols=1)
    figure.add_heatmap(
        z=values, colorscale=SOUND, showscale=False, hoverongaps=False,
        hovertemplate="row %{y}, column %{x}: %{z}<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", title=down)
    figure.update_xaxes(title=across)
    show(figure, key, height)


def training_curves(rows: Sequence[Mapping[str, float]], key: str) -> None:
    """Draw loss and accuracy by epoch, of training and of validation."""
    if not rows:
        st.caption("The curves begin with the first epoch.")
        return
    names = [("loss", "val_loss"), ("accuracy", "val_accuracy")]
    figure = subplots(rows=1, cols=2, subplot_titles=("Loss", "Accuracy"), horizontal_spacing=0.1)
    x = list(range(1, len(rows) + 1))
    for column, pair in enumerate(names, start=1):
        for place, name in enumerate(pair):
            figure.add_scatter(
                x=x, y=[row.get(name) for row in rows], mode="lines+markers", marker={"size": 4},
                name=("training", "validation")[place], legendgroup=str(place), showlegend=column == 1,
                line={"width": 2.5, "color": colour(figure, place)}, row=1, col=column,
            )  # fmt: skip
    _stage_marks(figure, rows)
    figure.update_xaxes(title="epoch")
    figure.update_layout(legend={"orientation": "h", "y": -0.25})
    show(figure, key, 300, top=28)


def _stage_marks(figure: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    stages = [row.get("stage") for row in rows]
    for place in range(1, len(stages)):
        if stages[place] != stages[place - 1]:
            figure.add_vline(x=place + 0.5, line={"dash": "dot", "width": 1, "color": "#8a8f8f"})


def confusion(matrix: Sequence[Sequence[int]], labels: Sequence[str], key: str) -> None:
    """Draw what was heard against what it was.

    Args:
        matrix: windows, by true label and then by predicted label.
        labels: in that order.
        key: names the chart on its page.
    """
    shares = [[value / max(1, sum(row)) for value in row] for row in matrix]
    few = len(labels) <= 12
    figure = subplots(rows=1, cols=1)
    figure.add_heatmap(
        z=shares, x=list(labels), y=list(labels), zmin=0, zmax=1, showscale=False, xgap=2, ygap=2,
        colorscale=[[0, "rgba(127,127,127,0.10)"], [1, "#17857f"]],
        hovertemplate="%{y} heard as %{x}: %{z:.0%}<extra></extra>",
    )  # fmt: skip
    if few:
        _counts(figure, matrix, labels, shares)
    figure.update_layout(showlegend=False)
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(showgrid=False)
    figure.update_yaxes(autorange="reversed", title="it was", type="category")
    figure.update_xaxes(title="heard as", type="category", side="bottom")
    show(figure, key, 300 if few else 560)


def _counts(
    figure: Any, matrix: Sequence[Sequence[int]], labels: Sequence[str], shares: Sequence[Sequence[float]]
) -> None:
    """Write counts into cells: white on full ones, grey, which reads in light and dark, on faint ones."""
    cells = [(row, column) for row in range(len(labels)) for column in range(len(labels))]
    figure.add_scatter(
        x=[labels[column] for _, column in cells], y=[labels[row] for row, _ in cells], mode="text", hoverinfo="skip",
        text=[f"{matrix[row][column]:,}" for row, column in cells],
        textfont={"size": 15, "color": ["#ffffff" if shares[a][b] > 0.4 else "#7f8b8a" for a, b in cells]},
    )  # fmt: skip


def precision_recall(curve: Mapping[str, Sequence[float]], threshold: float, key: str) -> None:
    """Draw precision and recall by threshold, with the chosen one marked."""
    figure = subplots(rows=1, cols=1)
    for name in ("precision", "recall"):
        figure.add_scatter(x=curve["threshold"], y=curve[name], name=name, line={"width": 2.5})
    figure.add_vline(x=threshold, line={"width": 2, "color": "#8a8f8f"})
    figure.update_xaxes(title="threshold", range=[0, 1])
    figure.update_yaxes(range=[0, 1.03])
    figure.update_layout(legend={"orientation": "h", "y": -0.3})
    show(figure, key, 300)


def clickable(figure: Any, key: str, height: int, on_click: Any = "rerun", top: int = 8) -> Any:
    """Draw a figure whose points can be clicked; return Streamlit's selection event.

    Args:
        figure, key, height, top: as `show`.
        on_click: called when a point is chosen, before the page is drawn again; or "rerun".
    """
    figure.update_layout(height=height, margin={"l": 8, "r": 8, "t": top, "b": 8})
    figure.update_xaxes(automargin=True, fixedrange=True)
    figure.update_yaxes(automargin=True, fixedrange=True)
    return st.plotly_chart(figure, key=key, config=CONFIG, on_select=on_click, selection_mode="points")


def pareto(
    names: Sequence[str], costs: Sequence[float], accuracy: Sequence[float], deviation: Sequence[float], title: str,
    key: str, looked: str,
) -> None:  # fmt: skip
    """Draw accuracy against a cost, with the line of those that no other one beats in both.

    Args:
        names: of the points.
        costs: bytes or cycles.
        accuracy, deviation: shares, 0 to 1.
        title: of the cost's axis.
        key: names the chart on its page.
        looked: name of the point that is marked, with its deviation. Names that would cover another are left out; the
            pointer tells them.
    """
    figure = subplots(rows=1, cols=1)
    front = _front(costs, accuracy)
    figure.add_scatter(
        x=[costs[place] for place in front], y=[100 * accuracy[place] for place in front], mode="lines",
        line={"dash": "dot", "width": 1.5, "color": "#8a8f8f", "shape": "hv"}, hoverinfo="skip",
    )  # fmt: skip
    marks = [name == looked for name in names]
    first = sorted(range(len(names)), key=lambda place: (not marks[place], place not in front))
    spread = 2 * max(value * mark for value, mark in zip(deviation, marks, strict=True))
    named = _apart(costs, accuracy, first, spread)
    figure.add_scatter(
        x=list(costs), y=[100 * value for value in accuracy], mode="markers+text",
        text=[f"<b>{name}</b>" if mark else name if place in named else ""
              for place, (name, mark) in enumerate(zip(names, marks, strict=True))],
        textposition=["bottom center" if mark else "top center" for mark in marks],
        textfont={"size": [14 if mark else 11 for mark in marks]},
        marker={
            "size": [19 if mark else 11 for mark in marks], "opacity": 1,
            "color": [colour(figure, 1 if mark else 0) for mark in marks],
        },
        error_y={"array": [100 * value * mark for value, mark in zip(deviation, marks, strict=True)], "thickness": 1.5,
                 "color": "#8a8f8f"},
        customdata=list(names), hovertemplate="%{customdata}: %{y:.2f} % at %{x:,.0f}<extra></extra>",
        cliponaxis=False,
    )  # fmt: skip
    figure.update_xaxes(title=title)
    figure.update_yaxes(title="INT8 accuracy, %")
    figure.update_layout(showlegend=False)
    show(figure, key, 330, top=24, hovers="closest")


def _apart(costs: Sequence[float], accuracy: Sequence[float], order: Sequence[int], least: float) -> set[int]:
    """Return the places of the points that have room for a name, asked in order.

    Args:
        costs, accuracy: of the points.
        order: of their places.
        least: height of the plot, in accuracy, however near the points are.
    """
    wide = max(costs) - min(costs) or 1.0
    high = max(max(accuracy) - min(accuracy), least) or 1.0
    named: set[int] = set()
    for place in order:
        if all(abs(costs[place] - costs[other]) > NAME_WIDE * wide
               or abs(accuracy[place] - accuracy[other]) > NAME_HIGH * high for other in named):  # fmt: skip
            named.add(place)
    return named


def _front(costs: Sequence[float], accuracy: Sequence[float]) -> list[int]:
    """Return the places of the points that no other one beats in both, from the least cost."""
    front: list[int] = []
    for place in sorted(range(len(costs)), key=lambda place: (costs[place], -accuracy[place])):
        if not front or accuracy[place] > accuracy[front[-1]]:
            front.append(place)
    return front


def density(row: Mapping[str, Any], key: str) -> None:
    """Draw how a kernel's weights lie after one step.

    Args:
        row: step, edges, share, zeros, values.
        key: names the chart on its page.
    """
    figure = subplots(rows=1, cols=1)
    edges = row["edges"]
    middle = [(low + high) / 2 for low, high in pairwise(edges)]
    figure.add_bar(
        x=middle, y=[100 * share for share in row["share"]], hovertemplate="%{y:.1f} % near %{x:.3g}<extra></extra>"
    )
    figure.update_layout(bargap=0.05, showlegend=False)
    figure.update_yaxes(title="% of weights")
    st.caption(f"**{row['step']}**: {row['zeros']:.0%} zeros, {row['values']:,} distinct values")
    show(figure, key, 190)
