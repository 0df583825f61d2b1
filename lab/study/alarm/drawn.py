"""The bench's pictures: detection as heat-maps, and the trade of false alarms for misses."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lab.atomic import write_bytes
from lab.deploy.events import HOP_SECONDS
from lab.errors import BadInput

FOUND = [[0, "#7a1f1f"], [0.5, "#ef8a1d"], [0.85, "#e8d9a0"], [1, "#1f9d8f"]]
"""From never found to always."""
NONE = 0.2
"""Where a logarithmic axis shows that there was no false alarm."""


def heat_map(picture: dict[str, Any], x: dict[str, Any], y: dict[str, Any]) -> Any:
    """Return a Plotly heat-map of one contender's slice.

    Args:
        picture: as `slices.measure` gives it.
        x, y: {title, values} of the axes.
    """
    import pandas  # noqa: F401  # Plotly looks into it while it is being imported
    from plotly.graph_objects import Figure, Heatmap

    names = [str(value) if isinstance(value, str) else f"{value:g}" for value in y["values"]]
    figure = Figure(
        Heatmap(
            x=x["values"], y=names, z=picture["found"], zmin=0, zmax=1, colorscale=FOUND,
            colorbar={"tickformat": ".0%", "thickness": 10, "title": "found"},
            hovertemplate=f"{x['title']} %{{x}}<br>{y['title']} %{{y}}<br>found %{{z:.0%}}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(xaxis_title=x["title"], yaxis_title=y["title"])
    figure.update_yaxes(type="category")
    return figure


def trade(rows: Sequence[dict[str, Any]], chosen: dict[str, Any] | None = None) -> Any:
    """Return a Plotly figure of false alarms an hour against missed alarms, one colour for each kind of rule.

    Args:
        rows: as `tuner.choices` gives them.
        chosen: the row to mark.
    """
    import pandas  # noqa: F401
    from plotly.graph_objects import Figure

    figure = Figure()
    for kind, name in (
        ("count", "count in 4 s, consecutive"),
        ("mean", "mean over 4 s"),
        ("any", "T3 rhythm or a lasting tone"),
        ("t3", "T3 rhythm alone"),
    ):
        some = [row for row in rows if row["rule"]["kind"] == kind and row["missed"] is not None]
        figure.add_scatter(
            x=[max(NONE, row["per_hour"]) for row in some], y=[row["missed"] for row in some],
            mode="markers", name=name,
            text=[f"{told(row)}<br>{row['per_hour']:.1f} false alarms an hour" for row in some],
            marker={"size": 7, "opacity": 0.75}, hovertemplate="%{text}<br>%{y:.1%} missed<extra></extra>",
        )  # fmt: skip
    if chosen:
        figure.add_scatter(
            x=[max(NONE, chosen["per_hour"])], y=[chosen["missed"]], mode="markers", name="chosen", text=[told(chosen)],
            marker={"size": 16, "symbol": "circle-open", "line": {"width": 3}}, hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(
        xaxis_title="false alarms an hour", yaxis_title="alarms missed", yaxis_tickformat=".0%",
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02},
    )  # fmt: skip
    ticks = [NONE, 1, 3, 10, 30, 100, 300, 1_000]
    figure.update_xaxes(type="log", tickvals=ticks, ticktext=["none", *map(str, ticks[1:])])
    return figure


def told(row: dict[str, Any]) -> str:
    """Return a threshold and rule in words."""
    rule, threshold = row["rule"], row["threshold"]
    on, window = rule["on_hops"], rule["window_hops"]
    share, on_s, window_s = f"p ≥ {threshold:g}", f"{on * HOP_SECONDS:.1f}", f"{window * HOP_SECONDS:.1f} s"
    if rule["kind"] == "t3":
        return f"T3 rhythm, with {share} for {on_s} of its last {window_s}"
    if rule["kind"] == "any":
        return f"T3 rhythm, with {share}, or {on / window:.0%} sure for {window_s}"
    if rule["kind"] == "mean":
        return f"p ≥ {threshold * on / window:.2g} on average over {window_s}"
    if on == window:
        return f"{share} for {window_s} in a row" if on > 1 else f"any moment with {share}"
    return f"{share} for {on_s} of {window_s}"


def write_html(path: Path, made: dict[str, Any]) -> Path:
    """Write the slices of a bench as one page that needs no network.

    Raises:
        BadInput: the name does not end in .html.
    """
    if path.suffix != ".html":
        raise BadInput(f"{path} is not a name for the pictures; it must end in .html.")
    parts: list[str] = []
    for each in made["slices"]:
        for picture in each["pictures"]:
            figure = heat_map(picture, each["x"], each["y"])
            figure.update_layout(title=f"{each['title']} · {picture['contender']}", height=360, width=860)
            parts.append(figure.to_html(full_html=False, include_plotlyjs=not parts))
    text = '<!doctype html><meta charset="utf-8"><title>Alarm bench</title>' + "\n".join(parts)
    return write_bytes(path, text.encode())
