"""Find the smallest that still…: the goal's form, the search while it runs, and what it found."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from lab.errors import LabError
from lab.study.tree.goal import MEASURES
from lab.study.tree.tries import LEVELS
from pages.ui import acting, parts, tree, words
from pages.ui.results import downloads
from pages.ui.session import store
from pages.ui.work import metrics

TASK = "lab.study.tree.task:find"
LEAVES = tuple(path.label for level in LEVELS for path in (level.cheap, level.trained))


def goal() -> dict[str, Any]:
    """Ask for the floor and the ceiling."""
    left, middle, right = st.columns(3, gap="large")
    floor = left.number_input("At least this accurate, %", 1.0, 100.0, 90.0, 0.5, key="find-floor",
                              help="INT8 accuracy of the file that ships, on examples held back.")  # fmt: skip
    measure = middle.selectbox("As few", list(MEASURES), format_func=MEASURES.get, key="find-measure")
    ceiling = right.number_input("At most", 1, None, None, key="find-ceiling", placeholder="as few as can be",
                                 help="The search stops at the first file within it. Empty: the smallest of all "
                                      "tries.")  # fmt: skip
    trials = st.slider("Settings tried at each level", 1, 15, 5, key="find-trials",
                       help="Sparsity and clusters; each may train anew.")  # fmt: skip
    st.caption(
        "Level by level, as the article advises: quantize only; prune, or cluster; both. Training with rounding comes "
        "where a file is small enough but not accurate enough. Optuna chooses sparsity and clusters from earlier tries."
    )
    return {"floor": floor / 100, "measure": measure, "ceiling": ceiling, "trials": trials}


@parts.fragment(run_every=2.0)
def live(job_id: int) -> None:
    """Draw the tree and what was found out so far, while a search runs."""
    told: list[dict[str, Any]] = metrics(job_id)
    tree.draw(_latest(told), LEAVES, key="find-live")
    sentences([event["said"] for event in told if "said" in event])


def _latest(told: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return each node's last state: a search comes to a node more than once."""
    made = dict.fromkeys(tree.PLACES, tree.WAITING)
    for event in told:
        if "node" in event:
            made[event["node"]] = event["state"] if event["state"] in (tree.DONE, tree.FAILED) else tree.RUNNING
    return made


def sentences(said: Sequence[str]) -> None:
    """Write the search's sentences as a list."""
    if said:
        st.markdown("\n".join(f"1. {_plain(sentence)}" for sentence in said))


def _plain(sentence: str) -> str:
    return sentence.replace("$", "\\$").replace("_", "\\_").replace("*", "\\*").replace("[", "\\[")


def outcome(result: Mapping[str, Any], project_id: int) -> None:
    """Draw what a search found, how it went, and the file to take along."""
    st.subheader(f"The smallest {words.model(result['model'])} that still …", anchor=False)
    show, icon = (st.success, ":material/target:") if result["met"] else (st.warning, ":material/trending_down:")
    show(" ".join(_plain(sentence) for sentence in result["said"][-2:]), icon=icon)
    with st.expander(f"How it went: {len(result['tries'])} tries, {result['trained']} trainings", expanded=True):
        sentences(result["said"][:-2])
    _table(result)
    names = sorted({name.rsplit(".", 1)[0] for name in result["artifacts"] if name.endswith(".tflite")})
    for name in names:
        detector = result["artifacts"].get(f"{name}.detector")
        if detector:
            told = f"{result['model']} {result['path']}"
            to_firmware(project_id, told, f"{name}.detector", lambda sha256=detector: sha256, "find")
            break
    downloads(result["artifacts"], key="find", main=".tflite")


def to_firmware(project_id: int, name: str, file_name: str, kept: Callable[[], str], key: str) -> None:
    """Offer to take a detector to the Firmware page.

    Args:
        project_id: whose.
        name, file_name: of the detector.
        kept: returns the hash of its file in the store.
        key: tells the buttons of one page apart.
    """
    if acting.button("Use it on Firmware", type="primary", icon=":material/memory:", key=f"{key}-to-firmware"):
        try:
            store().save_run(project_id, "detector", name, {"from": "optimize"}, {file_name: kept()})
            st.success("It is on the Firmware page now.", icon=":material/check_circle:")
        except LabError as error:
            st.error(str(error))


def _table(result: Mapping[str, Any]) -> None:
    measure = result["goal"]["measure"]
    rows = [
        {
            "Path": row["path"], "zeros asked": _percent(row["sparsity_wanted"]),
            "clusters asked": row["clusters_wanted"], "INT8": _percent(row["accuracy"]),
            MEASURES[measure]: row[measure],
            "": "failed" if row["failed"] else "reaches the goal" if row["met"] else "",
        }
        for row in result["tries"]
    ]  # fmt: skip
    percent = {name: st.column_config.NumberColumn(name, format="%.1f %%") for name in ("zeros asked", "INT8")}
    amount = {MEASURES[measure]: st.column_config.NumberColumn(MEASURES[measure], format="localized")}
    st.dataframe(rows, hide_index=True, column_config={**percent, **amount}, key="find-tries")
    st.caption("INT8 here is that of the half of the held-out examples which decided; the other half only confirms.")


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
